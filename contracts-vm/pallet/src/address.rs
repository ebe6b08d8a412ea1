//! Accounts of contracts.

use crate::{CodeHash, Config};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use sp_runtime::traits::{Hash, TrailingZeroInput};

/// Where a contract comes to lie.
pub trait AddressGenerator<T: Config> {
    /// The account of the contract that `deployer` makes. `None` if there is no such account.
    fn contract_address(
        deployer: &T::AccountId,
        code_hash: &CodeHash<T>,
        input: &[u8],
        salt: &[u8],
    ) -> Option<T::AccountId>;
}

/// The hash of all that goes into a contract, so that its account is known before it is made:
/// `hash("contract_addr_v1" ++ deployer ++ code_hash ++ input ++ salt)`, input and salt with their lengths before them.
/// What the tools of contracts compute, too.
pub struct DefaultAddressGenerator;

impl<T: Config> AddressGenerator<T> for DefaultAddressGenerator {
    fn contract_address(
        deployer: &T::AccountId,
        code_hash: &CodeHash<T>,
        input: &[u8],
        salt: &[u8],
    ) -> Option<T::AccountId> {
        let all: Vec<u8> = (b"contract_addr_v1", deployer, code_hash, input, salt).encode();
        let hash = T::Hashing::hash(&all);
        T::AccountId::decode(&mut TrailingZeroInput::new(hash.as_ref())).ok()
    }
}
