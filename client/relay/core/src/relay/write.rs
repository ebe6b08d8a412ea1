//! Writes that wait for a quorum (G1, G2, G7).

use super::{
    Relay,
    groups::{Copied, Verdict},
    keep::Kept,
    pending::PendingWrite,
};
use crate::{effect::Asker, entry::State};
use parlance_bimp::{Accepted, Answer, GroupAccepted, GroupId, Key, MessageId, Reason, RelayId};
use std::sync::Arc;

/// Who is told when a message is safe.
#[derive(Clone, Copy, Debug)]
pub(super) enum Waiter {
    /// A sender.
    Sender(Asker),
    /// A member that sends to its group, and the id of the copies.
    Post(Asker, GroupId, MessageId),
    /// Nobody but this relay, which has a text of the group and does not know whether a quorum has agreed to it (J7).
    Agreement(GroupId),
    /// A member that uploads a part of a handshake.
    Part(Asker),
    /// A text of a group whose copy this is, by number.
    Copy(u64),
}

impl Relay {
    /// Makes a message safe that this relay may have already, and tells the waiter then.
    pub(super) fn write(&mut self, key: Key, state: State, message: &Arc<[u8]>, waiter: Waiter) {
        if self.writes.contains(&key) {
            return self.join(&key, waiter);
        }
        let now = self.clock.steady;
        let set = self.set_of(&key.mailbox);
        let quorum = self.quorum(&set);
        let group = match waiter {
            Waiter::Post(_, group, _) | Waiter::Agreement(group) => Some(group),
            Waiter::Sender(_) | Waiter::Part(_) | Waiter::Copy(_) => None,
        };
        let pending = PendingWrite {
            message: message.clone(),
            state,
            group,
            members: set.len(),
            targets: set,
            quorum,
            stored: Vec::new(),
            refused: Vec::new(),
            waiters: vec![waiter],
            answered: false,
            began: now,
            asked: Vec::new(),
            looked: now,
        };
        self.writes.insert(key, pending);
        self.stand_in(&key);
        self.ask_targets(&key);
        self.stored_here(&key);
    }

    /// Waits with those who wait for the message already.
    pub(super) fn join(&mut self, key: &Key, waiter: Waiter) {
        let Some(pending) = self.writes.get_mut(key) else {
            return;
        };
        pending.waiters.push(waiter);
        self.tell_waiters(key);
    }

    /// Counts this relay's own copy, if it is on disk.
    fn stored_here(&mut self, key: &Key) {
        let here = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
        if here.is_some() && self.is_settled(key) {
            self.stored_at(self.me, key);
        }
    }

    /// This relay is a target of a write and may not have the message.
    fn keep_target(&mut self, key: &Key) {
        let Some(pending) = self.writes.get(key) else {
            return;
        };
        let (state, message) = (pending.state.clone(), pending.message.clone());
        if pending.group.is_some() && !state.is_agreed() {
            match self.judge_message(&message) {
                Verdict::Good => {}
                Verdict::Bad => return self.refused_at(self.me, key),
                Verdict::Unknown => return,
            }
        }
        match self.keep(*key, state, Some(&message), 2) {
            Kept::New | Kept::Known => self.stored_here(key),
            Kept::NoRoom | Kept::DiskFull | Kept::BadTime | Kept::Incomplete => {
                self.refused_at(self.me, key);
            }
        }
    }

    /// A write goes to the relays of another list, if its set is another one there. Who has the message counts on, as a
    /// stand-in does: it hands over (V1). Everybody else is asked anew.
    pub(super) fn reroute(&mut self) {
        let moved: Vec<(Key, Vec<RelayId>)> = self
            .writes
            .iter()
            .map(|(key, pending)| (key, self.set_of(&key.mailbox), pending))
            .filter(|(_, set, pending)| pending.set() != set)
            .map(|(key, set, _)| (*key, set))
            .collect();
        for (key, set) in moved {
            let (quorum, joined) = (self.quorum(&set), set.contains(&self.me));
            let Some(pending) = self.writes.get_mut(&key) else {
                continue;
            };
            let before = pending.stored.iter().filter(|relay| !set.contains(relay));
            let before: Vec<RelayId> = before.copied().collect();
            pending.members = set.len();
            pending.targets = set;
            pending.targets.extend(before);
            pending.refused.clear();
            pending.quorum = quorum;
            if joined {
                self.keep_target(&key);
            }
            self.stand_in(&key);
            self.ask_targets(&key);
            self.decide(&key);
        }
    }

    /// Sends the message to the targets that have not confirmed it, and do not have it before them (G9).
    fn ask_targets(&mut self, key: &Key) {
        let (now, timings) = (self.clock.steady, self.config.timings);
        let Some(pending) = self.writes.get_mut(key) else {
            return;
        };
        let (me, outbox) = (self.me, &mut self.outbox);
        let due: Vec<RelayId> = pending
            .open()
            .filter(|(relay, asked)| {
                let awaited =
                    asked.is_some_and(|since| outbox.is_awaited(relay, key, since, now, &timings));
                *relay != me && !awaited
            })
            .map(|(relay, _)| relay)
            .collect();
        for relay in due {
            self.health.asked(relay, now);
            outbox.write(relay, *key, &pending.state, &pending.message);
            pending.ask(relay, now);
        }
    }

