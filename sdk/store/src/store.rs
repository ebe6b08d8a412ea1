//! The file: creating, opening, changing the passphrase.

use crate::{
    Error, Kdf, ReadTransaction, Table, WriteTransaction,
    error::damaged,
    header::{Header, MasterKey, derive, random},
    key::KeyHider,
    limits::{CACHE, DEFAULT_MAX_BYTES},
    row::Sealer,
    transaction::{Counters, put_counters},
};
use redb::{Builder, Database, DatabaseError, ReadableDatabase, TableDefinition};
use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

pub(crate) const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");
/// Counters of the whole store; an empty name is nobody else's, see [`Store::begin_write`].
pub(crate) const COUNTERS: Table = Table::RESERVED;
const HEADER: TableDefinition<(), &[u8]> = TableDefinition::new("header");

/// How a store is created or opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What a guess of the passphrase shall cost. Opening a store with weaker parameters strengthens it.
    pub kdf: Kdf,
    /// Bytes that all rows together may take. The file may be up to twice as large, since pages that were
    /// rewritten are used again later.
    pub max_bytes: u64,
    /// Whether opening reads the whole file and checks every page. Without it opening is faster, and damage
    /// shows when the damaged part is read; the database below may then panic instead of saying so.
    pub check_on_open: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kdf: Kdf::default(),
            max_bytes: DEFAULT_MAX_BYTES,
            check_on_open: true,
        }
    }
}

/// The keys that work on rows. They wipe themselves.
pub(crate) struct Secrets {
    pub(crate) hider: KeyHider,
    pub(crate) sealer: Sealer,
}

impl Secrets {
    fn new(master: &MasterKey, id: [u8; 16]) -> Self {
        Self {
            hider: KeyHider::new(derive(master, b"keys")),
            sealer: Sealer::new(&derive(master, b"rows"), id),
        }
    }
}

/// An open store. One process has it open at a time; its threads share it.
pub struct Store {
    database: Database,
    secrets: Secrets,
    id: [u8; 16],
    max_bytes: u64,
}

impl Store {
    /// Makes a store at `path`, readable by its owner alone. It is there as a whole or not at all.
    pub fn create(
        path: impl AsRef<Path>,
        passphrase: &[u8],
        options: Options,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        if path.try_exists()? {
            return Err(Error::AlreadyExists { path: path.into() });
        }
        let master: MasterKey = Zeroizing::new(random()?);
        let id = random()?;
        let header = Header::wrap(id, options.kdf, passphrase, &master)?;
        let database = new_database(path, options)?;
        let secrets = Secrets::new(&master, id);
        let transaction = database.begin_write()?;
        transaction
            .open_table(HEADER)?
            .insert((), &*header.encode())?;
        put_counters(&secrets, &transaction, Counters::default())?;
        transaction.commit()?;
        fs::rename(unfinished(path), path)?;
        sync_folder(path)?;
        Ok(Self {
            database,
            secrets,
            id,
            max_bytes: options.max_bytes,
        })
    }

    /// Opens the store at `path`. After a crash it is as the last commit left it.
    pub fn open(
        path: impl AsRef<Path>,
        passphrase: &[u8],
        options: Options,
    ) -> Result<Self, Error> {
        let path = path.as_ref();
        if !path.try_exists()? {
            return Err(Error::NotFound { path: path.into() });
        }
        let database = open_database(path, options)?;
        let header = read_header(&database)?;
        let master = header.unwrap(passphrase)?;
        let store = Self {
            secrets: Secrets::new(&master, header.id),
            id: header.id,
            max_bytes: options.max_bytes,
            database,
        };
        store.begin_read()?.counters()?;
        if header.kdf.is_weaker_than(options.kdf) {
            store.write_header(&Header::wrap(header.id, options.kdf, passphrase, &master)?)?;
        }
        Ok(store)
    }

