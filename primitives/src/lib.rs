//! The words of Parlance: types, constants, traits between pallets, and runtime APIs.
//!
//! This crate depends on nothing else of ours. A pallet knows another pallet only through a trait of
//! [`traits`]; a client crate knows the runtime only through the APIs of [`accounts`], [`beacon`],
//! [`issuance`] and [`vdpos`], and finds in [`accounts`] and [`puzzle`] how an account registers.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod accounts;
pub mod batch;
pub mod beacon;
pub mod issuance;
pub mod light;
pub mod puzzle;
pub mod relay;
pub mod traits;
pub mod vdpos;

use sp_runtime::{
    MultiSignature,
    traits::{IdentifyAccount, Verify},
};

/// Signature of an account: sr25519, ed25519 or ecdsa.
pub type Signature = MultiSignature;
/// Account id: the 32-byte public key, or its hash for ecdsa.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Amount of the native token in its smallest unit; [`UNIT`] of them make one token.
pub type Balance = u128;
/// Height of a block.
pub type BlockNumber = u32;
/// Milliseconds since the Unix epoch.
pub type Moment = u64;
/// Number of transactions that an account has sent.
pub type Nonce = u32;
/// Hash of blocks and of storage nodes.
pub type Hash = sp_core::H256;

/// One token. Twelve decimals: the smallest unit stays worth little under both genesis supplies, and
/// 20,000,000,000 tokens use 75 of the 128 bits of [`Balance`].
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of a token.
pub const MILLI: Balance = UNIT / 1_000;
/// A millionth of a token.
pub const MICRO: Balance = UNIT / 1_000_000;
/// Least balance that an account may have.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI;

/// Length of a slot in milliseconds (`docs/consensus-vdpos.md`, "The clock").
pub const SLOT_DURATION: Moment = 2_000;
/// Milliseconds in a day.
pub const DAY_MS: Moment = 24 * 60 * 60 * 1_000;
/// Milliseconds in a year of 365.25 days: four of them are exactly 1,461 days.
pub const YEAR_MS: Moment = 1_461 * DAY_MS / 4;
/// Blocks in a minute when no slot is missed.
pub const MINUTES: BlockNumber = (60_000 / SLOT_DURATION) as BlockNumber;
/// Blocks in an hour when no slot is missed.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// Blocks in a day when no slot is missed.
pub const DAYS: BlockNumber = 24 * HOURS;
