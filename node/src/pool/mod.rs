//! The transaction pool.
//!
//! The pool itself is the SDK's single-state pool: queues, limits, bans, events. Ours is what stands
//! between it and the runtime, because that is where nearly all the time of taking in a transaction goes:
//! [`validation`] puts the transactions that wait at a moment into one runtime call, and [`chain`]
//! spreads out the repeated checks of those that wait for a block. Measured in
//! docs/decisions/0009-batches.md. `--pool-type fork-aware` brings the SDK's other pool, unmodified.

mod chain;
mod local;
mod validation;

pub use local::BatchingPool;

use crate::service::FullClient;
use chain::ChainAccess;
use parlance_runtime::opaque::Block;
use sc_cli::{TransactionPoolParams, TransactionPoolType};
use sc_client_api::UsageProvider;
use sc_service::{Configuration, TaskManager};
use sc_transaction_pool::{
    BasicPool, Builder, Options, PoolLimit, RevalidationType, TransactionPoolHandle,
    TransactionPoolWrapper,
};
use std::{sync::Arc, time::Duration};

/// The pool as the node's parts know it.
pub type Pool = TransactionPoolHandle<Block, FullClient>;

/// How long a transaction that was refused is not looked at again, where nobody says otherwise.
const BAN: Duration = Duration::from_secs(30 * 60);
/// Part of the limits that transactions have which cannot be applied yet.
const FUTURE_PART: usize = 10;

/// Which pool, and how large. The default is for commands that work on the database and take in no transactions.
#[derive(Default)]
pub struct Settings {
    options: Options,
    fork_aware: bool,
}

impl Settings {
    /// As the command line says. Without a ban on `dev` chains, where people try things twice.
    pub fn new(params: &TransactionPoolParams, is_dev: bool) -> Self {
        let bytes = params.pool_kbytes * 1024;
        let ban = match params.tx_ban_seconds {
            Some(seconds) => Duration::from_secs(seconds),
            None if is_dev => Duration::ZERO,
            None => BAN,
        };
        Self {
            options: Options {
                ready: PoolLimit {
                    count: params.pool_limit,
                    total_bytes: bytes,
                },
                future: PoolLimit {
                    count: params.pool_limit / FUTURE_PART,
                    total_bytes: bytes / FUTURE_PART,
                },
                reject_future_transactions: false,
                ban_time: ban,
            },
            fork_aware: matches!(params.pool_type, TransactionPoolType::ForkAware),
        }
    }
}

/// Makes the pool and starts what it needs.
pub fn build(
    settings: &Settings,
    config: &Configuration,
    client: &Arc<FullClient>,
    task_manager: &TaskManager,
) -> Arc<Pool> {
    let registry = config.prometheus_registry();
    let is_validator = config.role.is_authority().into();
    if settings.fork_aware {
        let spawner = task_manager.spawn_essential_handle();
        return Arc::new(
            Builder::new(spawner, client.clone(), is_validator)
                .with_options(config.transaction_pool.clone())
                .with_prometheus(registry)
                .build(),
        );
    }
    let queue = validation::start(
        client.clone(),
        &task_manager.spawn_essential_handle(),
        registry,
    );
    let chain = Arc::new(ChainAccess::new(client.clone(), queue));
    let info = client.usage_info().chain;
    let pool = BasicPool::with_revalidation_type(
        settings.options.clone(),
        is_validator,
        chain.clone(),
        registry,
        RevalidationType::Full,
        task_manager.spawn_essential_handle(),
        info.best_number,
        info.best_hash,
        info.finalized_hash,
    );
    chain.knows(pool.pool());
    let pool = BatchingPool::new(pool, task_manager.spawn_handle());
    Arc::new(TransactionPoolWrapper(Box::new(pool)))
}
