//! The core's disk: RocksDB.
//!
//! - **D1** One batch of the core is one write of RocksDB with a synchronised write-ahead log (B1, B2 of the core). The core puts into a
//!   batch whatever came while the one before was being written, so one synchronisation pays for many messages.
//! - **D2** After a crash or a loss of power the log is replayed up to its last whole batch. What is torn was never promised. Tables are
//!   checked block by block when they are read; what is damaged is an error that names the folder, never a message less.
//! - **D3** Messages stop at the limit: a batch that brings one is refused with [`StorageError::Full`] when what is stored has
//!   reached it. Acknowledgements and prekeys have a reserve of an eighth beyond it, and removals always go, so that a full relay goes on
//!   delivering and deleting (G6 of the core). A file system that is full says the same.
//! - **D4** A refused batch begins the cleaning that gives back the room of what was deleted.
//! - **D5** A batch that was refused because the file system is full may still be found after a crash: it may have reached the log in part or
//!   whole. Nothing breaks by that: states of entries only grow (M1 of the core), and a removed prekey stays removed.

mod error;
mod groups;
mod keys;
mod options;
mod write;

pub use error::OpenError;

use codec::DecodeAll;
use error::{damaged, failed};
use options::{COLUMNS, Column};
use parlance_bimp::{GroupId, Key, Mailbox};
use parlance_relay_core::{Batch, Entry, GroupRow, PreKeyOwner, Storage, StorageError};
use rocksdb::{ColumnFamily, DB, DBRawIterator, ReadOptions};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// The format that this version writes.
pub const FORMAT: u32 = 1;
const FORMAT_KEY: &[u8] = b"format";

/// The smallest limit, bytes: below it the database's own files would not fit.
pub const MIN_LIMIT: u64 = 8 << 20;

/// A data folder. Clones are the same one.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    db: DB,
    path: PathBuf,
    limit: u64,
    /// What was stored when the database was asked last, bytes, and what was written since. Asking takes the lock that writers take.
    measured: AtomicU64,
    written: AtomicU64,
    /// Removals since the last cleaning.
    removed: AtomicU64,
    /// Whether one runs.
    cleaning: AtomicBool,
}

impl Store {
    /// Opens a data folder, made if it is not there. `limit` is in bytes, at least [`MIN_LIMIT`]; cleaning needs as much room
    /// beside it for a while.
    pub fn open(path: &Path, limit: u64) -> Result<Self, OpenError> {
        let limit = limit.max(MIN_LIMIT);
        let io = |cause: std::io::Error| OpenError::Failed {
            path: path.to_path_buf(),
            cause: cause.to_string(),
        };
        std::fs::create_dir_all(path).map_err(io)?;
        let db = options::open(path, limit).map_err(|error| OpenError::of(path, &error))?;
        check_format(&db, path)?;
        let inner = Inner {
            db,
            path: path.to_path_buf(),
            limit,
            measured: AtomicU64::new(0),
            written: AtomicU64::new(0),
            removed: AtomicU64::new(0),
            cleaning: AtomicBool::new(false),
        };
        inner.measure();
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Bytes that are stored: tables, and what still waits for one. What became less is seen a little later.
    pub fn used(&self) -> u64 {
        self.inner.used()
    }

    /// The limit, bytes.
    pub fn limit(&self) -> u64 {
        self.inner.limit
    }
}

fn check_format(db: &DB, path: &Path) -> Result<(), OpenError> {
    let wrong = |found: String| OpenError::Format {
        path: path.to_path_buf(),
        found,
        expected: FORMAT,
    };
    let found = db
        .get(FORMAT_KEY)
        .map_err(|error| OpenError::of(path, &error))?;
    match found {
        None => {
            // Only an empty folder has none.
            let mut all = db.raw_iterator();
            all.seek_to_first();
            if all.valid() {
                return Err(wrong("none".into()));
            }
            let mut batch = rocksdb::WriteBatch::default();
            batch.put(FORMAT_KEY, FORMAT.to_le_bytes());
            db.write_opt(batch, &options::durable())
                .map_err(|error| OpenError::of(path, &error))
        }
        Some(bytes) if bytes == FORMAT.to_le_bytes() => Ok(()),
        Some(bytes) => Err(wrong(match <[u8; 4]>::try_from(bytes.as_slice()) {
            Ok(number) => u32::from_le_bytes(number).to_string(),
            Err(_) => "no number".into(),
        })),
    }
}

impl Inner {
    fn column(&self, column: Column) -> Result<&ColumnFamily, StorageError> {
        self.db.cf_handle(column.name()).ok_or_else(|| {
            let text = format!(
                "{}: column {} is not there",
                self.path.display(),
                column.name()
            );
            StorageError::Failed(text)
        })
    }

    fn used(&self) -> u64 {
        let measured = self.measured.load(Ordering::Relaxed);
        measured.saturating_add(self.written.load(Ordering::Relaxed))
    }

