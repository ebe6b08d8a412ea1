//! What is mined when.
//!
//! - [`Schedule::Halving`]: period k = 0, 1, ... releases `total / 2^(k+1)`, evenly by elapsed time. With
//!   `left(k) = floor(total / 2^k)` the amount released up to a time `t = k * period + w` is
//!   `total - left(k) + floor((left(k) - left(k+1)) * w / period)`. It never falls, never passes
//!   `total`, and reaches it when the last unit can no longer be halved. A settlement releases a
//!   difference of two values of this function, so that settlements add up to it exactly.
//! - [`Schedule::ActiveUsers`]: a day releases `min(base + per_user * active, cap)`, evenly over its
//!   milliseconds, where `active` counts the accounts active on the day before: the last that is complete.
//!   Parts of a unit are carried on, so that days add up exactly wherever settlements cut them.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{Balance, DAY_MS, Moment};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use super::amount;

/// How the mining pool of a chain is released.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
// The kind is a field: a chain spec is the default patched with a preset, and with the kind as a key the
// default's would stay beside the preset's.
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Schedule {
    /// Half of what is left in every period.
    Halving {
        /// All that is ever mined, in units.
        #[serde(with = "amount")]
        total: Balance,
        /// Length of a period in milliseconds.
        period_ms: Moment,
    },
    /// Grows with the number of accounts active in a day.
    ActiveUsers {
        /// The mining pool at genesis, in units. Service payments enlarge it.
        #[serde(with = "amount")]
        pool: Balance,
        /// Released in a day without anybody active.
        #[serde(with = "amount")]
        base: Balance,
        /// Released in a day for each active account.
        #[serde(with = "amount")]
        per_user: Balance,
        /// Most that a day releases.
        #[serde(with = "amount")]
        cap: Balance,
    },
}

impl Default for Schedule {
    /// Releases nothing.
    fn default() -> Self {
        Self::Halving {
            total: 0,
            period_ms: DAY_MS,
        }
    }
}

impl Schedule {
    /// What the pool holds at genesis, in units.
    pub fn pool(&self) -> Balance {
        match *self {
            Self::Halving { total, .. } => total,
            Self::ActiveUsers { pool, .. } => pool,
        }
    }

    /// Whether service payments enlarge the pool and may be mined again.
    pub fn takes_returns(&self) -> bool {
        matches!(self, Self::ActiveUsers { .. })
    }

    /// Whether the schedule asks how many accounts are active.
    pub fn counts_users(&self) -> bool {
        matches!(self, Self::ActiveUsers { .. })
    }

    /// Whether the schedule can be followed without an overflow at any time.
    pub fn is_sound(&self) -> bool {
        match *self {
            Self::Halving { period_ms, .. } => period_ms > 0,
            // `Metered::advance` multiplies the amount of a day by at most the milliseconds of a day,
            // and adds less than one day's milliseconds.
            Self::ActiveUsers { cap, .. } => cap
                .checked_add(1)
                .and_then(|most| most.checked_mul(DAY_MS.into()))
                .is_some(),
        }
    }
}

/// Released by a halving schedule from its start to `elapsed_ms` later, in units.
pub fn halving_released(total: Balance, period_ms: Moment, elapsed_ms: Moment) -> Balance {
    let (Some(period), Some(within)) = (
        elapsed_ms.checked_div(period_ms),
        elapsed_ms.checked_rem(period_ms),
    ) else {
        // A period of no length: refused by `is_sound`, releases nothing.
        return 0;
    };
    let left = left_after(total, period);
    let amount = left.saturating_sub(left_after(total, period.saturating_add(1)));
    total
        .saturating_sub(left)
        .saturating_add(part(amount, within, period_ms))
}

/// Not yet released when `periods` whole periods have passed.
fn left_after(total: Balance, periods: u64) -> Balance {
    u32::try_from(periods)
        .ok()
        .and_then(|shift| total.checked_shr(shift))
        .unwrap_or(0)
}

/// `floor(amount * numerator / denominator)` for `numerator <= denominator` and a denominator above zero.
///
/// The quotient times the numerator stays within `amount`, the rest within 64 x 64 bits.
fn part(amount: Balance, numerator: u64, denominator: u64) -> Balance {
    let (numerator, denominator) = (Balance::from(numerator), Balance::from(denominator));
    let whole = amount
        .checked_div(denominator)
        .unwrap_or(0)
        .saturating_mul(numerator);
    let rest = amount
        .checked_rem(denominator)
        .unwrap_or(0)
        .saturating_mul(numerator)
        .checked_div(denominator)
        .unwrap_or(0);
    whole.saturating_add(rest)
}

