//! What can be wrong with a data folder.

use parlance_relay_core::StorageError;
use rocksdb::ErrorKind;
use std::path::{Path, PathBuf};

/// Why a data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use: stop the other relay, or give this one a folder of its own", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// Of another version of this program, or of another program.
    #[error(
        "{} has format {found} and this relay writes format {expected}: start the version that wrote it, or begin with an \
         empty folder, which the other relays of each set fill",
        path.display()
    )]
    Format {
        /// The folder.
        path: PathBuf,
        /// What it has.
        found: String,
        /// What this program writes.
        expected: u32,
    },
    /// What is there is not what was written.
    #[error(
        "{} is damaged ({cause}): check the disk, move the folder away and start with an empty one, which the other relays \
         of each set fill",
        path.display()
    )]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// What was found.
        cause: String,
    },
    /// Anything else.
    #[error("{} cannot be opened ({cause}): check that the folder can be written and has room", path.display())]
    Failed {
        /// The folder.
        path: PathBuf,
        /// What happened.
        cause: String,
    },
}

impl OpenError {
    pub(super) fn of(path: &Path, error: &rocksdb::Error) -> Self {
        let (path, cause) = (path.to_path_buf(), error.to_string());
        match error.kind() {
            ErrorKind::Corruption => Self::Damaged { path, cause },
            ErrorKind::IOError
                if cause.contains("While lock file") || cause.contains("lock hold by") =>
            {
                Self::InUse { path }
            }
            // Columns that this version does not know.
            ErrorKind::InvalidArgument => Self::Format {
                path,
                found: cause,
                expected: super::FORMAT,
            },
            _ => Self::Failed { path, cause },
        }
    }
}

/// The core's word for what the database says.
pub(super) fn failed(path: &Path, doing: &str, error: &rocksdb::Error) -> StorageError {
    let text = error.to_string();
    // The library passes on no finer kind than an IO error.
    if text.contains("No space left on device") {
        return StorageError::Full;
    }
    StorageError::Failed(format!("{}, {doing}: {text}", path.display()))
}

/// Something can be read and is not what this program writes.
pub(super) fn damaged(path: &Path, what: &str, key: &[u8]) -> StorageError {
    let mut name = String::new();
    for byte in key.iter().take(8) {
        name.push_str(&format!("{byte:02x}"));
    }
    StorageError::Failed(format!(
        "{}: {what} {name}.. is damaged; an empty folder in its place is filled by the other relays of each set",
        path.display()
    ))
}
