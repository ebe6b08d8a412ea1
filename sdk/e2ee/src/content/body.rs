//! The kinds of content.

use super::{
    MessageId,
    bounds::*,
    file::{FileReference, FileStep},
    no_trace::NoTrace,
    transfer::Transfer,
};
use crate::{
    Bounded,
    codec_bounds::{List, Text},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};

/// A text.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WrittenText {
    /// The text.
    pub text: Text<MAX_TEXT>,
}

/// An answer to a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reply {
    /// The message.
    pub to: MessageId,
    /// The answer.
    pub text: Text<MAX_TEXT>,
}

/// A reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reaction {
    /// The message.
    pub to: MessageId,
    /// The emoji; empty takes the reaction back.
    pub emoji: Text<MAX_REACTION>,
}

/// A new text for a message (C6).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Edit {
    /// The message.
    pub of: MessageId,
    /// Its new text.
    pub text: Text<MAX_TEXT>,
}

/// A request to delete a message (C6).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Delete {
    /// The message.
    pub of: MessageId,
}

/// What happened to messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ReceiptKind {
    /// Arrived on a device.
    #[codec(index = 0)]
    Delivered,
    /// Read by the user.
    #[codec(index = 1)]
    Read,
}

/// A receipt from user to user.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// What happened.
    pub kind: ReceiptKind,
    /// To which messages.
    pub messages: List<MessageId, MAX_RECEIPTS>,
}

/// Whether somebody is typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum TypingState {
    /// Stopped.
    #[codec(index = 0)]
    Stopped,
    /// Typing.
    #[codec(index = 1)]
    Typing,
}

/// A place in a text that names an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MentionRange {
    /// First byte of the text.
    pub start: u32,
    /// Number of bytes.
    pub length: u32,
    /// Who is meant.
    pub account: [u8; 32],
}

/// A text that mentions people.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Mention {
    /// The text.
    pub text: Text<MAX_TEXT>,
    /// Who is mentioned where. Ranges are the sender's claim: check them against the text.
    pub ranges: List<MentionRange, MAX_MENTIONS>,
}

/// What a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PaymentKind {
    /// For whoever opens it first.
    #[codec(index = 0)]
    RedEnvelope,
    /// For the one who is written to.
    #[codec(index = 1)]
    Tip,
}

/// A payment on the chain. The chain is what counts; this only tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Payment {
    /// What it is.
    pub kind: PaymentKind,
    /// Amount in the smallest unit.
    pub amount: u128,
    /// Hash of the transaction, or the identifier of the red envelope.
    pub reference: [u8; 32],
    /// Height of the block that has it.
    pub block: u32,
    /// A note.
    pub note: Text<MAX_NOTE>,
}

/// A step of setting up a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CallSignalKind {
    /// An offer.
    #[codec(index = 0)]
    Offer,
    /// The answer to it.
    #[codec(index = 1)]
    Answer,
    /// A network path.
    #[codec(index = 2)]
    Candidate,
    /// The end.
    #[codec(index = 3)]
    HangUp,
    /// Declined, or taken on another device.
    #[codec(index = 4)]
    Decline,
}

/// Call signalling.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CallSignal {
    /// The call.
    pub call: [u8; 16],
    /// The step.
    pub kind: CallSignalKind,
    /// What the call engine says.
    pub payload: Bounded<MAX_SIGNAL>,
}

/// The disappearing timer of a conversation (C5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Timer {
    /// Life time of later messages, seconds; none: they stay.
    pub lifetime: Option<u32>,
}

/// What a device did not get from another one, which is asked to send it again. From device to device: nothing that people
/// see. What the numbers count is settled by the messenger (its rule I1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Resend {
    /// Which series of numbers.
    pub stream: u64,
    /// Everything up to this number is here.
    pub after: u64,
}

macro_rules! bodies {
    ($($kind:literal $(#[$doc:meta])* $name:ident($type:ty),)*) => {
        /// What a message says. The numbers on the wire stand in the documents of the variants.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Body {
            $($(#[$doc])* $name($type),)*
            /// Something that this build does not know (C3).
            Unknown {
                /// Its kind.
                kind: u16,
                /// Its bytes.
                bytes: Bounded<MAX_BODY>,
            },
        }

        pub(super) fn encode_body(body: &Body) -> (u16, Vec<u8>) {
            match body {
                $(Body::$name(value) => ($kind, value.encode()),)*
                Body::Unknown { kind, bytes } => (*kind, bytes.as_slice().to_vec()),
            }
        }

        /// The body, and what stands behind it.
        pub(super) fn decode_body(
            kind: u16,
            bytes: Bounded<MAX_BODY>,
        ) -> (Body, Bounded<MAX_BODY>) {
            let mut rest = bytes.as_slice();
            let body = match kind {
                $($kind => <$type>::decode(&mut rest).ok().map(Body::$name),)*
                _ => None,
            };
            let rest = Bounded::new(rest.to_vec(), "content").unwrap_or_default();
            match body {
                Some(body) => (body, rest),
                None => (Body::Unknown { kind, bytes }, Bounded::default()),
            }
        }
    };
}

bodies! {
    1 /// 1: a text.
    Text(WrittenText),
    2 /// 2: an answer.
    Reply(Reply),
    3 /// 3: a reaction.
    Reaction(Reaction),
    4 /// 4: a new text.
    Edit(Edit),
    5 /// 5: a deletion.
    Delete(Delete),
    6 /// 6: a receipt.
    Receipt(Receipt),
    7 /// 7: typing.
    Typing(TypingState),
    8 /// 8: a file.
    File(FileReference),
    9 /// 9: a text with mentions.
    Mention(Mention),
    10 /// 10: a payment.
    Payment(Payment),
    11 /// 11: call signalling.
    Call(CallSignal),
    12 /// 12: the disappearing timer.
    Timer(Timer),
    13 /// 13: a request to send again.
    Resend(Resend),
    20 /// 20: a history on its way to another device of the account.
    Transfer(Transfer),
    21 /// 21: a step of a conversation that leaves no trace.
    NoTrace(NoTrace),
    22 /// 22: a file's bytes on their way.
    FileStep(FileStep),
}
