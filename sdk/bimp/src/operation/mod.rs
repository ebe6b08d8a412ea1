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
//! | 5 | group send | a device | the same, and of how many mailboxes |
//! | 6 | subscribe | the owner | what waits |
//! | 7 | unsubscribe | the owner | - |
//! | 8 | acknowledge | the owner | how many were new |
//! | 9 | sync | the owner | cursor, what waits, next expiry |
//! | 10 | publish presence | a device | - |
//! | 11 | look up presence | a device | a record or none |
//! | 12 | extend retention | the owner | how many, until when |
//! | 13 | delete | the owner | how many |
//! | 14 | receipt | a device | - |
//! | 32 | replicate | a relay | which are stored, which refused |
//! | 33 | fan out | a relay | the same |
//! | 34 | hand over | a relay | the same |
//! | 35 | reconcile | a relay | ranges, and what is wanted |
//! | 36 | probe | anybody | clock, load |
//! | 37 | observe | a device | the address that it is seen at |
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
//! - **O4** *Group send* is one upload: the relay puts the ciphertext into each member's mailbox. Who the members are, the chain
//!   says. `mentioned` names the members to be woken, `everybody` wakes all.
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
//! - **O10** A *receipt* is the recipient's word on how many bytes a relay has delivered to it in a period; cumulative and signed.
//!   Relays are paid by it.
//! - **O11** *Replicate*, *fan out*, *hand over* carry [`Entry`]s with the state that relays merge: acknowledgements unite, deleted wins,
//!   the later expiry wins. The receiver computes the id of each message itself. *Stored* means: on disk.
//! - **O12** *Reconcile* compares what two relays have by ranges of keys: where fingerprints differ the range is split, where a
//!   range is small its items are named. `want` asks for entries, which come by *replicate*.
//! - **O13** *Observe* tells a device at which address and port its packets come in, so that it can tell others: behind a translator of
//!   addresses it does not know that itself. It is the relay's word, and good for nothing but trying.

mod client;
mod credential;
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
    /// O13.
    37 Observe Device Observe => Observed
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
            _ => Read::Unknown,
        }
    }
}
