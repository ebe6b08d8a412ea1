//! Messages that went to the disk a moment ago: who is there when one comes gets it from here.
//!
//! Others hold them weakly: they take no memory beyond the bounds of this, and what is forgotten or deleted is read from the disk, or is not
//! there.

use parlance_bimp::Key;
use parlance_relay_core::{Batch, Body, Write};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Weak},
};

/// Bytes of messages that are remembered, and how many messages.
const MOST_BYTES: usize = 8 << 20;
const MOST: usize = 16_384;

/// The last messages.
#[derive(Debug, Default)]
pub(super) struct Recent {
    messages: HashMap<Key, Arc<[u8]>>,
    /// Oldest first, with those that were deleted since.
    order: VecDeque<Key>,
    bytes: usize,
}

impl Recent {
    /// What a batch brings, and what it deletes.
    pub fn take(&mut self, batch: &Batch) {
        for write in &batch.writes {
            match write {
                Write::Put {
                    key,
                    body: Body::Set(message),
                    ..
                } => self.add(*key, message),
                Write::Put {
                    key,
                    body: Body::Remove,
                    ..
                }
                | Write::Remove { key } => self.remove(key),
                _ => {}
            }
        }
    }

    /// A message, if it is remembered.
    pub fn get(&self, key: &Key) -> Option<Weak<[u8]>> {
        self.messages.get(key).map(Arc::downgrade)
    }

    fn add(&mut self, key: Key, message: &Arc<[u8]>) {
        self.remove(&key);
        self.bytes = self.bytes.saturating_add(message.len());
        self.messages.insert(key, message.clone());
        self.order.push_back(key);
        while self.bytes > MOST_BYTES || self.order.len() > MOST {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(message) = self.messages.remove(key) {
            self.bytes = self.bytes.saturating_sub(message.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_bimp::{Mailbox, MessageId};
    use parlance_relay_core::{Entry, State};

    fn key(n: usize) -> Key {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&n.to_le_bytes());
        Key {
            mailbox: Mailbox([1; 32]),
            id: MessageId(id),
        }
    }

    fn batch(bodies: impl Iterator<Item = (usize, Body)>) -> Batch {
        let entry = Entry {
            position: 1,
            size: 1,
            state: State::default(),
        };
        let writes = bodies.map(|(n, body)| Write::Put {
            key: key(n),
            entry: entry.clone(),
            body,
        });
        Batch {
            number: 1,
            writes: writes.collect(),
        }
    }

    fn set(size: usize) -> Body {
        Body::Set(vec![0; size].into())
    }

    #[test]
    fn what_is_deleted_or_old_is_forgotten_by_everybody() {
        let mut recent = Recent::default();
        let large = MOST_BYTES / 4;
        recent.take(&batch((0..4).map(|n| (n, set(large)))));
        let held: Vec<_> = (0..4).map(|n| recent.get(&key(n)).unwrap()).collect();
        recent.take(&batch([(1, Body::Remove), (2, Body::Keep)].into_iter()));
        let there = |held: &[Weak<[u8]>]| -> Vec<bool> {
            held.iter().map(|it| it.upgrade().is_some()).collect()
        };
        assert_eq!(there(&held), [true, false, true, true]);
        recent.take(&batch((4..6).map(|n| (n, set(large)))));
        assert_eq!(there(&held), [false, false, true, true]);
        assert!(recent.get(&key(5)).is_some() && recent.get(&key(0)).is_none());
    }

    #[test]
    fn bounds_hold_however_small_messages_are() {
        let mut recent = Recent::default();
        for n in 0..MOST + 100 {
            recent.take(&batch([(n, set(1))].into_iter()));
            recent.take(&batch([(n / 2, Body::Remove)].into_iter()));
        }
        assert!(recent.order.len() <= MOST && recent.messages.len() <= MOST);
        assert_eq!(recent.bytes, recent.messages.len());
    }
}