    /// Puts stand-ins beside members that are dead or late (G2): this relay before others, if it is not a member.
    fn stand_in(&mut self, key: &Key) {
        let Some(pending) = self.writes.get(key) else {
            return;
        };
        if pending.group.is_some() {
            // Who is not of the group cannot judge (J7).
            return;
        }
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
        let (me, full) = (self.me, self.is_full());
        let mut more = self.routing.stand_ins(&key.mailbox, &pending.targets);
        more.retain(|relay| self.is_alive(relay) && !(*relay == me && full));
        more.sort_by_key(|relay| *relay != me);
        more.truncate(wanted);
        let count = more.len() as u64;
        self.counters.stand_ins = self.counters.stand_ins.saturating_add(count);
        let here = more.contains(&me);
        if let Some(pending) = self.writes.get_mut(key) {
            pending.targets.extend(more);
        }
        if here {
            self.keep_target(key);
        }
    }

    /// A relay has the message on disk.
    pub(super) fn stored_at(&mut self, relay: RelayId, key: &Key) {
        let is_super = self.routing.is_super(&relay);
        let Some(pending) = self.writes.get_mut(key) else {
            return;
        };
        let stands_in = is_super && pending.group.is_none();
        let counts = stands_in || pending.targets.contains(&relay);
        if counts && !pending.stored.contains(&relay) {
            pending.stored.push(relay);
            pending.refused.retain(|other| *other != relay);
        }
        self.decide(key);
    }

    /// Answers when the quorum is there, and ends the write when there is nothing left to do.
    fn decide(&mut self, key: &Key) {
        let Some(pending) = self.writes.get_mut(key) else {
            return;
        };
        if pending.stored.len() >= pending.quorum && !pending.answered {
            pending.answered = true;
            let coordinated = u64::from(!pending.set().contains(&self.me));
            let counters = &mut self.counters;
            counters.accepted = counters.accepted.saturating_add(1);
            counters.coordinated = counters.coordinated.saturating_add(coordinated);
            if pending.group.is_some() {
                self.agree(key);
            }
        }
        self.tell_waiters(key);
        self.finish(key);
    }

    /// The disk of this relay does not take the message. A member's write has failed then, so that the sender turns to one with
    /// room; who coordinates has the other relays (G7).
    pub(super) fn failed_here(&mut self, key: &Key, reason: Reason) {
        let Some(pending) = self.writes.get(key) else {
            return;
        };
        match pending.set().contains(&self.me) {
            true => self.fail_write(key, reason),
            false => self.refused_at(self.me, key),
        }
    }

    /// A relay does not take the message.
    pub(super) fn refused_at(&mut self, relay: RelayId, key: &Key) {
        let Some(pending) = self.writes.get_mut(key) else {
            return;
        };
        let known = pending.stored.contains(&relay) || pending.refused.contains(&relay);
        if known || !pending.targets.contains(&relay) {
            return;
        }
        pending.refused.push(relay);
        let left = pending.targets.len().saturating_sub(pending.refused.len());
        if left < pending.quorum {
            match pending.group {
                Some(_) => self.refuse_post(key),
                None => self.fail_write(key, Reason::NoRoom),
            }
        } else {
            self.finish(key);
        }
    }

    /// Forgets a write for which there is nothing left to do.
    fn finish(&mut self, key: &Key) {
        let done = self.writes.get(key).is_some_and(|pending| {
            pending.answered
                && pending
                    .targets
                    .iter()
                    .all(|relay| pending.stored.contains(relay) || pending.refused.contains(relay))
        });
        if done {
            self.writes.remove(key);
        }
    }

    /// Tells who waits, if the quorum is there.
    fn tell_waiters(&mut self, key: &Key) {
        let Some(pending) = self.writes.get_mut(key).filter(|it| it.answered) else {
            return;
        };
        let relays = u8::try_from(pending.stored.len()).unwrap_or(u8::MAX);
        let expires = pending.state.expires;
        let accepted = Accepted {
            id: key.id,
            relays,
            expires,
        };
        for waiter in std::mem::take(&mut pending.waiters) {
            match waiter {
                Waiter::Sender(to) => self.answer(to, Answer::Send(accepted)),
                Waiter::Part(to) => self.answer(to, Answer::GroupPart(accepted)),
                Waiter::Agreement(_) => {}
                Waiter::Post(to, _, id) => {
                    let accepted = GroupAccepted {
                        id,
                        relays,
                        expires,
                    };
                    self.answer(to, Answer::GroupSend(accepted));
                }
                Waiter::Copy(number) => self.copied(number, key.mailbox, Copied::Safe),
            }
        }
    }

    /// A write has failed: whoever waits is told, and may send again.
    pub(super) fn fail_write(&mut self, key: &Key, reason: Reason) {
        let Some(pending) = self.writes.remove(key) else {
            return;
        };
        for waiter in pending.waiters {
            match waiter {
                Waiter::Agreement(_) => {}
                Waiter::Sender(to) | Waiter::Post(to, ..) | Waiter::Part(to) => {
                    self.refuse(to, reason);
                }
                Waiter::Copy(number) => self.copied(number, key.mailbox, Copied::Not),
            }
        }
    }

    /// G2, as time passes.
    pub(super) fn tick_writes(&mut self) {
        let now = self.clock.steady;
        let timings = self.config.timings;
        let due: Vec<Key> = self
            .writes
            .iter()
            .filter(|(_, pending)| now.saturating_sub(pending.looked) >= timings.retry)
            .map(|(key, _)| *key)
            .collect();
        for key in due {
            let Some(pending) = self.writes.get_mut(&key) else {
                continue;
            };
            pending.looked = now;
            let answered = pending.answered;
            if now.saturating_sub(pending.began) >= timings.write {
                match answered {
                    true => drop(self.writes.remove(&key)),
                    false => self.fail_write(&key, Reason::NoQuorum),
                }
                continue;
            }
            self.stand_in(&key);
            self.ask_targets(&key);
        }
    }
}
