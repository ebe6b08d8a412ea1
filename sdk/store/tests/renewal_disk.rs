//! A renewal on a disk without room, and one of a store that is larger than the memory it may take.
//!
//! Limits and figures are those of a process, so each test has one of its own.
#![cfg(target_os = "linux")]

mod common;

use common::{
    FAST, MESSAGES, NEW, PASSPHRASE, TABLES, beside, create, everything, open, options, place,
};
use parlance_store::{Error, Key, Store};
use std::{
    env, fs,
    path::Path,
    process::{Command, id},
};

const FULL: &str = "STORE_TEST_FULL";
const LARGE: &str = "STORE_TEST_LARGE";
const MIB: u64 = 1024 * 1024;

fn filled(path: &Path, mebibytes: u64) -> Store {
    let store = create(path);
    for number in 0..mebibytes {
        let changes = store.begin_write().unwrap();
        for part in 0..4 {
            let key = Key::of("bob").number(4 * number + part);
            let text = vec![number as u8; 256 * 1024];
            changes.put(MESSAGES, &key, &text).unwrap();
        }
        changes.commit().unwrap();
    }
    store
}

/// As after a crash of the machine: what is in the file, and no lock.
#[test]
fn a_part_of_a_renewed_store_is_no_store() {
    let (_folder, path) = place();
    let mut store = filled(&path, 10);
    let (renewed, copy) = (beside(&path, "renewed"), beside(&path, "copy"));
    let mut opened = Vec::new();
    store
        .renew(PASSPHRASE, NEW, FAST, &TABLES, |now| {
            fs::copy(&renewed, &copy).unwrap();
            opened.push((now.percent(), Store::open(&copy, NEW, options()).is_ok()));
        })
        .unwrap();
    assert!(opened.len() > 30);
    let last = opened.len() - 1;
    assert_eq!(opened[last], (100, true), "all of it is one");
    for (percent, opened) in &opened[..last] {
        assert!(!opened, "{percent} % open");
    }
}

/// Runs another test of this file in a process of its own.
fn run(test: &str, variable: &str, path: &Path) -> String {
    // What writes beyond the limit gets an error instead of a signal, as on a full disk.
    let shell = r#"trap '' XFSZ; exec "$0" "$@""#;
    let ended = Command::new("sh")
        .args(["-c", shell])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(variable, path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}\n{errors}");
    said
}

/// Lets this process write no further into any file than that.
fn limit_files(bytes: &str) {
    let limited = Command::new("prlimit")
        .args(["--pid", &id().to_string(), &format!("--fsize={bytes}:")])
        .status();
    assert!(limited.unwrap().success());
}

#[test]
fn renewer_without_room() {
    let Some(path) = env::var_os(FULL) else {
        return;
    };
    let mut store = open(path.as_ref());
    let before = everything(&store);
    for room in [4_096, 2 * MIB, 9 * MIB] {
        let refused = store.renew(PASSPHRASE, NEW, FAST, &TABLES, |now| {
            if now.done == 0 {
                limit_files(&room.to_string());
            }
        });
        limit_files("unlimited");
        assert!(matches!(refused, Err(Error::Io(_))), "{refused:?}");
        assert_eq!(everything(&store), before);
    }
    let changes = store.begin_write().unwrap();
    changes.put(MESSAGES, &Key::of("eve"), b"goes on").unwrap();
    changes.commit().unwrap();
    println!("refused and went on");
}

#[test]
fn a_disk_without_room_ends_it_and_the_store_goes_on() {
    let (_folder, path) = place();
    let rows = everything(&filled(&path, 12)).len();
    let said = run("renewer_without_room", FULL, &path);
    assert!(said.contains("refused and went on"), "{said}");
    assert!(!beside(&path, "renewed").exists());
    let mut store = open(&path);
    assert_eq!(everything(&store).len(), rows + 1);
    // There is room again.
    store.renew(PASSPHRASE, NEW, FAST, &TABLES, |_| ()).unwrap();
    assert_eq!(everything(&store).len(), rows + 1);
}

#[test]
fn renewer_of_a_large_store() {
    let Some(path) = env::var_os(LARGE) else {
        return;
    };
    let mut store = open(path.as_ref());
    store.renew(PASSPHRASE, NEW, FAST, &TABLES, |_| ()).unwrap();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let most = status.lines().find(|line| line.starts_with("VmHWM:"));
    println!("{}", most.unwrap());
}

/// The most memory that a process had which renewed a store of that size, KiB.
fn memory(mebibytes: u64) -> u64 {
    let (_folder, path) = place();
    drop(filled(&path, mebibytes));
    let said = run("renewer_of_a_large_store", LARGE, &path);
    let (_, most) = said.split_once("VmHWM:").unwrap();
    most.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn memory_does_not_grow_with_the_store() {
    let (small, large) = (memory(48), memory(192));
    assert!(
        large < 96 * 1024 && large < small + 24 * 1024,
        "{small} KiB, then {large} KiB"
    );
}