    /// The same, from the database.
    fn measure(&self) -> u64 {
        // Before the database is asked: what is written meanwhile counts twice rather than not at all.
        self.written.store(0, Ordering::Relaxed);
        let properties = [
            rocksdb::properties::LIVE_SST_FILES_SIZE,
            rocksdb::properties::CUR_SIZE_ALL_MEM_TABLES,
        ];
        let mut used = 0u64;
        for column in COLUMNS {
            let Some(handle) = self.db.cf_handle(column.name()) else {
                continue;
            };
            for property in properties {
                let bytes = self.db.property_int_value_cf(handle, property);
                used = used.saturating_add(bytes.ok().flatten().unwrap_or(0));
            }
        }
        self.measured.store(used, Ordering::Relaxed);
        used
    }

    fn get(&self, column: Column, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        let found = self.db.get_cf(self.column(column)?, key);
        found.map_err(|error| failed(&self.path, column.reading(), &error))
    }

    /// From `prefix` on, up to where other keys begin.
    fn scan(&self, column: Column, prefix: &[u8]) -> Result<DBRawIterator<'_>, StorageError> {
        let mut options = ReadOptions::default();
        if let Some(end) = keys::behind(prefix).filter(|_| !prefix.is_empty()) {
            options.set_iterate_upper_bound(end);
        }
        let mut iterator = self.db.raw_iterator_cf_opt(self.column(column)?, options);
        iterator.seek(prefix);
        Ok(iterator)
    }

    /// An iterator ends for want of keys and for damage alike.
    fn ended(&self, column: Column, iterator: &DBRawIterator<'_>) -> Result<(), StorageError> {
        let status = iterator.status();
        status.map_err(|error| failed(&self.path, column.reading(), &error))
    }
}

impl Storage for Store {
    fn commit_durable(&mut self, batch: &Batch) -> Result<(), StorageError> {
        write::commit(&self.inner, batch)
    }

    fn message(&self, key: &Key) -> Result<Option<Arc<[u8]>>, StorageError> {
        let found = self.inner.get(Column::Messages, &keys::of_entry(key))?;
        Ok(found.map(Arc::from))
    }

    fn entries(&self, mailbox: &Mailbox) -> Result<Vec<(Key, Entry)>, StorageError> {
        let (inner, mut found) = (&self.inner, Vec::new());
        let mut iterator = inner.scan(Column::Entries, &mailbox.0)?;
        while let Some((name, value)) = iterator.item() {
            let entry = Entry::decode_all(&mut &value[..]).ok();
            let Some((key, entry)) = keys::to_entry(name).zip(entry) else {
                return Err(damaged(&inner.path, "the entry", name));
            };
            found.push((key, entry));
            iterator.next();
        }
        inner.ended(Column::Entries, &iterator)?;
        Ok(found)
    }

    fn mailboxes(&self) -> Result<Vec<Mailbox>, StorageError> {
        let (inner, mut found) = (&self.inner, Vec::new());
        let mut iterator = inner.scan(Column::Entries, &[])?;
        while let Some(name) = iterator.key() {
            let Some(key) = keys::to_entry(name) else {
                return Err(damaged(&inner.path, "the entry", name));
            };
            found.push(key.mailbox);
            match keys::behind(&key.mailbox.0) {
                Some(next) => iterator.seek(next),
                None => break,
            }
        }
        inner.ended(Column::Entries, &iterator)?;
        Ok(found)
    }

    fn head(&self, owner: &PreKeyOwner) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.get(Column::Heads, &keys::of_owner(owner))
    }

    fn prekey(&self, owner: &PreKeyOwner, number: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let name = keys::of_prekey(owner, number);
        self.inner.get(Column::PreKeys, &name)
    }

    fn prekey_owners(&self) -> Result<Vec<(PreKeyOwner, Vec<u64>)>, StorageError> {
        let (inner, mut found) = (&self.inner, BTreeMap::new());
        let mut heads = inner.scan(Column::Heads, &[])?;
        while let Some(name) = heads.key() {
            let Some(owner) = keys::to_owner(name) else {
                return Err(damaged(&inner.path, "the prekeys of", name));
            };
            found.insert(owner, Vec::new());
            heads.next();
        }
        inner.ended(Column::Heads, &heads)?;
        let mut prekeys = inner.scan(Column::PreKeys, &[])?;
        while let Some(name) = prekeys.key() {
            let Some((owner, number)) = keys::to_prekey(name) else {
                return Err(damaged(&inner.path, "the one-time prekey", name));
            };
            // Rising, as the keys are.
            if let Some(numbers) = found.get_mut(&owner) {
                numbers.push(number);
            }
            prekeys.next();
        }
        inner.ended(Column::PreKeys, &prekeys)?;
        Ok(found.into_iter().collect())
    }

    fn groups(&self) -> Result<Vec<GroupId>, StorageError> {
        groups::all(&self.inner)
    }

    fn group(&self, group: &GroupId) -> Result<Vec<(GroupRow, Vec<u8>)>, StorageError> {
        groups::rows(&self.inner, group)
    }
}
