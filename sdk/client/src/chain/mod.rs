//! The chain's words as a client speaks them: storage keys, calls, transactions, traces of their outcome.
//!
//! The encodings belong to [`TRANSACTION_VERSION`] of the runtime and are written down here instead of
//! being taken from a node's metadata, so that no node has a say in what a user signs. The tests compare
//! them with the runtime itself.

pub mod amount;
pub mod call;
pub mod events;
pub mod keys;
pub mod relays;
pub mod state;
pub mod transaction;

/// Version of calls and transaction extensions that this client speaks. It is part of what is signed: a
/// chain with another one refuses the signature.
pub const TRANSACTION_VERSION: u32 = 1;
