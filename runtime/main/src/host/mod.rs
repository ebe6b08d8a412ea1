//! What an instance of the runtime remembers instead of asking the host once more.
//!
//! A transfer of tokens reads the sender's account 39 times and the block's number nine times, and makes the hash of
//! the same storage prefix before each of these reads. Each is a call out of the Wasm code, for which the host
//! finds memory inside the runtime and the runtime gives that memory back by another call. An instance lives
//! for one call from outside, has one thread, and nobody else writes to the state meanwhile; so what it read or
//! wrote it knows. The state that results, and each answer, are the same: this is no rule of the chain.
//!
//! The SDK reaches the host through functions that can be exchanged (`sp_runtime_interface::wasm`). Here they are exchanged for
//! ours, which ask the SDK's where they do not know. Measured in docs/decisions/0015-runtime-memory.md.

pub mod hashes;
pub mod state;

#[cfg(target_arch = "wasm32")]
mod exchange;
#[cfg(target_arch = "wasm32")]
pub use exchange::take_over;

/// Native code has no host.
#[cfg(not(target_arch = "wasm32"))]
pub fn take_over() {}

#[cfg(test)]
mod tests;
