//! What the engine needs of the encryption of groups (G3).

use crate::{Row, StorageError, history::ContentId};
use parlance_bimp::GroupId;
use parlance_e2ee::{Content, DeviceAddress};

/// A change of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Key packages of devices to add.
    pub add: Vec<Vec<u8>>,
    /// Devices to remove.
    pub remove: Vec<DeviceAddress>,
}

/// What reading a group's handshakes and messages gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupEvent {
    /// A member wrote something, which was not read before.
    Said {
        /// Who: proven by its signature in the group.
        from: DeviceAddress,
        /// What.
        content: Box<Content>,
    },
    /// A member wishes to leave.
    WishesToLeave {
        /// Who.
        device: DeviceAddress,
    },
    /// A commit was accepted.
    Changed {
        /// Whose.
        by: DeviceAddress,
        /// Who came in.
        added: Vec<DeviceAddress>,
        /// Who is out.
        removed: Vec<DeviceAddress>,
        /// For each device that came in, its own, if the commit is this device's.
        invitations: Vec<(DeviceAddress, Vec<u8>)>,
    },
    /// This device is out.
    Removed {
        /// By whom.
        by: DeviceAddress,
    },
    /// This device is in step again after joining anew.
    Rejoined,
    /// A handshake is forged, or this device has missed one.
    InDoubt,
    /// This device cannot follow, and has to join anew.
    LostTrack,
}

/// What a device asks the relays to put into a group's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupHandshake {
    /// A commit, which begins an epoch.
    Commit(Vec<u8>),
    /// The tree for those whom the next commit adds (G14). It begins none.
    Tree(Vec<u8>),
}

impl GroupHandshake {
    /// Its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Commit(bytes) | Self::Tree(bytes) => bytes,
        }
    }
}

/// What the place of another member means for this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Both are in the same group.
    Same,
    /// This device gives way and joins anew, by the other's information.
    JoinAnew,
    /// The other gives way: it needs information.
    Inform,
    /// This device has read less.
    ReadOn,
    /// The other has read less.
    Wait,
}

/// Why something was not done with a group.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupFault {
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// This device has no such group, or not yet.
    #[error("this device is not in the group: accept an invitation first")]
    NotHere,
    /// The message is so far ahead that it has to be read again later.
    #[error(
        "the message is ahead of this device: read the group's order on, then the message again"
    )]
    Ahead,
    /// A change, or joining anew, waits for the relays.
    #[error("a change of the group waits for the relays")]
    Waits,
    /// This device was removed.
    #[error("this device is no longer in the group: ask a member for an invitation")]
    Removed,
    /// This device has to join anew.
    #[error(
        "this device has lost track of the group and joins it again as soon as a member answers"
    )]
    Lost,
    /// A member that the record does not know: nothing is sent to it.
    #[error(
        "{0} is in the group and not on its account's record: nothing is sent until it is removed"
    )]
    NotOnRecord(DeviceAddress),
    /// What was read as the tree of an invitation is not it (G14).
    #[error("a relay gave another tree than the one of the invitation: it is asked for elsewhere")]
    OtherTree,
    /// Anything else; bytes of a stranger, above all.
    #[error("{0}")]
    Refused(String),
}

/// The groups of this device: MLS, and its states.
///
/// What the operations change becomes durable by [`commit`](Self::commit), with the engine's batch, or is undone by
/// [`undo`](Self::undo). After [`join`](Self::join) has refused, nothing but undoing is left.
pub trait GroupSecrets {
    /// Makes a group with this device in it.
    fn create(&mut self) -> Result<GroupId, GroupFault>;

    /// Makes key packages, which are public, and keeps their private halves. `wall` is in milliseconds since 1970.
    fn key_packages(&mut self, count: usize, wall: u64) -> Result<Vec<Vec<u8>>, GroupFault>;

    /// Makes the key package that is given out when no other one is left: it can be used more than once.
    fn last_resort(&mut self, wall: u64) -> Result<Vec<u8>, GroupFault>;

