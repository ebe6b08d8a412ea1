//! The supply over time, asked of the pallet's own schedule, splits and vesting.

use pallet_issuance::core::{
    allocation::{Economy, Release},
    calendar::{Date, add_months},
    clock::{Activity, Clock},
    schedule::Schedule,
    split::{Shares, Splits},
};
use parlance_primitives::{Balance, DAY_MS, Moment, issuance::Share};

/// The supply at one time, in units.
#[derive(Clone, Copy, Default)]
pub struct Point {
    /// Years since the start.
    pub year: u32,
    /// Months since the start.
    pub month: u32,
    /// Handed out at genesis and never held.
    pub free: Balance,
    /// Held at genesis and released since.
    pub vested: Balance,
    /// Still held.
    pub held: Balance,
    /// Mined per share, if every share is paid out in full.
    pub mined: Shares,
}

impl Point {
    /// What can be spent.
    pub fn circulating(&self) -> Balance {
        self.free + self.vested + self.mined.total()
    }
}

/// The day on which the pictures start, and on which the token is listed: 1 January 2027.
pub fn start() -> Moment {
    Date {
        year: 2027,
        month: 1,
        day: 1,
    }
    .midnight()
}

/// Accounts active on a day in the pictures of `bitchat`: ten thousand at first, growing by a thousand a
/// day up to three million. An assumption, not a forecast.
pub fn users(day: u64) -> u32 {
    u32::try_from(10_000 + 1_000 * day)
        .unwrap_or(u32::MAX)
        .min(3_000_000)
}

/// The supply after each of `months` months.
pub fn supply(economy: &Economy, months: u32) -> Vec<Point> {
    let mut mine = Mine::new(economy.schedule);
    (0..=months)
        .map(|month| {
            let now = add_months(start(), month);
            let (mut free, mut vested, mut allocated) = (0, 0, 0);
            for allocation in &economy.allocations {
                allocated += allocation.amount;
                match allocation.release {
                    Release::Free => free += allocation.amount,
                    Release::Vested(steps) => vested += steps.vested(Some(start()), now),
                }
            }
            let held = allocated - free - vested;
            Point {
                year: month / 12,
                month,
                free,
                vested,
                held,
                mined: mine.until(now),
            }
        })
        .collect()
}

/// Runs the schedule's clock day by day, as a chain does.
struct Mine {
    schedule: Schedule,
    clock: Clock,
    activity: Activity,
    left: Balance,
    mined: Shares,
}

impl Mine {
    fn new(schedule: Schedule) -> Self {
        let mut mine = Self {
            schedule,
            clock: Clock::default(),
            activity: Activity::default(),
            left: schedule.pool(),
            mined: Shares::default(),
        };
        mine.day(start());
        mine
    }

    fn until(&mut self, now: Moment) -> Shares {
        while self.clock.last < now {
            self.day(self.clock.last + DAY_MS);
        }
        self.mined
    }

    fn day(&mut self, now: Moment) {
        let released =
            self.clock
                .advance(&self.schedule, &mut self.activity, now, DAY_MS, self.left);
        self.activity.active = users((now - start()) / DAY_MS);
        self.left -= released;
        let split = Splits::default().split(released);
        for share in Share::ALL {
            *self.mined.of_mut(share) += split.of(share);
        }
    }
}
