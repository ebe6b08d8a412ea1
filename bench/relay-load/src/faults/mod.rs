//! Messages while relays are killed, started again and stopped, up to two at a time: what was accepted is shown, and once, and how long clients wait.
//!
//! A folder keeps the relays' data and what was counted: a run that is bounded by its time is gone on with by the next one. Nothing of a
//! run that was interrupted is counted.

mod book;
mod drive;
mod plan;

use crate::{
    network, people,
    people::Person,
    statistics::{Spread, spread},
};
use anyhow::{Context, ensure};
use book::{Book, Reader};
use drive::Drive;
use parlance_endpoint::{Endpoint, RelayAddress};
use parlance_relay_testbed::{
    Event, Network, Patience, Plan, Receiver, Sender, device, free_ports,
};
use plan::Times;
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant, SystemTime},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval_at},
};

/// Sockets of clients.
const ENDPOINTS: usize = 4;
/// Where it is counted.
const COUNTED: &str = "counted.json";

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// Keeps the relays' data, and what was counted; made if it is not there.
    #[arg(long)]
    folder: PathBuf,
    /// The program of the relay.
    #[arg(long)]
    relay: PathBuf,
    /// How many relays.
    #[arg(long, default_value_t = 5)]
    relays: u8,
    /// What happens to them follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Messages to be accepted, in all runs with this folder together.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// Seconds after which a run sends no more.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Messages a second.
    #[arg(long, default_value_t = 2_000)]
    rate: u32,
    /// Accounts that send. A relay takes 3,000 messages of one in five minutes.
    #[arg(long, default_value_t = 512)]
    senders: u32,
    /// Accounts that receive.
    #[arg(long, default_value_t = 64)]
    recipients: u32,
    /// Seconds in which what is on its way at the end has to be shown.
    #[arg(long, default_value_t = 120)]
    patience: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Of all runs with the folder.
    pub accepted: u64,
    /// Accepted and not shown.
    pub lost: u64,
    /// Shown twice, or to the wrong device.
    pub shown_twice: u64,
    /// Each run, the last one last.
    pub runs: Vec<Run>,
}

/// One run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Run {
    seed: u64,
    seconds: f64,
    accepted: u64,
    lost: u64,
    shown_twice: u64,
    /// Delivered again, and known by the id.
    came_again: u64,
    /// Of runs before.
    earlier: u64,
    killed: u64,
    stopped: u64,
    /// From sending to the answer, all messages.
    accepted_ms: Option<Spread>,
    /// Messages whose relay was away: until another one had accepted them.
    sender_fail_over_ms: Option<Spread>,
    /// Recipients whose relay was away: until they were shown the next message.
    recipient_fail_over_ms: Option<Spread>,
    /// Answers and messages that were late, or relays that were taken for lost, without a fault.
    late_without_fault: u64,
    /// From starting a killed relay until it serves.
    restart_ms: Option<Spread>,
}

/// What all tasks share.
struct Shared {
    book: Book,
    times: Times,
    measured: Mutex<Measured>,
    over: tokio::sync::watch::Sender<bool>,
}

/// Milliseconds.
#[derive(Default)]
struct Measured {
    accepted: Vec<f64>,
    senders: Vec<f64>,
    recipients: Vec<f64>,
    restarts: Vec<f64>,
    late: u64,
}

