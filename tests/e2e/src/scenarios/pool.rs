//! What becomes of many transactions at once, good and bad.

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use parlance_e2e::{
    chain::{Chain, TOKEN, account, address, call, key},
    harness::{Group, Stage},
    node::{Node, Setup},
    rpc::Rpc,
    wait::{seconds, until},
};
use serde_json::json;
use subxt::{dynamic::Value, utils::AccountId32};

const BURST: &str =
    "a burst out of order and with rubbish in between: each good transaction is final once";
const WORTHLESS: &str =
    "a transaction that another one made worthless leaves the pool and pays nothing";
const FORK_AWARE: &str = "the SDK's fork-aware pool can be chosen and works";

/// Who sends, and how much each.
const SENDERS: [&str; 5] = ["//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"];
const EACH: u64 = 120;
/// Submissions under way at once.
const AT_ONCE: usize = 64;

pub fn group() -> Group {
    Group {
        name: "pool",
        scenarios: &[BURST, WORTHLESS, FORK_AWARE],
        run: |stage| Box::pin(run(stage)),
    }
}

async fn run(stage: &Stage) -> Result<()> {
    let node = started(stage, "batches", &[]).await?;
    let chain = Chain::connect(&node.url()).await?;
    stage.scenario(BURST, burst(&chain, &node.rpc())).await?;
    stage
        .scenario(WORTHLESS, worthless(&chain, &node.rpc()))
        .await?;
    node.must_not_have_panicked()?;
    drop(node);
    stage.scenario(FORK_AWARE, fork_aware(stage)).await
}

async fn started(stage: &Stage, name: &str, flags: &[&str]) -> Result<Node> {
    let mut setup = Setup::alone("fast-1", "//Alice");
    setup
        .flags
        .extend(flags.iter().map(|flag| (*flag).to_owned()));
    let mut node = Node::prepare(&stage.binary, stage.directory(name)?, setup).await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    Ok(node)
}

async fn burst(chain: &Chain, rpc: &Rpc) -> Result<()> {
    let receiver = account(&key("//Receiver")?);
    let keys = SENDERS
        .iter()
        .map(|suri| key(suri))
        .collect::<Result<Vec<_>>>()?;
    let mut good = Vec::new();
    let mut first = Vec::new();
    let pay_receiver = pay(&receiver, TOKEN);
    for key in &keys {
        let nonce = chain.nonce(&account(key)).await?;
        first.push(nonce);
        for nonce in nonce..nonce + EACH {
            good.push(chain.signed(&pay_receiver, key, nonce).await?);
        }
    }
    // Rubbish that gets as far as the runtime: signatures that do not fit, and cut-off calls.
    let mut all: Vec<(bool, Vec<u8>)> = Vec::new();
    for (index, bytes) in good.into_iter().enumerate() {
        if index % 3 == 0 {
            let mut damaged = bytes.clone();
            damaged[50] ^= 1;
            all.push((false, damaged));
        }
        all.push((true, bytes));
    }
    shuffle(&mut all);
    let count = all.len();
    let submissions: Vec<_> = all
        .into_iter()
        .map(|(good, bytes)| is_answered_rightly(rpc.clone(), good, bytes))
        .collect();
    let outcomes: Vec<bool> = stream::iter(submissions)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let wrong = outcomes.iter().filter(|right| !**right).count();
    ensure!(wrong == 0, "{wrong} of {count} answers were wrong");

    until("all transfers are final", seconds(90), || async {
        for (key, first) in keys.iter().zip(&first) {
            if chain.nonce(&account(key)).await? < first + EACH {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
    .await?;
    let sent = u128::from(EACH) * SENDERS.len() as u128 * TOKEN;
    let received = chain.free(&receiver).await?;
    ensure!(
        received == sent,
        "{received} units arrived instead of {sent}"
    );
    emptied(rpc).await
}

/// Submits a transaction; whether it is taken in if and only if it is good.
async fn is_answered_rightly(rpc: Rpc, good: bool, bytes: Vec<u8>) -> Result<bool> {
    let bytes = subxt::utils::to_hex(bytes);
    let answer = rpc
        .outcome("author_submitExtrinsic", json!([bytes]))
        .await?;
    Ok(answer.is_ok() == good)
}

async fn worthless(chain: &Chain, rpc: &Rpc) -> Result<()> {
    let spender = key("//Spender")?;
    let receiver = account(&key("//Heir")?);
    chain
        .submit(&pay(&account(&spender), 10 * TOKEN), &key("//Bob")?)
        .await?;
    // Everything, and then what can no longer be paid for. Both are good when they come.
    let everything = call(
        "Balances",
        "transfer_all",
        vec![address(&receiver), Value::bool(false)],
    );
    let sent = [
        chain.signed(&everything, &spender, 0).await?,
        chain.signed(&pay(&receiver, TOKEN), &spender, 1).await?,
    ];
    for bytes in &sent {
        rpc.call(
            "author_submitExtrinsic",
            json!([subxt::utils::to_hex(bytes)]),
        )
        .await?;
    }
    emptied(rpc).await?;
    let received = until("the first is final", seconds(60), || async {
        let free = chain.free(&receiver).await?;
        Ok((free > 0).then_some(free))
    })
    .await?;
    ensure!(received < 10 * TOKEN, "no fee was paid: {received}");
    let left = chain.free(&account(&spender)).await?;
    ensure!(left == 0, "{left} units are left");
    Ok(())
}

async fn fork_aware(stage: &Stage) -> Result<()> {
    let node = started(stage, "fork-aware", &["--pool-type", "fork-aware"]).await?;
    let chain = Chain::connect(&node.url()).await?;
    let receiver = account(&key("//Receiver")?);
    chain.submit(&pay(&receiver, TOKEN), &key("//Bob")?).await?;
    ensure!(
        chain.free(&receiver).await? == TOKEN,
        "the transfer is lost"
    );
    node.must_not_have_panicked()
}

/// Waits until nothing waits in the pool.
async fn emptied(rpc: &Rpc) -> Result<()> {
    until("the pool is empty", seconds(60), || async {
        let pending = rpc.call("author_pendingExtrinsics", json!([])).await?;
        let pending = pending.as_array().context("no list of what waits")?;
        Ok(pending.is_empty().then_some(()))
    })
    .await
}

fn pay(to: &AccountId32, amount: u128) -> parlance_e2e::chain::Call {
    call(
        "Balances",
        "transfer_keep_alive",
        vec![address(to), Value::u128(amount)],
    )
}

/// The same order each time, and nobody's own (xorshift64).
fn shuffle<T>(items: &mut [T]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        items.swap(last, (state % (last as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_loses_nothing_and_changes_the_order() {
        let mut items: Vec<u32> = (0..100).collect();
        shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
