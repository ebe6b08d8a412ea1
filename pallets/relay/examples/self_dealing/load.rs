//! The load rule over the growth of a network: what is free, day by day.

use pallet_accounts::core::allowance::{Levels, Newcomers};
use parlance_primitives::accounts::{Load, Resource};

use super::network::{CAPACITY, Network, PERIODS};

/// A part of the people and what each of them would send in a day, in bytes.
const DEMAND: [(u64, u64); 3] = [(80, 2 << 20), (15, 20 << 20), (5, 500 << 20)];

/// People and relays on a day.
#[derive(Clone, Copy)]
pub struct Census {
    /// With a deposit.
    pub members: u64,
    /// Without one.
    pub newcomers: u64,
    /// Of those without one, how many send nothing.
    pub silent: u64,
    /// Relays that carry what they say.
    pub relays: u64,
    /// Relays that say that they carry, of a ring.
    pub idle: u64,
    /// Bytes that a ring's relays say they carried.
    pub pretended: u64,
}

/// A day.
#[derive(Clone, Copy)]
pub struct Point {
    /// Who was there.
    pub census: Census,
    /// Carried of what can be carried, in thousandths.
    pub utilisation: u64,
    /// Free bytes a day with a deposit.
    pub member: u64,
    /// Free bytes a day without.
    pub newcomer: u64,
    /// Thousandths of what people want to send that is free.
    pub served: u64,
}

/// Days from the first on. Allowances follow the load of the day before, as on the chain.
pub fn days(network: &Network, count: u32, census: impl Fn(u32) -> Census) -> Vec<Point> {
    let mut levels = Levels::default();
    let mut load = Load::default();
    let at = Resource::Relayed.index();
    let one = |day| {
        let census = census(day);
        let newcomers = Newcomers {
            share: network.people.newcomer_share,
            pool: network.people.newcomer_pool,
            count: u32::try_from(census.newcomers).unwrap_or(u32::MAX),
        };
        levels.advance(
            day + 1,
            &network.people.allowances,
            &newcomers,
            |resource| {
                if resource == Resource::Relayed {
                    load
                } else {
                    Load::default()
                }
            },
        );
        let (member, newcomer) = (levels.current[at], levels.newcomers[at]);
        let capacity = CAPACITY * u64::from(PERIODS) * (census.relays + census.idle);
        let sent = sent(census.members, member) + sent(census.newcomers - census.silent, newcomer);
        let wanted = sent_of(census.members + census.newcomers - census.silent);
        let able = CAPACITY * u64::from(PERIODS) * census.relays;
        load = Load {
            capacity,
            used: sent.min(able) + census.pretended.min(capacity - able),
        };
        Point {
            census,
            utilisation: per_mille(load.used, capacity),
            member,
            newcomer,
            served: per_mille(sent.min(able), wanted),
        }
    };
    (0..count).map(one).collect()
}

/// What so many people send of whom each sends at most `free` bytes.
fn sent(people: u64, free: u64) -> u64 {
    DEMAND
        .iter()
        .map(|(percent, wanted)| people * percent / 100 * (*wanted).min(free))
        .sum()
}

/// What so many people want to send.
fn sent_of(people: u64) -> u64 {
    sent(people, u64::MAX)
}

fn per_mille(part: u64, whole: u64) -> u64 {
    u64::try_from(u128::from(part) * 1_000 / u128::from(whole.max(1))).unwrap_or(u64::MAX)
}

/// Days of the growth that is shown.
pub const GROWTH: u32 = 480;

/// A thousand people, twice as many every thirty days up to a million in the tenth month; then nobody
/// comes. Three of ten have no deposit. Relays follow: five, and one more for each five thousand people, as
/// many as there were people for a month earlier. On day 400 half of them leave.
pub fn growth(day: u32) -> Census {
    let people = people(day);
    let relays = 5 + self::people(day.saturating_sub(30)) / 5_000;
    Census {
        members: people * 7 / 10,
        newcomers: people * 3 / 10,
        silent: 0,
        relays: if day >= 400 { relays / 2 } else { relays },
        idle: 0,
        pretended: 0,
    }
}

fn people(day: u32) -> u64 {
    let (months, rest) = (day / 30, u64::from(day % 30));
    let at = 1_000u64 << months.min(10);
    let more = if months >= 10 { 0 } else { at * rest / 30 };
    (at + more).min(1_000_000)
}

/// A hundred thousand people and forty relays, for good.
pub const STEADY: Census = Census {
    members: 70_000,
    newcomers: 30_000,
    silent: 0,
    relays: 40,
    idle: 0,
    pretended: 0,
};
