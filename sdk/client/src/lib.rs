//! What a user's program needs of Parlance: keys, an identity, a wallet, and a light client that believes
//! no node.
//!
//! | module | does |
//! | --- | --- |
//! | [`light`] | proves what a node says: finality from a checkpoint on, values out of the state |
//! | [`node`] | asks a node, over JSON-RPC |
//! | [`chain`] | encodings: storage keys, calls, transactions, how a transaction ended |
//! | [`keys`] | backup phrase, account key, device keys |
//! | [`vault`] | what is kept on disk, encrypted |
//! | [`identity`] | registration without tokens, devices, invitations, contacts |
//! | [`encryption`] | hands proven records to the encryption core, and changes to the user before |
//! | [`chat`] | the chat engine on the vault, with looks of the light client |
//! | [`wallet`] | balances, payments, signing without a network, shared accounts |
//! | [`submit`] | hands a transaction to a node |
//!
//! Whatever a user acts upon goes through [`light`]: balance, nonce, identity, difficulty, the end of a
//! transaction. What a node says besides is shown as its words, in errors.

#![forbid(unsafe_code)]

pub mod chain;
pub mod chat;
pub mod encryption;
pub mod identity;
pub mod keys;
pub mod light;
pub mod node;
pub mod submit;
pub mod vault;
pub mod wallet;

pub use parlance_bimp as bimp;
pub use parlance_e2ee as e2ee;
pub use parlance_messenger as messenger;
pub use parlance_primitives as primitives;
pub use parlance_safety as safety;
pub use parlance_store as store;
