//! The light client against a real network, and against nodes that lie to it.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, ensure};
use parlance_client::{
    chain::keys,
    identity::{Contact, Finding, LookError, look},
    keys::AccountKey,
    light::{Checkpoint, CheckpointError, Light, LightError, Trust, finality::FinalityError},
    node::WsNode,
    primitives::Hash,
    submit::submit,
    wallet::{self, SHORT_LIFE, WatchError},
};
use parlance_e2e::{
    bimp::Person,
    chain::{self, Chain, account, key},
    facts,
    harness::{Group, Stage},
    liar::{Liar, Lie},
    network::Network,
    newcomer::Newcomer,
    rpc::Rpc,
    wait::{seconds, until},
};
use serde_json::{Value, json};
use subxt::utils::to_hex;

const FOLLOW: &str = "a light client follows finality through changes of the voters";
const READ: &str = "what it reads is what the chain has, and absence is proven too";
const FORGED: &str = "forged, swapped and withheld values are refused";
const RECORD: &str = "a forged record is refused, well-formed as it is";
const VOTES: &str = "forged votes and old finality are refused";
const STALE: &str = "a chain that has stopped is stale, a wrong clock is named";
const CHAIN: &str = "another chain is refused";
const PAYMENT: &str = "a swallowed payment expires, a hidden one cannot be feigned";
const COMMAND: &str = "bimp tells of a lying node, with an exit code of its own";
const OLD: &str = "a checkpoint of last week is refused, with the remedy";

pub fn group() -> Group {
    Group {
        name: "light",
        scenarios: &[
            FOLLOW, READ, FORGED, RECORD, VOTES, STALE, CHAIN, PAYMENT, COMMAND, OLD,
        ],
        run: |stage| Box::pin(run(stage)),
    }
}

struct Setting {
    liar: Liar,
    rpc: Rpc,
    genesis: Hash,
}

impl Setting {
    /// A client of the proxy, from the genesis on.
    async fn client(&self) -> Result<Light<WsNode>> {
        self.liar.tell(Lie::None)?;
        let node = WsNode::connect(self.liar.url()).await?;
        Ok(Light::begin(node, Trust::Genesis(self.genesis)).await?)
    }
}

async fn run(stage: &Stage) -> Result<()> {
    let network = Network::start(&stage.binary, &stage.directory("network")?, 4).await?;
    let rpc = network.nodes[0].rpc();
    let genesis = facts::hash_at(&rpc, 0).await?.context("no genesis")?;
    let setting = Setting {
        liar: Liar::start(rpc.clone()).await?,
        genesis: genesis.parse().context("a genesis hash that is none")?,
        rpc,
    };
    stage.scenario(READ, read(stage, &setting)).await?;
    stage.scenario(FORGED, forged(&setting)).await?;
    stage.scenario(RECORD, record(stage, &setting)).await?;
    stage.scenario(VOTES, votes(&setting)).await?;
    stage.scenario(STALE, stale(&setting)).await?;
    stage.scenario(CHAIN, other_chain(&setting)).await?;
    stage.scenario(PAYMENT, payment(&setting)).await?;
    stage.scenario(COMMAND, command(stage, &setting)).await?;
    stage.scenario(OLD, old(stage, &setting)).await?;
    stage
        .scenario(FOLLOW, follow(stage, &setting, &network))
        .await
}

fn now() -> SystemTime {
    SystemTime::now()
}

