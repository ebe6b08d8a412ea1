//! What a message says.
//!
//! - **C1** A [`Content`] has an identifier (16 random bytes, chosen by the sender), the sender's time, an
//!   optional life time in seconds, and a body.
//! - **C2** On the wire: version byte; identifier; time (milliseconds since 1970, 8 bytes); SCALE option of
//!   the life time (4 bytes); kind (2 bytes); SCALE bytes of the body; *extensions*, a SCALE list of (kind,
//!   SCALE bytes). Integers little-endian.
//! - **C3** A kind that is not known, or a body of a known kind that does not decode, or has more behind it
//!   than is known, is kept as [`Body::Unknown`] or as the body's *rest*. Extensions are kept unread.
//!   Hence for every content that decodes, encoding it again gives the same bytes: a client that stores,
//!   forwards or archives does not destroy what a newer one wrote.
//! - **C4** Every list and text is bounded ([`bounds`]). A peer that sends more is answered by
//!   [`Body::Unknown`], never by more memory.
//! - **C5** Life time: the reader deletes the message that many seconds after it was read.
//!   [`Body::Timer`] sets the life time of later messages of the conversation; no life time ends it.
//! - **C6** Edits and deletions count only from the author of the message they name. This is the
//!   application's check: it knows the authors.

mod body;
pub mod bounds;
mod file;
mod no_trace;
mod transfer;

pub use body::{
    Body, CallSignal, CallSignalKind, Delete, Edit, Mention, MentionRange, Payment, PaymentKind,
    Reaction, Receipt, ReceiptKind, Reply, Resend, Timer, TypingState, WrittenText,
};
pub use file::{FileReference, FileSource, FileStep};
pub use no_trace::NoTrace;
pub use transfer::{Place, Transfer};

use crate::{
    Bounded, Error,
    codec_bounds::{List, decode_versioned},
    limits::{MAX_PLAINTEXT, VERSION},
};
use alloc::vec::Vec;
use body::{decode_body, encode_body};
use bounds::{MAX_BODY, MAX_EXTENSIONS};
use codec::{Decode, Encode};

/// Identifier of a message, chosen by its sender at random.
pub type MessageId = [u8; 16];

/// An extension that this build does not know (C3).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Extension {
    /// What it is.
    pub kind: u16,
    /// Its bytes.
    pub bytes: Bounded<MAX_BODY>,
}

/// A message's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its identifier.
    pub id: MessageId,
    /// When the sender sent it, milliseconds since 1970 by their clock.
    pub sent_at: u64,
    /// How long it lives after it was read, seconds (C5).
    pub lifetime: Option<u32>,
    /// What it says.
    pub body: Body,
    /// Bytes behind a body of a known kind, from a newer client (C3).
    pub rest: Bounded<MAX_BODY>,
    /// What a newer client added (C3).
    pub extensions: List<Extension, MAX_EXTENSIONS>,
}

#[derive(Encode, Decode)]
struct Wire {
    id: MessageId,
    sent_at: u64,
    lifetime: Option<u32>,
    kind: u16,
    body: Bounded<MAX_BODY>,
    extensions: List<Extension, MAX_EXTENSIONS>,
}

impl Content {
    /// A content without life time and extensions.
    pub fn new(id: MessageId, sent_at: u64, body: Body) -> Self {
        let (rest, extensions) = (Bounded::default(), List::default());
        Self {
            id,
            sent_at,
            lifetime: None,
            body,
            rest,
            extensions,
        }
    }

    /// The encoding, at most [`MAX_PLAINTEXT`] bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let (kind, mut body) = encode_body(&self.body);
        body.extend_from_slice(self.rest.as_slice());
        let wire = Wire {
            id: self.id,
            sent_at: self.sent_at,
            lifetime: self.lifetime,
            kind,
            body: Bounded::new(body, "content")?,
            extensions: self.extensions.clone(),
        };
        let mut bytes = alloc::vec![VERSION];
        wire.encode_to(&mut bytes);
        if bytes.len() > MAX_PLAINTEXT {
            return Err(Error::TooLong {
                what: "content",
                length: bytes.len(),
                limit: MAX_PLAINTEXT,
            });
        }
        Ok(bytes)
    }

    /// Decodes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_PLAINTEXT {
            return Err(Error::TooLong {
                what: "content",
                length: bytes.len(),
                limit: MAX_PLAINTEXT,
            });
        }
        let wire: Wire = decode_versioned(bytes, "content")?;
        let (body, rest) = decode_body(wire.kind, wire.body);
        Ok(Self {
            id: wire.id,
            sent_at: wire.sent_at,
            lifetime: wire.lifetime,
            body,
            rest,
            extensions: wire.extensions,
        })
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::samples;
