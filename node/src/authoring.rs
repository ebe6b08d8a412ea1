//! What a block author tells the runtime, and what a checker of blocks needs to know.
//!
//! An author hands over four things: the time, its slot, its beacon contribution (a VRF output of the
//! key that leads the slot, see `pallet-beacon`) and the height that it knows to be final (the set-size
//! rule of `pallet-vdpos` feeds on it). A node that checks somebody else's block could have made
//! neither of the last two, so it supplies the first two only, and words for the errors.

use parlance_primitives::{
    BlockNumber,
    beacon::{self, BeaconApi, Contribution, sign_data},
    vdpos,
};
use parlance_runtime::opaque::Block;
use sc_consensus_aura::standalone::slot_author;
use sp_api::ProvideRuntimeApi;
use sp_application_crypto::{ByteArray, key_types::AURA};
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{
    AuraApi, Slot, SlotDuration,
    inherents::InherentDataProvider as SlotProvider,
    sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair},
};
use sp_core::sr25519;
use sp_inherents::{
    CreateInherentDataProviders, Error as InherentError, InherentData, InherentDataProvider,
    InherentIdentifier,
};
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Block as BlockT;
use sp_timestamp::InherentDataProvider as TimestampProvider;
use std::sync::{Arc, OnceLock};

type Hash = <Block as BlockT>::Hash;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Data of one block: the slot first, because the slot worker reads it from there.
pub type Providers = (
    SlotProvider,
    TimestampProvider,
    ContributionProvider,
    FinalizedProvider,
);

/// Why a slot is left out. The worker logs it and tries the next slot.
#[derive(Debug, thiserror::Error)]
pub enum AuthoringError {
    /// The state of the parent did not answer.
    #[error("the parent block's state does not answer: {0}. The block is not made.")]
    Runtime(#[from] sp_api::ApiError),
    /// The keystore has the key and would not sign.
    #[error(
        "the keystore refused to sign the beacon contribution: {0}. Is its directory readable?"
    )]
    Keystore(#[from] sp_keystore::Error),
}

/// A block came without what its author owes the beacon.
#[derive(Debug, thiserror::Error)]
#[error("the block carries no beacon contribution; its author runs broken or modified software")]
struct MissingContribution;

/// For the worker that makes blocks.
pub fn for_worker<Client>(
    client: Arc<Client>,
    keystore: KeystorePtr,
) -> impl CreateInherentDataProviders<Block, (), InherentDataProviders = Providers> + 'static
where
    Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
    Client::Api: AuraApi<Block, AuraId> + BeaconApi<Block>,
{
    let clock = Clock::new(client.clone());
    move |parent: Hash, ()| {
        let made = clock.now(parent).and_then(|(slot, timestamp)| {
            let contribution = contribution(&*client, &keystore, parent, *slot)?;
            let finalized = client.info().finalized_number;
            Ok((
                slot,
                timestamp,
                ContributionProvider(contribution),
                FinalizedProvider(Some(finalized)),
            ))
        });
        async move { made.map_err(BoxError::from) }
    }
}

/// For the queue that checks blocks of others.
pub fn for_import<Client>(
    client: Arc<Client>,
) -> impl CreateInherentDataProviders<Block, (), InherentDataProviders = Providers> + 'static
where
    Client: ProvideRuntimeApi<Block> + Send + Sync + 'static,
    Client::Api: AuraApi<Block, AuraId>,
{
    let clock = Clock::new(client);
    move |parent: Hash, ()| {
        let made = clock.now(parent).map(|(slot, timestamp)| {
            (
                slot,
                timestamp,
                ContributionProvider(None),
                FinalizedProvider(None),
            )
        });
        async move { made.map_err(BoxError::from) }
    }
}

/// The slot that it is now, by the chain's slot length.
#[derive(Clone)]
pub struct Clock<Client> {
    client: Arc<Client>,
    // Fixed for the life of a chain, so one call into the runtime is enough.
    duration: Arc<OnceLock<SlotDuration>>,
}

impl<Client> Clock<Client>
where
    Client: ProvideRuntimeApi<Block>,
    Client::Api: AuraApi<Block, AuraId>,
{
    /// A clock that asks the runtime of `client` when it is first read.
    pub fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            duration: Arc::default(),
        }
    }

    /// The present slot and time. `at` is any block whose state is at hand.
    pub fn now(&self, at: Hash) -> Result<(SlotProvider, TimestampProvider), AuthoringError> {
        let duration = match self.duration.get() {
            Some(duration) => *duration,
            None => {
                let duration = self.client.runtime_api().slot_duration(at)?;
                *self.duration.get_or_init(|| duration)
            }
        };
        let timestamp = TimestampProvider::from_system_time();
        let slot = SlotProvider::from_timestamp_and_slot_duration(*timestamp, duration);
        Ok((slot, timestamp))
    }
}

/// Our contribution to a block of `slot` on `parent`; `None` when the slot is not ours.
fn contribution<Client>(
    client: &Client,
    keystore: &KeystorePtr,
    parent: Hash,
    slot: Slot,
) -> Result<Option<Contribution>, AuthoringError>
where
    Client: ProvideRuntimeApi<Block>,
    Client::Api: AuraApi<Block, AuraId> + BeaconApi<Block>,
{
    let api = client.runtime_api();
    let authorities = api.authorities(parent)?;
    match own_leader(keystore, &authorities, slot) {
        Some(leader) => Ok(sign(keystore, leader, &api.epoch_seed(parent)?, slot)?),
        None => Ok(None),
    }
}

