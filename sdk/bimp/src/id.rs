//! Names: who and what an operation is about, and how each is computed.
//!
//! - **N1** Every name has 32 bytes. Hashes are over a domain text that no other use has, then the parts without
//!   lengths or padding; integers are little-endian. They are SHA-256, but for mailboxes.
//! - **N2** The *mailbox* of an account: BLAKE2b-256 of `"parlance/mailbox/1"`, account, mailbox epoch (4 bytes), as the
//!   chain computes it (`mailbox_of` in `parlance_primitives::relay`). Whoever knows the account knows the
//!   mailbox; a relay that is shown a mailbox cannot tell the account.
//! - **N3** The *relay* is where it stands in the space of mailboxes: the 16 bytes of the name that the chain gave it, then 16 zero
//!   bytes. The chain measures the distance to the first 16 bytes of a mailbox. Relays that differ do so in these, so over 32
//!   bytes the same relays are nearest, in the same order. Which relays there are, the chain says; networks without
//!   a chain may use all 32 bytes.
//! - **N4** The *message* id of an envelope: `"parlance/message/1"`, mailbox, sealed part. The ticket is not in it,
//!   because relays replace it. Of a group's message: `"parlance/group-message/1"`, group, ciphertext; of the same on its way, at the
//!   group's relays: `"parlance/group-post/1"`, group, ciphertext; of a part of a handshake: `"parlance/group-part/1"`,
//!   group, part. Ids are computed, never chosen: sending twice is sending once, and nobody can take a message's place
//!   by sending something else under its id.
//! - **N5** The *relays of a group* are the set of its place: SHA-256 of `"parlance/group/1"`, group, with a last byte of 0. What they keep
//!   for it lies in two mailboxes beside it, with a last byte of 1 (texts whose copies are owed) and 2 (parts of
//!   handshakes). No account has these, and as the chain measures distances by the first 16 bytes, the set is the same.
//! - **N6** The *access key* of a group in an MLS epoch is Ed25519, made of the seed that the epoch exports: `MLS-Exporter(label, "", 32)` of RFC
//!   9420 §8.5 with [`ACCESS_LABEL`]. Whoever is in the epoch can compute it, and nobody else; relays know the
//!   public half, which tells them that a member asks, and not which one.

use blake2::Blake2b256;
use codec::{Decode, Encode};
use core::fmt;
use sha2::{Digest, Sha256, digest::Output};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub struct $name(pub [u8; 32]);

        /// The first four bytes: for messages to people, not to compare.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                for byte in self.0.iter().take(4) {
                    write!(f, "{byte:02x}")?;
                }
                f.write_str("..)")
            }
        }
    )*};
}

names! {
    /// An account on the chain.
    Account
    /// Where messages for an account wait (N2).
    Mailbox
    /// A relay (N3).
    RelayId
    /// A message (N4).
    MessageId
    /// A group: drawn at random by whoever makes it.
    GroupId
    /// Where a presence record lies; only contacts can compute it.
    PresenceKey
}

/// See N6.
pub const ACCESS_LABEL: &str = "parlance/group/access/1";

/// The number of a device on its account's record.
pub type DeviceNumber = u32;

/// A message in a mailbox: what relays store and compare. Ordered by mailbox, then message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Key {
    /// Whose.
    pub mailbox: Mailbox,
    /// Which.
    pub id: MessageId,
}

impl Key {
    /// The smallest key.
    pub const FIRST: Self = Self {
        mailbox: Mailbox([0; 32]),
        id: MessageId([0; 32]),
    };
}

impl Mailbox {
    /// The mailbox of an account in a mailbox epoch (N2).
    pub fn of(account: &Account, epoch: u32) -> Self {
        let parts: [&[u8]; 3] = [b"parlance/mailbox/1", &account.0, &epoch.to_le_bytes()];
        Self(digest::<Blake2b256>(&parts).into())
    }
}

impl GroupId {
    /// The place whose set are the group's relays (N5).
    pub fn place(&self) -> Mailbox {
        self.beside(0)
    }

    /// Where texts wait whose copies are owed (N5).
    pub fn posts(&self) -> Mailbox {
        self.beside(1)
    }

    /// Where parts of handshakes lie (N5).
    pub fn parts(&self) -> Mailbox {
        self.beside(2)
    }

    fn beside(&self, last: u8) -> Mailbox {
        let mut place = hash(&[b"parlance/group/1", &self.0]);
        if let Some(byte) = place.last_mut() {
            *byte = last;
        }
        Mailbox(place)
    }
}

impl RelayId {
    /// The relay with this name on the chain (N3).
    pub fn of_name(name: [u8; 16]) -> Self {
        let mut id = [0; 32];
        for (byte, of_name) in id.iter_mut().zip(name) {
            *byte = of_name;
        }
        Self(id)
    }

    /// Its name on the chain; none if it has no such name (N3).
    pub fn name(&self) -> Option<[u8; 16]> {
        let (name, rest) = self.0.split_first_chunk::<16>()?;
        (rest == [0; 16]).then_some(*name)
    }
}

