//! Everything that can go wrong, each with its cause and what to do about it.

use crate::GroupId;
use parlance_e2ee::DeviceAddress;

/// Why an operation was refused.
///
/// A piece of work goes on after an error unless it says [`Error::Broken`] when it is committed: what a stranger
/// sends changes nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database refused.
    #[error(transparent)]
    Store(#[from] parlance_store::Error),
    /// A stored state is not what this build writes.
    #[error("a stored state of a group cannot be read ({0}): join the group again")]
    State(String),
    /// An operation failed half-way, so the piece of work cannot be committed.
    #[error("an earlier operation of this work failed half-way: drop the work and begin again")]
    Broken,
    /// This device has no such group.
    #[error("this device has no group {0}: join it by an invitation")]
    NoGroup(GroupId),
    /// The group exists already.
    #[error(
        "this device is in group {0} already: if it was removed and invited again, read the relays' order first, and give the group up if that does not show it"
    )]
    AlreadyJoined(GroupId),
    /// This device is no longer in the group.
    #[error("this device is no longer in group {0}: ask a member for an invitation")]
    Removed(GroupId),
    /// This device cannot follow the group any more.
    #[error(
        "this device has lost track of group {0}: ask a member for group information and join again with it"
    )]
    LostTrack(GroupId),
    /// A new joining has not been accepted by the relays yet.
    #[error("joining group {0} again waits for the relays: read their order first")]
    Joining(GroupId),
    /// A change of this device waits for the relays.
    #[error("a change of group {0} waits for the relays: read their order first")]
    ChangeWaits(GroupId),
    /// Bytes that are not an encoding of the named thing.
    #[error(
        "these bytes are not a {what}: discard them, and ask for them again if they are needed"
    )]
    Malformed {
        /// What was expected.
        what: &'static str,
    },
    /// An encoding of a version that this build does not speak.
    #[error("version {found} of {what} is not spoken here: update this application")]
    UnsupportedVersion {
        /// What was decoded.
        what: &'static str,
        /// The version.
        found: u8,
    },
    /// More than a bound of [`crate::limits`].
    #[error("{what} has {length} bytes or items, the limit is {limit}: divide it, or wait")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// The invitation does not have the group's tree.
    #[error(
        "the group's tree is not in the invitation: read it at position {position} of the relays' order, and join with both"
    )]
    NeedsTree {
        /// Where it is.
        position: u64,
    },
    /// A tree that is not the one of the invitation.
    #[error(
        "this tree is not the one of the invitation: read it again from another relay; if that stays, ask for another invitation"
    )]
    OtherTree,
    /// A key package that cannot be used.
    #[error("the key package cannot be used ({reason}): fetch another one of this device")]
    BadKeyPackage {
        /// Why.
        reason: String,
    },
    /// A device that the record does not know with this key.
    #[error(
        "device {0} is not on record with the key it shows: read the record again; if that stays, remove it from the group"
    )]
    NotOnRecord(DeviceAddress),
    /// The device is in the group.
    #[error("device {0} is in the group already: nothing to do")]
    AlreadyMember(DeviceAddress),
    /// The device is not in the group.
    #[error("device {0} is not in the group: nothing to do")]
    NotMember(DeviceAddress),
    /// A change that changes nothing.
    #[error("the change adds, removes and renews nothing: say what shall change")]
    NothingToDo,
    /// A text of this identifier waits for the relays.
    #[error(
        "a text with this identifier waits for the relays: draw a new identifier for each text"
    )]
    AlreadySent,
    /// The handshakes are not read in order.
    #[error(
        "handshake {found} came where {expected} is next: read the relays' order from {expected} on"
    )]
    Gap {
        /// Position that is next.
        expected: u64,
        /// Position that came.
        found: u64,
    },
    /// A message that does not open or is not valid.
    #[error("the message cannot be used ({reason}): discard it")]
    Unusable {
        /// Why.
        reason: String,
    },
    /// A message of an epoch that this device has not come to, and cannot keep.
    #[error(
        "the message is of an epoch that group {0} has not come to here, and there is no room to keep it: leave it in the mailbox, read the relays' order on, and read it again"
    )]
    TooEarly(GroupId),
    /// Contents are wrong.
    #[error(transparent)]
    Content(parlance_e2ee::Error),
    /// The cryptographic library refused what it should not.
    #[error("the cryptographic library failed to {doing} ({reason}): report this")]
    Library {
        /// What was tried.
        doing: &'static str,
        /// What it said.
        reason: String,
    },
    /// The relays could not be reached.
    #[error("the relays' order cannot be read or extended ({0}): try again when connected")]
    Order(String),
}

impl Error {
    pub(crate) fn unusable(reason: impl ToString) -> Self {
        Self::Unusable {
            reason: reason.to_string(),
        }
    }

    /// Whether states may have been left half-written, unlike after bytes that were refused.
    pub(crate) fn is_of_the_database(&self) -> bool {
        matches!(self, Self::Store(_) | Self::State(_) | Self::Library { .. })
    }

    pub(crate) fn library<E: ToString>(doing: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Library {
            doing,
            reason: error.to_string(),
        }
    }
}
