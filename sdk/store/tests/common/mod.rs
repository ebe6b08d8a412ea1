//! What the scenarios share.

#![allow(dead_code, missing_docs)]

use parlance_store::{Kdf, Options, Store, Table};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub const PASSPHRASE: &[u8] = b"correct horse battery staple";
pub const MESSAGES: Table = Table::new("messages");
pub const SESSIONS: Table = Table::new("sessions");

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
