//! Renewal: another master key, and everything under it.
//!
//! - **R1** A renewal writes a file beside the store's, `….renewed`: a header with the same identifier, a new
//!   master key and the new passphrase; every row under the new keys (H5), so under another hidden key (K3),
//!   and with a new nonce (W1). No byte of the old file is taken over as it stands there, and none is written
//!   that is not encrypted. The generation stays; bytes are counted anew.
//! - **R2** The header comes with the last commit: a file that is not complete is no store.
//! - **R3** The new file is durable before it takes the old one's name, and that renaming is the step that
//!   decides. Before it the old passphrase opens the store, after it the new one; there is no moment at which
//!   both do, or neither. Once the folder is synchronised as well, no crash takes it back.
//! - **R4** Who has the store open has its file locked, and alone makes, renames or removes `….renewed`; the new
//!   file is locked before it has the name. What an interrupted renewal left is removed when the store is
//!   opened next. Who found the old file before the renaming and has its lock afterwards sees that another is
//!   in its place, and lets go.
//! - **R5** A table's name stands nowhere in the file (K2), so it has to be given to be hidden anew. A row of a
//!   table that was not named, or one that does not open, ends the renewal.
//! - **R6** Rows are taken one by one in the order of the file, with a commit after each 8 MiB: the memory that
//!   is needed does not grow with the store.

use crate::{
    Error, Key, Table,
    error::damaged,
    header::{Header, random},
    key::TAG,
    store::{COUNTERS, ROWS, Secrets, put_header},
    transaction::{Counters, open_row, put_counters, size},
};
use redb::{Database, ReadableDatabase, ReadableTable};
use std::collections::BTreeMap;

/// How far a renewal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    /// Bytes of the rows that are renewed, as [`Store::bytes`](crate::Store::bytes) counts them.
    pub done: u64,
    /// Bytes of all rows.
    pub total: u64,
}

impl Renewal {
    /// Done of a hundred.
    pub fn percent(&self) -> u8 {
        let percent = (u128::from(self.done) * 100).checked_div(u128::from(self.total));
        percent.map_or(100, |percent| u8::try_from(percent.min(100)).unwrap_or(100))
    }
}

/// A database with the keys of its rows.
#[derive(Clone, Copy)]
pub(crate) struct Side<'s> {
    pub(crate) secrets: &'s Secrets,
    pub(crate) database: &'s Database,
}

/// Writes all rows of one database into another that is empty, in commits of about `batch` bytes, and `header`
/// with the last of them (R2).
pub(crate) fn fill(
    from: Side<'_>,
    to: Side<'_>,
    header: &Header,
    tables: &[Table],
    batch: u64,
    progress: &mut dyn FnMut(Renewal),
) -> Result<(), Error> {
    let view = from.database.begin_read()?;
    let old = view.open_table(ROWS)?;
    let Counters { generation, bytes } = Counters::read(from.secrets, &old)?;
    let mover = Mover::new(from.secrets, to.secrets, tables)?;
    let mut meter = Meter::new(bytes, progress);
    let mut rows = old.iter()?;
    loop {
        let transaction = to.database.begin_write()?;
        let mut new = transaction.open_table(ROWS)?;
        let mut pending = 0;
        let complete = loop {
            if pending >= batch {
                break false;
            }
            let Some(row) = rows.next() else { break true };
            let (hidden, row) = row?;
            let Some((hidden, row)) = mover.renewed(hidden.value(), row.value())? else {
                continue;
            };
            new.insert(&*hidden, &*row)?;
            pending += size(&hidden, &row);
            meter.add(size(&hidden, &row));
        };
        drop(new);
        if complete {
            let bytes = meter.now.done;
            put_counters(to.secrets, &transaction, Counters { generation, bytes })?;
            put_header(&transaction, header)?;
            transaction.commit()?;
            meter.end();
            return Ok(());
        }
        transaction.commit()?;
    }
}

/// A row as it stands in a file: its hidden key, and what is sealed.
type Stored = (Vec<u8>, Vec<u8>);

