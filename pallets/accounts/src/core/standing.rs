//! What the chain knows of an identity beside its devices: how it came, who pays for it, when it
//! goes.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{Balance, BlockNumber, accounts::Lane};
use scale_info::TypeInfo;

use super::tally::Tally;

/// What stands behind an identity.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Backing {
    /// Nothing but its use: from this block on anybody may remove it.
    Use {
        /// The block.
        expires: BlockNumber,
    },
    /// Tokens on hold: it stays.
    Deposit {
        /// How much, in units.
        amount: Balance,
    },
}

/// Where an identity stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Standing {
    /// The way by which it came.
    pub lane: Lane,
    /// Block of registration.
    pub registered: BlockNumber,
    /// What stands behind it.
    pub backing: Backing,
    /// Changes without a fee.
    pub changes: Tally,
    /// Invitations given.
    pub invitations: Tally,
    /// Invitations given that are still open.
    pub open: u32,
}

impl Standing {
    /// Of an identity that has just come.
    pub fn new(lane: Lane, now: BlockNumber, lifetime: BlockNumber) -> Self {
        Self {
            lane,
            registered: now,
            backing: Backing::Use {
                expires: now.saturating_add(lifetime),
            },
            changes: Tally::default(),
            invitations: Tally::default(),
            open: 0,
        }
    }

    /// Whether tokens stand behind it.
    pub const fn is_backed(&self) -> bool {
        matches!(self.backing, Backing::Deposit { .. })
    }

    /// Whether anybody may remove it.
    pub const fn is_expired(&self, now: BlockNumber) -> bool {
        matches!(self.backing, Backing::Use { expires } if expires <= now)
    }

    /// It was used: it lives for `lifetime` from now, if that is longer.
    pub fn note_use(&mut self, now: BlockNumber, lifetime: BlockNumber) {
        if let Backing::Use { expires } = &mut self.backing {
            *expires = (*expires).max(now.saturating_add(lifetime));
        }
    }
}
