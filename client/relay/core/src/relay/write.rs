//! Writes that wait for a quorum (G1, G2).

use super::Relay;
use crate::{effect::Asker, entry::State};
use parlance_bimp::{Accepted, Answer, GroupAccepted, Key, Mailbox, MessageId, Reason, RelayId};
use std::{collections::BTreeMap, sync::Arc};

/// Who is told when a message is safe.
#[derive(Clone, Copy, Debug)]
pub(super) enum Waiter {
    /// A sender.
    Sender(Asker),
    /// A message to a group, by number.
    Group(u64),
}

#[derive(Debug)]
struct PendingWrite {
    message: Arc<[u8]>,
    state: State,
    /// The set, then stand-ins.
    targets: Vec<RelayId>,
    /// How many of the targets are the set.
    members: usize,
    quorum: usize,
    stored: Vec<RelayId>,
    refused: Vec<RelayId>,
    waiters: Vec<Waiter>,
    answered: bool,
    began: u64,
    asked: u64,
}

/// A message to a group whose copies are not all decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupWrite {
    pub asker: Asker,
    pub id: MessageId,
    pub expires: u64,
    pub open: u32,
    pub safe: u32,
    pub full: u32,
    pub lost: u32,
}

/// All writes that are not finished.
#[derive(Debug, Default)]
pub(super) struct Writes {
    pending: BTreeMap<Key, PendingWrite>,
    groups: BTreeMap<u64, GroupWrite>,
    last_group: u64,
}

impl Writes {
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    pub fn contains(&self, key: &Key) -> bool {
        self.pending.contains_key(key)
    }

    /// Begins to count the copies of a group's message.
    pub fn open_group(&mut self, group: GroupWrite) -> u64 {
        self.last_group = self.last_group.saturating_add(1);
        self.groups.insert(self.last_group, group);
        self.last_group
    }
}

impl Relay {
    /// Makes a message safe that this relay may have already, and tells the waiter then.
    pub(super) fn write(&mut self, key: Key, state: State, message: &Arc<[u8]>, waiter: Waiter) {
        if let Some(pending) = self.writes.pending.get_mut(&key) {
            pending.waiters.push(waiter);
            if pending.answered {
                self.tell_waiters(&key);
            }
            return;
        }
        let now = self.clock.steady;
        let set = self.set_of(&key.mailbox);
        let quorum = self.quorum(&set);
        let pending = PendingWrite {
            message: message.clone(),
            state,
            members: set.len(),
            targets: set,
            quorum,
            stored: Vec::new(),
            refused: Vec::new(),
            waiters: vec![waiter],
            answered: false,
            began: now,
            asked: now,
        };
        self.writes.pending.insert(key, pending);
        self.stand_in(&key);
        self.ask_targets(&key);
        let here = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
        if here.is_some() && self.is_settled(&key) {
            self.stored_at(self.me, &key);
        }
    }

    /// Sends the message to the targets that have not confirmed it.
    fn ask_targets(&mut self, key: &Key) {
        let Some(pending) = self.writes.pending.get(key) else {
            return;
        };
        for relay in &pending.targets {
            let done = pending.stored.contains(relay) || pending.refused.contains(relay);
            if !done && *relay != self.me {
                self.outbox
                    .write(*relay, *key, &pending.state, &pending.message);
            }
        }
    }

    /// Puts stand-ins beside members that are dead or late (G2).
    fn stand_in(&mut self, key: &Key) {
        let Some(pending) = self.writes.pending.get(key) else {
            return;
        };
        let late = self.clock.steady.saturating_sub(pending.began) >= self.config.timings.stand_in;
        let members = pending.targets.iter().take(pending.members);
        let missing = members
            .filter(|relay| !pending.stored.contains(relay))
            .filter(|relay| !self.is_alive(relay) || (late && **relay != self.me))
            .count();
        let here = pending.targets.len().saturating_sub(pending.members);
        let wanted = missing.saturating_sub(here);
        if wanted == 0 {
            return;
        }
        let set: Vec<RelayId> = pending.targets.clone();
        let more: Vec<RelayId> = self
            .routing
            .stand_ins(&key.mailbox, &set)
            .into_iter()
            .filter(|relay| *relay != self.me && self.is_alive(relay))
            .take(wanted)
            .collect();
        let count = more.len() as u64;
        self.counters.stand_ins = self.counters.stand_ins.saturating_add(count);
        if let Some(pending) = self.writes.pending.get_mut(key) {
            pending.targets.extend(more);
        }
    }

