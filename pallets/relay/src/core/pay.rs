//! What a period's work is worth, and who gets which part of it.
//!
//! - **P1 work.** The work of a claim is its counted bytes times its speed, in thousandths.
//! - **P2 speed.** The median of the latency classes that the opened leaves of a tree say, each as often
//!   as it was drawn; of an even number the slower of the middle two. Of both trees the slower, since
//!   receipts cost nothing and tickets do. Between half and one and a half.
//! - **P3 worth.** All work of a period together is paid with a part of what the same bytes cost
//!   whoever buys allowance, at the highest speed; slower work with less of it ([`worth`]).
//! - **P4 parts.** What a period pays is split by work, to the unit: part `i` is the difference of two
//!   rounded prefix sums, so that the parts add up to all of it ([`part`]).

use alloc::vec::Vec;
use parlance_primitives::{Balance, relay::LatencyClass};
use sp_arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding};
use sp_runtime::Perbill;

/// Speeds by latency class, in thousandths.
pub const SPEEDS: [u16; 8] = [1_500, 1_400, 1_250, 1_100, 1_000, 800, 650, 500];
/// The highest of them.
pub const FASTEST: u16 = SPEEDS[0];
/// Bytes for which a price is quoted.
const PRICED: u128 = 1 << 20;

/// P2. The slowest when there is no class.
pub fn speed(mut classes: Vec<LatencyClass>) -> u16 {
    classes.sort_unstable();
    let middle = classes.len() / 2;
    let median = classes.get(middle).copied();
    let class = median.unwrap_or(LatencyClass::SLOWEST);
    let slowest = SPEEDS[SPEEDS.len() - 1];
    SPEEDS.get(usize::from(class.0)).copied().unwrap_or(slowest)
}

/// P1.
pub fn work(bytes: u64, speed: u16) -> u128 {
    u128::from(bytes).saturating_mul(speed.into())
}

/// P3: the most that so much work is paid, in units, rounded down. `price` is that of a mebibyte,
/// `rate` the part of it that relays get.
pub fn worth(work: u128, price: Balance, rate: Perbill) -> Balance {
    let whole = PRICED.saturating_mul(FASTEST.into());
    scale(rate.mul_floor(price), work, whole)
}

/// P4: what a claim gets of `payable` that has `work` of `all`, with `before` counted ahead of it.
pub fn part(payable: Balance, before: u128, work: u128, all: u128) -> Balance {
    let until = scale(payable, before.saturating_add(work), all);
    until.saturating_sub(scale(payable, before, all))
}

/// Bytes that a relay carried, whether they count or not, as its drawn tickets let estimate: the sum of
/// what counts times the mean of `carried / counted` over the draws. Positions are drawn among bytes
/// that count, so the estimate is without bias. At least the sum.
pub fn carried(sum: u64, drawn: &[(u64, u64)]) -> u64 {
    let ratios = drawn
        .iter()
        .map(|(carried, counted)| scale(sum.into(), (*carried).into(), (*counted).into()));
    let all = ratios.fold(0, u128::saturating_add);
    let mean = all.checked_div(drawn.len() as u128).unwrap_or(0);
    u64::try_from(mean).unwrap_or(u64::MAX).max(sum)
}

/// `amount * numerator / denominator`, rounded down; none of nothing.
fn scale(amount: u128, numerator: u128, denominator: u128) -> u128 {
    if denominator == 0 {
        return 0;
    }
    multiply_by_rational_with_rounding(amount, numerator, denominator, Rounding::Down)
        .unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_primitives::MILLI;
    use proptest::prelude::*;

    fn classes(of: &[u8]) -> Vec<LatencyClass> {
        of.iter().copied().map(LatencyClass).collect()
    }

    #[test]
    fn speed_is_that_of_the_median_and_bounded() {
        assert_eq!(speed(classes(&[])), 500);
        assert_eq!(speed(classes(&[0])), 1_500);
        assert_eq!(speed(classes(&[7, 0, 0])), 1_500);
        assert_eq!(speed(classes(&[0, 4])), 1_000, "the slower of two");
        assert_eq!(
            speed(classes(&[255, 200])),
            500,
            "an unknown class is the slowest"
        );
        assert!(SPEEDS.is_sorted_by(|fast, slow| fast > slow));
    }

    #[test]
    fn a_mebibyte_at_full_speed_is_worth_the_rate_of_its_price() {
        let half = Perbill::from_percent(50);
        let price = MILLI / 100;
        let mebibyte = work(1 << 20, FASTEST);
        assert_eq!(worth(mebibyte, price, half), price / 2);
        assert_eq!(worth(work(1 << 20, 500), price, half), price / 6);
        assert_eq!(worth(0, price, half), 0);
        assert_eq!(worth(mebibyte, price, Perbill::zero()), 0);
    }

    #[test]
    fn what_was_carried_is_estimated_from_draws_among_what_counts() {
        assert_eq!(carried(1_000, &[]), 1_000);
        assert_eq!(carried(1_000, &[(5, 5), (7, 7)]), 1_000);
        assert_eq!(carried(1_000, &[(15, 5), (7, 7)]), 2_000);
        assert_eq!(carried(1_000, &[(0, 5)]), 1_000, "at least what counts");
        assert_eq!(carried(u64::MAX, &[(u64::MAX, 1)]), u64::MAX);
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_unit(
            payable in 0u128..1 << 100,
            works in prop::collection::vec(1u128..1 << 71, 1..40),
        ) {
            let all: u128 = works.iter().sum();
            let (mut before, mut paid) = (0, 0);
            for work in works {
                let part = part(payable, before, work, all);
                let exact = scale(payable, work, all);
                prop_assert!(part == exact || part == exact + 1);
                before += work;
                paid += part;
            }
            prop_assert_eq!(paid, payable);
        }
    }
}
