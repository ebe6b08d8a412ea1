//! A renewal changes nothing of what is read, and only who has the store open makes one.

mod common;

use common::{
    FAST, NEW, PASSPHRASE, TABLES, beside, create, everything, files, of_several_pages, open,
    options, place, put, renew,
};
use parlance_store::{Error, Kdf, Key, Store};
use std::{collections::BTreeMap, fs};

/// What is to be the same before and after.
fn state(store: &Store) -> impl PartialEq + std::fmt::Debug + use<> {
    let (generation, bytes) = (store.generation().unwrap(), store.bytes().unwrap());
    (everything(store), store.id(), generation, bytes)
}

#[test]
fn everything_reads_as_before_and_only_the_new_passphrase_opens() {
    let (_folder, path) = place();
    let mut store = of_several_pages(&path);
    let before = state(&store);
    renew(&mut store, PASSPHRASE, NEW).unwrap();
    assert_eq!(state(&store), before);
    put(&store, &Key::of("later"), b"goes on");
    let after = state(&store);
    drop(store);
    assert_eq!(files(&path), 1);
    let refused = Store::open(&path, PASSPHRASE, options());
    assert!(matches!(refused, Err(Error::WrongPassphrase)));
    let store = Store::open(&path, NEW, options()).unwrap();
    assert_eq!(state(&store), after);
}

mod any_history {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Put(usize, u64, Vec<u8>),
        Remove(usize, u64),
        Renew,
        OpenAgain,
    }

    fn step() -> impl Strategy<Value = Step> {
        let place = || (0..2_usize, 0..12_u64);
        let value = prop::collection::vec(any::<u8>(), 0..3_000);
        prop_oneof![
            6 => (place(), value).prop_map(|((table, key), value)| Step::Put(table, key, value)),
            2 => place().prop_map(|(table, key)| Step::Remove(table, key)),
            1 => Just(Step::Renew),
            1 => Just(Step::OpenAgain),
        ]
    }

    /// A key of bytes, of a number, or of both.
    fn key(number: u64) -> Key {
        match number % 3 {
            0 => Key::root().number(number),
            1 => Key::of(number.to_string()),
            _ => Key::of("both").number(number),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_was_written_is_what_is_read(steps in prop::collection::vec(step(), 1..40)) {
            let (_folder, path) = place();
            let mut store = create(&path);
            let mut passphrase = PASSPHRASE.to_vec();
            let mut written = BTreeMap::new();
            let mut commits = 0;
            for step in steps {
                match step {
                    Step::Put(table, number, value) => {
                        let changes = store.begin_write().unwrap();
                        changes.put(TABLES[table], &key(number), &value).unwrap();
                        changes.commit().unwrap();
                        written.insert((table, format!("{:?}", key(number))), value);
                        commits += 1;
                    }
                    Step::Remove(table, number) => {
                        let changes = store.begin_write().unwrap();
                        let was = changes.remove(TABLES[table], &key(number)).unwrap();
                        changes.commit().unwrap();
                        let name = (table, format!("{:?}", key(number)));
                        prop_assert_eq!(was, written.remove(&name).is_some());
                        commits += u64::from(was);
                    }
                    Step::Renew => {
                        let next = [&passphrase[..], b"+"].concat();
                        renew(&mut store, &passphrase, &next).unwrap();
                        passphrase = next;
                    }
                    Step::OpenAgain => {
                        drop(store);
                        store = Store::open(&path, &passphrase, options()).unwrap();
                    }
                }
            }
            let expected: Vec<_> = written
                .into_iter()
                .map(|((table, key), value)| (table, key, value))
                .collect();
            prop_assert_eq!(everything(&store), expected);
            prop_assert_eq!(store.generation().unwrap(), commits);
        }
    }
}

#[test]
fn a_refused_renewal_changes_nothing() {
    let (_folder, path) = place();
    let mut store = of_several_pages(&path);
    let before = state(&store);
    let wrong = renew(&mut store, NEW, PASSPHRASE);
    assert!(matches!(wrong, Err(Error::WrongPassphrase)));
    for named in [&TABLES[..0], &TABLES[..1], &TABLES[1..]] {
        let refused = store.renew(PASSPHRASE, NEW, FAST, named, |_| ());
        assert!(matches!(refused, Err(Error::UnknownTable)));
    }
    let impossible = Kdf { lanes: 99, ..FAST };
    let refused = store.renew(PASSPHRASE, NEW, impossible, &TABLES, |_| ());
    assert!(matches!(refused, Err(Error::BadKdf { .. })));
    assert_eq!(state(&store), before);
    drop(store);
    assert_eq!(files(&path), 1);
    let mut store = open(&path);
    assert_eq!(state(&store), before);
    renew(&mut store, PASSPHRASE, NEW).unwrap();
    assert_eq!(state(&store), before);
}

#[test]
fn a_file_that_went_elsewhere_is_not_renewed_and_what_came_is_not_overwritten() {
    let (_folder, path) = place();
    let mut store = of_several_pages(&path);
    let before = everything(&store);
    let elsewhere = path.with_file_name("elsewhere");
    // At the last moment.
    let moved = store.renew(PASSPHRASE, NEW, FAST, &TABLES, |now| {
        if now.done == now.total && !elsewhere.exists() {
            fs::rename(&path, &elsewhere).unwrap();
            fs::write(&path, b"of somebody else").unwrap();
        }
    });
    assert!(matches!(moved, Err(Error::Moved { .. })));
    // From the beginning.
    let moved = renew(&mut store, PASSPHRASE, NEW);
    assert!(matches!(moved, Err(Error::Moved { .. })));
    fs::remove_file(&path).unwrap();
    let moved = renew(&mut store, PASSPHRASE, NEW);
    assert!(matches!(moved, Err(Error::Moved { .. })));
    drop(store);
    assert_eq!(files(&path), 1);
    assert_eq!(everything(&open(&elsewhere)), before);
}

#[test]
fn what_an_interrupted_renewal_left_is_removed_and_counts_for_nothing() {
    let (_folder, path) = place();
    let renewed = beside(&path, "renewed");
    let mut store = of_several_pages(&path);
    let before = state(&store);
    drop(store);
    let old = fs::read(&path).unwrap();
    store = open(&path);
    renew(&mut store, PASSPHRASE, NEW).unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    // Nothing yet, a part, and all of it but for the name.
    for left in [&whole[..0], &whole[..whole.len() / 2], &whole] {
        fs::write(&path, &old).unwrap();
        fs::write(&renewed, left).unwrap();
        let refused = Store::open(&path, NEW, options());
        assert!(matches!(refused, Err(Error::WrongPassphrase)));
        let mut store = open(&path);
        assert!(!renewed.exists());
        assert_eq!(state(&store), before);
        // The same while it is open, as if another renewal had failed.
        fs::write(&renewed, left).unwrap();
        renew(&mut store, PASSPHRASE, NEW).unwrap();
        assert!(!renewed.exists());
        assert_eq!(state(&store), before);
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_the_file_stays_private() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (folder, path) = place();
    let before = everything(&of_several_pages(&path));
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let link = other.join("link");
    symlink(&path, &link).unwrap();
    let mut store = open(&link);
    renew(&mut store, PASSPHRASE, NEW).unwrap();
    drop(store);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
    let store = Store::open(&path, NEW, options()).unwrap();
    assert_eq!(everything(&store), before);
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}
