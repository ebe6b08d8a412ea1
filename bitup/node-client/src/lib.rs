//! Contracts on a chain, through a node's JSON-RPC.
//!
//! Nothing of the chain is built in: which number a call has, what its arguments are, what stands around a transaction and what
//! errors and events mean is read from the chain's own metadata. So the tool serves every chain with the surface of
//! pallet-contracts.
//!
//! | module | does |
//! | --- | --- |
//! | [`rpc`] | questions to a node |
//! | [`metadata`] | what the chain says about itself |
//! | [`key`] | keys of accounts |
//! | [`transaction`] | what is signed and sent |
//! | [`contracts`] | dry runs: what they ask and answer |
//! | [`client`] | makes, calls and asks contracts |
//!
//! The node is believed: use your own, or one whose operator you trust.

pub mod client;
pub mod contracts;
pub mod error;
mod event;
pub mod key;
pub mod metadata;
mod number;
pub mod rpc;
pub mod transaction;

pub use client::{Client, Deployed, Done, Emitted, Limits};
pub use error::ClientError;
pub use key::{Key, KeyError};
pub use metadata::{Metadata, MetadataError};
pub use rpc::{Http, Node, RpcError};

/// The 256-bit BLAKE2b hash.
#[must_use]
pub fn blake2_256(bytes: &[u8]) -> [u8; 32] {
    use blake2::{Blake2b256, Digest};
    let mut hash = [0; 32];
    hash.copy_from_slice(&Blake2b256::digest(bytes));
    hash
}