    /// A relay has the message on disk.
    pub(super) fn stored_at(&mut self, relay: RelayId, key: &Key) {
        let is_super = self.routing.is_super(&relay);
        let Some(pending) = self.writes.pending.get_mut(key) else {
            return;
        };
        let counts = is_super || pending.targets.contains(&relay);
        if counts && !pending.stored.contains(&relay) {
            pending.stored.push(relay);
            pending.refused.retain(|other| *other != relay);
        }
        if pending.stored.len() >= pending.quorum && !pending.answered {
            pending.answered = true;
            self.counters.accepted = self.counters.accepted.saturating_add(1);
        }
        if pending.answered {
            self.tell_waiters(key);
        }
        self.finish(key);
    }

    /// A relay does not take the message.
    pub(super) fn refused_at(&mut self, relay: RelayId, key: &Key) {
        let Some(pending) = self.writes.pending.get_mut(key) else {
            return;
        };
        let known = pending.stored.contains(&relay) || pending.refused.contains(&relay);
        if known || !pending.targets.contains(&relay) {
            return;
        }
        pending.refused.push(relay);
        let left = pending.targets.len().saturating_sub(pending.refused.len());
        if left < pending.quorum {
            self.fail_write(key, Reason::NoRoom);
        } else {
            self.finish(key);
        }
    }

    /// Forgets a write for which there is nothing left to do.
    fn finish(&mut self, key: &Key) {
        let done = self.writes.pending.get(key).is_some_and(|pending| {
            pending.answered
                && pending
                    .targets
                    .iter()
                    .all(|relay| pending.stored.contains(relay) || pending.refused.contains(relay))
        });
        if done {
            self.writes.pending.remove(key);
        }
    }

    fn tell_waiters(&mut self, key: &Key) {
        let Some(pending) = self.writes.pending.get_mut(key) else {
            return;
        };
        let relays = u8::try_from(pending.stored.len()).unwrap_or(u8::MAX);
        let expires = pending.state.expires;
        for waiter in std::mem::take(&mut pending.waiters) {
            match waiter {
                Waiter::Sender(to) => {
                    let accepted = Accepted {
                        id: key.id,
                        relays,
                        expires,
                    };
                    self.answer(to, Answer::Send(accepted));
                }
                Waiter::Group(number) => self.count_copy(number, |group| &mut group.safe),
            }
        }
    }

    /// A write has failed: whoever waits is told, and may send again.
    pub(super) fn fail_write(&mut self, key: &Key, reason: Reason) {
        let Some(pending) = self.writes.pending.remove(key) else {
            return;
        };
        for waiter in pending.waiters {
            match waiter {
                Waiter::Sender(to) => self.refuse(to, reason),
                Waiter::Group(number) if reason == Reason::NoRoom => {
                    self.count_copy(number, |group| &mut group.full);
                }
                Waiter::Group(number) => self.count_copy(number, |group| &mut group.lost),
            }
        }
    }

    /// A copy of a group's message is decided; the last one answers the sender.
    pub(super) fn count_copy(
        &mut self,
        number: u64,
        counter: impl FnOnce(&mut GroupWrite) -> &mut u32,
    ) {
        let Some(group) = self.writes.groups.get_mut(&number) else {
            return;
        };
        let count = counter(group);
        *count = count.saturating_add(1);
        group.open = group.open.saturating_sub(1);
        if group.open > 0 {
            return;
        }
        let Some(group) = self.writes.groups.remove(&number) else {
            return;
        };
        // What is neither safe nor without room may become safe by sending again.
        if group.lost > 0 {
            return self.refuse(group.asker, Reason::NoQuorum);
        }
        let accepted = GroupAccepted {
            id: group.id,
            mailboxes: group.safe,
            full: group.full,
            expires: group.expires,
        };
        self.answer(group.asker, Answer::GroupSend(accepted));
    }

    /// G2, as time passes.
    pub(super) fn tick_writes(&mut self) {
        let now = self.clock.steady;
        let timings = self.config.timings;
        let due: Vec<Key> = self
            .writes
            .pending
            .iter()
            .filter(|(_, pending)| now.saturating_sub(pending.asked) >= timings.retry)
            .map(|(key, _)| *key)
            .collect();
        for key in due {
            let Some(pending) = self.writes.pending.get_mut(&key) else {
                continue;
            };
            pending.asked = now;
            let answered = pending.answered;
            if now.saturating_sub(pending.began) >= timings.write {
                match answered {
                    true => drop(self.writes.pending.remove(&key)),
                    false => self.fail_write(&key, Reason::NoQuorum),
                }
                continue;
            }
            self.stand_in(&key);
            self.ask_targets(&key);
        }
    }

    /// Mailboxes with writes, so that nothing of them is handed over meanwhile.
    pub(super) fn is_written(&self, mailbox: &Mailbox) -> bool {
        let first = Key {
            mailbox: *mailbox,
            ..Key::FIRST
        };
        let mut after = self.writes.pending.range(first..);
        after.next().is_some_and(|(key, _)| key.mailbox == *mailbox)
    }
}
