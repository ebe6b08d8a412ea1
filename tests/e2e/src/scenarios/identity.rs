//! Newcomers without a token: registered, refused, at work with their devices, removed.

use anyhow::{Context, Result, ensure};
use codec::{Decode, Encode};
use parlance_e2e::{
    chain::{Chain, TOKEN, account, address, call, id, key, number},
    facts::{self, unhex},
    harness::{Group, Stage},
    network::Network,
    newcomer::{Newcomer, Requirements, invites, requirements, revokes, submit},
    rpc::Rpc,
    wait::{seconds, until},
};
use parlance_primitives::accounts::{Identity, identity_key};
use serde_json::json;
use subxt::{
    dynamic::{At, Value},
    utils::AccountId32,
};

const WORK: &str = "a newcomer without a token registers by proof of work";
const DEVICES: &str = "it adds and revokes a device without a fee";
const DEPOSIT: &str = "the first fee of somebody with tokens takes the deposit";
const INVITED: &str = "a friend comes by invitation";
const REFUSED: &str =
    "forged, stolen, repeated and foreign registrations are refused by their code";
const FULL: &str = "a full period refuses by its code";
const BOUNDED: &str = "what was refused left nothing in the state";
const REMOVED: &str = "an identity is removed and nothing remains";

/// What the pool says of a transaction that the runtime refuses.
const INVALID: i64 = 1010;

pub fn group() -> Group {
    Group {
        name: "identity",
        scenarios: &[
            WORK, DEVICES, DEPOSIT, INVITED, REFUSED, FULL, BOUNDED, REMOVED,
        ],
        run: |stage| Box::pin(run(stage)),
    }
}

/// A network of two, and who has come so far.
struct Scene {
    chain: Chain,
    rpc: Rpc,
    /// Another node of the network, which has seen no transaction in its own pool.
    other: Rpc,
    ada: Newcomer,
    /// The registration with which she came, signed anew: bytes that no pool has seen.
    repeats: [Vec<u8>; 2],
}

async fn run(stage: &Stage) -> Result<()> {
    let network = Network::start(&stage.binary, &stage.directory("network")?, 2).await?;
    let rpc = network.nodes[0].rpc();
    let mut scene = Scene {
        chain: Chain::connect(&network.nodes[0].url()).await?,
        other: network.nodes[1].rpc(),
        ada: Newcomer::of("//Newcomer//Ada")?,
        repeats: Default::default(),
        rpc,
    };
    scene.repeats = stage.scenario(WORK, work(stage, &scene)).await?;
    stage.scenario(DEVICES, devices(&scene)).await?;
    stage.scenario(DEPOSIT, deposit(&scene)).await?;
    stage.scenario(INVITED, invited(&scene)).await?;
    let before = sizes(&scene).await?;
    stage.scenario(REFUSED, refused(&scene)).await?;
    stage.scenario(FULL, full(&scene)).await?;
    stage.scenario(BOUNDED, bounded(&scene, before)).await?;
    stage.scenario(REMOVED, removed(&scene)).await
}

