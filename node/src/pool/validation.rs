//! Validates what waits in one runtime call.
//!
//! Submissions queue up; whenever a worker is free it takes all that wait for it, up to
//! [`MAX_BATCH`], and asks the runtime once. An idle node therefore answers a single transaction
//! at once, and the busier it is, the less each one costs. What the chain's own progress needs goes
//! before what strangers send.

use crate::service::FullClient;
use futures::FutureExt;
use parlance_primitives::batch::{BatchApi, MAX_BATCH};
use parlance_runtime::opaque::Block;
use prometheus_endpoint::{Histogram, HistogramOpts, Registry, exponential_buckets, register};
use sc_transaction_pool::{ChainApi, FullChainApi, ValidateTransactionPriority};
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_core::traits::SpawnEssentialNamed;
use sp_runtime::{
    OpaqueExtrinsic,
    traits::Block as BlockT,
    transaction_validity::{TransactionSource, TransactionValidity},
};
use sp_transaction_pool::runtime_api::TaggedTransactionQueue;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Error of the SDK's pool.
pub type Error = <FullChainApi<FullClient, Block> as ChainApi>::Error;
type Hash = <Block as BlockT>::Hash;
/// What the runtime says of one transaction, or why it could not be asked.
pub type Answer = Result<TransactionValidity, Error>;

/// Workers: two, as the SDK has, so that one slow call does not hold up everything.
const WORKERS: [&str; 2] = ["transaction-validation-0", "transaction-validation-1"];
/// Requests that may wait; who sends more is held up, not refused.
const QUEUE: usize = 1_024;

/// One transaction that waits.
struct Request {
    at: Hash,
    source: TransactionSource,
    transaction: Arc<OpaqueExtrinsic>,
    answer: oneshot::Sender<Answer>,
}

/// Where transactions wait for their validation.
#[derive(Clone)]
pub struct Queue {
    maintained: mpsc::Sender<Request>,
    submitted: mpsc::Sender<Request>,
}

/// The other end of both queues.
struct Waiting {
    maintained: mpsc::Receiver<Request>,
    submitted: mpsc::Receiver<Request>,
}

/// Starts the workers.
pub fn start(
    client: Arc<FullClient>,
    spawner: &impl SpawnEssentialNamed,
    registry: Option<&Registry>,
) -> Queue {
    let (maintained, maintained_waiting) = mpsc::channel(QUEUE);
    let (submitted, submitted_waiting) = mpsc::channel(QUEUE);
    let waiting = Arc::new(Mutex::new(Waiting {
        maintained: maintained_waiting,
        submitted: submitted_waiting,
    }));
    let sizes = registry.and_then(batch_sizes);
    for name in WORKERS {
        let worker = work(client.clone(), waiting.clone(), sizes.clone());
        spawner.spawn_essential_blocking(name, Some("transaction-pool"), worker.boxed());
    }
    Queue {
        maintained,
        submitted,
    }
}

impl Queue {
    /// Waits for the runtime's answer.
    ///
    /// # Errors
    /// When the runtime could not be called, or the node is shutting down.
    pub async fn validate(
        &self,
        at: Hash,
        source: TransactionSource,
        transaction: Arc<OpaqueExtrinsic>,
        priority: ValidateTransactionPriority,
    ) -> Answer {
        let (answer, answered) = oneshot::channel();
        let request = Request {
            at,
            source,
            transaction,
            answer,
        };
        let queue = match priority {
            ValidateTransactionPriority::Maintained => &self.maintained,
            ValidateTransactionPriority::Submitted => &self.submitted,
        };
        let sent = queue.send(request).await.is_ok();
        match answered.await {
            Ok(answer) if sent => answer,
            _ => Err(runtime_error("the node is shutting down")),
        }
    }
}

impl Waiting {
    /// All that waits, at most [`MAX_BATCH`]; empty when nobody can send any more.
    async fn take(&mut self) -> Vec<Request> {
        let first = tokio::select! {
            biased;
            request = self.maintained.recv() => request,
            request = self.submitted.recv() => request,
        };
        let mut batch = Vec::from_iter(first);
        while !batch.is_empty() && batch.len() < MAX_BATCH {
            let next = self.maintained.try_recv();
            match next.or_else(|_| self.submitted.try_recv()) {
                Ok(request) => batch.push(request),
                Err(_) => break,
            }
        }
        batch
    }
}

async fn work(client: Arc<FullClient>, waiting: Arc<Mutex<Waiting>>, sizes: Option<Histogram>) {
    loop {
        let mut batch = waiting.lock().await.take().await;
        if batch.is_empty() {
            return;
        }
        // Nearly always one group: requests name the best block.
        while let Some(first) = batch.first() {
            let at = first.at;
            let (group, rest): (Vec<_>, Vec<_>) =
                batch.into_iter().partition(|request| request.at == at);
            batch = rest;
            if let Some(sizes) = &sizes {
                sizes.observe(group.len() as f64);
            }
            answer(&client, at, group);
        }
    }
}

/// Asks the runtime and tells everybody who waits.
fn answer(client: &FullClient, at: Hash, group: Vec<Request>) {
    let answers = match together(client, at, &group) {
        Some(answers) => answers,
        None => group
            .iter()
            .map(|request| validate_alone(client, at, request.source, &request.transaction))
            .collect(),
    };
    for (request, answer) in group.into_iter().zip(answers) {
        // Whoever asked may have gone.
        let _ = request.answer.send(answer);
    }
}

/// All answers of one call. `None` when there is nothing to gain, the block's runtime has no such call,
/// or it failed: one transaction that makes the runtime panic must not decide over the others.
fn together(client: &FullClient, at: Hash, group: &[Request]) -> Option<Vec<Answer>> {
    let api = client.runtime_api();
    if group.len() < 2 || !api.has_api::<dyn BatchApi<Block>>(at).unwrap_or(false) {
        return None;
    }
    let transactions = group
        .iter()
        .map(|request| (request.source, codec::Encode::encode(&*request.transaction)))
        .collect();
    match api.validate_transactions(at, transactions, at) {
        Ok(answers) if answers.len() == group.len() => Some(answers.into_iter().map(Ok).collect()),
        Ok(answers) => {
            log::error!(
                target: "txpool",
                "the runtime gave {} answers on {} transactions; asking one by one",
                answers.len(),
                group.len()
            );
            None
        }
        Err(error) => {
            log::debug!(target: "txpool", "validating one by one after: {error}");
            None
        }
    }
}

/// The runtime's answer on one transaction.
///
/// # Errors
/// When the runtime could not be called, or panicked.
pub fn validate_alone(
    client: &FullClient,
    at: Hash,
    source: TransactionSource,
    transaction: &OpaqueExtrinsic,
) -> Answer {
    client
        .runtime_api()
        .validate_transaction(at, source, transaction.clone(), at)
        .map_err(runtime_error)
}

fn runtime_error(error: impl ToString) -> Error {
    Error::RuntimeApi(error.to_string())
}

/// How many transactions shared a call.
fn batch_sizes(registry: &Registry) -> Option<Histogram> {
    let buckets = exponential_buckets(1.0, 2.0, 7).ok()?;
    let options = HistogramOpts::new(
        "parlance_transactions_per_validation",
        "Transactions that one runtime call validated",
    )
    .buckets(buckets);
    register(Histogram::with_opts(options).ok()?, registry)
        .inspect_err(|error| log::warn!("no metric of validation batches: {error}"))
        .ok()
}
