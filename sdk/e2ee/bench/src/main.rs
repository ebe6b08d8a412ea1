//! What a message costs, ours and vodozemac's Olm in the same run, interleaved.
//!
//! `cargo run --release -- [--quick] [--runs N]` prints one JSON object in the form that docs/benchmarks.md is made
//! from: microseconds per message, five runs (two of fewer messages with `--quick`), `ratio_median` above 1 if ours is better. Both sides take
//! randomness from the operating system, and each message is encoded to bytes and decoded again.

mod olm;
mod ours;

use std::time::Instant;

const RUNS: usize = 5;
const TEXT: [u8; 256] = [0x61; 256];

/// Two ends of a conversation.
trait Pair {
    /// Encrypts at one end, decrypts at the other.
    fn pass(&mut self, from_first: bool);
}

struct Metric {
    name: &'static str,
    ours: Vec<f64>,
    peer: Vec<f64>,
}

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let messages = if quick { 400 } else { 4_000 };
    let runs = runs().unwrap_or(if quick { 2 } else { RUNS });
    let mut metrics = Vec::new();
    let one_chain: fn(&mut dyn Pair, usize) = |pair, _| pair.pass(true);
    let ping_pong: fn(&mut dyn Pair, usize) = |pair, index| pair.pass(index % 2 == 1);
    for (name, pace, turn) in [
        ("one chain, 256 B: encrypt + decrypt", 1, one_chain),
        ("ping-pong, KEM every round trip", 1, ping_pong),
        ("ping-pong, KEM every 2nd round trip", 2, ping_pong),
        ("ping-pong, KEM every 4th round trip", 4, ping_pong),
        ("ping-pong, KEM every 8th round trip", 8, ping_pong),
    ] {
        metrics.push(compare(
            name,
            runs,
            || measure(&mut ours::conversation(pace), turn, messages),
            || measure(&mut olm::conversation(), turn, messages),
        ));
    }
    metrics.push(compare(
        "session: both ends, first message read",
        runs,
        || ours::handshakes(messages / 20),
        || olm::handshakes(messages / 20),
    ));
    print(&metrics);
}

/// The number after `--runs`.
fn runs() -> Option<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--runs");
    arguments.nth(1)?.parse().ok()
}

/// Both sides in turn, the order turned round from run to run.
fn compare(
    name: &'static str,
    runs: usize,
    mut ours: impl FnMut() -> f64,
    mut peer: impl FnMut() -> f64,
) -> Metric {
    let mut metric = Metric {
        name,
        ours: Vec::new(),
        peer: Vec::new(),
    };
    for run in 0..runs {
        if run % 2 == 0 {
            metric.ours.push(ours());
        }
        metric.peer.push(peer());
        if run % 2 == 1 {
            metric.ours.push(ours());
        }
    }
    metric
}

/// Microseconds per message.
fn measure(pair: &mut dyn Pair, turn: fn(&mut dyn Pair, usize), messages: usize) -> f64 {
    for index in 0..messages / 10 {
        turn(pair, index);
    }
    let start = Instant::now();
    for index in 0..messages {
        turn(pair, index);
    }
    start.elapsed().as_secs_f64() * 1e6 / messages as f64
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    f64::midpoint(sorted[middle], sorted[(sorted.len() - 1) / 2])
}

fn print(metrics: &[Metric]) {
    let numbers = |values: &[f64]| {
        values
            .iter()
            .map(|v| format!("{v:.2}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    println!("{{\"id\": \"P6-ratchet\", \"metrics\": [");
    for (index, metric) in metrics.iter().enumerate() {
        let comma = if index + 1 < metrics.len() { "," } else { "" };
        println!(
            "  {{\"name\": \"{}\", \"unit\": \"us\", \"better\": \"lower\", \"ours\": [{}], \
             \"peer\": [{}], \"peer_name\": \"vodozemac 0.11 Olm\", \"ratio_median\": {:.2}}}{comma}",
            metric.name,
            numbers(&metric.ours),
            numbers(&metric.peer),
            median(&metric.peer) / median(&metric.ours),
        );
    }
    println!("]}}");
}
