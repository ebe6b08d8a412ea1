//! Builds blocks.
//!
//! The SDK's proposer calls the runtime once per transaction, and counts the block's bytes anew each
//! time. This one hands over transactions in batches ([`batch`]) to one call of
//! `BatchApi::apply_extrinsics` and keeps count. What goes into a block, in which order, and when a
//! block ends follow the SDK's rules, so operators find the same words in log and metrics:
//!
//! 1. Inherents first. A mandatory one that fails means no block.
//! 2. Transactions in the pool's order, until none is left, the time is over, or the block is full.
//! 3. A transaction that no longer fits is skipped. After [`MAX_SKIPPED`] of them the block counts as full,
//!    but only if [`FULL_PERCENT`] of its room is used or half of the time is over: otherwise a few
//!    large transactions at the head of the pool would buy an empty block.
//! 4. An invalid transaction is reported to the pool, unless it is merely early: the one before it may
//!    have been skipped.
//!
//! [`MAX_SKIPPED`]: filling::MAX_SKIPPED
//! [`FULL_PERCENT`]: filling::FULL_PERCENT

mod batch;
mod building;
mod filling;

use crate::{pool::Pool, service::FullClient};
use building::Building;
use futures::{FutureExt, channel::oneshot, future};
use log::{debug, error, info, warn};
use parlance_runtime::opaque::{Block, Header};
use prometheus_endpoint::Registry;
use sc_proposer_metrics::{EndProposingReason, MetricsLink};
use sc_service::SpawnTaskHandle;
use sc_telemetry::{CONSENSUS_INFO, TelemetryHandle, telemetry};
use sp_blockchain::{ApplyExtrinsicFailed, Error};
use sp_consensus::{Environment, Proposal, ProposeArgs};
use sp_inherents::InherentData;
use sp_runtime::{ExtrinsicInclusionMode, traits::Header as _};
use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

/// Target of the log, as the SDK's proposer has it.
const LOG_TARGET: &str = "basic-authorship";
/// Most bytes of a block: what one message between nodes may carry, with room for its frame.
const BLOCK_BYTES: usize = 4 * 1024 * 1024 + 512;

/// Makes a [`Proposer`] for each slot.
#[derive(Clone)]
pub struct ProposerFactory {
    client: Arc<FullClient>,
    pool: Arc<Pool>,
    spawner: SpawnTaskHandle,
    metrics: MetricsLink,
    telemetry: Option<TelemetryHandle>,
}

impl ProposerFactory {
    /// A factory that takes transactions from `pool`.
    pub fn new(
        client: Arc<FullClient>,
        pool: Arc<Pool>,
        spawner: SpawnTaskHandle,
        registry: Option<&Registry>,
        telemetry: Option<TelemetryHandle>,
    ) -> Self {
        Self {
            client,
            pool,
            spawner,
            metrics: MetricsLink::new(registry),
            telemetry,
        }
    }
}

impl Environment<Block> for ProposerFactory {
    type Proposer = Proposer;
    type CreateProposer = future::Ready<Result<Proposer, Error>>;
    type Error = Error;

    fn init(&mut self, parent: &Header) -> Self::CreateProposer {
        info!(
            "🙌 Starting consensus session on top of parent {:?} (#{})",
            parent.hash(),
            parent.number()
        );
        future::ready(Ok(Proposer {
            parts: self.clone(),
            parent: parent.clone(),
        }))
    }
}

/// Makes one block.
pub struct Proposer {
    parts: ProposerFactory,
    parent: Header,
}

impl sp_consensus::Proposer<Block> for Proposer {
    type Error = Error;
    type Proposal = Pin<Box<dyn Future<Output = Result<Proposal<Block>, Error>> + Send>>;

    fn propose(self, args: ProposeArgs<Block>) -> Self::Proposal {
        async move {
            let (done, waiting) = oneshot::channel();
            // Building keeps a core busy, so it has a thread of its own.
            self.parts.spawner.clone().spawn_blocking(
                "block-proposer",
                Some("consensus"),
                async move {
                    if done.send(self.make(args).await).is_err() {
                        debug!(target: LOG_TARGET, "nobody waits for the block any more");
                    }
                },
            );
            waiting.await?
        }
        .boxed()
    }
}

impl Proposer {
    async fn make(self, args: ProposeArgs<Block>) -> Result<Proposal<Block>, Error> {
        let started = Instant::now();
        // A tenth of the time is left for what comes after building.
        let deadline = started + args.max_duration - args.max_duration / 10;
        let limit = args.block_size_limit.unwrap_or(BLOCK_BYTES);
        let mut building = Building::start(
            &self.parts.client,
            &self.parent,
            args.inherent_digests,
            args.storage_proof_recorder,
            args.extra_extensions,
        )?;
        self.apply_inherents(&mut building, args.inherent_data)?;
        let reason = match building.mode() {
            ExtrinsicInclusionMode::AllExtrinsics => {
                filling::fill(&self.parts.pool, &mut building, deadline, limit).await?
            }
            ExtrinsicInclusionMode::OnlyInherents => EndProposingReason::TransactionForbidden,
        };
        let proposal = building.finish()?;
        self.report(&proposal.block, reason, started.elapsed());
        Ok(proposal)
    }

    fn apply_inherents(&self, building: &mut Building, data: InherentData) -> Result<(), Error> {
        let started = Instant::now();
        let inherents = building.inherents(data)?;
        self.parts.metrics.report(|metrics| {
            metrics
                .create_inherents_time
                .observe(started.elapsed().as_secs_f64());
        });
        for inherent in inherents {
            match building.push(inherent)? {
                Ok(()) => {}
                Err(refused) if refused.was_mandatory() => {
                    error!(
                        target: LOG_TARGET,
                        "❌️ a mandatory inherent was refused ({refused:?}); no block can be made"
                    );
                    return Err(ApplyExtrinsicFailed::Validity(refused).into());
                }
                Err(refused) => {
                    warn!(target: LOG_TARGET, "an inherent was refused and left out: {refused:?}");
                }
            }
        }
        Ok(())
    }

    fn report(&self, block: &Block, reason: EndProposingReason, took: Duration) {
        let count = block.extrinsics.len();
        self.parts.metrics.report(|metrics| {
            metrics.number_of_transactions.set(count as u64);
            metrics.block_constructed.observe(took.as_secs_f64());
            metrics
                .create_block_proposal_time
                .observe(took.as_secs_f64());
            metrics.report_end_proposing_reason(reason);
        });
        info!(
            "🎁 Prepared block for proposing at {} ({} ms) hash: {:?}; parent_hash: {:?}; \
             end: {reason:?}; extrinsics_count: {count}",
            block.header.number(),
            took.as_millis(),
            block.header.hash(),
            block.header.parent_hash(),
        );
        telemetry!(
            self.parts.telemetry;
            CONSENSUS_INFO;
            "prepared_block_for_proposing";
            "number" => ?block.header.number(),
            "hash" => ?block.header.hash(),
        );
    }
}
