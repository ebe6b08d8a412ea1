//! The benchmarks' peer: Aura, GRANDPA, the fork-aware pool and the SDK's own service, in the order
//! in which the SDK wants them and with its defaults. It exists to be compared with, so it has only
//! what a comparison needs: running, chain specifications, exporting and importing blocks.
// The SDK's own error types are that large.
#![allow(clippy::result_large_err)]

mod chain_spec;
mod cli;
mod consensus;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
    cli::run()
}
