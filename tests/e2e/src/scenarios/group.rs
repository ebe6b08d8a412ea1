//! Three people in a group, through nodes that are relays.

mod files;

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use parlance_e2e::{
    bimp::{Bot, Person},
    chain::Chain,
    harness::{Group, Stage},
    relays::{Relays, introduce, settle},
};
use serde_json::{Value as Json, json};

const JOINED: &str = "a group is made, and two people are invited and join";
const SAID: &str = "what one says all read, each once";
const AWAY: &str =
    "who is away reads everything later, also when a relay dies and others come and go meanwhile";
const TWICE: &str = "two who invite and rename at the same time both do";
const REMOVED: &str = "who was removed reads nothing that is said from then on";
const LEFT: &str = "who leaves is taken off the list";

/// Accounts of the relays.
const RELAYS: [&str; 3] = ["//Bob", "//Charlie", "//Dave"];
/// How often something is asked, and the pause between two times.
const ASKS: usize = 300;
/// See [`ASKS`].
const PAUSE: Duration = Duration::from_millis(200);

pub fn group() -> Group {
    Group {
        name: "group",
        scenarios: &[JOINED, SAID, files::FILE, AWAY, TWICE, REMOVED, LEFT],
        run: |stage| Box::pin(run(stage)),
    }
}

struct Scene {
    relays: Relays,
    anna: Person,
    ben: Person,
    cleo: Person,
    dora: Person,
}

async fn run(stage: &Stage) -> Result<()> {
    let relays = Relays::start(stage, &RELAYS).await?;
    let url = relays.first()?.url();
    let root = stage.directory("people")?;
    let person = |name: &str| Person::new(root.join(name), &url, &relays.genesis);
    let mut scene = Scene {
        anna: person("anna")?,
        ben: person("ben")?,
        cleo: person("cleo")?,
        dora: person("dora")?,
        relays,
    };
    stage.scenario(JOINED, joined(stage, &scene)).await?;
    stage.scenario(SAID, said(stage, &scene)).await?;
    stage
        .scenario(files::FILE, files::run(stage, &scene))
        .await?;
    stage.scenario(AWAY, away(&mut scene)).await?;
    stage.scenario(TWICE, twice(&scene)).await?;
    stage.scenario(REMOVED, removed(&scene)).await?;
    stage.scenario(LEFT, left(&scene)).await?;
    scene.relays.stop().await
}

async fn joined(stage: &Stage, scene: &Scene) -> Result<()> {
    let chain = Chain::connect(&scene.relays.first()?.url()).await?;
    scene.relays.register(stage, &chain).await?;
    let people = [
        ("anna", &scene.anna),
        ("ben", &scene.ben),
        ("cleo", &scene.cleo),
        ("dora", &scene.dora),
    ];
    for (_, person) in people {
        settle(&chain, person).await?;
    }
    introduce(&people).await?;
    scene.relays.serve().await?;
    // Key packages are on the relays once a person was there.
    for (_, person) in people {
        published(person).await?;
    }
    let start = std::time::Instant::now();
    let new = ["group", "new", "walkers", "--patience", "60"];
    let made = scene.anna.succeed(&new).await?;
    ensure!(made["stage"] == "member", "{made}");
    let invite = [
        "group",
        "invite",
        "walkers",
        "ben",
        "cleo",
        "--patience",
        "120",
    ];
    let invited = scene.anna.succeed(&invite).await?;
    ensure!(others(&invited) == ["ben", "cleo"], "{invited}");
    stage.figure(&format!(
        "a group made and two people invited: {:.1} s",
        start.elapsed().as_secs_f64()
    ));
    for person in [&scene.ben, &scene.cleo] {
        let mut bot = person.bot()?;
        let event = bot.event(|event| is_change(event, "invited")).await?;
        ensure!(
            event["name"] == "walkers" && event["by"]["name"] == "anna",
            "{event}"
        );
        bot.quit().await?;
        let listed = person.succeed(&["group", "list"]).await?;
        ensure!(listed["groups"][0]["stage"] == "invited", "{listed}");
        let join = ["group", "join", "walkers", "--patience", "60"];
        let joined = person.succeed(&join).await?;
        ensure!(joined["stage"] == "member", "{joined}");
    }
    let nobody = scene.ben.refusal(7, &["group", "show", "climbers"]).await?;
    ensure!(nobody.contains("climbers"), "{nobody}");
    Ok(())
}

async fn said(stage: &Stage, scene: &Scene) -> Result<()> {
    let mut bots = Vec::new();
    for person in [&scene.anna, &scene.ben, &scene.cleo] {
        bots.push(listening(person).await?);
    }
    let start = std::time::Instant::now();
    for round in 0..9 {
        let words = format!("round {round}");
        let order = json!({"do": "send", "with": "walkers", "text": words});
        let speaker = bots.get_mut(round % 3);
        if let Some(bot) = speaker {
            bot.order(&order).await?;
        }
        for (n, bot) in bots.iter_mut().enumerate() {
            let own = n == round % 3;
            let is = |event: &Json| is_message(event, &words) && event["message"]["own"] == own;
            let event = bot.event(is).await?;
            ensure!(event["with"] == "walkers", "{event}");
        }
    }
    let each = start.elapsed().as_secs_f64() / 9.0;
    stage.figure(&format!(
        "a message in a group, from one person to all: {:.0} ms",
        1_000.0 * each
    ));
    for bot in bots {
        bot.quit().await?;
    }
    let expected: Vec<String> = (0..9).map(|round| format!("round {round}")).collect();
    for person in [&scene.anna, &scene.ben, &scene.cleo] {
        let shown = texts(person).await?;
        ensure!(shown == expected, "{shown:?}");
    }
    Ok(())
}

