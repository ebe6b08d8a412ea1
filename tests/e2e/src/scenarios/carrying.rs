//! Nodes that are relays: messages are carried, paid for by tickets, and what is carried is paid on the chain.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use parlance_bimp::Reason;
use parlance_e2e::{
    chain::{Chain, TOKEN, account, address, call, key, number},
    courier::{Courier, Parcel, Relay, relays},
    facts::{self, unhex},
    harness::{Group, Stage},
    newcomer::{Newcomer, requirements},
    node::{Node, Setup, free_port},
    relay::{Person, Watch, pay_of_the_only_one, registers, sets},
    rpc::Rpc,
    wait::{seconds, until},
};
use parlance_primitives::{AccountId, relay::Period};
use subxt::dynamic::{At, Value};

const BOOK: &str = "the commands of docs/relay.md lead from a key into the roster";
const STARTED: &str = "a node's relay waits for its record and for a roster, and then is there";
const CARRIED: &str = "a message with a ticket goes through a relay to the recipient's relays, and forged tickets are refused";
const PAID: &str = "the relay that carried it is paid to the unit, without a hand";
const KILLED: &str = "a relay that is killed has what it accepted when it is back";

/// Accounts of the relays; the last is led by the book.
const RELAYS: [&str; 3] = ["//Bob", "//Charlie", "//Dave"];
/// Bytes of a relay per period.
const CAPACITY: u64 = 1 << 30;
/// Messages of a conversation.
const MESSAGES: u64 = 6;

pub fn group() -> Group {
    Group {
        name: "carrying",
        scenarios: &[BOOK, STARTED, CARRIED, PAID, KILLED],
        run: |stage| Box::pin(run(stage)),
    }
}

struct Scene {
    nodes: Vec<Node>,
    keys: Vec<[u8; 32]>,
    ports: Vec<u16>,
    accounts: Vec<AccountId>,
    chain: Chain,
    rpc: Rpc,
    genesis: [u8; 32],
    ada: Person,
    ben: Person,
}

