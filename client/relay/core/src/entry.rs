//! A message in a mailbox, and how two relays' knowledge of it becomes one.
//!
//! - **M1** The *state* of an entry only grows: devices are added to those that have acknowledged, an expiry moves to
//!   later, *mention* and *deleted* are set and stay. Merging two states takes the larger of each part. So it does not matter
//!   in which order, how often and by which way states meet: relays that have seen the same things have the
//!   same state.
//! - **M2** Deleted wins over everything: a deleted entry has no message, no mention and no acknowledgements. It is remembered
//!   until its expiry and the grace are over, so that a relay that has missed the deletion cannot bring it back.
//! - **M3** Of more than [`MAX_DEVICES`] devices the smallest numbers are kept, which keeps M1.
//! - **M4** A text for a group's relays ([`post`](crate::relay::groups)) has no owner to be woken: *mention* says of it that a quorum of them has agreed to
//!   it (J7). So that is merged, kept and told like everything else.

use crate::{config::Clock, digest::Sum};
use codec::{Decode, Encode};
use parlance_bimp::{
    DeviceNumber, Key, bounded::List, id::hash, limits::MAX_DEVICES, operation::Entry as WireEntry,
};

/// What relays merge (M1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct State {
    /// When it is to be thrown away, milliseconds since 1970.
    pub expires: u64,
    /// M2.
    pub deleted: bool,
    /// Wakes its owner; of a text for a group's relays, see M4.
    pub mention: bool,
    /// Rising.
    pub acknowledged: Vec<DeviceNumber>,
}

impl State {
    /// The state that a relay sends.
    pub fn of(entry: &WireEntry) -> Self {
        let mut state = Self {
            expires: entry.expires,
            deleted: entry.deleted,
            mention: entry.mention,
            acknowledged: entry.acknowledged.as_slice().to_vec(),
        };
        state.settle();
        state
    }

    /// What is known of a text when a quorum has agreed to it (M4).
    pub fn agreed() -> Self {
        Self {
            mention: true,
            ..Self::default()
        }
    }

    /// Whether a quorum has agreed to this text (M4).
    pub fn is_agreed(&self) -> bool {
        self.mention
    }

    /// The entry to send, with a message or without.
    pub fn to_wire(&self, key: Key, message: Option<&[u8]>) -> WireEntry {
        WireEntry {
            key,
            expires: self.expires,
            deleted: self.deleted,
            mention: self.mention,
            // Bounded by M3; what was stored was bounded before.
            acknowledged: List::new(self.acknowledged.clone()).unwrap_or_default(),
            message: message.and_then(|bytes| parlance_bimp::Bounded::new(bytes).ok()),
        }
    }

    /// Takes over what the other knows (M1). Whether something was new.
    pub fn merge(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.expires = self.expires.max(other.expires);
        self.deleted |= other.deleted;
        self.mention |= other.mention;
        self.acknowledged.extend_from_slice(&other.acknowledged);
        self.settle();
        *self != before
    }

    /// A device has it. Whether that is new.
    pub fn acknowledge(&mut self, device: DeviceNumber) -> bool {
        self.merge(&Self {
            acknowledged: vec![device],
            ..Self::default()
        })
    }

    fn settle(&mut self) {
        if self.deleted {
            self.mention = false;
            self.acknowledged.clear();
        }
        self.acknowledged.sort_unstable();
        self.acknowledged.dedup();
        self.acknowledged.truncate(MAX_DEVICES);
    }

    /// Whether it is to be thrown away; `grace` as in the timings.
    pub fn is_over(&self, clock: &Clock, grace: u64) -> bool {
        self.expires.saturating_add(grace) <= clock.wall
    }

    /// Rule D1.
    pub fn hash(&self, key: &Key) -> [u8; 32] {
        let mut devices = Vec::with_capacity(self.acknowledged.len().saturating_mul(4));
        for device in &self.acknowledged {
            devices.extend_from_slice(&device.to_le_bytes());
        }
        hash(&[
            b"parlance/entry/1",
            &key.mailbox.0,
            &key.id.0,
            &self.expires.to_le_bytes(),
            &[u8::from(self.deleted), u8::from(self.mention)],
            &devices,
        ])
    }

    /// First eight bytes of the hash: names the state among those of one key.
    pub fn short_hash(&self, key: &Key) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.hash(key)[..8]);
        u64::from_le_bytes(bytes)
    }
}

/// What a relay knows of a message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Where it stands in this relay's queue of the mailbox.
    pub position: u64,
    /// Bytes of the stored message.
    pub size: u32,
    /// What relays merge.
    pub state: State,
}

/// The sum of one entry.
pub fn sum_of(key: &Key, state: &State) -> Sum {
    let mut sum = Sum::default();
    sum.add(&state.hash(key));
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state() -> impl Strategy<Value = State> {
        let devices = prop::collection::vec(0u32..20, 0..8);
        (0u64..5, any::<bool>(), any::<bool>(), devices).prop_map(
            |(expires, deleted, mention, acknowledged)| {
                let mut state = State {
                    expires,
                    // Most are not.
                    deleted: deleted && expires == 0,
                    mention,
                    acknowledged,
                };
                state.settle();
                state
            },
        )
    }

    fn merged(a: &State, b: &State) -> State {
        let mut merged = a.clone();
        assert_eq!(merged.merge(b), merged != *a);
        merged
    }

    proptest! {
        #[test]
        fn merging_is_a_join(a in state(), b in state(), c in state()) {
            prop_assert_eq!(merged(&a, &b), merged(&b, &a));
            prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
            prop_assert_eq!(merged(&a, &a), a);
        }
    }

    #[test]
    fn deleted_wins_and_is_not_undone() {
        let mut deleted = State {
            deleted: true,
            expires: 5,
            ..State::default()
        };
        assert!(!deleted.acknowledge(1));
        let live = State {
            expires: 4,
            mention: true,
            acknowledged: vec![1, 2],
            ..State::default()
        };
        assert!(!deleted.merge(&live));
        assert!(merged(&live, &deleted).deleted);
    }
}
