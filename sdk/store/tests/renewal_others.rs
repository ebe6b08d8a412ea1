//! Others who want a store that is being renewed: threads, processes, and those who come in the moment in which the
//! new file takes the old one's place.

mod common;

use common::{
    FAST, MESSAGES, NEW, PASSPHRASE, TABLES, beside, create, everything, of_several_pages, open,
    options, place, put, renew,
};
use parlance_store::{Error, Key, Store};
use std::{env, path::Path, process::Command, thread};

#[test]
fn nobody_else_opens_either_file_meanwhile_or_the_new_one_afterwards() {
    let (_folder, path) = place();
    let mut store = of_several_pages(&path);
    let renewed = beside(&path, "renewed");
    let refused = |file: &Path, passphrase: &[u8]| {
        let refused = Store::open(file, passphrase, options());
        assert!(matches!(refused, Err(Error::InUse { .. })), "{refused:?}");
    };
    let mut tried = 0;
    store
        .renew(PASSPHRASE, NEW, FAST, &TABLES, |_| {
            refused(&path, PASSPHRASE);
            refused(&path, NEW);
            refused(&renewed, NEW);
            tried += 1;
        })
        .unwrap();
    assert!(tried > 20, "{tried}");
    refused(&path, NEW);
    refused(&path, PASSPHRASE);
}

const VISITED: &str = "STORE_TEST_VISITED";

/// Another process that would open the store. It runs only when the next test starts it.
#[test]
fn visitor() {
    let Some(path) = env::var_os(VISITED) else {
        return;
    };
    match Store::open(path, PASSPHRASE, options()) {
        Ok(mut store) => {
            renew(&mut store, PASSPHRASE, PASSPHRASE).unwrap();
            println!("visitor: renewed");
        }
        Err(error) => println!("visitor: {error}"),
    }
}

#[test]
fn another_process_is_refused_while_the_store_is_open_here() {
    let (_folder, path) = place();
    let visit = || {
        let mut visitor = Command::new(env::current_exe().unwrap());
        visitor.args(["--exact", "visitor", "--nocapture"]);
        let said = visitor.env(VISITED, &path).output().unwrap().stdout;
        String::from_utf8(said).unwrap()
    };
    let mut store = of_several_pages(&path);
    let before = everything(&store);
    let said = visit();
    assert!(said.contains("is in use"), "{said}");
    let mut during = None;
    store
        .renew(PASSPHRASE, PASSPHRASE, FAST, &TABLES, |now| {
            if now.done > 0 && during.is_none() {
                during = Some(visit());
            }
        })
        .unwrap();
    let said = during.unwrap();
    assert!(said.contains("is in use"), "{said}");
    let said = visit();
    assert!(said.contains("is in use"), "{said}");
    drop(store);
    let said = visit();
    assert!(said.contains("visitor: renewed"), "{said}");
    assert_eq!(everything(&open(&path)), before);
}

/// Threads stand for processes: each opens the store for itself, and a lock belongs to an opening.
#[test]
fn no_commit_goes_to_a_file_that_was_replaced() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 25;
    let (_folder, path) = place();
    drop(create(&path));
    let open_in_turn = || {
        loop {
            match Store::open(&path, PASSPHRASE, options()) {
                Err(Error::InUse { .. }) => thread::yield_now(),
                opened => break opened.unwrap(),
            }
        }
    };
    let key = Key::of("counter");
    let count = |store: &Store| {
        let value = store.begin_read().unwrap().get(MESSAGES, &key).unwrap();
        value.map_or(0, |value| u64::from_le_bytes(value[..].try_into().unwrap()))
    };
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (open_in_turn, count, key) = (&open_in_turn, &count, &key);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let mut store = open_in_turn();
                    put(&store, key, &(count(&store) + 1).to_le_bytes());
                    if (round + number).is_multiple_of(2) {
                        renew(&mut store, PASSPHRASE, PASSPHRASE).unwrap();
                    }
                }
            });
        }
    });
    let store = open(&path);
    assert_eq!(count(&store), THREADS * ROUNDS);
    assert_eq!(store.generation().unwrap(), THREADS * ROUNDS);
}
