//! Watches for super nodes that make two blocks in one slot, and reports them.
//!
//! Every imported header passes through an [`EquivocationDetector`], those of forks included. When one
//! key has sealed two different blocks for one slot, the watcher asks the runtime whose key it was and
//! has it put a report into the pool, without fee. The runtime verifies everything again: a mistake here
//! can waste a transaction, not slash an innocent node.
//!
//! What was seen lives in memory only. A node that restarts between the two blocks misses the pair, but
//! all nodes watch.

use crate::authoring::Clock;
use futures::StreamExt;
use parlance_primitives::{
    AccountId, Balance,
    vdpos::{SlotEquivocation, VdposApi, slot_of},
};
use parlance_runtime::opaque::{Block, Header};
use prometheus_endpoint::{Counter, PrometheusError, Registry, U64, register};
use sc_client_api::{BlockImportNotification, BlockchainEvents};
use sc_consensus_aura::standalone::slot_author;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_api::{ApiExt, ProvideRuntimeApi};
use sp_application_crypto::{ByteArray, key_types::AURA};
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{
    AuraApi, Slot,
    sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair},
};
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Header as HeaderT;
use std::{collections::BTreeMap, future::Future, sync::Arc};

const LOG_TARGET: &str = "equivocation";

/// Slots that the detector looks back. At two seconds it is half an hour, far longer than a fork lives.
const WINDOW: u64 = 1_024;
/// Leaders that one slot may have. More than one needs forks from before a change of the schedule, so
/// this is never reached; it bounds the memory all the same.
const LEADERS_PER_SLOT: usize = 16;

/// Watches until the client closes its stream of imports.
pub fn watch<Client>(
    client: Arc<Client>,
    keystore: KeystorePtr,
    pool: OffchainTransactionPoolFactory<Block>,
    registry: Option<&Registry>,
) -> impl Future<Output = ()> + Send + 'static + use<Client>
where
    Client: BlockchainEvents<Block>
        + HeaderBackend<Block>
        + ProvideRuntimeApi<Block>
        + Send
        + Sync
        + 'static,
    Client::Api: AuraApi<Block, AuraId> + VdposApi<Block, AccountId, Balance> + ApiExt<Block>,
{
    let metrics = registry.and_then(|registry| {
        Metrics::register(registry)
            .inspect_err(|error| log::warn!(target: LOG_TARGET, "no metrics: {error}"))
            .ok()
    });
    // Subscribed here and not in the future: nothing imported from now on is missed.
    let mut imports = client.every_import_notification_stream();
    let mut watcher = Watcher {
        clock: Clock::new(client.clone()),
        client,
        keystore,
        pool,
        metrics,
        detector: EquivocationDetector::new(WINDOW),
    };
    async move {
        while let Some(notification) = imports.next().await {
            watcher.look_at(notification);
        }
    }
}

/// Counters for operators.
struct Metrics {
    seen: Counter<U64>,
    reported: Counter<U64>,
}

impl Metrics {
    fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let counter = |name: &str, help: &str| register(Counter::new(name, help)?, registry);
        Ok(Self {
            seen: counter(
                "parlance_slot_equivocations_seen_total",
                "Pairs of blocks that one key sealed for one slot",
            )?,
            reported: counter(
                "parlance_slot_equivocations_reported_total",
                "Reports of such pairs that this node put into its pool",
            )?,
        })
    }
}

/// Why no report was made.
#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error("the runtime did not answer: {0}")]
    Runtime(#[from] sp_api::ApiError),
    #[error("the key belonged to no super node that can still answer for the slot")]
    NoOwner,
    #[error("the pool did not take the report; somebody may have reported the pair before")]
    Refused,
}

struct Watcher<Client> {
    client: Arc<Client>,
    keystore: KeystorePtr,
    pool: OffchainTransactionPoolFactory<Block>,
    clock: Clock<Client>,
    metrics: Option<Metrics>,
    detector: EquivocationDetector<Header>,
}

