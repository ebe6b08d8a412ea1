//! The registration as it travels: a bare extrinsic, without signer and extensions.
//!
//! Nobody's nonce and nobody's fee stand behind it, so it has no signer; what is signed lies in the
//! call's arguments. Whoever reads blocks knows the form from inherents: libraries that have never
//! heard of general transactions read it, too. All integers are little-endian, `compact` is SCALE's compact integer.
//!
//! | bytes | what |
//! | --- | --- |
//! | compact | length of all that follows |
//! | `05` | bare, extrinsic format 5; `04`, format 4, is read as well |
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
//! A work registration with an sr25519 key has 425 bytes with its prefix on the public chains.
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

/// Format 5, bare: neither signature nor extensions before the call.
const BARE: u8 = 5;

/// The transaction for `author_submitExtrinsic`, its length prefix included.
pub fn registration_transaction(
    registration: &Registration<AccountId>,
    guard: &Guard,
    signature: &Signature,
) -> Vec<u8> {
    let call = [PALLET_INDEX, REGISTER_INDEX];
    (BARE, call, registration, guard, signature)
        .encode()
        .encode()
}