async fn run(stage: &Stage) -> Result<()> {
    let mut nodes: Vec<Node> = Vec::new();
    let (mut keys, mut ports, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
    for (number, suri) in RELAYS.iter().enumerate() {
        let mut setup = Setup::alone("fast-1", "//Alice");
        if let Some(first) = nodes.first() {
            setup.suri = None;
            setup.validator = false;
            setup.flags.clear();
            setup.bootnodes = vec![first.address()];
        }
        if number == 0 {
            // It is asked for events of blocks long past.
            setup
                .flags
                .push("--state-pruning=archive-canonical".to_owned());
        }
        setup.name = format!("relay-{number}");
        let port = free_port()?;
        setup.flags.extend([
            format!("--relay-account={}", account(&key(suri)?)),
            "--relay".to_owned(),
            format!("--relay-listen=127.0.0.1:{port}"),
            "--relay-limit-mib=64".to_owned(),
        ]);
        let base = stage.directory(&setup.name)?;
        let mut node = Node::prepare(&stage.binary, base, setup).await?;
        if number < RELAYS.len() - 1 {
            node.insert_key(suri, "rlay", "sr25519").await?;
            keys.push(endpoint_key(stage, &node).await?);
            node.start_and_wait().await?;
            node.first_blocks().await?;
        }
        ports.push(port);
        accounts.push(Newcomer::of(suri)?.account());
        nodes.push(node);
    }
    let first = nodes.first().context("no first node")?;
    let rpc = first.rpc();
    let genesis = requirements(&rpc).await?.genesis;
    let mut scene = Scene {
        chain: Chain::connect(&first.url()).await?,
        rpc,
        genesis: genesis.0,
        ada: Person::of("//Carrying//Ada", genesis)?,
        ben: Person::of("//Carrying//Ben", genesis)?,
        nodes,
        keys,
        ports,
        accounts,
    };
    // Side by side: each waits for the roster most of the time.
    let (book, started) = tokio::join!(
        stage.scenario(BOOK, by_the_book(stage, &scene)),
        stage.scenario(STARTED, started(&scene)),
    );
    book?;
    started?;
    let relays = all_there(&mut scene).await?;
    let carried = stage.scenario(CARRIED, carried(&scene, &relays)).await?;
    stage.scenario(PAID, paid(stage, &scene, carried)).await?;
    stage.scenario(KILLED, killed(&mut scene, &relays)).await?;
    for node in &mut scene.nodes {
        node.stop().await?;
        node.must_not_have_panicked()?;
    }
    Ok(())
}

/// Runs the blocks of docs/relay.md marked for it, as a reader would type them.
async fn by_the_book(stage: &Stage, scene: &Scene) -> Result<()> {
    let [first, .., node] = scene.nodes.as_slice() else {
        anyhow::bail!("{} nodes", scene.nodes.len())
    };
    let (suri, port) = (RELAYS.last(), scene.ports.last());
    let (suri, port) = suri.zip(port).context("no relay")?;
    let crate_root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = crate_root.ancestors().nth(2);
    let root = root.context("the crate lies two levels deep")?;
    let binary = stage.binary.path().parent();
    let binary = binary.context("a binary in no directory")?;
    let paths = std::env::var("PATH").unwrap_or_default();
    let file = stage.directory("book")?.join("book.log");
    let log = std::fs::File::create(&file)?;
    let run = tokio::process::Command::new(crate_root.join("doc-blocks"))
        .arg(root.join("docs/relay.md"))
        .env("PATH", format!("{}:{paths}", binary.display()))
        .env("CHAIN", &node.setup.chain)
        .env("BOOTNODE", first.address())
        .env("BASE", node.data())
        .env("RPC_PORT", node.rpc_port().to_string())
        .env("P2P_PORT", node.p2p_port().to_string())
        .env("RELAY_PORT", port.to_string())
        .env("ADDRESS", "127.0.0.1")
        .env("OPERATOR", suri)
        .env("EXTRA", "--no-mdns --allow-private-ip --no-prometheus")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .status();
    let outcome = tokio::time::timeout(seconds(240), run).await;
    let text = std::fs::read(&file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(40)..].join("\n");
    let status = outcome.with_context(|| format!("no end:\n{tail}"))??;
    ensure!(status.success(), "it ended with {status}:\n{tail}");
    Ok(())
}

/// Starts the node of the book again, and waits until all relays are in the roster and run.
async fn all_there(scene: &mut Scene) -> Result<Vec<Relay>> {
    let last = scene.nodes.last_mut().context("no node")?;
    last.start_and_wait().await?;
    for node in &scene.nodes {
        node.log_has(" is there, at ", seconds(60)).await?;
    }
    until("all relays are in the roster", seconds(120), || {
        relays(&scene.rpc, &scene.accounts)
    })
    .await
}

/// What the node's operator asks before registering.
async fn endpoint_key(stage: &Stage, node: &Node) -> Result<[u8; 32]> {
    let data = node.data();
    let data = data.to_str().context("a path that is no text")?;
    let arguments = [
        "relay-key",
        "--base-path",
        data,
        "--chain",
        &node.setup.chain,
    ];
    let shown = stage.binary.succeed(&arguments).await?;
    let again = stage.binary.succeed(&arguments).await?;
    ensure!(shown == again, "{shown} and {again}");
    let key = unhex(&shown)?;
    key.try_into()
        .map_err(|_| anyhow::anyhow!("{shown} is no key"))
}

async fn started(scene: &Scene) -> Result<()> {
    let Scene { chain, rpc, .. } = scene;
    let own = scene.keys.len();
    for node in scene.nodes.iter().take(own) {
        node.log_has("is no relay on the chain", seconds(60))
            .await?;
    }
    for ((suri, public), port) in RELAYS.iter().zip(&scene.keys).zip(&scene.ports) {
        let register = registers(*public, &format!("127.0.0.1:{port}"), CAPACITY);
        let receipt = chain.submit(&register, &key(suri)?).await?;
        receipt.event("Relay.Registered")?;
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
        let accounts = scene.accounts.get(..own).unwrap_or_default();
        relays(rpc, accounts).await
    })
    .await?;
    for node in scene.nodes.iter().take(own) {
        node.log_has(" is there, at ", seconds(60)).await?;
    }
    Ok(())
}

/// What was carried.
struct Carried {
    period: Period,
    bytes: u64,
    head: u64,
}

/// The next period, at its beginning.
async fn next_period(scene: &Scene) -> Result<Period> {
    let ada = scene.ada.who.account();
    let running = sets(&scene.rpc, &ada).await?.period;
    until("a period begins", seconds(60), || async {
        let period = sets(&scene.rpc, &ada).await?.period;
        Ok((period > running).then_some(period))
    })
    .await
}

