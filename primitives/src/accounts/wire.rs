//! The registration as it travels: a general transaction of extrinsic format 5.
//!
//! Nobody's nonce and nobody's fee stand behind it, so it has no signer; what is signed lies in the
//! call's arguments. All integers are little-endian, `compact` is SCALE's compact integer.
//!
//! | bytes | what |
//! | --- | --- |
//! | compact | length of all that follows |
//! | `45` | general transaction, format 5 |
//! | `00` | version of the set of transaction extensions |
//! | `00 00 00 00` | the extensions: immortal, nonce 0, tip 0, no metadata hash; the others have no bytes |
//! | `21 00` | the call: pallet [`PALLET_INDEX`], call [`REGISTER_INDEX`] |
//! | 32 | account |
//! | 32, 32, 32 | signing key (Ed25519), agreement key (X25519), endpoint key (Ed25519) |
//! | 64, 64 | possession: signatures of the signing key and of the endpoint key |
//! | 4 | number of the anchor block |
//! | guard | see below |
//! | 1 + 64 or 65 | the account's signature: `00` Ed25519, `01` sr25519, `02` ECDSA, `03` ECDSA with an Ethereum address |
//!
//! The guard is one of
//!
//! | bytes | what |
//! | --- | --- |
//! | `00`, 8, compact, solution | proof of work: nonce, then the solution with its length |
//! | `01`, 32, 64 | invitation: its public key (Ed25519), and that key's signature |
//!
//! A work registration with an sr25519 key has 430 bytes with its prefix on the public chains.
//! Bytes of the extensions are not signed: whoever changes them sends the same registration.
//!
//! Indices are those of `transaction_version` 1 and stand in the chain's metadata too: a client
//! that meets another `transaction_version` looks there. A test of the runtime compares both.

use alloc::vec::Vec;
use codec::Encode;

use super::{Guard, Registration};
use crate::{AccountId, Signature};

/// Index of the pallet `Accounts` in calls.
pub const PALLET_INDEX: u8 = 33;
/// Index of its call `register`.
pub const REGISTER_INDEX: u8 = 0;

/// Format 5, general: no signature before the call.
const GENERAL: u8 = 5 | 0b0100_0000;
/// The only set of extensions that the chain knows.
const EXTENSION_VERSION: u8 = 0;
/// Era, nonce, tip, mode of the metadata hash.
const EXTENSIONS: [u8; 4] = [0; 4];

/// The transaction for `author_submitExtrinsic`, its length prefix included.
pub fn registration_transaction(
    registration: &Registration<AccountId>,
    guard: &Guard,
    signature: &Signature,
) -> Vec<u8> {
    let head = [GENERAL, EXTENSION_VERSION];
    let call = [PALLET_INDEX, REGISTER_INDEX];
    (head, EXTENSIONS, call, registration, guard, signature)
        .encode()
        .encode()
}
