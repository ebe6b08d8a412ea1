//! People who write and read while the network between their relays is cut: the program of `tests/partition/run`.
//!
//! ```text
//! carry plan FOLDER ADDRESS...    writes the files of a network whose relays listen there
//! carry people FOLDER             writes and reads until standard input ends, then waits until everything has arrived
//! ```
//!
//! Some readers are there all the time, others come when all is over. What was seen is one JSON object on standard output; the exit code is
//! 0 if nothing that was accepted is missing or was shown twice, and all relays have the same in the end.

use anyhow::{Context, ensure};
use parlance_bimp::{Answer, MessageId, Request, SyncCursor};
use parlance_endpoint::{Client, Endpoint, Options, RelayAddress, SecretKey};
use parlance_relay_testbed::{
    Device, Event, GENESIS, Patience, Plan, Receiver, Sender, device::envelope,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// First bytes of the relays' places.
const PLACES: [u8; 5] = [0x10, 0x50, 0x90, 0xB0, 0xD0];
/// Accounts, by their first byte.
const SENDERS: std::ops::Range<u8> = 10..22;
const THERE: [u8; 3] = [101, 102, 103];
const AWAY: [u8; 3] = [111, 112, 113];
/// Between two messages of a sender.
const PACE: Duration = Duration::from_millis(50);
/// Every so many messages one goes to somebody who is away.
const TO_AWAY: u64 = 20;
/// For everything to arrive, and for relays to have the same: repairs are made every two seconds, and busy machines take longer.
const SETTLE: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// A copy is safe on so many relays.
const QUORUM: u8 = 3;

#[derive(Serialize)]
struct Report {
    accepted: usize,
    /// Of them, for people who were away.
    accepted_for_away: usize,
    /// Accepted and never shown.
    missing: usize,
    /// Delivered once more and known by their id.
    again: u64,
    /// What relays say that waits for each reader, before those who were away came: for each reader the count of each relay, none if it says nothing.
    waiting: Vec<Vec<Option<u32>>>,
    /// Whether relays had the same in the end.
    same: bool,
    /// From asking the first relay to being accepted by one, milliseconds.
    accepted_ms: Spread,
    /// The longest time without a message of readers who were there, milliseconds.
    longest_silence_ms: u64,
}

#[derive(Serialize)]
struct Spread {
    p50: u64,
    p95: u64,
    p99: u64,
    longest: u64,
}

impl Spread {
    fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let at = |thousandths: usize| {
            let last = times.len().saturating_sub(1);
            times.get(last * thousandths / 1_000).copied().unwrap_or(0)
        };
        Self {
            p50: at(500),
            p95: at(950),
            p99: at(990),
            longest: at(1_000),
        }
    }
}

/// What was accepted, by reader.
type Accepted = BTreeMap<u8, BTreeSet<MessageId>>;

/// What one sender has seen.
#[derive(Default)]
struct Written {
    accepted: Accepted,
    times: Vec<u64>,
}

/// What one reader has seen.
#[derive(Default)]
struct Shown {
    ids: BTreeSet<MessageId>,
    again: u64,
    silence: Duration,
}

fn device(n: u8) -> Device {
    Device::of([n; 32])
}

