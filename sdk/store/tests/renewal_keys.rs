//! A renewal leaves nothing to an old key: what stands in the file before and after it.

mod common;

use common::{
    FAST, NEW, PASSPHRASE, Rows, TABLES, WORD, beside, everything, files, of_several_pages, open,
    options, place, put, renew,
};
use parlance_store::{Error, Key, Page, Store};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
};

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
fn before_and_after(path: &Path) -> (Raw, Raw, [Rows; 2]) {
    let mut store = of_several_pages(path);
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
    let mut sought = vec![
        &old.header[34..50],
        &old.header[50..66],
        &old.header[74..90],
    ];
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
    let mut store = of_several_pages(&path);
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
fn a_row_that_rotted_ends_it_and_the_store_stays() {
    let (_folder, path) = place();
    drop(of_several_pages(&path));
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
