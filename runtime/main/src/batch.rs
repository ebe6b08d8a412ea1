//! Lists of transactions for pool and block builder; see `parlance_primitives::batch`.

use crate::*;
use codec::{DecodeLimit, Encode};
use frame_support::{
    MAX_EXTRINSIC_DEPTH,
    dispatch::{DispatchClass, GetDispatchInfo},
};
use parlance_primitives::batch::Applied;
use sp_io::storage::{commit_transaction, rollback_transaction, start_transaction};
use sp_runtime::{
    ApplyExtrinsicResult,
    traits::{Applyable, Checkable},
    transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidity},
};

/// What `Executive::validate_transaction` answers for each transaction. The block environment, which
/// depends on no transaction, is set up once; what one of them leaves behind is undone before the next.
pub fn validate(
    transactions: Vec<(TransactionSource, Vec<u8>)>,
    block_hash: Hash,
) -> Vec<TransactionValidity> {
    System::initialize(
        &System::block_number().saturating_add(1),
        &block_hash,
        &Default::default(),
    );
    transactions
        .into_iter()
        .map(|(source, bytes)| {
            start_transaction();
            let validity = validate_one(source, &bytes);
            rollback_transaction();
            validity
        })
        .collect()
}

/// The steps of `Executive::validate_transaction` after it has set up the environment; a test holds the
/// answers of both against each other.
fn validate_one(source: TransactionSource, bytes: &[u8]) -> TransactionValidity {
    let transaction = decode(bytes)?;
    // The fee counts the canonical encoding, which a sender need not have used.
    let length = transaction.encoded_size();
    let checked = transaction.check(&frame_system::ChainContext::<Runtime>::default())?;
    let info = checked.get_dispatch_info();
    if info.class == DispatchClass::Mandatory {
        return Err(InvalidTransaction::MandatoryValidation.into());
    }
    checked.validate::<Runtime>(source, &info, length)
}

/// Applies transactions to the block under construction. The SDK's builder opens a storage transaction
/// around each call from outside; here it is opened around each transaction from within.
pub fn apply(transactions: Vec<Vec<u8>>) -> Applied {
    let results = transactions.iter().map(|bytes| apply_one(bytes)).collect();
    Applied {
        results,
        used_percent: used_percent(),
    }
}

fn apply_one(bytes: &[u8]) -> ApplyExtrinsicResult {
    let transaction = decode(bytes)?;
    start_transaction();
    let result = Executive::apply_extrinsic(transaction);
    match result {
        Ok(_) => commit_transaction(),
        Err(_) => rollback_transaction(),
    }
    result
}

fn decode(bytes: &[u8]) -> Result<UncheckedExtrinsic, InvalidTransaction> {
    UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &bytes[..])
        .map_err(|_| InvalidTransaction::Call)
}

/// How full the block is for ordinary transactions, by time and by length, whichever is fuller.
fn used_percent() -> u8 {
    let weights = configs::system::RuntimeBlockWeights::get();
    let class = DispatchClass::Normal;
    let limit = weights.get(class).max_total.unwrap_or(weights.max_block);
    let used = System::block_weight().get(class).ref_time();
    let by_time = percent(used, limit.ref_time());
    let length_limit = *configs::system::RuntimeBlockLength::get().max.get(class);
    by_time.max(percent(System::block_size().into(), length_limit.into()))
}

fn percent(used: u64, limit: u64) -> u8 {
    let percent = u128::from(used) * 100 / u128::from(limit.max(1));
    percent.min(100) as u8
}
