//! The two tasks of a node that takes part: building blocks with Aura, finalising them with GRANDPA.

use crate::service::{
    BlockImport, Client, JUSTIFICATION_PERIOD, Pool, SelectChain, SyncingService, inherents,
};
use futures::FutureExt;
use parlance_bench_stock_runtime::opaque::Block;
use sc_consensus_aura::{SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{GrandpaParams, LinkHalf, SharedVoterState};
use sc_network::{NotificationService, service::traits::NetworkService};
use sc_service::{Configuration, Error, TaskManager};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_aura::sr25519::AuthorityPair as AuraPair;
use std::{sync::Arc, time::Duration};

/// What of the configuration outlives it.
pub struct Settings {
    role: sc_network::config::Role,
    force_authoring: bool,
    name: String,
    disable_grandpa: bool,
    registry: Option<prometheus_endpoint::Registry>,
    protocol: sc_network::ProtocolName,
}

impl Settings {
    /// Takes it from the configuration.
    pub fn of(config: &Configuration, protocol: sc_network::ProtocolName) -> Self {
        Self {
            role: config.role,
            force_authoring: config.force_authoring,
            name: config.network.node_name.clone(),
            disable_grandpa: config.disable_grandpa,
            registry: config.prometheus_registry().cloned(),
            protocol,
        }
    }
}

/// What both tasks work with.
pub struct Consensus {
    /// Role and names.
    pub settings: Settings,
    /// The authority's keys.
    pub keystore: sp_keystore::KeystorePtr,
    /// The chain.
    pub client: Arc<Client>,
    /// Says what the best chain is.
    pub select_chain: SelectChain,
    /// Takes new blocks.
    pub block_import: BlockImport,
    /// GRANDPA's end of the block import.
    pub link: LinkHalf<Block, Client, SelectChain>,
    /// Transactions to put into blocks.
    pub pool: Arc<Pool>,
    /// The network.
    pub network: Arc<dyn NetworkService>,
    /// What the node knows of its peers' chains.
    pub sync: SyncingService,
    /// GRANDPA's messages.
    pub notifications: Box<dyn NotificationService>,
    /// Where events are told, if anywhere.
    pub telemetry: Option<TelemetryHandle>,
}

impl Consensus {
    /// Starts what this node's role asks for.
    pub fn start(self, task_manager: &TaskManager) -> Result<(), Error> {
        if self.settings.role.is_authority() {
            self.author(task_manager)?;
        }
        if !self.settings.disable_grandpa {
            self.vote(task_manager)?;
        }
        Ok(())
    }

    fn author(&self, task_manager: &TaskManager) -> Result<(), Error> {
        let proposer_factory = sc_basic_authorship::ProposerFactory::new(
            task_manager.spawn_handle(),
            self.client.clone(),
            self.pool.clone(),
            self.settings.registry.as_ref(),
            self.telemetry.clone(),
        );
        let slot_duration = sc_consensus_aura::slot_duration(&*self.client)?;
        let aura = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(
            StartAuraParams {
                slot_duration,
                client: self.client.clone(),
                select_chain: self.select_chain.clone(),
                block_import: self.block_import.clone(),
                proposer_factory,
                create_inherent_data_providers: move |_, ()| async move { Ok(inherents(slot_duration)) },
                force_authoring: self.settings.force_authoring,
                backoff_authoring_blocks: None::<()>,
                keystore: self.keystore.clone(),
                sync_oracle: self.sync.clone(),
                justification_sync_link: self.sync.clone(),
                block_proposal_slot_portion: SlotProportion::new(2f32 / 3f32),
                max_block_proposal_slot_portion: None,
                telemetry: self.telemetry.clone(),
                compatibility_mode: Default::default(),
            },
        )?;
        task_manager.spawn_essential_handle().spawn_blocking(
            "aura",
            Some("block-authoring"),
            aura.boxed(),
        );
        Ok(())
    }

    fn vote(self, task_manager: &TaskManager) -> Result<(), Error> {
        let Settings {
            role,
            name,
            registry,
            protocol,
            ..
        } = self.settings;
        let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
            config: sc_consensus_grandpa::Config {
                // The SDK template's value.
                gossip_duration: Duration::from_millis(333),
                justification_generation_period: JUSTIFICATION_PERIOD,
                name: Some(name),
                observer_enabled: false,
                keystore: role.is_authority().then_some(self.keystore),
                local_role: role,
                telemetry: self.telemetry.clone(),
                protocol_name: protocol,
            },
            link: self.link,
            network: self.network,
            sync: self.sync,
            notification_service: self.notifications,
            voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
            prometheus_registry: registry,
            shared_voter_state: SharedVoterState::empty(),
            telemetry: self.telemetry,
            offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(self.pool),
        })?;
        task_manager
            .spawn_essential_handle()
            .spawn_blocking("grandpa-voter", None, voter);
        Ok(())
    }
}
