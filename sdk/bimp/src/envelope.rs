//! What travels to a mailbox, as far as a relay may look into it.
//!
//! - **W1** A message is a sealed *envelope* of the encryption core (its rules V1-V5) or a *ciphertext of a group*.
//!   Nothing here can open either: this crate has no key and no cipher.
//! - **W2** An envelope's encoding: version (1 byte, 1), mailbox (32), ticket (at most 512 bytes, with its compact
//!   length), sealed part (with its compact length, which is one of [`SIZES`]). Nothing after it.
//! - **W3** A ticket names the sender, and is a matter between the sender and the relay that it sends to. That
//!   relay takes it off before it stores the envelope, so neither other relays nor a stolen disk show
//!   who wrote to whom.
//! - **W4** A stored message is SCALE of a [`Message`].
//! - **W6** Two kinds lie with the relays of a group alone (N5): a *post* is a text whose copies are owed, with the word of a
//!   member that they are wanted; a *part* is a piece of a handshake.

use crate::{
    bounded::Bounded,
    id::{GroupId, Mailbox, MessageId},
    limits::{MAX_ENVELOPE, MAX_GROUP_CIPHERTEXT, MAX_PART, MAX_SEALED, MAX_TICKET, SIZES},
    operation::GroupPost,
};
use alloc::vec::Vec;
use codec::{Compact, Decode, Encode};

const VERSION: u8 = 1;

/// A message as a relay stores it (W1, W4).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Message {
    /// An envelope for one device.
    #[codec(index = 0)]
    Sealed(Bounded<MAX_ENVELOPE>),
    /// A ciphertext for all members of a group.
    #[codec(index = 1)]
    Group {
        /// The group.
        group: GroupId,
        /// What its members can open.
        ciphertext: Bounded<MAX_GROUP_CIPHERTEXT>,
    },
    /// A text whose copies a group's relays owe (W6).
    #[codec(index = 2)]
    Post(GroupPost),
    /// A part of a handshake (W6).
    #[codec(index = 3)]
    Part {
        /// The group.
        group: GroupId,
        /// The part.
        bytes: Bounded<MAX_PART>,
    },
}

impl Message {
    /// The message's id (N4) if it may lie in `mailbox`: an envelope only where it is addressed to, what a group's relays keep only
    /// beside its place.
    pub fn id(&self, mailbox: &Mailbox) -> Option<MessageId> {
        match self {
            Self::Sealed(bytes) => {
                let envelope = EnvelopeView::parse(bytes.as_slice())?;
                (envelope.mailbox == *mailbox).then(|| envelope.id())
            }
            Self::Group { group, ciphertext } => {
                Some(MessageId::of_group(group, ciphertext.as_slice()))
            }
            Self::Post(post) => (post.group.posts() == *mailbox).then(|| post.post_id()),
            Self::Part { group, bytes } => {
                (group.parts() == *mailbox).then(|| MessageId::of_part(group, bytes.as_slice()))
            }
        }
    }
}

/// The readable parts of an envelope (W2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeView<'a> {
    /// Where it goes.
    pub mailbox: Mailbox,
    /// The relay protocol's ticket.
    pub ticket: &'a [u8],
    /// What only the recipient opens.
    pub sealed: &'a [u8],
}

impl<'a> EnvelopeView<'a> {
    /// Reads an envelope; `None` if it is none (W2).
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (mailbox, rest) = rest.split_first_chunk::<32>()?;
        let (ticket, rest) = split(rest, MAX_TICKET)?;
        let (sealed, rest) = split(rest, MAX_SEALED)?;
        let is_one = version == VERSION && rest.is_empty() && SIZES.contains(&sealed.len());
        is_one.then_some(Self {
            mailbox: Mailbox(*mailbox),
            ticket,
            sealed,
        })
    }

    /// The message's id (N4).
    pub fn id(&self) -> MessageId {
        MessageId::of_sealed(&self.mailbox, self.sealed)
    }

    /// Bytes of the same envelope with an empty ticket: what tickets count.
    pub fn bare_size(&self) -> usize {
        let length = Compact(self.sealed.len() as u32).encoded_size();
        1 + 32 + 1 + length + self.sealed.len()
    }

    /// The same envelope with an empty ticket (W3).
    pub fn without_ticket(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.sealed.len().saturating_add(38));
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.mailbox.0);
        bytes.push(0);
        self.sealed.encode_to(&mut bytes);
        bytes
    }
}

