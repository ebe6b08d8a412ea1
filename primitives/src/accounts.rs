//! Words of identities (messaging.md, "Identity and devices") and of allowances (economy.md,
//! "Allowances").
//!
//! # What a light client proves
//!
//! The identity of an account is one storage item:
//!
//! - key: `twox_128("Accounts") ++ twox_128("Identities") ++ blake2_128(account) ++ account`, which
//!   [`identity_key`] builds;
//! - value: the SCALE encoding of [`Identity`]; no item means no identity.
//!
//! A client that trusts a finalised header asks any node for a storage proof of that key and checks
//! it against the header's state root. It then holds these rules:
//!
//! 1. **Version.** [`Identity::version`] is the number of the block of the last change. It only
//!    ever grows, also over removal and registration anew. A client that has seen a version refuses
//!    lower ones.
//! 2. **Devices.** A device is to be trusted when it is in the list that was proven, and in no
//!    other case. [`Device::since`] is the version that brought its present keys; a session belongs
//!    to (id, since).
//! 3. **History.** [`Identity::history`] is a chain of hashes over all changes since registration
//!    ([`next_history`]). Whoever remembers (version, history) can have the entries since then from
//!    any node, chain them, and see whether something was left out, like a device that came and
//!    went.
//!
//! # What is signed
//!
//! [`device_statement`], [`registration_statement`] and [`invitation_statement`] give the bytes.
//! Each starts with a domain of its own and names the chain's genesis, so that no signature counts
//! twice or elsewhere.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ed25519;
use sp_crypto_hashing::{blake2_128, blake2_256, twox_128};
use sp_runtime::{BoundedVec, DispatchResult, traits::ConstU32};

use crate::{Balance, BlockNumber, Hash};

/// Most devices of an identity.
pub const MAX_DEVICES: u32 = 8;
/// Most revoked devices that an identity remembers; the oldest falls out.
pub const MAX_REVOKED: u32 = 16;
/// Most changes in one transaction: enough to replace every device.
pub const MAX_CHANGES: u32 = 2 * MAX_DEVICES;
/// Longest solution of a puzzle, in bytes.
pub const MAX_SOLUTION: u32 = 128;
/// Name of the pallet in the runtime: part of the storage keys.
pub const PALLET: &[u8] = b"Accounts";

/// Block of an identity's last change.
pub type Version = BlockNumber;

/// Name of a device: the first 16 bytes of a hash of its signing key.
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
pub struct DeviceId(pub [u8; 16]);

impl DeviceId {
    /// The name that belongs to a signing key.
    pub fn of(signing: &ed25519::Public) -> Self {
        let hash = blake2_256(&(b"parlance/device-id/1", signing).encode());
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self(id)
    }
}

/// Public keys of a device.
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
pub struct DeviceKeys {
    /// Signs prekeys, tickets and receipts; Ed25519.
    pub signing: ed25519::Public,
    /// Identity key of key agreement; X25519.
    pub agreement: [u8; 32],
    /// Where the device is reached: its iroh endpoint id; Ed25519.
    pub endpoint: ed25519::Public,
}

/// A device of an identity.
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
pub struct Device {
    /// Its keys; the id follows from them.
    pub keys: DeviceKeys,
    /// Version that brought these keys.
    pub since: Version,
}

impl Device {
    /// Its name.
    pub fn id(&self) -> DeviceId {
        DeviceId::of(&self.keys.signing)
    }
}

/// Trace of a device that was revoked.
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
pub struct Revocation {
    /// The device.
    pub device: DeviceId,
    /// Version that revoked it.
    pub version: Version,
}

/// What the chain says of an account's devices.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Identity {
    /// Block of the last change.
    pub version: Version,
    /// Moves the mailbox to other relays when it grows.
    pub mailbox_epoch: u32,
    /// Devices in the order in which they came; at least one.
    pub devices: BoundedVec<Device, ConstU32<MAX_DEVICES>>,
    /// Devices revoked last, the latest at the end. Their keys cannot come back while they stand
    /// here.
    pub revoked: BoundedVec<Revocation, ConstU32<MAX_REVOKED>>,
    /// Chain of hashes over all changes since registration.
    pub history: [u8; 32],
}

/// Proof that whoever registers keys has their secrets: signatures of [`device_statement`].
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
pub struct Possession {
    /// By the signing key, which thereby vouches for the agreement key.
    pub signing: ed25519::Signature,
    /// By the endpoint key.
    pub endpoint: ed25519::Signature,
}

/// A change that an account asks for.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Change {
    /// A device joins.
    Add {
        /// Its keys.
        keys: DeviceKeys,
        /// That it has their secrets.
        possession: Possession,
    },
    /// A device takes new keys: some or all of them.
    Rotate {
        /// The device as it is called now.
        device: DeviceId,
        /// All its keys from now on.
        keys: DeviceKeys,
        /// That it has their secrets.
        possession: Possession,
    },
    /// A device is not to be trusted any more.
    Revoke {
        /// The device.
        device: DeviceId,
    },
    /// The mailbox moves to other relays.
    MoveMailbox,
}