async fn read(stage: &Stage, setting: &Setting) -> Result<()> {
    let start = Instant::now();
    let mut light = setting.client().await?;
    let head = light.head(now()).await?;
    let begun = start.elapsed();
    let alice = AccountKey::of_test_network("//Alice")?.account();
    let start = Instant::now();
    let state = wallet::account(&light, &head, &alice).await?;
    stage.figure(&format!(
        "from genesis to a proven head {} ms, one balance {} ms",
        begun.as_millis(),
        start.elapsed().as_millis()
    ));
    let key = to_hex(keys::account(&alice));
    let at = format!("{:?}", head.hash);
    let stated = setting
        .rpc
        .call("state_getStorage", serde_json::json!([key, at]))
        .await?;
    let stated = facts::unhex(stated.as_str().context("no such account")?)?;
    let free: [u8; 16] = stated[16..32].try_into()?;
    ensure!(
        state.data.free == u128::from_le_bytes(free) && state.data.free > 0,
        "proven {} is not {stated:?}",
        state.data.free
    );
    let nobody = AccountKey::of_test_network("//Nobody//at//all")?.account();
    ensure!(
        wallet::account(&light, &head, &nobody).await? == Default::default(),
        "nobody has something"
    );
    Ok(())
}

async fn forged(setting: &Setting) -> Result<()> {
    let alice = AccountKey::of_test_network("//Alice")?.account();
    let poor = AccountKey::of_test_network("//Poor")?.account();
    let lies = [
        Lie::ForgedValue,
        Lie::Withheld,
        // Alice's balance is to be that of somebody who has none. (The other way about would be no lie: where
        // the path to Alice parts from that to the poor, it proves that the poor has nothing.)
        Lie::OtherKey(to_hex(keys::account(&poor))),
    ];
    for lie in lies {
        let mut light = setting.client().await?;
        let head = light.head(now()).await?;
        setting.liar.tell(lie.clone())?;
        for what in ["a balance", "an identity"] {
            let refused = match what {
                "a balance" => wallet::account(&light, &head, &alice).await.err(),
                _ => light
                    .value::<Vec<u8>>(&head, &keys::identity(&alice), "the identity")
                    .await
                    .err(),
            };
            ensure!(
                matches!(refused, Some(LightError::Unproven { .. })),
                "{lie:?} about {what}: {refused:?}"
            );
        }
    }
    Ok(())
}

async fn record(stage: &Stage, setting: &Setting) -> Result<()> {
    let ada = Newcomer::of("//Newcomer//Ada//light")?;
    ada.settles(&setting.rpc).await?;
    let mut light = setting.client().await?;
    let head = light.head(now()).await?;
    setting.liar.tell(Lie::ForgedRecord)?;
    let mut contact = Contact::new("ada", ada.account())?;
    let refused = look(&light, &head, &mut contact).await;
    ensure!(
        matches!(refused, Err(LookError::Light(LightError::Unproven { .. }))),
        "{refused:?}"
    );
    ensure!(contact.record.is_none(), "it was believed: {contact:?}");
    ensure!(setting.liar.forged_records() == 1, "nothing was forged");

    let genesis = format!("{:?}", setting.genesis);
    let person = Person::new(stage.directory("asker")?, setting.liar.url(), &genesis)?;
    let address = ada.account().to_string();
    let error = person.refusal(5, &["identity", "show", &address]).await?;
    ensure!(error.contains("does not prove the identity"), "{error}");
    ensure!(setting.liar.forged_records() == 2, "nothing was forged");

    setting.liar.tell(Lie::None)?;
    let found = look(&light, &head, &mut contact).await?;
    ensure!(found == [Finding::Registered], "{found:?}");
    Ok(())
}

async fn votes(setting: &Setting) -> Result<()> {
    let mut light = setting.client().await?;
    let first = light.head(now()).await?;
    until("the chain goes on", seconds(60), || async {
        let height = facts::finalized(&setting.rpc).await?.number;
        Ok((height > u64::from(first.number) + 1).then_some(()))
    })
    .await?;
    setting.liar.tell(Lie::ForgedVote)?;
    let refused = light.head(now()).await;
    ensure!(
        matches!(
            refused,
            Err(LightError::Finality(
                FinalityError::Forged { .. } | FinalityError::Stranger { .. }
            ))
        ),
        "{refused:?}"
    );
    ensure!(
        light.checkpoint().finalised.block().0 == first.number,
        "it moved"
    );

    // Honest again it goes on; then a proof from before is a step back.
    setting.liar.tell(Lie::None)?;
    let later = light.head(now()).await?;
    ensure!(later.number > first.number, "{later:?} after {first:?}");
    let trusted = light.checkpoint().clone();
    let mut ahead = trusted.clone();
    ahead.finalised.header.number += 1_000;
    let node = WsNode::connect(setting.liar.url()).await?;
    let mut light = Light::begin(node, Trust::Checkpoint(ahead)).await?;
    setting
        .liar
        .tell(Lie::OldFinality(format!("{:?}", later.hash)))?;
    let refused = light.head(now()).await;
    ensure!(
        matches!(
            refused,
            Err(LightError::Finality(FinalityError::Backwards { .. }))
        ),
        "{refused:?}"
    );
    Ok(())
}

