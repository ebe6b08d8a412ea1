//! Who may have a text copied (J7): each relay of a quorum judges it, with what it knows of the group's order.

use super::Relay;
use crate::{entry::State, order::is_signed, relay::write::Waiter};
use codec::DecodeAll;
use parlance_bimp::{GroupId, GroupPost, Key, Mailbox, Message, Reason, RelayId};
use std::{collections::BTreeMap, sync::Arc};

/// Groups of which nothing is known here that are asked for in one tick.
const STRANGE: usize = 8;

/// Who brings a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Bearer {
    /// A relay of the group's place.
    OfTheSet,
    /// A relay that kept it and is not of the set, or not any more.
    HandingOver,
    /// A relay that takes it from its sender.
    Coordinating,
}

/// What a relay thinks of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relay) enum Verdict {
    /// It is a member's.
    Good,
    /// It is not, or not any more.
    Bad,
    /// The record that names its key is not known here.
    Unknown,
}

/// Texts to which a quorum may have agreed without this relay having heard so, and since when it waits for that word.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    since: BTreeMap<Key, u64>,
}

impl Relay {
    /// O4: signed by the last key, or by one that was overtaken a moment ago. The same for whoever takes a text from its sender and for
    /// whoever gets it from that relay.
    pub(super) fn judge(&self, post: &GroupPost) -> Verdict {
        let seat = self.orders.seats.get(&post.group);
        let next = seat.map_or(0, |seat| seat.group.next());
        let (now, grace) = (self.clock.steady, self.config.timings.late_text);
        let signer = seat.and_then(|it| it.group.key_to_post(post.position, now, grace));
        // A signature is checked in any case (J1).
        match is_signed(signer.as_ref(), &post.statement(), &post.signature) {
            true => Verdict::Good,
            false if post.position >= next => Verdict::Unknown,
            false => Verdict::Bad,
        }
    }

    /// The same for what lies in a write.
    pub(in crate::relay) fn judge_message(&self, message: &[u8]) -> Verdict {
        match Message::decode_all(&mut &message[..]) {
            Ok(Message::Post(post)) => self.judge(&post),
            _ => Verdict::Bad,
        }
    }

    /// Whether a post that another relay brings is taken, with what that relay knows of it.
    pub(in crate::relay) fn admit_post(
        &mut self,
        relay: &RelayId,
        post: &GroupPost,
        key: &Key,
        (state, bearer): (&State, Bearer),
    ) -> Verdict {
        let known = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
        if known.is_some() {
            // It was judged when it came.
            return Verdict::Good;
        }
        let verdict = match state.is_agreed() && bearer != Bearer::Coordinating {
            true => self.judge_agreed(post, bearer),
            false => self.judge(post),
        };
        match verdict {
            Verdict::Good => {}
            Verdict::Bad => self.teach(relay, post),
            Verdict::Unknown => self.ask_order(&post.group),
        }
        verdict
    }

    /// A text that a quorum has judged, however long ago: its key must have been the group's at all.
    fn judge_agreed(&self, post: &GroupPost, bearer: Bearer) -> Verdict {
        let seat = self.orders.seats.get(&post.group);
        let next = seat.map_or(0, |seat| seat.group.next());
        let signer = seat.and_then(|seat| seat.group.key_of(post.position));
        match signer {
            // Who has joined, or was away for long, does not know the key any more.
            None if bearer == Bearer::OfTheSet => Verdict::Good,
            None if post.position >= next => Verdict::Unknown,
            _ => match is_signed(signer.as_ref(), &post.statement(), &post.signature) {
                true => Verdict::Good,
                false => Verdict::Bad,
            },
        }
    }

    /// Whoever brings a text that is out of date lacks what came since.
    fn teach(&mut self, relay: &RelayId, post: &GroupPost) {
        let id = &post.group;
        let Some(seat) = self.orders.seats.get(id) else {
            return;
        };
        let next = seat.group.next();
        let knows = seat.told.get(relay).is_some_and(|told| *told >= next);
        if !knows && self.group_peers(id).contains(relay) {
            self.send_sync(*relay, id, Some(post.position.saturating_add(1)));
        }
    }

    /// There are records that this relay does not know.
    pub(super) fn ask_order(&mut self, id: &GroupId) {
        if let Some(seat) = self.orders.seats.get_mut(id) {
            seat.synced = 0;
        } else if self.orders.strange.len() < STRANGE && self.group_set(id).contains(&self.me) {
            self.orders.strange.insert(*id);
        }
    }

    /// Asks the others for groups of which nothing is known here.
    pub(super) fn ask_for_strange(&mut self) {
        for id in std::mem::take(&mut self.orders.strange) {
            if self.orders.seats.contains_key(&id) {
                continue;
            }
            for relay in self.group_peers(&id) {
                self.send_sync(relay, &id, None);
            }
        }
    }

    /// A quorum has judged a text good and has it on disk: that stays with it, here and at the others.
    pub(in crate::relay) fn agree(&mut self, key: &Key) {
        let Some(pending) = self.writes.get_mut(key) else {
            return;
        };
        pending.state.merge(&State::agreed());
        let (state, targets) = (pending.state.clone(), pending.targets.clone());
        for relay in targets.into_iter().filter(|relay| *relay != self.me) {
            self.outbox.tell(relay, *key, &state);
        }
        self.merge(key, &State::agreed());
    }

    /// So many relays have refused a text that there can be no quorum for it: nobody is to have copies of it from here.
    pub(in crate::relay) fn refuse_post(&mut self, key: &Key) {
        let Some(pending) = self.writes.get(key) else {
            return;
        };
        let reason = match self.judge_message(&pending.message) {
            Verdict::Bad => Reason::NotAllowed,
            Verdict::Good | Verdict::Unknown => Reason::NoQuorum,
        };
        self.fail_write(key, reason);
        let here = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
        if here.is_some_and(|entry| !entry.state.deleted && !entry.state.is_agreed()) {
            // Not deleted: the same text may come again, signed by a newer key.
            self.forget(key);
        }
    }

    /// Texts of a mailbox that are here, and of which it is not known whether a quorum has agreed: after a while the
    /// others are asked. The one that would copy them is the first.
    pub(super) fn doubt(&mut self, key: Key, first: bool) {
        if self.writes.contains(&key) {
            return;
        }
        let (now, timings) = (self.clock.steady, self.config.timings);
        let pause = match first {
            true => timings.stand_in,
            false => timings.write,
        };
        let since = self.orders.doubts.since.entry(key).or_insert(now);
        if now.saturating_sub(*since) >= pause {
            *since = now;
            self.orders.copies.read(key);
        }
    }

    /// Forgets what is not doubtful any more.
    pub(super) fn tick_doubts(&mut self) {
        let boxes = &self.boxes;
        self.orders.doubts.since.retain(|key, _| {
            let entry = boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
            entry.is_some_and(|entry| !entry.state.deleted && !entry.state.is_agreed())
        });
    }

    /// Writes a text again that lies here: whoever has it says so, whoever has not judges.
    pub(super) fn ask_agreement(&mut self, key: Key, state: State, bytes: &[u8], group: GroupId) {
        let message: Arc<[u8]> = bytes.into();
        let limits = self.config.limits;
        if self
            .writes
            .has_room(1, &key.id, message.len() as u64, &limits)
        {
            self.write(key, state, &message, Waiter::Agreement(group));
        }
    }

    /// Whether texts lie here that are owed, or doubtful.
    pub(super) fn has_posts(&self, mailbox: &Mailbox) -> bool {
        self.boxes.get(mailbox).is_some_and(|it| it.messages() > 0)
    }
}
