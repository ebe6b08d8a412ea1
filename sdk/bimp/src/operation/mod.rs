//! What can be asked, what is answered, and what comes unasked.
//!
//! Each operation has a number (F3), may be asked by somebody, and has one kind of answer. Integers are
//! little-endian, times milliseconds since 1970, lengths compact; everything has a bound in [`limits`].
//!
//! | number | request | asked by | answer |
//! | --- | --- | --- | --- |
//! | 1 | authenticate | anybody, once | clock, retention |
//! | 2 | publish prekeys | a device | one-time prekeys that are left |
//! | 3 | fetch prekeys | a device | prekeys of another device |
//! | 4 | send | a device | id, number of relays that have it, expiry |
//! | 5 | group send | a device | the same |
//! | 6 | subscribe | the owner | what waits |
//! | 7 | unsubscribe | the owner | - |
//! | 8 | acknowledge | the owner | how many were new |
//! | 9 | sync | the owner | cursor, what waits, next expiry |
//! | 10 | publish presence | a device | - |
//! | 11 | look up presence | a device | a record or none |
//! | 12 | extend retention | the owner | how many, until when |
//! | 13 | delete | the owner | how many |
//! | 14 | receipt | a device | - |
//! | 15 | group enter | a device | what is kept of the order |
//! | 16 | group part | a member | id, number of relays that have it, expiry |
//! | 17 | group offer | a device | position, and the one that is free |
//! | 18 | group read | a member | records, handshakes |
//! | 32 | replicate | a relay | which are stored, which refused |
//! | 33 | fan out | a relay | the same |
//! | 34 | hand over | a relay | the same |
//! | 35 | reconcile | a relay | ranges, and what is wanted |
//! | 36 | probe | anybody | clock, load |
//! | 37 | group vote | a relay | a vote |
//! | 38 | group sync | a relay | what the other one lacks |
//! | 39 | observe | a device | the address that it is seen at |
//!
//! - **O1** *Authenticate* is bound to its connection: the signature covers the exporter value of the TLS session (RFC
//!   8446 §7.5, RFC 9266: label `EXPORTER-parlance-bimp-1`, no context, 32 bytes), the relay, and the chain's genesis
//!   ([`Credential::statement`]). Whoever sits between two connections has two values, and can use a
//!   signature on neither. It happens once per connection. Where a connection has no TLS session of its own, as over a node's
//!   JSON-RPC, a hash of a challenge takes the exporter value's place ([`Binding::bridged`]).
//! - **O2** *Prekeys.* A device publishes the part of its bundle that stays, the *head*, and one-time prekeys. A relay gives each
//!   one-time prekey to one asker. Devices publish other one-time prekeys on each relay of their set, so that no two
//!   relays give out the same. For a pairwise session head ++ 0, or head ++ 1 ++ one-time prekey, is the encoding of
//!   the bundle ([`Fetched::bundle`]); for a group it is a key package, and the head the one of last resort. Signatures are
//!   the asker's to check (rule B5 of the encryption core). For a device that published nothing, and for a
//!   device or an account that does not exist, the answer is the same *none* (E2).
//! - **O3** *Send* and *group send* are answered when a quorum of the set has the message on disk. An answer is a promise: the
//!   message is kept until each device of the account has acknowledged it, or its time is over.
//!   Sending the same message again is answered the same (N4). A relay of the set takes it, and, with a ticket, one that the
//!   sender's tickets pay in the period: that one passes it on to the set and answers for it. `keep` is for how long the sender wants it kept; 0, or
//!   more than the relay's retention, is the retention.
//! - **O4** *Group send* is one upload, answered as *send* is when a quorum of the group's relays (N5) has the text on disk; from
//!   then on they owe each member of the group a copy, whichever of them die. The text goes to a relay of the group, or, with
//!   a ticket, to one that the sender's tickets pay, as an envelope does. It is signed by the access key of the group's last
//!   record that named one, or of one that was overtaken by at most two records and not longer than a few seconds ago:
//!   the answer says that the members can still open it. `mentioned` names the members to be woken,
//!   `everybody` wakes all. Nobody is left out, also not the account of the sender, whose other devices want it.
//! - **O5** *Subscribe*: the relay pushes ([`Deliver`]) what the device has not acknowledged, oldest first, at most `window` at
//!   a time; each acknowledgement makes room. A message may come again after a connection was lost: the device
//!   compares ids, and shows it once.
//! - **O6** *Acknowledge* means: this device has it on its own disk. It is answered when that is on the relay's disk. Ids
//!   that are unknown are passed over.
//! - **O7** *Sync* tells the cursor: the position up to which the device has acknowledged everything. Positions are the relay's
//!   own numbers; another relay of the set has others.
//! - **O8** *Extend retention* never shortens. *Delete* takes a message out of the mailbox for all devices.
//! - **O9** *Presence* lies under a key that only contacts can compute, is encrypted and signed in itself, and ends after
//!   ten minutes at the latest.
//! - **O10** A *receipt* is the recipient's word on how many bytes a relay has delivered to it in a period; cumulative and signed;
//!   copies out of the fan-out of groups apart, since they are paid less. Relays are paid by it.
//! - **O11** *Replicate*, *fan out*, *hand over* carry [`Entry`]s with the state that relays merge: acknowledgements unite, deleted wins,
//!   the later expiry wins. The receiver computes the id of each message itself. *Stored* means: on disk.
//! - **O12** *Reconcile* compares what two relays have by ranges of keys: where fingerprints differ the range is split, where a
//!   range is small its items are named. `want` asks for entries, which come by *replicate*.
//! - **O13** *Group enter* shows that the connection's device is a member, by a signature of an access key (N6) of the group: of the
//!   last record, or of an older one that is still kept. From then on the connection may read and is told when the
//!   order grows (O17); it may upload parts while the key is the last one. A device enters again with the new key after each change. A group that does
//!   not exist, one that the relay has not heard of and a signature that does not hold are all *not allowed*, after
//!   the same work.
//! - **O14** *Group part* uploads a part of a handshake, up to [`MAX_PART`](crate::limits::MAX_PART) bytes. It is kept under its hash, and is answered when a
//!   quorum has it on disk. Parts that no record names are thrown away after the retention, too.
//! - **O15** *Group offer* asks for a position in the group's order. A position is given once, to one change, and stays: whoever comes second is refused
//!   ([`Reason::Overtaken`](crate::Reason::Overtaken), with the position that is free). It is given only to a change that is signed by the access key of the record
//!   before it, so that of the commits of one epoch one has a place, and none from outside; and, if it names another key, by that one too, so that
//!   no position is left to a key that nobody has. The same offer again is answered the same. Position
//!   0 makes the group: the change names the first key and signs with it. A change may have no handshake: it makes the
//!   group, or changes the mailboxes.
//! - **O16** *Group read* gives records from a position on, each with its handshake, as much as fits; the rest is asked for by position and offset. A
//!   record without a handshake has a position, too: its handshake is empty. `first` above the position asked for says
//!   that the records before it are gone (the retention), and a member that needs them has to join anew.
//! - **O17** *Grown* tells a connection that has entered that there are records it may read. It may be lost with the connection: whoever enters
//!   reads.
//! - **O18** What is kept of a group is bounded: records and handshakes by the relays' retention, their number and bytes, and what one account
//!   may offer and upload by its allowance. Key, mailboxes and place outlive the records, for a year after the last one.
//! - **O19** *Group vote* is how relays decide on a position: single-decree Paxos for each group and position, among the relays that the record
//!   before it names. The rules and why they are safe stand with the relay (rules P1-P9 of `client/relay/core`).
//! - **O20** *Group sync* brings relays of a group to the same position. A relay takes records from relays of the group only.
//! - **O21** *Observe* tells a device at which address and port its packets come in, so that it can tell others: behind a translator of
//!   addresses it does not know that itself. It is the relay's word, and good for nothing but trying.

