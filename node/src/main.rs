//! `parlance`: validator, full node and RPC server of the main chain.

mod authoring;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod chain_spec;
mod cli;
mod command;
mod equivocation;
mod finality;
mod keys;
mod memory;
mod pool;
mod proposer;
mod relay;
mod rpc;
mod service;
mod shutdown;
mod signatures;
mod storage;

fn main() -> sc_cli::Result<()> {
    command::run()
}