/// Takes rows from under the old keys and puts them under the new ones.
struct Mover<'s> {
    old: &'s Secrets,
    new: &'s Secrets,
    /// By what hides their names in the old file.
    tables: BTreeMap<Vec<u8>, Table>,
    counters: Vec<u8>,
}

impl<'s> Mover<'s> {
    fn new(old: &'s Secrets, new: &'s Secrets, tables: &[Table]) -> Result<Self, Error> {
        let named = |table: &Table| -> Result<_, Error> {
            Ok((old.hider.hide(*table, &Key::root())?, *table))
        };
        Ok(Self {
            old,
            new,
            tables: tables.iter().map(named).collect::<Result<_, Error>>()?,
            counters: old.hider.hide(COUNTERS, &Key::root())?,
        })
    }

    /// The row for the new file; none for the counters, which come at the end.
    fn renewed(&self, hidden: &[u8], row: &[u8]) -> Result<Option<Stored>, Error> {
        if hidden == self.counters {
            return Ok(None);
        }
        let name = hidden
            .get(..TAG)
            .ok_or_else(|| damaged("a row has no table"))?;
        let table = *self.tables.get(name).ok_or(Error::UnknownTable)?;
        let (key, value) = open_row(self.old, table, hidden, row)?;
        let hidden = self.new.hider.hide(table, &key)?;
        let row = self.new.sealer.seal(&hidden, &key, &value, random()?)?;
        Ok(Some((hidden, row)))
    }
}

/// Counts, and tells at each hundredth.
struct Meter<'p> {
    progress: &'p mut dyn FnMut(Renewal),
    now: Renewal,
    next: u64,
}

impl<'p> Meter<'p> {
    fn new(total: u64, progress: &'p mut dyn FnMut(Renewal)) -> Self {
        let mut meter = Self {
            progress,
            now: Renewal { done: 0, total },
            next: 0,
        };
        meter.tell();
        meter
    }

    fn add(&mut self, bytes: u64) {
        self.now.done = self.now.done.saturating_add(bytes);
        if self.now.done >= self.next {
            self.tell();
        }
    }

    /// Everything is done, whatever the old counters promised.
    fn end(&mut self) {
        self.now.total = self.now.done;
        self.tell();
    }