    /// The device that a key package is of, if it can be used.
    fn owner(&mut self, key_package: &[u8]) -> Result<DeviceAddress, GroupFault>;

    /// Begins a change.
    fn change(&mut self, group: GroupId, change: &Change) -> Result<(), GroupFault>;

    /// What is to be offered to the relays: the commit of the change that waits, made for the present epoch, or before it the tree for those whom it adds;
    /// none if no change waits. The tree is done with when it was read in the order.
    fn offer(&mut self, group: GroupId) -> Result<Option<GroupHandshake>, GroupFault>;

    /// The secret of the present epoch by which its members show the relays that they are some (rule N6 of BIMP).
    fn access(&mut self, group: GroupId) -> Result<[u8; 32], GroupFault>;

    /// That of the epoch which the own commit begins; none if no commit waits.
    fn next_access(&mut self, group: GroupId) -> Result<Option<[u8; 32]>, GroupFault>;

    /// Position of the handshake that is read next.
    fn position(&mut self, group: GroupId) -> Result<u64, GroupFault>;

    /// Reads a handshake; empty bytes stand for a record without one.
    fn handshake(
        &mut self,
        group: GroupId,
        position: u64,
        handshake: &[u8],
    ) -> Result<Vec<GroupEvent>, GroupFault>;

    /// Whether a handshake that begins so is nothing to this device, so that the rest need not be read: the tree of another.
    fn passes_over(&mut self, group: GroupId, beginning: &[u8]) -> Result<bool, GroupFault>;

    /// Reads a message.
    fn message(&mut self, group: GroupId, message: &[u8]) -> Result<Vec<GroupEvent>, GroupFault>;

    /// Keeps a content to be sent ([`unsent`](Self::unsent)).
    fn send(&mut self, group: GroupId, content: &Content) -> Result<(), GroupFault>;

    /// What is not confirmed, in the order of saying, encrypted so that all members can open it.
    fn unsent(&mut self, group: GroupId) -> Result<Vec<(ContentId, Vec<u8>)>, GroupFault>;

    /// The relays have taken a content, when `next` was the next position of the order that this device was to
    /// read. Whether it is done with.
    fn confirmed(&mut self, group: GroupId, id: &ContentId, next: u64) -> Result<bool, GroupFault>;

    /// The message by which this device says that it wishes to leave.
    fn leave(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault>;

    /// The position of the order at which an invitation's tree is; none if it is inside. Changes nothing.
    fn tree_at(&mut self, invitation: &[u8]) -> Result<Option<u64>, GroupFault>;

    /// Joins by an invitation, with the tree that it names.
    fn join(&mut self, invitation: &[u8], tree: Option<&[u8]>) -> Result<GroupId, GroupFault>;

    /// All members, and whether the record knows each with the key that it has in the group; none if the record is not
    /// known.
    fn members(&mut self, group: GroupId)
    -> Result<Vec<(DeviceAddress, Option<bool>)>, GroupFault>;

    /// Where this device stands.
    fn place(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault>;

    /// What the place of another member means, and what follows if that ends a doubt.
    fn compare(
        &mut self,
        group: GroupId,
        other: &[u8],
    ) -> Result<(Comparison, Vec<GroupEvent>), GroupFault>;

    /// What another member needs to join anew.
    fn information(&mut self, group: GroupId) -> Result<Vec<u8>, GroupFault>;

    /// Joins anew: the commit that is to be offered to the relays.
    fn rejoin(&mut self, group: GroupId, information: &[u8]) -> Result<Vec<u8>, GroupFault>;

    /// Deletes everything of a group.
    fn forget(&mut self, group: GroupId) -> Result<(), GroupFault>;

    /// Whether something was done since the last commit.
    fn is_open(&self) -> bool;

    /// Makes what was done and a batch of the engine's rows durable, both or neither (S1).
    fn commit(&mut self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), StorageError>;

    /// Undoes what was done since the last commit.
    fn undo(&mut self);
}
