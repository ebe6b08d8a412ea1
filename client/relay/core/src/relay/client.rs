//! What devices ask for: sending, presence, receipts. What owners ask for is in `owner`.

use super::{Relay, keep::Kept, write::Waiter};
use crate::{
    effect::{Asker, Effect, Who},
    entry::State,
    quota::Met,
};
use codec::Encode;
use parlance_bimp::{
    Accepted, Account, Answer, Bounded, DeviceNumber, EnvelopeView, Key, Message, Presence,
    PublishPresence, Reason, Request, SendMessage,
};
use std::sync::Arc;

impl Relay {
    pub(super) fn take_from_device(&mut self, from: Asker, request: Request) {
        let Some((account, device)) = self.device(from) else {
            return self.refuse(from, Reason::NotAuthenticated);
        };
        let now = self.clock.steady;
        match request {
            Request::Send(body) => self.take_message(from, account, &body),
            Request::GroupSend(body) => self.take_post(from, account, &body),
            Request::GroupEnter(body) => self.enter_group(from, account, &body),
            Request::GroupPart(body) => self.take_part(from, account, &body),
            Request::GroupOffer(body) => self.take_offer(from, account, body),
            Request::GroupRead(body) => self.read_group(from, body),
            Request::Subscribe(body) => self.subscribe(from, device, body),
            Request::Unsubscribe(body) => self.unsubscribe(from, body),
            Request::Acknowledge(body) => self.acknowledge(from, device, &body),
            Request::Sync(body) => self.sync(from, device, body),
            Request::ExtendRetention(body) => self.extend(from, &body),
            Request::Delete(body) => self.delete(from, &body),
            Request::PublishPreKeys(body) => self.publish_prekeys(from, (account, device), body),
            Request::FetchPreKeys(body) => self.fetch_prekeys(from, account, body),
            Request::PublishPresence(body) => self.publish_presence(from, account, body),
            Request::LookUpPresence(body) => {
                let record = self.presences.look_up(&body.key, now);
                let record = record.and_then(|record| Bounded::new(record).ok());
                self.answer(from, Answer::LookUpPresence(Presence { record }));
            }
            Request::Receipt(receipt) => {
                self.effects.push_back(Effect::Receipt {
                    account,
                    device,
                    receipt,
                });
                self.answer(from, Answer::Receipt(()));
            }
            _ => self.refuse(from, Reason::NotAllowed),
        }
    }

    fn publish_presence(&mut self, from: Asker, account: Account, body: PublishPresence) {
        let (now, limits) = (self.clock.steady, self.config.limits);
        let next_period = self.quotas.roll(now, self.config.timings.period);
        let is_new = !self.presences.has(&body.key, now);
        if is_new && !self.quotas.publish(account, &limits) {
            return self.refuse_for(from, Reason::TooFast, next_period);
        }
        let keep = body.keep.min(self.config.timings.presence);
        let record = body.record.into_vec();
        let until = now.saturating_add(keep);
        let room = limits.presences;
        match self.presences.publish(body.key, record, until, now, room) {
            true => self.answer(from, Answer::PublishPresence(())),
            false => self.refuse(from, Reason::NoRoom),
        }
    }

    fn device(&self, from: Asker) -> Option<(Account, DeviceNumber)> {
        match &self.connections.get(&from.connection)?.who {
            Who::Device {
                account, device, ..
            } => Some((*account, *device)),
            Who::Relay(_) => None,
        }
    }

    /// When a message ends that is to be kept for `keep` milliseconds; 0 for as long as the relay does.
    pub(super) fn expiry(&self, keep: u64) -> u64 {
        let retention = self.config.timings.retention;
        let keep = match keep {
            0 => retention,
            keep => keep.min(retention),
        };
        self.clock.wall.saturating_add(keep)
    }

    fn take_message(&mut self, from: Asker, sender: Account, body: &SendMessage) {
        let Some(envelope) = EnvelopeView::parse(body.envelope.as_slice()) else {
            return self.refuse(from, Reason::BadMessage);
        };
        let key = Key {
            mailbox: envelope.mailbox,
            id: envelope.id(),
        };
        let set = self.set_of(&key.mailbox);
        let (member, ticket) = (set.contains(&self.me), !envelope.ticket.is_empty());
        // G7.
        if set.is_empty() || !(ticket || self.is_responsible(&set)) {
            return self.refuse(from, Reason::NotResponsible);
        }
        // W3: the ticket stays here.
        let Ok(bare) = Bounded::new(envelope.without_ticket()) else {
            return self.refuse(from, Reason::BadMessage);
        };
        let message: Arc<[u8]> = Message::Sealed(bare).encode().into();
        let waiter = Waiter::Sender(from);
        let known = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
        let known = known.map(|entry| entry.state.clone());
        if let Some(state) = known.as_ref().filter(|state| state.deleted) {
            // Everybody has had it.
            let accepted = Accepted {
                id: key.id,
                relays: u8::try_from(self.quorum(&set)).unwrap_or(u8::MAX),
                expires: state.expires,
            };
            return self.answer_durably(from, Answer::Send(accepted));
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
        let next_period = self
            .quotas
            .roll(self.clock.steady, self.config.timings.period);
        if !self.quotas.is_charged(&key) {
            match self.quotas.charge(sender, key.mailbox, size, &limits) {
                Ok(()) if member => {}
                Ok(()) => self.quotas.remember(key, &limits),
                Err(Met::Pair) => return self.refuse_for(from, Reason::NoRoom, next_period),
                Err(Met::Sender(_)) => {
                    return self.refuse_for(from, Reason::AllowanceUsedUp, next_period);
                }
            }
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
            Kept::New | Kept::Known => self.write(key, state, &message, waiter),
            Kept::BadTime => self.refuse(from, Reason::BadTime),
            Kept::DiskFull => self.refuse(from, Reason::DiskFull),
            Kept::NoRoom | Kept::Incomplete => {
                self.refuse_for(from, Reason::NoRoom, next_period);
            }
        }
    }
}
