//! Devices that reach a relay over the node's JSON-RPC.

use std::{
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use parlance_bimp::{
    Answer, Binding, Bounded, Frame, List, LookUpPresence, Mailbox, PreKeyUse, Presence,
    PresenceKey, Probe, PublishPreKeys, PublishPresence, Reason, Request, SyncCursor, Waiting,
};
use parlance_e2e::{
    bridge::Socket,
    chain::{Chain, TOKEN, account, address, call, key},
    courier::{Courier, Parcel, Relay, account_of, authenticate, device_of, relays},
    facts::unhex,
    harness::{Group, Stage},
    newcomer::{Newcomer, requirements},
    node::{Node, Setup, free_port},
    relay::{Person, registers, sets},
    rpc::Rpc,
    wait::{seconds, until},
};
use parlance_endpoint::Client;
use parlance_primitives::relay::Period;
use subxt::dynamic::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

const CLOSED: &str = "without a relay the bridge says that there is none";
const TALK: &str = "a device over JSON-RPC and one over QUIC write to each other, with tickets";
const ALL: &str = "prekeys, presence and the cursor of a mailbox go over JSON-RPC as well";
const JS: &str = "a client in JavaScript that has nothing of this project reads its mailbox";
const BAD: &str = "what is no session, no frame or too much is refused, and nobody else notices";
const FLOOD: &str = "a flood of sessions and requests keeps nobody from writing";
const AGAIN: &str = "a session ends with its relay, and another one begins with it";

/// Account of the relay.
const RELAY: &str = "//Bob";
/// Bytes of the relay per period.
const CAPACITY: u64 = 1 << 30;
/// Connections of a device that asks without a pause.
const GREEDY: u64 = 4;
/// Code of errors about sessions.
const NO_SESSION: i64 = 8_110;

pub fn group() -> Group {
    Group {
        name: "bridge",
        scenarios: &[CLOSED, TALK, ALL, JS, BAD, FLOOD, AGAIN],
        run: |stage| Box::pin(run(stage)),
    }
}

struct Scene {
    node: Node,
    rpc: Rpc,
    genesis: [u8; 32],
    ada: Person,
    ben: Person,
    /// Wants more than is good for others.
    carl: Person,
}

async fn run(stage: &Stage) -> Result<()> {
    let port = free_port()?;
    let mut setup = Setup::alone("fast-1", "//Alice");
    setup.flags.extend([
        format!("--relay-account={}", account(&key(RELAY)?)),
        "--relay".to_owned(),
        format!("--relay-listen=127.0.0.1:{port}"),
        "--relay-limit-mib=64".to_owned(),
    ]);
    let base = stage.directory("relay")?;
    let mut node = Node::prepare(&stage.binary, base, setup).await?;
    node.insert_key(RELAY, "rlay", "sr25519").await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    let rpc = node.rpc();
    let genesis = requirements(&rpc).await?.genesis;
    let mut scene = Scene {
        rpc,
        genesis: genesis.0,
        ada: Person::of("//Bridge//Ada", genesis)?,
        ben: Person::of("//Bridge//Ben", genesis)?,
        carl: Person::of("//Bridge//Carl", genesis)?,
        node,
    };
    stage.scenario(CLOSED, closed(&scene)).await?;
    let relay = registered(stage, &scene, port).await?;
    stage.scenario(TALK, talk(stage, &scene, &relay)).await?;
    stage.scenario(ALL, all(&scene, &relay)).await?;
    let packages = scripts().join("node_modules");
    if packages.is_dir() {
        stage.scenario(JS, foreign(&scene, &relay)).await?;
    } else {
        stage.skip(
            JS,
            "its packages are not there: tests/e2e/run-all --only js",
        )?;
    }
    stage.scenario(BAD, bad(&scene, &relay)).await?;
    stage.scenario(FLOOD, flood(stage, &scene, &relay)).await?;
    stage.scenario(AGAIN, again(&mut scene, &relay)).await?;
    scene.node.stop().await?;
    scene.node.must_not_have_panicked()
}

async fn closed(scene: &Scene) -> Result<()> {
    let socket = Socket::connect(&scene.node.url()).await?;
    let refused = socket.open().await?.err().context("it was opened")?;
    ensure!(
        refused.code == NO_SESSION && refused.message.contains("no relay runs"),
        "{refused}"
    );
    Ok(())
}

/// The relay and two people, on the chain and there.
async fn registered(stage: &Stage, scene: &Scene, port: u16) -> Result<Relay> {
    let Scene { node, rpc, .. } = scene;
    let chain = Chain::connect(&node.url()).await?;
    let data = node.data();
    let data = data.to_str().context("a path that is no text")?;
    let shown = ["relay-key", "--base-path", data, "--chain", "fast-1"];
    let public = unhex(&stage.binary.succeed(&shown).await?)?.try_into();
    let public = public.map_err(|_| anyhow::anyhow!("no key"))?;
    let register = registers(public, &format!("127.0.0.1:{port}"), CAPACITY);
    chain.submit(&register, &key(RELAY)?).await?;
    let ferdie = key("//Ferdie")?;
    for person in [&scene.ada, &scene.ben] {
        person.who.settles(rpc).await?;
        let target = address(&account(&key(&person.who.suri)?));
        let gift = vec![target.clone(), Value::u128(10 * TOKEN)];
        let transfer = call("Balances", "transfer_keep_alive", gift);
        chain.submit(&transfer, &ferdie).await?;
        let back = call("Accounts", "back_identity", vec![target]);
        chain.submit(&back, &ferdie).await?;
    }
    scene.carl.who.settles(rpc).await?;
    let accounts = [Newcomer::of(RELAY)?.account()];
    let found = until("the relay is in the roster", seconds(240), || {
        relays(rpc, &accounts)
    })
    .await?;
    node.log_has(" is there, at ", seconds(60)).await?;
    found.into_iter().next().context("no relay")
}

/// A session as soon as the relay is there and knows the person.
async fn enter<'a>(scene: &Scene, person: &'a Person, relay: &Relay) -> Result<Courier<'a>> {
    let url = scene.node.url();
    until("the bridge lets a device in", seconds(60), || async {
        let bridged = Socket::connect(&url).await?.must_open().await?;
        Courier::bridged(bridged, person, relay).await.map(Some)
    })
    .await
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

