//! Command line.

use crate::{chain_spec, service};
use parlance_bench_stock_runtime::opaque::Block;
use sc_cli::{
    ExportBlocksCmd, ExportChainSpecCmd, ImportBlocksCmd, RunCmd, SubstrateCli, clap::Parser,
};
use sc_network::config::NetworkBackendType;
use sc_service::PartialComponents;

/// Command line of the peer node.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[clap(flatten)]
    run: RunCmd,
}

/// What it does besides running.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write a chain specification.
    ExportChainSpec(ExportChainSpecCmd),
    /// Write the blocks of the data directory to a file.
    ExportBlocks(ExportBlocksCmd),
    /// Verify and import the blocks of a file.
    ImportBlocks(ImportBlocksCmd),
}

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "Parlance benchmark peer".into()
    }

    fn impl_version() -> String {
        env!("CARGO_PKG_VERSION").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        env!("CARGO_PKG_REPOSITORY").into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
        Ok(Box::new(chain_spec::load(id)?))
    }
}

/// Parses the command line and does what it says.
pub fn run() -> sc_cli::Result<()> {
    let cli = Cli::from_args();
    match &cli.command {
        Some(Command::ExportChainSpec(command)) => command.run(cli.load_spec(&command.chain)?),
        Some(Command::ExportBlocks(command)) => {
            let runner = cli.create_runner(command)?;
            runner.async_run(|config| {
                let PartialComponents {
                    client,
                    task_manager,
                    ..
                } = service::partial(&config)?;
                Ok((command.run(client, config.database), task_manager))
            })
        }
        Some(Command::ImportBlocks(command)) => {
            let runner = cli.create_runner(command)?;
            runner.async_run(|config| {
                let PartialComponents {
                    client,
                    task_manager,
                    import_queue,
                    ..
                } = service::partial(&config)?;
                Ok((
                    command.run::<Block, _, _>(client, import_queue),
                    task_manager,
                ))
            })
        }
        None => {
            let runner = cli.create_runner(&cli.run)?;
            runner.run_node_until_exit(|config| async move {
                match config.network.network_backend {
                    NetworkBackendType::Libp2p => {
                        service::full::<sc_network::NetworkWorker<_, _>>(config)
                    }
                    NetworkBackendType::Litep2p => {
                        service::full::<sc_network::Litep2pNetworkBackend>(config)
                    }
                }
                .map_err(sc_cli::Error::Service)
            })
        }
    }
}