mod client;
mod credential;
mod group;
mod observe;
mod presence;
mod relay;

#[cfg(doc)]
use crate::limits;
use crate::{
    frame::{Frame, Kind, decode_body},
    id::{Mailbox, MessageId},
    limits::MAX_MESSAGE,
    refusal::Refusal,
};
pub use client::*;
pub use credential::*;
pub use group::*;
pub use observe::*;
pub use presence::*;
pub use relay::*;

use crate::bounded::Bounded;
use alloc::vec::Vec;
use codec::{Decode, Encode};

/// Number of an answer that refuses.
const REFUSED: Kind = Kind::answer(0);
/// A message.
pub const DELIVER: Kind = Kind::push(1, true);
/// A mailbox has moved.
pub const MOVED: Kind = Kind::push(2, false);
/// A group's order has grown.
pub const GROWN: Kind = Kind::push(3, false);

/// Who may ask for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever connects.
    Anybody,
    /// A device that has authenticated.
    Device,
    /// A relay that has authenticated.
    Relay,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $number:literal $name:ident $access:ident $body:ty => $answer:tt)*) => {
        /// What is asked.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Request {
            $($(#[$doc])* $name($body),)*
        }

        /// What is answered.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Answer {
            /// Nothing was done.
            Refused(Refusal),
            $($(#[$doc])* $name($answer),)*
        }

        impl Request {
            /// Numbers of all operations.
            pub const NUMBERS: &[u16] = &[$($number),*];

            /// The operation's number.
            pub fn number(&self) -> u16 {
                match self {
                    $(Self::$name(_) => $number,)*
                }
            }

            /// Who may ask for it.
            pub fn access(&self) -> Access {
                match self {
                    $(Self::$name(_) => Access::$access,)*
                }
            }

            fn body(&self) -> Vec<u8> {
                match self {
                    $(Self::$name(body) => body.encode(),)*
                }
            }

            /// Reads a request; see [`Read`].
            pub fn read(frame: &Frame, newer: bool) -> Read<Self> {
                match frame.kind.number() {
                    $($number => Read::from(decode_body(&frame.body, newer).map(Self::$name)),)*
                    _ => Read::Unknown,
                }
            }
        }

        impl Answer {
            /// The operation's number; 0 for a refusal.
            pub fn number(&self) -> u16 {
                match self {
                    Self::Refused(_) => 0,
                    $(Self::$name(_) => $number,)*
                }
            }

            fn body(&self) -> Vec<u8> {
                match self {
                    Self::Refused(body) => body.encode(),
                    $(Self::$name(body) => body.encode(),)*
                }
            }

            /// Reads an answer; see [`Read`].
            pub fn read(frame: &Frame, newer: bool) -> Read<Self> {
                match frame.kind.number() {
                    0 => Read::from(decode_body(&frame.body, newer).map(Self::Refused)),
                    $($number => Read::from(decode_body(&frame.body, newer).map(Self::$name)),)*
                    _ => Read::Unknown,
                }
            }
        }
    };
}

operations! {
    /// O1.
    1 Authenticate Anybody Authenticate => Authenticated
    /// O2.
    2 PublishPreKeys Device PublishPreKeys => PreKeysLeft
    /// O2.
    3 FetchPreKeys Device FetchPreKeys => PreKeys
    /// O3.
    4 Send Device SendMessage => Accepted
    /// O4.
    5 GroupSend Device GroupSend => GroupAccepted
    /// O5.
    6 Subscribe Device Subscribe => Waiting
    /// O5.
    7 Unsubscribe Device Unsubscribe => ()
    /// O6.
    8 Acknowledge Device OfMailbox => Count
    /// O7.
    9 Sync Device SyncCursor => Waiting
    /// O9.
    10 PublishPresence Device PublishPresence => ()
    /// O9.
    11 LookUpPresence Device LookUpPresence => Presence
    /// O8.
    12 ExtendRetention Device ExtendRetention => Extended
    /// O8.
    13 Delete Device OfMailbox => Count
    /// O10.
    14 Receipt Device Receipt => ()
    /// O13.
    15 GroupEnter Device GroupEnter => GroupExtent
    /// O14.
    16 GroupPart Device GroupPart => Accepted
    /// O15.
    17 GroupOffer Device GroupOffer => GroupPlaced
    /// O16.
    18 GroupRead Device GroupRead => GroupOrder
    /// O11.
    32 Replicate Relay Entries => Stored
    /// O11.
    33 FanOut Relay FanOut => Stored
    /// O11.
    34 HandOver Relay Entries => Stored
    /// O12.
    35 Reconcile Relay Reconcile => Reconcile
    /// Is the relay there, and how busy is it?
    36 Probe Anybody Probe => Probed
    /// O19.
    37 GroupVote Relay GroupVote => GroupVoted
    /// O20.
    38 GroupSync Relay GroupSync => GroupSync
    /// O21.
    39 Observe Device Observe => Observed
}

/// What became of a frame's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<T> {
    /// It was read.
    Known(T),
    /// Its kind is of a later version.
    Unknown,
    /// It is not what its kind says.
    Malformed,
}