impl<Client> Watcher<Client>
where
    Client: HeaderBackend<Block> + ProvideRuntimeApi<Block>,
    Client::Api: AuraApi<Block, AuraId> + VdposApi<Block, AccountId, Balance> + ApiExt<Block>,
{
    fn look_at(&mut self, notification: BlockImportNotification<Block>) {
        let header = &notification.header;
        let Some(slot) = slot_of(header) else { return };
        if self.is_old(&notification, slot) {
            return;
        }
        let schedule = match self.client.runtime_api().authorities(*header.parent_hash()) {
            Ok(schedule) => schedule,
            Err(error) => {
                log::debug!(target: LOG_TARGET, "no schedule for {}: {error}", notification.hash);
                return;
            }
        };
        let Some(key) = slot_author::<AuraPair>(slot, &schedule) else {
            return;
        };
        if let Some(equivocation) = self.detector.note(slot, key, header) {
            self.act_on(equivocation);
        }
    }

    /// Whether the block is history, as while catching up: no fault in it is news, and finding its author
    /// would cost a call into the runtime per block.
    fn is_old(&self, notification: &BlockImportNotification<Block>, slot: Slot) -> bool {
        match self.clock.now(notification.hash) {
            Ok((now, _)) => slot.saturating_add(WINDOW) < *now,
            Err(error) => {
                log::debug!(target: LOG_TARGET, "no slot length at {}: {error}", notification.hash);
                true
            }
        }
    }

    fn act_on(&self, equivocation: SlotEquivocation<Header>) {
        let SlotEquivocation {
            offender,
            slot,
            first_header,
            second_header,
        } = &equivocation;
        let (first, second) = (first_header.hash(), second_header.hash());
        if let Some(metrics) = &self.metrics {
            metrics.seen.inc();
        }
        if self.keystore.has_keys(&[(offender.to_raw_vec(), AURA)]) {
            log::error!(
                target: LOG_TARGET,
                "THIS NODE'S OWN KEY {offender} made two blocks in slot {slot}: {first} and {second}. \
                 The same keys run in a second place. Stop one of the two now: others report this, and \
                 the bond behind the key is slashed.",
            );
            return;
        }
        log::warn!(
            target: LOG_TARGET,
            "{offender} made two blocks in slot {slot}: {first} and {second}",
        );
        match self.report(equivocation) {
            Ok(()) => {
                if let Some(metrics) = &self.metrics {
                    metrics.reported.inc();
                }
                log::info!(target: LOG_TARGET, "reported {first} and {second}");
            }
            Err(error) => {
                log::warn!(target: LOG_TARGET, "{first} and {second} are not reported: {error}");
            }
        }
    }

    fn report(&self, equivocation: SlotEquivocation<Header>) -> Result<(), ReportError> {
        let best = self.client.info().best_hash;
        let mut api = self.client.runtime_api();
        let proof = api
            .generate_key_ownership_proof(best, equivocation.slot, equivocation.offender.clone())?
            .ok_or(ReportError::NoOwner)?;
        api.register_extension(self.pool.offchain_transaction_pool(best));
        api.submit_report_equivocation(best, equivocation, proof)?
            .ok_or(ReportError::Refused)
    }
}

/// Finds pairs of different blocks by one key for one slot. Pure: no clock, no chain.
///
/// Keeps the first header of each (slot, key) of the last `window` slots.
pub struct EquivocationDetector<Header> {
    window: u64,
    newest: Slot,
    seen: BTreeMap<u64, Vec<Sealed<Header>>>,
}

/// First block that a key made in a slot.
struct Sealed<Header> {
    key: AuraId,
    header: Header,
    reported: bool,
}

impl<Header: HeaderT> EquivocationDetector<Header> {
    /// A detector that looks back `window` slots from the newest it has seen.
    pub fn new(window: u64) -> Self {
        Self {
            window,
            newest: 0.into(),
            seen: BTreeMap::new(),
        }
    }

    /// Takes note of a block of `slot` that `key` sealed, seal included. Returns the proof when it is the
    /// first other one by that key in that slot; one proof per slot and key is enough to be slashed, so
    /// more blocks of the pair's kind return nothing.
    pub fn note(
        &mut self,
        slot: Slot,
        key: &AuraId,
        header: &Header,
    ) -> Option<SlotEquivocation<Header>> {
        if self
            .newest
            .checked_sub(self.window)
            .is_some_and(|oldest| *slot <= oldest)
        {
            return None;
        }
        if slot > self.newest {
            self.newest = slot;
            let oldest = (*slot).saturating_sub(self.window).saturating_add(1);
            self.seen = self.seen.split_off(&oldest);
        }
        let leaders = self.seen.entry(*slot).or_default();
        let Some(first) = leaders.iter_mut().find(|sealed| sealed.key == *key) else {
            if leaders.len() < LEADERS_PER_SLOT {
                leaders.push(Sealed {
                    key: key.clone(),
                    header: header.clone(),
                    reported: false,
                });
            }
            return None;
        };
        // Sealing one block twice gives two signatures and is no fault, so the seals do not count.
        if first.reported || unsealed_hash(&first.header) == unsealed_hash(header) {
            return None;
        }
        first.reported = true;
        Some(SlotEquivocation {
            offender: key.clone(),
            slot,
            first_header: first.header.clone(),
            second_header: header.clone(),
        })
    }
}

