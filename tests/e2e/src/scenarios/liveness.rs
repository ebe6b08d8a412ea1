//! Four validators: block time, finality, and what two dead ones do to both.

use std::{collections::BTreeMap, time::Instant};

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    chain::Chain,
    facts::{self, Block},
    harness::{Group, Stage},
    network::Network,
    wait::{seconds, until},
};

const STEADY: &str = "a block in every slot, and each final within seconds";
const HALVED: &str = "two of four killed: blocks go on, finality stops; one back: it resumes";

/// Blocks over which the figures are taken.
const MEASURED: usize = 30;
/// Slots that may stay empty while that many blocks are made. Two cores carry the whole network
/// and other groups besides; a healthy one misses none.
const MAY_MISS: u64 = 6;
/// Longest finality lag that still counts as alive.
const LIVELY: f64 = 20.0;

pub fn group() -> Group {
    Group {
        name: "liveness",
        scenarios: &[STEADY, HALVED],
        run: |stage| Box::pin(run(stage)),
    }
}

async fn run(stage: &Stage) -> Result<()> {
    let mut network = Network::start(&stage.binary, &stage.directory("net")?, 4).await?;
    stage.scenario(STEADY, steady(stage, &network)).await?;
    stage.scenario(HALVED, halved(stage, &mut network)).await
}

async fn steady(stage: &Stage, network: &Network) -> Result<()> {
    let node = &network.nodes[0];
    let chain = Chain::connect(&node.url()).await?;
    // Both streams begin with blocks from before.
    let floor = facts::best(&node.rpc()).await?.number;
    let (mut seen, mut settled) = (BTreeMap::new(), BTreeMap::new());
    let mut best = chain.api().stream_best_blocks().await?;
    let mut finals = chain.api().stream_blocks().await?;
    let watch = async {
        while settled.len() < MEASURED {
            tokio::select! {
                block = best.next() => {
                    let block = block.context("the stream of best blocks ended")??;
                    if block.number() > floor {
                        seen.entry(block.number()).or_insert_with(Instant::now);
                    }
                }
                block = finals.next() => {
                    let block = block.context("the stream of final blocks ended")??;
                    if seen.contains_key(&block.number()) {
                        settled.entry(block.number()).or_insert_with(Instant::now);
                    }
                }
            }
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(seconds(300), watch)
        .await
        .context("30 blocks took over 5 minutes")??;

    let mut lags: Vec<f64> = settled
        .iter()
        .filter_map(|(number, at)| Some(at.saturating_duration_since(*seen.get(number)?)))
        .map(|lag| lag.as_secs_f64())
        .collect();
    lags.sort_by(f64::total_cmp);
    let (first, last) = (
        *settled.keys().next().context("no block")?,
        last_key(&settled)?,
    );
    let rpc = node.rpc();
    let slot_at = async |number: u64| -> Result<u64> {
        let hash = facts::hash_at(&rpc, number)
            .await?
            .context("a final block is gone")?;
        facts::slot_of(&rpc, &hash).await
    };
    let slots = slot_at(last).await? - slot_at(first).await?;
    let blocks = last - first;
    let missed = slots.saturating_sub(blocks);
    let took = settled[&last].duration_since(settled[&first]).as_secs_f64();
    stage.figure(&format!(
        "{blocks} blocks, {:.2} s each, {missed} of {slots} slots empty; seen to final \
         p50 {:.2} s, p95 {:.2} s",
        took / blocks as f64,
        percentile(&lags, 50),
        percentile(&lags, 95),
    ));
    ensure!(missed <= MAY_MISS, "{missed} of {slots} slots stayed empty");
    ensure!(
        percentile(&lags, 95) <= LIVELY,
        "finality lags {:.1} s",
        percentile(&lags, 95)
    );
    same_chain(network, &facts::finalized(&rpc).await?).await
}

async fn halved(stage: &Stage, network: &mut Network) -> Result<()> {
    let rpc = network.node("alice")?.rpc();
    network.node("charlie")?.kill().await?;
    network.node("dave")?.kill().await?;
    let at_death = facts::best(&rpc).await?;

    network
        .node("alice")?
        .best_at_least(at_death.number + 2, seconds(120))
        .await?;
    let stuck = facts::finalized(&rpc).await?;
    ensure!(
        stuck.number <= at_death.number + 1,
        "final without a majority: {stuck:?}"
    );
    network
        .node("alice")?
        .best_at_least(at_death.number + 7, seconds(180))
        .await?;
    let still = facts::finalized(&rpc).await?;
    ensure!(
        still == stuck,
        "two of four made a block final: {stuck:?}, then {still:?}"
    );
    let unsettled = facts::best(&rpc).await?;

    let start = Instant::now();
    network.node("charlie")?.start_and_wait().await?;
    network
        .node("alice")?
        .final_at_least(unsettled.number, seconds(240))
        .await?;
    stage.figure(&format!(
        "{} blocks without finality; final again {:.1} s after the third started",
        unsettled.number - stuck.number,
        start.elapsed().as_secs_f64()
    ));
    let kept = facts::hash_at(&rpc, stuck.number).await?;
    ensure!(
        kept.as_deref() == Some(stuck.hash.as_str()),
        "a final block was replaced: {kept:?}"
    );

    network.node("dave")?.start_and_wait().await?;
    let head = facts::finalized(&rpc).await?;
    network
        .node("dave")?
        .final_at_least(head.number, seconds(120))
        .await?;
    same_chain(network, &head).await?;
    for node in &mut network.nodes {
        node.must_run()?;
    }
    Ok(())
}

/// Every running node has `block` on its best chain.
pub async fn same_chain(network: &Network, block: &Block) -> Result<()> {
    for node in &network.nodes {
        let rpc = node.rpc();
        let what = format!("{} has {block:?}", node.setup.name);
        let hash = until(&what, seconds(60), || async {
            facts::hash_at(&rpc, block.number).await
        })
        .await?;
        ensure!(
            hash == block.hash,
            "{} has {hash} at {block:?}",
            node.setup.name
        );
    }
    Ok(())
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

fn last_key(blocks: &BTreeMap<u64, Instant>) -> Result<u64> {
    blocks.keys().next_back().copied().context("no block")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let lags = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(percentile(&lags, 50), 2.0);
        assert_eq!(percentile(&lags, 95), 4.0);
        assert_eq!(percentile(&[], 95), 0.0);
    }
}
