//! The pool with the door for the node's own transactions.

use super::{chain::ChainAccess, validation::Error};
use parlance_runtime::opaque::Block;
use sc_service::SpawnTaskHandle;
use sc_transaction_pool::BasicPool;
use sc_transaction_pool_api::{
    ChainEvent, ImportNotificationStream, LocalTransactionPool, MaintainedTransactionPool,
    PoolStatus, ReadyTransactions, TransactionPool, TransactionStatusStreamFor,
    TxInvalidityReportMap, error::Error as PoolError,
};
use sp_runtime::{
    OpaqueExtrinsic, traits::Block as BlockT, transaction_validity::TransactionSource,
};
use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

type Hash = <Block as BlockT>::Hash;
type Inner = BasicPool<ChainAccess, Block>;
type Transaction = <Inner as TransactionPool>::InPoolTransaction;
type Ready = Box<dyn ReadyTransactions<Item = Arc<Transaction>> + Send>;

/// The SDK's pool has a door for transactions of the node itself (equivocation reports, off-chain workers)
/// only together with the SDK's access to the chain. This is that door for ours; the rest is passed on.
pub struct BatchingPool {
    inner: Arc<Inner>,
    spawner: SpawnTaskHandle,
}

impl BatchingPool {
    /// The pool `inner`; `spawner` runs what blocking callers wait for.
    pub fn new(inner: Inner, spawner: SpawnTaskHandle) -> Self {
        Self {
            inner: Arc::new(inner),
            spawner,
        }
    }
}

impl LocalTransactionPool for BatchingPool {
    type Block = Block;
    type Hash = Hash;
    type Error = Error;

    /// Submits and blocks until the answer is there. Runtime calls end here, on whatever thread they
    /// run; the work is done on another, so that waiting cannot hold up what is waited for.
    fn submit_local(&self, at: Hash, transaction: OpaqueExtrinsic) -> Result<Hash, Error> {
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let pool = self.inner.clone();
        let submission = async move {
            let done = pool
                .submit_one(at, TransactionSource::Local, transaction)
                .await;
            // The caller waits below for as long as it lives.
            let _ = answer.send(done);
        };
        self.spawner
            .spawn_blocking("submit-local", Some("transaction-pool"), submission);
        answered.recv().unwrap_or_else(|_| {
            let why = "the node is shutting down".to_owned();
            Err(Error::Pool(PoolError::InvalidBlockId(why)))
        })
    }
}

#[async_trait::async_trait]
impl TransactionPool for BatchingPool {
    type Block = Block;
    type Hash = Hash;
    type InPoolTransaction = Transaction;
    type Error = Error;

    async fn submit_at(
        &self,
        at: Hash,
        source: TransactionSource,
        transactions: Vec<OpaqueExtrinsic>,
    ) -> Result<Vec<Result<Hash, Error>>, Error> {
        self.inner.submit_at(at, source, transactions).await
    }

    async fn submit_one(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: OpaqueExtrinsic,
    ) -> Result<Hash, Error> {
        self.inner.submit_one(at, source, transaction).await
    }

    async fn submit_and_watch(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: OpaqueExtrinsic,
    ) -> Result<Pin<Box<TransactionStatusStreamFor<Self>>>, Error> {
        self.inner.submit_and_watch(at, source, transaction).await
    }

    async fn ready_at(&self, at: Hash) -> Ready {
        self.inner.ready_at(at).await
    }

    fn ready(&self) -> Ready {
        self.inner.ready()
    }

    async fn report_invalid(
        &self,
        at: Option<Hash>,
        errors: TxInvalidityReportMap<Hash>,
    ) -> Vec<Arc<Transaction>> {
        self.inner.report_invalid(at, errors).await
    }

    fn futures(&self) -> Vec<Transaction> {
        self.inner.futures()
    }

    fn status(&self) -> PoolStatus {
        self.inner.status()
    }

    fn import_notification_stream(&self) -> ImportNotificationStream<Hash> {
        self.inner.import_notification_stream()
    }

    fn on_broadcasted(&self, propagations: HashMap<Hash, Vec<String>>) {
        self.inner.on_broadcasted(propagations);
    }

    fn hash_of(&self, transaction: &OpaqueExtrinsic) -> Hash {
        self.inner.hash_of(transaction)
    }

    fn ready_transaction(&self, hash: &Hash) -> Option<Arc<Transaction>> {
        self.inner.ready_transaction(hash)
    }

    async fn ready_at_with_timeout(&self, at: Hash, timeout: Duration) -> Ready {
        self.inner.ready_at_with_timeout(at, timeout).await
    }
}

#[async_trait::async_trait]
impl MaintainedTransactionPool for BatchingPool {
    async fn maintain(&self, event: ChainEvent<Block>) {
        self.inner.maintain(event).await;
    }
}
