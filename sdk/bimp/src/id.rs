//! Names: who and what an operation is about, and how each is computed.
//!
//! - **N1** Every name has 32 bytes. Hashes are SHA-256 over a domain text that no other use has, then the
//!   parts without lengths or padding; integers are little-endian.
//! - **N2** The *mailbox* of an account: `"parlance/mailbox/1"`, account, mailbox epoch (4 bytes). Whoever knows
//!   the account knows the mailbox; a relay that is shown a mailbox cannot tell the account.
//! - **N3** The *relay* is where it stands in the space of mailboxes; which relays there are, the chain says.
//! - **N4** The *message* id of an envelope: `"parlance/message/1"`, mailbox, sealed part. The ticket is not in it,
//!   because relays replace it. Of a group's message: `"parlance/group-message/1"`, group, ciphertext. Ids
//!   are computed, never chosen: sending twice is sending once, and nobody can take a message's place
//!   by sending something else under its id.

use codec::{Decode, Encode};
use core::fmt;
use sha2::{Digest, Sha256};

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
    /// A group: the account that it is on the chain.
    GroupId
    /// Where a presence record lies; only contacts can compute it.
    PresenceKey
}

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
        Self(hash(&[
            b"parlance/mailbox/1",
            &account.0,
            &epoch.to_le_bytes(),
        ]))
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
}

/// SHA-256 over the parts, one after the other.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_epoch_moves_the_mailbox() {
        let account = Account([7; 32]);
        assert_ne!(Mailbox::of(&account, 0), Mailbox::of(&account, 1));
        assert_ne!(Mailbox::of(&account, 0), Mailbox::of(&Account([8; 32]), 0));
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
