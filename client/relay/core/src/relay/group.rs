//! One upload, a copy for every member (M7).
//!
//! The copies are entries of the members' mailboxes, with one id. Each mailbox has its own set and its own quorum; the
//! sender hears when all are decided. Relays get one message each, whatever number of members they keep.

use super::{Relay, keep::Kept, pending::GroupWrite, write::Waiter};
use crate::{
    effect::{Asker, Who},
    entry::State,
};
use codec::Encode;
use parlance_bimp::{Account, GroupId, GroupSend, Key, Mailbox, Message, MessageId, Reason};
use std::{collections::BTreeSet, sync::Arc};

/// A group's message and whom it is for.
struct Copies<'a> {
    group: GroupId,
    id: MessageId,
    members: &'a [Mailbox],
}

impl Relay {
    pub(super) fn take_group_message(&mut self, from: Asker, sender: Account, body: &GroupSend) {
        // Whether there is no such group, or the sender is not in it, is not for strangers to know (E2).
        let Some(members) = self.groups.get(&body.group).cloned() else {
            return self.refuse(from, Reason::NotAllowed);
        };
        let is_member = self.connections.get(&from.connection).is_some_and(|it| {
            matches!(&it.who, Who::Device { mailboxes, .. }
                if mailboxes.iter().any(|own| members.contains(own)))
        });
        if !is_member {
            return self.refuse(from, Reason::NotAllowed);
        }
        let id = MessageId::of_group(&body.group, body.ciphertext.as_slice());
        let message = Message::Group {
            group: body.group,
            ciphertext: body.ciphertext.clone(),
        };
        let message: Arc<[u8]> = message.encode().into();
        let (limits, size) = (self.config.limits, message.len() as u64);
        let room = self.writes.has_room(members.len(), &id, size, &limits);
        if self.is_full() || !room {
            let reason = match room {
                true => Reason::DiskFull,
                false => Reason::TooFast,
            };
            return self.refuse_for(from, reason, self.config.timings.stand_in);
        }
        let copies = Copies {
            group: body.group,
            id,
            members: &members,
        };
        if !self.charge_group(from, sender, &copies, size) {
            return;
        }
        let expires = self.expiry(body.keep);
        let mentioned: BTreeSet<&Mailbox> = body.mentioned.as_slice().iter().collect();
        let number = self.writes.open_group(GroupWrite {
            asker: from,
            id,
            expires,
            open: u32::try_from(members.len()).unwrap_or(u32::MAX),
            safe: 0,
            full: 0,
            lost: 0,
        });
        for mailbox in &members {
            let state = State {
                expires,
                mention: body.everybody || mentioned.contains(mailbox),
                ..State::default()
            };
            let key = Key {
                mailbox: *mailbox,
                id,
            };
            self.write_copy(key, state, &message, number);
        }
    }

    /// Charges copies that are not here yet (U2), a part of their bytes each. `false` if that was refused.
    fn charge_group(&mut self, from: Asker, sender: Account, copies: &Copies, size: u64) -> bool {
        let (limits, timings) = (self.config.limits, self.config.timings);
        let next_period = self.quotas.roll(self.clock.steady, timings.period);
        // Once for all copies that are kept elsewhere.
        let all = Key {
            mailbox: Mailbox(copies.group.0),
            id: copies.id,
        };
        let (mut new, mut elsewhere) = (0u64, 0u64);
        for mailbox in copies.members {
            let state = self.boxes.get(mailbox);
            if state.is_some_and(|state| state.get(&copies.id).is_some()) {
                continue;
            }
            match self.set_of(mailbox).contains(&self.me) {
                true => new = new.saturating_add(1),
                false => elsewhere = elsewhere.saturating_add(1),
            }
        }
        if !self.quotas.is_charged(&all) {
            new = new.saturating_add(elsewhere);
        }
        let bytes = size.saturating_mul(new).saturating_mul(limits.group_price) / 1_000;
        let charged = self
            .quotas
            .charge_sender(sender, u64::from(new > 0), bytes, &limits);
        if charged.is_err() {
            self.refuse_for(from, Reason::AllowanceUsedUp, next_period);
            return false;
        }
        if elsewhere > 0 {
            self.quotas.remember(all, &limits);
        }
        true
    }

    fn write_copy(&mut self, key: Key, state: State, message: &Arc<[u8]>, number: u64) {
        let set = self.set_of(&key.mailbox);
        let known = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
        if known.is_some_and(|entry| entry.state.deleted) {
            return self.count_copy(number, |group| &mut group.safe);
        }
        let state = known.map_or(state, |entry| entry.state.clone());
        if set.contains(&self.me) {
            let kept = self.keep(key, state.clone(), Some(message), 1);
            match kept {
                Kept::New | Kept::Known => {}
                Kept::DiskFull => return self.count_copy(number, |group| &mut group.lost),
                _ => return self.count_copy(number, |group| &mut group.full),
            }
        }
        self.write(key, state, message, Waiter::Group(number));
    }
}
