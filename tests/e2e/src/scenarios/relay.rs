//! A relay that is paid without a hand on the keyboard, and one that claims what nobody signed.

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    chain::{Chain, TOKEN, account, address, call, key, number},
    facts,
    harness::{Group, Stage},
    newcomer::{Newcomer, requirements},
    node::{Node, Setup},
    relay::{
        Person, Trees, Watch, challenge, hand, is_member, pay_of_the_only_one, registers, sets,
    },
    rpc::Rpc,
    wait::{seconds, until},
};
use parlance_primitives::relay::{Period, TicketLeaf, Tree};
use subxt::dynamic::{At, Value};

const MEMBERS: &str = "relays with a bond come into the roster, and people with deposits";
const PAID: &str =
    "what two people signed is claimed, opened and paid to the unit by the node itself";
const KILLED: &str = "a node that is killed after its claim opens it when it is back";
const SLASHED: &str = "a relay that shows a leaf nobody signed loses half of its bond";

const RELAY: &str = "//Bob";
const CHEAT: &str = "//Charlie";
/// Bytes of a relay per period.
const CAPACITY: u64 = 1 << 30;
/// Bytes that Ada sends, and that Ben confirms.
const SENT: u64 = 15_000;
const RECEIVED: u64 = 12_000;

pub fn group() -> Group {
    Group {
        name: "relay",
        scenarios: &[MEMBERS, PAID, KILLED, SLASHED],
        run: |stage| Box::pin(run(stage)),
    }
}

struct Scene {
    node: Node,
    chain: Chain,
    rpc: Rpc,
    relay: Newcomer,
    cheat: Newcomer,
    ada: Person,
    ben: Person,
}

async fn run(stage: &Stage) -> Result<()> {
    let relay = Newcomer::of(RELAY)?;
    let mut setup = Setup::alone("fast-1", "//Alice");
    setup.flags.extend([
        "--state-pruning=archive-canonical".to_owned(),
        format!("--relay-account={}", account(&key(RELAY)?)),
    ]);
    let mut node = Node::prepare(&stage.binary, stage.directory("node")?, setup).await?;
    node.insert_key(RELAY, "rlay", "sr25519").await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    let rpc = node.rpc();
    let genesis = requirements(&rpc).await?.genesis;
    let mut scene = Scene {
        chain: Chain::connect(&node.url()).await?,
        rpc,
        relay,
        cheat: Newcomer::of(CHEAT)?,
        ada: Person::of("//Relay//Ada", genesis)?,
        ben: Person::of("//Relay//Ben", genesis)?,
        node,
    };
    stage.scenario(MEMBERS, members(&scene)).await?;
    stage.scenario(PAID, paid(stage, &scene)).await?;
    stage.scenario(KILLED, killed(&mut scene)).await?;
    stage.scenario(SLASHED, slashed(&scene)).await?;
    scene.node.must_not_have_panicked()
}

async fn members(scene: &Scene) -> Result<()> {
    let Scene { chain, rpc, .. } = scene;
    for (suri, port) in [(RELAY, 4433), (CHEAT, 4434)] {
        let address = format!("127.0.0.1:{port}");
        let register = registers([7; 32], &address, CAPACITY);
        let receipt = chain.submit(&register, &key(suri)?).await?;
        let bond = number(receipt.event("Relay.Registered")?.field("bond")?)?;
        ensure!(bond == 110 * TOKEN, "a bond of {bond}");
    }
    let ferdie = key("//Ferdie")?;
    for person in [&scene.ada, &scene.ben] {
        person.who.settles(rpc).await?;
        let target = address(&account(&key(&person.who.suri)?));
        let gift = Value::u128(10 * TOKEN);
        let transfer = call(
            "Balances",
            "transfer_keep_alive",
            vec![target.clone(), gift],
        );
        chain.submit(&transfer, &ferdie).await?;
        let back = call("Accounts", "back_identity", vec![target]);
        let receipt = chain.submit(&back, &ferdie).await?;
        receipt.event("Accounts.Backed")?;
    }
    until("both relays are in the roster", seconds(240), || async {
        let both = is_member(rpc, &scene.relay.account()).await?
            && is_member(rpc, &scene.cheat.account()).await?;
        Ok(both.then_some(()))
    })
    .await?;
    let sets = sets(rpc, &scene.ada.who.account()).await?;
    ensure!(
        sets.ingress == 2 && sets.mailbox == 2 && sets.cap >= SENT,
        "{sets:?}"
    );
    Ok(())
}

