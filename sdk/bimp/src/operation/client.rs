//! What clients ask for.

use crate::{
    bounded::{Bounded, List},
    id::{Account, DeviceNumber, Mailbox, MessageId},
    limits::{MAX_ENVELOPE, MAX_IDS, MAX_PREKEY, MAX_PREKEY_HEAD, MAX_PREKEYS},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};

/// What prekeys are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum PreKeyUse {
    /// A session of two devices.
    #[codec(index = 0)]
    Pairwise,
    /// Being added to a group while away: key packages.
    #[codec(index = 1)]
    Group,
}

/// Publish prekeys (O2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PublishPreKeys {
    /// What for.
    pub usage: PreKeyUse,
    /// The part that stays; replaces the one before.
    pub head: Bounded<MAX_PREKEY_HEAD>,
    /// One-time prekeys, added to those that are left.
    pub one_time: List<Bounded<MAX_PREKEY>, MAX_PREKEYS>,
    /// Throws away those that were left: after the private halves are lost.
    pub anew: bool,
}

/// How many one-time prekeys are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PreKeysLeft {
    /// On this relay.
    pub one_time: u32,
}

/// Fetch prekeys (O2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FetchPreKeys {
    /// Whose.
    pub account: Account,
    /// Which device.
    pub device: DeviceNumber,
    /// What for.
    pub usage: PreKeyUse,
}

/// Prekeys of a device, or none (O2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PreKeys {
    /// What the relay has.
    pub found: Option<Fetched>,
}

/// Prekeys of a device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fetched {
    /// The part that stays.
    pub head: Bounded<MAX_PREKEY_HEAD>,
    /// One for this asker alone, if any were left.
    pub one_time: Option<Bounded<MAX_PREKEY>>,
}

impl Fetched {
    /// The encoding of the pairwise bundle (O2).
    pub fn bundle(&self) -> Vec<u8> {
        let mut bytes = self.head.as_slice().to_vec();
        match &self.one_time {
            None => bytes.push(0),
            Some(prekey) => {
                bytes.push(1);
                bytes.extend_from_slice(prekey.as_slice());
            }
        }
        bytes
    }
}

/// Send (O3).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SendMessage {
    /// An envelope, which names its mailbox.
    pub envelope: Bounded<MAX_ENVELOPE>,
    /// For how long to keep it, milliseconds; 0 for as long as the relay does.
    pub keep: u64,
}

/// The message is safe (O3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Accepted {
    /// Its id.
    pub id: MessageId,
    /// Relays that have it on disk.
    pub relays: u8,
    /// When it will be thrown away.
    pub expires: u64,
}

/// Subscribe (O5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Subscribe {
    /// The own mailbox.
    pub mailbox: Mailbox,
    /// Messages on their way at the same time; 0 for as many as the relay likes.
    pub window: u16,
}

/// Unsubscribe (O5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Unsubscribe {
    /// The own mailbox.
    pub mailbox: Mailbox,
}

/// Sync (O7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SyncCursor {
    /// The own mailbox.
    pub mailbox: Mailbox,
}

/// What waits for a device (O5, O7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Waiting {
    /// Everything up to this position is acknowledged.
    pub cursor: u64,
    /// Messages that this device has not acknowledged.
    pub messages: u32,
    /// Their bytes.
    pub bytes: u64,
    /// When the first of them will be thrown away; 0 if none waits.
    pub next_expiry: u64,
}

/// Some messages of the own mailbox (O6, O8).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OfMailbox {
    /// The own mailbox.
    pub mailbox: Mailbox,
    /// Which.
    pub ids: List<MessageId, MAX_IDS>,
}

/// How many an operation was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Count {
    /// So many.
    pub messages: u32,
}

/// Extend retention (O8).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ExtendRetention {
    /// Which messages.
    pub which: OfMailbox,
    /// Until when.
    pub until: u64,
}

/// They are kept longer (O8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Extended {
    /// So many.
    pub messages: u32,
    /// Until then: earlier than asked if the account may not keep so long.
    pub until: u64,
}

/// Receipt (O10).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// The period.
    pub period: u32,
    /// Bytes of messages to this account alone, delivered to this device in the period so far.
    pub bytes: u64,
    /// Bytes out of the fan-out of groups, as far.
    pub fanned: u64,
    /// Class of the latency, as `pallet-relay` counts it.
    pub latency: u8,
    /// Ed25519 of the device, as `pallet-relay` checks it.
    pub signature: [u8; 64],
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_e2ee::{Bundle, DeviceIdentity, Mode, PreKeyStore};
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    /// O2, with the encryption core's own bundles.
    #[test]
    fn head_and_one_time_prekey_are_a_bundle() {
        for mode in [Mode::Hybrid, Mode::Classical] {
            let mut rng = ChaCha20Rng::seed_from_u64(1);
            let identity = DeviceIdentity::generate(&mut rng);
            let mut store = PreKeyStore::new(mode, 5, &mut rng);
            store.replenish(1, &mut rng);
            let published = store.publish(&identity);
            let mut head = published.bundle(9).to_bytes();
            assert_eq!(head.pop(), Some(0));
            let mut fetched = Fetched {
                head: Bounded::new(head).unwrap(),
                one_time: None,
            };
            let bundle = Bundle::from_bytes(&fetched.bundle()).unwrap();
            assert_eq!(bundle, published.bundle(9));
            let prekey = published.one_time[0].encode();
            fetched.one_time = Some(Bounded::new(prekey).unwrap());
            let bundle = Bundle::from_bytes(&fetched.bundle()).unwrap();
            assert_eq!(bundle, published.bundle(0));
            assert!(bundle.verify(&identity.public(), 0).is_ok());
        }
    }
}
