//! Who may be paid for whom: ingress sets, mailbox sets, and the roster that both are drawn from.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_crypto_hashing::blake2_256;

use super::{INGRESS, Period, Seed};

/// Name of a relay in rosters. The beacon gives it when the relay is first admitted, so that nobody can
/// choose where among mailboxes a relay stands.
#[derive(
    Clone,
    Copy,
    Debug,
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
pub struct RelayId(pub [u8; 16]);

impl RelayId {
    /// The name of a relay that is admitted under `seed`: the first 16 bytes of
    /// `BLAKE2b-256("parlance/relay-id/1", seed, relay)`.
    pub fn given<AccountId: Encode>(seed: &Seed, relay: &AccountId) -> Self {
        let hash = blake2_256(&(b"parlance/relay-id/1", seed, relay).encode());
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self(id)
    }

    /// Distance to a place in the ring of mailboxes, by XOR.
    pub fn distance(&self, mailbox: u128) -> u128 {
        u128::from_be_bytes(self.0) ^ mailbox
    }
}

/// First 16 bytes of a hash as a number, big-endian.
pub(super) fn first_16(hash: &[u8; 32]) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    u128::from_be_bytes(bytes)
}

/// Places in the roster of the relays through which `sender` may send in `period` (R3): as many
/// different ones as there are, [`INGRESS`] at most, each equally likely. `seed` is the beacon's at the
/// first block of the period, `relays` the length of the roster.
///
/// Draw `i` is the `i`-th group of eight bytes, little-endian, of
/// `BLAKE2b-256("parlance/ingress/1", seed, period, sender)`, modulo the relays that are left, counted
/// past those drawn before.
pub fn ingress_places<AccountId: Encode>(
    seed: &Seed,
    period: Period,
    sender: &AccountId,
    relays: u32,
) -> Vec<u32> {
    let hash = blake2_256(&(b"parlance/ingress/1", seed, period, sender).encode());
    let mut drawn: Vec<u32> = Vec::with_capacity(INGRESS);
    for (left, group) in (1..=relays).rev().zip(hash.chunks_exact(8)).take(INGRESS) {
        let mut number = [0; 8];
        number.copy_from_slice(group);
        let mut place = (u64::from_le_bytes(number) % u64::from(left)) as u32;
        let mut sorted = drawn.clone();
        sorted.sort_unstable();
        for before in sorted {
            if place >= before {
                place = place.saturating_add(1);
            }
        }
        drawn.push(place);
    }
    drawn
}

/// Where the mailbox of an account is: the first 16 bytes of
/// `BLAKE2b-256("parlance/mailbox/1", account, epoch)`, big-endian.
pub fn mailbox_of<AccountId: Encode>(account: &AccountId, epoch: u32) -> u128 {
    first_16(&blake2_256(
        &(b"parlance/mailbox/1", account, epoch).encode(),
    ))
}

/// Places in the roster of the relays nearest to a mailbox, the nearest first, `count` at most.
pub fn nearest(roster: &[RelayId], mailbox: u128, count: usize) -> Vec<u32> {
    let mut places: Vec<u32> = (0..roster.len() as u32).collect();
    places.sort_unstable_by_key(|place| roster[*place as usize].distance(mailbox));
    places.truncate(count);
    places
}

/// Whether a relay is among the `count` of the roster that are nearest to a mailbox (R4).
pub fn is_near(roster: &[RelayId], relay: RelayId, mailbox: u128, count: usize) -> bool {
    let own = relay.distance(mailbox);
    let nearer = |one: &&RelayId| one.distance(mailbox) < own;
    roster.contains(&relay) && roster.iter().filter(nearer).count() < count
}
