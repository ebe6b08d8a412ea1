//! `parlance-relay --config FILE`: a relay.

use anyhow::Context;
use clap::Parser;
use parlance_relay::{
    config::RelayConfig,
    directory::StaticNetwork,
    figures,
    service::{Parts, Service, Transport},
    storage::Store,
};
use parlance_relay_core::{Config, Limits};
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// A relay of Parlance: keeps messages for devices that are away. This one serves a network that stands in a file, without a chain and without pay;
/// 'parlance --relay' is the relay of a chain.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The relay's configuration, JSON; its form stands in client/relay/host/src/config.rs.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How much it says: error, warn, info, debug or trace.
    #[arg(long, default_value = "info")]
    log: tracing::Level,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_max_level(arguments.log)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    runtime.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let config = RelayConfig::read(&arguments.config)?;
    let key = config.secret_key()?;
    let network = StaticNetwork::open(&config.network)?;
    let limit = config.limit_mib.saturating_mul(1 << 20);
    let store = Store::open(&config.data, limit)?;
    let service = Service::start(Parts {
        key,
        listen: config.listen.clone(),
        transport: Transport {
            congestion: config.congestion,
            fallback: config.fallback,
        },
        store,
        directory: network.clone(),
        config: Config {
            limits: Limits {
                bytes: limit,
                ..Limits::default()
            },
            ..Config::default()
        },
        limits: config.connections,
    })
    .await?;
    let watching = tokio::spawn(network.watch());
    let showing = match config.metrics {
        None => None,
        Some(address) => {
            let listener = figures::listen(address).await;
            let listener = listener.with_context(|| {
                format!("figures cannot be shown at {address}: name a free port")
            })?;
            let own = service.figures().clone();
            Some(tokio::spawn(figures::serve(own, listener)))
        }
    };
    tracing::info!(addresses = ?service.addresses(), "the relay is there");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = service.failed() => tracing::error!("the relay cannot go on"),
    }
    tracing::info!("the relay stops");
    watching.abort();
    if let Some(showing) = showing {
        showing.abort();
    }
    service.stop().await?;
    Ok(())
}