async fn work(stage: &Stage, scene: &Scene) -> Result<[Vec<u8>; 2]> {
    let (ada, rpc) = (&scene.ada, &scene.rpc);
    ensure!(on_chain(scene, ada).await?.is_none(), "Ada exists already");
    let start = std::time::Instant::now();
    let needs = requirements(rpc).await?;
    let guard = ada.work(&needs)?;
    let transaction = ada.registers(&needs, &guard)?;
    let solved = start.elapsed().as_secs_f64();
    let identity = ada.sends(rpc, &transaction).await?;
    stage.figure(&format!(
        "difficulty {}: solved in {solved:.1} s, final after {:.1} s",
        needs.difficulty,
        start.elapsed().as_secs_f64()
    ));
    ensure!(
        identity["devices"].as_array().map(Vec::len) == Some(1),
        "{identity}"
    );
    let keys = ada.device("phone")?.keys();
    let signing = subxt::utils::to_hex(keys.signing.0);
    ensure!(identity["devices"][0]["signing"] == signing, "{identity}");

    // The record under the documented key is what the method says.
    let place = subxt::utils::to_hex(identity_key(&ada.account().encode()));
    let stored = rpc.call("state_getStorage", json!([place])).await?;
    let stored = unhex(stored.as_str().context("no record in the state")?)?;
    let stored = Identity::decode(&mut stored.as_slice())?;
    ensure!(stored.devices[0].keys == keys, "{stored:?}");
    let proof = rpc.call("state_getReadProof", json!([[place]])).await?;
    ensure!(
        proof["proof"]
            .as_array()
            .is_some_and(|nodes| !nodes.is_empty()),
        "no proof of the record: {proof}"
    );

    let free = on_chain(scene, ada).await?.context("Ada has no account")?;
    ensure!(free == 0, "Ada got {free} units from nowhere");
    let standing = rpc
        .call("parlance_identityStanding", json!([ada.account()]))
        .await?;
    ensure!(standing["lane"] == "Work", "{standing}");
    ensure!(standing["deposit"].is_null(), "{standing}");
    let allowances = rpc
        .call("parlance_allowances", json!([ada.account()]))
        .await?;
    let relayed = facts::amount(&allowances[0]["free"])?;
    ensure!(relayed > 0, "nothing is free: {allowances}");
    // Signatures of sr25519 are never the same twice.
    Ok([
        ada.registers(&needs, &guard)?,
        ada.registers(&needs, &guard)?,
    ])
}

async fn devices(scene: &Scene) -> Result<()> {
    let (ada, chain) = (&scene.ada, &scene.chain);
    let signer = key(&ada.suri)?;
    let genesis = requirements(&scene.rpc).await?.genesis;
    let laptop = ada.device("laptop")?;
    let base = version(scene, ada).await?;
    let receipt = chain
        .submit(&ada.joins(&laptop, &genesis, base), &signer)
        .await?;
    receipt.event("SkipFeelessPayment.FeeSkipped")?;
    let phone = ada.identity(&scene.rpc).await?.context("no identity")?;
    let phone = unhex(phone["devices"][0]["id"].as_str().context("no id")?)?;
    let base = version(scene, ada).await?;
    chain.submit(&revokes(&phone, base), &signer).await?;
    let identity = ada.identity(&scene.rpc).await?.context("no identity")?;
    let signing = subxt::utils::to_hex(laptop.keys().signing.0);
    ensure!(identity["devices"][0]["signing"] == signing, "{identity}");
    ensure!(
        identity["revoked"][0]["device"] == subxt::utils::to_hex(&phone),
        "{identity}"
    );
    // What was signed for a version is void for the next, and a call that fails costs a fee that Ada
    // cannot pay.
    let error = chain.refusal(&revokes(&phone, base), &signer).await?;
    ensure!(cannot_pay(&error), "{error}");
    Ok(())
}

async fn deposit(scene: &Scene) -> Result<()> {
    let bob = Newcomer::of("//Bob")?;
    bob.settles(&scene.rpc).await?;
    let to = account(&key("//Bob//Identity")?);
    let pay = call(
        "Balances",
        "transfer_keep_alive",
        vec![address(&to), Value::u128(TOKEN)],
    );
    let receipt = scene.chain.submit(&pay, &key("//Bob")?).await?;
    let backed = receipt.event("Accounts.Backed")?;
    ensure!(number(backed.field("amount")?)? == TOKEN / 10, "{backed:?}");
    let again = scene.chain.submit(&pay, &key("//Bob")?).await?;
    ensure!(
        again.event("Accounts.Backed").is_err(),
        "the deposit was taken twice"
    );
    Ok(())
}

/// Secret of the invitation that Bob gives.
const INVITATION: &str = "//Invitation//of//Bob";

async fn invited(scene: &Scene) -> Result<()> {
    let receipt = scene
        .chain
        .submit(&invites(INVITATION)?, &key("//Bob")?)
        .await?;
    receipt.event("Accounts.Invited")?;
    receipt.event("SkipFeelessPayment.FeeSkipped")?;
    let needs = requirements(&scene.rpc).await?;
    let (friend, thief) = (
        Newcomer::of("//Newcomer//Friend")?,
        Newcomer::of("//Newcomer//Thief")?,
    );
    let guard = friend.invitation(INVITATION, &needs.genesis)?;
    expect(scene, &thief.registers(&needs, &guard)?, "bad signature").await?;
    friend
        .sends(&scene.rpc, &friend.registers(&needs, &guard)?)
        .await?;
    let standing = scene
        .rpc
        .call("parlance_identityStanding", json!([friend.account()]))
        .await?;
    ensure!(standing["lane"] == "Invitation", "{standing}");
    Ok(())
}

