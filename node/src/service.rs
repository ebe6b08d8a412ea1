//! Assembles the node: client, pool, network, block production, finality, address book, RPC.

use crate::{
    authoring, cli::Cli, equivocation, keys, memory, pool, proposer::ProposerFactory, relay, rpc,
    shutdown::OpenDatabase, signatures, storage,
};
use futures::StreamExt;
use parlance_relay::service::Transport;
use parlance_runtime::{RuntimeApi, opaque::Block};
use sc_client_api::{Backend, BlockBackend};
use sc_consensus_aura::{ImportQueueParams, SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{FinalityProofProvider, SharedVoterState};
use sc_executor::{DEFAULT_HEAP_ALLOC_STRATEGY, HeapAllocStrategy};
use sc_network::{NetworkBackend, config::FullNetworkConfiguration, event::Event};
use sc_service::{
    BuildNetworkParams, Configuration, SpawnTasksParams, TaskManager, WarpSyncConfig,
    error::Error as ServiceError,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus::SyncOracle;
use sp_consensus_aura::sr25519::{AuthorityId as AuraId, AuthorityPair as AuraPair};
use sp_runtime::traits::Block as BlockT;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// What the runtime may call; signature checks go through the cache of [`signatures`].
#[cfg(not(feature = "runtime-benchmarks"))]
type HostFunctions = signatures::HostFunctions;
/// The same, and what a runtime with benchmarks inside asks for.
#[cfg(feature = "runtime-benchmarks")]
type HostFunctions = (
    signatures::HostFunctions,
    frame_benchmarking::benchmarking::HostFunctions,
);
/// Executes the runtime.
pub type Executor = sc_executor::WasmExecutor<HostFunctions>;
/// The chain.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// Its database.
pub type FullBackend = sc_service::TFullBackend<Block>;
type SelectChain = sc_consensus::LongestChain<FullBackend, Block>;
type GrandpaImport =
    sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;

/// Blocks between two justifications that are kept and served to light clients and warp sync.
const JUSTIFICATION_PERIOD: u32 = 512;
/// Time for which GRANDPA collects votes before it gossips them on: short enough for a round of two votes
/// to fit well into a slot of two seconds.
const GOSSIP_DURATION: Duration = Duration::from_millis(250);

/// What [`new_partial`] makes beside the standard parts.
pub struct Other {
    block_import: GrandpaImport,
    grandpa_link: sc_consensus_grandpa::LinkHalf<Block, FullClient, SelectChain>,
    telemetry: Option<Telemetry>,
}

/// The parts that every command needs.
pub type PartialComponents = sc_service::PartialComponents<
    FullClient,
    FullBackend,
    SelectChain,
    sc_consensus::DefaultImportQueue<Block>,
    pool::Pool,
    Other,
>;

/// What the parts are made with beside the SDK's configuration. The default is for commands that work on the database and take in
/// no transactions.
#[derive(Default)]
pub struct Settings {
    /// Which pool, and how large.
    pub pool: pool::Settings,
    /// Where compiled runtimes are kept; none is beside the chain's database.
    pub compiled_runtimes: Option<PathBuf>,
}

/// Opens the database and makes client, pool and import queue.
pub fn new_partial(
    config: &Configuration,
    settings: &Settings,
) -> Result<PartialComponents, ServiceError> {
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

    let executor = executor(config, settings.compiled_runtimes.as_deref());
    let (client, backend, keystore_container, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(
            config,
            telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
            executor,
            Default::default(),
        )
        .map_err(|error| storage::explain(&config.database, error))?;
    let client = Arc::new(client);
    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager
            .spawn_handle()
            .spawn("telemetry", None, worker.run());
        telemetry
    });

    let select_chain = sc_consensus::LongestChain::new(backend.clone());
    let transaction_pool = pool::build(&settings.pool, config, &client, &task_manager);

    let (block_import, grandpa_link) = sc_consensus_grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        &client,
        select_chain.clone(),
        telemetry.as_ref().map(|telemetry| telemetry.handle()),
    )?;

    let import_queue =
        sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(ImportQueueParams {
            block_import: signatures::PreverifyingImport::new(block_import.clone(), client.clone()),
            justification_import: Some(Box::new(block_import.clone())),
            client: client.clone(),
            create_inherent_data_providers: authoring::for_import(client.clone()),
            spawner: &task_manager.spawn_essential_handle(),
            registry: config.prometheus_registry(),
            check_for_equivocation: Default::default(),
            telemetry: telemetry.as_ref().map(|telemetry| telemetry.handle()),
            compatibility_mode: Default::default(),
        })?;

    Ok(sc_service::PartialComponents {
        client,
        backend,
        task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other: Other {
            block_import,
            grandpa_link,
            telemetry,
        },
    })
}

