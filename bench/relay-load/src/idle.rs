//! What a subscriber costs that only waits.

use crate::{network, people, people::Person};
use anyhow::Context;
use futures::{StreamExt, stream};
use serde::Serialize;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Subscribers that connect at the same time.
const AT_ONCE: usize = 32;

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
    /// Subscribers of one socket and key of ours. Devices have one each, of which the transport keeps something, too.
    #[arg(long, default_value_t = 500)]
    per_endpoint: usize,
    /// Seconds of idleness before the second look.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Subscribers that are connected at the end.
    pub connected: u64,
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
    let mut endpoints = Vec::new();
    let of_one = options.per_endpoint.max(1);
    for _ in 0..(options.subscribers as usize).div_ceil(of_one) {
        endpoints.push(people::endpoint().await?);
    }
    let connecting = (0..options.subscribers).map(|n| {
        let endpoint = endpoints[n as usize / of_one].clone();
        async move { Person::of(1 + n).subscribe(&endpoint, relay).await }
    });
    let connecting = stream::iter(connecting).buffer_unordered(AT_ONCE);
    let sessions: Vec<_> = connecting.collect().await;
    let sessions: Vec<_> = sessions.into_iter().collect::<Result<_, _>>()?;
    let took = began.elapsed();
    // Handshakes leave buffers behind that go after a while.
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let (cpu, looked) = (processor_time(options.process)?, Instant::now());
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let cpu = processor_time(options.process)?.saturating_sub(cpu);
    let idle = looked.elapsed();
    let after = memory(options.process)?;
    let connected = sessions.iter().filter(|it| it.client.end().is_none());
    let connected = connected.count();
    drop(first);
    let grown = after.saturating_sub(before);
    Ok(Report {
        connected: connected as u64,
        before_mib: before as f64 / 1_024.0,
        after_mib: after as f64 / 1_024.0,
        each_kib: grown as f64 / connected.max(1) as f64,
        seconds: took.as_secs_f64(),
        // Ticks are hundredths of a second on Linux.
        idle_cpu_percent: cpu as f64 / idle.as_secs_f64(),
    })
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
