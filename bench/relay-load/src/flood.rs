//! Honest devices while others do their worst. These are a process of their own, as they would be machines of their own: what they
//! keep busy with is their own runtime, and the relay. They come from ten addresses, the honest ones from an eleventh.

use crate::{
    idle::memory,
    network,
    people::{self, Person},
    throughput::{Course, Report, receive},
};
use anyhow::Context;
use parlance_bimp::{Answer, Client as Machine, Mailbox, Probe, Request, Settings};
use parlance_endpoint::{Client, Endpoint, Outgoing, RelayAddress};
use parlance_relay_testbed::GENESIS;
use serde::Serialize;
use std::{
    net::Ipv4Addr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};

/// Addresses of attackers.
const ADDRESSES: u8 = 10;

/// A flood ends after so long.
const LONGEST: Duration = Duration::from_secs(600);

/// Who floods.
#[derive(clap::Args)]
pub struct Attackers {
    /// The folder of a prepared network of one relay, which runs.
    #[arg(long)]
    folder: PathBuf,
    /// Connections of those who flood. Whoever is sent away comes again.
    #[arg(long, default_value_t = 1_000)]
    attackers: usize,
}

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    attackers: Attackers,
    /// The relay's process.
    #[arg(long)]
    process: u32,
    /// Honest senders, each with a recipient of its own.
    #[arg(long, default_value_t = 20)]
    honest: u32,
    /// Messages of each in a second.
    #[arg(long, default_value_t = 5)]
    rate: u64,
    /// Seconds that are measured without attackers, and then with them.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Reports {
    /// Without attackers.
    pub before: Report,
    /// With them.
    pub meanwhile: Report,
    /// Memory of the relay, MiB.
    pub before_mib: f64,
    /// The most with attackers.
    pub most_mib: f64,
}

/// Sends at a steady rate, alone and then beside attackers.
pub async fn measure(options: &Options) -> anyhow::Result<Reports> {
    let relay = relay(&options.attackers)?;
    let before = honest(options, &relay).await?;
    let before_kib = memory(options.process)?;
    let attackers = Others::start(&options.attackers)?;
    let (over, watched) = watch::channel(false);
    let watching = tokio::spawn(most_memory(options.process, watched));
    let meanwhile = honest(options, &relay).await?;
    over.send_replace(true);
    let most = watching.await?;
    drop(attackers);
    Ok(Reports {
        before,
        meanwhile,
        before_mib: before_kib as f64 / 1_024.0,
        most_mib: most as f64 / 1_024.0,
    })
}

fn relay(of: &Attackers) -> anyhow::Result<RelayAddress> {
    let relays = network::relays(&of.folder)?;
    Ok(relays.first().context("the network has no relay")?.clone())
}

/// The attackers' process. Ends with this.
struct Others(Child);

impl Others {
    fn start(attackers: &Attackers) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("attack").arg("--folder").arg(&attackers.folder);
        command.args(["--attackers", &attackers.attackers.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Floods until the process is ended.
pub async fn rage(options: &Attackers) -> anyhow::Result<()> {
    let relay = relay(options)?;
    let mut endpoints = Vec::new();
    for n in 0..ADDRESSES {
        let address = Ipv4Addr::new(127, 0, 0, n.saturating_add(2));
        endpoints.push(people::endpoint_at(address).await?);
    }
    let mut attackers = JoinSet::new();
    for n in 0..options.attackers {
        let endpoint = endpoints[n % endpoints.len()].clone();
        attackers.spawn(attack(endpoint, relay.clone(), n / endpoints.len() % 4));
    }
    // Whoever began it ends it before, unless it was ended itself.
    tokio::time::sleep(LONGEST).await;
    Ok(())
}

/// The most memory that a process has until it is over, KiB.
async fn most_memory(process: u32, over: watch::Receiver<bool>) -> u64 {
    let mut most = 0;
    while !*over.borrow() {
        most = most.max(memory(process).unwrap_or(0));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    most
}

async fn honest(options: &Options, relay: &RelayAddress) -> anyhow::Result<Report> {
    let endpoint = people::endpoint().await?;
    let course = Arc::new(Course::default());
    let mut tasks = JoinSet::new();
    for n in 0..options.honest {
        let (to, from) = (Person::of(2 * n), Person::of(2 * n + 1));
        let session = to.subscribe(&endpoint, relay).await?;
        tasks.spawn(receive(course.clone(), session, to.mailbox()));
        let session = from.connect(&endpoint, relay).await?;
        let pace = Duration::from_millis(1_000 / options.rate.max(1));
        tasks.spawn(send(course.clone(), session.client, to.mailbox(), pace));
    }
    let report = course.run(3, options.seconds).await;
    tasks.shutdown().await;
    Ok(report)
}

async fn send(course: Arc<Course>, client: Client, to: Mailbox, pace: Duration) {
    let mut ticks = tokio::time::interval(pace);
    while !course.is_over() {
        ticks.tick().await;
        let stamp = course.stamp();
        let number = course.number();
        let Ok(request) = people::message(to, stamp, number) else {
            return;
        };
        if let Ok(Answer::Send(_)) = client.request(request).await {
            course.accepted(stamp);
        }
    }
}

/// One attacker, again and again until it is ended.
async fn attack(endpoint: Endpoint, relay: RelayAddress, kind: usize) {
    loop {
        // Whoever cannot get in tries later.
        let _ = flood(&endpoint, &relay, kind).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn flood(endpoint: &Endpoint, relay: &RelayAddress, kind: usize) -> anyhow::Result<()> {
    let mut channel = endpoint.dial(relay).await?;
    let mut machine = Machine::new(Settings::default());
    let mut out = Outgoing::default();
    machine.transmit(out.fill(), usize::MAX);
    match kind {
        // No frame at all.
        0 => out.fill().extend([0xFF; 4_096]),
        // The beginning of a long frame, and silence.
        1 => {
            out.fill().extend(100_000u32.to_le_bytes());
            out.fill().extend([1; 10_000]);
        }
        // Pings without end.
        2 => loop {
            for number in 0..256 {
                machine.ping(number);
                machine.transmit(out.fill(), usize::MAX);
            }
            out.send_all(&mut channel.writer).await?;
        },
        // A member that asks without end.
        _ => {
            let who = Person::of(1_000);
            let session = Client::connect(endpoint, relay, GENESIS, &who.device).await?;
            loop {
                let probe = Request::Probe(Probe { number: 1 });
                session.client.request(probe).await?;
            }
        }
    }
    out.send_all(&mut channel.writer).await?;
    while channel.reader.read().await?.is_some() {}
    Ok(())
}
