//! What waits for a quorum, in memory and within bounds.

use super::write::Waiter;
use crate::{config::Limits, entry::State};
use parlance_bimp::{GroupId, Key, Mailbox, MessageId, RelayId};
use std::{
    collections::{BTreeMap, btree_map::Entry as Place},
    sync::Arc,
};

#[derive(Debug)]
pub(super) struct PendingWrite {
    pub message: Arc<[u8]>,
    pub state: State,
    /// The group whose text it is: only relays of the set count, which judge it (J7).
    pub group: Option<GroupId>,
    /// The set, then stand-ins, and relays that have the message and were of the set.
    pub targets: Vec<RelayId>,
    /// How many of the targets are the set.
    pub members: usize,
    pub quorum: usize,
    pub stored: Vec<RelayId>,
    pub refused: Vec<RelayId>,
    pub waiters: Vec<Waiter>,
    pub answered: bool,
    pub began: u64,
    /// When which target was asked last.
    pub asked: Vec<(RelayId, u64)>,
    /// When it was last looked whether some are to be asked again.
    pub looked: u64,
}

impl PendingWrite {
    /// The set.
    pub fn set(&self) -> &[RelayId] {
        self.targets.get(..self.members).unwrap_or_default()
    }

    /// Who has neither confirmed nor refused the message, and when it was asked last.
    pub fn open(&self) -> impl Iterator<Item = (RelayId, Option<u64>)> {
        let open = self
            .targets
            .iter()
            .filter(move |relay| !self.stored.contains(relay) && !self.refused.contains(relay));
        open.map(move |relay| {
            let asked = self.asked.iter().find(|(it, _)| it == relay);
            (*relay, asked.map(|(_, when)| *when))
        })
    }

    /// A target is asked.
    pub fn ask(&mut self, relay: RelayId, now: u64) {
        match self.asked.iter_mut().find(|(it, _)| *it == relay) {
            Some((_, when)) => *when = now,
            None => self.asked.push((relay, now)),
        }
    }
}

/// A message of pending writes: that of a group is one for all its copies.
#[derive(Debug)]
struct Held {
    message: Arc<[u8]>,
    writes: usize,
}

/// All writes that are not finished.
#[derive(Debug, Default)]
pub(super) struct Writes {
    pending: BTreeMap<Key, PendingWrite>,
    held: BTreeMap<MessageId, Held>,
    bytes: u64,
}

impl Writes {
    /// Whether so many more writes of one message are within the bounds.
    pub fn has_room(&self, more: usize, id: &MessageId, bytes: u64, limits: &Limits) -> bool {
        let bytes = match self.held.contains_key(id) {
            true => 0,
            false => bytes,
        };
        self.pending.len().saturating_add(more) <= limits.writes
            && self.bytes.saturating_add(bytes) <= limits.write_bytes
    }

    pub fn contains(&self, key: &Key) -> bool {
        self.pending.contains_key(key)
    }

    pub fn get(&self, key: &Key) -> Option<&PendingWrite> {
        self.pending.get(key)
    }

    pub fn get_mut(&mut self, key: &Key) -> Option<&mut PendingWrite> {
        self.pending.get_mut(key)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &PendingWrite)> {
        self.pending.iter()
    }

    /// Takes a write in that is not there yet.
    pub fn insert(&mut self, key: Key, mut write: PendingWrite) {
        match self.held.entry(key.id) {
            Place::Occupied(mut place) => {
                let held = place.get_mut();
                held.writes = held.writes.saturating_add(1);
                write.message = held.message.clone();
            }
            Place::Vacant(place) => {
                self.bytes = self.bytes.saturating_add(write.message.len() as u64);
                let message = write.message.clone();
                place.insert(Held { message, writes: 1 });
            }
        }
        self.pending.insert(key, write);
    }

    pub fn remove(&mut self, key: &Key) -> Option<PendingWrite> {
        let write = self.pending.remove(key)?;
        if let Some(held) = self.held.get_mut(&key.id) {
            held.writes = held.writes.saturating_sub(1);
            if held.writes == 0 {
                self.bytes = self.bytes.saturating_sub(held.message.len() as u64);
                self.held.remove(&key.id);
            }
        }
        Some(write)
    }

    /// Whether something is written to a mailbox.
    pub fn is_written(&self, mailbox: &Mailbox) -> bool {
        let first = Key {
            mailbox: *mailbox,
            ..Key::FIRST
        };
        let mut after = self.pending.range(first..);
        after.next().is_some_and(|(key, _)| key.mailbox == *mailbox)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(size: usize) -> PendingWrite {
        PendingWrite {
            message: vec![0; size].into(),
            state: State::default(),
            group: None,
            targets: vec![RelayId([1; 32])],
            members: 1,
            quorum: 1,
            stored: Vec::new(),
            refused: Vec::new(),
            waiters: Vec::new(),
            answered: false,
            began: 0,
            asked: Vec::new(),
            looked: 0,
        }
    }

    fn key(mailbox: u8, id: u8) -> Key {
        Key {
            mailbox: Mailbox([mailbox; 32]),
            id: MessageId([id; 32]),
        }
    }

    #[test]
    fn copies_of_one_message_take_its_memory_once() {
        let limits = Limits {
            writes: 4,
            write_bytes: 1_000,
            ..Limits::default()
        };
        let mut writes = Writes::default();
        for mailbox in 1..=3 {
            writes.insert(key(mailbox, 9), write(600));
        }
        assert_eq!(writes.bytes, 600);
        // One message in three places.
        let messages: Vec<_> = writes.iter().map(|(_, it)| it.message.as_ptr()).collect();
        assert!(messages.windows(2).all(|pair| pair[0] == pair[1]));
        let id = |n| MessageId([n; 32]);
        assert!(writes.has_room(1, &id(9), 600, &limits));
        assert!(writes.has_room(1, &id(8), 400, &limits));
        assert!(!writes.has_room(1, &id(8), 401, &limits));
        assert!(!writes.has_room(2, &id(9), 600, &limits));
        for mailbox in 1..=3 {
            assert!(writes.is_written(&Mailbox([mailbox; 32])));
            assert!(writes.remove(&key(mailbox, 9)).is_some());
            assert!(writes.remove(&key(mailbox, 9)).is_none());
        }
        assert!(!writes.is_written(&Mailbox([1; 32])));
        assert_eq!((writes.bytes, writes.held.len()), (0, 0));
    }
}
