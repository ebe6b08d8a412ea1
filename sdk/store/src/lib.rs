//! A client's local database: everything that a person's device keeps, encrypted under their passphrase.
//!
//! Keys and values are hidden from whoever reads the file, changes happen together or not at all, and a
//! crash at any moment leaves the last commit. Below it is redb, which writes pages copy-on-write; this
//! crate adds what a messenger needs on top. The documents of its modules are the specification of the
//! format, rule by rule.
//!
//! ```
//! use parlance_store::{Key, Options, Page, Store, Table};
//! # fn main() -> Result<(), parlance_store::Error> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("client");
//! # let fast = parlance_store::Kdf { memory_kib: 8, passes: 1, lanes: 1 };
//! # let options = Options { kdf: fast, ..Options::default() };
//! const SESSIONS: Table = Table::new("sessions");
//! const MESSAGES: Table = Table::new("messages");
//!
//! let store = Store::create(&path, b"passphrase", options)?;
//!
//! // A ratchet that has moved and the message it gave: both or neither.
//! let changes = store.begin_write()?;
//! changes.put(SESSIONS, &Key::of("bob").number(0), b"state")?;
//! changes.put(MESSAGES, &Key::of("bob").number(1), b"hello")?;
//! changes.commit()?;
//!
//! let now = store.begin_read()?;
//! let newest = now.scan(MESSAGES, &Key::of("bob"), &Page::last(20))?;
//! assert_eq!(newest[0].1.as_slice(), b"hello");
//! assert_eq!(newest[0].0.number_at(1), Some(1));
//! # Ok(())
//! # }
//! ```
//!
//! # What stays hidden
//!
//! | who | learns |
//! | --- | --- |
//! | reads the file once | number of tables and rows, sizes of rows (coarse, W2), which rows share a prefix, numbers in keys (K4) |
//! | reads it many times | also which rows change when |
//! | knows the passphrase of an old copy | all of that copy, and of the store until it is [renewed](Store::renew) (H4) |
//! | writes to the file | destroys; moves nothing (W3); can put single rows and whole files *back* to an earlier state |
//! | reads this process's memory | everything |
//!
//! # Older copies
//!
//! A store that is restored from a backup, or rows that somebody put back, are genuine and old; no encryption
//! shows that. [`Store::generation`] counts commits: whoever has a place for a number outside of the file
//! can compare. After a restore sessions must begin anew (`forget_sessions` of parlance-e2ee) and groups be
//! joined again, since keys of messages may have been used before.
//!
//! # Limits
//!
//! All bounds stand in [`limits`]; the size of a store in [`Options`]. Deleted rows are overwritten when
//! their pages are used again, not at once: on flash memory nothing is overwritten for sure. What must be
//! unreadable must be under a key that is gone: [`PassingKeys`] are such keys, for values that are to pass. The file that a renewal replaces is deleted, not overwritten: the
//! disk may keep it for a while, which helps who has the old passphrase as an old copy does.

#![forbid(unsafe_code)]

pub mod error;
pub mod limits;

mod file;
mod header;
mod key;
mod passing;
mod renew;
mod row;
mod store;
mod transaction;

pub use error::Error;
pub use header::Kdf;
pub use key::{Key, Table};
pub use passing::PassingKeys;
pub use renew::Renewal;
pub use row::Value;
pub use store::{Options, Store};
pub use transaction::{Page, ReadTransaction, Row, WriteTransaction};

/// Doors for the fuzz targets, which are given bytes that no user of the crate can hand in.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    use crate::{header::Header, key::Key, row::Sealer};

    /// A header decodes to what it was encoded from, or not.
    pub fn header(bytes: &[u8]) {
        if let Ok(header) = Header::decode(bytes) {
            assert_eq!(header.encode(), bytes);
        }
    }

    /// A row of a stranger does not open; what stands in a row decodes or not, as if its key had leaked.
    pub fn row(bytes: &[u8]) {
        let sealer = Sealer::new(&[1; 32].into(), [2; 16]);
        assert!(sealer.open(b"hidden", bytes).is_err());
        if let Ok(key) = Key::decode(bytes)
            && let Ok(encoded) = key.encode()
        {
            assert_eq!(encoded, bytes);
        }
        let _ = crate::row::contents(bytes);
    }
}
