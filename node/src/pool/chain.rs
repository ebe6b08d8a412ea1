//! What the pool asks of the chain.

use super::validation::{self, Answer, Error, Queue};
use crate::service::FullClient;
use parlance_runtime::opaque::Block;
use sc_client_api::BlockBackend;
use sc_transaction_pool::{ChainApi, Pool, ValidateTransactionPriority};
use sp_blockchain::TreeRoute;
use sp_runtime::{
    OpaqueExtrinsic,
    generic::BlockId,
    traits::{Block as BlockT, BlockIdTo, Hash as _, HashingFor, NumberFor},
    transaction_validity::{TransactionSource, TransactionValidity, UnknownTransaction},
};
use std::sync::{Arc, OnceLock, Weak};

type Hash = <Block as BlockT>::Hash;
type Queues = Pool<ChainAccess, ()>;

/// A transaction that waits is looked at again in one of so many blocks.
///
/// The SDK's pool asks for all of them after each block. Nearly all answers are the same as before: what
/// a block used up leaves the pool by its tags, and what an account can no longer pay for is found when
/// a block is built. What remains are transactions that a stranger made worthless; those go within this
/// many blocks, as they do in the SDK's pool for light nodes.
const RECHECK_BLOCKS: u32 = 10;

/// Answer that makes the pool keep a waiting transaction as it is.
const AS_BEFORE: TransactionValidity = Err(
    sp_runtime::transaction_validity::TransactionValidityError::Unknown(
        UnknownTransaction::Custom(0),
    ),
);

/// The client, with the validation queue in front of the runtime.
pub struct ChainAccess {
    client: Arc<FullClient>,
    queue: Queue,
    // The pool owns this, so the way back is weak.
    pool: OnceLock<Weak<Queues>>,
}

impl ChainAccess {
    /// Access without a pool; [`Self::knows`] names it.
    pub fn new(client: Arc<FullClient>, queue: Queue) -> Self {
        Self {
            client,
            queue,
            pool: OnceLock::new(),
        }
    }

    /// Names the pool whose waiting transactions need not be looked at after each block.
    pub fn knows(&self, pool: &Arc<Queues>) {
        let _ = self.pool.set(Arc::downgrade(pool));
    }

    /// Whether the transaction waits in the pool already. The pool hands nothing here twice but to have
    /// it looked at again.
    fn waits(&self, hash: &Hash) -> bool {
        let pool = self.pool.get().and_then(Weak::upgrade);
        pool.is_some_and(|pool| pool.validated_pool().ready_by_hash(hash).is_some())
    }
}

/// Whether the transaction's turn comes at this height; the hash spreads the turns.
fn is_due(hash: &Hash, height: u32) -> bool {
    let turn = u32::from_le_bytes([hash.0[0], hash.0[1], hash.0[2], hash.0[3]]);
    (turn % RECHECK_BLOCKS) == (height % RECHECK_BLOCKS)
}

#[async_trait::async_trait]
impl ChainApi for ChainAccess {
    type Block = Block;
    type Error = Error;

    async fn validate_transaction(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: Arc<OpaqueExtrinsic>,
        priority: ValidateTransactionPriority,
    ) -> Answer {
        let (hash, _) = self.hash_and_length(&transaction);
        if self.waits(&hash) && !is_due(&hash, self.resolve_block_number(at)?) {
            return Ok(AS_BEFORE);
        }
        self.queue.validate(at, source, transaction, priority).await
    }

    fn validate_transaction_blocking(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: Arc<OpaqueExtrinsic>,
    ) -> Answer {
        validation::validate_alone(&self.client, at, source, &transaction)
    }

    fn block_id_to_number(&self, at: &BlockId<Block>) -> Result<Option<NumberFor<Block>>, Error> {
        self.client
            .to_number(at)
            .map_err(|error| Error::BlockIdConversion(error.to_string()))
    }

    fn block_id_to_hash(&self, at: &BlockId<Block>) -> Result<Option<Hash>, Error> {
        self.client
            .to_hash(at)
            .map_err(|error| Error::BlockIdConversion(error.to_string()))
    }

    fn hash_and_length(&self, transaction: &OpaqueExtrinsic) -> (Hash, usize) {
        codec::Encode::using_encoded(transaction, |bytes| {
            (HashingFor::<Block>::hash(bytes), bytes.len())
        })
    }

    async fn block_body(&self, at: Hash) -> Result<Option<Vec<OpaqueExtrinsic>>, Error> {
        Ok(self.client.block_body(at)?)
    }

    fn block_header(&self, at: Hash) -> Result<Option<<Block as BlockT>::Header>, Error> {
        Ok(self.client.header(at)?)
    }

    fn tree_route(&self, from: Hash, to: Hash) -> Result<TreeRoute<Block>, Error> {
        Ok(sp_blockchain::tree_route(&*self.client, from, to)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transaction_has_one_turn_in_ten_blocks() {
        for seed in 0..=255_u8 {
            let hash = Hash::from(sp_io::hashing::blake2_256(&[seed]));
            for start in [0, 7, u32::MAX - 20] {
                let turns = (start..start + RECHECK_BLOCKS)
                    .filter(|height| is_due(&hash, *height))
                    .count();
                assert_eq!(turns, 1);
            }
        }
    }

    #[test]
    fn turns_are_spread_over_the_blocks() {
        for height in 0..RECHECK_BLOCKS {
            let due = (0..10_000_u32)
                .filter(|seed| {
                    is_due(
                        &Hash::from(sp_io::hashing::blake2_256(&seed.to_le_bytes())),
                        height,
                    )
                })
                .count();
            assert!((800..1_200).contains(&due), "{due} of 10,000 at {height}");
        }
    }
}
