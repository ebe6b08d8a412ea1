//! What a relay needs of a disk.
//!
//! - **B1** Everything that one round of inputs changes is one *batch*: the host writes it with one synchronising call. An answer
//!   that promises something leaves only after the batch that keeps the promise is on disk.
//! - **B2** A batch is all or nothing, also over a loss of power, and batches are written in their order. RocksDB with a write-ahead
//!   log that is synchronised does so.
//! - **B3** After a batch that failed, the relay reads the mailboxes it was about from disk again and refuses what waited for it. Where there was
//!   no room for its messages, what owners have changed goes into the next batch, which brings none: an acknowledgement does not
//!   fail because of messages that happened to come with it.
//! - **B4** Keys: an entry lies under mailbox and message id, its message under the same beside it; prekeys lie under account, device
//!   and use, one-time prekeys under these and a number; what is kept of a group's order under the group and a [`GroupRow`].

use crate::entry::Entry;
use parlance_bimp::{Account, DeviceNumber, GroupId, Key, Mailbox, PreKeyUse};
use std::sync::Arc;

/// Whose prekeys, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PreKeyOwner {
    /// The account.
    pub account: Account,
    /// The device.
    pub device: DeviceNumber,
    /// What for.
    pub usage: PreKeyUse,
}

/// A row of a group's order (`order`), in the order in which they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupRow {
    /// What the group was before the records that are kept.
    Base,
    /// What this relay has said about the free position.
    Votes,
    /// A record, by position.
    Record(u64),
}

/// What happens to the message of an entry that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// It stays as it is on disk.
    Keep,
    /// It is written.
    Set(Arc<[u8]>),
    /// It is removed.
    Remove,
}

/// One change on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Writes an entry.
    Put {
        /// Which.
        key: Key,
        /// It.
        entry: Entry,
        /// Its message.
        body: Body,
    },
    /// Removes an entry and its message.
    Remove {
        /// Which.
        key: Key,
    },
    /// Writes the part of prekeys that stays.
    PutHead {
        /// Whose.
        owner: PreKeyOwner,
        /// It.
        head: Vec<u8>,
    },
    /// Writes a one-time prekey.
    PutPreKey {
        /// Whose.
        owner: PreKeyOwner,
        /// Its number.
        number: u64,
        /// It.
        prekey: Vec<u8>,
    },
    /// Removes a one-time prekey.
    RemovePreKey {
        /// Whose.
        owner: PreKeyOwner,
        /// Its number.
        number: u64,
    },
    /// Writes a row of a group.
    PutGroup {
        /// Whose.
        group: GroupId,
        /// Which.
        row: GroupRow,
        /// It.
        bytes: Vec<u8>,
    },
    /// Removes a row of a group.
    RemoveGroup {
        /// Whose.
        group: GroupId,
        /// Which.
        row: GroupRow,
    },
}

/// Changes that go to disk together (B1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Rises.
    pub number: u64,
    /// In their order.
    pub writes: Vec<Write>,
}

/// Why the disk did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// There is no room.
    #[error("the disk is full: free space, or lower the relay's limit")]
    Full,
    /// Anything else.
    #[error("the disk failed ({0}): check it, then start the relay again")]
    Failed(String),
}

/// A disk. RocksDB in the host, memory in tests.
pub trait Storage {
    /// Writes a batch and returns when it survives a loss of power (B1, B2).
    fn commit_durable(&mut self, batch: &Batch) -> Result<(), StorageError>;

    /// The message of an entry.
    fn message(&self, key: &Key) -> Result<Option<Arc<[u8]>>, StorageError>;

    /// All entries of a mailbox.
    fn entries(&self, mailbox: &Mailbox) -> Result<Vec<(Key, Entry)>, StorageError>;

    /// All mailboxes with entries. For the start.
    fn mailboxes(&self) -> Result<Vec<Mailbox>, StorageError>;

    /// The part of prekeys that stays.
    fn head(&self, owner: &PreKeyOwner) -> Result<Option<Vec<u8>>, StorageError>;

    /// A one-time prekey.
    fn prekey(&self, owner: &PreKeyOwner, number: u64) -> Result<Option<Vec<u8>>, StorageError>;

    /// All who have published, and the numbers of their one-time prekeys, rising. For the start and after a failure.
    fn prekey_owners(&self) -> Result<Vec<(PreKeyOwner, Vec<u64>)>, StorageError>;

    /// All groups with rows, rising. For the start.
    fn groups(&self) -> Result<Vec<GroupId>, StorageError>;

    /// The rows of a group, rising.
    fn group(&self, group: &GroupId) -> Result<Vec<(GroupRow, Vec<u8>)>, StorageError>;
}