/// Bytes behind their compact length, and what follows them.
fn split(mut bytes: &[u8], limit: usize) -> Option<(&[u8], &[u8])> {
    let length = usize::try_from(Compact::<u32>::decode(&mut bytes).ok()?.0).ok()?;
    if length > limit {
        return None;
    }
    bytes.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{vec, vec::Vec};

    fn envelope(ticket: usize, sealed: usize) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend([5; 32]);
        vec![6u8; ticket].encode_to(&mut bytes);
        vec![7u8; sealed].encode_to(&mut bytes);
        bytes
    }

    #[test]
    fn only_whole_envelopes_in_a_size_class_are_envelopes() {
        let good = envelope(10, 512);
        let view = EnvelopeView::parse(&good).unwrap();
        assert_eq!((view.ticket.len(), view.sealed.len()), (10, 512));
        let mut longer = good.clone();
        longer.push(0);
        let mut other_version = good.clone();
        other_version[0] = 2;
        for bad in [
            longer,
            other_version,
            envelope(10, 511),
            envelope(513, 512),
            good[..good.len() - 1].to_vec(),
            Vec::new(),
        ] {
            assert_eq!(EnvelopeView::parse(&bad), None);
        }
    }

    #[test]
    fn the_ticket_is_not_in_the_id_and_comes_off() {
        let (one, other) = (envelope(10, 512), envelope(400, 512));
        let (one, other) = (
            EnvelopeView::parse(&one).unwrap(),
            EnvelopeView::parse(&other).unwrap(),
        );
        assert_eq!(one.id(), other.id());
        assert_eq!(one.without_ticket(), other.without_ticket());
        let bare = one.without_ticket();
        let bare = EnvelopeView::parse(&bare).unwrap();
        assert_eq!((bare.ticket, bare.id()), (&[][..], one.id()));
    }

    #[test]
    fn an_envelope_lies_in_its_own_mailbox_only() {
        let message = Message::Sealed(Bounded::new(envelope(0, 512)).unwrap());
        assert!(message.id(&Mailbox([5; 32])).is_some());
        assert_eq!(message.id(&Mailbox([4; 32])), None);
    }

    /// The encryption core writes what this crate reads.
    #[test]
    fn an_envelope_of_the_encryption_core_is_read_the_same() {
        use parlance_e2ee::{DeviceAddress, DeviceIdentity, Envelope, Sender};
        use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (a, b) = (
            DeviceIdentity::generate(&mut rng),
            DeviceIdentity::generate(&mut rng),
        );
        let address = DeviceAddress {
            account: [3; 32],
            device: 4,
        };
        let sender = Sender {
            address,
            identity: a.public(),
        };
        for length in [0, 400, 5_000, 60_000] {
            let message = vec![9; length];
            let sealed = Envelope::seal(
                &sender,
                &b.public(),
                [5; 32],
                b"ticket".to_vec(),
                &message,
                &mut rng,
            )
            .unwrap();
            let bytes = sealed.to_bytes();
            let view = EnvelopeView::parse(&bytes).unwrap();
            assert_eq!(view.mailbox.0, *sealed.mailbox());
            assert_eq!(view.ticket, sealed.ticket());
            assert_eq!(view.sealed.len(), sealed.size());
            assert_eq!(view.without_ticket().len(), view.bare_size());
            let bare = Envelope::from_bytes(&view.without_ticket()).unwrap();
            assert_eq!(bare.open(&b).unwrap(), (sender, message));
        }
        assert_eq!(SIZES, parlance_e2ee::padding::SIZES);
    }
}