/// Messages both ways, with tickets from the first byte of the period on.
async fn converse(
    scene: &Scene,
    ada: &mut Courier<'_>,
    ben: &mut Courier<'_>,
    numbers: std::ops::Range<u64>,
) -> Result<()> {
    let period = next_period(scene).await?;
    let mut sent = 0;
    for number in numbers {
        let (to_ben, to_ada) = (
            Parcel::to(&scene.ben, number),
            Parcel::to(&scene.ada, number),
        );
        sent += to_ben.size();
        ada.must_send(&to_ben, &ada.ticket(period, sent)).await?;
        ben.gets(&[to_ben]).await?;
        ben.acknowledge(&[to_ben]).await?;
        ben.must_send(&to_ada, &ben.ticket(period, sent)).await?;
        ada.gets(&[to_ada]).await?;
        ada.acknowledge(&[to_ada]).await?;
    }
    ada.confirm(period, sent).await?;
    ben.confirm(period, sent).await
}

async fn talk(stage: &Stage, scene: &Scene, relay: &Relay) -> Result<()> {
    let mut ada = Courier::connect(scene.genesis, &scene.ada, relay).await?;
    let mut ben = enter(scene, &scene.ben, relay).await?;
    ada.subscribe().await?;
    ben.subscribe().await?;
    let start = Instant::now();
    converse(scene, &mut ada, &mut ben, 1..6).await?;
    stage.figure(&format!(
        "ten messages between QUIC and JSON-RPC, with the wait for a period: {:.1} s",
        start.elapsed().as_secs_f64()
    ));
    let period = next_period(scene).await?;
    let parcel = Parcel::to(&scene.ada, 100);
    let forged = ada.ticket(period, parcel.size());
    let reason = ben.send(&parcel, &forged).await?;
    ensure!(
        reason == Some(Reason::BadTicket),
        "a ticket of somebody else: {reason:?}"
    );
    Ok(())
}

async fn all(scene: &Scene, relay: &Relay) -> Result<()> {
    let ada = Courier::connect(scene.genesis, &scene.ada, relay).await?;
    let ben = enter(scene, &scene.ben, relay).await?;
    let bytes = |text: &[u8]| Bounded::new(text.to_vec());
    let head = bytes(b"head").map_err(|_| anyhow::anyhow!("too long"))?;
    let once = bytes(b"once").map_err(|_| anyhow::anyhow!("too long"))?;
    let one_time = List::new(vec![once]).map_err(|_| anyhow::anyhow!("too many"))?;
    let publish = Request::PublishPreKeys(PublishPreKeys {
        usage: PreKeyUse::Pairwise,
        head: head.clone(),
        one_time,
        anew: true,
    });
    match ben.client().request(publish).await? {
        Answer::PublishPreKeys(left) => ensure!(left.one_time == 1, "{left:?}"),
        other => anyhow::bail!("not published: {other:?}"),
    }
    let fetched = match ada.client().request(ben.prekeys()).await? {
        Answer::FetchPreKeys(keys) => keys.found.context("no prekeys")?,
        other => anyhow::bail!("not fetched: {other:?}"),
    };
    ensure!(
        fetched.head == head && fetched.one_time.is_some(),
        "{fetched:?}"
    );
    let presence = PresenceKey([9; 32]);
    let record = Bounded::new(b"here".to_vec()).map_err(|_| anyhow::anyhow!("too long"))?;
    let publish = Request::PublishPresence(PublishPresence {
        key: presence,
        record: record.clone(),
        keep: 60_000,
    });
    match ben.client().request(publish).await? {
        Answer::PublishPresence(()) => {}
        other => anyhow::bail!("no presence: {other:?}"),
    }
    let look = Request::LookUpPresence(LookUpPresence { key: presence });
    match ada.client().request(look).await? {
        Answer::LookUpPresence(Presence { record: found }) => {
            ensure!(found == Some(record), "{found:?}");
        }
        other => anyhow::bail!("not looked up: {other:?}"),
    }
    waits_for_nothing(&ben, scene).await
}

