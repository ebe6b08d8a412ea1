//! A store: creating, opening, renewing.

use crate::{
    Error, Kdf, PassingKeys, ReadTransaction, Renewal, Table, WriteTransaction,
    error::damaged,
    file::StoreFile,
    header::{Header, MasterKey, derive, random},
    key::KeyHider,
    limits::{DEFAULT_MAX_BYTES, RENEWAL_BATCH},
    renew::{Side, fill},
    row::Sealer,
    transaction::{Counters, put_counters},
};
use redb::{Database, ReadableDatabase, TableDefinition};
use std::{io, path::Path};
use zeroize::Zeroizing;

pub(crate) const ROWS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");
/// Counters of the whole store; an empty name is nobody else's, see [`Store::begin_write`].
pub(crate) const COUNTERS: Table = Table::RESERVED;
pub(crate) const HEADER: TableDefinition<(), &[u8]> = TableDefinition::new("header");

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
    pub(crate) fn new(master: &MasterKey, id: [u8; 16]) -> Self {
        Self {
            hider: KeyHider::new(derive(master, b"keys")),
            sealer: Sealer::new(&derive(master, b"rows"), id),
        }
    }
}

/// An open store. One process has it open at a time; its threads share it.
pub struct Store {
    file: StoreFile,
    secrets: Secrets,
    id: [u8; 16],
    max_bytes: u64,
    passing: PassingKeys,
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
        let mut file = StoreFile::create(path, options)?;
        let secrets = Secrets::new(&master, id);
        let transaction = file.database.begin_write()?;
        put_header(&transaction, &header)?;
        put_counters(&secrets, &transaction, Counters::default())?;
        transaction.commit()?;
        file.finish(path)?;
        Ok(Self {
            passing: PassingKeys::new(file.passing(), id),
            file,
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
        let file = StoreFile::open(path, options)?;
        let header = read_header(&file.database)?;
        let master = header.unwrap(passphrase)?;
        let store = Self {
            secrets: Secrets::new(&master, header.id),
            id: header.id,
            max_bytes: options.max_bytes,
            passing: PassingKeys::new(file.passing(), header.id),
            file,
        };
        store.begin_read()?.counters()?;
        store.file.remove_successor()?;
        if header.kdf.is_weaker_than(options.kdf) {
            let header = Header::wrap(header.id, options.kdf, passphrase, &master)?;
            let transaction = store.file.database.begin_write()?;
            put_header(&transaction, &header)?;
            transaction.commit()?;
        }
        Ok(store)
    }

    /// Another passphrase and another master key: everything is encrypted anew, and whoever has an old copy of
    /// the file with the passphrase `old` opens nothing of the store as it is afterwards.
    ///
    /// `tables` are all that the application and its libraries write to (R5). `progress` is called at each
    /// hundredth or so of the way. Contents, [`id`](Self::id) and [`generation`](Self::generation) stay as
    /// they are; the order of byte parts in keys does not (K4). It takes about as long as writing all rows,
    /// and room on the disk for the file once more.
    ///
    /// A crash at any moment leaves the store whole, under `old` or under `new` (R3).
    ///
    /// # Errors
    ///
    /// After any but [`Error::Unconfirmed`] the store is as it was, open, and under `old`.
    pub fn renew(
        &mut self,
        old: &[u8],
        new: &[u8],
        kdf: Kdf,
        tables: &[Table],
        mut progress: impl FnMut(Renewal),
    ) -> Result<(), Error> {
        read_header(&self.file.database)?.unwrap(old)?;
        let master: MasterKey = Zeroizing::new(random()?);
        let header = Header::wrap(self.id, kdf, new, &master)?;
        let secrets = Secrets::new(&master, self.id);
        let mut file = self.file.successor()?;
        let from = Side {
            secrets: &self.secrets,
            database: &self.file.database,
        };
        let to = Side {
            secrets: &secrets,
            database: &file.database,
        };
        let replaced = fill(from, to, &header, tables, RENEWAL_BATCH, &mut progress)
            .and_then(|()| file.replace(&self.file));
        if let Err(error) = replaced {
            drop(file);
            // If it stays, the next who opens the store removes it.
            let _unremoved = self.file.remove_successor();
            return Err(error);
        }
        let confirmed = file.sync_folder();
        self.file = file;
        self.secrets = secrets;
        confirmed.map_err(Error::Unconfirmed)
    }

    /// What a guess of the passphrase costs now.
    pub fn kdf(&self) -> Result<Kdf, Error> {
        Ok(read_header(&self.file.database)?.kdf)
    }

    /// Keys for values that are to be unreadable once they are removed.
    pub fn passing(&self) -> &PassingKeys {
        &self.passing
    }

    /// A view of the present.
    pub fn begin_read(&self) -> Result<ReadTransaction<'_>, Error> {
        ReadTransaction::new(&self.secrets, &self.file.database)
    }

    /// Begins to change; waits while another thread changes something.
    pub fn begin_write(&self) -> Result<WriteTransaction<'_>, Error> {
        WriteTransaction::new(&self.secrets, &self.file.database, self.max_bytes)
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
        match self.file.database.compact() {
            Ok(_) => Ok(()),
            Err(redb::CompactionError::Storage(error)) => Err(error.into()),
            Err(other) => Err(Error::Io(io::Error::other(other))),
        }
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

pub(crate) fn put_header(
    transaction: &redb::WriteTransaction,
    header: &Header,
) -> Result<(), Error> {
    transaction
        .open_table(HEADER)?
        .insert((), &*header.encode())?;
    Ok(())
}