impl<T> From<Option<T>> for Read<T> {
    fn from(decoded: Option<T>) -> Self {
        decoded.map_or(Self::Malformed, Self::Known)
    }
}

impl Request {
    /// The frame of a request.
    pub fn to_frame(&self, request: u32) -> Frame {
        Frame {
            kind: Kind::request(self.number()),
            request,
            body: self.body(),
        }
    }
}

impl Answer {
    /// The frame of the answer to `request`.
    pub fn to_frame(&self, request: u32) -> Frame {
        let kind = match self {
            Self::Refused(_) => REFUSED,
            other => Kind::answer(other.number()),
        };
        Frame {
            kind,
            request,
            body: self.body(),
        }
    }
}

/// What comes unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Push {
    /// A message for the device (O5).
    Deliver(Deliver),
    /// The mailbox lies on other relays now: the subscription has ended.
    Moved(Mailbox),
    /// A group's order has grown (O17).
    Grown(GroupGrown),
}

/// A message for the device (O5).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Deliver {
    /// The mailbox it lay in.
    pub mailbox: Mailbox,
    /// Its id.
    pub id: MessageId,
    /// Where it stands in the relay's queue (O7).
    pub position: u64,
    /// When the relay would have thrown it away.
    pub expires: u64,
    /// Whether the sender mentioned this member.
    pub mention: bool,
    /// SCALE of a [`Message`](crate::Message).
    pub message: Bounded<MAX_MESSAGE>,
}

impl Push {
    /// The frame.
    pub fn to_frame(&self) -> Frame {
        let (kind, body) = match self {
            Self::Deliver(body) => (DELIVER, body.encode()),
            Self::Moved(mailbox) => (MOVED, mailbox.encode()),
            Self::Grown(body) => (GROWN, body.encode()),
        };
        Frame {
            kind,
            request: 0,
            body,
        }
    }

    /// Reads a push; see [`Read`].
    pub fn read(frame: &Frame, newer: bool) -> Read<Self> {
        match frame.kind {
            DELIVER => Read::from(decode_body(&frame.body, newer).map(Self::Deliver)),
            MOVED => Read::from(decode_body(&frame.body, newer).map(Self::Moved)),
            GROWN => Read::from(decode_body(&frame.body, newer).map(Self::Grown)),
            _ => Read::Unknown,
        }
    }
}
