//! People who talk with `bimp`, through nodes that are relays.

mod more;

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    bimp::{Person, text},
    chain::{Chain, TOKEN, account, address, call, key},
    facts::{self, unhex},
    harness::{Group, Stage},
    newcomer::Newcomer,
    node::{Node, Setup, free_port},
    relay::{is_member, registers},
    wait::{seconds, until},
};
use serde_json::{Value as Json, json};
use subxt::{dynamic::Value, utils::AccountId32};

const THERE: &str = "three nodes are relays, and two people have identities";
const TALK: &str = "two people talk with bimp, and each message says how far it is";
const AWAY: &str =
    "what is said to somebody who is away waits on the relays, also when one of them dies";
const OFFLINE: &str = "without a node a message is kept, and leaves with the next command";
const CHANGED: &str = "a device that nobody has compared is shown before anything is sent to it";

/// Accounts of the relays.
const RELAYS: [&str; 3] = ["//Bob", "//Charlie", "//Dave"];
/// Bytes of a relay per period.
const CAPACITY: u64 = 1 << 30;

pub fn group() -> Group {
    Group {
        name: "chat",
        scenarios: &[
            THERE,
            TALK,
            AWAY,
            OFFLINE,
            CHANGED,
            more::HISTORY,
            more::PASSING,
            more::TIP,
            more::TERMINAL,
        ],
        run: |stage| Box::pin(run(stage)),
    }
}

struct Scene {
    nodes: Vec<Node>,
    anna: Person,
    ben: Person,
    root: std::path::PathBuf,
    genesis: String,
}

async fn run(stage: &Stage) -> Result<()> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut ports = Vec::new();
    for (number, suri) in RELAYS.iter().enumerate() {
        let mut setup = Setup::alone("fast-1", "//Alice");
        if let Some(first) = nodes.first() {
            setup.suri = None;
            setup.validator = false;
            setup.flags.clear();
            setup.bootnodes = vec![first.address()];
        }
        setup.name = format!("relay-{number}");
        let port = free_port()?;
        setup.flags.extend([
            "--state-pruning=archive".to_owned(),
            format!("--relay-account={}", account(&key(suri)?)),
            "--relay".to_owned(),
            format!("--relay-listen=127.0.0.1:{port}"),
            "--relay-limit-mib=64".to_owned(),
        ]);
        let base = stage.directory(&setup.name)?;
        let mut node = Node::prepare(&stage.binary, base, setup).await?;
        node.insert_key(suri, "rlay", "sr25519").await?;
        node.start_and_wait().await?;
        node.first_blocks().await?;
        ports.push(port);
        nodes.push(node);
    }
    let first = nodes.first().context("no node")?;
    let genesis = facts::hash_at(&first.rpc(), 0).await?;
    let genesis = genesis.context("no genesis")?;
    let root = stage.directory("people")?;
    let person = |name: &str| Person::new(root.join(name), &first.url(), &genesis);
    let (anna, ben) = (person("anna")?, person("ben")?);
    let mut scene = Scene {
        anna,
        ben,
        root,
        genesis,
        nodes,
    };
    stage.scenario(THERE, there(stage, &scene, &ports)).await?;
    stage.scenario(TALK, talk(stage, &scene)).await?;
    stage.scenario(AWAY, away(&mut scene)).await?;
    stage.scenario(OFFLINE, offline(&scene)).await?;
    stage.scenario(CHANGED, changed(&scene)).await?;
    more::run(stage, &scene).await?;
    for node in &mut scene.nodes {
        node.stop().await?;
        node.must_not_have_panicked()?;
    }
    Ok(())
}

/// The key of a node's relay, as its operator reads it.
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
    let key = unhex(&shown)?;
    key.try_into()
        .map_err(|_| anyhow::anyhow!("{shown} is no key"))
}

