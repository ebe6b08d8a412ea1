//! What a wallet does, through `subxt`: the Rust sibling of `clients/python` and `clients/js`.

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    chain::{
        self, Call, Chain, TOKEN, account, account_in, address, call, id, key, none, number,
        per_mille, some,
    },
    facts,
    harness::{Group, Stage},
    node::{Node, Setup},
    wait::{seconds, until},
};
use subxt::{
    dynamic::{At, Value},
    utils::AccountId32,
};
use subxt_signer::sr25519::Keypair;

const READ: &str = "subxt reads constants and storage";
const PAY: &str = "a transfer arrives and says so in its events";
const BATCH: &str = "a batch happens as a whole or not at all";
const MULTISIG: &str = "two of three spend from a shared account";
const PROXY: &str = "a proxy acts for its owner until removed";
const FINALITY: &str = "the final blocks come as one chain";
const STAND: &str = "an account becomes a candidate and gets votes";
const EARN: &str = "a voter claims its pay";

pub fn group() -> Group {
    Group {
        name: "subxt",
        scenarios: &[READ, PAY, BATCH, MULTISIG, PROXY, FINALITY, STAND, EARN],
        run: |stage| Box::pin(run(stage)),
    }
}

async fn run(stage: &Stage) -> Result<()> {
    let setup = Setup::alone("fast-1", "//Alice");
    let mut node = Node::prepare(&stage.binary, stage.directory("node")?, setup).await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    let chain = Chain::connect(&node.url()).await?;
    // Cast first: what it earns is claimed last.
    let voter = key("//Ferdie")?;
    chain
        .submit(&vote(&[&account(&key("//Alice")?)], 500 * TOKEN), &voter)
        .await?;

    stage.scenario(READ, read(&chain)).await?;
    stage.scenario(PAY, pay(&chain)).await?;
    stage.scenario(BATCH, batch(&chain)).await?;
    stage.scenario(MULTISIG, multisig(&chain)).await?;
    stage.scenario(PROXY, proxy(&chain)).await?;
    stage.scenario(FINALITY, finality(&chain)).await?;
    stage.scenario(STAND, stand(&chain, &node)).await?;
    stage.scenario(EARN, earn(&chain, &node, &voter)).await
}

async fn read(chain: &Chain) -> Result<()> {
    let deposit = number(&chain.constant("Balances", "ExistentialDeposit").await?)?;
    ensure!(deposit > 0, "accounts cost nothing");
    let names = number(&chain.constant("Vdpos", "MaxVotes").await?)?;
    ensure!(names == 16, "a vote takes {names} names, not 16");
    let slot = number(&chain.constant("Vdpos", "SlotDuration").await?)?;
    ensure!(slot == 2_000, "a slot lasts {slot} ms, not 2000");
    let now = chain
        .storage("Timestamp", "Now", vec![])
        .await?
        .context("no time")?;
    ensure!(
        number(&now)? > 1_700_000_000_000,
        "the clock stands at {now}"
    );
    ensure!(
        chain.free(&account(&key("//Bob")?)).await? > TOKEN,
        "Bob is poor"
    );
    Ok(())
}

async fn pay(chain: &Chain) -> Result<()> {
    let (alice, to) = (key("//Alice")?, account(&key("//Bob//pay")?));
    let receipt = chain.submit(&transfer(&to, 3 * TOKEN), &alice).await?;
    let event = receipt.event("Balances.Transfer")?;
    ensure!(number(event.field("amount")?)? == 3 * TOKEN, "{event:?}");
    ensure!(account_in(event.field("to")?)? == to, "{event:?}");
    receipt.event("System.ExtrinsicSuccess")?;
    ensure!(
        chain.free(&to).await? == 3 * TOKEN,
        "the balance is another"
    );
    let error = chain.refusal(&transfer(&to, u128::MAX / 2), &alice).await?;
    ensure!(
        error.contains("unavailable") || error.contains("Arithmetic"),
        "{error}"
    );
    Ok(())
}

async fn batch(chain: &Chain) -> Result<()> {
    let bob = key("//Bob")?;
    let (first, second) = (account(&key("//Bob//one")?), account(&key("//Bob//two")?));
    let all = |amount: u128| {
        let calls = [
            transfer(&first, TOKEN).into_value(),
            transfer(&second, amount).into_value(),
        ];
        call(
            "Utility",
            "batch_all",
            vec![Value::unnamed_composite(calls)],
        )
    };
    chain.refusal(&all(u128::MAX / 2), &bob).await?;
    ensure!(
        chain.free(&first).await? == 0,
        "half of a failed batch happened"
    );
    let receipt = chain.submit(&all(2 * TOKEN), &bob).await?;
    receipt.event("Utility.BatchCompleted")?;
    ensure!(
        chain.free(&first).await? == TOKEN,
        "the first payment is missing"
    );
    ensure!(
        chain.free(&second).await? == 2 * TOKEN,
        "the second payment is missing"
    );
    Ok(())
}

async fn multisig(chain: &Chain) -> Result<()> {
    let members = [key("//Alice")?, key("//Bob")?, key("//Charlie")?];
    let to = account(&key("//Dave//shared")?);
    let inner = transfer(&to, 4 * TOKEN).into_value();
    let receipt = chain
        .submit(&as_multi(&members, 0, none(), &inner), &members[0])
        .await?;
    let opened = receipt.event("Multisig.NewMultisig")?;
    let shared = account_in(opened.field("multisig")?)?;
    let hash = opened.field("call_hash")?.clone();

    chain
        .submit(&transfer(&shared, 10 * TOKEN), &members[2])
        .await?;
    let entry = chain
        .storage("Multisig", "Multisigs", vec![id(&shared), hash])
        .await?;
    let entry = entry.context("the first approval is not stored")?;
    let when = entry
        .at("when")
        .context("no time of the first approval")?
        .clone();
    let receipt = chain
        .submit(&as_multi(&members, 1, some(when), &inner), &members[1])
        .await?;
    let done = receipt.event("Multisig.MultisigExecuted")?;
    let result = done.field("result")?.to_string();
    ensure!(result.contains("Ok"), "the shared call failed: {result}");
    ensure!(
        chain.free(&to).await? == 4 * TOKEN,
        "the shared payment is missing"
    );
    Ok(())
}

