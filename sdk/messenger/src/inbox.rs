//! What came.
//!
//! - **I1** What one device sends to another, and must be confirmed, is a *stream*: each content carries its number in it, from 1 on, as an
//!   extension of the content. The receiver takes them in their order, so what one device says is shown in the order in which it was said.
//!   What comes twice is confirmed again and shown once. A stream is named by the time at which it began: a device that has lost its state begins
//!   another one, and the later one holds. What comes late of an earlier one is taken at once.
//! - **I2** A message is acknowledged to the relay after the batch that keeps it: in the history, among those that came *too early*, or among
//!   those that are *held* because their sender has to be looked up, or this version cannot read them.
//! - **I3** What is too early waits [`HOLD`](crate::limits::HOLD) for those before it; then the sender is asked to send them again, once; after as long
//!   again the stream goes on without them. This costs the order and nothing else: what comes after all is taken.
//! - **I4** *A session that broke*: a message from a device on record that no session opens, though the claim in its envelope fits. The receiver
//!   begins a new session, by prekeys of the sender, and asks in it for what it lacks; the sender encrypts anew what was not confirmed. A claim
//!   can be forged, so this happens at most once in [`RENEWAL_PAUSE`](crate::limits::RENEWAL_PAUSE) for each device. What is not opened
//!   meanwhile, or when a renewal did not come to its end, is asked for when the pause is over, also after a restart.
//! - **I5** A copy that one of the own devices sends says, in an extension, in which conversation it stands. From others that is not read: their
//!   conversation is the one with them.
//! - **I6** What is confirmed is confirmed to all devices of the account that wrote it: the one that sent it is done with it, the
//!   others show it.

use crate::limits::MAX_EARLY;
use codec::{Decode, Encode};
use parlance_bimp::{Account, Mailbox, MessageId};
use parlance_e2ee::{Bounded, Content, DeviceAddress, Error, List, content::Extension};
/// The extension that carries the place in a stream (I1): when it began (8 bytes, milliseconds since 1970), and the number (8
/// bytes), both little-endian.
pub const SEQUENCE: u16 = 1;
/// The extension that names the conversation (I5): 32 bytes.
pub const CONVERSATION: u16 = 2;

/// The stream to and from a device (I1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Stream {
    /// The other end.
    pub with: DeviceAddress,
    /// When the stream to it began.
    pub out: u64,
    /// The number of the next content to it.
    pub next_out: u64,
    /// When the stream from it began; 0 before anything came.
    pub from: u64,
    /// The number that is expected from it.
    pub next_in: u64,
    /// Numbers that the stream went on without (I3).
    pub missed: Vec<u64>,
}

impl Stream {
    /// Nothing was said yet. What is said from now on is a stream that begins at `now`.
    pub fn new(with: DeviceAddress, now: u64) -> Self {
        Self {
            with,
            out: now,
            next_out: 1,
            from: 0,
            next_in: 1,
            missed: Vec::new(),
        }
    }

    /// The place of the next content to it.
    pub fn give(&mut self) -> Sequence {
        let number = self.next_out;
        self.next_out = number.saturating_add(1);
        Sequence {
            stream: self.out,
            number,
        }
    }

    /// A later stream has begun.
    pub fn begin(&mut self, stream: u64) {
        self.from = stream;
        self.next_in = 1;
        self.missed = Vec::new();
    }

    /// What a number is to the stream from the device.
    pub fn place(&self, sequence: u64) -> Place {
        if sequence == self.next_in || self.missed.contains(&sequence) {
            Place::Now
        } else if sequence < self.next_in {
            Place::Again
        } else {
            Place::Early
        }
    }

    /// It was taken.
    pub fn take(&mut self, sequence: u64) {
        if sequence == self.next_in {
            self.next_in = self.next_in.saturating_add(1);
        }
        self.missed.retain(|missed| *missed != sequence);
    }

    /// Goes on at `sequence` without those before it (I3).
    pub fn skip_to(&mut self, sequence: u64) {
        let gap = self.next_in..sequence;
        // Of a gap that nobody can bridge only the end is remembered.
        let from = gap.start.max(gap.end.saturating_sub(MAX_EARLY as u64));
        self.missed.extend(from..gap.end);
        let excess = self.missed.len().saturating_sub(MAX_EARLY);
        self.missed.drain(..excess);
        self.next_in = sequence;
    }
}

/// A place in a stream (I1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sequence {
    /// When the stream began.
    pub stream: u64,
    /// The number in it.
    pub number: u64,
}

/// What a number is to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The next, or one that was missed.
    Now,
    /// It was taken before.
    Again,
    /// Others come before it.
    Early,
}

/// A content that came too early.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Early {
    /// Who sent it.
    pub from: DeviceAddress,
    /// Its number.
    pub sequence: u64,
    /// The content as it came.
    pub content: Vec<u8>,
}

/// A message that cannot be read yet (I2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Held {
    /// Its id.
    pub id: MessageId,
    /// The mailbox it lay in.
    pub mailbox: Mailbox,
    /// Whose devices are to be looked up; none if it is for another part of the program, such as groups.
    pub look: Option<Account>,
    /// SCALE of the protocol's message.
    pub message: Vec<u8>,
    /// When it came, milliseconds since 1970.
    pub arrived: u64,
}

