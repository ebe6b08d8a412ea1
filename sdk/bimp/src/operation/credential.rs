//! Who is at the other end (O1).

use crate::id::{Account, DeviceNumber, RelayId, hash};
use alloc::vec::Vec;
use codec::{Decode, Encode};

/// Who somebody says that they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Credential {
    /// A device; signs with its Ed25519 signing key.
    #[codec(index = 0)]
    Device {
        /// Its account.
        account: Account,
        /// Its number on the account's record.
        device: DeviceNumber,
    },
    /// A relay; signs with the Ed25519 key of its endpoint.
    #[codec(index = 1)]
    Relay {
        /// Which.
        relay: RelayId,
    },
}

/// What a connection is, for signatures: nobody else's connection has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The exporter value of the TLS session.
    pub exporter: [u8; 32],
    /// The relay that was connected to.
    pub relay: RelayId,
}

impl Binding {
    /// That of a connection without a TLS session of its own (O1): the exporter value is
    /// SHA-256 of `"parlance/bimp/bridge/1"` and the relay's challenge, 32 random bytes that it gives once. No
    /// exporter value is such a hash, so that nobody passes one off as a challenge.
    pub fn bridged(genesis: [u8; 32], challenge: &[u8; 32], relay: RelayId) -> Self {
        Self {
            genesis,
            exporter: hash(&[b"parlance/bimp/bridge/1", challenge]),
            relay,
        }
    }
}

impl Credential {
    /// The bytes to sign: `"parlance/bimp/authenticate/1"`, genesis, exporter value, the relay that was connected to, and
    /// the credential's SCALE encoding.
    pub fn statement(&self, binding: &Binding) -> Vec<u8> {
        let mut bytes = b"parlance/bimp/authenticate/1".to_vec();
        bytes.extend_from_slice(&binding.genesis);
        bytes.extend_from_slice(&binding.exporter);
        bytes.extend_from_slice(&binding.relay.0);
        self.encode_to(&mut bytes);
        bytes
    }
}

/// Authenticate (O1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Authenticate {
    /// Who.
    pub credential: Credential,
    /// Ed25519 over [`Credential::statement`].
    pub signature: [u8; 64],
}

/// The relay knows who it is talking to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Authenticated {
    /// The relay's clock, so that a wrong one is noticed.
    pub clock: u64,
    /// For how long messages are kept that nobody fetches, milliseconds.
    pub retention: u64,
}