/// The leader of `slot` under the schedule `authorities`, if this node has its key.
fn own_leader<'a>(
    keystore: &KeystorePtr,
    authorities: &'a [AuraId],
    slot: Slot,
) -> Option<&'a AuraId> {
    slot_author::<AuraPair>(slot, authorities)
        .filter(|leader| keystore.has_keys(&[(leader.to_raw_vec(), AURA)]))
}

/// The VRF output of `leader` for `slot` in the epoch with `seed`.
fn sign(
    keystore: &KeystorePtr,
    leader: &AuraId,
    seed: &[u8; 32],
    slot: Slot,
) -> Result<Option<Contribution>, sp_keystore::Error> {
    let public: &sr25519::Public = leader.as_ref();
    let signature = keystore.sr25519_vrf_sign(AURA, public, &sign_data(seed, slot))?;
    Ok(signature.map(Contribution::from))
}

/// Supplies the beacon contribution, where there is one.
pub struct ContributionProvider(Option<Contribution>);

#[async_trait::async_trait]
impl InherentDataProvider for ContributionProvider {
    async fn provide_inherent_data(&self, data: &mut InherentData) -> Result<(), InherentError> {
        match &self.0 {
            Some(contribution) => data.put_data(beacon::INHERENT_IDENTIFIER, contribution),
            None => Ok(()),
        }
    }

    async fn try_handle_error(
        &self,
        identifier: &InherentIdentifier,
        _: &[u8],
    ) -> Option<Result<(), InherentError>> {
        (*identifier == beacon::INHERENT_IDENTIFIER)
            .then(|| Err(InherentError::Application(Box::new(MissingContribution))))
    }
}

/// Supplies the height that this node knows to be final, when it makes a block.
pub struct FinalizedProvider(Option<BlockNumber>);

#[async_trait::async_trait]
impl InherentDataProvider for FinalizedProvider {
    async fn provide_inherent_data(&self, data: &mut InherentData) -> Result<(), InherentError> {
        match &self.0 {
            Some(height) => data.put_data(vdpos::INHERENT_IDENTIFIER, height),
            None => Ok(()),
        }
    }

    // The runtime refuses no block over the height, so there is no error to put into words.
    async fn try_handle_error(
        &self,
        _: &InherentIdentifier,
        _: &[u8],
    ) -> Option<Result<(), InherentError>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_core::crypto::VrfPublic;
    use sp_keyring::Sr25519Keyring::{Alice, Bob};
    use sp_keystore::{Keystore, testing::MemoryKeystore};

    const SEED: [u8; 32] = [3; 32];

    /// A keystore that holds the slot key of Alice alone.
    fn alices_keystore() -> KeystorePtr {
        let keystore = MemoryKeystore::new();
        keystore
            .sr25519_generate_new(AURA, Some(&Alice.to_seed()))
            .unwrap();
        Arc::new(keystore)
    }

    fn schedule() -> Vec<AuraId> {
        vec![
            Alice.public().into(),
            Bob.public().into(),
            Alice.public().into(),
        ]
    }

    #[test]
    fn only_our_own_slots_are_ours() {
        let keystore = alices_keystore();
        let ours: Vec<_> = (0..6_u64)
            .map(|slot| own_leader(&keystore, &schedule(), slot.into()).is_some())
            .collect();
        assert_eq!(ours, [true, false, true, true, false, true]);
        assert_eq!(own_leader(&keystore, &[], 0.into()), None);
    }

    #[test]
    fn what_we_sign_verifies_for_this_slot_and_seed_alone() {
        let leader: AuraId = Alice.public().into();
        let made = sign(&alices_keystore(), &leader, &SEED, 5.into())
            .unwrap()
            .unwrap();
        let verifies = |seed, slot: u64| {
            Alice
                .public()
                .vrf_verify(&sign_data(seed, slot.into()), &made.clone().into())
        };
        assert!(verifies(&SEED, 5));
        assert!(!verifies(&SEED, 6));
        assert!(!verifies(&[4; 32], 5));
    }

    #[test]
    fn a_key_that_is_not_ours_signs_nothing() {
        let leader: AuraId = Bob.public().into();
        assert_eq!(
            sign(&alices_keystore(), &leader, &SEED, 5.into()).unwrap(),
            None
        );
    }

    #[test]
    fn providers_put_their_data_and_the_empty_ones_put_none() {
        let leader: AuraId = Alice.public().into();
        let made = sign(&alices_keystore(), &leader, &SEED, 5.into()).unwrap();
        let full = (
            ContributionProvider(made.clone()),
            FinalizedProvider(Some(7)),
        );
        let data = futures::executor::block_on(full.create_inherent_data()).unwrap();
        assert_eq!(data.get_data(&beacon::INHERENT_IDENTIFIER).unwrap(), made);
        assert_eq!(
            data.get_data::<BlockNumber>(&vdpos::INHERENT_IDENTIFIER)
                .unwrap(),
            Some(7)
        );

        let empty = (ContributionProvider(None), FinalizedProvider(None));
        let data = futures::executor::block_on(empty.create_inherent_data()).unwrap();
        assert_eq!(data.len(), 0);
    }

    #[test]
    fn a_missing_contribution_is_named_in_the_error() {
        let provider = ContributionProvider(None);
        let handled = futures::executor::block_on(
            provider.try_handle_error(&beacon::INHERENT_IDENTIFIER, &[0]),
        );
        let error = handled.unwrap().unwrap_err().to_string();
        assert!(error.contains("no beacon contribution"), "{error}");
        let other = futures::executor::block_on(provider.try_handle_error(b"timstap0", &[0]));
        assert!(other.is_none());
    }
}