/// Nothing waits for Ben.
async fn waits_for_nothing(ben: &Courier<'_>, scene: &Scene) -> Result<()> {
    let mailbox = Mailbox::of(&account_of(&scene.ben), 0);
    let sync = Request::Sync(SyncCursor { mailbox });
    match ben.client().request(sync).await? {
        Answer::Sync(Waiting { messages: 0, .. }) => Ok(()),
        other => anyhow::bail!("all was acknowledged: {other:?}"),
    }
}

/// Where clients in JavaScript are.
fn scripts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/js")
}

async fn foreign(scene: &Scene, relay: &Relay) -> Result<()> {
    const MESSAGES: u64 = 3;
    let hex = |bytes: [u8; 32]| subxt::utils::to_hex(bytes);
    let mut script = tokio::process::Command::new("node")
        .arg(scripts().join("bridge.cjs"))
        .env("PARLANCE_URL", scene.node.url())
        .env("BIMP_ACCOUNT", hex(account_of(&scene.ben).0))
        .env("BIMP_SEED", hex(scene.ben.device().seed()))
        .env("BIMP_DEVICE", device_of(&scene.ben).to_string())
        .env("BIMP_RELAY", hex(relay.address.relay.0))
        .env("BIMP_MESSAGES", MESSAGES.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let said = script.stdout.take().context("no standard output")?;
    let mut said = BufReader::new(said).lines();
    let line = |line: std::io::Result<Option<String>>| line?.context("it ended too early");
    let ready = tokio::time::timeout(seconds(60), said.next_line()).await;
    ensure!(line(ready.context("it does not begin")?)? == "ready");

    let ada = Courier::connect(scene.genesis, &scene.ada, relay).await?;
    let period = next_period(scene).await?;
    let (mut sent, mut ids) = (0, Vec::new());
    for number in 150..150 + MESSAGES {
        let parcel = Parcel::to(&scene.ben, number);
        sent += parcel.size();
        ada.must_send(&parcel, &ada.ticket(period, sent)).await?;
        ids.push(hex(parcel.id()?.0));
    }
    let shown = tokio::time::timeout(seconds(30), said.next_line()).await;
    let mut shown: Vec<String> = serde_json::from_str(&line(shown.context("no ids")?)?)?;
    shown.sort();
    ids.sort();
    ensure!(shown == ids, "{shown:?}, not {ids:?}");
    let status = tokio::time::timeout(seconds(30), script.wait()).await;
    ensure!(status.context("it does not end")??.success());
    // What it acknowledged is gone.
    let ben = enter(scene, &scene.ben, relay).await?;
    waits_for_nothing(&ben, scene).await
}

async fn bad(scene: &Scene, relay: &Relay) -> Result<()> {
    let url = scene.node.url();
    let (socket, other) = (Socket::connect(&url).await?, Socket::connect(&url).await?);
    let bridged = socket.must_open().await?;
    for (what, who, number) in [
        (
            "a number of nobody",
            &socket,
            "0x00112233445566778899aabbccddeeff",
        ),
        ("a number of another length", &socket, "0x00"),
        (
            "a session of another WebSocket",
            &other,
            bridged.number.as_str(),
        ),
    ] {
        let refused = who.frame(number, "0x00").await?.err();
        let refused = refused.with_context(|| format!("{what} was taken"))?;
        ensure!(refused.code == NO_SESSION, "{what}: {refused}");
    }
    let refused = socket.frame(&bridged.number, "no hex").await?.err();
    ensure!(
        refused
            .as_ref()
            .is_some_and(|refused| refused.code == -32_602),
        "{refused:?}"
    );
    let refused = bridged.put(&vec![0; 200_000]).await?.err();
    ensure!(
        refused
            .as_ref()
            .is_some_and(|refused| refused.message.contains("more than")),
        "{refused:?}"
    );
    let mut sessions = vec![bridged];
    while sessions.len() < 4 {
        sessions.push(socket.must_open().await?);
    }
    let refused = socket.open().await?.err().context("a fifth session")?;
    ensure!(refused.code == NO_SESSION, "{refused}");

    for garbage in [vec![0; 64], vec![255; 64], frame(0x1024, &[0; 8])] {
        let mut session = sessions.pop().context("no session")?;
        // The relay may end it before it has taken all.
        let _ = session.put(&garbage).await?;
        while session.next().await?.is_some() {}
        let after = session.put(&[0]).await?.err();
        ensure!(
            after.as_ref().is_some_and(|after| after.code == NO_SESSION),
            "after its end: {after:?}"
        );
    }
    // Signed for another session, and for the challenge itself as if it were of TLS.
    let of_another = sessions.pop().context("no session")?.binding;
    for binding in [
        of_another,
        Binding {
            exporter: [0; 32],
            ..of_another
        },
    ] {
        let (client, _pushes) = other.must_open().await?.client();
        match authenticate(&client, &scene.ben, &binding).await? {
            Answer::Refused(refusal) if refusal.reason == Reason::BadCredentials => {}
            other => anyhow::bail!("let in: {other:?}"),
        }
    }
    let refused = Request::Sync(SyncCursor {
        mailbox: Mailbox::of(&account_of(&scene.ben), 0),
    });
    let (stranger, _pushes) = other.must_open().await?.client();
    match stranger.request(refused).await? {
        Answer::Refused(refusal) if refusal.reason == Reason::NotAuthenticated => {}
        other => anyhow::bail!("a stranger gets {other:?}"),
    }
    enter(scene, &scene.ben, relay).await.map(|_| ())
}

/// A frame of any kind.
fn frame(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let frame = Frame {
        kind: parlance_bimp::Kind(kind),
        request: 1,
        body: body.to_vec(),
    };
    frame.encode_to(&mut out);
    out
}

/// Asks as fast as it is answered, for ever, and counts the answers.
async fn probe(client: Client, answered: Arc<AtomicU64>) -> Result<()> {
    for number in 0.. {
        client.request(Request::Probe(Probe { number })).await?;
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

async fn flood(stage: &Stage, scene: &Scene, relay: &Relay) -> Result<()> {
    let url = scene.node.url();
    let mut silent = Vec::new();
    for _ in 0..8 {
        let socket = Socket::connect(&url).await?;
        for _ in 0..3 {
            silent.push(socket.must_open().await?);
        }
    }
    let mut floods = tokio::task::JoinSet::new();
    let answered = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut greedy = Vec::new();
    for _ in 0..GREEDY {
        let courier = enter(scene, &scene.carl, relay).await?;
        for _ in 0..32 {
            floods.spawn(probe(courier.client().clone(), answered.clone()));
        }
        greedy.push(courier);
    }
    let mut ada = Courier::connect(scene.genesis, &scene.ada, relay).await?;
    let mut ben = enter(scene, &scene.ben, relay).await?;
    ada.subscribe().await?;
    ben.subscribe().await?;
    converse(scene, &mut ada, &mut ben, 200..205).await?;
    ensure!(
        floods.try_join_next().is_none(),
        "whoever asks fast was sent away"
    );
    let (took, answered) = (start.elapsed(), answered.load(Ordering::Relaxed));
    floods.shutdown().await;
    stage.figure(&format!(
        "ten messages among 24 silent strangers and {GREEDY} connections that had {:.0} answers a second: {:.1} s",
        answered as f64 / took.as_secs_f64(),
        took.as_secs_f64()
    ));
    // What a device may ask in a second over all of its connections, and two seconds' worth at once.
    let most = 500 * (took.as_secs() + 3);
    ensure!(
        (1..=most).contains(&answered),
        "{answered} answers, at most {most}"
    );
    // Whoever does not say who it is has to go after ten seconds.
    let all_gone = async {
        for mut session in silent {
            while session.next().await?.is_some() {}
        }
        anyhow::Ok(())
    };
    let gone = tokio::time::timeout(seconds(60), all_gone).await;
    gone.context("strangers stay")?
}

async fn again(scene: &mut Scene, relay: &Relay) -> Result<()> {
    let (ben, url) = (&scene.ben, scene.node.url());
    let session = Socket::connect(&url).await?.must_open().await?;
    let courier = Courier::bridged(session, ben, relay).await?;
    scene.node.stop().await?;
    let end = tokio::time::timeout(seconds(30), courier.client().closed()).await;
    end.context("the session outlives its node")?;
    scene.node.start_and_wait().await?;
    let scene: &Scene = scene;
    let mut ben = enter(scene, &scene.ben, relay).await?;
    let mut ada = Courier::connect(scene.genesis, &scene.ada, relay).await?;
    ada.subscribe().await?;
    ben.subscribe().await?;
    converse(scene, &mut ada, &mut ben, 300..302).await
}
