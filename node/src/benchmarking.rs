//! `parlance benchmark`: weights of pallets, cost of blocks and storage, fitness of a machine.
//! Compiled in by the feature `runtime-benchmarks` only.

use crate::{authoring, cli::Cli, service, signatures};
use frame_benchmarking_cli::{
    BenchmarkCmd, OverheadCmd, SUBSTRATE_REFERENCE_HARDWARE, SubstrateRemarkBuilder,
};
use parlance_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_service::Configuration;
use sp_application_crypto::key_types::AURA;
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{
    digests::CompatibleDigestItem, inherents::AuraInherentData, sr25519::AuthoritySignature,
};
use sp_inherents::{CreateInherentDataProviders, InherentDataProvider};
use sp_runtime::{DigestItem, traits::HashingFor};

/// Runs one of the benchmark commands.
pub fn run(cli: &Cli, command: &BenchmarkCmd) -> sc_cli::Result<()> {
    cli.create_runner(command)?
        .sync_run(|config| match command {
            BenchmarkCmd::Pallet(command) => {
                command.run_with_spec::<HashingFor<Block>, ()>(Some(config.chain_spec))
            }
            BenchmarkCmd::Block(command) => {
                let parts = service::new_partial(&config, &Default::default())?;
                command.run(parts.client)
            }
            BenchmarkCmd::Storage(command) => {
                let parts = service::new_partial(&config, &Default::default())?;
                let database = parts.backend.expose_db();
                let storage = parts.backend.expose_storage();
                let cache = parts.backend.expose_shared_trie_cache();
                command.run(config, parts.client, database, storage, cache)
            }
            BenchmarkCmd::Machine(command) => {
                command.run(&config, SUBSTRATE_REFERENCE_HARDWARE.clone())
            }
            BenchmarkCmd::Overhead(command) => measure_overhead(config, command),
            BenchmarkCmd::Extrinsic(_) => Err(
                "not offered: the cost of whole transfers is measured on a running node, see \
             `scripts/bench P1`"
                    .into(),
            ),
        })
}

/// Cost of an empty block and of an empty transaction, on a first block as the single authority of `dev`
/// makes it.
fn measure_overhead(config: Configuration, command: &OverheadCmd) -> sc_cli::Result<()> {
    // Remembered signatures would hide what the first check of one costs.
    signatures::configure(0, None)?;
    let parts = service::new_partial(&config, &Default::default())?;
    let keystore = parts.keystore_container.keystore();
    keystore
        .sr25519_generate_new(AURA, Some("//Alice"))
        .map_err(|error| format!("the key of dev's authority: {error}"))?;
    let data = futures::executor::block_on(async {
        authoring::for_worker(parts.client.clone(), keystore)
            .create_inherent_data_providers(parts.client.info().genesis_hash, ())
            .await?
            .create_inherent_data()
            .await
            .map_err(Into::<Box<dyn std::error::Error + Send + Sync>>::into)
    })
    .map_err(sc_cli::Error::Application)?;
    let slot = data
        .aura_inherent_data()
        .map_err(|error| format!("the slot: {error}"))?
        .ok_or("an author's data names the slot")?;
    let digest = <DigestItem as CompatibleDigestItem<AuthoritySignature>>::aura_pre_digest(slot);
    let remarks = SubstrateRemarkBuilder::new_from_client(parts.client.clone())?;
    command.run(
        config.chain_spec.name().into(),
        parts.client,
        data,
        vec![digest],
        &remarks,
        false,
    )
}
