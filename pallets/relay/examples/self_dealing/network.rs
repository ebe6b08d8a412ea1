//! The network in which rings are tried: the public chains' parameters, and whom each relay was drawn for.

use pallet_issuance::core::{
    allocation::Economy,
    clock::{Activity, Clock},
    split::Splits,
};
use pallet_relay::Parameters;
use parlance_primitives::{
    Balance, DAY_MS, DAYS, MINUTES, Moment,
    accounts::Resource,
    issuance::Share,
    relay::{DayAllowance, Rules, cap, ingress_places},
};
use sp_crypto_hashing::blake2_256;

/// Periods in a day of the public chains.
pub const PERIODS: u32 = DAYS / (5 * MINUTES);
/// Relays in the roster.
pub const RELAYS: u32 = 200;
/// Identities of a ring.
pub const IDENTITIES: u32 = 500;
/// Seeds of the beacon with which each figure is found.
pub const SEEDS: u8 = 8;
/// Bytes that each relay registers to carry in a period.
pub const CAPACITY: u64 = 1 << 30;

/// Everything that governance sets, and what binding tokens costs.
#[derive(Clone)]
pub struct Network {
    /// Of relays.
    pub relays: Parameters,
    /// Of identities.
    pub people: pallet_accounts::Parameters,
    /// What bound tokens would earn elsewhere, in thousandths a year. No rule of the chain: an assumption.
    pub interest: u128,
    /// Bytes that count and that others send in a day.
    pub honest: u64,
    /// What the schedule releases to relays in a day, in units.
    pub released: Balance,
}

impl Default for Network {
    /// `toktok` in its first days, of which people send 20 GiB.
    fn default() -> Self {
        Self {
            relays: Parameters::default(),
            people: pallet_accounts::Parameters::default(),
            interest: 50,
            honest: 20 << 30,
            released: released_to_relays(&Economy::toktok()),
        }
    }
}

impl Network {
    /// Price of a mebibyte, in units.
    pub fn price(&self) -> Balance {
        self.people.price(Resource::Relayed)
    }

    /// The rules by which leaves are judged.
    pub fn rules(&self) -> Rules {
        self.relays.rules(PERIODS)
    }

    /// Bytes of a sender that count at one relay in one period, where the free allowance stands at its
    /// floor.
    pub fn cap(&self, backed: bool, bought: u64) -> u64 {
        let floor = self.people.allowances[Resource::Relayed.index()].floor;
        let free = if backed {
            floor
        } else {
            self.people.newcomer_share.mul_floor(floor)
        };
        let allowance = DayAllowance {
            free,
            bought,
            backed,
            firm: true,
        };
        cap(&allowance, &self.rules())
    }

    /// What is lost in a day by binding `amount`, in units.
    pub fn interest_on(&self, amount: Balance) -> Balance {
        amount * self.interest / (1_000 * 365)
    }
}

/// What a schedule releases to relays on its first day, in units.
pub fn released_to_relays(economy: &Economy) -> Balance {
    let (mut clock, mut activity) = (Clock::default(), Activity::default());
    let (schedule, left) = (&economy.schedule, economy.schedule.pool());
    let start: Moment = 20_000 * DAY_MS;
    clock.advance(schedule, &mut activity, start, DAY_MS, left);
    let released = clock.advance(schedule, &mut activity, start + DAY_MS, DAY_MS, left);
    Splits::default().split(released).of(Share::Relay)
}

/// How many identities of a ring have each relay among their three, by period; drawn as the chain draws.
pub struct Draws {
    counts: Vec<[u16; RELAYS as usize]>,
}

impl Draws {
    /// Those of a day of which every period has seed `seed`.
    pub fn of_day(seed: u8) -> Self {
        let accounts: Vec<[u8; 32]> = (0..IDENTITIES)
            .map(|number| blake2_256(&number.to_le_bytes()))
            .collect();
        let counts = (0..PERIODS).map(|period| {
            let mut counts = [0; RELAYS as usize];
            for account in &accounts {
                for place in ingress_places(&[seed; 32], period, account, RELAYS) {
                    counts[place as usize] += 1;
                }
            }
            counts
        });
        Self {
            counts: counts.collect(),
        }
    }

    /// By period: by relay.
    pub fn periods(&self) -> impl Iterator<Item = &[u16]> {
        self.counts.iter().map(|counts| counts.as_slice())
    }

    /// Those of every seed.
    pub fn all() -> Vec<Self> {
        (1..=SEEDS).map(Self::of_day).collect()
    }
}