/// Both nodes refuse a registration for that reason.
async fn expect(scene: &Scene, transaction: &[u8], reason: &str) -> Result<()> {
    for rpc in [&scene.rpc, &scene.other] {
        let error = submit(rpc, transaction)
            .await?
            .err()
            .with_context(|| format!("taken in, not refused: {reason}"))?;
        ensure!(
            error.code == INVALID && error.data.contains(reason),
            "refused for another reason than {reason}: {error}"
        );
    }
    Ok(())
}

async fn refused(scene: &Scene) -> Result<()> {
    let eve = Newcomer::of("//Newcomer//Eve")?;
    let needs = requirements(&scene.rpc).await?;

    expect(scene, &scene.repeats[0], "Custom error: 5").await?;

    // Solved and signed for another chain.
    let foreign = Requirements {
        genesis: [7; 32].into(),
        ..needs
    };
    let transaction = eve.registers(&foreign, &eve.work(&foreign)?)?;
    expect(scene, &transaction, "bad signature").await?;

    // Anchored to a block that this chain does not have, and to one of the future.
    let elsewhere = Requirements {
        anchor_hash: [8; 32].into(),
        ..needs
    };
    let transaction = eve.registers(&elsewhere, &eve.work(&elsewhere)?)?;
    expect(scene, &transaction, "bad signature").await?;
    let future = Requirements {
        anchor: needs.anchor + 1_000,
        ..needs
    };
    let work = eve.work(&needs)?;
    let transaction = eve.registers(&future, &work)?;
    expect(scene, &transaction, "ancient birth block").await?;

    // Somebody else's work, and an invitation that Bob's friend has taken.
    let transaction = scene.ada.registers(&needs, &work)?;
    expect(scene, &transaction, "bad signature").await?;
    let taken = eve.invitation(INVITATION, &needs.genesis)?;
    let transaction = eve.registers(&needs, &taken)?;
    expect(scene, &transaction, "Custom error: 6").await?;

    // One bit anywhere spoils it; beyond the extensions, whose bytes are not signed, and never crashes.
    let good = eve.registers(&needs, &work)?;
    for at in (10..good.len()).step_by(61) {
        let mut spoilt = good.clone();
        spoilt[at] ^= 0x10;
        ensure!(
            submit(&scene.rpc, &spoilt).await?.is_err(),
            "byte {at} does not matter"
        );
    }
    Ok(())
}

async fn full(scene: &Scene) -> Result<()> {
    let chain = &scene.chain;
    let rules = chain
        .storage("Accounts", "CurrentParameters", vec![])
        .await?
        .context("no parameters")?;
    let set = |rules: Value<()>| {
        let inner = call("Accounts", "set_parameters", vec![rules]).into_value();
        call("Sudo", "sudo", vec![inner])
    };
    let refusal = chain
        .refusal(
            &call("Accounts", "set_parameters", vec![rules.clone()]),
            &key("//Bob")?,
        )
        .await?;
    ensure!(refusal.contains("Bad origin"), "{refusal}");

    let none = with_field(&rules, &["work", "per_period"], Value::u128(0))?;
    chain.submit(&set(none), &key("//Alice")?).await?;
    let needs = requirements(&scene.rpc).await?;
    ensure!(needs.work_room == 0, "{needs:?}");
    let late = Newcomer::of("//Newcomer//Late")?;
    let transaction = late.registers(&needs, &late.work(&needs)?)?;
    until("the other node knows the rule", seconds(30), || async {
        Ok((requirements(&scene.other).await?.work_room == 0).then_some(()))
    })
    .await?;
    expect(scene, &transaction, "Custom error: 7").await?;
    chain.submit(&set(rules), &key("//Alice")?).await?;
    late.settles(&scene.rpc).await?;
    Ok(())
}

