//! Batches: what waits for the disk (rules B1-B3).

use super::Relay;
use crate::{
    config::Clock,
    effect::Asker,
    entry::State,
    storage::{Batch, Body, GroupRow, PreKeyOwner, Storage, StorageError, Write},
};
use parlance_bimp::{Answer, GroupId, GroupVoted, Key, Mailbox, OfMailbox, Reason};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// For how long a relay with a full disk refuses messages (G6), milliseconds.
const FULL: u64 = 1_000;

/// What the next batch will hold.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// Entries that have changed, with the message where it is new.
    keys: BTreeMap<Key, Option<Arc<[u8]>>>,
    /// Entries whose change the other members of the set are to hear of.
    pub spread: BTreeSet<Key>,
    pub prekeys: Vec<Write>,
    /// Whose prekeys change.
    pub owners: BTreeSet<PreKeyOwner>,
    /// Who publishes: what the disk has of these is not what is valid.
    pub publishers: BTreeSet<PreKeyOwner>,
    /// Rows of groups; none removes one.
    groups: BTreeMap<(GroupId, GroupRow), Option<Vec<u8>>>,
    /// Votes of this relay to attempts of its own: counted when they are on disk (P6).
    votes: Vec<GroupVoted>,
    /// Answers that promise what the batch holds.
    gated: Vec<Gated>,
}

/// An answer that waits for the disk.
#[derive(Debug)]
struct Gated {
    to: Asker,
    answer: Answer,
    /// What its owner has changed, if that is all that it promises.
    own: Option<OfMailbox>,
}

impl Stage {
    /// An entry has changed. `message`, if it is new.
    pub fn touch(&mut self, key: Key, message: Option<Arc<[u8]>>) {
        let place = self.keys.entry(key).or_default();
        if message.is_some() {
            *place = message;
        }
    }

    /// Whether the entry's message waits here.
    pub fn is_fresh(&self, key: &Key) -> bool {
        self.keys.get(key).is_some_and(Option::is_some)
    }

    /// A row of a group changes, or goes.
    pub fn put_group(&mut self, group: GroupId, row: GroupRow, bytes: Option<Vec<u8>>) {
        self.groups.insert((group, row), bytes);
    }

    /// The relay votes for itself.
    pub fn vote(&mut self, voted: GroupVoted) {
        self.votes.push(voted);
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.prekeys.is_empty() && self.groups.is_empty()
    }
}

/// A batch that the host is writing.
#[derive(Debug)]
pub(super) struct InFlight {
    number: u64,
    keys: BTreeSet<Key>,
    /// Those whose message is in it.
    pub fresh: BTreeSet<Key>,
    spread: BTreeSet<Key>,
    owners: BTreeSet<PreKeyOwner>,
    pub publishers: BTreeSet<PreKeyOwner>,
    groups: BTreeSet<GroupId>,
    votes: Vec<GroupVoted>,
    gated: Vec<Gated>,
}

/// What owners have changed in a batch that had no room (B3).
#[derive(Debug, Default)]
struct Again {
    states: Vec<(Key, State)>,
    gated: Vec<Gated>,
}

impl Relay {
    /// Answers when everything so far is on disk.
    pub(super) fn answer_durably(&mut self, to: Asker, answer: Answer) {
        self.gate(to, answer, None);
    }

    /// The same for an answer that promises nothing but what an owner has changed.
    pub(super) fn answer_owner(&mut self, to: Asker, answer: Answer, own: &OfMailbox) {
        self.gate(to, answer, Some(own));
    }

    fn gate(&mut self, to: Asker, answer: Answer, own: Option<&OfMailbox>) {
        if self.stage.is_empty() && self.in_flight.is_none() {
            return self.answer(to, answer);
        }
        let own = own.cloned();
        self.stage.gated.push(Gated { to, answer, own });
    }

    /// Ends a round of inputs: messages for other relays become effects, changes a batch. No batch while the one before is
    /// being written.
    pub fn flush(&mut self, storage: &dyn Storage) -> Option<Batch> {
        self.serve_prekeys(storage);
        self.serve_groups(storage);
        self.post(storage);
        if self.in_flight.is_some() {
            return None;
        }
        if self.stage.is_empty() {
            self.release();
            return None;
        }
        let stage = std::mem::take(&mut self.stage);
        self.batches = self.batches.saturating_add(1);
        let mut writes = Vec::with_capacity(stage.keys.len().saturating_add(stage.prekeys.len()));
        let (mut keys, mut fresh) = (BTreeSet::new(), BTreeSet::new());
        for (key, message) in stage.keys {
            keys.insert(key);
            let entry = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
            writes.push(match entry {
                None => Write::Remove { key },
                Some(entry) => Write::Put {
                    key,
                    entry: entry.clone(),
                    body: match message {
                        _ if entry.state.deleted => Body::Remove,
                        None => Body::Keep,
                        Some(message) => {
                            fresh.insert(key);
                            Body::Set(message)
                        }
                    },
                },
            });
        }
        writes.extend(stage.prekeys);
        let mut groups = BTreeSet::new();
        for ((group, row), bytes) in stage.groups {
            groups.insert(group);
            writes.push(match bytes {
                Some(bytes) => Write::PutGroup { group, row, bytes },
                None => Write::RemoveGroup { group, row },
            });
        }
        self.in_flight = Some(InFlight {
            number: self.batches,
            keys,
            fresh,
            spread: stage.spread,
            owners: stage.owners,
            publishers: stage.publishers,
            groups,
            votes: stage.votes,
            gated: stage.gated,
        });
        Some(Batch {
            number: self.batches,
            writes,
        })
    }

