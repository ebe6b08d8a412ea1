//! What people expect of a messenger besides messages.

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    bimp::{Person, text},
    harness::Stage,
    wait::seconds,
};
use serde_json::{Value as Json, json};

use super::{Scene, is_message};

pub const HISTORY: &str = "a new device gets what was said before, once an old one allows it";
pub const PASSING: &str = "messages disappear from both sides, also while nobody runs anything";
pub const TIP: &str = "a tip is paid, told of, and proven before it is shown as received";
pub const TERMINAL: &str =
    "two people at two terminals type, see marks, and talk without leaving a trace";

pub async fn run(stage: &Stage, scene: &Scene) -> Result<()> {
    stage.scenario(HISTORY, history(stage, scene)).await?;
    stage.scenario(PASSING, passing(scene)).await?;
    stage.scenario(TIP, tip(scene)).await?;
    stage.scenario(TERMINAL, terminal(stage, scene)).await
}

async fn texts(person: &Person, with: &str) -> Result<Vec<String>> {
    let all = ["history", with, "--limit", "1000"];
    let history = person.succeed(&all).await?;
    let messages = history["messages"].as_array().context("no messages")?;
    let texts = messages.iter();
    let texts = texts.map(|message| message["text"].as_str().unwrap_or_default().to_owned());
    Ok(texts.collect())
}

/// Ben's phone, which was added late, has what came since. It gets the rest.
async fn history(stage: &Stage, scene: &Scene) -> Result<()> {
    let url = scene.relays.first()?.url();
    let phone = Person::new(scene.root.join("phone"), &url, &scene.relays.genesis)?;
    let anna = text(&scene.anna.succeed(&["status"]).await?, "account")?;
    phone.succeed(&["contact", "add", "anna", &anna]).await?;
    let before = texts(&phone, "anna").await?;
    ensure!(before == ["five", "six"], "{before:?}");
    // Nobody gives it unasked.
    let mut ben = scene.ben.bot()?;
    ben.named("ready").await?;
    let alone = ["device", "sync", "--patience", "15"];
    let refused = phone.refusal(9, &alone).await?;
    let device = text(&phone.succeed(&["status"]).await?, "device")?;
    let name = device.get(..8).context("a short name")?;
    ensure!(
        refused.contains(&format!("bimp device sync --give {name}")),
        "{refused}"
    );
    let asked = ben.named("history-wanted").await?;
    ensure!(asked["device"] == name, "{asked}");
    ben.quit().await?;
    let give = ["device", "sync", "--give", name, "--no-wait"];
    scene.ben.succeed(&give).await?;
    let ben = scene.ben.bot()?;
    let start = std::time::Instant::now();
    let taken = phone.succeed(&["device", "sync"]).await?;
    let took = start.elapsed().as_secs_f64();
    ben.quit().await?;
    let (here, there) = (
        texts(&phone, "anna").await?,
        texts(&scene.ben, "anna").await?,
    );
    ensure!(here == there && here.len() > 20, "{here:?} {there:?}");
    let messages = taken["messages"].as_u64().context("no number")?;
    ensure!(messages as usize == here.len(), "{taken}");
    stage.figure(&format!(
        "{messages} messages from one device to another: {took:.1} s"
    ));
    Ok(())
}

async fn passing(scene: &Scene) -> Result<()> {
    let mut ben = scene.ben.bot()?;
    ben.named("ready").await?;
    let mut anna = scene.anna.bot()?;
    anna.named("ready").await?;
    let timer = |seconds: Json| json!({"do": "timer", "with": "ben", "seconds": seconds});
    anna.order(&timer(5.into())).await?;
    let send = json!({"do": "send", "with": "ben", "text": "soon gone"});
    anna.order(&send).await?;
    let set = ben
        .event(|event| event["event"] == "message" && event["message"]["kind"] == "timer")
        .await?;
    ensure!(set["message"]["timer"] == 5, "{set}");
    let heard = ben.event(|event| is_message(event, "soon gone")).await?;
    ensure!(heard["message"]["lifetime"] == 5, "{heard}");
    let number = &heard["message"]["number"];
    let read = json!({"do": "read", "with": "anna", "upTo": number});
    ben.order(&read).await?;
    // Ben waits for it, Anna does not run anything while its time ends.
    anna.quit().await?;
    ben.event(|event| event["event"] == "disappeared" && event["number"] == *number)
        .await?;
    ben.quit().await?;
    let mut anna = scene.anna.bot()?;
    anna.named("disappeared").await?;
    anna.order(&timer(Json::Null)).await?;
    anna.named("done").await?;
    anna.quit().await?;
    for (person, with) in [(&scene.anna, "ben"), (&scene.ben, "anna")] {
        let left = texts(person, with).await?;
        ensure!(!left.iter().any(|text| text == "soon gone"), "{left:?}");
        ensure!(person.folder().join("vault.passing").is_file());
    }
    Ok(())
}

async fn tip(scene: &Scene) -> Result<()> {
    let sent = [
        "send",
        "ben",
        "--tip",
        "1.5",
        "for the coffee",
        "--yes",
        "--patience",
        "60",
    ];
    let sent = scene.anna.succeed(&sent).await?;
    ensure!(
        sent["progress"] == "accepted" || sent["progress"] == "delivered",
        "{sent}"
    );
    let mut ben = scene.ben.bot()?;
    let is_payment = |event: &Json| event["message"]["kind"] == "payment";
    let told = ben.event(is_payment).await?;
    let payment = &told["message"]["payment"];
    ensure!(
        payment["amount"] == "1.5" && payment["note"] == "for the coffee",
        "{told}"
    );
    ben.quit().await?;
    let proven = |history: &Json| history["messages"][0]["payment"]["proven"].clone();
    let last = ["history", "anna", "--limit", "1"];
    let before = scene.ben.succeed(&last).await?;
    ensure!(proven(&before) == false, "{before}");
    // Whoever looks at the conversation has it proven.
    let shown = scene.ben.chat("anna", "", seconds(120)).await?;
    ensure!(
        shown.contains("received 1.5 tokens") && shown.contains("proven"),
        "{shown}"
    );
    let after = scene.ben.succeed(&last).await?;
    ensure!(proven(&after) == true, "{after}");
    // In a conversation nothing is paid without a yes.
    let shown = scene
        .anna
        .chat("ben", "/yes\n/red 2 a good year\n", seconds(120))
        .await?;
    ensure!(
        shown.contains("no payment to agree to") && shown.contains("/yes agrees"),
        "{shown}"
    );
    let lines = "/red 2 a good year\n/yes\n";
    let shown = scene.anna.chat("ben", lines, seconds(240)).await?;
    ensure!(shown.contains("paid 2 tokens, final in block"), "{shown}");
    let mut ben = scene.ben.bot()?;
    ben.event(is_payment).await?;
    ben.quit().await?;
    let shown = scene.ben.chat("anna", "", seconds(240)).await?;
    ensure!(shown.contains("received 2 tokens"), "{shown}");
    Ok(())
}

async fn terminal(stage: &Stage, scene: &Scene) -> Result<()> {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = script.join("clients/python/terminal.py");
    let person = |name: &str, person: &Person| {
        let variables: serde_json::Map<String, Json> = person
            .variables()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        json!({"name": name, "variables": variables})
    };
    let people = json!([person("anna", &scene.anna), person("ben", &scene.ben)]);
    let run = tokio::process::Command::new("python3")
        .arg(script)
        .arg(scene.anna.binary())
        .arg(people.to_string())
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(seconds(400), run).await??;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}\n{wrong}");
    stage.figure(said.lines().last().unwrap_or_default());
    Ok(())
}
