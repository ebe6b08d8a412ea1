//! Import of blocks with their signatures checked in parallel first.

use parlance_runtime::opaque::Block;
use parlance_signatures::{Facts, cache, preverify};
use rayon::{ThreadPool, ThreadPoolBuilder};
use sc_consensus::{BlockCheckParams, BlockImport, BlockImportParams, ImportResult, StateAction};
use sp_api::CallApiAt;
use sp_blockchain::HeaderBackend;
use sp_core::traits::CallContext;
use std::{num::NonZeroUsize, sync::Arc, thread::available_parallelism};

const LOG_TARGET: &str = "signatures";

/// Threads beyond which a block's signatures are not checked faster.
const MOST_THREADS: usize = 8;
/// Transactions below which it is not worth waking other threads.
const FEWEST_EXTRINSICS: usize = 4;

/// Checks the signatures of a block that is about to be executed, then hands it to `Inner`.
#[derive(Clone)]
pub struct PreverifyingImport<Inner, Client> {
    inner: Inner,
    client: Arc<Client>,
    // None where there is nothing to gain: one core, or the cache is off.
    pool: Option<Arc<ThreadPool>>,
}

impl<Inner, Client> PreverifyingImport<Inner, Client> {
    /// Wraps `inner`; facts about the chain come from `client`.
    pub fn new(inner: Inner, client: Arc<Client>) -> Self {
        let threads = available_parallelism()
            .map_or(1, NonZeroUsize::get)
            .min(MOST_THREADS);
        let pool = (threads > 1 && cache().is_on())
            .then(|| start_pool(threads))
            .flatten();
        Self {
            inner,
            client,
            pool,
        }
    }
}

fn start_pool(threads: usize) -> Option<Arc<ThreadPool>> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("signatures-{number}"))
        .build()
        .inspect_err(|error| {
            log::warn!(target: LOG_TARGET, "signatures are not checked in parallel: {error}");
        })
        .ok()
        .map(Arc::new)
}

impl<Inner, Client> PreverifyingImport<Inner, Client>
where
    Client: HeaderBackend<Block> + CallApiAt<Block>,
{
    fn prepare(&self, block: &BlockImportParams<Block>) {
        let (Some(pool), Some(body)) = (&self.pool, &block.body) else {
            return;
        };
        if body.len() < FEWEST_EXTRINSICS || !is_executed(&block.state_action) {
            return;
        }
        let header = &block.header;
        // The block is executed by the runtime in its parent's state.
        let context = CallContext::Onchain { import: true };
        let Ok(version) = self.client.runtime_version_at(header.parent_hash, context) else {
            return;
        };
        let facts = Facts {
            spec_version: version.spec_version,
            transaction_version: version.transaction_version,
            genesis: self.client.info().genesis_hash,
            number: header.number,
        };
        // The best chain's hash at that height. On another fork it may be the wrong one: then the check
        // fails, and the runtime does it again with the right one.
        let block_hash = |number| self.client.hash(number).ok().flatten();
        preverify(body, &facts, block_hash, cache(), pool);
    }
}

/// Whether the import will run the runtime over the block: blocks of our own come with their changes.
fn is_executed(action: &StateAction<Block>) -> bool {
    match action {
        StateAction::Execute | StateAction::ExecuteIfPossible => true,
        StateAction::ApplyChanges(_) | StateAction::Skip => false,
    }
}

#[async_trait::async_trait]
impl<Inner, Client> BlockImport<Block> for PreverifyingImport<Inner, Client>
where
    Inner: BlockImport<Block> + Send + Sync,
    Client: HeaderBackend<Block> + CallApiAt<Block> + Send + Sync,
{
    type Error = Inner::Error;

    async fn check_block(
        &self,
        block: BlockCheckParams<Block>,
    ) -> Result<ImportResult, Self::Error> {
        self.inner.check_block(block).await
    }

    async fn import_block(
        &self,
        block: BlockImportParams<Block>,
    ) -> Result<ImportResult, Self::Error> {
        self.prepare(&block);
        self.inner.import_block(block).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sc_consensus::{ImportedState, StorageChanges};

    #[test]
    fn only_blocks_that_will_be_executed_are_prepared() {
        assert!(is_executed(&StateAction::Execute));
        assert!(is_executed(&StateAction::ExecuteIfPossible));
        assert!(!is_executed(&StateAction::Skip));
        let imported = ImportedState {
            block: Default::default(),
            state: sp_state_machine::KeyValueStates(Vec::new()),
        };
        let changes = StorageChanges::Import(imported);
        assert!(!is_executed(&StateAction::ApplyChanges(changes)));
    }
}
