//! Puts a known load on any node of the SDK and tells what became final, when, and at what cost.
//! It knows nothing of the chain but its metadata, so our node and its peer are measured alike.

mod accounts;
mod chain_spec;
mod latency;
mod node;
mod rpc;
mod statistics;
mod throughput;
mod transactions;

use clap::{Parser, Subcommand};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Endow accounts in the genesis state of a raw chain specification.
    Endow {
        /// Raw chain specification to read.
        #[arg(long)]
        spec: PathBuf,
        /// Where to write the result.
        #[arg(long)]
        out: PathBuf,
        /// How many accounts.
        #[arg(long)]
        accounts: u32,
        /// What each gets, in the smallest unit.
        #[arg(long, default_value_t = 1_000_000_000_000)]
        balance: u128,
    },
    /// Submit transfers as fast as the nodes take them and count those that become final.
    Throughput(throughput::Options),
    /// Submit transfers at a steady, low rate and time each until it is final.
    Latency(latency::Options),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Endow {
            spec,
            out,
            accounts,
            balance,
        } => chain_spec::endow(&spec, &out, accounts, balance),
        Command::Throughput(options) => print(&throughput::measure(options).await?),
        Command::Latency(options) => print(&latency::measure(options).await?),
    }
}

fn print(report: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}
