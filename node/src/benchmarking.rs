//! `parlance benchmark`: weights of pallets, cost of blocks and storage, fitness of a machine.
//! Compiled in by the feature `runtime-benchmarks` only.

use crate::{cli::Cli, service};
use frame_benchmarking_cli::{BenchmarkCmd, SUBSTRATE_REFERENCE_HARDWARE};
use parlance_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sp_runtime::traits::HashingFor;

/// Runs one of the benchmark commands.
pub fn run(cli: &Cli, command: &BenchmarkCmd) -> sc_cli::Result<()> {
    cli.create_runner(command)?
        .sync_run(|config| match command {
            BenchmarkCmd::Pallet(command) => {
                command.run_with_spec::<HashingFor<Block>, ()>(Some(config.chain_spec))
            }
            BenchmarkCmd::Block(command) => {
                let parts = service::new_partial(&config)?;
                command.run(parts.client)
            }
            BenchmarkCmd::Storage(command) => {
                let parts = service::new_partial(&config)?;
                let database = parts.backend.expose_db();
                let storage = parts.backend.expose_storage();
                let cache = parts.backend.expose_shared_trie_cache();
                command.run(config, parts.client, database, storage, cache)
            }
            BenchmarkCmd::Machine(command) => {
                command.run(&config, SUBSTRATE_REFERENCE_HARDWARE.clone())
            }
            BenchmarkCmd::Overhead(_) | BenchmarkCmd::Extrinsic(_) => Err(
                "not offered: the cost of whole transfers is measured on a running node, see \
             `scripts/bench P1`"
                    .into(),
            ),
        })
}