    fn tell(&mut self) {
        self.next = self.now.done.saturating_add(self.now.total / 100);
        (self.progress)(self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kdf, WriteTransaction};
    use redb::{Builder, StorageBackend, backends::InMemoryBackend};
    use std::{
        io,
        sync::{
            Arc,
            atomic::{AtomicU64, Ordering},
        },
    };

    const TABLE: Table = Table::new("table");
    const OTHER: Table = Table::new("other");
    const ID: [u8; 16] = [5; 16];
    const LIMIT: u64 = 1 << 30;
    /// Small, so that a few rows make several commits.
    const BATCH: u64 = 4_096;

    /// A disk that fails after so many operations, and from then on.
    #[derive(Debug)]
    struct FailingDisk {
        inner: InMemoryBackend,
        left: Arc<AtomicU64>,
    }

    impl FailingDisk {
        fn step(&self) -> io::Result<()> {
            let left = self.left.load(Ordering::SeqCst);
            let left = left.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
            self.left.store(left, Ordering::SeqCst);
            Ok(())
        }
    }

    impl StorageBackend for FailingDisk {
        fn len(&self) -> io::Result<u64> {
            self.step()?;
            self.inner.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.step()?;
            self.inner.read(offset, out)
        }

        fn set_len(&self, length: u64) -> io::Result<()> {
            self.step()?;
            self.inner.set_len(length)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.step()?;
            self.inner.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.step()?;
            self.inner.write(offset, data)
        }
    }

    fn secrets(master: u8) -> Secrets {
        Secrets::new(&[master; 32].into(), ID)
    }

    fn header(master: u8) -> Header {
        let kdf = Kdf {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        };
        Header::wrap(ID, kdf, b"passphrase", &[master; 32].into()).unwrap()
    }

    /// A database on a disk with so many operations left, and what counts them down.
    fn database(left: u64) -> (Result<Database, Error>, Arc<AtomicU64>) {
        let left = Arc::new(AtomicU64::new(left));
        let disk = FailingDisk {
            inner: InMemoryBackend::new(),
            left: left.clone(),
        };
        let made = Builder::new().create_with_backend(disk);
        let made = made.map_err(|error| match error {
            redb::DatabaseError::Storage(error) => error.into(),
            other => damaged(other.to_string()),
        });
        (made, left)
    }

    fn filled(secrets: &Secrets) -> Database {
        let database = database(u64::MAX).0.unwrap();
        let transaction = database.begin_write().unwrap();
        put_counters(secrets, &transaction, Counters::default()).unwrap();
        transaction.commit().unwrap();
        let changes = WriteTransaction::new(secrets, &database, LIMIT).unwrap();
        for number in 0..60_u64 {
            let key = Key::of("key").number(number);
            changes.put(TABLE, &key, &number.to_le_bytes()).unwrap();
            changes.put(OTHER, &key, &[7; 300]).unwrap();
        }
        changes.commit().unwrap();
        database
    }

    fn is_whole(secrets: &Secrets, database: &Database) {
        let read = crate::ReadTransaction::new(secrets, database).unwrap();
        let counters = read.counters().unwrap();
        assert_eq!(counters.generation, 1);
        let mut bytes = 0;
        for number in 0..60_u64 {
            let key = Key::of("key").number(number);
            let value = read.get(TABLE, &key).unwrap().unwrap();
            assert_eq!(*value, number.to_le_bytes());
            assert_eq!(*read.get(OTHER, &key).unwrap().unwrap(), [7; 300]);
        }
        let transaction = database.begin_read().unwrap();
        for row in transaction.open_table(ROWS).unwrap().iter().unwrap() {
            let (hidden, row) = row.unwrap();
            if hidden.value() != secrets.hider.hide(COUNTERS, &Key::root()).unwrap() {
                bytes += size(hidden.value(), row.value());
            }
        }
        assert_eq!(counters.bytes, bytes);
    }

    #[test]
    fn a_disk_that_fails_at_any_operation_ends_it_and_the_old_rows_stay() {
        let (old, new) = (secrets(1), secrets(2));
        let from = filled(&old);
        let attempt = |left| {
            let (made, left) = database(left);
            let made = made?;
            let to = Side {
                secrets: &new,
                database: &made,
            };
            let from = Side {
                secrets: &old,
                database: &from,
            };
            fill(from, to, &header(2), &[TABLE, OTHER], BATCH, &mut |_| ())?;
            let left = left.load(Ordering::SeqCst);
            is_whole(&new, &made);
            Ok::<_, Error>(left)
        };
        const PLENTY: u64 = 1_000_000;
        let needed = PLENTY - attempt(PLENTY).unwrap();
        assert!(needed > 20, "{needed} operations");
        for left in 0..needed {
            let error = attempt(left).unwrap_err();
            let told = matches!(error, Error::Io(_) | Error::Stopped);
            assert!(told, "after {left} operations: {error}");
        }
        is_whole(&old, &from);
    }

    #[test]
    fn the_way_is_told_in_hundredths_and_ends_at_the_end() {
        let (old, new) = (secrets(1), secrets(2));
        let from = filled(&old);
        let made = database(u64::MAX).0.unwrap();
        let mut told = Vec::new();
        let sides =
            [(&old, &from), (&new, &made)].map(|(secrets, database)| Side { secrets, database });
        let mut progress = |renewal: Renewal| told.push(renewal);
        let tables = [OTHER, TABLE];
        fill(
            sides[0],
            sides[1],
            &header(2),
            &tables,
            BATCH,
            &mut progress,
        )
        .unwrap();
        is_whole(&new, &made);
        assert!(told.len() > 20 && told.len() <= 103, "{}", told.len());
        assert!(told.is_sorted_by_key(|renewal| renewal.done));
        let (first, last) = (told[0], told[told.len() - 1]);
        assert_eq!((first.done, first.percent()), (0, 0));
        assert_eq!((last.done, last.percent()), (first.total, 100));
        assert_eq!(Renewal::default().percent(), 100);
    }
}
