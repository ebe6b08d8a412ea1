//! A process that is killed in the middle of a renewal leaves a whole store under one of two passphrases.

mod common;

use common::{Dice, FAST, MESSAGES, SESSIONS, TABLES, beside, everything, options, place};
use parlance_store::{Error, Key, Page, Store};
use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const PATH: &str = "STORE_TEST_RENEWED_PATH";
const NUMBER: &str = "STORE_TEST_RENEWED_NUMBER";
const ROUNDS: u64 = 24;
/// Rows of 60 KB each: more than one batch.
const ROWS: u64 = 160;

fn passphrase(number: u64) -> Vec<u8> {
    format!("passphrase {number}").into_bytes()
}

/// The process that is killed: renews the store again and again, with a commit after each. It runs only when
/// this file's other test starts it.
#[test]
fn renewer() {
    let Some(path) = env::var_os(PATH) else {
        return;
    };
    let mut number: u64 = env::var(NUMBER).unwrap().parse().unwrap();
    let mut store = Store::open(path, &passphrase(number), options()).unwrap();
    loop {
        let (old, new) = (passphrase(number), passphrase(number + 1));
        store
            .renew(&old, &new, FAST, &TABLES, |now| {
                println!("at {} percent", now.percent());
            })
            .unwrap();
        number += 1;
        println!("renewed {number}");
        let changes = store.begin_write().unwrap();
        changes
            .put(SESSIONS, &Key::of("renewed").number(number), &new)
            .unwrap();
        changes.commit().unwrap();
    }
}

#[test]
fn a_killed_renewal_leaves_the_old_store_or_the_new_one() {
    let (_folder, path) = place();
    let store = Store::create(&path, &passphrase(0), options()).unwrap();
    let changes = store.begin_write().unwrap();
    for number in 0..ROWS {
        let text = vec![number as u8; 60_000];
        changes
            .put(MESSAGES, &Key::of("bob").number(number), &text)
            .unwrap();
    }
    changes.commit().unwrap();
    drop(store);
    let mut dice = Dice(11);
    let (mut number, mut interrupted) = (0, 0);
    for round in 0..ROUNDS {
        let said = run_and_kill(&path, number, &mut dice);
        interrupted += u64::from(beside(&path, "renewed").exists());
        number = check(&path, said.unwrap_or(number), number, round);
    }
    assert!(number > 3, "{number} renewals are hardly any");
    assert!(interrupted > 3, "{interrupted} were hardly interrupted");
}

/// Kills the renewer after so many lines and a moment; the last number that it said.
fn run_and_kill(path: &Path, number: u64, dice: &mut Dice) -> Option<u64> {
    let mut renewer = Command::new(env::current_exe().unwrap())
        .args(["--exact", "renewer", "--nocapture"])
        .env(PATH, path)
        .env(NUMBER, number.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(renewer.stdout.take().unwrap()).lines();
    let mut left = 1 + dice.below(220);
    let mut said = None;
    for line in lines.map_while(Result::ok) {
        if let Some((_, renewed)) = line.split_once("renewed ") {
            said = renewed.parse().ok().or(said);
        }
        left = left.saturating_sub(1);
        if left == 0 {
            thread::sleep(Duration::from_micros(dice.below(3_000)));
            // SIGKILL.
            renewer.kill().unwrap();
            left = u64::MAX;
        }
    }
    renewer.wait().unwrap();
    said
}

/// Which passphrase opens, after `said` was said and `before` had opened before.
fn check(path: &Path, said: u64, before: u64, round: u64) -> u64 {
    let opens = |number: &u64| match Store::open(path, &passphrase(*number), options()) {
        Ok(_) => true,
        Err(Error::WrongPassphrase) => false,
        Err(other) => panic!("round {round}, passphrase {number}: {other}"),
    };
    let opening: Vec<u64> = (before.saturating_sub(2)..said + 3).filter(opens).collect();
    let [number] = opening[..] else {
        panic!("round {round}: {opening:?} open");
    };
    // One more may be renewed than was said.
    assert!(
        number == said || number == said + 1,
        "round {round}: {number} opens, {said} was said"
    );
    assert!(!beside(path, "renewed").exists());
    let store = Store::open(path, &passphrase(number), options()).unwrap();
    let read = store.begin_read().unwrap();
    for row in 0..ROWS {
        let value = read.get(MESSAGES, &Key::of("bob").number(row)).unwrap();
        assert_eq!(*value.unwrap(), vec![row as u8; 60_000], "round {round}");
    }
    let all = read.scan(SESSIONS, &Key::of("renewed"), &Page::first(10_000));
    let commits: Vec<u64> = all
        .unwrap()
        .iter()
        .map(|(key, value)| {
            let number = key.number_at(1).unwrap();
            assert_eq!(**value, passphrase(number));
            number
        })
        .collect();
    // Every commit is there but that of a renewal after which the renewer was killed at once.
    assert!(commits.is_sorted() && commits.iter().all(|commit| *commit <= number));
    assert!((before + 1..number).all(|commit| commits.contains(&commit)));
    assert_eq!(store.generation().unwrap(), 1 + commits.len() as u64);
    assert_eq!(everything(&store).len() as u64, ROWS + commits.len() as u64);
    number
}