/// An executor as the settings want it, which keeps compiled runtimes on disk: compiling one takes seconds, and a start needs it
/// several times. The engine's cache lets several processes read and write one folder.
fn executor(config: &Configuration, compiled: Option<&Path>) -> Executor {
    let settings = &config.executor;
    let heap = settings
        .default_heap_pages
        .map_or(DEFAULT_HEAP_ALLOC_STRATEGY, |pages| {
            HeapAllocStrategy::Static {
                extra_pages: pages.try_into().unwrap_or(u32::MAX),
            }
        });
    let beside = || config.base_path.config_dir(config.chain_spec.id());
    let folder = compiled.map_or_else(|| beside().join("compiled-runtimes"), Path::to_path_buf);
    // The engine refuses a relative one. Only a working directory that is gone makes this fail.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    Executor::builder()
        .with_execution_method(settings.wasm_method)
        .with_onchain_heap_alloc_strategy(heap)
        .with_offchain_heap_alloc_strategy(heap)
        .with_max_runtime_instances(settings.max_runtime_instances)
        .with_runtime_cache_size(settings.runtime_cache_size)
        .with_cache_path(folder)
        .build()
}

/// A node that runs.
pub struct Node {
    /// What keeps it running.
    pub tasks: TaskManager,
    /// The database to close after its end.
    pub database: OpenDatabase,
    /// The relay to end before that.
    pub relay: Option<relay::run::Running>,
}