fn as_multi(members: &[Keypair; 3], signer: usize, when: Value, inner: &Value) -> Call {
    let mut others: Vec<AccountId32> = members
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != signer)
        .map(|(_, member)| account(member))
        .collect();
    others.sort_by_key(|account| account.0);
    let others = others.iter().map(id);
    let weight = Value::named_composite([
        ("ref_time", Value::u128(2_000_000_000)),
        ("proof_size", Value::u128(100_000)),
    ]);
    let arguments = vec![
        Value::u128(2),
        Value::unnamed_composite(others),
        when,
        inner.clone(),
        weight,
    ];
    call("Multisig", "as_multi", arguments)
}

async fn proxy(chain: &Chain) -> Result<()> {
    let (owner, agent) = (key("//Charlie")?, key("//Dave")?);
    let to = account(&key("//Dave//agent")?);
    let any = || Value::unnamed_variant("Any", []);
    let change = |name: &str| {
        let agent = address(&account(&agent));
        call("Proxy", name, vec![agent, any(), Value::u128(0)])
    };
    let inner = transfer(&to, 5 * TOKEN).into_value();
    let act = call(
        "Proxy",
        "proxy",
        vec![address(&account(&owner)), none(), inner],
    );
    let error = chain.refusal(&act, &agent).await?;
    ensure!(
        error.contains("NotProxy"),
        "a stranger is refused for another reason: {error}"
    );
    chain.submit(&change("add_proxy"), &owner).await?;
    let receipt = chain.submit(&act, &agent).await?;
    let result = receipt
        .event("Proxy.ProxyExecuted")?
        .field("result")?
        .to_string();
    ensure!(result.contains("Ok"), "the proxied call failed: {result}");
    ensure!(
        chain.free(&to).await? == 5 * TOKEN,
        "the payment is missing"
    );
    chain.submit(&change("remove_proxy"), &owner).await?;
    let error = chain.refusal(&act, &agent).await?;
    ensure!(
        error.contains("NotProxy"),
        "a former proxy still acts: {error}"
    );
    Ok(())
}

async fn finality(chain: &Chain) -> Result<()> {
    let mut blocks = chain.api().stream_blocks().await?;
    let mut last: Option<(u64, subxt::config::substrate::H256)> = None;
    for _ in 0..5 {
        let next = tokio::time::timeout(seconds(30), blocks.next());
        let block = next
            .await
            .context("no final block for 30 s")?
            .context("the stream ended")??;
        if let Some((number, hash)) = last {
            ensure!(
                block.number() == number + 1,
                "{} follows {number}",
                block.number()
            );
            let parent = block.header().parent_hash;
            ensure!(
                parent == hash,
                "block {} stands on {parent}, not {hash}",
                block.number()
            );
        }
        last = Some((block.number(), block.hash()));
    }
    Ok(())
}

async fn stand(chain: &Chain, node: &Node) -> Result<()> {
    let (candidate, rpc) = (key("//Eve")?, node.rpc());
    let name = account(&candidate);
    let (keys, proof) = chain::new_keys(&rpc, &name).await?;
    chain
        .submit(&chain::set_keys(&keys, &proof), &candidate)
        .await?;
    let register = call(
        "Vdpos",
        "register",
        vec![per_mille(50), Value::u128(1_000 * TOKEN)],
    );
    let receipt = chain.submit(&register, &candidate).await?;
    receipt.event("Vdpos.Registered")?;
    let seen = facts::producer_of(&rpc, &name)
        .await?
        .context("not among the producers")?;
    ensure!(seen.bond == 1_000 * TOKEN, "its bond is {}", seen.bond);

    // Small on purpose: elected, it would hold half of this chain's votes on finality, and one
    // node can cast only one.
    let receipt = chain
        .submit(&vote(&[&name], 10 * TOKEN), &key("//Dave")?)
        .await?;
    let voted = receipt.event("Vdpos.Voted")?;
    ensure!(number(voted.field("stake")?)? == 10 * TOKEN, "{voted:?}");
    Ok(())
}

async fn earn(chain: &Chain, node: &Node, voter: &Keypair) -> Result<()> {
    let rpc = node.rpc();
    let due = until("the voter has earned something", seconds(240), || async {
        let due = facts::claimable(&rpc, &account(voter)).await?;
        Ok((due > 0).then_some(due))
    })
    .await?;
    let claim = call("Vdpos", "claim", vec![]);
    let receipt = chain.submit(&claim, voter).await?;
    let paid = number(receipt.event("Vdpos.Claimed")?.field("amount")?)?;
    ensure!(paid >= due, "{due} were due, {paid} were paid");
    let error = chain.refusal(&claim, &key("//Bob")?).await?;
    ensure!(error.contains("NothingToClaim"), "{error}");
    Ok(())
}

fn transfer(to: &AccountId32, amount: u128) -> Call {
    call(
        "Balances",
        "transfer_keep_alive",
        vec![address(to), Value::u128(amount)],
    )
}

fn vote(names: &[&AccountId32], stake: u128) -> Call {
    let names = names.iter().map(|name| id(name));
    call(
        "Vdpos",
        "vote",
        vec![Value::unnamed_composite(names), Value::u128(stake)],
    )
}
