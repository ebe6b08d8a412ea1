//! As many transfers as the nodes take, counted by their events in final blocks.

use crate::{
    node::{self, Histograms},
    rpc,
    statistics::{self, Spread},
    transactions::{self, Encoded, Wanted},
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    time::{Duration, Instant},
};
use subxt::{
    OnlineClient, PolkadotConfig, dynamic, events::Phase, rpcs::client::RpcClient, rpcs::rpc_params,
};

/// What to do.
#[derive(Args)]
pub struct Options {
    /// WebSocket addresses of the nodes; the load is spread over them, the first is observed.
    #[arg(long = "url", required = true)]
    urls: Vec<String>,
    /// Number of the first sender; senders must not have sent anything before.
    #[arg(long, default_value_t = 0)]
    first: u32,
    /// How many transfers.
    #[arg(long)]
    count: u32,
    /// Connections to each node.
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Submissions that may be under way at once on each connection.
    #[arg(long, default_value_t = 32)]
    in_flight: usize,
    /// When to stop waiting for transfers to become final, in seconds from the first submission.
    #[arg(long, default_value_t = 180)]
    max_seconds: u64,
    /// Processes whose processor time counts: all the nodes'.
    #[arg(long = "pid")]
    pids: Vec<u32>,
    /// Prometheus exporter of the first node, `host:port`.
    #[arg(long)]
    exporter: Option<String>,
    /// File that keeps the signed transfers for the next run on the same chain.
    #[arg(long)]
    signed: Option<PathBuf>,
}

/// One final block.
#[derive(Serialize, Debug, Clone, PartialEq)]
pub struct Block {
    number: u64,
    /// The chain's own clock, in milliseconds.
    timestamp: u64,
    /// `Balances.Transfer` events of our transfers.
    transfers: usize,
}

/// What came out.
#[derive(Serialize)]
pub struct Report {
    submitted: usize,
    /// Submissions that the node refused.
    refused: usize,
    /// Transfers that became final, by events.
    finalized: usize,
    /// Final transfers per second over the steady window.
    finalized_per_second: Option<f64>,
    /// Transfers accepted by the nodes per second, while submitting.
    accepted_per_second: f64,
    /// From submission to finality, in milliseconds.
    latency: Option<Spread>,
    /// Processor seconds of the nodes from the first submission to the last final transfer.
    cpu_seconds: f64,
    /// The same per final transfer, in microseconds.
    cpu_us_per_transfer: Option<f64>,
    histograms: Histograms,
    blocks: Vec<Block>,
}

/// When transfers were submitted, by hash, and what of them has become final.
struct Watch {
    submitted: HashMap<[u8; 32], Option<Instant>>,
    /// Our transfers in each final block, by their place in it, with the moment we learnt of it.
    seen: BTreeMap<u64, (Instant, Vec<(u32, [u8; 32])>)>,
    found: usize,
}

/// Signs, submits, waits, counts.
pub async fn measure(options: Options) -> Result<Report> {
    let wanted = Wanted {
        first: options.first,
        count: options.count,
    };
    let url = options.urls.first().context("no node given")?;
    let signed = transactions::signed(url, wanted, options.signed.as_deref()).await?;
    let clients = rpc::connect(&options.urls, options.connections).await?;
    let observer = rpc::connect(&options.urls[..1], 1).await?.remove(0);
    let exporter = options.exporter.as_deref();
    let histograms_before = exporter
        .map(node::histograms)
        .transpose()?
        .unwrap_or_default();
    // The last block before the load comes along for its timestamp; genesis has none.
    let from = rpc::finalized_number(&observer).await?.max(1);
    let cpu_before = node::cpu_seconds(&options.pids)?;

    let start = Instant::now();
    let deadline = start + Duration::from_secs(options.max_seconds);
    let total = signed.len();
    let submitting = submit(&clients, signed, options.in_flight);
    let watching = watch_finality(&observer, from, total, deadline);
    let (submission, watch) = tokio::join!(submitting, watching);
    let submission = submission?;
    let mut watch = watch?;
    watch.submitted = submission.times;

    let cpu_seconds = node::cpu_seconds(&options.pids)? - cpu_before;
    let histograms_after = exporter
        .map(node::histograms)
        .transpose()?
        .unwrap_or_default();
    let (blocks, latencies) = count(url, &watch).await?;
    let finalized: usize = blocks.iter().map(|block| block.transfers).sum();
    Ok(Report {
        submitted: total,
        refused: submission.refused,
        finalized,
        finalized_per_second: steady_rate(&blocks),
        accepted_per_second: (total - submission.refused) as f64 / submission.seconds,
        latency: statistics::spread(latencies),
        cpu_seconds,
        cpu_us_per_transfer: (finalized > 0).then(|| cpu_seconds * 1e6 / finalized as f64),
        histograms: node::between(&histograms_before, &histograms_after),
        blocks,
    })
}

struct Submission {
    times: HashMap<[u8; 32], Option<Instant>>,
    refused: usize,
    seconds: f64,
}