async fn away(scene: &mut Scene) -> Result<()> {
    for words in ["one", "two"] {
        say(&scene.anna, words).await?;
    }
    let invite = ["group", "invite", "walkers", "dora", "--patience", "120"];
    scene.anna.succeed(&invite).await?;
    scene.relays.last_mut()?.kill().await?;
    let sent = ["group", "send", "walkers", "three", "--patience", "60"];
    let sent = scene.anna.succeed(&sent).await?;
    ensure!(sent["progress"] == "accepted", "{sent}");
    let mut cleo = scene.cleo.bot()?;
    for words in ["one", "two", "three"] {
        cleo.event(|event| is_message(event, words)).await?;
    }
    cleo.quit().await?;
    let shown = scene.cleo.succeed(&["group", "show", "walkers"]).await?;
    ensure!(others(&shown) == ["anna", "ben", "dora"], "{shown}");
    let last = scene.relays.last_mut()?;
    last.start_and_wait().await
}

async fn twice(scene: &Scene) -> Result<()> {
    let remove = ["group", "remove", "walkers", "dora", "--patience", "120"];
    let rename = [
        "group",
        "rename",
        "walkers",
        "climbers",
        "--patience",
        "120",
    ];
    let (one, other) = tokio::join!(scene.anna.succeed(&remove), scene.ben.succeed(&rename));
    one?;
    other?;
    for person in [&scene.anna, &scene.ben, &scene.cleo] {
        let mut bot = listening(person).await?;
        asked(&mut bot, "groups", |said| {
            let group = &said["groups"][0];
            group["name"] == "climbers" && others(group).len() == 2
        })
        .await?;
        bot.quit().await?;
    }
    Ok(())
}

async fn removed(scene: &Scene) -> Result<()> {
    let remove = ["group", "remove", "climbers", "cleo", "--patience", "120"];
    scene.ben.succeed(&remove).await?;
    let sent = ["send", "climbers", "without her", "--patience", "60"];
    scene.anna.succeed(&sent).await?;
    let mut cleo = scene.cleo.bot()?;
    let event = cleo.event(|event| is_change(event, "out")).await?;
    ensure!(event["by"]["name"] == "ben", "{event}");
    cleo.quit().await?;
    let refused = ["send", "climbers", "hello"];
    let refused = scene.cleo.refusal(8, &refused).await?;
    ensure!(refused.contains("no longer in the group"), "{refused}");
    let history = texts_in(&scene.cleo, "climbers").await?;
    ensure!(!history.contains(&"without her".to_owned()), "{history:?}");
    let mut ben = scene.ben.bot()?;
    ben.event(|event| is_message(event, "without her")).await?;
    ben.quit().await
}

async fn left(scene: &Scene) -> Result<()> {
    let leave = ["group", "leave", "climbers", "--patience", "60"];
    let mut anna = listening(&scene.anna).await?;
    scene.ben.succeed(&leave).await?;
    anna.event(|event| is_change(event, "members") && event["went"][0]["name"] == "ben")
        .await?;
    anna.quit().await?;
    let mut ben = scene.ben.bot()?;
    ben.event(|event| is_change(event, "out")).await?;
    ben.quit().await?;
    let listed = scene.ben.succeed(&["group", "list"]).await?;
    ensure!(
        listed["groups"].as_array().is_some_and(Vec::is_empty),
        "{listed}"
    );
    Ok(())
}

/// A bot that listens at a relay.
async fn listening(person: &Person) -> Result<Bot> {
    let mut bot = person.bot()?;
    bot.event(|event| event["event"] == "listening" && event["relay"].is_string())
        .await?;
    Ok(bot)
}

/// Somebody was there once, and their keys are on the relays.
async fn published(person: &Person) -> Result<()> {
    let mut bot = listening(person).await?;
    asked(&mut bot, "state", |said| said["keysPublished"] == true).await?;
    bot.quit().await
}

/// Asks until it is as it should be.
async fn asked(bot: &mut Bot, what: &str, is: impl Fn(&Json) -> bool) -> Result<()> {
    for _ in 0..ASKS {
        bot.order(&json!({"do": what})).await?;
        if is(&bot.named(what).await?) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("'{what}' never says what it should")
}

async fn say(person: &Person, words: &str) -> Result<()> {
    let sent = ["send", "walkers", words, "--patience", "60"];
    person.succeed(&sent).await?;
    Ok(())
}

async fn texts(person: &Person) -> Result<Vec<String>> {
    texts_in(person, "walkers").await
}

async fn texts_in(person: &Person, group: &str) -> Result<Vec<String>> {
    let history = person.succeed(&["history", group]).await?;
    let messages = history["messages"].as_array().cloned().unwrap_or_default();
    let text = |it: &Json| it["text"].as_str().unwrap_or_default().to_owned();
    Ok(messages.iter().map(text).collect())
}

/// The names of the other members, sorted.
fn others(group: &Json) -> Vec<String> {
    let people = group["members"].as_array().cloned().unwrap_or_default();
    let name = |it: &Json| it["name"].as_str().unwrap_or_default().to_owned();
    // Oneself is no contact and has an address.
    let known = ["anna", "ben", "cleo", "dora"];
    let mut names: Vec<String> = people.iter().map(name).collect();
    names.retain(|name| known.contains(&name.as_str()));
    names.sort();
    names
}

fn is_message(event: &Json, words: &str) -> bool {
    event["event"] == "message" && event["message"]["text"] == words
}

fn is_change(event: &Json, change: &str) -> bool {
    event["event"] == "group" && event["change"] == change
}