impl Shared {
    fn measure(&self, note: impl FnOnce(&mut Measured)) {
        note(&mut self.measured.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Somebody has waited since then; whether for a relay that was away.
    fn waited(&self, relay: usize, waits: Instant, note: impl FnOnce(&mut Measured, f64)) {
        match self.times.since(relay, waits) {
            Some(since) => self.measure(|it| note(it, milliseconds(since))),
            None => self.measure(|it| it.late += 1),
        }
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// Runs the network, sends, lets faults happen, and counts.
pub async fn measure(options: &Options) -> anyhow::Result<Report> {
    ensure!(
        options.relays >= 5,
        "two of at least five relays may be away"
    );
    ensure!(options.rate > 0 && options.senders > 0, "nobody sends");
    std::fs::create_dir_all(&options.folder)?;
    let mut runs = counted(&options.folder)?;
    let before: u64 = runs.iter().map(|run| run.accepted).sum();
    let wanted = options.messages.saturating_sub(before);
    let mut network = start(options)?;
    let relays = Arc::new(network.relays().to_vec());
    let mut endpoints = Vec::new();
    for _ in 0..ENDPOINTS {
        endpoints.push(people::endpoint().await?);
    }
    for relay in relays.iter() {
        Person::of(0).connect(&endpoints[0], relay).await?;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let shared = Arc::new(Shared {
        book: Book::new(
            u64::try_from(now.as_nanos())?,
            options.senders,
            options.recipients,
        ),
        times: Times::new(relays.len()),
        measured: Mutex::default(),
        over: tokio::sync::watch::Sender::new(false),
    });
    let mut receiving = receivers(options, &shared, &relays, &endpoints);
    let mut sending = senders(options, &shared, &relays, &endpoints);
    let began = Instant::now();
    let drive = Drive {
        shared: &shared,
        until: began + Duration::from_secs(options.seconds),
        wanted,
    };
    let (killed, stopped) = drive.run(&mut network, options.seed).await?;
    let seconds = began.elapsed().as_secs_f64();
    shared.over.send_replace(true);
    let patience = Duration::from_secs(options.patience);
    let ended = async {
        while let Some(ended) = sending.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    };
    let ended = tokio::time::timeout(patience, ended).await;
    ended.context("a sender does not get on although all relays are back")??;
    let last = Instant::now() + patience;
    while shared.book.missing() > 0 && Instant::now() < last {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What comes once more comes now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    network.check_all()?;
    receiving.shutdown().await;
    let mut run = report(&shared, options.seed);
    (run.seconds, run.killed, run.stopped) = (seconds, killed, stopped);
    runs.push(run);
    write(&options.folder, &runs)?;
    Ok(Report {
        accepted: runs.iter().map(|run| run.accepted).sum(),
        lost: runs.iter().map(|run| run.lost).sum(),
        shown_twice: runs.iter().map(|run| run.shown_twice).sum(),
        runs,
    })
}

fn report(shared: &Shared, seed: u64) -> Run {
    let book = &shared.book;
    let mut measured = shared
        .measured
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let measured = std::mem::take(&mut *measured);
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    Run {
        seed,
        seconds: 0.0,
        accepted: book.accepted(),
        lost: book.missing(),
        shown_twice: of(&book.twice).saturating_add(of(&book.foreign)),
        came_again: of(&book.again),
        earlier: of(&book.earlier),
        killed: 0,
        stopped: 0,
        accepted_ms: spread(measured.accepted),
        sender_fail_over_ms: spread(measured.senders),
        recipient_fail_over_ms: spread(measured.recipients),
        late_without_fault: measured.late,
        restart_ms: spread(measured.restarts),
    }
}

fn start(options: &Options) -> anyhow::Result<Network> {
    let relays = usize::from(options.relays);
    let mut listen = free_ports(relays.saturating_mul(2))?;
    let people = (0..options.recipients.saturating_add(options.senders)).map(Person::of);
    let plan = Plan {
        places: network::places(options.relays),
        metrics: listen.split_off(relays),
        listen,
        devices: people.map(|person| person.device).collect(),
        limits: network::of_one_address(),
        limit_mib: 16_384,
    };
    Ok(Network::start(&options.relay, &options.folder, &plan)?)
}

fn counted(folder: &Path) -> anyhow::Result<Vec<Run>> {
    let path = folder.join(COUNTED);
    match path.try_exists()? {
        true => Ok(serde_json::from_slice(&std::fs::read(&path)?)?),
        false => Ok(Vec::new()),
    }
}

fn write(folder: &Path, runs: &[Run]) -> anyhow::Result<()> {
    let new = folder.join("counted.new");
    std::fs::write(&new, serde_json::to_vec_pretty(runs)?)?;
    Ok(std::fs::rename(new, folder.join(COUNTED))?)
}

fn receivers(
    options: &Options,
    shared: &Arc<Shared>,
    relays: &Arc<Vec<RelayAddress>>,
    endpoints: &[Endpoint],
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for n in 0..options.recipients {
        let at = n as usize;
        let endpoint = endpoints[at % endpoints.len()].clone();
        let device = Person::of(n).device;
        let receiver = Receiver::new(endpoint, relays.clone(), device, at, Patience::default());
        tasks.spawn(receive(shared.clone(), receiver, n));
    }
    tasks
}

async fn receive(shared: Arc<Shared>, mut receiver: Receiver, n: u32) {
    let mut reader = Reader::of(n);
    let mut last = Instant::now();
    // The relay that was lost, and since when nothing has come.
    let mut lost: Option<(usize, Instant)> = None;
    loop {
        match receiver.next().await {
            Event::Subscribed { .. } => {}
            Event::Lost { relay } => {
                lost.get_or_insert((relay, last));
            }
            Event::Delivered(message) => {
                receiver.acknowledge(message.id);
                if shared.book.show(&mut reader, &message) {
                    if let Some((relay, since)) = lost.take() {
                        shared.waited(relay, since, |it, took| it.recipients.push(took));
                    }
                    last = Instant::now();
                }
            }
        }
    }
}

fn senders(
    options: &Options,
    shared: &Arc<Shared>,
    relays: &Arc<Vec<RelayAddress>>,
    endpoints: &[Endpoint],
) -> JoinSet<anyhow::Result<()>> {
    let mut tasks = JoinSet::new();
    let seconds = f64::from(options.senders) / f64::from(options.rate);
    let pace = Duration::from_secs_f64(seconds);
    for lane in 0..options.senders {
        let at = lane as usize;
        let endpoint = endpoints[at % endpoints.len()].clone();
        let device = Person::of(options.recipients.saturating_add(lane)).device;
        let sender = Sender::new(endpoint, relays.clone(), device, at, Patience::default());
        let first = pace * lane / options.senders;
        tasks.spawn(send(shared.clone(), sender, lane, (first, pace)));
    }
    tasks
}

/// Sends one message after the other, each at its time if the one before is accepted by then.
async fn send(
    shared: Arc<Shared>,
    mut sender: Sender,
    lane: u32,
    (first, pace): (Duration, Duration),
) -> anyhow::Result<()> {
    let mut clock = interval_at(tokio::time::Instant::now() + first, pace);
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while !*shared.over.borrow() {
        clock.tick().await;
        let written = shared.book.write(lane);
        let (request, id) = device::envelope(written.to, &written.sealed)?;
        let asked = Instant::now();
        let sent = sender.send(&request).await?;
        ensure!(sent.accepted.id == id, "another message was accepted");
        ensure!(sent.accepted.relays >= 3, "accepted without a quorum");
        shared.book.accept(lane, written.number);
        shared.measure(|it| it.accepted.push(milliseconds(asked)));
        if sent.attempts > 1 {
            shared.waited(sent.first, asked, |it, took| it.senders.push(took));
        }
    }
    Ok(())
}
