//! At which value of a parameter a ring starts to gain.

use super::{
    network::{Draws, Network, RELAYS},
    ring::{Day, Ring},
};

/// The lowest value in a range at which a ring gains with most seeds, all others staying as they are. What
/// it earns must grow with the value, or fall with it if the range falls.
fn first(values: &[u64], gains: impl Fn(u64) -> bool) -> Option<u64> {
    let at = values.partition_point(|value| !gains(*value));
    values.get(at).copied()
}

/// Whether a ring gains by its tickets with at least half of the seeds.
pub fn gains(ring: &Ring, network: &Network, draws: &[Draws]) -> bool {
    let days = draws.iter().map(|draws| ring.day(network, draws));
    days.filter(Day::pays).count() * 2 >= draws.len()
}

/// Number of own relays, of [`RELAYS`], from which on tickets pay.
pub fn own_relays(network: &Network, draws: &[Draws], bought: u64) -> Option<u64> {
    let values: Vec<u64> = (1..=u64::from(RELAYS)).collect();
    first(&values, |own| {
        let ring = Ring {
            own: own as u32,
            bought,
            backed: true,
        };
        gains(&ring, network, draws)
    })
}

/// A parameter that is moved, and how far.
pub struct Moved {
    /// Its name and unit.
    pub name: &'static str,
    /// What it is by default.
    pub default: String,
    /// Whether a lower value helps a ring.
    pub falls: bool,
    /// Values to try, in the order in which they help a ring.
    pub values: Vec<u64>,
    /// Sets it.
    pub set: fn(&mut Network, u64),
    /// Writes a value.
    pub write: fn(u64) -> String,
}

impl Moved {
    /// Where it starts to pay for a ring.
    pub fn starts(&self, ring: &Ring, network: &Network, draws: &[Draws]) -> Option<u64> {
        first(&self.values, |value| {
            let mut network = network.clone();
            (self.set)(&mut network, value);
            gains(ring, &network, draws)
        })
    }
}
