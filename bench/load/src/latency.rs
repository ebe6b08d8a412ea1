//! From submitting a transfer to its being final, under a light load.

use crate::{
    rpc,
    statistics::{self, Spread},
    transactions::{self, Wanted},
};
use anyhow::{Context, Result, bail};
use clap::Args;
use futures::future;
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, Instant};
use subxt::rpcs::{client::RpcClient, rpc_params};

/// What to do.
#[derive(Args)]
pub struct Options {
    /// WebSocket addresses of the nodes; the load is spread over them.
    #[arg(long = "url", required = true)]
    urls: Vec<String>,
    /// Number of the first sender; senders must not have sent anything before.
    #[arg(long, default_value_t = 0)]
    first: u32,
    /// How many transfers.
    #[arg(long)]
    count: u32,
    /// Transfers per second.
    #[arg(long, default_value_t = 2.0)]
    rate: f64,
    /// How long a transfer may take before the run counts as failed, in seconds.
    #[arg(long, default_value_t = 120)]
    patience: u64,
}

/// What came out.
#[derive(Serialize)]
pub struct Report {
    /// From submission to finality, in the order of submission, in milliseconds.
    final_ms: Vec<f64>,
    /// From submission to inclusion in a best block, likewise.
    included_ms: Vec<f64>,
    /// Spread of `final_ms`.
    finality: Option<Spread>,
    /// Spread of `included_ms`.
    inclusion: Option<Spread>,
}

/// Times of one transfer, in milliseconds from its submission.
struct Times {
    included: f64,
    finalized: f64,
}

/// Submits and waits.
pub async fn measure(options: Options) -> Result<Report> {
    let wanted = Wanted {
        first: options.first,
        count: options.count,
    };
    let url = options.urls.first().context("no node given")?;
    let signed = transactions::signed(url, wanted, None).await?;
    let clients = rpc::connect(&options.urls, 1).await?;
    let start = tokio::time::Instant::now();
    let patience = Duration::from_secs(options.patience);
    let watched = signed.iter().enumerate().map(|(index, encoded)| {
        let client = &clients[index % clients.len()];
        let due = start + Duration::from_secs_f64(index as f64 / options.rate);
        async move {
            tokio::time::sleep_until(due).await;
            tokio::time::timeout(patience, watch(client, encoded))
                .await
                .with_context(|| format!("transfer {index} was not final in time"))?
        }
    });
    let times = future::try_join_all(watched).await?;
    let final_ms: Vec<_> = times.iter().map(|times| times.finalized).collect();
    let included_ms: Vec<_> = times.iter().map(|times| times.included).collect();
    Ok(Report {
        finality: statistics::spread(final_ms.clone()),
        inclusion: statistics::spread(included_ms.clone()),
        final_ms,
        included_ms,
    })
}

async fn watch(client: &RpcClient, encoded: &[u8]) -> Result<Times> {
    let submitted = Instant::now();
    let text = format!("0x{}", hex::encode(encoded));
    let mut states = client
        .subscribe::<Value>(
            "author_submitAndWatchExtrinsic",
            rpc_params![text],
            "author_unwatchExtrinsic",
        )
        .await?;
    let mut included = None;
    while let Some(state) = states.next().await {
        let state = state?;
        let now = submitted.elapsed().as_secs_f64() * 1e3;
        let has = |name: &str| state.as_str() == Some(name) || state.get(name).is_some();
        if has("inBlock") {
            included.get_or_insert(now);
        } else if has("finalized") {
            return Ok(Times {
                included: included.unwrap_or(now),
                finalized: now,
            });
        } else if ["invalid", "dropped", "usurped", "finalityTimeout"]
            .into_iter()
            .any(has)
        {
            bail!("the node gave up on a transfer: {state}");
        }
    }
    bail!("the node ended the subscription")
}
