//! Files that are not what was written: a typed error or the right data, never a panic, never wrong data.

mod common;

use common::{
    Dice, FAST, MESSAGES, NEW, PASSPHRASE, TABLES, create, everything, open, options, place,
};
use parlance_store::{Error, Key, Page, Store};
use std::{fs, path::Path};

fn filled(path: &Path) -> Vec<u8> {
    let store = create(path);
    for round in 0..3u64 {
        let changes = store.begin_write().unwrap();
        for number in 0..40 {
            let text = vec![round as u8; 50 + 40 * number as usize];
            changes
                .put(MESSAGES, &Key::of("bob").number(number), &text)
                .unwrap();
        }
        changes.commit().unwrap();
    }
    drop(store);
    fs::read(path).unwrap()
}

/// Opens, reads everything, writes. `Ok` says that all of it was right.
fn use_all(path: &Path) -> Result<(), Error> {
    let store = Store::open(path, PASSPHRASE, options())?;
    let read = store.begin_read()?;
    let rows = read.scan(MESSAGES, &Key::of("bob"), &Page::first(100))?;
    // An earlier commit is what a crash leaves, so a damaged newest commit may show it.
    let round = rows.first().map_or(0, |(_, text)| text[0]);
    for (number, (key, text)) in rows.iter().enumerate() {
        assert_eq!(key.number_at(1), Some(number as u64));
        assert_eq!(**text, vec![round; 50 + 40 * number]);
    }
    assert!(rows.is_empty() || rows.len() == 40);
    let changes = store.begin_write()?;
    changes.put(MESSAGES, &Key::of("eve"), b"new")?;
    changes.remove(MESSAGES, &Key::of("bob").number(3))?;
    changes.commit()
}

fn check(path: &Path, bytes: &[u8], what: &str, refused: &mut usize) {
    fs::write(path, bytes).unwrap();
    let result = std::panic::catch_unwind(|| use_all(path));
    match result {
        Ok(Ok(())) => {}
        Ok(Err(
            Error::Damaged { .. }
            | Error::WrongPassphrase
            | Error::NewerFormat { .. }
            | Error::Io(_),
        )) => {
            *refused += 1;
        }
        Ok(Err(other)) => panic!("{what}: {other}"),
        Err(_) => panic!("{what}: panicked"),
    }
}

#[test]
fn flipped_bits_anywhere_in_the_file() {
    let (_folder, path) = place();
    let genuine = filled(&path);
    let mut dice = Dice(1);
    let mut refused = 0;
    // Each bit of the database's own header, then bits of everywhere.
    let header = (0..512 * 8).step_by(3);
    let everywhere = (0..600)
        .map(|_| dice.below(genuine.len() as u64 * 8) as usize)
        .collect::<Vec<_>>();
    for bit in header.chain(everywhere) {
        let mut changed = genuine.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        check(&path, &changed, &format!("bit {bit}"), &mut refused);
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn cut_overwritten_and_foreign_files() {
    let (_folder, path) = place();
    let genuine = filled(&path);
    let mut dice = Dice(2);
    let mut refused = 0;
    for round in 0..150 {
        let mut changed = genuine.clone();
        let place = dice.below(genuine.len() as u64) as usize;
        match round % 3 {
            0 => changed.truncate(place),
            1 => {
                let end = (place + 1 + dice.below(9_000) as usize).min(changed.len());
                changed[place..end].fill(dice.next() as u8);
            }
            _ => {
                let end = (place + 4_096).min(changed.len());
                let part = changed[place..end].to_vec();
                let to = dice.below((changed.len() - part.len()) as u64) as usize;
                changed[to..to + part.len()].copy_from_slice(&part);
            }
        }
        check(&path, &changed, &format!("round {round}"), &mut refused);
    }
    assert!(refused > 50, "{refused}");
    for foreign in [&b"#!/bin/sh\necho no store\n"[..], &[0; 100_000]] {
        fs::write(&path, foreign).unwrap();
        let error = use_all(&path).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
}

/// What could be read is under the new passphrase afterwards, or stays under the old one; no part of it is lost.
#[test]
fn a_damaged_file_is_renewed_as_it_reads_or_stays() {
    let (_folder, path) = place();
    let genuine = filled(&path);
    let mut dice = Dice(3);
    let (mut renewed, mut stayed) = (0, 0);
    for _ in 0..300 {
        let mut changed = genuine.clone();
        for _ in 0..1 + dice.below(3) {
            let bit = dice.below(genuine.len() as u64 * 8) as usize;
            changed[bit / 8] ^= 1 << (bit % 8);
        }
        fs::write(&path, &changed).unwrap();
        let Ok(mut store) = Store::open(&path, PASSPHRASE, options()) else {
            continue;
        };
        match store.renew(PASSPHRASE, NEW, FAST, &TABLES, |_| ()) {
            Ok(()) => {
                let rows = everything(&store);
                drop(store);
                let store = Store::open(&path, NEW, options()).unwrap();
                assert_eq!(everything(&store), rows);
                assert!(rows.is_empty() || rows.len() == 40);
                renewed += 1;
            }
            Err(error) => {
                assert!(matches!(error, Error::Damaged { .. }), "{error}");
                drop(store);
                open(&path);
                stayed += 1;
            }
        }
    }
    assert!(renewed > 20, "{renewed} renewed, {stayed} stayed");
}