/// Starts a node with the network backend `N`.
pub fn new_full<N: NetworkBackend<Block, <Block as BlockT>::Hash>>(
    config: Configuration,
    cli: &Cli,
) -> Result<Node, ServiceError> {
    signatures::configure(cli.signature_cache, config.prometheus_registry())?;
    let settings = cli
        .settings()
        .map_err(|error| ServiceError::Application(error.into()))?;
    let sc_service::PartialComponents {
        client,
        backend,
        mut task_manager,
        import_queue,
        keystore_container,
        select_chain,
        transaction_pool,
        other:
            Other {
                block_import,
                grandpa_link,
                mut telemetry,
            },
    } = new_partial(&config, &settings)?;
    let keystore = keys::ready(keystore_container.local_keystore());

    let database = OpenDatabase::new(client.clone(), backend.clone());
    let mut net_config = FullNetworkConfiguration::<Block, <Block as BlockT>::Hash, N>::new(
        &config.network,
        config.prometheus_registry().cloned(),
    );
    let metrics = N::register_notification_metrics(config.prometheus_registry());
    let genesis = client
        .block_hash(0)
        .ok()
        .flatten()
        .ok_or_else(|| ServiceError::Other("the database holds no genesis block".into()))?;
    let grandpa_protocol =
        sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
    let (grandpa_config, grandpa_notifications) =
        sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
            grandpa_protocol.clone(),
            metrics.clone(),
            net_config.peer_store_handle(),
        );
    net_config.add_notification_protocol(grandpa_config);
    let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
        backend.clone(),
        grandpa_link.shared_authority_set().clone(),
        Vec::new(),
    ));

    let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
        sc_service::build_network(BuildNetworkParams {
            config: &config,
            net_config,
            client: client.clone(),
            transaction_pool: transaction_pool.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync.clone())),
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;

    spawn_offchain_workers(
        &config,
        &task_manager,
        &client,
        &backend,
        &transaction_pool,
        keystore.clone(),
        network.clone(),
    )?;
    if let Some(database) = config.database.path() {
        sc_storage_monitor::StorageMonitorService::try_spawn(
            cli.storage_monitor.clone(),
            database.to_path_buf(),
            &task_manager.spawn_essential_handle(),
        )
        .map_err(|error| ServiceError::Application(error.into()))?;
    }

    memory::watch(&task_manager);

    let role = config.role;
    let force_authoring = config.force_authoring;
    let name = config.network.node_name.clone();
    let enable_grandpa = !config.disable_grandpa;
    let prometheus_registry = config.prometheus_registry().cloned();
    let publish_non_global_ips = config.network.allow_non_globals_in_dht;
    let public_addresses = config.network.public_addresses.clone();
    let persisted_cache = config.network.net_config_path.clone();

    let desk = start_claims(
        &config,
        cli,
        &task_manager,
        &client,
        &transaction_pool,
        keystore.clone(),
    )?;
    let relay_settings = relay_settings(&config, cli)?;
    let relay_desk = desk.clone();
    let relay_door = relay::bridge::Door::default();

    let voter_state = SharedVoterState::empty();
    let rpc_builder = {
        let client = client.clone();
        let pool = transaction_pool.clone();
        let authority_set = grandpa_link.shared_authority_set().clone();
        let justifications = grandpa_link.justification_stream();
        let voter_state = voter_state.clone();
        let door = relay_door.clone();
        let proofs =
            FinalityProofProvider::new_for_service(backend.clone(), Some(authority_set.clone()));
        Box::new(move |executor| {
            rpc::create(rpc::Deps {
                client: client.clone(),
                pool: pool.clone(),
                desk: desk.clone(),
                door: door.clone(),
                grandpa: rpc::GrandpaDeps {
                    voter_state: voter_state.clone(),
                    authority_set: authority_set.clone(),
                    justifications: justifications.clone(),
                    proofs: proofs.clone(),
                    warp: warp_sync.clone(),
                    executor,
                },
            })
            .map_err(ServiceError::Application)
        })
    };
    sc_service::spawn_tasks(SpawnTasksParams {
        config,
        client: client.clone(),
        backend,
        task_manager: &mut task_manager,
        keystore: keystore.clone(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder,
        network: network.clone(),
        system_rpc_tx,
        tx_handler_controller,
        sync_service: sync_service.clone(),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    let relay = match relay_settings.zip(relay_desk) {
        None => None,
        Some((settings, desk)) => {
            let sync = sync_service.clone();
            let host = relay::run::Host {
                client: client.clone(),
                desk,
                board: relay::figures::Board::registered(prometheus_registry.as_ref())?,
                door: relay_door,
                is_behind: Box::new(move || sync.is_major_syncing()),
            };
            let running = relay::run::start(settings, host)
                .map_err(|error| ServiceError::Application(error.into()))?;
            Some(running)
        }
    };

    task_manager.spawn_handle().spawn(
        "equivocation-watcher",
        Some("consensus"),
        equivocation::watch(
            client.clone(),
            keystore.clone(),
            OffchainTransactionPoolFactory::new(transaction_pool.clone()),
            prometheus_registry.as_ref(),
        ),
    );

    if role.is_authority() {
        let proposer_factory = ProposerFactory::new(
            client.clone(),
            transaction_pool.clone(),
            task_manager.spawn_handle(),
            prometheus_registry.as_ref(),
            telemetry.as_ref().map(|telemetry| telemetry.handle()),
        );
        let aura = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(
            StartAuraParams {
                slot_duration: sc_consensus_aura::slot_duration::<AuraId, _, _>(&*client)?,
                client: client.clone(),
                select_chain,
                block_import,
                proposer_factory,
                create_inherent_data_providers: authoring::for_worker(
                    client.clone(),
                    keystore.clone(),
                ),
                force_authoring,
                backoff_authoring_blocks: None::<()>,
                keystore: keystore.clone(),
                sync_oracle: sync_service.clone(),
                justification_sync_link: sync_service.clone(),
                block_proposal_slot_portion: SlotProportion::new(2f32 / 3f32),
                max_block_proposal_slot_portion: None,
                telemetry: telemetry.as_ref().map(|telemetry| telemetry.handle()),
                compatibility_mode: Default::default(),
            },
        )?;
        task_manager
            .spawn_essential_handle()
            .spawn_blocking("aura", Some("consensus"), aura);

        let dht_events = network
            .event_stream("authority-discovery")
            .filter_map(|event| async {
                match event {
                    Event::Dht(event) => Some(event),
                    _ => None,
                }
            });
        let (worker, _service) = sc_authority_discovery::new_worker_and_service_with_config(
            sc_authority_discovery::WorkerConfig {
                publish_non_global_ips,
                public_addresses,
                persisted_cache_directory: persisted_cache,
                ..Default::default()
            },
            client,
            Arc::new(network.clone()),
            Box::pin(dht_events),
            sc_authority_discovery::Role::PublishAndDiscover(keystore.clone()),
            prometheus_registry.clone(),
            task_manager.spawn_handle(),
        );
        task_manager
            .spawn_handle()
            .spawn("authority-discovery", Some("network"), worker.run());
    }

    if enable_grandpa {
        let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
            config: sc_consensus_grandpa::Config {
                gossip_duration: GOSSIP_DURATION,
                justification_generation_period: JUSTIFICATION_PERIOD,
                name: Some(name),
                observer_enabled: false,
                keystore: role.is_authority().then(|| keystore.clone()),
                local_role: role,
                telemetry: telemetry.as_ref().map(|telemetry| telemetry.handle()),
                protocol_name: grandpa_protocol,
            },
            link: grandpa_link,
            network,
            sync: Arc::new(sync_service),
            notification_service: grandpa_notifications,
            // The default rules stay two blocks behind the best one, which alone would be the four
            // seconds that finality may take. With slots of two seconds a block has reached the
            // others before they vote; what is left is the rule that bounds a long stall.
            voting_rule: sc_consensus_grandpa::VotingRulesBuilder::new()
                .add(sc_consensus_grandpa::ThreeQuartersOfTheUnfinalizedChain)
                .build(),
            prometheus_registry,
            shared_voter_state: voter_state,
            telemetry: telemetry.as_ref().map(|telemetry| telemetry.handle()),
            offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
        })?;
        task_manager.spawn_essential_handle().spawn_blocking(
            "grandpa-voter",
            Some("consensus"),
            voter,
        );
    }

    Ok(Node {
        tasks: task_manager,
        database,
        relay,
    })
}

