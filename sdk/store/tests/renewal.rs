//! A renewal leaves nothing to an old key, and everything to whoever reads.

mod common;

use common::{
    FAST, MESSAGES, PASSPHRASE, SESSIONS, TABLES, beside, create, everything, open, options, place,
};
use parlance_store::{Error, Kdf, Key, Page, Store};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::{
    collections::{BTreeMap, HashSet},
    env, fs,
    path::Path,
    process::Command,
    thread,
};

const NEW: &[u8] = b"another passphrase";
const WORD: &str = "text-of-a-message";

/// Rows of several pages and sizes, written over each other.
fn filled(path: &Path) -> Store {
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

fn renew(store: &mut Store, old: &[u8], new: &[u8]) -> Result<(), Error> {
    store.renew(old, new, FAST, &TABLES, |_| ())
}

/// What is to be the same before and after.
fn state(store: &Store) -> impl PartialEq + std::fmt::Debug + use<> {
    let (generation, bytes) = (store.generation().unwrap(), store.bytes().unwrap());
    (everything(store), store.id(), generation, bytes)
}

fn put(store: &Store, key: &Key, value: &[u8]) {
    let changes = store.begin_write().unwrap();
    changes.put(MESSAGES, key, value).unwrap();
    changes.commit().unwrap();
}

fn files(path: &Path) -> usize {
    fs::read_dir(path.parent().unwrap()).unwrap().count()
}

#[test]
fn everything_reads_as_before_and_only_the_new_passphrase_opens() {
    let (_folder, path) = place();
    let mut store = filled(&path);
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

const HEADER: TableDefinition<(), &[u8]> = TableDefinition::new("header");
const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");

/// What stands in a file, as somebody reads and writes it who has no key.
#[derive(Clone)]
struct Raw {
    header: Vec<u8>,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Raw {
    fn read(path: &Path) -> Self {
        let database = Database::open(path).unwrap();
        let view = database.begin_read().unwrap();
        let header = view.open_table(HEADER).unwrap();
        let header = header.get(()).unwrap().unwrap().value().to_vec();
        let mut rows = BTreeMap::new();
        for row in view.open_table(ROWS).unwrap().iter().unwrap() {
            let (hidden, row) = row.unwrap();
            rows.insert(hidden.value().to_vec(), row.value().to_vec());
        }
        Self { header, rows }
    }

    fn write(&self, path: &Path) {
        let _absent = fs::remove_file(path);
        let database = Database::create(path).unwrap();
        let changes = database.begin_write().unwrap();
        {
            let mut header = changes.open_table(HEADER).unwrap();
            header.insert((), &*self.header).unwrap();
            let mut rows = changes.open_table(ROWS).unwrap();
            for (hidden, row) in &self.rows {
                rows.insert(&**hidden, &**row).unwrap();
            }
        }
        changes.commit().unwrap();
    }

    /// With the rows of another file besides; its own where both have one.
    fn with_rows_of(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (hidden, row) in &other.rows {
            both.rows.entry(hidden.clone()).or_insert(row.clone());
        }
        both
    }
}

/// A store before and after its renewal, and a row that came afterwards; what it said before and says now.
fn before_and_after(path: &Path) -> (Raw, Raw, [Vec<(usize, String, Vec<u8>)>; 2]) {
    let mut store = filled(path);
    let said = everything(&store);
    drop(store);
    let old = Raw::read(path);
    store = open(path);
    renew(&mut store, PASSPHRASE, NEW).unwrap();
    put(&store, &Key::of("later"), b"for the new key alone");
    let says = everything(&store);
    drop(store);
    (old, Raw::read(path), [said, says])
}

#[test]
fn an_old_key_opens_nothing_of_what_is_there_now() {
    let (_folder, path) = place();
    let (old, new, [said, says]) = before_and_after(&path);
    let open = |raw: &Raw, passphrase: &[u8]| {
        raw.write(&path);
        Store::open(&path, passphrase, options())
    };
    // The two files as they are.
    assert_eq!(everything(&open(&old, PASSPHRASE).unwrap()), said);
    assert_eq!(everything(&open(&new, NEW).unwrap()), says);

    let old_header_new_rows = Raw {
        header: old.header.clone(),
        rows: new.rows.clone(),
    };
    let refused = open(&old_header_new_rows, PASSPHRASE);
    assert!(matches!(refused, Err(Error::Damaged { .. })));
    let new_header_old_rows = Raw {
        header: new.header.clone(),
        rows: old.rows.clone(),
    };
    let refused = open(&new_header_old_rows, NEW);
    assert!(matches!(refused, Err(Error::Damaged { .. })));

    // Whoever puts the rows of both into one file has what each key opened anyway.
    assert_eq!(
        everything(&open(&old.with_rows_of(&new), PASSPHRASE).unwrap()),
        said
    );
    assert_eq!(
        everything(&open(&new.with_rows_of(&old), NEW).unwrap()),
        says
    );
}

#[test]
fn no_old_row_is_taken_for_a_new_one_under_any_key() {
    let (_folder, path) = place();
    let (old, new, _) = before_and_after(&path);
    // A new row at each old place, whose key the old passphrase knows; the counters' among them.
    let mut moved = old.clone();
    for (to, row) in moved.rows.values_mut().zip(new.rows.values()) {
        to.clone_from(row);
    }
    moved.write(&path);
    let refused = Store::open(&path, PASSPHRASE, options());
    assert!(matches!(refused, Err(Error::Damaged { .. })));
    // All but one row is new: that one does not open.
    let mut damaged = 0;
    for (place, row) in new.rows.keys().zip(old.rows.values()) {
        let mut one = new.clone();
        one.rows.insert(place.clone(), row.clone());
        one.write(&path);
        let Ok(store) = Store::open(&path, NEW, options()) else {
            damaged += 1;
            continue;
        };
        let read = store.begin_read().unwrap();
        let scan = |table| read.scan(table, &Key::root(), &Page::first(1_000));
        let failed = TABLES.map(scan).into_iter().filter(Result::is_err).count();
        assert_eq!(failed, 1);
        damaged += 1;
        if damaged > 12 {
            break;
        }
    }
    assert!(damaged > 12);
}

#[test]
fn no_encrypted_byte_of_before_stands_in_the_file() {
    let (_folder, path) = place();
    let (old, new, _) = before_and_after(&path);
    let file = fs::read(&path).unwrap();
    let seen: HashSet<&[u8]> = file.windows(16).collect();
    let mut sought = vec![&old.header[34..50], &old.header[50..66], &old.header[74..90]];
    for (hidden, row) in &old.rows {
        sought.extend([&hidden[..16], &row[..16], &row[24..40]]);
    }
    assert!(sought.len() > 240);
    for bytes in sought {
        assert!(!seen.contains(bytes), "{bytes:?}");
    }
    // The search finds what is there.
    assert!(seen.contains(&new.header[34..50]));
    for (hidden, row) in &new.rows {
        assert!(seen.contains(&hidden[..16]) && seen.contains(&row[24..40]));
    }
    assert_eq!(old.header[6..22], new.header[6..22], "the identifier stays");
}

#[test]
fn no_word_stands_in_either_file_at_any_moment() {
    let (_folder, path) = place();
    let mut store = filled(&path);
    let mut looked = 0;
    let mut look = |file: &Path| {
        let bytes = fs::read(file).unwrap();
        let word = WORD.as_bytes();
        assert!(!bytes.windows(word.len()).any(|part| part == word));
        looked += bytes.len();
    };
    let renewed = beside(&path, "renewed");
    store
        .renew(PASSPHRASE, NEW, FAST, &TABLES, |now| {
            if now.percent().is_multiple_of(20) {
                look(&path);
                look(&renewed);
            }
        })
        .unwrap();
    drop(store);
    look(&path);
    assert!(looked > 1_000_000, "{looked}");
}

#[test]
fn a_refused_renewal_changes_nothing() {
    let (_folder, path) = place();
    let mut store = filled(&path);
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
fn a_row_that_rotted_ends_it_and_the_store_stays() {
    let (_folder, path) = place();
    drop(filled(&path));
    let genuine = Raw::read(&path);
    let mut rotted = 0;
    for place in genuine.rows.keys().step_by(7) {
        let mut raw = genuine.clone();
        raw.rows.get_mut(place).unwrap()[30] ^= 4;
        raw.write(&path);
        // Without counters nothing opens at all.
        let Ok(mut store) = Store::open(&path, PASSPHRASE, options()) else {
            continue;
        };
        let error = renew(&mut store, PASSPHRASE, NEW).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
        drop(store);
        assert_eq!(files(&path), 1);
        assert_eq!(Raw::read(&path).rows, raw.rows);
        open(&path);
        rotted += 1;
    }
    assert!(rotted > 9, "{rotted}");
}

#[test]
fn a_file_that_went_elsewhere_is_not_renewed_and_what_came_is_not_overwritten() {
    let (_folder, path) = place();
    let mut store = filled(&path);
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
fn nobody_else_opens_either_file_meanwhile_or_the_new_one_afterwards() {
    let (_folder, path) = place();
    let mut store = filled(&path);
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
    let mut store = filled(&path);
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

#[test]
fn what_an_interrupted_renewal_left_is_removed_and_counts_for_nothing() {
    let (_folder, path) = place();
    let renewed = beside(&path, "renewed");
    let mut store = filled(&path);
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
    let before = everything(&filled(&path));
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
