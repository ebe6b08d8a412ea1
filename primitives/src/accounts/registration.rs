//! The way into the chain without tokens: what is shown, signed and proven.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ed25519;
use sp_crypto_hashing::blake2_256;
use sp_runtime::{BoundedVec, traits::ConstU32};

use super::{DeviceKeys, Possession, Version};
use crate::{
    Balance, BlockNumber, Hash,
    puzzle::{MAX_SOLUTION, Puzzle},
};

/// What a new identity starts with.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Registration<AccountId> {
    /// The account.
    pub account: AccountId,
    /// Keys of its first device.
    pub keys: DeviceKeys,
    /// That the device has their secrets: [`device_statement`] with the anchor's number as base.
    pub possession: Possession,
    /// A recent block, to which everything signed and proven here is bound.
    pub anchor: BlockNumber,
}

/// What entitles to an identity without tokens.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Guard {
    /// A solution of the puzzle for [`work_challenge`].
    Work {
        /// Number of the attempt.
        nonce: u64,
        /// Indices, packed.
        solution: BoundedVec<u8, ConstU32<MAX_SOLUTION>>,
    },
    /// The secret key of an open invitation.
    Invitation {
        /// Its public key.
        key: ed25519::Public,
        /// Signature of [`invitation_statement`].
        signature: ed25519::Signature,
    },
}

/// The way into the chain without tokens.
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
pub enum Lane {
    /// By proof of work.
    Work,
    /// By invitation.
    Invitation,
}

impl Guard {
    /// The way that it opens.
    pub fn lane(&self) -> Lane {
        match self {
            Self::Work { .. } => Lane::Work,
            Self::Invitation { .. } => Lane::Invitation,
        }
    }
}

/// What a device signs when its keys are registered. `base` is the version that the change is made
/// to, or the anchor's number at registration: what was signed for one version is void for all
/// later ones.
pub fn device_statement<AccountId: Encode>(
    genesis: &Hash,
    account: &AccountId,
    base: Version,
    keys: &DeviceKeys,
) -> Vec<u8> {
    (b"parlance/device/1", genesis, account, base, keys).encode()
}

/// What the account signs to register.
pub fn registration_statement<AccountId: Encode>(
    genesis: &Hash,
    anchor: &Hash,
    account: &AccountId,
    keys: &DeviceKeys,
) -> Vec<u8> {
    (b"parlance/register/1", genesis, anchor, account, keys).encode()
}

/// What the key of an invitation signs for the account that takes it.
pub fn invitation_statement<AccountId: Encode>(genesis: &Hash, account: &AccountId) -> Vec<u8> {
    (b"parlance/invitation/1", genesis, account).encode()
}

/// What a proof of work is bound to.
pub fn work_challenge<AccountId: Encode>(
    genesis: &Hash,
    anchor: &Hash,
    account: &AccountId,
) -> [u8; 32] {
    blake2_256(&(b"parlance/puzzle/1", genesis, anchor, account).encode())
}

/// Where an identity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct StandingInfo {
    /// The way by which it came.
    pub lane: Lane,
    /// Block of registration.
    pub registered: BlockNumber,
    /// Its deposit, once it was taken.
    pub deposit: Option<Balance>,
    /// Block from which on it may be removed; `None` once it has a deposit.
    pub expires: Option<BlockNumber>,
    /// Invitations that it may still give in this window.
    pub invitations: u32,
    /// Changes that it may still make without a fee in this window.
    pub free_changes: u32,
}

/// What a registration without tokens takes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Requirements {
    /// A block to anchor to.
    pub anchor: BlockNumber,
    /// Its hash.
    pub anchor_hash: Hash,
    /// Blocks for which an anchor is good.
    pub anchor_window: BlockNumber,
    /// Shape of the puzzle.
    pub puzzle: Puzzle,
    /// Solutions that have to be tried on average.
    pub difficulty: u32,
    /// Registrations by work that this period still takes.
    pub work_room: u32,
    /// Registrations by invitation that this period still takes.
    pub invitation_room: u32,
    /// First block of the next period.
    pub next_period: BlockNumber,
    /// Deposit that the account will have to make once it has tokens.
    pub deposit: Balance,
}