/// Identities without a deposit by work and by invitation, those with one, and open invitations.
async fn sizes(scene: &Scene) -> Result<[u128; 4]> {
    let sizes = scene
        .chain
        .storage("Accounts", "Sizes", vec![])
        .await?
        .context("no sizes")?;
    let of = |name: &str| number(sizes.at(name).with_context(|| format!("no {name}"))?);
    Ok([
        of("work")?,
        of("invitation")?,
        of("backed")?,
        of("invitations")?,
    ])
}

async fn bounded(scene: &Scene, before: [u128; 4]) -> Result<()> {
    ensure!(
        before == [1, 1, 1, 0],
        "Ada, the friend and Bob make {before:?}"
    );
    let mut after = before;
    // The one who came late.
    after[0] += 1;
    let found = sizes(scene).await?;
    ensure!(found == after, "{found:?}, not {after:?}");
    for name in ["Thief", "Eve"] {
        let nobody = Newcomer::of(&format!("//Newcomer//{name}"))?;
        ensure!(
            on_chain(scene, &nobody).await?.is_none(),
            "{name} has an account"
        );
    }
    Ok(())
}

async fn removed(scene: &Scene) -> Result<()> {
    let (ada, late) = (&scene.ada, Newcomer::of("//Newcomer//Late")?);
    let remove = call("Accounts", "remove_identity", vec![]);
    // A moment old: its registration could be repeated.
    let error = scene.chain.refusal(&remove, &key(&late.suri)?).await?;
    ensure!(cannot_pay(&error), "{error}");

    let standing = scene
        .rpc
        .call("parlance_identityStanding", json!([ada.account()]))
        .await?;
    let registered = standing["registered"].as_u64().context("no block")?;
    let window = u64::from(requirements(&scene.rpc).await?.anchor_window);
    until(
        "Ada's registration cannot be repeated any more",
        seconds(2 * window + 120),
        || async {
            let now = facts::finalized(&scene.rpc).await?.number;
            Ok((now > registered + window).then_some(()))
        },
    )
    .await?;
    let receipt = scene.chain.submit(&remove, &key(&ada.suri)?).await?;
    receipt.event("Accounts.Removed")?;
    receipt.event("SkipFeelessPayment.FeeSkipped")?;
    ensure!(
        ada.identity(&scene.rpc).await?.is_none(),
        "the identity stands"
    );
    ensure!(on_chain(scene, ada).await?.is_none(), "the account remains");
    expect(scene, &scene.repeats[1], "ancient birth block").await?;
    let sizes = sizes(scene).await?;
    ensure!(sizes[0] == 1, "{} by work, not Late alone", sizes[0]);
    Ok(())
}

/// Whether a call was refused because it is not free and its sender has nothing.
fn cannot_pay(error: &str) -> bool {
    error.contains("Inability to pay some fees")
}

/// Free balance in the last final state; `None` for an account that does not exist.
async fn on_chain(scene: &Scene, who: &Newcomer) -> Result<Option<u128>> {
    let who = AccountId32(*who.account().as_ref());
    let info = scene
        .chain
        .storage("System", "Account", vec![id(&who)])
        .await?;
    // An account that does not exist reads as an empty one; one that does is kept by something.
    let info = info.context("accounts have a default")?;
    let of = |name: &str| number(info.at(name).with_context(|| format!("no {name}"))?);
    if of("providers")? + of("sufficients")? == 0 {
        return Ok(None);
    }
    let data = info.at("data");
    Ok(Some(number(data.at("free").context("no free balance")?)?))
}

async fn version(scene: &Scene, who: &Newcomer) -> Result<u32> {
    let identity = who.identity(&scene.rpc).await?.context("no identity")?;
    let version = identity["version"].as_u64().context("no version")?;
    Ok(u32::try_from(version)?)
}

/// The value with the field at that path replaced.
fn with_field(value: &Value<()>, path: &[&str], new: Value<()>) -> Result<Value<()>> {
    use subxt::ext::scale_value::{Composite, ValueDef};
    let Some((name, rest)) = path.split_first() else {
        return Ok(new);
    };
    let mut changed = value.clone();
    let ValueDef::Composite(Composite::Named(fields)) = &mut changed.value else {
        anyhow::bail!("{value} has no fields");
    };
    let field = fields
        .iter_mut()
        .find(|(field, _)| field == name)
        .with_context(|| format!("{value} has no field {name}"))?;
    field.1 = with_field(&field.1, rest, new)?;
    Ok(changed)
}
