//! What can be wrong with the folder of the chain, in words that say which folder and what helps.
//!
//! The client hands on what the database engine says, as text: that another process has the lock, that a
//! file is damaged. Neither names the remedy.

use sc_service::{DatabaseSource, error::Error as ServiceError};
use std::path::Path;

/// Makes the base path, so that a refusal names it and what helps.
pub fn check_base_path(path: &Path) -> Result<(), ServiceError> {
    std::fs::create_dir_all(path).map_err(|error| {
        ServiceError::Other(format!(
            "the base path {} cannot be made: {error}. Choose another with --base-path, or make it \
             writable.",
            path.display()
        ))
    })
}

/// Adds folder and remedy to an error of opening the database; other errors pass unchanged.
pub fn explain(source: &DatabaseSource, error: ServiceError) -> ServiceError {
    // What the engine says, and what the client says of a database whose records are gone.
    let ServiceError::Client(
        sp_blockchain::Error::Backend(reason) | sp_blockchain::Error::StateDatabase(reason),
    ) = &error
    else {
        return error;
    };
    let folder = source
        .path()
        .map_or_else(String::new, |path| path.display().to_string());
    ServiceError::Other(match Cause::of(reason) {
        Cause::InUse => format!(
            "the database {folder} is in use by another process: a node already runs on this base path. \
             Stop that one first, or give this one a folder of its own with --base-path. ({reason})"
        ),
        Cause::Unreadable => format!(
            "the database {folder} cannot be opened: {reason}. If its files are damaged, put a copy back, \
             or remove the chain's data with `parlance purge-chain` and let the node fetch the blocks \
             again: keys lie in another folder and stay."
        ),
    })
}

/// Why a database did not open, as far as its text tells.
#[derive(Debug, PartialEq, Eq)]
enum Cause {
    InUse,
    Unreadable,
}

impl Cause {
    fn of(reason: &str) -> Self {
        // RocksDB: "While lock file", "lock hold by current process". ParityDB: "Database file is in use".
        let in_use = ["lock file", "lock hold", "is in use"];
        if in_use.iter().any(|sign| reason.contains(sign)) {
            Self::InUse
        } else {
            Self::Unreadable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> DatabaseSource {
        DatabaseSource::RocksDb {
            path: "/data/chains/local/db/full".into(),
            cache_size: 1,
        }
    }

    fn explained(reason: &str) -> String {
        let error = sp_blockchain::Error::Backend(reason.to_owned()).into();
        explain(&source(), error).to_string()
    }

    #[test]
    fn a_folder_in_use_is_named_with_the_way_out() {
        for reason in [
            "IO error: While lock file: /data/LOCK: Resource temporarily unavailable",
            "IO error: lock hold by current process, acquire time 1 acquiring thread 2: LOCK",
            "Database file is in use. (EAGAIN: Try again)",
        ] {
            let text = explained(reason);
            assert!(
                text.contains("/data/chains/local/db/full is in use"),
                "{text}"
            );
            assert!(text.contains("--base-path"), "{text}");
        }
    }

    #[test]
    fn a_damaged_database_is_named_with_the_way_out() {
        for reason in [
            "Corruption: CURRENT file does not end with newline",
            "Corruption: Bad table magic number",
        ] {
            let text = explained(reason);
            assert!(text.contains(reason), "{text}");
            assert!(
                text.contains("/data/chains/local/db/full cannot be opened"),
                "{text}"
            );
            assert!(text.contains("purge-chain"), "{text}");
        }
    }

    #[test]
    fn a_database_that_lost_its_records_is_a_damaged_one() {
        let error = sp_blockchain::Error::StateDatabase("no pruning mode".into());
        let text = explain(&source(), error.into()).to_string();
        assert!(text.contains("cannot be opened: no pruning mode"), "{text}");
        assert!(text.contains("purge-chain"), "{text}");
    }

    #[test]
    fn other_errors_keep_their_words() {
        let error = ServiceError::SelectChainRequired;
        let words = error.to_string();
        assert_eq!(explain(&source(), error).to_string(), words);
    }
}
