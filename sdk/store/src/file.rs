//! The file of a store: made beside its place, open once, replaced by another in one step.

use crate::{
    Error, Options,
    error::damaged,
    limits::CACHE,
    store::{HEADER, ROWS},
};
use redb::{Builder, Database, DatabaseError, backends::FileBackend};
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io,
    path::{Path, PathBuf, absolute},
};

/// Where a store is until it is complete.
const UNFINISHED: &str = "unfinished";
/// The keys of values that pass (F1).
const PASSING: &str = "passing";
/// Where a renewed store is until it takes the place of the old one (R1).
const RENEWED: &str = "renewed";

/// A database, and the file that it alone has open.
pub(crate) struct StoreFile {
    pub(crate) database: Database,
    path: PathBuf,
    identity: Identity,
}

/// What an empty file is taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    NewDatabase,
    Damage,
}

impl StoreFile {
    /// An empty database beside `path`, which [`finish`](Self::finish) puts there. Its lock keeps out whoever
    /// makes the same store.
    pub(crate) fn create(path: &Path, options: Options) -> Result<Self, Error> {
        let unfinished = beside(&absolute(path)?, UNFINISHED);
        create_private(&unfinished)?;
        let file = match Self::open_at(&unfinished, options, Empty::NewDatabase) {
            // An attempt was interrupted before the database below was one.
            Err(Error::Damaged { .. }) => {
                fs::remove_file(&unfinished)?;
                create_private(&unfinished)?;
                Self::open_at(&unfinished, options, Empty::NewDatabase)?
            }
            opened => opened?,
        };
        // Somebody may have finished between the first look and the lock.
        if path.try_exists()? {
            fs::remove_file(&unfinished)?;
            return Err(Error::AlreadyExists { path: path.into() });
        }
        let transaction = file.database.begin_write()?;
        transaction.delete_table(HEADER)?;
        transaction.delete_table(ROWS)?;
        transaction.commit()?;
        Ok(file)
    }

    /// Gives what [`create`](Self::create) made its name.
    pub(crate) fn finish(&mut self, path: &Path) -> Result<(), Error> {
        let path = absolute(path)?;
        fs::rename(&self.path, &path)?;
        self.path = path;
        Ok(self.sync_folder()?)
    }

    /// Opens the database at `path`; behind a symbolic link, the file that it leads to.
    pub(crate) fn open(path: &Path, options: Options) -> Result<Self, Error> {
        Self::open_at(&fs::canonicalize(path)?, options, Empty::Damage)
    }

    fn open_at(path: &Path, options: Options, empty: Empty) -> Result<Self, Error> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Self::lock(path, file, options, empty)
    }

    /// What was opened at `path`, if nobody else has it and it is still there.
    fn lock(path: &Path, file: File, options: Options, empty: Empty) -> Result<Self, Error> {
        let metadata = file.metadata()?;
        if metadata.len() == 0 && empty == Empty::Damage {
            return Err(damaged("the file is empty"));
        }
        let opened = FileBackend::new(file).and_then(|backend| {
            Builder::new()
                .set_cache_size(CACHE)
                .set_check_integrity_on_open(options.check_on_open)
                .create_with_backend(backend)
        });
        let database = opened.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => Error::InUse { path: path.into() },
            DatabaseError::Storage(error) => error.into(),
            DatabaseError::UpgradeRequired(found) => {
                damaged(format!("a database of format {found}"))
            }
            other => damaged(other.to_string()),
        })?;
        let locked = Self {
            database,
            path: path.into(),
            identity: Identity::of(&metadata),
        };
        // Between opening and locking somebody may have put a renewed file here (R4).
        match locked.is_in_place()? {
            true => Ok(locked),
            false => Err(Error::InUse { path: path.into() }),
        }
    }

    /// An empty database beside this one, to take its place (R1).
    pub(crate) fn successor(&self) -> Result<Self, Error> {
        self.must_be_in_place()?;
        self.remove_successor()?;
        let path = beside(&self.path, RENEWED);
        create_private(&path)?;
        let unchecked = Options {
            check_on_open: false,
            ..Options::default()
        };
        Self::open_at(&path, unchecked, Empty::NewDatabase)
    }

    /// Removes what an interrupted renewal left. Only who has this file open makes such files (R4).
    pub(crate) fn remove_successor(&self) -> Result<(), Error> {
        match fs::remove_file(beside(&self.path, RENEWED)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Takes the place of `predecessor`: before it there is the one, afterwards the other (R3).
    pub(crate) fn replace(&mut self, predecessor: &Self) -> Result<(), Error> {
        predecessor.must_be_in_place()?;
        fs::rename(&self.path, &predecessor.path)?;
        self.path.clone_from(&predecessor.path);
        Ok(())
    }

    /// Where the keys of values that pass lie.
    pub(crate) fn passing(&self) -> PathBuf {
        beside(&self.path, PASSING)
    }

    /// Makes the file's name durable, where folders can be synchronised.
    pub(crate) fn sync_folder(&self) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    fn is_in_place(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(found) => Ok(Identity::of(&found) == self.identity),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn must_be_in_place(&self) -> Result<(), Error> {
        match self.is_in_place()? {
            true => Ok(()),
            false => Err(Error::Moved {
                path: self.path.clone(),
            }),
        }
    }
}

/// Which file it is, as long as somebody has it open: the number of one that is gone is given again. Systems
/// that do not number files are not asked, and whoever opens a store there in the very moment in which a
/// renewal ends may get the old file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    number: u64,
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            number: metadata.ino(),
        }
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self {}
    }
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}

pub(crate) fn create_private(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn who_opened_a_file_and_locks_it_after_it_was_replaced_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let options = Options::default();
        let mut file = StoreFile::create(&path, options).unwrap();
        file.finish(&path).unwrap();
        let early = || File::options().read(true).write(true).open(&path).unwrap();
        let lock = |file| StoreFile::lock(&path, file, options, Empty::Damage);

        let (during, after) = (early(), early());
        let mut next = file.successor().unwrap();
        let in_use = |locked| matches!(locked, Err(Error::InUse { .. }));
        assert!(in_use(lock(during)), "the old file is locked");
        next.replace(&file).unwrap();
        assert!(in_use(lock(early())), "the new file is locked");
        drop((file, next));
        assert!(in_use(lock(after)), "the old file is nobody's");
        assert!(lock(early()).is_ok());
        let gone = early();
        fs::remove_file(&path).unwrap();
        assert!(in_use(lock(gone)), "so is one that was removed");
    }
}
