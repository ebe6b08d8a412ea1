//! How RocksDB is set. All memory that it takes is bounded here.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode,
    LogLevel, Options, WriteOptions,
};
use std::path::Path;

/// What waits in memory for a table, of all columns, at most, bytes.
const WRITE_BUFFERS: u64 = 64 << 20;
/// At least.
const MIN_WRITE_BUFFERS: u64 = 256 << 10;
/// Blocks of tables that are kept, bytes.
const CACHE: u64 = 64 << 20;
/// Tables that are open at the same time.
const OPEN_FILES: i32 = 512;
/// The library's own log of what it does, files and bytes of each.
const LOGS: (usize, usize) = (4, 4 << 20);

/// A column family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Mailbox, message: the entry.
    Entries,
    /// Mailbox, message: its bytes.
    Messages,
    /// Owner: the part of its prekeys that stays.
    Heads,
    /// Owner, number: a one-time prekey.
    PreKeys,
    /// Group, row: what is kept of its order.
    Groups,
}

/// All but the default one, which holds the format alone.
pub const COLUMNS: [Column; 5] = [
    Column::Entries,
    Column::Messages,
    Column::Heads,
    Column::PreKeys,
    Column::Groups,
];

impl Column {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Messages => "messages",
            Self::Heads => "heads",
            Self::PreKeys => "prekeys",
            Self::Groups => "groups",
        }
    }

    /// For errors.
    pub const fn reading(self) -> &'static str {
        match self {
            Self::Entries => "reading entries",
            Self::Messages => "reading a message",
            Self::Heads => "reading prekeys",
            Self::PreKeys => "reading one-time prekeys",
            Self::Groups => "reading the order of a group",
        }
    }
}

/// Returns when the log is on the disk (rule B1).
pub fn durable() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}

/// Opens, or makes, the database of a folder.
pub fn open(path: &Path, limit: u64) -> Result<DB, rocksdb::Error> {
    // A small limit must not be used up by what waits for a table.
    let buffers = (limit / 32).clamp(MIN_WRITE_BUFFERS, WRITE_BUFFERS);
    let cache = Cache::new_lru_cache(size(CACHE.min(limit)));
    let mut whole = Options::default();
    whole.create_if_missing(true);
    whole.create_missing_column_families(true);
    whole.set_paranoid_checks(true);
    // A torn end of the log is the batch that was being written: nobody was told that it is there.
    whole.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    whole.set_db_write_buffer_size(size(buffers));
    whole.set_max_total_wal_size(buffers.saturating_mul(2));
    whole.set_max_open_files(OPEN_FILES);
    whole.set_max_background_jobs(2);
    whole.set_log_level(LogLevel::Warn);
    whole.set_keep_log_file_num(LOGS.0);
    whole.set_max_log_file_size(LOGS.1);
    let mut columns = vec![ColumnFamilyDescriptor::new(
        rocksdb::DEFAULT_COLUMN_FAMILY_NAME,
        column(buffers, &cache),
    )];
    for of in COLUMNS {
        let options = column(buffers, &cache);
        columns.push(ColumnFamilyDescriptor::new(of.name(), options));
    }
    DB::open_cf_descriptors(&whole, path, columns)
}

fn column(buffers: u64, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_bloom_filter(10.0, false);
    let mut options = Options::default();
    // What is stored is encrypted: nothing to gain.
    options.set_compression_type(DBCompressionType::None);
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(size(buffers / 2));
    // Mailboxes are emptied from the front: tables of what is gone are merged early.
    options.add_compact_on_deletion_collector_factory(1_024, 512, 0.5);
    options
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