fn plan(listen: Vec<SocketAddr>) -> Plan {
    let accounts = SENDERS.chain(THERE).chain(AWAY);
    let metrics = listen.iter().map(|at| {
        let port = at.port().saturating_add(200);
        SocketAddr::new(at.ip(), port)
    });
    Plan {
        places: PLACES.to_vec(),
        metrics: metrics.collect(),
        listen,
        devices: accounts.map(device).collect(),
        limits: serde_json::json!({ "per_address": 1_000, "handshakes_per_address": 1_000 }),
        limit_mib: 1_024,
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["plan", folder, addresses @ ..] if addresses.len() == PLACES.len() => {
            let listen = addresses.iter().map(|it| it.parse());
            let listen = listen.collect::<Result<_, _>>()?;
            Ok(plan(listen).write(Path::new(folder))?)
        }
        ["people", addresses @ ..] if addresses.len() == PLACES.len() => {
            let listen = addresses.iter().map(|it| it.parse());
            let relays = plan(listen.collect::<Result<_, _>>()?).relays();
            let report = people(Arc::new(relays)).await?;
            println!("{}", serde_json::to_string(&report)?);
            ensure!(report.missing == 0, "messages that were accepted are lost");
            ensure!(report.same, "relays do not come to have the same");
            Ok(())
        }
        _ => anyhow::bail!("say 'plan FOLDER' or 'people', and the addresses of five relays"),
    }
}

async fn endpoint() -> anyhow::Result<Endpoint> {
    let mut options = Options::dialling(SecretKey::generate());
    options.timings.connect = Duration::from_millis(1_500);
    Ok(Endpoint::bind(options).await?)
}

async fn people(relays: Arc<Vec<RelayAddress>>) -> anyhow::Result<Report> {
    let endpoint = endpoint().await?;
    let (stop, stopped) = watch::channel(false);
    let (expect, expected) = watch::channel(None);
    let mut reading = JoinSet::new();
    for (first, account) in (0..).zip(THERE) {
        let receiver = receiver(&endpoint, &relays, account, first);
        reading.spawn(read(receiver, account, expected.clone()));
    }
    let mut writing = JoinSet::new();
    for account in SENDERS {
        let sender = Sender::new(
            endpoint.clone(),
            relays.clone(),
            device(account),
            account.into(),
            Patience::default(),
        );
        writing.spawn(write(sender, account, stopped.clone()));
    }
    println!("writing");
    let ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    ended.await??;
    stop.send_replace(true);

    let mut written = Written::default();
    while let Some(one) = writing.join_next().await {
        let one = one.context("a sender broke")??;
        for (account, ids) in one.accepted {
            written.accepted.entry(account).or_default().extend(ids);
        }
        written.times.extend(one.times);
    }
    expect.send_replace(Some(Arc::new(written.accepted.clone())));
    let mut shown = all(reading).await?;
    let for_away = AWAY.map(|account| written.accepted.get(&account).map_or(0, BTreeSet::len));
    let (waiting, same) = settled(&endpoint, &relays, &for_away).await;
    // Those who were away come, all to a relay that was cut off.
    let mut reading = JoinSet::new();
    for account in AWAY {
        let receiver = receiver(&endpoint, &relays, account, 1);
        reading.spawn(read(receiver, account, expected.clone()));
    }
    let late = all(reading).await?;
    shown.ids.extend(late.ids);
    shown.again = shown.again.saturating_add(late.again);
    let accepted: BTreeSet<MessageId> = written.accepted.into_values().flatten().collect();
    Ok(Report {
        accepted: accepted.len(),
        accepted_for_away: for_away.iter().sum(),
        missing: accepted.difference(&shown.ids).count(),
        again: shown.again,
        waiting,
        same,
        accepted_ms: Spread::of(written.times),
        longest_silence_ms: milliseconds(shown.silence),
    })
}

fn receiver(
    endpoint: &Endpoint,
    relays: &Arc<Vec<RelayAddress>>,
    account: u8,
    first: usize,
) -> Receiver {
    let (endpoint, relays) = (endpoint.clone(), relays.clone());
    Receiver::new(
        endpoint,
        relays,
        device(account),
        first,
        Patience::default(),
    )
}