/// What the relay is told, if there is to be one.
fn relay_settings(
    config: &Configuration,
    cli: &Cli,
) -> Result<Option<relay::run::Settings>, ServiceError> {
    let params = &cli.relay;
    let Some(account) = params.relay_account.clone().filter(|_| params.relay) else {
        return Ok(None);
    };
    let folder = config.base_path.config_dir(config.chain_spec.id());
    let key_file = relay::key::file(params.relay_key.as_deref(), &folder);
    let key = relay::key::read_or_make(&key_file)
        .map_err(|error| ServiceError::Application(error.into()))?;
    let listen = match params.relay_listen.as_slice() {
        [] => relay::run::default_listen(),
        addresses => addresses.to_vec(),
    };
    Ok(Some(relay::run::Settings {
        account,
        key,
        key_file,
        listen,
        limit: params.relay_limit_mib.saturating_mul(1 << 20),
        transport: Transport {
            congestion: params.relay_congestion,
            fallback: !params.relay_no_fallback,
        },
        store: folder.join("relay").join("store"),
    }))
}

/// Starts the worker of a relay, if there is to be one, and returns where its tickets and receipts go.
fn start_claims(
    config: &Configuration,
    cli: &Cli,
    task_manager: &TaskManager,
    client: &Arc<FullClient>,
    pool: &Arc<pool::Pool>,
    keystore: sp_keystore::KeystorePtr,
) -> Result<Option<relay::Desk>, ServiceError> {
    let Some(account) = cli.relay.relay_account.clone() else {
        return Ok(None);
    };
    let folder = config.base_path.config_dir(config.chain_spec.id());
    let settings = relay::Settings {
        account,
        folder: folder.join("relay-claims"),
    };
    let worker = relay::Worker::open(client.clone(), pool.clone(), keystore, settings)
        .map_err(|error| ServiceError::Application(error.into()))?;
    let (desk, source) = relay::Desk::new();
    task_manager
        .spawn_handle()
        .spawn_blocking("relay-claims", Some("relay"), worker.run(source));
    Ok(Some(desk))
}

fn spawn_offchain_workers(
    config: &Configuration,
    task_manager: &TaskManager,
    client: &Arc<FullClient>,
    backend: &Arc<FullBackend>,
    pool: &Arc<pool::Pool>,
    keystore: sp_keystore::KeystorePtr,
    network: Arc<dyn sc_network::service::traits::NetworkService>,
) -> Result<(), ServiceError> {
    if !config.offchain_worker.enabled {
        return Ok(());
    }
    let workers = sc_offchain::OffchainWorkers::new(sc_offchain::OffchainWorkerOptions {
        runtime_api_provider: client.clone(),
        keystore: Some(keystore),
        offchain_db: backend.offchain_storage(),
        transaction_pool: Some(OffchainTransactionPoolFactory::new(pool.clone())),
        network_provider: Arc::new(network),
        is_validator: config.role.is_authority(),
        // No pallet asks for it, and it would tie every validator to the host's certificate store.
        enable_http_requests: false,
        custom_extensions: |_| Vec::new(),
    })?;
    task_manager.spawn_handle().spawn(
        "offchain-workers",
        Some("offchain"),
        workers.run(client.clone(), task_manager.spawn_handle()),
    );
    Ok(())
}
