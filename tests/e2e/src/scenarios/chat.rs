//! People who talk with `bimp`, through nodes that are relays.

mod files;
mod more;

use anyhow::{Result, ensure};
use parlance_e2e::{
    bimp::{Person, text},
    chain::Chain,
    harness::{Group, Stage},
    relays::{Relays, introduce, settle},
};
use serde_json::{Value as Json, json};

const THERE: &str = "three nodes are relays, and two people have identities";
const TALK: &str = "two people talk with bimp, and each message says how far it is";
const AWAY: &str =
    "what is said to somebody who is away waits on the relays, also when one of them dies";
const OFFLINE: &str = "without a node a message is kept, and leaves with the next command";
const CHANGED: &str = "a device that nobody has compared is shown before anything is sent to it";

/// Accounts of the relays.
const RELAYS: [&str; 3] = ["//Bob", "//Charlie", "//Dave"];

pub fn group() -> Group {
    Group {
        name: "chat",
        scenarios: &[
            THERE,
            TALK,
            AWAY,
            OFFLINE,
            files::FILES,
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
    relays: Relays,
    anna: Person,
    ben: Person,
    root: std::path::PathBuf,
}

async fn run(stage: &Stage) -> Result<()> {
    let relays = Relays::start(stage, &RELAYS).await?;
    let url = relays.first()?.url();
    let root = stage.directory("people")?;
    let person = |name: &str| Person::new(root.join(name), &url, &relays.genesis);
    let (anna, ben) = (person("anna")?, person("ben")?);
    let mut scene = Scene {
        anna,
        ben,
        root,
        relays,
    };
    stage.scenario(THERE, there(stage, &scene)).await?;
    stage.scenario(TALK, talk(stage, &scene)).await?;
    stage.scenario(AWAY, away(&mut scene)).await?;
    stage.scenario(OFFLINE, offline(&scene)).await?;
    let sends = files::run(stage, &mut scene);
    stage.scenario(files::FILES, sends).await?;
    stage.scenario(CHANGED, changed(&scene)).await?;
    more::run(stage, &scene).await?;
    scene.relays.stop().await
}

async fn there(stage: &Stage, scene: &Scene) -> Result<()> {
    let chain = Chain::connect(&scene.relays.first()?.url()).await?;
    scene.relays.register(stage, &chain).await?;
    // Nobody can be written to before there are relays; what is said now waits.
    for (person, other) in [(&scene.anna, "ben"), (&scene.ben, "anna")] {
        settle(&chain, person).await?;
        let nobody = person.refusal(7, &["send", other, "hello"]).await?;
        ensure!(nobody.contains(other), "{nobody}");
    }
    introduce(&[("anna", &scene.anna), ("ben", &scene.ben)]).await?;
    scene.relays.serve().await
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
    let last = scene.relays.last_mut()?;
    last.kill().await?;
    let sent = ["send", "ben", "three", "--patience", "60"];
    let sent = scene.anna.succeed(&sent).await?;
    ensure!(sent["progress"] == "accepted", "{sent}");
    let mut ben = scene.ben.bot()?;
    for words in ["one", "two", "three"] {
        ben.event(|event| is_message(event, words)).await?;
    }
    ben.quit().await?;
    let last = scene.relays.last_mut()?;
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
    let first = scene.relays.first()?;
    let phone = Person::new(
        scene.root.join("phone"),
        &first.url(),
        &scene.relays.genesis,
    )?;
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