/// To each reader in turn.
async fn write(
    mut sender: Sender,
    account: u8,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<Written> {
    let mut written = Written::default();
    let mut number: u64 = 0;
    while !*stopped.borrow() {
        let away = number % TO_AWAY == TO_AWAY - 1;
        let turn = number / if away { TO_AWAY } else { 1 };
        let turn = usize::from(account).wrapping_add(usize::try_from(turn)?);
        let readers = if away { AWAY } else { THERE };
        let reader = readers[turn % readers.len()];
        let mut sealed = vec![account; 512];
        sealed[..8].copy_from_slice(&number.to_le_bytes());
        let (request, id) = envelope(device(reader).mailbox(), &sealed)?;
        let asked = Instant::now();
        let sent = sender.send(&request).await?;
        ensure!(sent.accepted.id == id, "another message was accepted");
        ensure!(sent.accepted.relays >= QUORUM, "accepted without a quorum");
        written.times.push(milliseconds(asked.elapsed()));
        written.accepted.entry(reader).or_default().insert(id);
        number = number.saturating_add(1);
        tokio::time::sleep(PACE).await;
    }
    Ok(written)
}

/// Until everything that was accepted for this reader was shown, as far as patience goes.
async fn read(
    mut receiver: Receiver,
    account: u8,
    mut expected: watch::Receiver<Option<Arc<Accepted>>>,
) -> Shown {
    let mut shown = Shown::default();
    let mut last = Instant::now();
    let mut until = None;
    loop {
        let known = expected.borrow_and_update().clone();
        if let Some(accepted) = known {
            let wanted = accepted.get(&account);
            if wanted.is_none_or(|wanted| wanted.is_subset(&shown.ids)) {
                return shown;
            }
            until.get_or_insert_with(|| tokio::time::Instant::now() + SETTLE);
        }
        tokio::select! {
            event = receiver.next() => {
                let Event::Delivered(message) = event else { continue };
                receiver.acknowledge(message.id);
                if !shown.ids.insert(message.id) {
                    shown.again = shown.again.saturating_add(1);
                } else if until.is_none() {
                    shown.silence = shown.silence.max(last.elapsed());
                }
                last = Instant::now();
            }
            Ok(()) = expected.changed(), if until.is_none() => {}
            () = sleep_until(until) => return shown,
        }
    }
}

async fn sleep_until(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

async fn all(mut reading: JoinSet<Shown>) -> anyhow::Result<Shown> {
    let mut shown = Shown::default();
    while let Some(one) = reading.join_next().await {
        let one = one.context("a reader broke")?;
        shown.ids.extend(one.ids);
        shown.again = shown.again.saturating_add(one.again);
        shown.silence = shown.silence.max(one.silence);
    }
    Ok(shown)
}

/// What waits at each relay, when all say the same: nothing for who was there, everything for who was away.
async fn settled(
    endpoint: &Endpoint,
    relays: &Arc<Vec<RelayAddress>>,
    for_away: &[usize],
) -> (Vec<Vec<Option<u32>>>, bool) {
    let wanted = THERE.map(|_| 0).into_iter().chain(for_away.iter().copied());
    let wanted: Vec<usize> = wanted.collect();
    let end = Instant::now() + SETTLE;
    loop {
        let mut waiting = Vec::new();
        for account in THERE.into_iter().chain(AWAY) {
            let mut counts = Vec::new();
            for relay in relays.iter() {
                counts.push(waits(endpoint, relay, device(account)).await);
            }
            waiting.push(counts);
        }
        let same = waiting.iter().zip(&wanted).all(|(counts, wanted)| {
            let mut counts = counts.iter();
            counts.all(|it| it.is_some_and(|it| it as usize == *wanted))
        });
        if same || Instant::now() > end {
            return (waiting, same);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn waits(endpoint: &Endpoint, relay: &RelayAddress, device: Device) -> Option<u32> {
    let mailbox = device.mailbox();
    let session = Client::connect(endpoint, relay, GENESIS, &device).await;
    let client = session.ok()?.client;
    let answer = client.request(Request::Sync(SyncCursor { mailbox })).await;
    match answer.ok()? {
        Answer::Sync(waiting) => Some(waiting.messages),
        _ => None,
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