/// A content that waits for what it is about (H2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Orphan {
    /// Its number here.
    pub number: u64,
    /// In which conversation.
    pub conversation: Account,
    /// The message that it is about.
    pub about: crate::history::ContentId,
    /// Who sent it.
    pub from: DeviceAddress,
    /// The content, about this message alone.
    pub content: Vec<u8>,
}

/// A content with what the copy for one device says besides.
pub fn with_extensions(
    content: &[u8],
    sequence: Option<Sequence>,
    conversation: Option<Account>,
) -> Result<Vec<u8>, Error> {
    let mut content = Content::from_bytes(content)?;
    let mut extensions = content.extensions.as_slice().to_vec();
    let mut add = |kind, bytes: Vec<u8>| -> Result<(), Error> {
        let bytes = Bounded::new(bytes, "extension")?;
        extensions.push(Extension { kind, bytes });
        Ok(())
    };
    if let Some(sequence) = sequence {
        add(SEQUENCE, sequence.encode())?;
    }
    if let Some(account) = conversation {
        add(CONVERSATION, account.0.to_vec())?;
    }
    content.extensions = List::new(extensions, "extensions")?;
    content.to_bytes()
}

/// The place in the stream, if the content has one. Number 0 is none.
pub fn sequence_of(content: &Content) -> Option<Sequence> {
    let bytes = extension(content, SEQUENCE)?;
    let sequence: Sequence = crate::storage::decode(bytes, "place in a stream").ok()?;
    (sequence.number > 0 && sequence.stream > 0).then_some(sequence)
}

/// The conversation that the content names.
pub fn conversation_of(content: &Content) -> Option<Account> {
    Some(Account(extension(content, CONVERSATION)?.try_into().ok()?))
}

/// What an extension of the content holds.
pub(crate) fn extension(content: &Content, kind: u16) -> Option<&[u8]> {
    let mut extensions = content.extensions.as_slice().iter();
    let found = extensions.find(|extension| extension.kind == kind)?;
    Some(found.bytes.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_e2ee::{Body, Text, content::WrittenText};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn stream() -> Stream {
        Stream::new(
            DeviceAddress {
                account: [1; 32],
                device: 1,
            },
            7,
        )
    }

    #[test]
    fn what_a_copy_says_besides_is_read_back_and_nothing_else_is_lost() {
        let text = Text::new("hello").unwrap();
        let mut content = Content::new([1; 16], 5, Body::Text(WrittenText { text }));
        let bytes = Bounded::new(vec![1, 2], "extension").unwrap();
        content.extensions = List::new(vec![Extension { kind: 900, bytes }], "list").unwrap();
        let plain = content.to_bytes().unwrap();
        let account = Account([7; 32]);
        let sequence = Sequence {
            stream: 5,
            number: 9,
        };
        let copy = with_extensions(&plain, Some(sequence), Some(account)).unwrap();
        let copy = Content::from_bytes(&copy).unwrap();
        assert_eq!(sequence_of(&copy), Some(sequence));
        assert_eq!(conversation_of(&copy), Some(account));
        assert_eq!(
            copy.extensions.as_slice()[0],
            content.extensions.as_slice()[0]
        );
        assert_eq!(copy.body, content.body);
        let copy = Content::from_bytes(&with_extensions(&plain, None, None).unwrap()).unwrap();
        assert_eq!((sequence_of(&copy), conversation_of(&copy)), (None, None));
    }

    #[test]
    fn what_was_missed_is_taken_after_all_and_once() {
        let mut stream = stream();
        stream.take(1);
        stream.skip_to(4);
        assert_eq!(stream.place(2), Place::Now);
        assert_eq!(stream.place(4), Place::Now);
        assert_eq!(stream.place(1), Place::Again);
        stream.take(4);
        stream.take(2);
        assert_eq!(stream.place(2), Place::Again);
        assert_eq!(stream.place(3), Place::Now);
        stream.skip_to(u64::MAX);
        assert!(stream.missed.len() <= MAX_EARLY);
    }

    proptest! {
        /// I1, in whatever order a network brings them.
        #[test]
        fn a_stream_takes_each_number_once_and_in_order(
            arrivals in proptest::collection::vec(1u64..20, 0..200)
        ) {
            let mut stream = stream();
            let mut early = BTreeSet::new();
            let mut taken = Vec::new();
            for sequence in arrivals.iter().copied().chain(1..20) {
                match stream.place(sequence) {
                    Place::Now => {
                        taken.push(sequence);
                        stream.take(sequence);
                    }
                    Place::Early => {
                        early.insert(sequence);
                    }
                    Place::Again => {}
                }
                while early.remove(&stream.next_in) {
                    taken.push(stream.next_in);
                    stream.take(stream.next_in);
                }
            }
            prop_assert_eq!(taken, (1..20).collect::<Vec<_>>());
        }
    }
}
