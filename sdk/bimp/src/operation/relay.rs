//! What relays say to each other (O11, O12).

use crate::{
    bounded::{Bounded, List},
    id::{DeviceNumber, Key, Mailbox},
    limits::{
        MAX_DEVICES, MAX_ENTRIES, MAX_ITEMS, MAX_MEMBERS, MAX_MENTIONS, MAX_MESSAGE, MAX_RANGES,
    },
};
use codec::{Decode, Encode};

/// A message in a mailbox, and what is known of it (O11).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Which.
    pub key: Key,
    /// When it is to be thrown away.
    pub expires: u64,
    /// Nobody needs it any more: all devices have it, or its owner deleted it.
    pub deleted: bool,
    /// Wakes its owner.
    pub mention: bool,
    /// Devices that have it, in rising order.
    pub acknowledged: List<DeviceNumber, MAX_DEVICES>,
    /// SCALE of a [`Message`](crate::Message); none if only the rest is news.
    pub message: Option<Bounded<MAX_MESSAGE>>,
}

/// Replicate, hand over (O11).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entries {
    /// The entries.
    pub entries: List<Entry, MAX_ENTRIES>,
}

/// Fan out: one message for many mailboxes (O4, O11).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FanOut {
    /// The mailboxes that the receiver keeps.
    pub mailboxes: List<Mailbox, MAX_MEMBERS>,
    /// Those of them to be woken.
    pub mentioned: List<Mailbox, MAX_MENTIONS>,
    /// Wakes all.
    pub everybody: bool,
    /// When it is to be thrown away.
    pub expires: u64,
    /// SCALE of a [`Message`](crate::Message) of a group.
    pub message: Bounded<MAX_MESSAGE>,
}

/// What became of entries. One that is in neither list, ask again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Stored {
    /// On disk.
    pub stored: List<Key, MAX_ENTRIES>,
    /// Not taken: no room, not this relay's, or not what the key says.
    pub refused: List<Key, MAX_ENTRIES>,
}

/// Reconcile, and its answer (O12).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Reconcile {
    /// What the sender has.
    pub ranges: List<Range, MAX_RANGES>,
    /// What the sender lacks.
    pub want: List<Key, MAX_ENTRIES>,
}

/// What a relay has from one key up to another.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Range {
    /// First key.
    pub from: Key,
    /// First key that is not in it; none for the end of all keys.
    pub to: Option<Key>,
    /// What is in it.
    pub content: Content,
}

/// What is in a range.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Content {
    /// How many entries, and a fingerprint of them.
    #[codec(index = 0)]
    Fingerprint {
        /// How many.
        count: u32,
        /// The first 16 bytes of SHA-256 of the sum of their states' hashes, modulo 2^256, and the count.
        fingerprint: [u8; 16],
    },
    /// All of them.
    #[codec(index = 1)]
    Items(List<Item, MAX_ITEMS>),
}

/// An entry, by name (O12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Item {
    /// Which.
    pub key: Key,
    /// First 8 bytes of the hash of its state.
    pub state: u64,
}

/// Probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Probe {
    /// Comes back.
    pub number: u64,
}

/// The relay is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Probed {
    /// From the probe.
    pub number: u64,
    /// The relay's clock.
    pub clock: u64,
    /// How much of what it can take it has, parts per million.
    pub load: u32,
}
