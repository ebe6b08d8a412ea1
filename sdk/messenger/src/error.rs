//! Why something was not done.

use crate::{groups::GroupFault, storage::StorageError};

/// Why a command was refused, or the engine stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk. What is in memory may be ahead of it, so the engine does nothing any more.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// After a failure of the disk.
    #[error("the disk failed before, and this engine has stopped: load it again from the disk")]
    Stopped,
    /// A row that is not what its place says.
    #[error(
        "a stored {what} cannot be read: the database was changed by something else, restore a backup"
    )]
    Damaged {
        /// What.
        what: &'static str,
    },
    /// Too long, or too much of something.
    #[error(transparent)]
    Content(#[from] parlance_e2ee::Error),
    /// A message that is not there.
    #[error("there is no such message in this conversation: it was deleted, or has disappeared")]
    NoSuchMessage,
    /// Somebody else's.
    #[error("this message was written by somebody else: only its author can edit or delete it")]
    NotAuthor,
    /// A content that the engine sends by itself.
    #[error("this kind of content is sent by the messenger itself: use the command for it")]
    NotToSay,
    /// Nobody is there.
    #[error(
        "nobody is there to talk with and leave no trace: the other side has to ask for it too, and to be on line"
    )]
    NobodyWithoutTrace,
    /// With the own account.
    #[error("a conversation without a trace is with somebody else")]
    NoTraceWithOneself,
    /// Too much waits.
    #[error("{waiting} messages wait to be sent: connect to the network before writing more")]
    OutboxFull {
        /// How many.
        waiting: usize,
    },
    /// The group refuses.
    #[error(transparent)]
    Group(GroupFault),
    /// This device knows no such group.
    #[error("this device knows no such group: look at the list of groups")]
    NoSuchGroup,
    /// A name that is none.
    #[error("a group's name has 1 to {limit} bytes and no control characters: choose another one")]
    GroupName {
        /// Bytes at most.
        limit: usize,
    },
    /// Too many groups.
    #[error("this device knows {limit} groups, which is all that it can: leave some")]
    TooManyGroups {
        /// How many at most.
        limit: usize,
    },
    /// Too many changes at a time.
    #[error("{limit} changes of this group wait: let them be made first")]
    TooManyWishes {
        /// How many at most.
        limit: usize,
    },
    /// More than goes by relays.
    #[error(
        "the file has {length} bytes, and relays carry {limit} at most: cut it into parts, or make it smaller"
    )]
    FileTooLarge {
        /// Its bytes.
        length: u64,
        /// Bytes at most.
        limit: u64,
    },
    /// The database has no room for more files.
    #[error(
        "files of {limit} bytes are kept here, which is all that there is room for: let those that are under way be sent or taken first"
    )]
    FilesFull {
        /// Bytes at most.
        limit: u64,
    },
    /// No file, or not any more.
    #[error("this message has no file, or the file is not kept here any more: ask for it again")]
    NoSuchFile,
    /// Not all of it has come.
    #[error(
        "{held} of {of} pieces of the file are here: accept it, and stay on line until it is whole"
    )]
    FileNotHere {
        /// Pieces that are here.
        held: u32,
        /// All pieces.
        of: u32,
    },
    /// What came is not what was promised.
    #[error(
        "the bytes that came are not the file that was promised: ask the sender to send it again"
    )]
    FileBroken,
}

impl From<GroupFault> for Error {
    fn from(fault: GroupFault) -> Self {
        match fault {
            GroupFault::Storage(error) => Self::Storage(error),
            fault => Self::Group(fault),
        }
    }
}
