//! What running nodes cost: processor time from `/proc`, histograms from Prometheus.

use anyhow::{Context, Result};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Units of the times in `/proc/PID/stat`. The kernel's interface fixes it for user space.
const TICKS_PER_SECOND: f64 = 100.0;

/// Histograms that tell where a node's time goes.
const HISTOGRAMS: [&str; 4] = [
    "substrate_proposer_block_constructed",
    "substrate_proposer_block_proposal_time",
    "substrate_block_verification_and_import_time",
    "substrate_block_verification_time",
];

/// Processor seconds that the processes have used so far, all threads, user and system.
pub fn cpu_seconds(pids: &[u32]) -> Result<f64> {
    let mut total = 0.0;
    for pid in pids {
        let path = format!("/proc/{pid}/stat");
        let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        total += ticks(&stat).with_context(|| format!("the form of {path}"))? / TICKS_PER_SECOND;
    }
    Ok(total)
}

/// Fields 14 and 15 of proc(5)'s stat; the command's name before them may hold spaces.
fn ticks(stat: &str) -> Option<f64> {
    let after_name = stat.get(stat.rfind(')')? + 1..)?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Sum and count of a histogram over some time.
#[derive(Serialize, Default, Debug, Clone, Copy, PartialEq)]
pub struct Histogram {
    /// Sum of what was observed, in seconds.
    pub seconds: f64,
    /// How often.
    pub count: f64,
}

/// The histograms of one node, by name.
pub type Histograms = BTreeMap<String, Histogram>;

/// Reads the histograms of the node whose exporter listens at `address` (`host:port`).
pub fn histograms(address: &str) -> Result<Histograms> {
    let mut stream = TcpStream::connect(address).with_context(|| format!("exporter {address}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "GET /metrics HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .context("reading the exporter's answer")?;
    Ok(parse(&text))
}

fn parse(text: &str) -> Histograms {
    let mut found = Histograms::new();
    for line in text.lines() {
        let Some((name, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let Ok(value) = value.parse::<f64>() else {
            continue;
        };
        let name = name.split('{').next().unwrap_or(name);
        for histogram in HISTOGRAMS {
            let entry = || (histogram.to_owned(), Histogram::default());
            match name.strip_prefix(histogram) {
                Some("_sum") => found.entry(entry().0).or_default().seconds += value,
                Some("_count") => found.entry(entry().0).or_default().count += value,
                _ => {}
            }
        }
    }
    found
}

/// What was observed between two readings.
pub fn between(before: &Histograms, after: &Histograms) -> Histograms {
    after
        .iter()
        .map(|(name, late)| {
            let early = before.get(name).copied().unwrap_or_default();
            let seconds = late.seconds - early.seconds;
            (
                name.clone(),
                Histogram {
                    seconds,
                    count: late.count - early.count,
                },
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_a_name_with_spaces_and_brackets() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 9 8 7 6 150 50 3 4 20 0 1 0";
        assert_eq!(ticks(stat), Some(200.0));
        assert_eq!(ticks("42 nonsense"), None);
    }

    #[test]
    fn own_processor_time_can_be_read() {
        assert!(cpu_seconds(&[std::process::id()]).unwrap() >= 0.0);
        assert!(cpu_seconds(&[u32::MAX]).is_err());
    }

    #[test]
    fn labels_are_summed_and_differences_taken() {
        let before = parse(
            "substrate_block_verification_and_import_time_sum{chain=\"a\"} 1.5\n\
             substrate_block_verification_and_import_time_count{chain=\"a\"} 3\n",
        );
        let after = parse(
            "HTTP/1.0 200 OK\n\n# HELP x y\n\
             substrate_block_verification_and_import_time_sum{chain=\"a\"} 2.5\n\
             substrate_block_verification_and_import_time_sum{chain=\"b\"} 1\n\
             substrate_block_verification_and_import_time_count{chain=\"a\"} 5\n\
             something_else_sum 7\n",
        );
        let change = between(&before, &after);
        assert_eq!(change.len(), 1);
        let expected = Histogram {
            seconds: 2.0,
            count: 2.0,
        };
        assert_eq!(
            change["substrate_block_verification_and_import_time"],
            expected
        );
    }
}