async fn carried(scene: &Scene, relays: &[Relay]) -> Result<Carried> {
    let Scene {
        genesis, ada, ben, ..
    } = scene;
    let [way, other, _] = relays else {
        anyhow::bail!("{} relays", relays.len())
    };
    let sender = Courier::connect(*genesis, ada, way).await?;
    let mut here = Courier::connect(*genesis, ben, way).await?;
    let mut there = Courier::connect(*genesis, ben, other).await?;
    here.subscribe().await?;
    there.subscribe().await?;
    let head = facts::finalized(&scene.rpc).await?.number;
    let period = next_period(scene).await?;

    let parcels: Vec<Parcel> = (1..=MESSAGES)
        .map(|number| Parcel::to(ben, number))
        .collect();
    let mut sent = 0;
    for parcel in &parcels {
        sent += parcel.size();
        sender
            .must_send(parcel, &sender.ticket(period, sent))
            .await?;
    }
    // At the relay that it was sent through, and at another one of the mailbox's set.
    here.gets(&parcels).await?;
    there.gets(&parcels).await?;

    let free = Parcel::to(ben, MESSAGES + 1);
    let more = sent + free.size();
    let mut forged = sender.ticket(period, sent);
    forged.bytes = more;
    let mut of_another = sender.ticket(period, more);
    of_another.signature = there.ticket(period, more).signature;
    let refused = [
        ("signed over other bytes", forged),
        ("signed by somebody else", of_another),
        ("shown before", sender.ticket(period, sent)),
        ("of no period", sender.ticket(period + 100, more)),
    ];
    for (what, ticket) in refused {
        let reason = sender.send(&free, &ticket).await?;
        ensure!(
            reason == Some(Reason::BadTicket),
            "a ticket {what}: {reason:?}"
        );
    }
    here.acknowledge(&parcels).await?;
    here.confirm(period, sent).await?;
    let now = sets(&scene.rpc, &ada.who.account()).await?.period;
    ensure!(
        now == period,
        "the period ended before the conversation did"
    );
    Ok(Carried {
        period,
        bytes: sent,
        head,
    })
}

async fn paid(stage: &Stage, scene: &Scene, carried: Carried) -> Result<()> {
    let start = std::time::Instant::now();
    let Carried {
        period,
        bytes,
        head,
    } = carried;
    let bytes = u128::from(bytes);
    let of_period = ("period", u128::from(period));
    let claim = [of_period, ("tickets", bytes), ("receipts", bytes)];
    let claimed = wait_for(scene, head, "Relay.Claimed", &claim).await?.0;
    let (proven, event) = wait_for(scene, claimed, "Relay.Proven", &[of_period]).await?;
    ensure!(number(event.field("bytes")?)? == bytes, "{event:?}");
    let speed = number(event.field("speed")?)?;
    let (paid, event) = wait_for(scene, proven, "Relay.Paid", &[of_period]).await?;
    let amount = number(event.field("amount")?)?;
    let rules = scene
        .chain
        .storage("Accounts", "CurrentParameters", vec![])
        .await?
        .context("no rules of identities")?;
    let prices = rules.at("prices").context("no prices")?;
    let price = number(prices.at(0).context("no price of relaying")?)?;
    let expected = pay_of_the_only_one(bytes, speed, price)?;
    ensure!(
        amount == expected && amount > 0,
        "{amount} units, not {expected}"
    );
    stage.figure(&format!(
        "{bytes} bytes of period {period}: claimed in block {claimed}, proven in {proven}, {amount} units in {paid}, {:.0} s after the receipt",
        start.elapsed().as_secs_f64()
    ));
    Ok(())
}

async fn wait_for(
    scene: &Scene,
    from: u64,
    name: &str,
    fields: &[(&str, u128)],
) -> Result<(u64, parlance_e2e::chain::Event)> {
    let relay = scene.accounts.first().context("no relay")?;
    let watch = tokio::sync::Mutex::new(Watch::from(&scene.chain, relay, from));
    until(&format!("{name} with {fields:?}"), seconds(180), || async {
        watch.lock().await.find(&scene.rpc, name, fields).await
    })
    .await
}

async fn killed(scene: &mut Scene, relays: &[Relay]) -> Result<()> {
    let way = relays.get(1).context("no second relay")?;
    let period = next_period(scene).await?;
    let parcels: Vec<Parcel> = (101..=100 + MESSAGES)
        .map(|number| Parcel::to(&scene.ben, number))
        .collect();
    {
        let sender = Courier::connect(scene.genesis, &scene.ada, way).await?;
        let mut sent = 0;
        for parcel in &parcels {
            sent += parcel.size();
            sender
                .must_send(parcel, &sender.ticket(period, sent))
                .await?;
        }
    }
    let node = scene.nodes.get_mut(1).context("no second node")?;
    node.kill().await?;
    node.start_and_wait().await?;
    let mut recipient = Courier::connect(scene.genesis, &scene.ben, way).await?;
    recipient.subscribe().await?;
    recipient.gets(&parcels).await?;
    recipient.acknowledge(&parcels).await
}
