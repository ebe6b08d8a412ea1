//! How to reach a device that is there (O9).

use crate::{bounded::Bounded, id::PresenceKey, limits::MAX_PRESENCE};
use codec::{Decode, Encode};

/// Publish presence.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PublishPresence {
    /// Where contacts look.
    pub key: PresenceKey,
    /// What only they can read.
    pub record: Bounded<MAX_PRESENCE>,
    /// For how long, milliseconds.
    pub keep: u64,
}

/// Look up presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LookUpPresence {
    /// Where.
    pub key: PresenceKey,
}

/// A presence record, or none: never published and ended look the same.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Presence {
    /// The record.
    pub record: Option<Bounded<MAX_PRESENCE>>,
}
