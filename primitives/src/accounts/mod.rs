//! Words of identities (`docs/identity.md`) and of allowances (the same, "Allowances").
//!
//! # What a light client proves
//!
//! The identity of an account is one storage item:
//!
//! - key: `twox_128("Accounts") ++ twox_128("Identities") ++ blake2_128(account) ++ account`, which
//!   [`identity_key`] builds;
//! - value: the SCALE encoding of [`Identity`]; no item means no identity.
//!
//! A client that trusts a finalised header asks any node for a storage proof of that key and checks
//! it against the header's state root. It then holds these rules:
//!
//! 1. **Version.** [`Identity::version`] is the number of the block of the last change. It only
//!    ever grows, also over removal and registration anew. A client that has seen a version refuses
//!    lower ones.
//! 2. **Devices.** A device is to be trusted when it is in the list that was proven, and in no
//!    other case. [`Device::since`] is the version that brought its present keys; a session belongs
//!    to (id, since).
//! 3. **History.** [`Identity::history`] is a chain of hashes over all changes since registration
//!    ([`next_history`]). Whoever remembers (version, history) can have the entries since then from
//!    any node, chain them, and see whether something was left out, like a device that came and
//!    went.
//!
//! # How an account registers
//!
//! 1. Ask a node for the [`Requirements`]; check the anchor's hash against a header that is trusted
//!    where one is known.
//! 2. Make the keys of a first device. It signs its [`device_statement`] with the signing key and
//!    with the endpoint key; `base` is the anchor's number.
//! 3. Get a [`Guard`]: solve the [`puzzle`](crate::puzzle) for [`work_challenge`] at the difficulty
//!    that was asked for, or let the secret of an invitation sign [`invitation_statement`].
//! 4. The account's key signs [`registration_statement`].
//! 5. [`registration_transaction`] puts it together, byte for byte as [`wire`] says, for
//!    `author_submitExtrinsic`. It is good for [`Requirements::anchor_window`] blocks after the
//!    anchor.
//!
//! # What is signed
//!
//! Each statement is a domain of its own followed by what it is about, without lengths or padding,
//! and names the chain's genesis, so that no signature counts twice or elsewhere. Integers are
//! little-endian; accounts, keys and hashes are their 32 bytes.
//!
//! | statement | bytes | signed by |
//! | --- | --- | --- |
//! | [`device_statement`] | `"parlance/device/1"`, genesis, account, base (4), signing key, agreement key, endpoint key | signing key and endpoint key of the device, Ed25519 |
//! | [`registration_statement`] | `"parlance/register/1"`, genesis, hash of the anchor, account, signing key, agreement key, endpoint key | the account |
//! | [`invitation_statement`] | `"parlance/invitation/1"`, genesis, account | secret of the invitation, Ed25519 |
//! | [`work_challenge`] | BLAKE2b-256 of `"parlance/puzzle/1"`, genesis, hash of the anchor, account | nobody: the puzzle is solved for it |
//!
//! The statements are signed as they are, not hashed before and not wrapped. Their bytes are fixed
//! by a test.

mod allowance;
mod identity;
mod registration;
mod service;
pub mod wire;

#[cfg(test)]
mod tests;

pub use crate::puzzle::{MAX_SOLUTION, Puzzle};
pub use allowance::*;
pub use identity::*;
pub use registration::*;
pub use service::*;
pub use wire::registration_transaction;

use alloc::vec::Vec;

sp_api::decl_runtime_apis! {
    /// Identities for clients. What these functions say is a node's word; [`identity_key`] is for
    /// proofs.
    pub trait AccountsApi<AccountId> where AccountId: codec::Codec {
        /// The identity of an account.
        fn identity(account: AccountId) -> Option<Identity>;
        /// Where it stands.
        fn standing(account: AccountId) -> Option<StandingInfo>;
        /// What it may use in the running period, by resource.
        fn allowances(account: AccountId) -> Vec<Allowance>;
        /// What a registration without tokens takes now.
        fn registration_requirements() -> Requirements;
    }
}