/// Lets Ada send and Ben receive in the running period, and returns it.
async fn chat(scene: &Scene) -> Result<Period> {
    let relay = scene.relay.account();
    let ada = scene.ada.who.account();
    let running = sets(&scene.rpc, &ada).await?.period;
    let period = until("a period begins", seconds(60), || async {
        let period = sets(&scene.rpc, &ada).await?.period;
        Ok((period > running).then_some(period))
    })
    .await?;
    // The worker may see its first block a moment after the server of this method.
    let ticket = scene.ada.ticket(period, &relay, SENT / 2);
    let counted = until("the worker takes a ticket", seconds(5), || async {
        let counted = hand(&scene.rpc, "parlance_relayTakeTicket", period, &ticket).await?;
        Ok(Some(counted))
    })
    .await?;
    ensure!(counted == SENT / 2, "{counted} bytes count");
    // Counts are cumulative: the last of a period is what counts.
    let ticket = scene.ada.ticket(period, &relay, SENT);
    let counted = hand(&scene.rpc, "parlance_relayTakeTicket", period, &ticket).await?;
    ensure!(counted == SENT, "{counted} bytes count");
    let again = scene.ada.ticket(period, &relay, SENT);
    let refused = hand(&scene.rpc, "parlance_relayTakeTicket", period, &again).await;
    ensure!(refused.is_err(), "a ticket was taken twice");
    let forged = scene.ada.ticket(period, &relay, SENT);
    let forged = TicketLeaf {
        bytes: SENT + 1,
        ..forged
    };
    let refused = hand(&scene.rpc, "parlance_relayTakeTicket", period, &forged).await;
    ensure!(refused.is_err(), "a forged ticket was taken");
    let receipt = scene.ben.receipt(period, &relay, RECEIVED);
    let counted = hand(&scene.rpc, "parlance_relayTakeReceipt", period, &receipt).await?;
    ensure!(counted == RECEIVED, "{counted} bytes count");
    Ok(period)
}

async fn paid(stage: &Stage, scene: &Scene) -> Result<()> {
    let Scene { chain, rpc, .. } = scene;
    let start = std::time::Instant::now();
    let head = facts::finalized(rpc).await?.number;
    let period = chat(scene).await?;
    let of_period = ("period", u128::from(period));

    let claim = [
        of_period,
        ("tickets", SENT.into()),
        ("receipts", RECEIVED.into()),
    ];
    let (claimed, _) = wait_for(scene, head, "Relay.Claimed", &claim).await?;
    let (proven, event) = wait_for(scene, claimed, "Relay.Proven", &[of_period]).await?;
    let bytes = number(event.field("bytes")?)?;
    let speed = number(event.field("speed")?)?;
    ensure!(
        bytes == u128::from(RECEIVED),
        "the smaller sum counts, not {bytes}"
    );
    ensure!(number(event.field("doubts")?)? == 0, "{event:?}");

    let (paid, event) = wait_for(scene, proven, "Relay.Paid", &[of_period]).await?;
    let amount = number(event.field("amount")?)?;
    let expected = pay_of_the_only_one(bytes, speed, price(chain).await?)?;
    ensure!(
        amount == expected && amount > 0,
        "{amount} units, not {expected}"
    );
    let relay = account(&key(RELAY)?);
    let before = chain.free_at(&relay, paid - 1).await?;
    let after = chain.free_at(&relay, paid).await?;
    ensure!(
        after == before + amount,
        "the balance went from {before} to {after} with {amount} of pay"
    );
    stage.figure(&format!(
        "period {period}: claimed in block {claimed}, proven in {proven}, {amount} units in {paid}, {:.0} s after the ticket",
        start.elapsed().as_secs_f64()
    ));
    Ok(())
}

