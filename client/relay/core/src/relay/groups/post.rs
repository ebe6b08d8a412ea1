//! Texts for all members, on their way to the group's relays (O4, J3).

use super::{Relay, judge::Verdict};
use crate::{
    effect::Asker,
    entry::State,
    relay::{keep::Kept, write::Waiter},
};
use codec::Encode;
use parlance_bimp::{
    Account, Answer, GroupAccepted, GroupPost, GroupSend, Key, Message, MessageId, Reason,
};
use std::sync::Arc;

impl Relay {
    pub(in crate::relay) fn take_post(&mut self, from: Asker, sender: Account, body: &GroupSend) {
        let post = &body.post;
        let (mailbox, copies) = (post.group.posts(), post.id());
        let key = Key {
            mailbox,
            id: post.post_id(),
        };
        let set = self.set_of(&mailbox);
        let member = set.contains(&self.me);
        let ticket = !body.ticket.as_slice().is_empty();
        // G7.
        if set.is_empty() || !(ticket || self.is_responsible(&set)) {
            return self.refuse(from, Reason::NotResponsible);
        }
        if member {
            let verdict = self.judge(post);
            if verdict == Verdict::Unknown {
                self.ask_order(&post.group);
            }
            if verdict != Verdict::Good {
                return self.refuse_stranger(from, &post.group);
            }
        }
        let message: Arc<[u8]> = Message::Post(post.clone()).encode().into();
        let waiter = Waiter::Post(from, post.group, copies);
        let known = self.boxes.get(&mailbox).and_then(|it| it.get(&key.id));
        let known = known.map(|entry| entry.state.clone());
        if let Some(state) = known.as_ref().filter(|state| state.deleted) {
            // All members have it.
            let accepted = GroupAccepted {
                id: copies,
                relays: u8::try_from(self.quorum(&set)).unwrap_or(u8::MAX),
                expires: state.expires,
            };
            return self.answer_durably(from, Answer::GroupSend(accepted));
        }
        if self.writes.contains(&key) {
            return self.join(&key, waiter);
        }
        let (limits, size) = (self.config.limits, message.len() as u64);
        let stand_in = self.config.timings.stand_in;
        if !self.writes.has_room(1, &key.id, size, &limits) {
            return self.refuse_for(from, Reason::TooFast, stand_in);
        }
        if let Some(state) = known {
            return self.write(key, state, &message, waiter);
        }
        if member && self.is_full() {
            return self.refuse_for(from, Reason::DiskFull, stand_in);
        }
        let copies_of = self.orders.seats.get(&post.group);
        let copies_of = copies_of.map_or(0, |seat| seat.group.now().mailboxes.len() as u64);
        if !self.charge_post(from, sender, &key, (size, copies_of)) {
            return;
        }
        let state = State {
            expires: self.expiry(body.keep),
            ..State::default()
        };
        let kept = match member {
            true => self.keep(key, state.clone(), Some(&message), 1),
            false => Kept::New,
        };
        match kept {
            Kept::New | Kept::Known => {
                self.owe(&post.group);
                self.write(key, state, &message, waiter);
            }
            Kept::BadTime => self.refuse(from, Reason::BadTime),
            Kept::DiskFull => self.refuse(from, Reason::DiskFull),
            Kept::NoRoom | Kept::Incomplete => self.refuse_for(from, Reason::NoRoom, stand_in),
        }
    }

    /// Charges the upload, and where the group is known a part of the bytes for each copy (U1, U2). `false` if that was refused.
    fn charge_post(
        &mut self,
        from: Asker,
        sender: Account,
        key: &Key,
        (size, copies): (u64, u64),
    ) -> bool {
        let (limits, timings) = (self.config.limits, self.config.timings);
        let next_period = self.quotas.roll(self.clock.steady, timings.period);
        if self.quotas.is_charged(key) {
            return true;
        }
        let price = size
            .saturating_mul(copies)
            .saturating_mul(limits.group_price)
            / 1_000;
        let bytes = size.saturating_add(price);
        if self
            .quotas
            .charge_sender(sender, 1, bytes, &limits)
            .is_err()
        {
            self.refuse_for(from, Reason::AllowanceUsedUp, next_period);
            return false;
        }
        self.quotas.remember(*key, &limits);
        true
    }
}

/// A post and the message that it becomes.
pub(super) fn copy_of(post: &GroupPost) -> (MessageId, Arc<[u8]>) {
    let message = Message::Group {
        group: post.group,
        ciphertext: post.ciphertext.clone(),
    };
    (post.id(), message.encode().into())
}
