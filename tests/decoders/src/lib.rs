//! Every decoder of the chain that reads bytes from strangers, each as a function that fuzzers drive.
//!
//! A [`Target`] takes any bytes. It decodes them as the node or the runtime does, hands what came out
//! to the code behind the decoder, and panics where a promise is broken: a panic of the decoder, a value
//! that encodes differently from how it came, forged evidence that is believed. What does not decode or is
//! refused is fine.
//!
//! Two drivers share the targets: `tests/mutations.rs` mutates the seeds here a bounded number of
//! times from a fixed seed, as a test like any other; the crate `fuzz` beside this one runs libFuzzer over
//! them for as long as one likes. `README.md` says how.

mod accounts;
mod calls;
mod chain;
mod consensus;
mod genesis;
mod relay;
mod transactions;

/// A decoder under hostile bytes.
pub struct Target {
    /// Its name, also that of its libFuzzer target.
    pub name: &'static str,
    /// Well-formed inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Decodes an input.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [&Target; 9] = [
    &transactions::BODY,
    &transactions::TRANSACTION,
    &calls::CALL,
    &consensus::HEADER,
    &consensus::EQUIVOCATION,
    &consensus::CONTRIBUTION,
    &accounts::ACCOUNTS,
    &relay::RELAY,
    &genesis::GENESIS,
];

/// The target of that name.
///
/// # Panics
/// When there is none.
pub fn target(name: &str) -> &'static Target {
    TARGETS
        .into_iter()
        .find(|target| target.name == name)
        .unwrap_or_else(|| panic!("no target is called {name}"))
}

/// Asserts that a value encodes to the bytes that it was decoded from, and returns it; `None` where they do
/// not decode or more follows.
fn decoded<Value: codec::Decode + codec::Encode>(bytes: &[u8]) -> Option<Value> {
    use codec::DecodeAll;
    let value = Value::decode_all(&mut &bytes[..]).ok()?;
    assert_eq!(
        value.encode(),
        bytes,
        "two encodings of one value: signatures and hashes would not name it"
    );
    Some(value)
}
