//! Scenarios: names, selection, running, report.
//!
//! Scenarios that can share a network form a group and run one after another on it; groups are
//! independent and run side by side. A scenario that fails ends its group, for the state that
//! later ones expect is not there; those count as failed too, each with that reason.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures::StreamExt;

use crate::node::Binary;

/// What a group's body returns.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A group of scenarios.
pub struct Group {
    /// Name for `--only`.
    pub name: &'static str,
    /// Scenarios in the order in which they run, each a sentence that it proves.
    pub scenarios: &'static [&'static str],
    /// Runs them, reporting each to the stage.
    pub run: for<'a> fn(&'a Stage) -> Running<'a>,
}

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed(String),
    /// The machine does not permit it, with what it lacks.
    Skipped(String),
}

/// Where a group runs: node binary, directory, and the report.
pub struct Stage {
    /// The built node.
    pub binary: Binary,
    root: PathBuf,
    group: &'static str,
    verdicts: Mutex<Vec<(&'static str, Verdict)>>,
    logs: Mutex<Vec<PathBuf>>,
}

impl Stage {
    /// A new directory for a network or a node of this group.
    pub fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(self.group).join(name);
        std::fs::create_dir_all(&path)?;
        self.logs
            .lock()
            .map_err(|_| anyhow::anyhow!("a thread died"))?
            .push(path.clone());
        Ok(path)
    }

    /// Runs one scenario of the group and prints its outcome; the error ends the group.
    pub async fn scenario<T, F>(&self, name: &'static str, body: F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let start = Instant::now();
        let outcome = body.await;
        let verdict = match &outcome {
            Ok(_) => Verdict::Passed,
            Err(error) => Verdict::Failed(format!("{error:#}")),
        };
        self.record(name, verdict, start.elapsed())?;
        outcome.with_context(|| name.to_owned())
    }

    /// Reports a scenario that this machine does not permit.
    pub fn skip(&self, name: &'static str, why: &str) -> Result<()> {
        self.record(name, Verdict::Skipped(why.to_owned()), Duration::ZERO)
    }

    /// Prints a measured figure; figures are never asserted.
    pub fn figure(&self, text: &str) {
        println!("      {}: {text}", self.group);
    }

    fn record(&self, name: &'static str, verdict: Verdict, took: Duration) -> Result<()> {
        let seconds = took.as_secs_f64();
        match &verdict {
            Verdict::Passed => println!("ok    {}: {name} ({seconds:.1} s)", self.group),
            Verdict::Failed(why) => {
                println!("FAIL  {}: {name} ({seconds:.1} s)\n      {why}", self.group);
            }
            Verdict::Skipped(why) => println!("skip  {}: {name}: {why}", self.group),
        }
        let mut verdicts = self
            .verdicts
            .lock()
            .map_err(|_| anyhow::anyhow!("a thread died"))?;
        verdicts.push((name, verdict));
        Ok(())
    }

    fn print_logs(&self) {
        let Ok(directories) = self.logs.lock() else {
            return;
        };
        for directory in directories.iter() {
            for log in find_logs(directory) {
                let text = std::fs::read(&log).unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                let lines: Vec<&str> = text.lines().collect();
                let tail = lines[lines.len().saturating_sub(25)..].join("\n");
                println!("--- {}\n{tail}", log.display());
            }
        }
    }
}

/// Which groups run, how many at a time, and what is kept.
pub struct Choice {
    /// Names of groups; all when empty.
    pub only: Vec<String>,
    /// Groups at a time.
    pub jobs: usize,
    /// Whether the data directories stay.
    pub keep: bool,
}

/// Runs the chosen groups and returns how many scenarios passed and failed.
pub async fn run(groups: Vec<Group>, choice: Choice) -> Result<(usize, usize)> {
    for name in &choice.only {
        anyhow::ensure!(
            groups.iter().any(|group| group.name == *name),
            "no group {name}"
        );
    }
    let binary = Binary::locate()?;
    let root = tempfile::Builder::new().prefix("parlance-e2e-").tempdir()?;
    let totals = Arc::new(Mutex::new((0, 0)));
    futures::stream::iter(groups)
        .filter(|group| {
            let chosen = choice.only.is_empty() || choice.only.iter().any(|n| n == group.name);
            futures::future::ready(chosen)
        })
        .for_each_concurrent(choice.jobs.max(1), |group| {
            let (totals, binary, root) = (totals.clone(), binary.clone(), root.path().to_owned());
            async move {
                let (passed, failed) = run_group(&group, binary, &root).await;
                if let Ok(mut totals) = totals.lock() {
                    totals.0 += passed;
                    totals.1 += failed;
                }
            }
        })
        .await;
    if choice.keep {
        println!("data kept in {}", root.keep().display());
    }
    let totals = totals
        .lock()
        .map_err(|_| anyhow::anyhow!("a group panicked"))?;
    Ok(*totals)
}

async fn run_group(group: &Group, binary: Binary, root: &Path) -> (usize, usize) {
    let start = Instant::now();
    let stage = Stage {
        binary,
        root: root.to_owned(),
        group: group.name,
        verdicts: Mutex::default(),
        logs: Mutex::default(),
    };
    let outcome = (group.run)(&stage).await;
    let verdicts = stage
        .verdicts
        .lock()
        .map(|list| list.clone())
        .unwrap_or_default();
    let mut failed = verdicts
        .iter()
        .filter(|(_, v)| matches!(v, Verdict::Failed(_)))
        .count();
    let passed = verdicts
        .iter()
        .filter(|(_, v)| *v == Verdict::Passed)
        .count();
    let mut missing = 0;
    for name in group.scenarios {
        if !verdicts.iter().any(|(seen, _)| seen == name) {
            println!("FAIL  {}: {name} (not reached)", group.name);
            missing += 1;
        }
    }
    if missing > 0 {
        match outcome {
            Err(error) => println!("      {}: {error:#}", group.name),
            Ok(()) => println!("      {}: the group ended too early", group.name),
        }
    }
    failed += missing;
    if failed > 0 {
        stage.print_logs();
    }
    println!(
        "      {}: {:.0} s in all",
        group.name,
        start.elapsed().as_secs_f64()
    );
    (passed, failed)
}

fn find_logs(directory: &Path) -> Vec<PathBuf> {
    let direct = directory.join("node.log");
    let below = std::fs::read_dir(directory).into_iter().flatten().flatten();
    std::iter::once(direct)
        .chain(below.map(|entry| entry.path().join("node.log")))
        .filter(|path| path.is_file())
        .collect()
}