    /// Answers that waited for nothing but the batch before.
    fn release(&mut self) {
        for gated in std::mem::take(&mut self.stage.gated) {
            self.answer(gated.to, gated.answer);
        }
        for voted in std::mem::take(&mut self.stage.votes) {
            self.take_vote(self.me, voted);
        }
        let spread = std::mem::take(&mut self.stage.spread);
        self.spread(spread);
    }

    /// A batch is on disk, or is not and never will be. An error is the end of the relay: its memory and its disk disagree.
    pub fn committed(
        &mut self,
        clock: Clock,
        number: u64,
        result: Result<(), StorageError>,
        storage: &dyn Storage,
    ) -> Result<(), StorageError> {
        self.clock = clock;
        if self.in_flight.as_ref().map(|batch| batch.number) != Some(number) {
            return Ok(());
        }
        let Some(batch) = self.in_flight.take() else {
            return Ok(());
        };
        if let Err(error) = result {
            return self.fail(batch, &error, storage);
        }
        for gated in batch.gated {
            self.answer(gated.to, gated.answer);
        }
        for key in &batch.fresh {
            self.stored_at(self.me, key);
        }
        for voted in batch.votes {
            self.take_vote(self.me, voted);
        }
        self.spread(batch.spread);
        let mailboxes: BTreeSet<Mailbox> = batch.keys.iter().map(|key| key.mailbox).collect();
        for mailbox in mailboxes {
            self.pump(&mailbox);
            self.owes_now(&mailbox);
        }
        if self.stage.is_empty() {
            self.release();
        }
        Ok(())
    }

    /// B3: also for what was staged since, which may build on it.
    fn fail(
        &mut self,
        batch: InFlight,
        error: &StorageError,
        storage: &dyn Storage,
    ) -> Result<(), StorageError> {
        self.counters.failed_batches = self.counters.failed_batches.saturating_add(1);
        let reason = match error {
            StorageError::Full => Reason::DiskFull,
            StorageError::Failed(_) => Reason::Internal,
        };
        self.full_until = self.clock.steady.saturating_add(FULL);
        let mut stage = std::mem::take(&mut self.stage);
        let mut fresh = batch.fresh;
        let staged = stage.keys.iter().filter(|(_, message)| message.is_some());
        fresh.extend(staged.map(|(key, _)| *key));
        let keys: BTreeSet<Key> = batch
            .keys
            .into_iter()
            .chain(stage.keys.into_keys())
            .collect();
        let mut gated = batch.gated;
        gated.append(&mut stage.gated);
        // Without messages it is the changes themselves that there is no room for.
        let again = match error {
            StorageError::Full if !fresh.is_empty() => self.again(&keys, &fresh, &mut gated),
            _ => Again::default(),
        };
        for gated in gated {
            self.refuse_for(gated.to, reason, FULL);
        }
        for key in &fresh {
            self.failed_here(key, reason);
        }
        let mailboxes: BTreeSet<Mailbox> = keys.iter().map(|key| key.mailbox).collect();
        for mailbox in &mailboxes {
            self.reload(mailbox, storage)?;
        }
        for (key, state) in again.states {
            if self.merge(&key, &state) {
                self.stage.spread.insert(key);
            }
        }
        self.stage.gated.extend(again.gated);
        for mailbox in &mailboxes {
            self.rewind(mailbox);
        }
        if !batch.owners.is_empty() || !stage.owners.is_empty() {
            self.prekeys.reload(storage)?;
        }
        let staged = stage.groups.into_keys().map(|(group, _)| group);
        let groups: BTreeSet<GroupId> = batch.groups.into_iter().chain(staged).collect();
        for group in &groups {
            self.reload_group(group, storage)?;
        }
        Ok(())
    }

    /// Takes what owners have changed out of a batch that had no room, as it is in memory: states only grow, so it can be
    /// merged into what is on disk.
    fn again(&self, keys: &BTreeSet<Key>, fresh: &BTreeSet<Key>, gated: &mut Vec<Gated>) -> Again {
        let old = keys.iter().filter(|key| !fresh.contains(key));
        let states = old.filter_map(|key| {
            let entry = self.boxes.get(&key.mailbox)?.get(&key.id)?;
            Some((*key, entry.state.clone()))
        });
        let states = states.collect();
        // An acknowledgement of a message that is lost with the batch promises nothing any more.
        let holds = |gated: &Gated| {
            gated.own.as_ref().is_some_and(|own| {
                let mailbox = own.mailbox;
                let mut ids = own.ids.as_slice().iter();
                ids.all(|id| !fresh.contains(&Key { mailbox, id: *id }))
            })
        };
        let (kept, refused) = std::mem::take(gated).into_iter().partition(holds);
        *gated = refused;
        Again {
            states,
            gated: kept,
        }
    }

    /// Tells the other members of the sets what has changed.
    fn spread(&mut self, keys: BTreeSet<Key>) {
        for key in keys {
            let Some(state) = self.boxes.get(&key.mailbox) else {
                continue;
            };
            let Some(entry) = state.get(&key.id) else {
                continue;
            };
            for relay in state.set.iter().filter(|relay| **relay != self.me) {
                self.outbox.tell(*relay, key, &entry.state);
            }
        }
    }
}
