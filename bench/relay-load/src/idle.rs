//! What a subscriber costs that only waits. Subscribers are in processes of their own, because each has a socket and a key.

use crate::{network, people, people::Person};
use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use parlance_endpoint::{Endpoint, RelayAddress, Session};
use serde::Serialize;
use std::{
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// Sockets of a process that connect at the same time.
const AT_ONCE: usize = 8;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// The folder of a prepared network of one relay, which runs.
    #[arg(long)]
    folder: PathBuf,
    /// The relay's process.
    #[arg(long)]
    process: u32,
    /// How many.
    #[arg(long, default_value_t = 10_000)]
    subscribers: u32,
    /// Subscribers of one socket and key. Devices have one each, of which the transport keeps something, too.
    #[arg(long, default_value_t = 1)]
    per_endpoint: u32,
    /// Processes of subscribers: a socket takes up to two files, of which a process may have only so many.
    #[arg(long, default_value_t = 4)]
    processes: u32,
    /// Seconds of idleness before the second look.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

/// Some of the subscribers.
#[derive(clap::Args)]
pub struct Crowd {
    /// The folder of a prepared network of one relay, which runs.
    #[arg(long)]
    folder: PathBuf,
    /// The number of the first.
    #[arg(long)]
    first: u32,
    /// How many.
    #[arg(long)]
    subscribers: u32,
    /// Of one socket and key.
    #[arg(long)]
    per_endpoint: u32,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Subscribers that are connected at the end.
    pub connected: u64,
    /// Of one socket and key.
    pub per_endpoint: u32,
    /// Memory of the relay before, MiB.
    pub before_mib: f64,
    /// With all of them, idle.
    pub after_mib: f64,
    /// For each.
    pub each_kib: f64,
    /// In which they connected.
    pub seconds: f64,
    /// Of one core that the relay takes while they are idle, percent.
    pub idle_cpu_percent: f64,
}

/// Connects them, waits, and looks at the relay's process.
pub async fn measure(options: &Options) -> anyhow::Result<Report> {
    let relays = network::relays(&options.folder)?;
    let relay = relays.first().context("the network has no relay")?;
    // It is there, and has had what it needs for anybody.
    let endpoint = people::endpoint().await?;
    let first = Person::of(0).subscribe(&endpoint, relay).await?;
    let before = memory(options.process)?;
    let began = Instant::now();
    let of_one = options
        .subscribers
        .div_ceil(options.processes.max(1))
        .max(1);
    let mut crowds = Vec::new();
    for n in (0..options.subscribers).step_by(of_one as usize) {
        let count = of_one.min(options.subscribers.saturating_sub(n));
        crowds.push(Others::start(options, n.saturating_add(1), count)?);
    }
    for crowd in &mut crowds {
        crowd.count().await?;
    }
    let took = began.elapsed();
    // Handshakes leave buffers behind that go after a while.
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let (cpu, looked) = (processor_time(options.process)?, Instant::now());
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let cpu = processor_time(options.process)?.saturating_sub(cpu);
    let idle = looked.elapsed();
    let after = memory(options.process)?;
    let mut connected = 0u64;
    for crowd in crowds {
        connected = connected.saturating_add(crowd.end().await?);
    }
    drop(first);
    let grown = after.saturating_sub(before);
    Ok(Report {
        connected,
        per_endpoint: options.per_endpoint,
        before_mib: before as f64 / 1_024.0,
        after_mib: after as f64 / 1_024.0,
        each_kib: grown as f64 / connected.max(1) as f64,
        seconds: took.as_secs_f64(),
        // Ticks are hundredths of a second on Linux.
        idle_cpu_percent: cpu as f64 / idle.as_secs_f64(),
    })
}

/// A process of subscribers. It ends with this.
struct Others {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Others {
    fn start(options: &Options, first: u32, subscribers: u32) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("crowd").arg("--folder").arg(&options.folder);
        command.args(["--first", &first.to_string()]);
        command.args(["--subscribers", &subscribers.to_string()]);
        command.args(["--per-endpoint", &options.per_endpoint.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let said = child.stdout.take().context("no standard output")?;
        let said = BufReader::new(said).lines();
        Ok(Self { child, said })
    }

    /// How many are connected, when it says so.
    async fn count(&mut self) -> anyhow::Result<u64> {
        let line = self.said.next_line().await?;
        Ok(line.context("subscribers have ended")?.parse()?)
    }

    /// How many are still connected.
    async fn end(mut self) -> anyhow::Result<u64> {
        drop(self.child.stdin.take());
        let connected = self.count().await?;
        ensure!(self.child.wait().await?.success(), "subscribers failed");
        Ok(connected)
    }
}

/// Is some of the subscribers until the standard input ends, and says how many are connected then and before.
pub async fn crowd(options: &Crowd) -> anyhow::Result<()> {
    let relays = network::relays(&options.folder)?;
    let relay = relays.first().context("the network has no relay")?;
    let end = options.first.saturating_add(options.subscribers);
    let of_one = options.per_endpoint.max(1);
    let sockets = (options.first..end).step_by(of_one as usize);
    let sockets = sockets.map(|n| connect(relay, n, of_one.min(end.saturating_sub(n))));
    let sockets = stream::iter(sockets).buffer_unordered(AT_ONCE);
    let sockets: Vec<(Endpoint, Vec<Session>)> = sockets.try_collect().await?;
    let sessions = || sockets.iter().flat_map(|(_, sessions)| sessions);
    println!("{}", sessions().count());
    let ended = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
    ended.await??;
    let connected = sessions().filter(|it| it.client.end().is_none());
    println!("{}", connected.count());
    Ok(())
}

/// A socket with its subscribers.
async fn connect(
    relay: &RelayAddress,
    first: u32,
    count: u32,
) -> anyhow::Result<(Endpoint, Vec<Session>)> {
    let endpoint = people::endpoint().await?;
    let mut sessions = Vec::new();
    for n in first..first.saturating_add(count) {
        sessions.push(Person::of(n).subscribe(&endpoint, relay).await?);
    }
    Ok((endpoint, sessions))
}

/// Resident memory of a process, KiB.
pub fn memory(process: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let text = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
    Ok(text.parse()?)
}

/// Processor time of a process, in ticks: fields 14 and 15 behind the name, which may hold spaces.
fn processor_time(process: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, rest) = stat.rsplit_once(')').context("no name")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field =
        |n: usize| -> anyhow::Result<u64> { Ok(fields.get(n).context("too few fields")?.parse()?) };
    Ok(field(11)?.saturating_add(field(12)?))
}