/// Released in a day that follows one with `active` active accounts, in units.
pub fn daily(base: Balance, per_user: Balance, cap: Balance, active: u32) -> Balance {
    per_user
        .saturating_mul(active.into())
        .saturating_add(base)
        .min(cap)
}

/// Releases amounts per day over milliseconds and loses nothing to rounding: after any sequence of
/// [`Metered::advance`] the sum is `floor(sum of rate x time / day)`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Metered {
    /// Numerator of the part of a unit not yet released; its denominator is [`DAY_MS`].
    remainder: u64,
}

impl Metered {
    /// What `per_day` releases in `ms` milliseconds (at most a day), with what was carried on.
    pub fn advance(&mut self, per_day: Balance, ms: Moment) -> Balance {
        let day = Balance::from(DAY_MS);
        let due = per_day
            .saturating_mul(ms.into())
            .saturating_add(self.remainder.into());
        self.remainder = u64::try_from(due % day).unwrap_or(0);
        due / day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_primitives::{UNIT, YEAR_MS};
    use proptest::prelude::*;

    const TOTAL: Balance = 12_600_000 * UNIT;
    const PERIOD: Moment = 4 * YEAR_MS;

    #[test]
    fn each_period_releases_half_of_what_is_left() {
        let mut before = 0;
        for period in 0..18u32 {
            let after = halving_released(TOTAL, PERIOD, PERIOD * u64::from(period + 1));
            assert_eq!(after - before, TOTAL >> (period + 1));
            before = after;
        }
    }

    #[test]
    fn everything_is_released_in_the_end_and_no_unit_more() {
        assert_eq!(halving_released(TOTAL, PERIOD, PERIOD * 128), TOTAL);
        assert_eq!(halving_released(TOTAL, PERIOD, u64::MAX), TOTAL);
        assert_eq!(halving_released(Balance::MAX, 1, u64::MAX), Balance::MAX);
    }

    #[test]
    fn a_period_releases_evenly() {
        assert_eq!(halving_released(TOTAL, PERIOD, 0), 0);
        assert_eq!(halving_released(TOTAL, PERIOD, PERIOD / 2), TOTAL / 4);
        assert_eq!(
            halving_released(TOTAL, PERIOD, PERIOD + PERIOD / 2),
            TOTAL / 2 + TOTAL / 8
        );
    }

    #[test]
    fn a_period_of_no_length_is_refused_and_releases_nothing() {
        assert!(
            !Schedule::Halving {
                total: TOTAL,
                period_ms: 0
            }
            .is_sound()
        );
        assert_eq!(halving_released(TOTAL, 0, 5), 0);
    }

    #[test]
    fn a_cap_that_could_overflow_is_refused() {
        let with = |cap| Schedule::ActiveUsers {
            pool: 0,
            base: 0,
            per_user: 0,
            cap,
        };
        assert!(with(Balance::MAX / Balance::from(DAY_MS) - 1).is_sound());
        assert!(!with(Balance::MAX / Balance::from(DAY_MS) + 1).is_sound());
    }

    #[test]
    fn a_day_grows_with_its_users_up_to_the_cap() {
        assert_eq!(daily(10, 3, 100, 0), 10);
        assert_eq!(daily(10, 3, 100, 5), 25);
        assert_eq!(daily(10, 3, 100, 31), 100);
        assert_eq!(daily(Balance::MAX, Balance::MAX, 7, u32::MAX), 7);
    }

    proptest! {
        #[test]
        fn halving_never_falls_and_equals_long_division(
            total in 0..=Balance::MAX / 2, period in 1..=1u64 << 60, a: u64, b: u64,
        ) {
            let (early, late) = (a.min(b), a.max(b));
            let (x, y) =
                (halving_released(total, period, early), halving_released(total, period, late));
            prop_assert!(x <= y && y <= total);
            let within = early % period;
            let k = early / period;
            if k < 120 {
                let (here, next) = (total >> k, total >> (k + 1));
                let exact = sp_core::U256::from(here - next) * within / period;
                prop_assert_eq!(x, total - here + exact.as_u128());
            }
        }

        #[test]
        fn a_meter_loses_nothing_wherever_it_is_cut(
            rate in 0u128..1 << 90, cuts in prop::collection::vec(0..DAY_MS, 0..20),
        ) {
            let mut cuts = cuts;
            cuts.extend([0, DAY_MS]);
            cuts.sort_unstable();
            let mut meter = Metered::default();
            let sum: Balance = cuts.windows(2).map(|w| meter.advance(rate, w[1] - w[0])).sum();
            prop_assert_eq!(sum, rate);
            prop_assert_eq!(meter, Metered::default());
        }
    }
}
