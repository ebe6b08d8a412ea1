//! The queue of one mailbox.
//!
//! - **K1** Messages stand in the order in which this relay got them, by *position*. A device's *cursor* is the position up to which
//!   it has acknowledged everything; it moves over what was deleted or has expired.
//! - **K2** An entry is *complete* when every device on the account's record has acknowledged it. Then it is deleted. As long as the
//!   record is unknown here nothing is complete; the deletion comes from a relay that knows it.
//! - **K3** Removing the device that was missing completes what waited for it alone. A new device gets what still waits.

use crate::{
    digest::Sum,
    entry::{Entry, State, sum_of},
};
use parlance_bimp::{DeviceNumber, Key, Mailbox, MessageId, RelayId, Waiting};
use std::collections::BTreeMap;

/// What the chain says of a mailbox's owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The devices on the record.
    pub devices: Vec<DeviceNumber>,
    /// For how long the owner may keep messages, milliseconds from now.
    pub longest: u64,
}

/// A mailbox in memory: everything but the messages themselves.
#[derive(Clone, Debug)]
pub struct MailboxState {
    mailbox: Mailbox,
    /// The set, nearest first; of the present routing table.
    pub set: Vec<RelayId>,
    /// The owner's record, once it is known.
    pub owner: Option<Owner>,
    /// Connections that are subscribed.
    pub subscribers: Vec<u64>,
    entries: BTreeMap<MessageId, Entry>,
    /// Entries that are not deleted.
    queue: BTreeMap<u64, MessageId>,
    cursors: BTreeMap<DeviceNumber, u64>,
    next: u64,
    bytes: u64,
    sum: Sum,
    /// When something in it changed last, by the steady clock.
    pub changed: u64,
    /// When it was last compared in parts although it was changing (rule Y5).
    pub compared: u64,
}

impl MailboxState {
    /// An empty mailbox.
    pub fn new(mailbox: Mailbox, set: Vec<RelayId>) -> Self {
        Self {
            mailbox,
            set,
            owner: None,
            subscribers: Vec::new(),
            entries: BTreeMap::new(),
            queue: BTreeMap::new(),
            cursors: BTreeMap::new(),
            next: 1,
            bytes: 0,
            sum: Sum::default(),
            changed: 0,
            compared: 0,
        }
    }

    fn key(&self, id: MessageId) -> Key {
        Key {
            mailbox: self.mailbox,
            id,
        }
    }

    /// Puts what is on disk into an empty mailbox.
    pub fn load(&mut self, entries: Vec<(Key, Entry)>) {
        for (key, entry) in entries {
            self.next = self.next.max(entry.position.saturating_add(1));
            self.put(key.id, entry);
        }
    }

    fn put(&mut self, id: MessageId, entry: Entry) {
        self.sum.add(&entry.state.hash(&self.key(id)));
        if !entry.state.deleted {
            self.queue.insert(entry.position, id);
            self.bytes = self.bytes.saturating_add(u64::from(entry.size));
        }
        self.entries.insert(id, entry);
    }

    /// A message, or the news that one was deleted, comes for the first time.
    pub fn insert(&mut self, id: MessageId, state: State, size: u32) {
        let entry = Entry {
            position: self.next,
            size: if state.deleted { 0 } else { size },
            state,
        };
        self.next = self.next.saturating_add(1);
        self.put(id, entry);
    }

    /// Takes over what is known elsewhere. Whether something was new.
    pub fn merge(&mut self, id: &MessageId, other: &State) -> bool {
        let key = self.key(*id);
        let Some(entry) = self.entries.get_mut(id) else {
            return false;
        };
        let (before, was_deleted) = (entry.state.hash(&key), entry.state.deleted);
        if !entry.state.merge(other) {
            return false;
        }
        let after = entry.state.hash(&key);
        self.sum.subtract(&before);
        self.sum.add(&after);
        if entry.state.deleted && !was_deleted {
            self.bytes = self.bytes.saturating_sub(u64::from(entry.size));
            entry.size = 0;
            self.queue.remove(&entry.position);
        }
        true
    }

