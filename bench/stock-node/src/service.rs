//! The node: client, pool, network, Aura and GRANDPA.

use crate::consensus::{Consensus, Settings};
use parlance_bench_stock_runtime::{Hash, apis::RuntimeApi, opaque::Block};
use sc_consensus_aura::ImportQueueParams;
use sc_consensus_grandpa::{GrandpaBlockImport, LinkHalf};
use sc_network::NetworkBackend;
use sc_service::{Configuration, Error, PartialComponents, TaskManager, WarpSyncConfig};
use sc_telemetry::{Telemetry, TelemetryHandle, TelemetryWorker};
use sp_consensus_aura::sr25519::AuthorityPair as AuraPair;
use std::sync::Arc;

/// Client of the chain.
pub type Client = sc_service::TFullClient<
    Block,
    RuntimeApi,
    sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>,
>;
/// Pool of transactions.
pub type Pool = sc_transaction_pool::TransactionPoolHandle<Block, Client>;
type Backend = sc_service::TFullBackend<Block>;
/// Says what the best chain is.
pub type SelectChain = sc_consensus::LongestChain<Backend, Block>;
/// Imports blocks, watched by GRANDPA.
pub type BlockImport = GrandpaBlockImport<Backend, Block, Client, SelectChain>;
/// What the node knows of its peers' chains.
pub type SyncingService = Arc<sc_network_sync::SyncingService<Block>>;
type Other = (
    BlockImport,
    LinkHalf<Block, Client, SelectChain>,
    Option<Telemetry>,
);
type Partial = PartialComponents<
    Client,
    Backend,
    SelectChain,
    sc_consensus::DefaultImportQueue<Block>,
    Pool,
    Other,
>;

/// How often GRANDPA keeps a justification, in blocks: the SDK template's value.
pub const JUSTIFICATION_PERIOD: u32 = 512;

/// All that works without a network.
pub fn partial(config: &Configuration) -> Result<Partial, Error> {
    let telemetry = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty())
        .map(|endpoints| -> Result<_, sc_telemetry::Error> {
            let worker = TelemetryWorker::new(16)?;
            let telemetry = worker.handle().new_telemetry(endpoints);
            Ok((worker, telemetry))
        })
        .transpose()?;
    let executor = sc_service::new_wasm_executor::<sp_io::SubstrateHostFunctions>(&config.executor);
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(
            config,
            telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
            executor,
            Vec::new(),
        )?;
    let client = Arc::new(client);
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager
            .spawn_handle()
            .spawn("telemetry", None, worker.run());
        telemetry
    });
    let select_chain = sc_consensus::LongestChain::new(backend.clone());
    let transaction_pool = Arc::from(
        sc_transaction_pool::Builder::new(
            task_manager.spawn_essential_handle(),
            client.clone(),
            config.role.is_authority().into(),
        )
        .with_options(config.transaction_pool.clone())
        .with_prometheus(config.prometheus_registry())
        .build(),
    );
    let (block_import, link) = sc_consensus_grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        &client,
        select_chain.clone(),
        telemetry.as_ref().map(Telemetry::handle),
    )?;
    let handle = telemetry.as_ref().map(Telemetry::handle);
    let import_queue = import_queue(config, &client, &task_manager, block_import.clone(), handle)?;
    Ok(PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: (block_import, link, telemetry),
    })
}

fn import_queue(
    config: &Configuration,
    client: &Arc<Client>,
    task_manager: &TaskManager,
    block_import: BlockImport,
    telemetry: Option<TelemetryHandle>,
) -> Result<sc_consensus::DefaultImportQueue<Block>, Error> {
    let at = client.clone();
    Ok(sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(
        ImportQueueParams {
            block_import: block_import.clone(),
            justification_import: Some(Box::new(block_import)),
            client: client.clone(),
            create_inherent_data_providers: move |parent, ()| {
                let client = at.clone();
                async move {
                    let slot_duration =
                        sc_consensus_aura::standalone::slot_duration_at(&*client, parent)?;
                    Ok(inherents(slot_duration))
                }
            },
            spawner: &task_manager.spawn_essential_handle(),
            registry: config.prometheus_registry(),
            check_for_equivocation: Default::default(),
            telemetry,
            compatibility_mode: Default::default(),
        },
    )?)
}

type Inherents = (
    sp_consensus_aura::inherents::InherentDataProvider,
    sp_timestamp::InherentDataProvider,
);

/// The slot and the time of a block that is built now.
pub fn inherents(slot_duration: sp_consensus_aura::SlotDuration) -> Inherents {
    let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
    let slot = sp_consensus_aura::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
        *timestamp,
        slot_duration,
    );
    (slot, timestamp)
}

/// Starts the whole node.
pub fn full<N: NetworkBackend<Block, Hash>>(config: Configuration) -> Result<TaskManager, Error> {
    let PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: (block_import, link, mut telemetry),
    } = partial(&config)?;

    let mut net_config = sc_network::config::FullNetworkConfiguration::<Block, Hash, N>::new(
        &config.network,
        config.prometheus_registry().cloned(),
    );
    let metrics = N::register_notification_metrics(config.prometheus_registry());
    let (protocol, notifications) =
        add_finality_protocol(&config, &client, &mut net_config, metrics.clone());
    let warp_sync = sc_consensus_grandpa::warp_proof::NetworkProvider::new(
        backend.clone(),
        link.shared_authority_set().clone(),
        Vec::new(),
    );
    let (network, system_rpc_tx, tx_handler_controller, sync, _bitswap) =
        sc_service::build_network(sc_service::BuildNetworkParams {
            config: &config,
            net_config,
            client: client.clone(),
            transaction_pool: transaction_pool.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(Arc::new(warp_sync))),
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;

    let settings = Settings::of(&config, protocol);
    let rpc_builder = {
        let client = client.clone();
        let pool = transaction_pool.clone();
        Box::new(move |_| Ok(crate::rpc::module(client.clone(), pool.clone())?))
    };
    let _rpc_handlers = sc_service::spawn_tasks(sc_service::SpawnTasksParams {
        config,
        client: client.clone(),
        backend,
        task_manager: &mut task_manager,
        keystore: keystore_container.keystore(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder,
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync.clone(),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    let consensus = Consensus {
        settings,
        keystore: keystore_container.keystore(),
        client,
        select_chain,
        block_import,
        link,
        pool: transaction_pool,
        network,
        sync,
        notifications,
        telemetry: telemetry.as_ref().map(Telemetry::handle),
    };
    consensus.start(&task_manager)?;
    Ok(task_manager)
}

/// Adds GRANDPA's messages to what the network carries.
fn add_finality_protocol<N: NetworkBackend<Block, Hash>>(
    config: &Configuration,
    client: &Client,
    net_config: &mut sc_network::config::FullNetworkConfiguration<Block, Hash, N>,
    metrics: sc_network::NotificationMetrics,
) -> (
    sc_network::ProtocolName,
    Box<dyn sc_network::NotificationService>,
) {
    let genesis_hash = client.chain_info().genesis_hash;
    let protocol = sc_consensus_grandpa::protocol_standard_name(&genesis_hash, &config.chain_spec);
    let (protocol_config, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
        protocol.clone(),
        metrics,
        net_config.peer_store_handle(),
    );
    net_config.add_notification_protocol(protocol_config);
    (protocol, notifications)
}
