//! What each voter earned, without a loop over voters.
//!
//! A pool keeps one running number, the pay that one unit of stake has earned since the beginning. A
//! voter remembers the number at its last claim; the difference times its units is its due. Paying a
//! million voters costs the pool one addition, and the smallest voter is paid by the same sum as the
//! largest.
//!
//! # Rules
//!
//! **A1, scale.** Pay per unit is counted in 10^-18 of the smallest unit of money: [`PerUnit`].
//!
//! **A2, per unit.** `amount` shared by `total` units is `p = floor(amount * 10^18 / total)` each. Nobody
//! to share with: nothing per unit. Where `p` would not fit 128 bits it is the largest that does (only
//! with less than 60 units for the largest supply; a bond alone has 10^15).
//!
//! **A3, payable.** What the pool has to hold for it is `ceil(p * total / 10^18)`, and this is at most
//! `amount`: `p * total <= amount * 10^18`, and `amount` is whole. The rest is not paid out: it is not
//! minted, or stays with the pool.
//!
//! **A4, earned.** A voter with `u` units whose number went from `then` to `now` earned
//! `floor(u * (now - then) / 10^18)`.
//!
//! **A5, never short.** Whatever voters share the units of a pool, however often they join, leave and
//! claim, they never earn more than was held. Proof: let settlement `t` add `p_t` and find `T_t` units in
//! the pool, the sum of the units `u_{i,t}` of all voters `i` at that time. A voter's units change only at a
//! claim, so between claims it earns `floor(u * sum p_t / 10^18) <= sum(u * p_t) / 10^18`. Over all
//! voters and claims that is at most `sum_t sum_i u_{i,t} p_t / 10^18 = sum_t T_t p_t / 10^18
//! <= sum_t ceil(T_t p_t / 10^18)`, which is what was held. (Rounding the held amount down instead would
//! break this: over many settlements the fractions add up.) A sum that stops at the largest number
//! adds less than `p_t`, which only lowers what is earned.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding as rational};

/// Parts of the smallest unit of money in which [`PerUnit`] counts (A1).
pub const SCALE: u128 = 1_000_000_000_000_000_000;

/// Pay per unit of stake, in 1 / [`SCALE`] of the smallest unit of money.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct PerUnit(pub u128);

impl PerUnit {
    /// The running number after a settlement that added `more` (A5).
    pub fn saturating_add(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }
}

/// A2: what each of `total` units gets of `amount`.
pub fn per_unit(amount: u128, total: u128) -> PerUnit {
    if total == 0 {
        return PerUnit(0);
    }
    PerUnit(rational(amount, SCALE, total, Rounding::Down).unwrap_or(u128::MAX))
}

/// A3: what a pool of `total` units has to hold so that each unit can be paid `per_unit`.
pub fn payable(per_unit: PerUnit, total: u128) -> u128 {
    rational(per_unit.0, total, SCALE, Rounding::Up).unwrap_or(u128::MAX)
}

/// A4: what `units` earned while the running number of the pool went from `then` to `now`.
pub fn earned(units: u128, now: PerUnit, then: PerUnit) -> u128 {
    rational(units, now.0.saturating_sub(then.0), SCALE, Rounding::Down).unwrap_or(u128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The whole supply of the larger chain spec, in its smallest unit.
    const SUPPLY: u128 = 20_000_000_000_000_000_000_000;

    #[test]
    fn the_smallest_voter_of_a_huge_pool_is_paid() {
        // One token among twenty billion, a pay of ten thousand tokens.
        let token = 1_000_000_000_000;
        let share = per_unit(10_000 * token, SUPPLY);
        assert_eq!(earned(token, share, PerUnit(0)), 500_000);
        assert_eq!(payable(share, SUPPLY), 10_000 * token);
    }

    #[test]
    fn extremes_do_not_overflow_and_do_not_overpay() {
        assert_eq!(per_unit(SUPPLY, 0), PerUnit(0));
        assert_eq!(payable(PerUnit(0), SUPPLY), 0);
        let share = per_unit(SUPPLY, 1);
        assert_eq!(share, PerUnit(u128::MAX));
        assert!(payable(share, 1) <= SUPPLY);
        assert!(earned(1, share, PerUnit(0)) <= payable(share, 1));
        assert_eq!(per_unit(1, SUPPLY).0, 0, "too little to share");
        assert_eq!(
            earned(5, PerUnit(1), PerUnit(2)),
            0,
            "a number from another pool earns nothing"
        );
        assert_eq!(share.saturating_add(PerUnit(1)), share);
    }

    #[test]
    fn rounding_the_held_amount_down_would_fall_short() {
        // Three units, one of money per settlement: after three settlements a voter that holds all
        // units has earned 3 * 0.999... = 2, and rounding down would have held nothing.
        let share = per_unit(1, 3);
        assert_eq!(share.0 * 3 / SCALE, 0);
        let sum = share.saturating_add(share).saturating_add(share);
        assert_eq!(earned(3, sum, PerUnit(0)), 2);
        assert_eq!(payable(share, 3) * 3, 3);
    }

    proptest! {
        #[test]
        fn payable_is_the_amount_but_for_dust(amount in 0..=SUPPLY, total in 1..=SUPPLY) {
            let share = per_unit(amount, total);
            let held = payable(share, total);
            prop_assert!(held <= amount);
            if total >= 1_000 {
                prop_assert!(amount - held <= total / SCALE + 1, "lost {}", amount - held);
            }
        }

        #[test]
        fn nobody_earns_what_was_not_held(
            settlements in proptest::collection::vec((0..=SUPPLY / 100, 0usize..5, 0..=SUPPLY / 10), 1..60),
            start in proptest::collection::vec(0..=SUPPLY / 10, 5),
        ) {
            // Five voters; between settlements one of them claims and changes its units.
            let mut units = start;
            let mut then = [PerUnit(0); 5];
            let mut now = PerUnit(0);
            let (mut held, mut paid) = (0u128, 0u128);
            for (amount, voter, change) in settlements {
                let total = units.iter().sum();
                let share = per_unit(amount, total);
                now = now.saturating_add(share);
                held += payable(share, total);
                paid += earned(units[voter], now, then[voter]);
                then[voter] = now;
                units[voter] = change;
                prop_assert!(paid <= held);
            }
            for voter in 0..5 {
                paid += earned(units[voter], now, then[voter]);
            }
            prop_assert!(paid <= held, "paid {paid}, held {held}");
        }

        #[test]
        fn tiny_pools_never_overpay(parts in proptest::collection::vec(0u128..4, 1..8), amount in 0..=SUPPLY) {
            let total = parts.iter().sum();
            let share = per_unit(amount, total);
            let paid: u128 = parts.iter().map(|&part| earned(part, share, PerUnit(0))).sum();
            prop_assert!(paid <= payable(share, total));
        }
    }
}