impl MessageId {
    /// The id of an envelope's message (N4).
    pub fn of_sealed(mailbox: &Mailbox, sealed: &[u8]) -> Self {
        Self(hash(&[b"parlance/message/1", &mailbox.0, sealed]))
    }

    /// The id of a group's message (N4).
    pub fn of_group(group: &GroupId, ciphertext: &[u8]) -> Self {
        Self(hash(&[b"parlance/group-message/1", &group.0, ciphertext]))
    }

    /// The id of a group's message on its way (N4).
    pub fn of_post(group: &GroupId, ciphertext: &[u8]) -> Self {
        Self(hash(&[b"parlance/group-post/1", &group.0, ciphertext]))
    }

    /// The id of a part of a handshake (N4).
    pub fn of_part(group: &GroupId, part: &[u8]) -> Self {
        Self(hash(&[b"parlance/group-part/1", &group.0, part]))
    }
}

/// SHA-256 over the parts, one after the other.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    digest::<Sha256>(parts).into()
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Output<D> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn a_new_epoch_moves_the_mailbox() {
        let account = Account([7; 32]);
        assert_ne!(Mailbox::of(&account, 0), Mailbox::of(&account, 1));
        assert_ne!(Mailbox::of(&account, 0), Mailbox::of(&Account([8; 32]), 0));
    }

    /// N2: the numbers are from another implementation of BLAKE2b, RFC 7693, over the 54 bytes.
    #[test]
    fn a_mailbox_is_the_one_of_the_chain() {
        for (epoch, expected) in [
            (
                0,
                "5be7227d3e528649dbd7701bfa64bc07a1e57d6bb6141a97321a850ba6cc49cc",
            ),
            (
                0x0102_0304,
                "d0ac240cfba07bbc98f5f550ee14b7204edea301f67c1a2ec72ffda80727e2e9",
            ),
        ] {
            let mailbox = Mailbox::of(&Account([0xA1; 32]), epoch);
            assert_eq!(hex::encode(mailbox.0), expected);
        }
    }

    /// N3: as the chain orders 16 bytes, big-endian, so the wire orders 32.
    #[test]
    fn relays_by_name_are_as_near_as_on_the_chain() {
        let mailbox = Mailbox::of(&Account([7; 32]), 3);
        let (place, _) = mailbox.0.split_first_chunk::<16>().unwrap();
        let place = u128::from_be_bytes(*place);
        let mut names: vec::Vec<[u8; 16]> = (0..200u8)
            .map(|n| {
                let mut name = [0; 16];
                name.copy_from_slice(&hash(&[&[n]])[..16]);
                // Close together too.
                if n % 2 == 0 {
                    name[..15].copy_from_slice(&mailbox.0[..15]);
                }
                name
            })
            .collect();
        let mut relays: vec::Vec<RelayId> = names.iter().copied().map(RelayId::of_name).collect();
        names.sort_by_key(|name| u128::from_be_bytes(*name) ^ place);
        relays.sort_by_key(|relay| {
            let mut distance = relay.0;
            for (byte, other) in distance.iter_mut().zip(mailbox.0) {
                *byte ^= other;
            }
            distance
        });
        let ordered: vec::Vec<_> = relays.iter().map(|relay| relay.name().unwrap()).collect();
        assert_eq!(ordered, names);
    }

    /// N5.
    #[test]
    fn what_a_group_keeps_lies_at_its_place() {
        let group = GroupId([9; 32]);
        let (place, posts, parts) = (group.place(), group.posts(), group.parts());
        assert_eq!([place.0[31], posts.0[31], parts.0[31]], [0, 1, 2]);
        assert_eq!(place.0[..31], posts.0[..31]);
        assert_eq!(place.0[..31], parts.0[..31]);
        assert_eq!(place.0[..31], hash(&[b"parlance/group/1", &group.0])[..31]);
        assert_ne!(place, GroupId([8; 32]).place());
    }

    #[test]
    fn a_name_is_16_bytes_and_nothing_after_them() {
        let relay = RelayId::of_name([9; 16]);
        assert_eq!(relay.0[..16], [9; 16]);
        assert_eq!(relay.0[16..], [0; 16]);
        assert_eq!(relay.name(), Some([9; 16]));
        for byte in 16..32 {
            let mut other = relay;
            other.0[byte] = 1;
            assert_eq!(other.name(), None);
        }
        assert_eq!(RelayId([0; 32]).name(), Some([0; 16]));
    }

    #[test]
    fn keys_are_ordered_by_mailbox_then_message() {
        let key = |mailbox, id| Key {
            mailbox: Mailbox([mailbox; 32]),
            id: MessageId([id; 32]),
        };
        assert!(key(1, 9) < key(2, 0));
        assert!(key(1, 1) < key(1, 2));
        assert!(Key::FIRST <= key(0, 0));
    }
}