async fn killed(scene: &mut Scene) -> Result<()> {
    let head = facts::finalized(&scene.rpc).await?.number;
    let period = chat(scene).await?;
    let of_period = ("period", u128::from(period));
    let claim = [of_period, ("tickets", SENT.into())];
    let (claimed, _) = wait_for(scene, head, "Relay.Claimed", &claim).await?;
    scene.node.kill().await?;
    scene.node.start_and_wait().await?;
    scene.chain = Chain::connect(&scene.node.url()).await?;
    let (proven, _) = wait_for(scene, claimed, "Relay.Proven", &[of_period]).await?;
    wait_for(scene, proven, "Relay.Paid", &[of_period]).await?;
    Ok(())
}

async fn slashed(scene: &Scene) -> Result<()> {
    let Scene { chain, rpc, .. } = scene;
    let cheat = scene.cheat.account();
    let signer = key(CHEAT)?;
    // Who claims nothing for a whole roster is out of the next one until it asks to be in again.
    if !is_member(rpc, &cheat).await? {
        chain
            .submit(&call("Relay", "resume", vec![]), &signer)
            .await?;
        until("the cheat is in the roster again", seconds(240), || async {
            Ok(is_member(rpc, &cheat).await?.then_some(()))
        })
        .await?;
    }
    let head = facts::finalized(rpc).await?.number;
    let period = sets(rpc, &scene.ada.who.account()).await?.period;
    let mut invented = scene.ada.ticket(period, &cheat, 100);
    invented.bytes = SENT;
    invented.counted = SENT;
    let receipt = scene.ben.receipt(period, &cheat, RECEIVED);
    let trees = Trees {
        tickets: Tree::new(vec![invented]).map_err(|error| anyhow::anyhow!("{error}"))?,
        receipts: Tree::new(vec![receipt]).map_err(|error| anyhow::anyhow!("{error}"))?,
    };
    until("the next period has begun", seconds(60), || async {
        let now = sets(rpc, &scene.ada.who.account()).await?;
        Ok((now.period > period).then_some(()))
    })
    .await?;
    chain.submit(&trees.claims(period), &signer).await?;
    let drawn = until("the positions are drawn", seconds(120), || {
        challenge(rpc, &cheat, period)
    })
    .await?;
    let receipt = chain
        .submit(&trees.opens(&cheat, period, &drawn), &signer)
        .await?;
    let falsified = receipt.event("Relay.Falsified")?;
    let slashed = number(falsified.field("slashed")?)?;
    ensure!(slashed == 55 * TOKEN, "{slashed} units were burnt");
    let key = parlance_e2e::chain::id(&account(&signer));
    let relay = chain
        .storage("Relay", "Relays", vec![key])
        .await?
        .context("the relay is gone")?;
    let bond = number(relay.at("bond").context("no bond")?)?;
    ensure!(bond == 55 * TOKEN, "a bond of {bond} is left");
    let mut watch = Watch::from(chain, &cheat, head);
    let credited = watch.find(rpc, "Relay.Proven", &[]).await?;
    ensure!(
        credited.is_none(),
        "what nobody signed was credited: {credited:?}"
    );
    // The honest one was never slashed.
    let mut watch = Watch::from(chain, &scene.relay.account(), 1);
    let falsified = watch.find(rpc, "Relay.Falsified", &[]).await?;
    ensure!(
        falsified.is_none(),
        "an honest relay was slashed: {falsified:?}"
    );
    Ok(())
}

async fn wait_for(
    scene: &Scene,
    from: u64,
    name: &str,
    fields: &[(&str, u128)],
) -> Result<(u64, parlance_e2e::chain::Event)> {
    let watch = tokio::sync::Mutex::new(Watch::from(&scene.chain, &scene.relay.account(), from));
    let what = format!("{name} with {fields:?}");
    until(&what, seconds(180), || async {
        watch.lock().await.find(&scene.rpc, name, fields).await
    })
    .await
}

/// Price of a mebibyte of relaying.
async fn price(chain: &Chain) -> Result<u128> {
    let rules = chain
        .storage("Accounts", "CurrentParameters", vec![])
        .await?
        .context("no rules of identities")?;
    let prices = rules.at("prices").context("no prices")?;
    number(prices.at(0).context("no price of relaying")?)
}
