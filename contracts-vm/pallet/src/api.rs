//! The runtime API: dry runs, for tools.

use crate::primitives::{
    Code, CodeUploadResult, ContractExecResult, ContractInstantiateResult, Determinism,
    GetStorageResult,
};
use alloc::vec::Vec;
use codec::Codec;
use frame_support::weights::Weight;

sp_api::decl_runtime_apis! {
    /// Runs contracts without a transaction. Names, arguments and answers are what contract tools know.
    #[api_version(2)]
    pub trait ContractsApi<AccountId, Balance, BlockNumber, Hash, EventRecord> where
        AccountId: Codec,
        Balance: Codec,
        BlockNumber: Codec,
        Hash: Codec,
        EventRecord: Codec,
    {
        /// Calls a contract.
        fn call(
            origin: AccountId,
            dest: AccountId,
            value: Balance,
            gas_limit: Option<Weight>,
            storage_deposit_limit: Option<Balance>,
            input_data: Vec<u8>,
        ) -> ContractExecResult<Balance, EventRecord>;

        /// Makes a contract.
        fn instantiate(
            origin: AccountId,
            value: Balance,
            gas_limit: Option<Weight>,
            storage_deposit_limit: Option<Balance>,
            code: Code<Hash>,
            data: Vec<u8>,
            salt: Vec<u8>,
        ) -> ContractInstantiateResult<AccountId, Balance, EventRecord>;

        /// Uploads code.
        fn upload_code(
            origin: AccountId,
            code: Vec<u8>,
            storage_deposit_limit: Option<Balance>,
            determinism: Determinism,
        ) -> CodeUploadResult<Hash, Balance>;

        /// Reads a value out of a contract's storage.
        fn get_storage(
            address: AccountId,
            key: Vec<u8>,
        ) -> GetStorageResult;
    }
}
