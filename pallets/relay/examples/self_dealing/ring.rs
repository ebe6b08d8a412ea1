//! A day of a ring: one operator with relays, and senders of its own who send junk to each other.

use pallet_accounts::core::purchase;
use pallet_relay::core::pay::{FASTEST, SPEEDS, part, work, worth};
use parlance_primitives::Balance;

use super::network::{CAPACITY, Draws, IDENTITIES, Network, PERIODS, RELAYS};

/// Speed of honest relays, in thousandths. The ring's own people call its relays the fastest.
const HONEST: u16 = SPEEDS[4];

/// What somebody does who deals with itself.
#[derive(Clone, Copy)]
pub struct Ring {
    /// Relays of its own among [`RELAYS`].
    pub own: u32,
    /// Bytes a day that it buys for each of its identities.
    pub bought: u64,
    /// Whether its identities have deposits.
    pub backed: bool,
}

/// A day of a ring, in units.
#[derive(Clone, Copy)]
pub struct Day {
    /// Paid to its relays for its own junk.
    pub earned: Balance,
    /// Interest on the deposits of its senders.
    pub deposits: Balance,
    /// Interest on the bonds of its relays.
    pub bonds: Balance,
    /// Paid for allowance.
    pub bought: Balance,
    /// Taken from relays that are honest, because the share was spread further.
    pub taken: Balance,
}

impl Day {
    /// What its tickets cost: deposits and purchases.
    pub fn tickets(&self) -> Balance {
        self.deposits + self.bought
    }

    /// Whether it gains by its tickets, its relays being there anyway.
    pub fn pays(&self) -> bool {
        self.earned > self.tickets()
    }
}

impl Ring {
    /// One with so many of a hundred relays, in tenths of one: of [`RELAYS`] the nearest number.
    pub fn of(tenths: u32) -> Self {
        Self {
            own: tenths * RELAYS / 1_000,
            bought: 0,
            backed: true,
        }
    }

    /// Plays the day: every sender fills its cap at each own relay that is drawn for it. What the ring's
    /// relays carry for others is not counted for it: they would be paid that without the junk.
    pub fn day(&self, network: &Network, draws: &Draws) -> Day {
        let cap = network.cap(self.backed, self.bought);
        let others = u64::from(RELAYS - self.own);
        let honest = work(network.honest / u64::from(PERIODS), HONEST);
        let (mut earned, mut taken) = (0, 0);
        for counts in draws.periods() {
            let own = counts.iter().take(self.own as usize);
            let works: Vec<u128> = own
                .map(|senders| work((u64::from(*senders) * cap).min(CAPACITY), FASTEST))
                .collect();
            let junk: u128 = works.iter().sum();
            let payable = pool(network, honest + junk);
            let most = network.relays.most_per_relay.mul_floor(payable);
            let mut before = honest;
            for work in works {
                earned += part(payable, before, work, honest + junk).min(most);
                before += work;
            }
            // Honest work is spread over all relays; the ring's own are paid less for it as well.
            let without = pool(network, honest);
            let with = part(payable, 0, honest, honest + junk);
            taken += without.saturating_sub(with) * u128::from(others) / u128::from(RELAYS);
        }
        let people = Balance::from(IDENTITIES);
        let deposits = if self.backed {
            network.interest_on(people * network.people.deposit)
        } else {
            0
        };
        let bond = network.relays.bond_for(CAPACITY);
        Day {
            earned,
            deposits,
            bonds: network.interest_on(Balance::from(self.own) * bond),
            bought: purchase::price(people * u128::from(self.bought), network.price()),
            taken,
        }
    }
}

/// What a period with so much work pays: its worth, as far as the schedule has released it.
fn pool(network: &Network, work: u128) -> Balance {
    let released = network.released / u128::from(PERIODS);
    worth(work, network.price(), network.relays.rate).min(released)
}

/// The least, the median and the most of what each seed gives.
#[derive(Clone, Copy)]
pub struct Spread {
    pub least: Balance,
    pub median: Balance,
    pub most: Balance,
}

impl Spread {
    /// Of some values.
    pub fn of(values: impl Iterator<Item = Balance>) -> Self {
        let mut values: Vec<Balance> = values.collect();
        values.sort_unstable();
        Self {
            least: values[0],
            median: (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2,
            most: values[values.len() - 1],
        }
    }
}
