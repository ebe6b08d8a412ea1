//! An election from both sides: a new validator by the book, votes that move slots, pay to the last
//! unit, and a producer that dies.

use std::{path::PathBuf, process::Stdio, time::Instant};

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    chain::{self, Call, Chain, TOKEN, account, address, call, id, key, number},
    facts::{self, Standing},
    harness::{Group, Stage},
    network::Network,
    node::Node,
    rpc::Rpc,
    wait::{seconds, until},
};
use serde_json::json;
use subxt::{dynamic::Value, utils::AccountId32};

use super::liveness::same_chain;

const BOOK: &str = "the commands of docs/validator.md lead from a key to the first block";
const MOVED: &str = "votes move slots";
const PAID: &str = "voters down to the smallest are paid, and all pay adds up to the emission";
const DEAD: &str = "a killed producer loses its slots, and catches up when it returns";

/// Share of the slots that Bob must reach with most of all votes behind him. Four equals have two or
/// three of ten each, whichever the shuffle gives.
const LARGER: f64 = 0.4;
/// Longest wait for something that needs an election: a full era until the next one is held, one
/// more until it counts, and slack.
const TWO_ERAS: u64 = 240;

pub fn group() -> Group {
    Group {
        name: "election",
        scenarios: &[MOVED, BOOK, PAID, DEAD],
        run: |stage| Box::pin(run(stage)),
    }
}

async fn run(stage: &Stage) -> Result<()> {
    let mut network = Network::start(&stage.binary, &stage.directory("net")?, 4).await?;
    let rpc = network.node("alice")?.rpc();
    let chain = Chain::connect(&network.node("alice")?.url()).await?;
    let before = share(&rpc, &account(&key("//Bob")?)).await?;
    let small = cast_votes(&chain).await?;

    // The newcomer follows the book while the votes wait for their election.
    let mut eve = network.setup("//Eve");
    eve.suri = None;
    // The book chooses how its node keeps state, and that cannot be changed afterwards.
    eve.flags.clear();
    let index = network.prepare(eve).await?;
    let (book, moved) = tokio::join!(
        stage.scenario(BOOK, by_the_book(stage, &network, index)),
        stage.scenario(MOVED, votes_move_slots(stage, &rpc, before)),
    );
    book.and(moved)?;
    network.nodes[index].start_and_wait().await?;

    stage
        .scenario(PAID, everybody_is_paid(stage, &chain, &rpc, &small))
        .await?;
    stage
        .scenario(DEAD, a_producer_dies(stage, &mut network))
        .await
}

/// A big voter and the smallest possible one vote for Bob; returns the small one's secret.
async fn cast_votes(chain: &Chain) -> Result<String> {
    let bob = account(&key("//Bob")?);
    let (big, small) = (key("//Ferdie")?, key("//Ferdie//small")?);
    let least = number(&chain.constant("Balances", "ExistentialDeposit").await?)?;
    let fund = address(&account(&small));
    let gift = call(
        "Balances",
        "transfer_keep_alive",
        vec![fund, Value::u128(TOKEN)],
    );
    let calls = [gift.into_value(), vote(&bob, 60_000 * TOKEN).into_value()];
    let both = call(
        "Utility",
        "batch_all",
        vec![Value::unnamed_composite(calls)],
    );
    chain.submit(&both, &big).await?;
    chain.submit(&vote(&bob, least), &small).await?;
    Ok("//Ferdie//small".to_owned())
}

