//! What the scenarios share.

#![allow(dead_code, missing_docs)]

use parlance_store::{Error, Kdf, Key, Options, Page, Store, Table};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

pub const PASSPHRASE: &[u8] = b"correct horse battery staple";
/// Another passphrase.
pub const NEW: &[u8] = b"another passphrase";
/// Stands in each message of [`of_several_pages`].
pub const WORD: &str = "text-of-a-message";
pub const MESSAGES: Table = Table::new("messages");
pub const SESSIONS: Table = Table::new("sessions");
/// All that these tests write to.
pub const TABLES: [Table; 2] = [MESSAGES, SESSIONS];

/// Guessing is not what these tests are about.
pub const FAST: Kdf = Kdf {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

pub fn options() -> Options {
    Options {
        kdf: FAST,
        ..Options::default()
    }
}

pub fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    (folder, path)
}

pub fn create(path: &Path) -> Store {
    Store::create(path, PASSPHRASE, options()).unwrap()
}

pub fn open(path: &Path) -> Store {
    Store::open(path, PASSPHRASE, options()).unwrap()
}

/// Table, key and value of rows.
pub type Rows = Vec<(usize, String, Vec<u8>)>;

/// All rows, in an order that does not depend on the store's keys.
pub fn everything(store: &Store) -> Rows {
    let read = store.begin_read().unwrap();
    let mut all = Vec::new();
    for (place, table) in TABLES.into_iter().enumerate() {
        let mut page = Page::first(50);
        loop {
            let rows = read.scan(table, &Key::root(), &page).unwrap();
            let Some((last, _)) = rows.last() else { break };
            page = Page::first(50).after(last.clone());
            let plain =
                |(key, value): &parlance_store::Row| (place, format!("{key:?}"), value.to_vec());
            all.extend(rows.iter().map(plain));
        }
    }
    all.sort();
    all
}

/// Rows of several pages and sizes, written over each other.
pub fn of_several_pages(path: &Path) -> Store {
    let store = create(path);
    for round in 0..3_u8 {
        let changes = store.begin_write().unwrap();
        for number in 0..40_u64 {
            let text = [WORD.as_bytes(), &vec![round; 50 + 400 * number as usize]].concat();
            let key = Key::of("bob").number(number);
            changes.put(MESSAGES, &key, &text).unwrap();
            let peer = Key::of(format!("peer {number}")).part("ratchet");
            changes.put(SESSIONS, &peer, &[round; 200]).unwrap();
        }
        changes
            .put(SESSIONS, &Key::root(), &vec![round; 300_000])
            .unwrap();
        changes.commit().unwrap();
    }
    store
}

pub fn renew(store: &mut Store, old: &[u8], new: &[u8]) -> Result<(), Error> {
    store.renew(old, new, FAST, &TABLES, |_| ())
}

pub fn put(store: &Store, key: &Key, value: &[u8]) {
    let changes = store.begin_write().unwrap();
    changes.put(MESSAGES, key, value).unwrap();
    changes.commit().unwrap();
}

/// Files in the folder of the store.
pub fn files(path: &Path) -> usize {
    fs::read_dir(path.parent().unwrap()).unwrap().count()
}

/// The name of a file that belongs to the store.
pub fn beside(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().unwrap().to_str().unwrap();
    path.with_file_name(format!("{name}.{what}"))
}

/// A generator of test data that needs no crate and is no cryptography (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
