//! Copies for all members (J3).

use super::{Relay, post::copy_of};
use crate::{
    entry::State,
    relay::{keep::Kept, write::Waiter},
    storage::Storage,
};
use codec::DecodeAll;
use parlance_bimp::{GroupId, Key, Mailbox, Message, MessageId, RelayId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Texts of one group that are looked at in one tick.
const AT_ONCE: usize = 256;
/// The first pause before mailboxes are tried again, and the longest, milliseconds.
const PAUSE: u64 = 1_000;
const LONGEST: u64 = 60_000;
/// Before writes are tried again for which there was no room here, milliseconds.
const CROWDED: u64 = 100;

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Copied {
    /// A quorum has it.
    Safe,
    /// It is to be tried again.
    Not,
}

/// The copies of one text.
#[derive(Debug)]
struct Job {
    post: Key,
    group: GroupId,
    /// Of the copies.
    id: MessageId,
    message: Arc<[u8]>,
    expires: u64,
    everybody: bool,
    mentioned: BTreeSet<Mailbox>,
    /// Whose copy is to be written, and who gets it when it is decided whose are missing.
    todo: Vec<Mailbox>,
    missing: Vec<Mailbox>,
    open: usize,
    next: u64,
    pause: u64,
}

/// All copies that a relay writes.
#[derive(Debug, Default)]
pub(super) struct Copies {
    jobs: BTreeMap<u64, Job>,
    numbers: BTreeMap<Key, u64>,
    last: u64,
    /// Groups with texts whose copies are owed, by the mailbox of the texts.
    owing: BTreeMap<Mailbox, GroupId>,
    /// Texts that are to be read from the disk: to be copied, or because nothing is known of an agreement.
    reading: BTreeSet<Key>,
}

impl Copies {
    pub fn forget(&mut self, group: &GroupId) {
        self.owing.remove(&group.posts());
    }

    pub fn read(&mut self, key: Key) {
        self.reading.insert(key);
    }

    fn open(&mut self, job: Job) -> u64 {
        self.last = self.last.saturating_add(1);
        self.numbers.insert(job.post, self.last);
        self.jobs.insert(self.last, job);
        self.last
    }

    fn close(&mut self, number: u64) -> Option<Job> {
        let job = self.jobs.remove(&number)?;
        self.numbers.remove(&job.post);
        Some(job)
    }
}

impl Relay {
    /// There may be texts of a group whose copies are owed.
    pub(super) fn owe(&mut self, id: &GroupId) {
        if self.orders.seats.contains_key(id) {
            self.orders.copies.owing.insert(id.posts(), *id);
        }
    }

    /// A message was kept that may be such a text.
    pub(in crate::relay) fn owe_for(&mut self, message: &Message) {
        if let Message::Post(post) = message {
            self.owe(&post.group);
        }
    }

    /// Texts whose copies this relay is writing, for tests and for showing.
    pub fn copying(&self) -> usize {
        self.orders.copies.jobs.len()
    }

    /// Something was put on disk there: texts whose copies are owed, if it is a group's.
    pub(in crate::relay) fn owes_now(&mut self, mailbox: &Mailbox) {
        if self.orders.copies.owing.contains_key(mailbox) {
            self.find_posts(mailbox);
        }
    }

    /// Texts that this relay is to copy become jobs, and jobs go on.
    pub(in crate::relay) fn tick_copies(&mut self) {
        self.tick_doubts();
        let owing = &self.orders.copies.owing;
        let owing: Vec<Mailbox> = owing.keys().copied().collect();
        for mailbox in owing {
            self.find_posts(&mailbox);
        }
        let now = self.clock.steady;
        let jobs = self.orders.copies.jobs.iter();
        let due = jobs.filter(|(_, job)| job.open == 0 && job.next <= now);
        let due: Vec<u64> = due.map(|(number, _)| *number).collect();
        for number in due {
            self.run(number);
        }
    }

    fn find_posts(&mut self, mailbox: &Mailbox) {
        let Some(state) = self.boxes.get(mailbox).filter(|it| it.messages() > 0) else {
            self.orders.copies.owing.remove(mailbox);
            return;
        };
        let copies = &self.orders.copies;
        let (mut mine, mut doubtful) = (Vec::new(), Vec::new());
        for id in state.undeleted().take(AT_ONCE) {
            let key = Key {
                mailbox: *mailbox,
                id: *id,
            };
            let begun = copies.numbers.contains_key(&key) || copies.reading.contains(&key);
            if begun || !self.is_settled(&key) {
                continue;
            }
            let first = self.is_first(&state.set, id);
            match state.get(id).is_some_and(|entry| entry.state.is_agreed()) {
                true if first => mine.push(key),
                true => {}
                false => doubtful.push((key, first)),
            }
        }
        self.orders.copies.reading.extend(mine);
        for (key, first) in doubtful {
            self.doubt(key, first);
        }
    }

    /// Whether this relay is the nearest to a text of those of its set that are alive.
    fn is_first(&self, set: &[RelayId], id: &MessageId) -> bool {
        let alive = set.iter().filter(|relay| self.is_alive(relay));
        let nearest = alive.min_by_key(|relay| {
            let mut distance = relay.0;
            for (byte, other) in distance.iter_mut().zip(id.0) {
                *byte ^= other;
            }
            distance
        });
        nearest == Some(&self.me)
    }

    /// Reads texts whose copies are due.
    pub(super) fn read_posts(&mut self, storage: &dyn Storage) {
        for key in std::mem::take(&mut self.orders.copies.reading) {
            let Some(id) = self.orders.copies.owing.get(&key.mailbox).copied() else {
                continue;
            };
            let known = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
            let state = known.map(|entry| entry.state.clone());
            let Some(state) = state.filter(|state| !state.deleted) else {
                continue;
            };
            // A disk that fails is asked again.
            let Ok(Some(bytes)) = storage.message(&key) else {
                continue;
            };
            match Message::decode_all(&mut &bytes[..]) {
                Ok(Message::Post(_)) if !state.is_agreed() => {
                    self.ask_agreement(key, state, &bytes[..], id);
                }
                Ok(Message::Post(post)) => {
                    let seat = self.orders.seats.get(&id);
                    // Whose members this relay does not know yet: they are not nobody.
                    let Some(seat) = seat.filter(|it| it.group.next() > post.position) else {
                        self.ask_order(&id);
                        continue;
                    };
                    let todo = seat.group.now().mailboxes.clone();
                    let (copy, message) = copy_of(&post);
                    let number = self.orders.copies.open(Job {
                        post: key,
                        group: id,
                        id: copy,
                        message,
                        expires: state.expires,
                        everybody: post.everybody,
                        mentioned: post.mentioned.as_slice().iter().copied().collect(),
                        todo,
                        missing: Vec::new(),
                        open: 0,
                        next: 0,
                        pause: PAUSE,
                    });
                    self.run(number);
                }
                // Somebody has put an envelope there: nobody will fetch it.
                _ => self.is_done(&key),
            }
        }
    }

    /// A text need not be kept any more, here and at the others.
    fn is_done(&mut self, post: &Key) {
        let deleted = State {
            deleted: true,
            ..State::default()
        };
        if self.merge(post, &deleted) {
            self.stage.spread.insert(*post);
        }
    }

    /// Writes the copies that are to be written.
    fn run(&mut self, number: u64) {
        let now = self.clock.steady;
        let limits = self.config.limits;
        let Some(job) = self.orders.copies.jobs.get_mut(&number) else {
            return;
        };
        let known = self
            .boxes
            .get(&job.post.mailbox)
            .and_then(|it| it.get(&job.post.id));
        // Another relay has done it, or its time is over.
        if known.is_none_or(|entry| entry.state.deleted) {
            self.orders.copies.close(number);
            return;
        }
        let size = job.message.len() as u64;
        if !self.writes.has_room(job.todo.len(), &job.id, size, &limits) {
            job.next = now.saturating_add(CROWDED);
            return;
        }
        let todo = std::mem::take(&mut job.todo);
        job.open = todo.len();
        if todo.is_empty() {
            return self.settle_job(number);
        }
        let (id, message) = (job.id, job.message.clone());
        let copies: Vec<(Key, State)> = todo
            .into_iter()
            .map(|mailbox| {
                let state = State {
                    expires: job.expires,
                    mention: job.everybody || job.mentioned.contains(&mailbox),
                    ..State::default()
                };
                (Key { mailbox, id }, state)
            })
            .collect();
        for (key, state) in copies {
            self.write_copy(key, state, &message, number);
        }
    }

    fn write_copy(&mut self, key: Key, state: State, message: &Arc<[u8]>, number: u64) {
        let set = self.set_of(&key.mailbox);
        let known = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
        if known.is_some_and(|entry| entry.state.deleted) {
            return self.copied(number, key.mailbox, Copied::Safe);
        }
        let state = known.map_or(state, |entry| entry.state.clone());
        if set.contains(&self.me) {
            match self.keep(key, state.clone(), Some(message), 2) {
                // What has no room here has it elsewhere.
                Kept::New | Kept::Known | Kept::DiskFull => {}
                _ => return self.copied(number, key.mailbox, Copied::Not),
            }
        }
        self.write(key, state, message, Waiter::Copy(number));
    }

    /// A copy is decided; with the last one the text is done with, or is tried again.
    pub(in crate::relay) fn copied(&mut self, number: u64, mailbox: Mailbox, copied: Copied) {
        let Some(job) = self.orders.copies.jobs.get_mut(&number) else {
            return;
        };
        if copied == Copied::Not {
            job.missing.push(mailbox);
        }
        job.open = job.open.saturating_sub(1);
        if job.open == 0 {
            self.settle_job(number);
        }
    }

    fn settle_job(&mut self, number: u64) {
        let now = self.clock.steady;
        let Some(job) = self.orders.copies.jobs.get_mut(&number) else {
            return;
        };
        if !job.missing.is_empty() {
            job.todo = std::mem::take(&mut job.missing);
            // Who has left meanwhile needs no copy.
            if let Some(seat) = self.orders.seats.get(&job.group) {
                let members = &seat.group.now().mailboxes;
                job.todo.retain(|it| members.binary_search(it).is_ok());
            }
            job.next = now.saturating_add(job.pause);
            job.pause = job.pause.saturating_mul(2).min(LONGEST);
            return;
        }
        if let Some(job) = self.orders.copies.close(number) {
            self.counters.fanned = self.counters.fanned.saturating_add(1);
            self.is_done(&job.post);
        }
    }
}
