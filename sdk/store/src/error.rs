//! Everything that can go wrong, each with its cause and what to do about it.

use std::{io, path::PathBuf};

/// Why a store refused. What was committed before is as it was; a write transaction that is dropped after
/// an error has changed nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no file.
    #[error("there is no store at {path}: check the folder, or create a store there")]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A store is not created over another.
    #[error("there is a file at {path} already: open it, or choose another place")]
    AlreadyExists {
        /// Where.
        path: PathBuf,
    },
    /// The passphrase does not unwrap the master key. A changed header looks the same.
    #[error(
        "the passphrase does not open this store: type it again; if it is right, the header is damaged, restore a backup"
    )]
    WrongPassphrase,
    /// Another process, or another part of this one, has the store open.
    #[error(
        "the store at {path} is in use: end the other program that has it open, then try again"
    )]
    InUse {
        /// Which store.
        path: PathBuf,
    },
    /// What has the store's name is another file, or none.
    #[error(
        "the store's file is not at {path} any more: close the store, find the file, and open it where it is"
    )]
    Moved {
        /// Where it was opened.
        path: PathBuf,
    },
    /// Rows that cannot be renewed without their table's name (R5).
    #[error(
        "the store has a table that was not named: name all that this application and its libraries write to"
    )]
    UnknownTable,
    /// The store is renewed, and the file system fails to say that it will stay so.
    #[error(
        "the new passphrase opens the store, but the disk may not keep that ({0}): check the disk, and keep the old \
         passphrase until the store was opened with the new one after a restart of the machine"
    )]
    Unconfirmed(io::Error),
    /// Something is not what was written.
    #[error("the store is damaged ({what}): restore a backup")]
    Damaged {
        /// What was found.
        what: String,
    },
    /// Written by a newer build.
    #[error("the store has format {found}, this build knows {supported}: update this application")]
    NewerFormat {
        /// The format of the store.
        found: u16,
        /// The newest that is known.
        supported: u16,
    },
    /// The store would grow beyond its limit.
    #[error(
        "the store would take {needed} bytes, its limit is {limit}: delete something, or raise the limit"
    )]
    Full {
        /// What it would take.
        needed: u64,
        /// What it may take.
        limit: u64,
    },
    /// More than a bound of [`crate::limits`].
    #[error("{what} has {length} bytes or items, the limit is {limit}: divide it")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// Argon2id parameters that are not usable.
    #[error(
        "Argon2id with {memory_kib} KiB, {passes} passes and {lanes} lanes is not possible here: take `Kdf::default()`"
    )]
    BadKdf {
        /// Memory.
        memory_kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes ({0}): try again after it has started")]
    NoRandomness(getrandom::Error),
    /// The file could not be read or written.
    #[error(
        "the store's file cannot be read or written ({0}): check the disk's space and the file's permissions"
    )]
    Io(#[from] io::Error),
    /// An earlier write failed; the database takes no more until it is opened again.
    #[error("an earlier write to the store failed: close the store and open it again")]
    Stopped,
}

pub(crate) fn damaged(what: impl Into<String>) -> Error {
    Error::Damaged { what: what.into() }
}

impl From<redb::StorageError> for Error {
    fn from(error: redb::StorageError) -> Self {
        match error {
            redb::StorageError::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                damaged(error.to_string())
            }
            redb::StorageError::Io(error) => Self::Io(error),
            redb::StorageError::PreviousIo
            | redb::StorageError::DatabaseClosed
            | redb::StorageError::LockPoisoned(_) => Self::Stopped,
            redb::StorageError::ValueTooLarge(length) => Self::TooLong {
                what: "a row",
                length,
                limit: crate::limits::MAX_VALUE,
            },
            other => damaged(other.to_string()),
        }
    }
}

impl From<redb::TableError> for Error {
    fn from(error: redb::TableError) -> Self {
        match error {
            redb::TableError::Storage(error) => error.into(),
            other => damaged(other.to_string()),
        }
    }
}

impl From<redb::TransactionError> for Error {
    fn from(error: redb::TransactionError) -> Self {
        match error {
            redb::TransactionError::Storage(error) => error.into(),
            other => damaged(other.to_string()),
        }
    }
}

impl From<redb::CommitError> for Error {
    fn from(error: redb::CommitError) -> Self {
        match error {
            redb::CommitError::Storage(error) => error.into(),
            other => damaged(other.to_string()),
        }
    }
}