/// Changes of one transaction.
pub type Changes = BoundedVec<Change, ConstU32<MAX_CHANGES>>;

/// A change that was made, as it enters the history.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Entry {
    /// A device joined.
    Added {
        /// Its keys.
        keys: DeviceKeys,
    },
    /// A device took new keys.
    Rotated {
        /// What it was called before.
        device: DeviceId,
        /// Its keys.
        keys: DeviceKeys,
    },
    /// A device was revoked.
    Revoked {
        /// The device.
        device: DeviceId,
    },
    /// The mailbox moved.
    MailboxMoved {
        /// The new epoch.
        epoch: u32,
    },
}

/// Entries of one version.
pub type Entries = BoundedVec<Entry, ConstU32<MAX_CHANGES>>;

/// Identity before any history.
pub const NO_HISTORY: [u8; 32] = [0; 32];

/// The history after the entries of `version`.
pub fn next_history(before: &[u8; 32], version: Version, entries: &Entries) -> [u8; 32] {
    blake2_256(&(b"parlance/history/1", before, version, entries).encode())
}

/// Storage key of an identity, for proofs. `account` is the SCALE encoding of the account id.
pub fn identity_key(account: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(48_usize.saturating_add(account.len()));
    key.extend(twox_128(PALLET));
    key.extend(twox_128(b"Identities"));
    key.extend(blake2_128(account));
    key.extend(account);
    key
}

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

/// Shape of the puzzle (Equihash): among `2^(n/(k+1) + 1)` hashes of `n` bits find `2^k` whose XOR
/// is zero, colliding in `n/(k+1)` bits at each level of a binary tree.
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
pub struct Puzzle {
    /// `n`.
    pub bits: u8,
    /// `k`.
    pub levels: u8,
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
    blake2_256(&(b"parlance/work/1", genesis, anchor, account).encode())
}

/// What an allowance is for.
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
pub enum Resource {
    /// Bytes that relays forward.
    Relayed,
    /// Bytes that relays keep for recipients who are away.
    Mailbox,
    /// Bytes of temporary storage.
    Temporary,
}

impl Resource {
    /// All of them, in the order of their encoding.
    pub const ALL: [Self; 3] = [Self::Relayed, Self::Mailbox, Self::Temporary];

    /// Place in arrays by resource.
    pub const fn index(self) -> usize {
        match self {
            Self::Relayed => 0,
            Self::Mailbox => 1,
            Self::Temporary => 2,
        }
    }
}

/// What the network can carry in a period, and what it carried in the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Load {
    /// Bytes that it can carry, by what operators registered and proved.
    pub capacity: u64,
    /// Bytes that were claimed.
    pub used: u64,
}

/// What an account may use in the running period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Allowance {
    /// For what.
    pub resource: Resource,
    /// The running period.
    pub period: u32,
    /// Bytes free of charge.
    pub free: u64,
    /// Bytes paid for.
    pub bought: u64,
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

/// What the network carries: asked once per period. Answers come from sums that are kept, never
/// from a walk over claims.
pub trait NetworkLoad {
    /// Capacity, and use over the last period.
    fn load(resource: Resource) -> Load;
}

impl NetworkLoad for () {
    fn load(_: Resource) -> Load {
        Load::default()
    }
}

/// Where tokens go that users pay for services of the network: burnt or back to the mining pool, by
/// the chain's rule.
pub trait ServicePayment<AccountId> {
    /// Takes `amount` from `who`, or changes nothing.
    fn pay(who: &AccountId, amount: Balance) -> DispatchResult;
}

/// Identities, for the pallets that serve them.
pub trait Identities<AccountId> {
    /// Bytes that `who` may use in `period`, free and bought. The running period and the one before
    /// are known; for any other the answer is none.
    fn allowance(who: &AccountId, resource: Resource, period: u32) -> u64;
    /// The running period.
    fn period() -> u32;
    /// Keys of a device of `who`, if it is one now.
    fn device(who: &AccountId, device: DeviceId) -> Option<DeviceKeys>;
    /// Where the mailbox of `who` is.
    fn mailbox_epoch(who: &AccountId) -> Option<u32>;
    /// `who` provably used the network: an identity without tokens lives on.
    fn note_use(who: &AccountId);
}

sp_api::decl_runtime_apis! {
    /// Identities for clients. What these functions say is a node's word; [`identity_key`] is for
    /// proofs.
    pub trait AccountsApi<AccountId> where AccountId: codec::Codec {
        /// The identity of an account.
        fn identity(account: AccountId) -> Option<Identity>;
        /// Where it stands.
        fn standing(account: AccountId) -> Option<StandingInfo>;
        /// What it may use in the running period, by resource.
        fn allowances(account: AccountId) -> Vec<Allowance>;
        /// What a registration without tokens takes now.
        fn registration_requirements() -> Requirements;
    }
}
