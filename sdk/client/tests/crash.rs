//! A client that is killed at any moment keeps all that it had done.
//!
//! The test runs itself as a child that writes to a vault and says what it has done, kills it with SIGKILL
//! at moments spread over its life, and opens the vault.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use parlance_client::{
    identity::Contact,
    keys::{Phrase, Words},
    primitives::AccountId,
    store::{Kdf, Options},
    vault::Vault,
};

const PASSPHRASE: &[u8] = b"passphrase";
const CHILD: &str = "PARLANCE_CRASH_TEST_VAULT";
const ROUNDS: u64 = 12;

/// A cheap key derivation: how dear it is does not matter here.
fn options() -> Options {
    Options {
        kdf: Kdf {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        },
        ..Options::default()
    }
}

/// The child: adds contacts and rotates keys until it is killed, and says each time what is done.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let vault = Vault::open(Path::new(&path), PASSPHRASE, options()).unwrap();
    for number in vault.contacts().unwrap().len().. {
        let name = format!("contact {number:06}");
        let contact = Contact::new(&name, AccountId::new([1; 32])).unwrap();
        vault.add_contact(&contact).unwrap();
        println!("done {number}");
        vault.begin_rotation().unwrap();
        vault.settle_rotation().unwrap();
    }
}

#[test]
fn a_client_that_is_killed_keeps_what_it_had_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    let vault = Vault::create(&path, PASSPHRASE, options()).unwrap();
    let phrase = Phrase::generate(Words::Twelve).unwrap();
    vault.adopt(&phrase, "").unwrap();
    drop(vault);

    let mut least = 0;
    for round in 0..ROUNDS {
        if let Some(last) = write_and_kill(&path, Duration::from_millis(30 + 37 * round)) {
            least = last + 1;
        }
        let vault = Vault::open(&path, PASSPHRASE, options()).unwrap();
        let contacts = vault.contacts().unwrap();
        assert!(
            contacts.len() >= least,
            "round {round}: {} of {least} contacts",
            contacts.len()
        );
        for (number, contact) in contacts.iter().enumerate() {
            assert_eq!(contact.name, format!("contact {number:06}"));
        }
        assert_eq!(vault.phrase().unwrap().0.words(), phrase.words());
        vault.device().unwrap();
    }
    assert!(least > 0, "no child ever wrote anything");
}

/// Runs the child for a while, kills it, and returns the last number it had said.
fn write_and_kill(path: &Path, life: Duration) -> Option<usize> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "child_that_writes_until_it_is_killed",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let said = |line: String| line.trim().strip_prefix("done ")?.parse().ok();
        output.lines().map_while(Result::ok).filter_map(said).last()
    });
    let start = Instant::now();
    // The child's own start is no part of its life.
    while start.elapsed() < life {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}
