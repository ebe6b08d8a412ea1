//! Many transactions in one runtime call.
//!
//! The SDK calls the runtime once for each transaction that a pool takes in and once for each that a
//! block builder adds. A call costs a new Wasm instance and its page faults, which is more than the
//! runtime needs to judge a transfer. These two calls do the same for a list and share that cost.
//! Neither changes what a block means: importers execute blocks as ever.
//!
//! Transactions travel as the bytes of their own encoding (the length in front included), so that one which
//! does not decode is refused by itself and leaves the others alone.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use sp_runtime::{
    ApplyExtrinsicResult,
    traits::Block as BlockT,
    transaction_validity::{TransactionSource, TransactionValidity},
};

/// Most transactions that a node puts into one call. A panic in one of them costs the whole call, which
/// is then repeated one by one.
pub const MAX_BATCH: usize = 64;

/// What became of a list of transactions that was applied to the block under construction.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Applied {
    /// One answer per transaction, in their order. Refused ones have left no trace in the state.
    pub results: Vec<ApplyExtrinsicResult>,
    /// Part of the block's room for ordinary transactions that is used, in percent, by the scarcer of
    /// execution time and length.
    pub used_percent: u8,
}

sp_api::decl_runtime_apis! {
    /// Lists instead of single transactions, for the pool and for the block builder.
    pub trait BatchApi {
        /// The answers of `TaggedTransactionQueue::validate_transaction` at `block_hash`, each as if it
        /// had been asked alone; `InvalidTransaction::Call` for what does not decode.
        fn validate_transactions(
            transactions: Vec<(TransactionSource, Vec<u8>)>,
            block_hash: <Block as BlockT>::Hash,
        ) -> Vec<TransactionValidity>;

        /// Applies transactions one after the other, as `BlockBuilder::apply_extrinsic` does, and
        /// undoes those that are refused; `InvalidTransaction::Call` for what does not decode.
        fn apply_extrinsics(transactions: Vec<Vec<u8>>) -> Applied;
    }
}