/// Runs the blocks of docs/validator.md marked for it, as a reader would type them.
async fn by_the_book(stage: &Stage, network: &Network, index: usize) -> Result<()> {
    let node = &network.nodes[index];
    let crate_root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = crate_root
        .ancestors()
        .nth(2)
        .context("the crate lies two levels deep")?;
    let binary = network
        .binary()
        .path()
        .parent()
        .context("a binary in no directory")?;
    let paths = std::env::var("PATH").unwrap_or_default();
    let log = std::fs::File::create(network.root().join("book.log"))?;
    let start = Instant::now();
    let run = tokio::process::Command::new(crate_root.join("doc-blocks"))
        .arg(root.join("docs/validator.md"))
        .env("PATH", format!("{}:{paths}", binary.display()))
        .env("CHAIN", network.chain())
        .env("BOOTNODE", network.nodes[0].address())
        .env("BASE", node.data())
        .env("RPC_PORT", node.rpc_port().to_string())
        .env("P2P_PORT", node.p2p_port().to_string())
        .env("OPERATOR", "//Eve")
        .env("EXTRA", "--no-mdns --allow-private-ip --no-prometheus")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .status();
    let outcome = tokio::time::timeout(seconds(2 * TWO_ERAS), run).await;
    let text = std::fs::read(network.root().join("book.log")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let tail: Vec<&str> = text.lines().rev().take(40).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    let status = outcome.with_context(|| format!("no end:\n{}", tail.join("\n")))??;
    ensure!(
        status.success(),
        "it ended with {status}:\n{}",
        tail.join("\n")
    );
    let seen = facts::producer_of(&network.nodes[0].rpc(), &account(&key("//Eve")?)).await?;
    let seen = seen.context("the newcomer is no producer")?;
    ensure!(
        seen.standing == Standing::Active,
        "the newcomer is {:?}",
        seen.standing
    );
    stage.figure(&format!(
        "from key to first block {:.0} s",
        start.elapsed().as_secs_f64()
    ));
    Ok(())
}

async fn votes_move_slots(stage: &Stage, rpc: &Rpc, before: f64) -> Result<()> {
    let bob = account(&key("//Bob")?);
    let after = until(
        "Bob has a larger share of the slots",
        seconds(TWO_ERAS),
        || async {
            let now = share(rpc, &bob).await?;
            Ok((now >= LARGER && now > before).then_some(now))
        },
    )
    .await?;
    let schedule = facts::schedule(rpc, None).await?;
    let own = schedule.iter().filter(|key| **key == bob.0).count() as u64;
    let told = facts::producer_of(rpc, &bob)
        .await?
        .context("Bob is no producer")?
        .slots;
    stage.figure(&format!(
        "Bob's share of the slots {:.0} % -> {:.0} %",
        before * 100.0,
        after * 100.0
    ));
    ensure!(
        own == told,
        "the schedule gives Bob {own} slots, parlance_producers {told}"
    );
    let longest = longest_run(&schedule);
    ensure!(longest <= 2, "one producer has {longest} slots in a row");
    Ok(())
}

async fn everybody_is_paid(stage: &Stage, chain: &Chain, rpc: &Rpc, small: &str) -> Result<()> {
    let small = key(small)?;
    let due = until(
        "the smallest voter has earned something",
        seconds(TWO_ERAS),
        || async {
            let due = facts::claimable(rpc, &account(&small)).await?;
            Ok((due > 0).then_some(due))
        },
    )
    .await?;
    let claim = call("Vdpos", "claim", vec![]);
    let receipt = chain.submit(&claim, &small).await?;
    let paid = number(receipt.event("Vdpos.Claimed")?.field("amount")?)?;
    ensure!(
        paid >= due,
        "{due} were due to the smallest voter, {paid} were paid"
    );
    for suri in ["//Ferdie", "//Alice", "//Bob", "//Charlie", "//Dave"] {
        let receipt = chain.submit(&claim, &key(suri)?).await?;
        receipt
            .event("Vdpos.Claimed")
            .with_context(|| format!("{suri} got nothing"))?;
    }
    let sums = sums(chain, rpc).await?;
    stage.figure(&format!(
        "the smallest voter got {paid} units; minted {}, claimed {}, in the pot {}",
        sums.minted, sums.claimed, sums.pot
    ));
    ensure!(
        sums.minted == sums.claimed + sums.pot,
        "the pay does not add up"
    );
    ensure!(
        sums.minted == sums.supply,
        "the supply counts {} minted",
        sums.supply
    );
    Ok(())
}

/// Where the emission for production has gone, up to one final block.
struct Sums {
    minted: u128,
    claimed: u128,
    pot: u128,
    supply: u128,
}

async fn sums(chain: &Chain, rpc: &Rpc) -> Result<Sums> {
    let end = facts::finalized(rpc).await?;
    let (mut minted, mut claimed) = (0u128, 0u128);
    for height in 1..=end.number {
        for event in chain.events_at(height).await? {
            match event.name.as_str() {
                "Vdpos.EraPaid" => minted += number(event.field("minted")?)?,
                "Vdpos.Claimed" => claimed += number(event.field("amount")?)?,
                _ => {}
            }
        }
    }
    let pot = chain.free_at(&pot(chain).await?, end.number).await?;
    let supply = rpc.call("parlance_supply", json!([end.hash])).await?;
    Ok(Sums {
        minted,
        claimed,
        pot,
        supply: facts::amount(&supply["minted"])?,
    })
}

/// Account that keeps pay until it is claimed: `modl`, the pallet's id, and zeros.
async fn pot(chain: &Chain) -> Result<AccountId32> {
    let name = chain::bytes_in(&chain.constant("Vdpos", "PotId").await?);
    let mut raw = [0u8; 32];
    raw[..4].copy_from_slice(b"modl");
    raw[4..12].copy_from_slice(name.get(..8).context("a pallet id of fewer than 8 bytes")?);
    Ok(AccountId32(raw))
}

async fn a_producer_dies(stage: &Stage, network: &mut Network) -> Result<()> {
    let bob = account(&key("//Bob")?);
    let rpc = network.node("alice")?.rpc();
    ensure!(share(&rpc, &bob).await? > 0.0, "Bob has no slots to lose");
    network.node("bob")?.kill().await?;
    let start = Instant::now();
    until(
        "the dead producer's slots are taken by others",
        seconds(TWO_ERAS),
        || async { Ok((share(&rpc, &bob).await? == 0.0).then_some(())) },
    )
    .await?;
    let taken = start.elapsed().as_secs_f64();
    let from = facts::best(&rpc).await?;
    network
        .node("alice")?
        .final_at_least(from.number + 8, seconds(120))
        .await?;
    let mut slots = Vec::new();
    for height in from.number + 1..=from.number + 8 {
        let hash = facts::hash_at(&rpc, height)
            .await?
            .context("a final block is gone")?;
        ensure!(
            facts::author_of(&rpc, &hash).await? != bob.0,
            "the dead made block {height}"
        );
        slots.push(facts::slot_of(&rpc, &hash).await?);
    }
    let empty = slots[slots.len() - 1] - slots[0] - 7;
    stage.figure(&format!(
        "slots taken over {taken:.0} s after the kill; {empty} empty after"
    ));

    network.node("bob")?.start_and_wait().await?;
    let head = facts::best(&rpc).await?;
    network
        .node("bob")?
        .final_at_least(head.number, seconds(120))
        .await?;
    let finalized = facts::finalized(&rpc).await?;
    same_chain(network, &finalized).await?;
    network.nodes.iter_mut().try_for_each(Node::must_run)
}

/// Part of the running schedule that belongs to a validator whose slot key is its account key.
async fn share(rpc: &Rpc, account: &AccountId32) -> Result<f64> {
    let schedule = facts::schedule(rpc, None).await?;
    ensure!(!schedule.is_empty(), "the schedule is empty");
    let own = schedule.iter().filter(|key| **key == account.0).count();
    Ok(own as f64 / schedule.len() as f64)
}

/// Most slots in a row with one key, the round taken as a circle.
fn longest_run(schedule: &[[u8; 32]]) -> usize {
    let (mut longest, mut run) = (0, 0);
    for (index, key) in schedule.iter().chain(schedule).enumerate() {
        run = if index > 0 && schedule[(index - 1) % schedule.len()] == *key {
            run + 1
        } else {
            1
        };
        longest = longest.max(run.min(schedule.len()));
    }
    longest
}

fn vote(name: &AccountId32, stake: u128) -> Call {
    call(
        "Vdpos",
        "vote",
        vec![Value::unnamed_composite([id(name)]), Value::u128(stake)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_around_the_end_of_the_round() {
        let (a, b) = ([1; 32], [2; 32]);
        assert_eq!(longest_run(&[a, b, a]), 2);
        assert_eq!(longest_run(&[a, b, b, b]), 3);
        assert_eq!(longest_run(&[a, a]), 2);
    }
}
