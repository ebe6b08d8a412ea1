//! The folder and the core's disk in memory are told the same, and say the same.

use crate::model::{Disk, batch, batches, content, key, open, put};
use parlance_bimp::Mailbox;
use parlance_relay::storage::{MIN_LIMIT, OpenError, Store};
use parlance_relay_core::Storage;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn it_says_what_a_disk_in_memory_says(batches in batches(), reopen in any::<u8>()) {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, mut disk) = (open(folder.path()), Disk::new(false));
        for batch in &batches {
            store.commit_durable(batch).unwrap();
            disk.commit_durable(batch).unwrap();
            if batch.number % 8 == u64::from(reopen % 8) {
                drop(store);
                store = open(folder.path());
            }
            prop_assert_eq!(content(&store).unwrap(), content(&disk).unwrap());
        }
    }
}

#[test]
fn what_is_not_there_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert_eq!(store.message(&key(1, 1)), Ok(None));
    assert_eq!(store.entries(&Mailbox([1; 32])), Ok(vec![]));
    assert_eq!(store.mailboxes(), Ok(vec![]));
    assert_eq!(store.prekey_owners(), Ok(vec![]));
}

#[test]
fn two_relays_cannot_have_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let second = Store::open(folder.path(), MIN_LIMIT);
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    drop(first);
    open(folder.path());
}

#[test]
fn a_folder_of_a_later_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let columns = rocksdb::DB::list_cf(&rocksdb::Options::default(), folder.path()).unwrap();
    let database =
        rocksdb::DB::open_cf(&rocksdb::Options::default(), folder.path(), columns).unwrap();
    database.put(b"format", 9u32.to_le_bytes()).unwrap();
    drop(database);
    match Store::open(folder.path(), MIN_LIMIT) {
        Err(OpenError::Format { found, .. }) => assert_eq!(found, "9"),
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Store::open(&file.path().join("data"), MIN_LIMIT).err();
    let text = error.map(|it| it.to_string()).unwrap_or_default();
    assert!(text.contains(file.path().to_str().unwrap()), "{text}");
}

/// D2: flips a byte of each table in turn.
#[test]
fn damage_is_an_error_and_never_a_message_less() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for number in 1..=400u64 {
        let writes = (0..4)
            .map(|mailbox| put(key(mailbox, number), number, vec![number as u8; 512]))
            .collect();
        store.commit_durable(&batch(number, writes)).unwrap();
    }
    let before = content(&store).unwrap();
    drop(store);
    let files = std::fs::read_dir(folder.path()).unwrap();
    let tables: Vec<_> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "sst"))
        .collect();
    assert!(!tables.is_empty(), "too little was written for a table");
    let mut seen = 0;
    for table in tables {
        let whole = std::fs::read(&table).unwrap();
        for part in 1..6 {
            // What reading finds out stays in a copy: the folder is whole again for the next.
            let copy = tempfile::tempdir().unwrap();
            for file in std::fs::read_dir(folder.path()).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
            }
            let mut damaged = whole.clone();
            let at = whole.len() * part / 6;
            damaged[at] ^= 0x55;
            let name = table.file_name().unwrap();
            std::fs::write(copy.path().join(name), damaged).unwrap();
            match Store::open(copy.path(), MIN_LIMIT).map(|store| content(&store)) {
                Ok(Ok(after)) => assert_eq!(after, before),
                Ok(Err(error)) => {
                    seen += 1;
                    let text = error.to_string();
                    assert!(text.contains(copy.path().to_str().unwrap()), "{text}");
                }
                Err(OpenError::Damaged { .. }) => seen += 1,
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert!(seen > 0, "no damage was noticed");
}
