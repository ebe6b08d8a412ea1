//! The command line.

use crate::{pool, relay, service};
use clap::Parser;
use parlance_endpoint::Congestion;
use parlance_primitives::AccountId;
use sc_cli::{CliConfiguration, RunCmd};
use sp_core::crypto::Ss58Codec;
use std::{net::SocketAddr, path::PathBuf};

/// Parlance node: `parlance --dev` starts a chain of one; `parlance --help` lists what else it does.
#[derive(Debug, Parser)]
#[command(propagate_version = true)]
pub struct Cli {
    /// What to do instead of running a node.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    /// How to run a node.
    #[clap(flatten)]
    pub run: RunCmd,

    /// How to watch the free space of the database's disk.
    #[clap(flatten)]
    pub storage_monitor: sc_storage_monitor::StorageMonitorParams,

    /// Memory for verified signatures, in MiB; 0 turns the cache and the parallel check off.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(0..=4096))]
    pub signature_cache: u32,

    /// Folder for compiled runtimes, which nodes on one machine may share so that one of them compiles for all. Who can
    /// write to it can run code in the node. Without it: compiled-runtimes in the chain's folder of the base path.
    #[arg(long, value_name = "FOLDER")]
    pub compiled_runtimes: Option<PathBuf>,

    /// Whether and how to be a relay.
    #[clap(flatten)]
    pub relay: RelayParams,
}

/// Flags of the relay.
#[derive(Debug, clap::Args)]
pub struct RelayParams {
    /// Claim, open and be paid for the relay of this account. Its sr25519 key is in the keystore as type rlay.
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub relay_account: Option<AccountId>,

    /// Carry messages as the relay of --relay-account, from when it is in a roster on.
    #[arg(long, requires = "relay_account")]
    pub relay: bool,

    /// Where the relay listens for UDP; may be given several times. Without it: port 30400 of all addresses.
    #[arg(long, value_name = "ADDRESS", requires = "relay")]
    pub relay_listen: Vec<SocketAddr>,

    /// What the relay may store, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 65_536, value_parser = clap::value_parser!(u64).range(64..=1 << 24))]
    pub relay_limit_mib: u64,

    /// File with the secret key of the relay's endpoint, 64 hexadecimal digits. Without it: relay/endpoint.key in the chain's
    /// folder of the base path. It is made if there is none; `parlance relay-key` shows its public key.
    #[arg(long, value_name = "FILE")]
    pub relay_key: Option<PathBuf>,

    /// Pass nothing on between devices. Without it the relay does, over TCP at the port number at which it listens for UDP.
    #[arg(long, requires = "relay")]
    pub relay_no_fallback: bool,

    /// What decides how fast the relay sends: udx, or cubic.
    #[arg(long, value_name = "NAME", default_value_t, requires = "relay")]
    pub relay_congestion: Congestion,
}

/// Reads an account as people write it.
fn account(text: &str) -> Result<AccountId, String> {
    AccountId::from_string(text).map_err(|error| format!("{text} is no account: {error:?}"))
}

impl Cli {
    /// What the parts of every node are made with.
    ///
    /// # Errors
    /// When `--chain` and `--dev` contradict each other.
    pub fn settings(&self) -> sc_cli::Result<service::Settings> {
        Ok(service::Settings {
            pool: pool::Settings::new(&self.run.pool_config, self.run.is_dev()?),
            compiled_runtimes: self.compiled_runtimes.clone(),
        })
    }
}

/// Commands beside running a node.
#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant, reason = "parsed once per process")]
pub enum Subcommand {
    /// Make, inspect and insert keys.
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),

    /// Write a chain specification as JSON.
    #[command(name = "build-spec", alias = "export-chain-spec")]
    BuildSpec(sc_cli::ExportChainSpecCmd),

    /// Validate blocks of the database again.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Write blocks to a file.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Write the state at a block as a chain specification.
    ExportState(sc_cli::ExportStateCmd),

    /// Read blocks from a file.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Remove the chain's database.
    PurgeChain(sc_cli::PurgeChainCmd),

    /// Take back the newest blocks that are not final.
    Revert(sc_cli::RevertCmd),

    /// Show what the database holds.
    ChainInfo(sc_cli::ChainInfoCmd),

    /// Show the public key of the relay's endpoint, which is what to register. Makes the key if there is none.
    RelayKey(relay::key::ShowKeyCmd),

    /// Write a completion script for a shell to standard output.
    Completions {
        /// Shell to write for.
        shell: clap_complete::Shell,
    },

    /// Measure pallets, blocks and the machine.
    #[cfg(feature = "runtime-benchmarks")]
    #[command(subcommand)]
    Benchmark(frame_benchmarking_cli::BenchmarkCmd),
}