/// Submits everything, `in_flight` at a time on each connection.
async fn submit(
    clients: &[RpcClient],
    signed: Vec<Encoded>,
    in_flight: usize,
) -> Result<Submission> {
    let start = Instant::now();
    let total = signed.len();
    let answers = stream::iter(signed.into_iter().enumerate())
        .map(|(index, encoded)| {
            let client = &clients[index % clients.len()];
            async move {
                let submitted = Instant::now();
                let text = format!("0x{}", hex::encode(&encoded));
                let answer = client
                    .request::<String>("author_submitExtrinsic", rpc_params![text])
                    .await;
                let time = match answer {
                    Ok(_) => Some(submitted),
                    // A full pool or a clash is an answer; a broken connection ends the run.
                    Err(subxt::rpcs::Error::User(_)) => None,
                    Err(error) => return Err(error),
                };
                Ok((transactions::hash(&encoded), time))
            }
        })
        .buffer_unordered(in_flight * clients.len());
    let times: HashMap<_, _> = answers.try_collect().await?;
    ensure!(times.len() == total, "two transfers were the same");
    let refused = times.values().filter(|time| time.is_none()).count();
    Ok(Submission {
        times,
        refused,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Follows finality until `total` signed transactions were seen or the deadline passed. Only the
/// hashes in final blocks are noted here; events are read when the clock has stopped.
async fn watch_finality(
    observer: &RpcClient,
    from: u64,
    total: usize,
    deadline: Instant,
) -> Result<Watch> {
    let mut watch = Watch {
        submitted: HashMap::new(),
        seen: BTreeMap::new(),
        found: 0,
    };
    let mut heads = rpc::finalized_heads(observer).await?;
    let mut next = from;
    while watch.found < total {
        let head = match tokio::time::timeout_at(deadline.into(), heads.next()).await {
            Ok(head) => head.context("the node ended the subscription")??,
            Err(_) => break,
        };
        let now = Instant::now();
        while next <= head.number()? {
            let body = rpc::body(observer, next).await?;
            // Signed transactions in the version-4 format; inherents are unsigned.
            let ours: Vec<_> = body
                .iter()
                .enumerate()
                .filter(|(_, encoded)| is_signed(encoded))
                .map(|(place, encoded)| (place as u32, transactions::hash(encoded)))
                .collect();
            watch.found += ours.len();
            watch.seen.insert(next, (now, ours));
            next += 1;
        }
    }
    Ok(watch)
}

/// Whether an encoded transaction carries a signature: the top bit of the byte behind its length.
fn is_signed(encoded: &[u8]) -> bool {
    let mut rest = encoded;
    let length = <codec::Compact<u32> as codec::Decode>::decode(&mut rest);
    length.is_ok() && rest.first().is_some_and(|version| version & 0x80 != 0)
}

/// Reads the events of the final blocks and says how many of our transfers each holds, and how
/// long each of these took, in milliseconds.
async fn count(url: &str, watch: &Watch) -> Result<(Vec<Block>, Vec<f64>)> {
    let client = OnlineClient::<PolkadotConfig>::from_insecure_url(url).await?;
    let mut blocks = Vec::new();
    let mut latencies = Vec::new();
    for (number, (known, ours)) in &watch.seen {
        let at = client.at_block(*number).await?;
        let now = dynamic::storage::<(), u64>("Timestamp", "Now");
        let timestamp = at.storage().fetch(now, ()).await?.decode()?;
        let ours: HashMap<_, _> = ours.iter().copied().collect();
        let mut transfers = 0;
        for event in at.events().fetch().await?.iter() {
            let event = event?;
            if (event.pallet_name(), event.event_name()) != ("Balances", "Transfer") {
                continue;
            }
            let Phase::ApplyExtrinsic(place) = event.phase() else {
                continue;
            };
            let Some(hash) = ours.get(&place) else {
                continue;
            };
            let Some(submitted) = watch.submitted.get(hash) else {
                continue;
            };
            transfers += 1;
            let took = submitted.map(|moment| known.saturating_duration_since(moment));
            latencies.extend(took.map(|took| took.as_secs_f64() * 1e3));
        }
        blocks.push(Block {
            number: *number,
            timestamp,
            transfers,
        });
    }
    Ok((blocks, latencies))
}

/// Transfers per second by the chain's clock. The first and the last block with transfers are only
/// partly full, so from five on they are left out.
fn steady_rate(blocks: &[Block]) -> Option<f64> {
    let first = blocks.iter().position(|block| block.transfers > 0)?;
    let last = blocks.iter().rposition(|block| block.transfers > 0)?;
    let full = if last - first >= 4 {
        first + 1..last
    } else {
        first..last + 1
    };
    let before = full.start.checked_sub(1)?;
    let transfers: usize = blocks[full.clone()]
        .iter()
        .map(|block| block.transfers)
        .sum();
    let milliseconds = blocks[full.end - 1]
        .timestamp
        .checked_sub(blocks[before].timestamp)?;
    (milliseconds > 0).then(|| transfers as f64 * 1e3 / milliseconds as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(transfers: &[usize]) -> Vec<Block> {
        (0..)
            .zip(transfers)
            .map(|(number, transfers)| Block {
                number,
                timestamp: number * 2_000,
                transfers: *transfers,
            })
            .collect()
    }

    #[test]
    fn the_rate_leaves_out_blocks_that_are_partly_full() {
        assert_eq!(
            steady_rate(&chain(&[0, 10, 100, 100, 100, 40, 0])),
            Some(50.0)
        );
        assert_eq!(steady_rate(&chain(&[0, 10, 20])), Some(7.5));
        assert_eq!(steady_rate(&chain(&[0, 0])), None);
    }

    #[test]
    fn an_empty_block_in_the_middle_lowers_the_rate() {
        assert_eq!(steady_rate(&chain(&[0, 1, 90, 0, 90, 90, 1])), Some(33.75));
    }

    #[test]
    fn signed_transactions_are_told_from_inherents() {
        assert!(is_signed(&[8, 0x84, 0]));
        assert!(!is_signed(&[8, 0x04, 0]));
        assert!(!is_signed(&[]));
    }
}
