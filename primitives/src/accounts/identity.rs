//! Identities: devices, what changes them, and the history that commits to every change.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ed25519;
use sp_crypto_hashing::{blake2_128, blake2_256, twox_128};
use sp_runtime::{BoundedVec, traits::ConstU32};

use crate::BlockNumber;

/// Most devices of an identity.
pub const MAX_DEVICES: u32 = 8;
/// Most revoked devices that an identity remembers; the oldest falls out.
pub const MAX_REVOKED: u32 = 16;
/// Most changes in one transaction: enough to replace every device.
pub const MAX_CHANGES: u32 = 2 * MAX_DEVICES;
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

/// Proof that whoever registers keys has their secrets: signatures of [`device_statement`](super::device_statement).
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
