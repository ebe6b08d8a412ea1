//! Presence: contacts learn how this device is reached, and nobody else does.
//!
//! - **E1** The host says how the device is reached ([`Reach`]): the key of its endpoint, addresses, and a fallback relay. From then on the device
//!   is *present*: it publishes a record for each device of its contacts, and for the own other ones. A *contact* is an account that
//!   this device has said something to; who only writes to it gets nothing. The contacts with whom something was said last come first, and
//!   at most [`MAX_PRESENCE`](crate::limits::MAX_PRESENCE) devices.
//! - **E2** Each record is found and read by one device alone: its place, its key and what is in it are those of a
//!   [`Pairing`](parlance_e2ee::Pairing) (rules L1-L5 of the encryption core), encrypted, signed, and of one length. A stranger who reads a relay's memory sees
//!   random bytes under random keys that change every ten minutes. The relay itself sees which device publishes and which one looks.
//! - **E3** Records lie at the first [`PRESENCE_RELAYS`](crate::limits::PRESENCE_RELAYS) relays of the own mailbox's set, which contacts can compute, and which
//!   nobody has to be told. A record says everything about itself, so it may lie anywhere else too, such as in a distributed hash table:
//!   what is found under [`PresenceKey`](parlance_bimp::PresenceKey) is checked the same way.
//! - **E4** It ends after [`PRESENCE_LIFE`](crate::limits::PRESENCE_LIFE) and is renewed every [`PRESENCE_RENEWAL`](crate::limits::PRESENCE_RENEWAL), when a window of
//!   the pair ends (L2), and when the device is reached in another way. A relay that refuses or is lost is tried again, and then the next.
//! - **E5** A device that leaves takes its records back: it puts nothing in their places, which ends at once. One that dies leaves them until they end.

use codec::{Decode, Encode};
use parlance_bimp::{Bounded, List, RelayId, SocketAddress};
use parlance_e2ee::{DeviceAddress, Pairing};
use std::collections::BTreeMap;

/// Addresses in a record.
pub const MAX_ADDRESSES: usize = 8;
/// Longest address of a fallback relay, bytes.
pub const MAX_FALLBACK: usize = 128;
/// First byte of a record's content.
const VERSION: u8 = 1;

/// How a device is reached (E1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reach {
    /// The Ed25519 key of its endpoint.
    pub endpoint: [u8; 32],
    /// Where it may be, the likeliest first.
    pub addresses: List<SocketAddress, MAX_ADDRESSES>,
    /// The URL of a relay that passes packets on where no direct way is found.
    pub fallback: Option<Bounded<MAX_FALLBACK>>,
}

impl Reach {
    /// The first [`MAX_ADDRESSES`] of these; a fallback relay whose URL is too long is left out.
    pub fn new(
        endpoint: [u8; 32],
        addresses: impl IntoIterator<Item = SocketAddress>,
        fallback: Option<&str>,
    ) -> Self {
        let addresses: Vec<SocketAddress> = addresses.into_iter().take(MAX_ADDRESSES).collect();
        Self {
            endpoint,
            addresses: List::new(addresses).unwrap_or_default(),
            fallback: fallback.and_then(|url| Bounded::new(url).ok()),
        }
    }

    /// The fallback relay, if its URL is text.
    pub fn fallback(&self) -> Option<&str> {
        std::str::from_utf8(self.fallback.as_ref()?.as_slice()).ok()
    }

    /// Whether others can reach it at all.
    pub fn is_nowhere(&self) -> bool {
        self.addresses.as_slice().is_empty() && self.fallback.is_none()
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Until when, milliseconds since 1970 by the publisher's clock.
    pub ends: u64,
    /// How it is reached.
    pub reach: Reach,
}

impl Content {
    /// As it is signed and encrypted: a version, then SCALE of the fields. Later versions add fields at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        (VERSION, self.ends, &self.reach).encode()
    }

    /// From what was decrypted; none for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (ends, reach) = Decode::decode(&mut rest).ok()?;
        Some(Self { ends, reach })
    }
}

/// What lies at relays for one device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// The windows of the last two records, the newer one first.
    pub windows: [Option<u64>; 2],
    /// Where they are.
    pub relays: Vec<RelayId>,
    /// When, by the steady clock.
    pub at: u64,
    /// Of which way to be reached.
    pub revision: u64,
    /// When it is tried again, after a refusal.
    pub again: Option<u64>,
    /// Refusals in a row.
    pub refused: usize,
}

/// How this device appears to its contacts.
#[derive(Debug, Default)]
pub(crate) struct Appearance {
    /// How it is reached.
    pub reach: Option<Reach>,
    /// Counts the changes of that.
    pub revision: u64,
    pub pairings: BTreeMap<DeviceAddress, Pairing>,
    pub shown: BTreeMap<DeviceAddress, Shown>,
    /// When contacts are gone through next.
    pub next: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_e2ee::presence::MAX_CONTENT;
    use proptest::prelude::*;

    fn address(port: u16) -> SocketAddress {
        SocketAddress::V6 { ip: [9; 16], port }
    }

    fn widest() -> Reach {
        Reach::new(
            [7; 32],
            (0..20).map(address),
            Some(&"u".repeat(MAX_FALLBACK)),
        )
    }

    #[test]
    fn the_widest_reach_fits_into_a_record_and_comes_back() {
        let content = Content {
            ends: u64::MAX,
            reach: widest(),
        };
        assert_eq!(content.reach.addresses.as_slice().len(), MAX_ADDRESSES);
        assert!(content.reach.fallback().is_some());
        let mut bytes = content.to_bytes();
        assert!(bytes.len() <= MAX_CONTENT, "{}", bytes.len());
        assert_eq!(Content::from_bytes(&bytes), Some(content.clone()));
        // A later version says more.
        bytes.push(1);
        assert_eq!(Content::from_bytes(&bytes), Some(content));
        bytes[0] = 2;
        assert_eq!(Content::from_bytes(&bytes), None);
    }

    #[test]
    fn a_fallback_that_does_not_fit_is_left_out() {
        let long = "u".repeat(MAX_FALLBACK + 1);
        let reach = Reach::new([7; 32], [], Some(&long));
        assert!(reach.is_nowhere() && reach.fallback().is_none());
        assert!(!widest().is_nowhere());
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let _ = Content::from_bytes(&bytes);
        }
    }
}