async fn stale(setting: &Setting) -> Result<()> {
    let mut light = setting.client().await?;
    let (later, earlier) = (
        now() + Duration::from_secs(3_600),
        now() - Duration::from_secs(3_600),
    );
    let refused = light.head(later).await;
    ensure!(
        matches!(refused, Err(LightError::Stale { behind }) if behind > 3_000),
        "{refused:?}"
    );
    let refused = light.head(earlier).await;
    ensure!(
        matches!(refused, Err(LightError::ClockBehind { ahead }) if ahead > 3_000),
        "{refused:?}"
    );
    Ok(())
}

async fn other_chain(setting: &Setting) -> Result<()> {
    setting.liar.tell(Lie::OtherChain)?;
    let node = WsNode::connect(setting.liar.url()).await?;
    let refused = Light::begin(node, Trust::Genesis(setting.genesis)).await;
    ensure!(
        matches!(
            refused,
            Err(LightError::Checkpoint(CheckpointError::OtherChain { .. }))
        ),
        "another chain was taken"
    );
    Ok(())
}

async fn payment(setting: &Setting) -> Result<()> {
    let key = AccountKey::of_test_network("//Bob")?;
    let to = AccountKey::of_test_network("//Bob//light")?.account();
    let mut light = setting.client().await?;
    let head = light.head(now()).await?;
    let pay = (&to, 1_000_000_000_000);
    // The shortest life: it ends while somebody waits.
    let lost = wallet::prepare_payment(&light, &head, &key.account(), pay, 4).await?;
    let signed = lost.sign(key.pair());
    setting.liar.tell(Lie::Swallow)?;
    submit(light.node(), &signed.0).await?;
    let ended = wallet::watch(&mut light, (&lost, &signed), &mut |_| {}).await;
    ensure!(matches!(ended, Err(WatchError::Expired)), "{ended:?}");

    setting.liar.tell(Lie::None)?;
    let head = light.head(now()).await?;
    let sent = wallet::prepare_payment(&light, &head, &key.account(), pay, SHORT_LIFE).await?;
    let signed = sent.sign(key.pair());
    submit(light.node(), &signed.0).await?;
    setting.liar.tell(Lie::OtherBody)?;
    let ended = wallet::watch(&mut light, (&sent, &signed), &mut |_| {}).await;
    ensure!(
        matches!(ended, Err(WatchError::Light(LightError::WrongBody { .. }))),
        "{ended:?}"
    );
    setting.liar.tell(Lie::None)?;
    let ended = wallet::watch(&mut light, (&sent, &signed), &mut |_| {}).await?;
    let head = light.head(now()).await?;
    let state = wallet::account(&light, &head, &to).await?;
    ensure!(
        state.data.free == 1_000_000_000_000,
        "{state:?} after {ended:?}"
    );
    Ok(())
}

