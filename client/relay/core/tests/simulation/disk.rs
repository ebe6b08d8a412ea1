//! Disks that fill, that are lost, and that lie.

use parlance_bimp::{GroupId, Key, Mailbox};
use parlance_relay_core::{
    Batch, Body, Entry, GroupRow, PreKeyOwner, Storage, StorageError, Write,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

#[derive(Clone, Default)]
struct Content {
    entries: BTreeMap<Key, Entry>,
    messages: BTreeMap<Key, Arc<[u8]>>,
    heads: BTreeMap<PreKeyOwner, Vec<u8>>,
    prekeys: BTreeMap<(PreKeyOwner, u64), Vec<u8>>,
    groups: BTreeMap<(GroupId, GroupRow), Vec<u8>>,
}

impl Content {
    fn apply(&mut self, batch: &Batch) {
        for write in &batch.writes {
            match write.clone() {
                Write::Put { key, entry, body } => {
                    self.entries.insert(key, entry);
                    match body {
                        Body::Keep => {}
                        Body::Set(message) => drop(self.messages.insert(key, message)),
                        Body::Remove => drop(self.messages.remove(&key)),
                    }
                }
                Write::Remove { key } => {
                    self.entries.remove(&key);
                    self.messages.remove(&key);
                }
                Write::PutHead { owner, head } => drop(self.heads.insert(owner, head)),
                Write::PutPreKey {
                    owner,
                    number,
                    prekey,
                } => drop(self.prekeys.insert((owner, number), prekey)),
                Write::RemovePreKey { owner, number } => {
                    self.prekeys.remove(&(owner, number));
                }
                Write::PutGroup { group, row, bytes } => {
                    self.groups.insert((group, row), bytes);
                }
                Write::RemoveGroup { group, row } => {
                    self.groups.remove(&(group, row));
                }
            }
        }
    }
}

/// The disk of one relay.
#[derive(Default)]
pub struct Disk {
    view: Content,
    pub full: bool,
    /// Says that a batch is on disk before it is: [`Disk::catch_up`] writes it.
    lies: bool,
    durable: Content,
    unwritten: VecDeque<Batch>,
    pub commits: u64,
}

impl Disk {
    pub fn new(lies: bool) -> Self {
        Self {
            lies,
            ..Self::default()
        }
    }

    /// The power fails.
    pub fn crash(&mut self) {
        if self.lies {
            self.unwritten.clear();
            self.view = self.durable.clone();
        }
    }

    /// A lying disk writes what it said it had written, up to this batch.
    pub fn catch_up(&mut self, number: u64) {
        while self
            .unwritten
            .front()
            .is_some_and(|batch| batch.number <= number)
        {
            if let Some(batch) = self.unwritten.pop_front() {
                self.durable.apply(&batch);
            }
        }
    }

    /// The disk is replaced by an empty one.
    pub fn lose(&mut self) {
        *self = Self::new(self.lies);
    }
}

impl Storage for Disk {
    fn commit_durable(&mut self, batch: &Batch) -> Result<(), StorageError> {
        let grows = |write: &Write| {
            matches!(
                write,
                Write::Put {
                    body: Body::Set(_),
                    ..
                }
            )
        };
        if self.full && batch.writes.iter().any(grows) {
            return Err(StorageError::Full);
        }
        self.commits += 1;
        self.view.apply(batch);
        if self.lies {
            self.unwritten.push_back(batch.clone());
        }
        Ok(())
    }

    fn message(&self, key: &Key) -> Result<Option<Arc<[u8]>>, StorageError> {
        Ok(self.view.messages.get(key).cloned())
    }

    fn entries(&self, mailbox: &Mailbox) -> Result<Vec<(Key, Entry)>, StorageError> {
        let first = Key {
            mailbox: *mailbox,
            ..Key::FIRST
        };
        let of_mailbox = self.view.entries.range(first..);
        Ok(of_mailbox
            .take_while(|(key, _)| key.mailbox == *mailbox)
            .map(|(key, entry)| (*key, entry.clone()))
            .collect())
    }

    fn mailboxes(&self) -> Result<Vec<Mailbox>, StorageError> {
        let mut mailboxes: Vec<Mailbox> = self.view.entries.keys().map(|key| key.mailbox).collect();
        mailboxes.dedup();
        Ok(mailboxes)
    }

    fn head(&self, owner: &PreKeyOwner) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.view.heads.get(owner).cloned())
    }

    fn prekey(&self, owner: &PreKeyOwner, number: u64) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.view.prekeys.get(&(*owner, number)).cloned())
    }

    fn prekey_owners(&self) -> Result<Vec<(PreKeyOwner, Vec<u64>)>, StorageError> {
        let numbers = |owner: &PreKeyOwner| {
            let of_owner = self.view.prekeys.range((*owner, 0)..=(*owner, u64::MAX));
            of_owner.map(|((_, number), _)| *number).collect()
        };
        let owners = self.view.heads.keys();
        Ok(owners.map(|owner| (*owner, numbers(owner))).collect())
    }

    fn groups(&self) -> Result<Vec<GroupId>, StorageError> {
        let mut groups: Vec<GroupId> = self.view.groups.keys().map(|(group, _)| *group).collect();
        groups.dedup();
        Ok(groups)
    }

    fn group(&self, group: &GroupId) -> Result<Vec<(GroupRow, Vec<u8>)>, StorageError> {
        let rows = self.view.groups.range((*group, GroupRow::Base)..);
        let of_group = rows.take_while(|((id, _), _)| id == group);
        Ok(of_group
            .map(|((_, row), bytes)| (*row, bytes.clone()))
            .collect())
    }
}
