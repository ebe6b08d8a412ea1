//! Drives real `parlance` processes from the outside, over the interfaces that users have: the
//! command line, JSON-RPC and signals.
//!
//! | module | job |
//! | --- | --- |
//! | [`node`] | one process: start, kill, stop, restart, log |
//! | [`network`] | several of them on loopback, with keys and addresses |
//! | [`rpc`] | JSON-RPC over plain HTTP, and bodies that are not JSON-RPC at all |
//! | [`facts`] | typed answers of the `parlance_*` and `chain_*` methods |
//! | [`chain`] | extrinsics, storage and events through `subxt`, without generated code |
//! | [`newcomer`] | accounts without tokens: keys, registration, devices |
//! | [`courier`] | people whose messages relays carry |
//! | [`relays`] | nodes that are relays, and people with identities |
//! | [`bridge`] | the same over JSON-RPC instead of QUIC |
//! | [`bimp`] | the user's client, a data folder for each person |
//! | [`liar`] | a node that lies: a proxy in front of a real one |
//! | [`wait`] | polling with a bound; nothing here sleeps for a fixed time and hopes |
//! | [`harness`] | scenarios: names, selection, running, report |
//!
//! The binary of this crate holds the scenarios. They need a built node, so they are no `#[test]`s:
//! `tests/e2e/run-all` runs them.

pub mod bimp;
pub mod bridge;
pub mod chain;
pub mod courier;
pub mod facts;
pub mod harness;
pub mod liar;
pub mod network;
pub mod newcomer;
pub mod node;
pub mod relay;
pub mod relays;
pub mod rpc;
pub mod wait;