async fn command(stage: &Stage, setting: &Setting) -> Result<()> {
    let genesis = format!("{:?}", setting.genesis);
    let person = Person::new(stage.directory("person")?, setting.liar.url(), &genesis)?;
    let alice = AccountKey::of_test_network("//Alice")?.account();
    let alice = alice.to_string();
    setting.liar.tell(Lie::None)?;
    person.succeed(&["wallet", "balance", &alice]).await?;
    for (lie, words) in [
        (Lie::ForgedValue, "does not prove"),
        (Lie::ForgedVote, "lies about which blocks are final"),
        (Lie::OtherChain, "genesis"),
    ] {
        setting.liar.tell(lie.clone())?;
        let error = person.refusal(5, &["wallet", "balance", &alice]).await?;
        ensure!(error.contains(words), "{lie:?}: {error}");
    }
    let nowhere = person.with_node("ws://127.0.0.1:1");
    nowhere.refusal(4, &["wallet", "balance", &alice]).await?;
    setting.liar.tell(Lie::None)
}

async fn old(stage: &Stage, setting: &Setting) -> Result<()> {
    let genesis = format!("{:?}", setting.genesis);
    let folder = stage.directory("late")?;
    let (file, url) = (folder.join("checkpoint"), setting.liar.url());
    let name = file.display().to_string();
    setting.liar.tell(Lie::None)?;
    let young = Person::new(folder.join("young"), url, &genesis)?;
    young.succeed(&["chain", "checkpoint", &name]).await?;
    let late = Person::new(folder.join("late"), url, &name)?;
    late.succeed(&["chain", "show"]).await?;
    make_older(&file, 8 * 24 * 3_600)?;
    let error = late.refusal(8, &["chain", "show"]).await?;
    for part in ["8 days old", "fingerprint", "--trust"] {
        ensure!(error.contains(part), "{error}");
    }
    Ok(())
}

/// Has the header in a checkpoint say that its block was made so many seconds earlier.
fn make_older(file: &Path, seconds: u64) -> Result<()> {
    let mut checkpoint: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let logs = checkpoint["header"]["digest"]["logs"].as_array_mut();
    let mut slots = logs.context("no digest")?.iter_mut().filter_map(|log| {
        let bytes = facts::unhex(log.as_str()?).ok()?;
        bytes.starts_with(b"\x06aura\x20").then_some((log, bytes))
    });
    let (log, mut bytes) = slots.next().context("no slot in the header")?;
    let (_, slot) = bytes.split_last_chunk_mut::<8>().context("a short slot")?;
    *slot = (u64::from_le_bytes(*slot) - seconds / 2).to_le_bytes();
    *log = json!(to_hex(&bytes));
    Ok(std::fs::write(file, checkpoint.to_string())?)
}

async fn follow(stage: &Stage, setting: &Setting, network: &Network) -> Result<()> {
    let early = {
        let mut light = setting.client().await?;
        light.head(now()).await?;
        light.checkpoint().clone()
    };
    // New keys of one voter make a new set: it votes from the epoch after next on.
    let (alice, rpc) = (key("//Alice")?, &setting.rpc);
    let (keys, proof) = chain::new_keys(rpc, &account(&alice)).await?;
    Chain::connect(&network.nodes[0].url())
        .await?
        .submit(&chain::set_keys(&keys, &proof), &alice)
        .await?;
    let first = early.finalised.set_id;
    let changed = until("the voters change", seconds(240), || async {
        let mut light = setting.client().await?;
        light.head(now()).await?;
        let set = light.checkpoint().finalised.set_id;
        Ok((set > first).then_some(set))
    })
    .await?;
    let bytes = early.to_bytes();
    let node = WsNode::connect(setting.liar.url()).await?;
    let start = Instant::now();
    let kept = Checkpoint::from_bytes(&bytes)?;
    let mut light = Light::begin(node, Trust::Checkpoint(kept)).await?;
    let head = light.head(now()).await?;
    let after = &light.checkpoint().finalised;
    ensure!(
        after.set_id >= changed && after.authorities != early.finalised.authorities,
        "it follows to set {}, not {changed}",
        after.set_id
    );
    stage.figure(&format!(
        "{} set and {} blocks further in {} ms; it keeps {} bytes",
        after.set_id - first,
        head.number - early.finalised.block().0,
        start.elapsed().as_millis(),
        bytes.len()
    ));
    Ok(())
}