async fn there(stage: &Stage, scene: &Scene, ports: &[u16]) -> Result<()> {
    let first = scene.nodes.first().context("no node")?;
    let chain = Chain::connect(&first.url()).await?;
    for ((suri, node), port) in RELAYS.iter().zip(&scene.nodes).zip(ports) {
        let public = endpoint_key(stage, node).await?;
        let register = registers(public, &format!("127.0.0.1:{port}"), CAPACITY);
        let receipt = chain.submit(&register, &key(suri)?).await?;
        receipt.event("Relay.Registered")?;
    }
    // Nobody can be written to before there are relays; what is said now waits.
    for (person, other) in [(&scene.anna, "ben"), (&scene.ben, "anna")] {
        person.succeed(&["identity", "new"]).await?;
        let own = text(&person.succeed(&["status"]).await?, "account")?;
        let own: AccountId32 = own.parse().map_err(|error| anyhow::anyhow!("{error}"))?;
        let gift = vec![address(&own), Value::u128(10 * TOKEN)];
        let transfer = call("Balances", "transfer_keep_alive", gift);
        chain.submit(&transfer, &key("//Ferdie")?).await?;
        person.succeed(&["identity", "back"]).await?;
        let nobody = person.refusal(7, &["send", other, "hello"]).await?;
        ensure!(nobody.contains(other), "{nobody}");
    }
    for (person, name, other) in [
        (&scene.anna, "ben", &scene.ben),
        (&scene.ben, "anna", &scene.anna),
    ] {
        let account = text(&other.succeed(&["status"]).await?, "account")?;
        person.succeed(&["contact", "add", name, &account]).await?;
    }
    for suri in RELAYS {
        let relay = Newcomer::of(suri)?.account();
        let rpc = first.rpc();
        until("the relay is in the roster", seconds(240), || async {
            Ok(is_member(&rpc, &relay).await?.then_some(()))
        })
        .await?;
    }
    for node in &scene.nodes {
        node.log_has(" is there, at ", seconds(60)).await?;
    }
    Ok(())
}

fn is_message(event: &Json, words: &str) -> bool {
    event["event"] == "message" && event["message"]["text"] == words
}

async fn talk(stage: &Stage, scene: &Scene) -> Result<()> {
    let mut ben = scene.ben.bot()?;
    ben.named("ready").await?;
    ben.event(|event| event["event"] == "listening" && event["relay"].is_string())
        .await?;
    let start = std::time::Instant::now();
    let sent = ["send", "ben", "hello", "--delivered", "--patience", "120"];
    let sent = scene.anna.succeed(&sent).await?;
    let took = start.elapsed().as_secs_f64();
    stage.figure(&format!(
        "a first message, from nothing to a device of the other side: {took:.1} s"
    ));
    ensure!(
        sent["status"]["deliveredTo"] == 1 && sent["status"]["acceptedBy"].as_u64() >= Some(2),
        "{sent}"
    );
    let heard = ben.event(|event| is_message(event, "hello")).await?;
    ensure!(
        heard["with"] == "anna" && heard["message"]["id"] == sent["id"],
        "{heard}"
    );

    let mut anna = scene.anna.bot()?;
    anna.named("ready").await?;
    let id = heard["message"]["id"].clone();
    for order in [
        json!({"do": "react", "with": "anna", "message": id, "emoji": "👍"}),
        json!({"do": "reply", "with": "anna", "message": id, "text": "hello Anna"}),
        json!({"do": "read", "with": "anna", "upTo": heard["message"]["number"]}),
    ] {
        ben.order(&order).await?;
        ben.named("done").await?;
    }
    let reply = anna.event(|event| is_message(event, "hello Anna")).await?;
    ensure!(reply["message"]["replyTo"] == id, "{reply}");
    anna.event(|event| event["event"] == "status" && event["status"]["read"] == true)
        .await?;
    // The messages that take longest, there and back.
    let start = std::time::Instant::now();
    for round in 0..10 {
        let words = format!("round {round}");
        let order = json!({"do": "send", "with": "ben", "text": words});
        anna.order(&order).await?;
        ben.event(|event| is_message(event, &words)).await?;
        let order = json!({"do": "send", "with": "anna", "text": words});
        ben.order(&order).await?;
        anna.event(|event| is_message(event, &words) && event["message"]["own"] == false)
            .await?;
    }
    let each = start.elapsed().as_secs_f64() / 20.0;
    stage.figure(&format!(
        "a message of a conversation, from person to person: {:.0} ms",
        1_000.0 * each
    ));
    // Her folder is in use: the bot that has it sends.
    let handed = ["send", "ben", "handed over", "--delivered"];
    let handed = scene.anna.succeed(&handed).await?;
    ensure!(
        handed["handedOver"] == true && handed["status"]["deliveredTo"] == 1,
        "{handed}"
    );
    let heard = ben.event(|event| is_message(event, "handed over")).await?;
    ensure!(heard["message"]["id"] == handed["id"], "{heard}");
    anna.quit().await?;
    ben.quit().await?;
    let history = scene.anna.succeed(&["history", "ben"]).await?;
    let hello = &history["messages"][0];
    ensure!(
        hello["text"] == "hello" && hello["reactions"][0]["emoji"] == "👍",
        "{history}"
    );
    Ok(())
}

