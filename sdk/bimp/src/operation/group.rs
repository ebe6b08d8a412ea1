//! What the relays of a group do for its members (O13-O18), and what they say to each other about it (O19, O20).

use crate::{
    bounded::{Bounded, List},
    id::{Account, GroupId, Mailbox, MessageId, RelayId},
    limits::{
        MAX_GROUP_CIPHERTEXT, MAX_GROUP_RELAYS, MAX_MEMBERS, MAX_MENTIONS, MAX_ORDERED, MAX_PART,
        MAX_PARTS, MAX_RECORDS, MAX_TICKET,
    },
};
use alloc::{boxed::Box, vec::Vec};
use codec::{Decode, Encode};

/// Ed25519, by a group's access key (N6).
pub type GroupSignature = [u8; 64];

/// A text for all members, signed by one of them (O4, W6).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupPost {
    /// The group.
    pub group: GroupId,
    /// The record whose access key signs.
    pub position: u64,
    /// What its members can open.
    pub ciphertext: Bounded<MAX_GROUP_CIPHERTEXT>,
    /// Members to be woken.
    pub mentioned: List<Mailbox, MAX_MENTIONS>,
    /// Wakes all.
    pub everybody: bool,
    /// Over [`statement`](Self::statement).
    pub signature: GroupSignature,
}

impl GroupPost {
    /// The id of the message in each mailbox (N4).
    pub fn id(&self) -> MessageId {
        MessageId::of_group(&self.group, self.ciphertext.as_slice())
    }

    /// The id under which the group's relays keep it until the copies are there (N4).
    pub fn post_id(&self) -> MessageId {
        MessageId::of_post(&self.group, self.ciphertext.as_slice())
    }

    /// The bytes to sign: `"parlance/group/send/1"`, group, position (8 bytes), id, everybody (1 byte), SCALE of
    /// the mentioned.
    pub fn statement(&self) -> Vec<u8> {
        let mut bytes = b"parlance/group/send/1".to_vec();
        bytes.extend_from_slice(&self.group.0);
        bytes.extend_from_slice(&self.position.to_le_bytes());
        bytes.extend_from_slice(&self.id().0);
        bytes.push(u8::from(self.everybody));
        self.mentioned.encode_to(&mut bytes);
        bytes
    }
}

/// Group send (O4).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupSend {
    /// The text.
    pub post: GroupPost,
    /// Pays for the upload as for an envelope of the same size; empty at a relay of the group.
    pub ticket: Bounded<MAX_TICKET>,
    /// As in [`SendMessage`](crate::SendMessage).
    pub keep: u64,
}

/// The group's relays have the text and owe the copies (O4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupAccepted {
    /// The id, the same in each mailbox.
    pub id: MessageId,
    /// Relays of the group that have it on disk.
    pub relays: u8,
    /// When it will be thrown away.
    pub expires: u64,
}

/// Enter a group (O13).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupEnter {
    /// Which.
    pub group: GroupId,
    /// The record whose access key signs.
    pub position: u64,
    /// Over [`statement`](Self::statement).
    pub signature: GroupSignature,
}

impl GroupEnter {
    /// The bytes to sign: `"parlance/group/enter/1"`, group, position (8 bytes), the relay that is asked, the account
    /// that the connection has authenticated. So neither that relay nor another account can use the
    /// signature anywhere.
    pub fn statement(&self, relay: &RelayId, account: &Account) -> Vec<u8> {
        let mut bytes = b"parlance/group/enter/1".to_vec();
        bytes.extend_from_slice(&self.group.0);
        bytes.extend_from_slice(&self.position.to_le_bytes());
        bytes.extend_from_slice(&relay.0);
        bytes.extend_from_slice(&account.0);
        bytes
    }
}

/// Where a group's order is (O13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupExtent {
    /// The first position that is still kept.
    pub first: u64,
    /// The position that is free.
    pub next: u64,
}

/// Upload a part of a handshake (O14).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupPart {
    /// The group.
    pub group: GroupId,
    /// The part.
    pub bytes: Bounded<MAX_PART>,
}

/// What a record changes (O15).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct GroupChange {
    /// The access key from here on (N6). The one before if the handshake begins no epoch, or there is none. Whoever names another one
    /// shows that it exists ([`possession`](Self::possession)).
    pub key: [u8; 32],
    /// Bytes of the handshake; 0 if there is none.
    pub size: u32,
    /// Its parts, in their order (N4). All but the last have [`MAX_PART`] bytes.
    pub parts: List<MessageId, MAX_PARTS>,
    /// Mailboxes that get copies from here on.
    pub joined: List<Mailbox, MAX_MEMBERS>,
    /// Mailboxes that do not any more.
    pub left: List<Mailbox, MAX_MEMBERS>,
}

impl GroupChange {
    /// The bytes to sign: `"parlance/group/change/1"`, group, position (8 bytes), SCALE of the change.
    pub fn statement(&self, group: &GroupId, position: u64) -> Vec<u8> {
        let mut bytes = b"parlance/group/change/1".to_vec();
        bytes.extend_from_slice(&group.0);
        bytes.extend_from_slice(&position.to_le_bytes());
        self.encode_to(&mut bytes);
        bytes
    }

    /// The bytes to sign with the key that the change names: `"parlance/group/key/1"`, group, position (8 bytes), SCALE of the change.
    pub fn possession(&self, group: &GroupId, position: u64) -> Vec<u8> {
        let mut bytes = b"parlance/group/key/1".to_vec();
        bytes.extend_from_slice(&group.0);
        bytes.extend_from_slice(&position.to_le_bytes());
        self.encode_to(&mut bytes);
        bytes
    }
}