fn unsealed_hash<Header: HeaderT>(header: &Header) -> Header::Hash {
    let mut unsealed = header.clone();
    unsealed.digest_mut().pop();
    unsealed.hash()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
    use sp_runtime::{Digest, DigestItem};

    /// A block that differs from others in `content`, with a `seal`.
    fn header(content: u8, seal: u8) -> Header {
        let logs = vec![
            DigestItem::Other(vec![content]),
            DigestItem::Seal(*b"aura", vec![seal]),
        ];
        let zero = Default::default();
        Header::new(1, zero, zero, zero, Digest { logs })
    }

    fn key(of: Sr25519Keyring) -> AuraId {
        of.public().into()
    }

    fn detector() -> EquivocationDetector<Header> {
        EquivocationDetector::new(10)
    }

    #[test]
    fn two_blocks_by_one_key_in_one_slot_are_a_proof() {
        let mut detector = detector();
        assert_eq!(detector.note(5.into(), &key(Alice), &header(1, 1)), None);
        let proof = detector.note(5.into(), &key(Alice), &header(2, 2)).unwrap();
        assert_eq!((proof.offender, proof.slot), (key(Alice), 5.into()));
        assert_eq!(
            (proof.first_header, proof.second_header),
            (header(1, 1), header(2, 2))
        );
    }

    #[test]
    fn the_same_block_twice_is_no_fault() {
        let mut detector = detector();
        assert_eq!(detector.note(5.into(), &key(Alice), &header(1, 1)), None);
        assert_eq!(detector.note(5.into(), &key(Alice), &header(1, 1)), None);
        assert_eq!(
            detector.note(5.into(), &key(Alice), &header(1, 2)),
            None,
            "only sealed again"
        );
    }

    #[test]
    fn blocks_in_different_slots_or_by_different_keys_are_no_fault() {
        let mut detector = detector();
        assert_eq!(detector.note(5.into(), &key(Alice), &header(1, 1)), None);
        assert_eq!(detector.note(6.into(), &key(Alice), &header(2, 2)), None);
        assert_eq!(detector.note(5.into(), &key(Bob), &header(3, 3)), None);
    }

    #[test]
    fn a_pair_is_told_once() {
        let mut detector = detector();
        detector.note(5.into(), &key(Alice), &header(1, 1));
        assert!(
            detector
                .note(5.into(), &key(Alice), &header(2, 2))
                .is_some()
        );
        assert_eq!(detector.note(5.into(), &key(Alice), &header(2, 2)), None);
        assert_eq!(detector.note(5.into(), &key(Alice), &header(3, 3)), None);
    }

    #[test]
    fn each_key_and_each_slot_is_told_apart() {
        let mut detector = detector();
        for (slot, of) in [(5_u64, Alice), (5, Bob), (6, Alice)] {
            assert_eq!(detector.note(slot.into(), &key(of), &header(1, 1)), None);
            assert!(
                detector
                    .note(slot.into(), &key(of), &header(2, 2))
                    .is_some()
            );
        }
    }

    #[test]
    fn a_late_block_within_the_window_is_caught_and_an_older_one_is_not() {
        for (distance, caught) in [(9_u64, true), (10, false), (11, false)] {
            let mut detector = detector();
            detector.note(100.into(), &key(Alice), &header(1, 1));
            detector.note((100 + distance).into(), &key(Bob), &header(1, 1));
            let late = detector.note(100.into(), &key(Alice), &header(2, 2));
            assert_eq!(late.is_some(), caught, "{distance} slots later");
        }
    }

    #[test]
    fn memory_is_bounded_by_the_window_and_the_leaders_per_slot() {
        let mut detector = detector();
        for slot in 0..1_000_u64 {
            for seed in 0..2 * LEADERS_PER_SLOT as u8 {
                let leader = AuraId::from(sp_core::sr25519::Public::from_raw([seed; 32]));
                detector.note(slot.into(), &leader, &header(seed, 1));
            }
        }
        assert_eq!(detector.seen.len(), 10);
        assert!(
            detector
                .seen
                .values()
                .all(|leaders| leaders.len() == LEADERS_PER_SLOT)
        );
    }

    #[test]
    fn the_last_representable_slot_overflows_nothing() {
        let mut detector = detector();
        detector.note(u64::MAX.into(), &key(Alice), &header(1, 1));
        assert!(
            detector
                .note(u64::MAX.into(), &key(Alice), &header(2, 2))
                .is_some()
        );
    }
}