async fn away(scene: &mut Scene) -> Result<()> {
    for words in ["one", "two"] {
        let sent = ["send", "ben", words, "--patience", "60"];
        scene.anna.succeed(&sent).await?;
    }
    let last = scene.nodes.last_mut().context("no node")?;
    last.kill().await?;
    let sent = ["send", "ben", "three", "--patience", "60"];
    let sent = scene.anna.succeed(&sent).await?;
    ensure!(sent["progress"] == "accepted", "{sent}");
    let mut ben = scene.ben.bot()?;
    for words in ["one", "two", "three"] {
        ben.event(|event| is_message(event, words)).await?;
    }
    ben.quit().await?;
    let last = scene.nodes.last_mut().context("no node")?;
    last.start_and_wait().await
}

async fn offline(scene: &Scene) -> Result<()> {
    let nowhere = scene.anna.with_node("ws://127.0.0.1:1");
    let sent = ["send", "ben", "four", "--patience", "3"];
    let error = nowhere.refusal(9, &sent).await?;
    ensure!(error.contains("127.0.0.1:1"), "{error}");
    let status = scene.anna.succeed(&["status"]).await?;
    ensure!(status["messages"]["unsent"] == 1, "{status}");
    let sent = ["send", "ben", "--waiting", "--patience", "60"];
    scene.anna.succeed(&sent).await?;
    let mut ben = scene.ben.bot()?;
    ben.event(|event| is_message(event, "four")).await?;
    ben.quit().await
}

async fn changed(scene: &Scene) -> Result<()> {
    let said = scene.anna.succeed(&["contact", "verify", "ben"]).await?;
    let number = text(&said, "safetyNumber")?;
    let verify = ["contact", "verify", "ben", "--number", &number];
    scene.anna.succeed(&verify).await?;
    let first = scene.nodes.first().context("no node")?;
    let phone = Person::new(scene.root.join("phone"), &first.url(), &scene.genesis)?;
    let own = text(&scene.ben.succeed(&["status"]).await?, "account")?;
    let asked = phone.succeed(&["device", "request", &own]).await?;
    let code = text(&asked, "code")?;
    scene
        .ben
        .succeed(&["device", "add", &code, "--yes"])
        .await?;
    // Nothing is sent before somebody has read it.
    let sent = ["send", "ben", "five", "--patience", "60"];
    let error = scene.anna.refusal(8, &sent).await?;
    ensure!(error.contains("ben has changed"), "{error}");
    let history = scene
        .anna
        .succeed(&["history", "ben", "--limit", "1"])
        .await?;
    ensure!(
        history["messages"][0]["status"]["progress"] == "waiting",
        "{history}"
    );
    // Told once; whoever goes on has seen it.
    let mut phone = phone.bot()?;
    phone
        .event(|event| event["event"] == "listening" && event["relay"].is_string())
        .await?;
    let sent = ["send", "ben", "six", "--patience", "120"];
    scene.anna.succeed(&sent).await?;
    for words in ["five", "six"] {
        phone.event(|event| is_message(event, words)).await?;
    }
    phone.quit().await
}
