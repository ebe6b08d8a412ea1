//! The schedule's own clock, and the count of active accounts per day.
//!
//! The clock follows the timestamps of blocks, but one look at it counts at most `max_step` further.
//! What a larger step leaves out is never made up for: a block author who moves the clock, or a chain
//! that stood still for a week, gains no emission by it; the schedule is late by that time for good. A
//! clock that went backwards counts nothing until it has passed its furthest point again.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{Balance, DAY_MS, Moment};
use scale_info::TypeInfo;

use super::schedule::{Metered, Schedule, daily, halving_released};

/// Number of a UTC day since 1970-01-01.
pub fn day_of(moment: Moment) -> u32 {
    u32::try_from(moment / DAY_MS).unwrap_or(u32::MAX)
}

/// Accounts active on the running day and on the day before it.
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
pub struct Activity {
    /// The running day, counted by [`day_of`].
    pub day: u32,
    /// Accounts active on it so far.
    pub active: u32,
    /// Accounts that were active on the day before it.
    pub before: u32,
}

impl Activity {
    /// Makes `today` the running day, unless it is so or has passed already.
    pub fn roll(&mut self, today: u32) {
        if today > self.day {
            *self = Self {
                day: today,
                active: 0,
                before: self.on_eve_of(today),
            };
        }
    }

    /// Accounts active on the day before `day`, which is not earlier than the running day.
    fn on_eve_of(&self, day: u32) -> u32 {
        match day.saturating_sub(self.day) {
            0 => self.before,
            1 => self.active,
            _ => 0,
        }
    }
}

/// Where the schedule stands.
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
pub struct Clock {
    /// Time of the first block; zero as long as there was none.
    pub started: Moment,
    /// Furthest time seen.
    pub last: Moment,
    /// Milliseconds counted since the start.
    pub elapsed: Moment,
    /// Milliseconds that passed but did not count.
    pub skipped: Moment,
    /// Part of a unit carried on.
    pub carried: Metered,
}

impl Clock {
    /// Starts at `now`, once.
    pub fn start(&mut self, now: Moment) {
        if self.started == 0 {
            (self.started, self.last) = (now, now);
        }
    }

