//! A node that is killed while it writes an artifact, at any moment, loses that artifact and nothing else.
//!
//! The test starts itself once more, as a process that does nothing but write, and kills it.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use parlance_vm_engine::{Artifacts, Key};
use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// The folder that the process writes to.
const FOLDER: &str = "VM_KILLED_FOLDER";
const KEYS: u8 = 5;
const LENGTH: usize = 1 << 20;

fn key(number: u8) -> Key {
    Key {
        code: [number; 32],
        rules: 1,
        build: [2; 32],
    }
}

fn count(folder: &Path, ending: &str) -> usize {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter(|name| name.to_string_lossy().ends_with(ending))
        .count()
}

/// Each artifact is of one byte, the number of its key in the lower half. Runs until it is killed.
#[test]
#[ignore = "not a test but the process that is killed"]
fn writer() {
    let Ok(folder) = env::var(FOLDER) else { return };
    let artifacts = Artifacts::open(Path::new(&folder), 1 << 30).unwrap();
    // Ends by itself if nobody kills it.
    for round in 0..10_000_u32 {
        let number = (round % u32::from(KEYS)) as u8;
        let byte = (((round % 13) as u8) << 4) | number;
        artifacts.put(&key(number), &vec![byte; LENGTH]).unwrap();
    }
}

#[test]
fn whoever_is_killed_while_writing_leaves_whole_files_or_none() {
    let home = tempfile::tempdir().unwrap();
    let (mut unfinished, mut whole) = (0, 0);
    for round in 0..48_u64 {
        // A new folder now and then: it may be killed while it draws the key, too.
        let folder = home.path().join((round / 8).to_string());
        let mut writer = Command::new(env::current_exe().unwrap())
            .args(["--exact", "writer", "--ignored", "--quiet"])
            .env(FOLDER, &folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_micros(3000 + round * 7919 % 60_000));
        assert!(
            writer.try_wait().unwrap().is_none(),
            "it ended before it was killed"
        );
        writer.kill().unwrap();
        writer.wait().unwrap();

        unfinished += count(&folder, ".unfinished");
        let files = count(&folder, ".artifact");
        let artifacts = Artifacts::open(&folder, 1 << 30).unwrap();
        assert_eq!(count(&folder, ".unfinished"), 0);
        let mut found = 0;
        for number in 0..KEYS {
            if let Some(artifact) = artifacts.get(&key(number)) {
                let bytes = artifact.bytes();
                assert_eq!(bytes.len(), LENGTH);
                assert!(bytes[0] & 15 == number && bytes.iter().all(|byte| *byte == bytes[0]));
                found += 1;
            }
        }
        assert_eq!(found, files, "a file is there that is not believed");
        assert_eq!(artifacts.refused(), 0);
        assert_eq!(artifacts.bytes(), (files * (LENGTH + 40)) as u64);
        whole += found;
    }
    println!("{whole} whole files, {unfinished} unfinished ones");
    assert!(whole > 0 && unfinished > 0);
}
