//! Runs what the command line asks for.

use crate::{
    chain_spec,
    cli::{Cli, Subcommand},
    service, storage,
};
use clap::{CommandFactory, FromArgMatches};
use parlance_runtime::opaque::Block;
use sc_cli::SubstrateCli;
use sc_network::config::NetworkBackendType;
use sc_service::PartialComponents;
use sp_runtime::traits::Block as BlockT;

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Parlance".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    fn executable_name() -> String {
        "parlance".into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        "the issues of the repository".into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        Ok(Box::new(chain_spec::load_with_state(id)?))
    }
}

/// Parses the command line and runs it to the end.
pub fn run() -> sc_cli::Result<()> {
    let cli = parse();
    match &cli.subcommand {
        None => run_node(&cli),
        Some(Subcommand::Key(command)) => command.run(&cli),
        // With the preset's own words instead of the state that they make.
        Some(Subcommand::BuildSpec(command)) => {
            command.run(Box::new(chain_spec::load(&command.chain)?))
        }
        Some(Subcommand::CheckBlock(command)) => cli.create_runner(command)?.async_run(|config| {
            let PartialComponents {
                client,
                task_manager,
                import_queue,
                ..
            } = service::new_partial(&config, &Default::default())?;
            Ok((command.run(client, import_queue), task_manager))
        }),
        Some(Subcommand::ExportBlocks(command)) => {
            cli.create_runner(command)?.async_run(|config| {
                let PartialComponents {
                    client,
                    task_manager,
                    ..
                } = service::new_partial(&config, &Default::default())?;
                Ok((command.run(client, config.database), task_manager))
            })
        }
        Some(Subcommand::ExportState(command)) => cli.create_runner(command)?.async_run(|config| {
            let PartialComponents {
                client,
                task_manager,
                ..
            } = service::new_partial(&config, &Default::default())?;
            Ok((command.run(client, config.chain_spec), task_manager))
        }),
        Some(Subcommand::ImportBlocks(command)) => {
            cli.create_runner(command)?.async_run(|config| {
                let PartialComponents {
                    client,
                    task_manager,
                    import_queue,
                    ..
                } = service::new_partial(&config, &Default::default())?;
                Ok((command.run(client, import_queue), task_manager))
            })
        }
        Some(Subcommand::PurgeChain(command)) => cli
            .create_runner(command)?
            .sync_run(|config| command.run(config.database)),
        Some(Subcommand::Revert(command)) => cli.create_runner(command)?.async_run(|config| {
            let PartialComponents {
                client,
                task_manager,
                backend,
                ..
            } = service::new_partial(&config, &Default::default())?;
            let revert_finality = Box::new(|client, _, blocks| {
                sc_consensus_grandpa::revert(client, blocks)?;
                Ok(())
            });
            Ok((
                command.run(client, backend, Some(revert_finality)),
                task_manager,
            ))
        }),
        Some(Subcommand::ChainInfo(command)) => cli
            .create_runner(command)?
            .sync_run(|config| command.run::<Block>(&config)),
        Some(Subcommand::RelayKey(command)) => command.run(&cli),
        Some(Subcommand::Completions { shell }) => {
            clap_complete::generate(
                *shell,
                &mut Cli::command(),
                Cli::executable_name(),
                &mut std::io::stdout(),
            );
            Ok(())
        }
        #[cfg(feature = "runtime-benchmarks")]
        Some(Subcommand::Benchmark(command)) => crate::benchmarking::run(&cli, command),
    }
}

/// The command line with the SDK's settings and two defaults of our own. The SDK keeps a pool of Wasm
/// instances and wipes one after each call, which costs more than a new one (docs/decisions/0007-weights.md);
/// and its fork-aware pool of transactions checks each of them alone (docs/decisions/0009-batches.md).
fn parse() -> Cli {
    let command = Cli::setup_command(Cli::command())
        .mut_arg("wasmtime_instantiation_strategy", |argument| {
            argument.default_value("recreate-instance-copy-on-write")
        })
        .mut_arg("pool_type", |argument| {
            argument.default_value("single-state")
        });
    Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

fn run_node(cli: &Cli) -> sc_cli::Result<()> {
    let runner = cli.create_runner(&cli.run)?;
    let mut opened = None;
    let database = &mut opened;
    let ended = runner.run_node_until_exit(move |config| async move {
        storage::check_base_path(config.base_path.path())?;
        let service::Node {
            tasks,
            database: open,
            relay,
        } = match config.network.network_backend {
            NetworkBackendType::Libp2p => service::new_full::<
                sc_network::NetworkWorker<Block, <Block as BlockT>::Hash>,
            >(config, cli),
            NetworkBackendType::Litep2p => {
                service::new_full::<sc_network::Litep2pNetworkBackend>(config, cli)
            }
        }
        .map_err(sc_cli::Error::Service)?;
        *database = Some((open, relay));
        Ok(tasks)
    });
    if let Some((database, relay)) = opened {
        // It reads the chain until its end.
        drop(relay);
        database.close();
    }
    ended
}