    /// Moves to `now` and returns what the schedule releases on the way: at most `left`. Rolls
    /// `activity` to the day of `now`.
    pub fn advance(
        &mut self,
        schedule: &Schedule,
        activity: &mut Activity,
        now: Moment,
        max_step: Moment,
        left: Balance,
    ) -> Balance {
        self.start(now);
        let passed = now.saturating_sub(self.last);
        let step = passed.min(max_step);
        self.last = self.last.max(now);
        self.skipped = self.skipped.saturating_add(passed.saturating_sub(step));
        let before = self.elapsed;
        self.elapsed = before.saturating_add(step);
        match *schedule {
            Schedule::Halving { total, period_ms } => {
                halving_released(total, period_ms, self.elapsed)
                    .saturating_sub(halving_released(total, period_ms, before))
                    .min(left)
            }
            Schedule::ActiveUsers {
                base,
                per_user,
                cap,
                ..
            } => {
                let rate = |day| daily(base, per_user, cap, activity.on_eve_of(day));
                let from = now.saturating_sub(step);
                // A step is a day at most, so that it crosses midnight once at most.
                let midnight = Moment::from(day_of(now)).saturating_mul(DAY_MS);
                let before_midnight = midnight.saturating_sub(from).min(step);
                let due = self
                    .carried
                    .advance(rate(day_of(from)), before_midnight)
                    .saturating_add(
                        self.carried
                            .advance(rate(day_of(now)), step.saturating_sub(before_midnight)),
                    );
                activity.roll(day_of(now));
                if due > left {
                    // The pool is empty: the part of a unit is gone with it.
                    self.carried = Metered::default();
                }
                due.min(left)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HALVING: Schedule = Schedule::Halving {
        total: 1 << 70,
        period_ms: 100 * DAY_MS,
    };
    const USERS: Schedule = Schedule::ActiveUsers {
        pool: 1 << 100,
        base: 1_000_003,
        per_user: 7_001,
        cap: 1 << 60,
    };
    const START: Moment = 20_000 * DAY_MS + 12_345;

    fn run(schedule: &Schedule, times: &[Moment]) -> (Clock, Vec<Balance>) {
        let (mut clock, mut activity) = (Clock::default(), Activity::default());
        let released = times
            .iter()
            .map(|now| clock.advance(schedule, &mut activity, *now, DAY_MS, Balance::MAX))
            .collect();
        (clock, released)
    }

    #[test]
    fn the_first_look_starts_the_clock_and_releases_nothing() {
        for schedule in [HALVING, USERS] {
            let (clock, released) = run(&schedule, &[START]);
            assert_eq!(released, [0]);
            assert_eq!((clock.started, clock.elapsed), (START, 0));
        }
    }

    #[test]
    fn a_jump_counts_one_step_and_is_not_caught_up() {
        for schedule in [HALVING, USERS] {
            let far = START + 4_000 * DAY_MS;
            let (clock, released) = run(&schedule, &[START, far, far, far + 1]);
            let (_, honest) = run(&schedule, &[START, START + DAY_MS]);
            assert_eq!(clock.elapsed, DAY_MS + 1);
            assert_eq!(clock.skipped, 3_999 * DAY_MS);
            assert_eq!(released[1], honest[1]);
            assert_eq!(released[2], 0);
        }
    }

    #[test]
    fn a_clock_that_goes_back_releases_nothing_twice() {
        for schedule in [HALVING, USERS] {
            let later = START + 1_000_000;
            let (_, released) = run(&schedule, &[START, later, START, START + 500_000, later]);
            assert!(released[1] > 0);
            assert_eq!(&released[2..], [0, 0, 0]);
        }
    }

    #[test]
    fn the_day_after_pays_for_the_users_of_the_day_before() {
        let midnight = 20_000 * DAY_MS;
        let (mut clock, mut activity) = (Clock::default(), Activity::default());
        let mut go = |now, active: u32, clock: &mut Clock| {
            let got = clock.advance(&USERS, &mut activity, now, DAY_MS, Balance::MAX);
            activity.active += active;
            got
        };
        assert_eq!(go(midnight, 5, &mut clock), 0);
        assert_eq!(go(midnight + DAY_MS, 9, &mut clock), 1_000_003);
        assert_eq!(
            go(midnight + 2 * DAY_MS, 0, &mut clock),
            1_000_003 + 5 * 7_001
        );
        assert_eq!(
            go(midnight + 3 * DAY_MS, 0, &mut clock),
            1_000_003 + 9 * 7_001
        );
        assert_eq!(go(midnight + 4 * DAY_MS, 0, &mut clock), 1_000_003);
    }

    #[test]
    fn days_that_nobody_saw_count_as_days_without_users() {
        let mut activity = Activity {
            day: 10,
            active: 500,
            before: 400,
        };
        activity.roll(12);
        assert_eq!(
            activity,
            Activity {
                day: 12,
                active: 0,
                before: 0
            }
        );
        activity.roll(11);
        assert_eq!(activity.day, 12);
    }

    proptest! {
        /// Wherever settlements cut the time, the sum is the same.
        #[test]
        fn cuts_change_nothing(steps in prop::collection::vec(1..DAY_MS, 1..60)) {
            for schedule in [HALVING, USERS] {
                let mut times = vec![START];
                for step in &steps {
                    times.push(times.last().unwrap() + step);
                }
                let end = *times.last().unwrap();
                let daily: Vec<_> =
                    (0..).map(|d| START + d * (DAY_MS - 1)).take_while(|t| *t < end).collect();
                let daily = [daily, vec![end]].concat();
                let sum = |times: &[Moment]| run(&schedule, times).1.iter().sum::<Balance>();
                prop_assert_eq!(sum(&times), sum(&daily));
            }
        }
    }
}
