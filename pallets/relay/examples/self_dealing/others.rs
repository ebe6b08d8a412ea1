//! Attackers that are not rings with deposits: identities by proof of work, and tickets over their cap.

use pallet_relay::core::pay::{FASTEST, work, worth};
use parlance_primitives::{
    Balance, DAYS,
    relay::{INGRESS, NodeHash, Root, Seed, Side, positions},
};
use sp_crypto_hashing::blake2_256;

use super::network::{Network, PERIODS};

/// Solutions of the registration puzzle in an hour of a server's core: five a second, as decision 6 takes
/// it.
const TRIES_PER_HOUR: u128 = 5 * 3_600;
/// Trials of tickets over their cap.
const TRIALS: u32 = 20_000;

/// What identities by proof of work cost and bring, each.
pub struct Sybil {
    /// Hours of a core for ten thousand, by somebody patient enough that the puzzle stays at its floor.
    pub core_hours: u128,
    /// Paid to own relays in the life of ten thousand that prove nothing, in units.
    pub earned: Balance,
}

/// Ten thousand of them, whose owner has `percent` of the relays, where `bytes` a day of such an identity
/// are paid for.
pub fn sybils(network: &Network, percent: u64, bytes: u64) -> Sybil {
    let mut network = network.clone();
    network.relays.most_free_newcomer = bytes;
    let count = 10_000;
    let day = network.cap(false, 0) * INGRESS as u64 * u64::from(PERIODS);
    let days = u64::from(network.people.unused_lifetime / DAYS);
    let junk = day * percent / 100 * days * count;
    Sybil {
        core_hours: u128::from(count) * u128::from(network.people.difficulty.floor)
            / TRIES_PER_HOUR,
        earned: worth(work(junk, FASTEST), network.price(), network.relays.rate),
    }
}

/// What a relay earns that counts tickets over their cap and is silent when one is drawn, in thousandths
/// of what it earns honestly. `percent` of its honest bytes are of senders of whom it counts `times` the
/// cap, `tries` seeds are there to choose from.
pub fn over_cap(percent: u64, times: u64, tries: u32) -> u64 {
    let honest: u64 = 1 << 30;
    let capped = honest / 100 * percent;
    let (fair, blown) = (honest - capped, capped * times);
    let root = Root {
        hash: NodeHash::EMPTY,
        bytes: fair + blown,
    };
    let passes =
        (0..TRIALS).filter(|trial| (0..tries).any(|one| is_passed(&root, fair, *trial, one)));
    let brings = u128::from(root.bytes) * passes.count() as u128 * 1_000;
    u64::try_from(brings / u128::from(honest) / u128::from(TRIALS)).unwrap_or(u64::MAX)
}

/// Whether no position of the tickets' tree falls on a leaf over its cap: those stand behind `fair` bytes.
fn is_passed(root: &Root, fair: u64, trial: u32, one: u32) -> bool {
    let seed: Seed = blake2_256(&[trial.to_le_bytes(), one.to_le_bytes()].concat());
    let drawn = positions(&seed, trial, &[7u8; 32], Side::Tickets, root);
    drawn.iter().all(|position| *position < fair)
}
