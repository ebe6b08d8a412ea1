//! The process is killed while it writes.

use crate::model::{batch, key, open, put};
use parlance_relay_core::{Storage, Write};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

/// Tells the child its folder.
const FOLDER: &str = "PARLANCE_TEST_COMMITS_IN";
const SAYS: &str = "committed ";
/// Messages that are there after a batch.
const KEPT: u64 = 10;

fn message(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(100)
}

/// Commits without end: each batch brings a message and removes an older one.
fn commit_without_end(folder: &Path) -> ! {
    let mut store = open(folder);
    let last = store.entries(&key(1, 0).mailbox).unwrap().last().cloned();
    let mut number = last.map_or(0, |(_, entry)| entry.position);
    loop {
        number += 1;
        let mut writes = vec![put(key(1, number), number, message(number))];
        if let Some(old) = number.checked_sub(KEPT) {
            writes.push(Write::Remove { key: key(1, old) });
        }
        store.commit_durable(&batch(number, writes)).unwrap();
        println!("{SAYS}{number}");
    }
}

/// The number of the last batch; panics if the folder holds anything but what that leaves.
fn last_batch(folder: &Path) -> u64 {
    let store = open(folder);
    let entries = store.entries(&key(1, 0).mailbox).unwrap();
    let last = entries.last().unwrap().1.position;
    let expected: Vec<u64> = (last.saturating_sub(KEPT - 1).max(1)..=last).collect();
    let found: Vec<u64> = entries.iter().map(|(_, entry)| entry.position).collect();
    assert_eq!(found, expected);
    for (at, entry) in &entries {
        assert_eq!(*at, key(1, entry.position));
        let found = store.message(at).unwrap().unwrap();
        assert_eq!(*found, *message(entry.position));
    }
    last
}

#[test]
fn what_was_committed_survives_kill_9() {
    if let Ok(folder) = std::env::var(FOLDER) {
        commit_without_end(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut before = 0;
    for round in 0..12u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::what_was_committed_survives_kill_9"])
            .arg("--nocapture")
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut said, mut seen) = (before, 0);
        // To the end: what it said before it died counts too.
        for line in lines {
            let line = line.unwrap();
            if let Some(number) = line.strip_prefix(SAYS) {
                said = number.parse().unwrap();
                seen += 1;
                if seen == 1 + round * 7 {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(seen > round * 7, "the child ended by itself");
        let last = last_batch(folder.path());
        // Killed between the disk and the word.
        assert!(
            last == said || last == said + 1,
            "{last}, and {said} was said"
        );
        assert!(last > before);
        before = last;
    }
}
