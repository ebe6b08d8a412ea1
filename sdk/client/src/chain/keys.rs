//! Storage keys of what a client reads.

use codec::Encode;
use parlance_primitives::{AccountId, accounts::identity_key};
use sp_crypto_hashing::{blake2_128, twox_64, twox_128};

fn value(pallet: &str, item: &str) -> Vec<u8> {
    [twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
}

fn blake2_concat(mut key: Vec<u8>, part: &[u8]) -> Vec<u8> {
    key.extend(blake2_128(part));
    key.extend(part);
    key
}

/// The block's time.
pub fn now() -> Vec<u8> {
    value("Timestamp", "Now")
}

/// Events of the block.
pub fn events() -> Vec<u8> {
    value("System", "Events")
}

/// Version of the runtime that made the state.
pub fn runtime_version() -> Vec<u8> {
    value("System", "LastRuntimeUpgrade")
}

/// Nonce and balances of an account.
pub fn account(who: &AccountId) -> Vec<u8> {
    blake2_concat(value("System", "Account"), &who.encode())
}

/// Voters on finality.
pub fn voters() -> Vec<u8> {
    value("Grandpa", "Authorities")
}

/// Number of that set.
pub fn voters_number() -> Vec<u8> {
    value("Grandpa", "CurrentSetId")
}

/// Identity of an account.
pub fn identity(who: &AccountId) -> Vec<u8> {
    identity_key(&who.encode())
}

/// How hard a registration by work is.
pub fn gate() -> Vec<u8> {
    value("Accounts", "CurrentGate")
}

/// A call that waits for approvals of a shared account.
pub fn multisig(shared: &AccountId, call_hash: &[u8; 32]) -> Vec<u8> {
    let mut key = value("Multisig", "Multisigs");
    key.extend(twox_64(&shared.encode()));
    key.extend(shared.encode());
    blake2_concat(key, call_hash)
}
