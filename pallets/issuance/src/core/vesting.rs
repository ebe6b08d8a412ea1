//! Vesting by steps on calendar dates: so much at the start, then so much at each month, quarter or year.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{Balance, Moment};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use super::{
    amount,
    calendar::{add_months, months_between},
};

/// Most steps that a plan may have: twenty years of months.
pub const MAX_STEPS: u16 = 240;
/// Most months between two steps, or before the first: a hundred years.
pub const MAX_MONTHS: u16 = 1_200;

/// What the dates of a plan are counted from.
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
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Start {
    /// The listing of the token. Nothing is released before its date is known.
    #[default]
    Listing,
    /// This moment.
    At(Moment),
}

/// A plan of releases: [`Steps::at_start`] at the start, then [`Steps::per_step`] on each of
/// [`Steps::steps`] dates.
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
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Steps {
    /// What the dates are counted from.
    pub start: Start,
    /// Released at the start, in units.
    #[serde(with = "amount")]
    pub at_start: Balance,
    /// Released at each step, in units.
    #[serde(with = "amount")]
    pub per_step: Balance,
    /// Number of steps.
    pub steps: u16,
    /// Months from the start to the first step.
    pub first_month: u16,
    /// Months from a step to the next.
    pub step_months: u16,
}

impl Steps {
    /// All that the plan ever releases, in units; `None` when that is no number of 128 bits.
    pub fn total(&self) -> Option<Balance> {
        self.per_step
            .checked_mul(self.steps.into())?
            .checked_add(self.at_start)
    }

    /// Whether the plan keeps the limits, adds up, and releases at least `least` each time, so that no
    /// account is left with dust.
    pub fn is_sound(&self, least: Balance) -> bool {
        let steps = self.steps == 0
            || (self.per_step >= least
                && self.step_months > 0
                && self.step_months <= MAX_MONTHS
                && self.first_month <= MAX_MONTHS);
        let start = self.at_start == 0 || self.at_start >= least;
        steps && start && self.steps <= MAX_STEPS && self.total().is_some_and(|sum| sum > 0)
    }

    /// When the plan starts, if that is known.
    pub fn starts(&self, listing: Option<Moment>) -> Option<Moment> {
        match self.start {
            Start::Listing => listing,
            Start::At(moment) => Some(moment),
        }
    }

    /// Released from the start to `now`, both included, in units.
    pub fn vested(&self, listing: Option<Moment>, now: Moment) -> Balance {
        let Some(months) = self
            .starts(listing)
            .and_then(|start| months_between(start, now))
        else {
            return 0;
        };
        let taken = months
            .checked_sub(self.first_month.into())
            .and_then(|since_first| since_first.checked_div(self.step_months.into()))
            .map_or(0, |steps| steps.saturating_add(1).min(self.steps.into()));
        self.per_step
            .saturating_mul(taken.into())
            .saturating_add(self.at_start)
    }

    /// Every date of the plan with the amount released on it, given when it starts.
    pub fn dates(&self, start: Moment) -> impl Iterator<Item = (Moment, Balance)> + use<> {
        let plan = *self;
        let first = (plan.at_start > 0).then_some((start, plan.at_start));
        first.into_iter().chain((0..plan.steps).map(move |step| {
            let months = u32::from(plan.step_months)
                .saturating_mul(step.into())
                .saturating_add(plan.first_month.into());
            (add_months(start, months), plan.per_step)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAN: Steps = Steps {
        start: Start::Listing,
        at_start: 40,
        per_step: 20,
        steps: 48,
        first_month: 1,
        step_months: 1,
    };

    #[test]
    fn an_unknown_start_releases_nothing() {
        assert_eq!(PLAN.vested(None, Moment::MAX), 0);
        assert_eq!(
            Steps {
                start: Start::At(7),
                ..PLAN
            }
            .vested(None, 7),
            40
        );
    }

    #[test]
    fn plans_that_cannot_be_followed_are_refused() {
        assert!(PLAN.is_sound(20));
        assert!(!PLAN.is_sound(21));
        assert!(
            !Steps {
                at_start: 19,
                ..PLAN
            }
            .is_sound(20)
        );
        assert!(
            !Steps {
                step_months: 0,
                ..PLAN
            }
            .is_sound(20)
        );
        assert!(
            !Steps {
                steps: MAX_STEPS + 1,
                ..PLAN
            }
            .is_sound(20)
        );
        assert!(
            !Steps {
                first_month: MAX_MONTHS + 1,
                ..PLAN
            }
            .is_sound(20)
        );
        assert!(
            !Steps {
                per_step: Balance::MAX,
                ..PLAN
            }
            .is_sound(20)
        );
        assert!(
            !Steps {
                at_start: 0,
                steps: 0,
                ..PLAN
            }
            .is_sound(20)
        );
    }

    proptest! {
        /// The closed form and the list of dates are the same plan.
        #[test]
        fn vested_is_the_sum_of_the_dates_that_have_come(
            start in 0u64..4_000_000_000_000,
            later in 0u64..4_000_000_000_000,
            at_start in 0u128..1_000_000,
            per_step in 1u128..1_000_000,
            steps in 0u16..=60,
            first_month in 0u16..=60,
            step_months in 1u16..=14,
        ) {
            let plan =
                Steps { start: Start::Listing, at_start, per_step, steps, first_month, step_months };
            let now = start + later;
            let sum: Balance =
                plan.dates(start).filter(|(date, _)| *date <= now).map(|(_, part)| part).sum();
            prop_assert_eq!(plan.vested(Some(start), now), sum);
            let all: Balance = plan.dates(start).map(|(_, part)| part).sum();
            prop_assert_eq!(plan.total(), Some(all));
        }

        /// One millisecond before a date nothing of it is released, at the date all of it is.
        #[test]
        fn a_step_comes_at_its_millisecond(
            start in DAY..4_000_000_000_000u64, first_month in 0u16..=60, step_months in 1u16..=14,
        ) {
            let plan = Steps { at_start: 0, first_month, step_months, ..PLAN };
            for (before, (date, part)) in plan.dates(start).enumerate() {
                let before = 20 * before as Balance;
                prop_assert_eq!(plan.vested(Some(start), date - 1), before);
                prop_assert_eq!(plan.vested(Some(start), date), before + part);
            }
        }
    }

    const DAY: Moment = parlance_primitives::DAY_MS;
}
