//! Takes transactions from the pool into a block until it is full.

use super::{LOG_TARGET, batch::BatchSize, building::Building};
use crate::pool::Pool;
use codec::Encode;
use log::{debug, warn};
use parlance_runtime::opaque::Block;
use sc_proposer_metrics::EndProposingReason;
use sc_transaction_pool_api::{
    InPoolTransaction, ReadyTransactions, TransactionPool, TxInvalidityReportMap,
};
use sp_blockchain::Error;
use sp_runtime::{
    OpaqueExtrinsic,
    traits::Block as BlockT,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};
use std::{sync::Arc, time::Instant};

/// Transactions that may fail to fit before a block counts as full.
pub const MAX_SKIPPED: usize = 8;
/// Used room from which on a block counts as full without waiting for the time.
pub const FULL_PERCENT: u8 = 90;

type Transaction = Arc<<Pool as TransactionPool>::InPoolTransaction>;
type Ready = Box<dyn ReadyTransactions<Item = Transaction> + Send>;
type Hash = <Block as BlockT>::Hash;

/// What the runtime refused and the pool is to hear.
type Refused = TxInvalidityReportMap<Hash>;

/// The state of filling one block.
struct Filling<'a, 'b> {
    building: &'a mut Building<'b>,
    ready: Ready,
    byte_limit: usize,
    /// Transactions that did not fit.
    skipped: usize,
    /// Why the last of them did not.
    full: Option<EndProposingReason>,
    used_percent: u8,
    refused: Refused,
}

/// Fills `building` from `pool` until `deadline` and says why it ended.
///
/// # Errors
/// When the runtime cannot be called at all. What single transactions do is no error.
pub async fn fill(
    pool: &Pool,
    building: &mut Building<'_>,
    deadline: Instant,
    byte_limit: usize,
) -> Result<EndProposingReason, Error> {
    let started = Instant::now();
    let left = deadline.saturating_duration_since(started);
    let half_time = started + left / 2;
    let parent = building.parent();
    let ready = pool.ready_at_with_timeout(parent, left / 8).await;
    let mut filling = Filling {
        building,
        ready,
        byte_limit,
        skipped: 0,
        full: None,
        used_percent: 0,
        refused: Refused::new(),
    };
    let before = filling.building.count();
    let mut size = BatchSize::first();
    let reason = loop {
        let now = Instant::now();
        if now > deadline {
            break filling.full.unwrap_or(EndProposingReason::HitDeadline);
        }
        let full = filling.skipped > MAX_SKIPPED
            && (filling.used_percent >= FULL_PERCENT || now > half_time);
        if let (true, Some(reason)) = (full, filling.full) {
            break reason;
        }
        let batch = filling.gather(size.get());
        if batch.is_empty() && batch.is_last {
            break filling
                .full
                .unwrap_or(EndProposingReason::NoMoreTransactions);
        }
        if !batch.is_empty() {
            filling.apply(&batch);
            size.learn(batch.len(), now.elapsed());
        }
    };
    if matches!(reason, EndProposingReason::HitBlockSizeLimit) && filling.building.count() == before
    {
        warn!(
            target: LOG_TARGET,
            "no transaction fits into the {byte_limit} bytes of a block"
        );
    }
    let refused = std::mem::take(&mut filling.refused);
    drop(filling);
    pool.report_invalid(Some(parent), refused).await;
    Ok(reason)
}

/// Transactions with their place in the pool and their bytes.
struct Batch {
    pooled: Vec<Transaction>,
    encoded: Vec<(OpaqueExtrinsic, Vec<u8>)>,
    /// The pool has no more.
    is_last: bool,
}

impl Batch {
    fn len(&self) -> usize {
        self.pooled.len()
    }

    fn is_empty(&self) -> bool {
        self.pooled.is_empty()
    }
}

impl Filling<'_, '_> {
    /// The next transactions, at most `size`, less those that do not fit by their bytes.
    fn gather(&mut self, size: usize) -> Batch {
        let mut batch = Batch {
            pooled: Vec::with_capacity(size),
            encoded: Vec::with_capacity(size),
            is_last: false,
        };
        let mut bytes = self.building.bytes();
        for _ in 0..size {
            let Some(transaction) = self.ready.next() else {
                batch.is_last = true;
                break;
            };
            let extrinsic = OpaqueExtrinsic::clone(transaction.data());
            let encoded = extrinsic.encode();
            if bytes + encoded.len() > self.byte_limit {
                self.skip(&transaction, EndProposingReason::HitBlockSizeLimit);
                continue;
            }
            bytes += encoded.len();
            batch.encoded.push((extrinsic, encoded));
            batch.pooled.push(transaction);
        }
        batch
    }

    /// Applies a batch in one call, or one by one where that failed.
    fn apply(&mut self, batch: &Batch) {
        if let Some(applied) = self.building.push_together(&batch.encoded) {
            self.used_percent = applied.used_percent;
            for (transaction, result) in batch.pooled.iter().zip(applied.results) {
                self.note(transaction, result.map(|_| ()));
            }
            return;
        }
        for (transaction, (extrinsic, _)) in batch.pooled.iter().zip(&batch.encoded) {
            match self.building.push(extrinsic.clone()) {
                Ok(result) => self.note(transaction, result),
                Err(error) => {
                    debug!(target: LOG_TARGET, "[{:?}] the runtime failed: {error}", transaction.hash);
                    self.ready.report_invalid(transaction);
                    self.refused.insert(transaction.hash, None);
                }
            }
        }
    }

    fn note(&mut self, transaction: &Transaction, result: Result<(), TransactionValidityError>) {
        match result {
            Ok(()) => self.full = None,
            Err(refused) if refused.exhausted_resources() => {
                self.skip(transaction, EndProposingReason::HitBlockWeightLimit);
            }
            // Early, because the one before it was skipped, in this batch or by the pool.
            Err(TransactionValidityError::Invalid(InvalidTransaction::Future)) => {
                self.ready.report_invalid(transaction);
            }
            Err(refused) => {
                debug!(target: LOG_TARGET, "[{:?}] invalid: {refused:?}", transaction.hash);
                self.ready.report_invalid(transaction);
                self.refused.insert(transaction.hash, Some(refused));
            }
        }
    }

    /// Leaves a transaction, and those that depend on it, for a later block.
    fn skip(&mut self, transaction: &Transaction, reason: EndProposingReason) {
        self.ready.report_invalid(transaction);
        self.skipped += 1;
        self.full = Some(reason);
    }
}