    /// Puts the master key under another passphrase (H4). Rows are not rewritten.
    pub fn change_passphrase(&self, old: &[u8], new: &[u8], kdf: Kdf) -> Result<(), Error> {
        let master = read_header(&self.database)?.unwrap(old)?;
        self.write_header(&Header::wrap(self.id, kdf, new, &master)?)
    }

    /// What a guess of the passphrase costs now.
    pub fn kdf(&self) -> Result<Kdf, Error> {
        Ok(read_header(&self.database)?.kdf)
    }

    /// A view of the present.
    pub fn begin_read(&self) -> Result<ReadTransaction<'_>, Error> {
        ReadTransaction::new(&self.secrets, &self.database)
    }

    /// Begins to change; waits while another thread changes something.
    pub fn begin_write(&self) -> Result<WriteTransaction<'_>, Error> {
        WriteTransaction::new(&self.secrets, &self.database, self.max_bytes)
    }

    /// The number of commits since the store was made. A store that says less than it once said is an older
    /// copy: sessions and groups in it are behind, see the crate's documentation.
    pub fn generation(&self) -> Result<u64, Error> {
        Ok(self.begin_read()?.counters()?.generation)
    }

    /// Bytes that all rows take.
    pub fn bytes(&self) -> Result<u64, Error> {
        Ok(self.begin_read()?.counters()?.bytes)
    }

    /// Identifier of the store, random, the same for all copies of it.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Gives unused pages back to the file system. Reads and rewrites much; nothing else can be open.
    pub fn compact(&mut self) -> Result<(), Error> {
        match self.database.compact() {
            Ok(_) => Ok(()),
            Err(redb::CompactionError::Storage(error)) => Err(error.into()),
            Err(other) => Err(Error::Io(io::Error::other(other))),
        }
    }

    fn write_header(&self, header: &Header) -> Result<(), Error> {
        let transaction = self.database.begin_write()?;
        transaction
            .open_table(HEADER)?
            .insert((), &*header.encode())?;
        Ok(transaction.commit()?)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

fn read_header(database: &Database) -> Result<Header, Error> {
    let transaction = database.begin_read()?;
    let table = transaction.open_table(HEADER)?;
    let header = table
        .get(())?
        .ok_or_else(|| damaged("there is no header"))?;
    Header::decode(header.value())
}

fn open_database(path: &Path, options: Options) -> Result<Database, Error> {
    let mut builder = Builder::new();
    builder
        .set_cache_size(CACHE)
        .set_check_integrity_on_open(options.check_on_open);
    let opened = match fs::metadata(path)?.len() {
        // What `create_private` made; redb takes it for a new database only if it is told so.
        0 if path.extension() == Some(UNFINISHED.as_ref()) => builder.create(path),
        _ => builder.open(path),
    };
    opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => Error::InUse { path: path.into() },
        DatabaseError::Storage(error) => error.into(),
        DatabaseError::UpgradeRequired(found) => damaged(format!("a database of format {found}")),
        other => damaged(other.to_string()),
    })
}

/// An empty database at the place of the unfinished store. Its lock keeps out whoever makes the same store.
fn new_database(path: &Path, options: Options) -> Result<Database, Error> {
    let unfinished = unfinished(path);
    create_private(&unfinished)?;
    let database = match open_database(&unfinished, options) {
        // An attempt was interrupted before the database below was one.
        Err(Error::Damaged { .. }) => {
            fs::remove_file(&unfinished)?;
            create_private(&unfinished)?;
            open_database(&unfinished, options)?
        }
        opened => opened?,
    };
    // Somebody may have finished between the first look and the lock.
    if path.try_exists()? {
        fs::remove_file(&unfinished)?;
        return Err(Error::AlreadyExists { path: path.into() });
    }
    let transaction = database.begin_write()?;
    transaction.delete_table(HEADER)?;
    transaction.delete_table(ROWS)?;
    transaction.commit()?;
    Ok(database)
}

const UNFINISHED: &str = "unfinished";

/// Where a store is until it is complete.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    name.into()
}

fn create_private(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    Ok(())
}

/// Makes the file's name durable, where folders can be synchronised.
fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    #[cfg(unix)]
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
