//! Relays that cheat, beside relays that do not.
//!
//! [`actors`] are the ways of cheating, each a named type. [`cheating`] lets each of them run against
//! the chain for some periods, with real trees and signatures, and compares what it earns with what an
//! honest relay earns in its place. [`model`] plays the draws and the prices over many periods without
//! a chain, and prints the tables of `docs/decisions/0017-proof-of-relay.md`: `cargo test --release
//! -p pallet-relay model -- --nocapture`.

mod actors;
mod cheating;
mod model;