    /// Forgets an entry.
    pub fn remove(&mut self, id: &MessageId) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.sum.subtract(&entry.state.hash(&self.key(*id)));
        if self.queue.remove(&entry.position).is_some() {
            self.bytes = self.bytes.saturating_sub(u64::from(entry.size));
        }
        Some(entry)
    }

    /// An entry.
    pub fn get(&self, id: &MessageId) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// All entries by id.
    pub fn entries(&self) -> &BTreeMap<MessageId, Entry> {
        &self.entries
    }

    /// K2.
    pub fn is_complete(&self, id: &MessageId) -> bool {
        let Some((owner, entry)) = self.owner.as_ref().zip(self.entries.get(id)) else {
            return false;
        };
        let has = &entry.state.acknowledged;
        !entry.state.deleted
            && !owner.devices.is_empty()
            && owner.devices.iter().all(|device| has.contains(device))
    }

    /// Entries that are complete and not yet deleted.
    pub fn complete(&self) -> Vec<MessageId> {
        let ids = self.queue.values();
        ids.filter(|id| self.is_complete(id)).copied().collect()
    }

    /// Entries that are not deleted, oldest first.
    pub fn undeleted(&self) -> impl Iterator<Item = &MessageId> {
        self.queue.values()
    }

    /// Messages that wait.
    pub fn messages(&self) -> u64 {
        self.queue.len() as u64
    }

    /// Their bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Rule D2, of the whole mailbox.
    pub fn sum(&self) -> &Sum {
        &self.sum
    }

    /// Rule D2, of the ids from `from` to before `to`.
    pub fn sum_of_range(&self, from: &MessageId, to: Option<&MessageId>) -> Sum {
        let mut sum = Sum::default();
        for (id, entry) in self.range(from, to) {
            sum.combine(&sum_of(&self.key(*id), &entry.state));
        }
        sum
    }

    /// Entries from `from` to before `to`.
    pub fn range<'a>(
        &'a self,
        from: &MessageId,
        to: Option<&'a MessageId>,
    ) -> impl Iterator<Item = (&'a MessageId, &'a Entry)> + use<'a> {
        self.entries
            .range(*from..)
            .take_while(move |(id, _)| to.is_none_or(|to| *id < to))
    }

    /// Whether nothing is left to keep in memory.
    pub fn is_idle(&self) -> bool {
        self.entries.is_empty() && self.subscribers.is_empty()
    }

    /// Moves a device's cursor as far as it goes (K1) and returns it.
    pub fn cursor(&mut self, device: DeviceNumber) -> u64 {
        let mut cursor = self.cursors.get(&device).copied().unwrap_or(0);
        let mut waits = false;
        for (position, id) in self.queue.range(cursor.saturating_add(1)..) {
            let acknowledged = self
                .entries
                .get(id)
                .is_some_and(|entry| entry.state.acknowledged.contains(&device));
            if !acknowledged {
                cursor = position.saturating_sub(1);
                waits = true;
                break;
            }
        }
        if !waits {
            cursor = self.next.saturating_sub(1);
        }
        self.cursors.insert(device, cursor);
        cursor
    }

    /// What a device has not acknowledged, from a position on, oldest first.
    pub fn waiting_for(
        &self,
        device: DeviceNumber,
        from: u64,
    ) -> impl Iterator<Item = (MessageId, &Entry)> {
        self.queue.range(from..).filter_map(move |(_, id)| {
            let entry = self.entries.get(id)?;
            (!entry.state.acknowledged.contains(&device)).then_some((*id, entry))
        })
    }

    /// What waits for a device.
    pub fn waiting(&mut self, device: DeviceNumber) -> Waiting {
        let mut waiting = Waiting {
            cursor: self.cursor(device),
            ..Waiting::default()
        };
        let from = waiting.cursor.saturating_add(1);
        for (_, entry) in self.waiting_for(device, from) {
            waiting.messages = waiting.messages.saturating_add(1);
            waiting.bytes = waiting.bytes.saturating_add(u64::from(entry.size));
            if waiting.next_expiry == 0 || entry.state.expires < waiting.next_expiry {
                waiting.next_expiry = entry.state.expires;
            }
        }
        waiting
    }

    /// Forgets cursors of devices that are gone.
    pub fn set_owner(&mut self, owner: Owner) {
        self.cursors
            .retain(|device, _| owner.devices.contains(device));
        self.owner = Some(owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(devices: &[DeviceNumber]) -> MailboxState {
        let mut state = MailboxState::new(Mailbox([1; 32]), vec![]);
        state.set_owner(Owner {
            devices: devices.to_vec(),
            longest: 0,
        });
        for n in 1..=4 {
            state.insert(id(n), State::default(), 100);
        }
        state
    }

    fn id(n: u8) -> MessageId {
        MessageId([n; 32])
    }

    fn acknowledge(state: &mut MailboxState, n: u8, device: DeviceNumber) {
        let news = State {
            acknowledged: vec![device],
            ..State::default()
        };
        assert!(state.merge(&id(n), &news));
    }

    #[test]
    fn each_device_has_its_cursor() {
        let mut state = mailbox(&[0, 1]);
        acknowledge(&mut state, 1, 0);
        acknowledge(&mut state, 3, 0);
        assert_eq!((state.cursor(0), state.cursor(1)), (1, 0));
        acknowledge(&mut state, 2, 0);
        assert_eq!((state.cursor(0), state.cursor(1)), (3, 0));
        let waiting = state.waiting(1);
        assert_eq!((waiting.messages, waiting.bytes), (4, 400));
        let ids: Vec<_> = state.waiting_for(0, 1).map(|(id, _)| id).collect();
        assert_eq!(ids, [id(4)]);
    }

    #[test]
    fn an_entry_is_complete_when_every_device_has_it() {
        let mut state = mailbox(&[0, 1]);
        acknowledge(&mut state, 1, 0);
        assert!(state.complete().is_empty());
        acknowledge(&mut state, 1, 1);
        acknowledge(&mut state, 2, 0);
        assert_eq!(state.complete(), [id(1)]);
        // K3.
        state.set_owner(Owner {
            devices: vec![0],
            longest: 0,
        });
        assert_eq!(state.complete(), [id(1), id(2)]);
        let deleted = State {
            deleted: true,
            ..State::default()
        };
        assert!(state.merge(&id(1), &deleted));
        assert_eq!((state.messages(), state.bytes()), (3, 300));
        assert_eq!(state.complete(), [id(2)]);
    }

    #[test]
    fn the_sum_is_that_of_what_is_there() {
        let mut state = mailbox(&[0]);
        acknowledge(&mut state, 2, 0);
        state.remove(&id(3));
        assert_eq!(*state.sum(), state.sum_of_range(&id(0), None));
        let mut parts = state.sum_of_range(&id(0), Some(&id(2)));
        parts.combine(&state.sum_of_range(&id(2), None));
        assert_eq!(parts, *state.sum());
        let mut again = MailboxState::new(Mailbox([1; 32]), vec![]);
        let entries = state.entries().iter();
        again.load(
            entries
                .map(|(id, entry)| (state.key(*id), entry.clone()))
                .collect(),
        );
        assert_eq!(again.sum(), state.sum());
        assert_eq!(again.messages(), 3);
    }
}
