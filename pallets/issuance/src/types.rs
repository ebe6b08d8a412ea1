//! What the pallet stores, beside the terms and sums of [`crate::core`].

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{Balance, Moment};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use crate::core::vesting::Steps;

/// Who gets the fee of a transaction. The tip goes to the block's author under each rule.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum FeeRule<AccountId> {
    /// The author of the block (`toktok`).
    #[default]
    Author,
    /// An account, like the foundation's (`bitchat`).
    Account(AccountId),
}

/// A vesting under way: tokens that exist and belong to their owner, but are held.
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
pub struct Vesting {
    /// What is released when.
    pub steps: Steps,
    /// Released so far, in units.
    pub released: Balance,
}

impl Vesting {
    /// What is due and not yet released, in units.
    pub fn due(&self, listing: Option<Moment>, now: Moment) -> Balance {
        self.steps
            .vested(listing, now)
            .saturating_sub(self.released)
    }

    /// What is still held, in units.
    pub fn held(&self) -> Balance {
        self.steps
            .total()
            .unwrap_or(0)
            .saturating_sub(self.released)
    }
}
