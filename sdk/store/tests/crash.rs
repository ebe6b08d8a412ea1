//! A process that is killed at any moment loses no commit and leaves no half of one.

mod common;

use common::{Dice, MESSAGES, PASSPHRASE, SESSIONS, create, open, options, place};
use parlance_store::{Key, Page, Store};
use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

const PATH: &str = "STORE_TEST_PATH";
const ROUNDS: u64 = 25;

/// The process that is killed. It runs only when this file's other test starts it.
#[test]
fn writer() {
    let Some(path) = env::var_os(PATH) else {
        return;
    };
    let store = open(path.as_ref());
    loop {
        let changes = store.begin_write().unwrap();
        let last = changes
            .scan(MESSAGES, &Key::of("bob"), &Page::last(1))
            .unwrap();
        let number = last
            .first()
            .map_or(0, |(key, _)| key.number_at(1).unwrap() + 1);
        // A ratchet state that is overwritten, and a message that is added; one in eight is large.
        let length = if number.is_multiple_of(8) {
            60_000
        } else {
            300
        };
        let mut text = number.to_le_bytes().to_vec();
        text.resize(length, number as u8);
        changes
            .put(SESSIONS, &Key::of("bob"), &number.to_le_bytes())
            .unwrap();
        changes
            .put(MESSAGES, &Key::of("bob").number(number), &text)
            .unwrap();
        if number >= 200 {
            changes
                .remove(MESSAGES, &Key::of("bob").number(number - 200))
                .unwrap();
        }
        changes.commit().unwrap();
        println!("committed {number}");
    }
}

/// Reads what the writer says until it is killed; the last number that it said.
fn last_said(writer: &mut Child) -> Option<u64> {
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let numbers = lines.map_while(Result::ok).filter_map(|line| {
        line.split_once("committed ")
            .and_then(|(_, number)| number.parse().ok())
    });
    numbers.last()
}

#[test]
fn a_killed_writer_leaves_its_last_commit() {
    let (_folder, path) = place();
    drop(create(&path));
    let mut dice = Dice(7);
    let mut said_before = None;
    for round in 0..ROUNDS {
        let mut writer = Command::new(env::current_exe().unwrap())
            .args(["--exact", "writer", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pause = Duration::from_millis(20 + dice.below(150));
        let said = thread::scope(|scope| {
            let pid = writer.id();
            let killer = scope.spawn(move || {
                thread::sleep(pause);
                let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
                assert!(killed.unwrap().success());
            });
            let said = last_said(&mut writer);
            killer.join().unwrap();
            said
        });
        writer.wait().unwrap();
        said_before = said.or(said_before);
        check(&path, said_before, round);
    }
    assert!(
        said_before.unwrap() > ROUNDS,
        "the writer hardly wrote: {said_before:?}"
    );
}

fn check(path: &std::path::Path, said: Option<u64>, round: u64) {
    let store = Store::open(path, PASSPHRASE, options()).unwrap();
    let read = store.begin_read().unwrap();
    let rows = read
        .scan(MESSAGES, &Key::of("bob"), &Page::last(1_000))
        .unwrap();
    let state = read.get(SESSIONS, &Key::of("bob")).unwrap();
    let state = state.map(|state| u64::from_le_bytes(state[..].try_into().unwrap()));
    let newest = rows.first().map(|(key, _)| key.number_at(1).unwrap());
    assert_eq!(
        state, newest,
        "round {round}: state and messages are of one commit"
    );
    // What was said is there; one more may be, committed and not yet said.
    if let Some(said) = said {
        assert!(
            newest == Some(said) || newest == Some(said + 1),
            "round {round}: {newest:?}, {said} was said"
        );
    }
    for (index, (key, text)) in rows.iter().enumerate() {
        let number = newest.unwrap() - index as u64;
        assert_eq!(key.number_at(1), Some(number));
        assert_eq!(text[..8], number.to_le_bytes());
    }
    assert_eq!(
        rows.len() as u64,
        newest.map_or(0, |newest| (newest + 1).min(200))
    );
}