/// Offer a change for a position (O15).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupOffer {
    /// The group.
    pub group: GroupId,
    /// The position, which must be free; 0 makes the group.
    pub position: u64,
    /// What changes.
    pub change: GroupChange,
    /// Over [`GroupChange::statement`], by the access key of the record before; at position 0 by the change's own.
    pub signature: GroupSignature,
    /// Over [`GroupChange::possession`], by the key that the change names, if that is not the one that signs; zeros if it is.
    pub possession: GroupSignature,
}

/// The change has its place (O15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupPlaced {
    /// The position that was asked for.
    pub position: u64,
    /// The position that is free now; higher than the next one if it was placed before.
    pub next: u64,
}

/// Read the order (O16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupRead {
    /// The group.
    pub group: GroupId,
    /// From this position on.
    pub from: u64,
    /// From this byte of its handshake on.
    pub offset: u32,
}

/// A piece of the order (O16).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupOrder {
    /// The first position that is still kept.
    pub first: u64,
    /// The position that is free.
    pub next: u64,
    /// From where it was asked, without a gap. Only the last may be cut.
    pub pieces: List<Piece, MAX_ORDERED>,
}

/// A record, and bytes of its handshake (O16).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Piece {
    /// Where it stands.
    pub position: u64,
    /// It.
    pub record: GroupRecord,
    /// Where in the handshake the bytes begin.
    pub offset: u32,
    /// They. The handshake is whole with offset and length at the record's size.
    pub bytes: Bounded<MAX_PART>,
}

impl Piece {
    /// Whether the handshake ends with these bytes.
    pub fn is_last(&self) -> bool {
        let end = (self.offset as usize).saturating_add(self.bytes.as_slice().len());
        end >= self.record.size() as usize
    }
}

/// What stands at a position of a group's order (O15, O19).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct GroupRecord {
    /// When its handshake is thrown away, milliseconds since 1970.
    pub expires: u64,
    /// The relays that decide on the next position.
    pub relays: List<RelayId, MAX_GROUP_RELAYS>,
    /// What a member offered; none if the relays only settle who they are.
    pub offered: Option<Offered>,
}

impl GroupRecord {
    /// Bytes of its handshake.
    pub fn size(&self) -> u32 {
        self.offered.as_ref().map_or(0, |it| it.change.size)
    }
}

/// A change, and the word of a member (O15).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Offered {
    /// The change.
    pub change: GroupChange,
    /// As in [`GroupOffer`]. Members can check it, so that relays cannot make up a change.
    pub signature: GroupSignature,
    /// As in [`GroupOffer`].
    pub possession: GroupSignature,
}

/// Orders the attempts to decide on a position (O19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Ballot {
    /// Compared first.
    pub round: u64,
    /// Who attempts.
    pub relay: RelayId,
}

/// Ask for a vote (O19).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupVote {
    /// The group.
    pub group: GroupId,
    /// The position.
    pub position: u64,
    /// The attempt.
    pub ballot: Ballot,
    /// What to accept; none asks for the promise to accept nothing of a lower ballot.
    pub record: Option<Box<GroupRecord>>,
}

/// A vote (O19). The parts before it say for what.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupVoted {
    /// The group.
    pub group: GroupId,
    /// The position.
    pub position: u64,
    /// The attempt.
    pub ballot: Ballot,
    /// What the relay says.
    pub vote: Vote,
}

/// What a relay says to an attempt (O19). What it promises or accepts is on its disk.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Vote {
    /// Nothing of a lower ballot; and what it has accepted of one.
    #[codec(index = 0)]
    Promised(Option<Box<(Ballot, GroupRecord)>>),
    /// It accepts.
    #[codec(index = 1)]
    Accepted,
    /// It has promised a higher ballot.
    #[codec(index = 2)]
    Outbid(Ballot),
    /// The position is taken.
    #[codec(index = 3)]
    Decided(Box<GroupRecord>),
    /// It knows the order up to this position only, and cannot judge.
    #[codec(index = 4)]
    Behind(u64),
    /// It has not these parts, and votes for nothing that it could not hand out.
    #[codec(index = 5)]
    Lacks(List<MessageId, MAX_PARTS>),
    /// It does not vote: it has no memory of what it has said before, or the change is not a member's.
    #[codec(index = 6)]
    Abstains,
}

/// What a group is at a position, without the records before it (O20).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupBase {
    /// The first position that is kept.
    pub position: u64,
    /// The access key there, and the position of the record that named it.
    pub key: ([u8; 32], u64),
    /// When the handshake of the record before it is, or was, thrown away.
    pub until: u64,
    /// The relays that decide on it.
    pub relays: List<RelayId, MAX_GROUP_RELAYS>,
    /// Mailboxes of the members.
    pub mailboxes: List<Mailbox, MAX_MEMBERS>,
}

/// Tells a relay what the sender knows of a group's order; the answer is the same of the other one (O20).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupSync {
    /// The group.
    pub group: GroupId,
    /// The position that is free as far as the sender knows; 0 if it knows nothing of the group.
    pub next: u64,
    /// The position from which on the sender votes; `u64::MAX` if it cannot say yet.
    pub votes_from: u64,
    /// For one that has less than what the sender still has records of.
    pub base: Option<GroupBase>,
    /// Where the records stand.
    pub from: u64,
    /// Records that the other one lacks.
    pub records: List<GroupRecord, MAX_RECORDS>,
}

/// A group's order has grown (O17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GroupGrown {
    /// The group.
    pub group: GroupId,
    /// The position that is free now.
    pub next: u64,
}
