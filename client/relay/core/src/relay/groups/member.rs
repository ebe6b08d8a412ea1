//! Members: entering, uploading, offering (O13-O15).

use super::{Relay, Waiting, decide::placed_or_overtaken};
use crate::{
    effect::Asker,
    entry::State,
    order::{Standing, is_signed, names_own_key},
    relay::{keep::Kept, write::Waiter},
};
use codec::Encode;
use parlance_bimp::{
    Account, Answer, GroupEnter, GroupExtent, GroupId, GroupOffer, GroupPart, Key, Message,
    MessageId, Offered, Reason, Refusal,
};
use std::sync::Arc;

impl Relay {
    /// What somebody hears who has not shown membership: it follows from the list of relays alone (J1).
    pub(super) fn refuse_stranger(&mut self, from: Asker, id: &GroupId) {
        let reason = match self.group_set(id).contains(&self.me) {
            true => Reason::NotAllowed,
            false => Reason::NotResponsible,
        };
        self.refuse(from, reason);
    }

    /// The record whose key the connection has entered with.
    pub(super) fn entered(&self, from: Asker, id: &GroupId) -> Option<u64> {
        let connection = self.connections.get(&from.connection)?;
        connection.entered.get(id).copied()
    }

    pub(in crate::relay) fn enter_group(
        &mut self,
        from: Asker,
        account: Account,
        body: &GroupEnter,
    ) {
        let id = body.group;
        let statement = body.statement(&self.me, &account);
        let seat = self.orders.seats.get(&id);
        let key = seat.and_then(|seat| seat.group.key_of(body.position));
        if !is_signed(key.as_ref(), &statement, &body.signature) {
            // The member may know more than this relay does.
            if let Some(seat) = self.orders.seats.get_mut(&id)
                && body.position >= seat.group.next()
            {
                seat.synced = 0;
            }
            return self.refuse_stranger(from, &id);
        }
        let most = self.config.limits.group_entries;
        if let Some(connection) = self.connections.get_mut(&from.connection) {
            let known = connection.entered.contains_key(&id);
            if !known && connection.entered.len() >= most {
                return self.refuse(from, Reason::TooFast);
            }
            connection.entered.insert(id, body.position);
        }
        if let Some(seat) = self.orders.seats.get_mut(&id) {
            seat.entered.insert(from.connection);
            let extent = GroupExtent {
                first: seat.group.first(),
                next: seat.group.next(),
            };
            self.answer(from, Answer::GroupEnter(extent));
        }
    }

    pub(in crate::relay) fn take_part(&mut self, from: Asker, account: Account, body: &GroupPart) {
        let id = body.group;
        let seat = self.orders.seats.get(&id);
        let (Some(position), Some(seat)) = (self.entered(from, &id), seat) else {
            return self.refuse_stranger(from, &id);
        };
        let (last, next) = (seat.group.now().key.1, seat.group.next());
        if position != last {
            return self.refuse_overtaken(from, next);
        }
        let key = Key {
            mailbox: id.parts(),
            id: MessageId::of_part(&id, body.bytes.as_slice()),
        };
        let message = Message::Part {
            group: id,
            bytes: body.bytes.clone(),
        };
        let message: Arc<[u8]> = message.encode().into();
        if self.writes.contains(&key) {
            return self.join(&key, Waiter::Part(from));
        }
        let (limits, size) = (self.config.limits, message.len() as u64);
        let stand_in = self.config.timings.stand_in;
        if !self.writes.has_room(1, &key.id, size, &limits) {
            return self.refuse_for(from, Reason::TooFast, stand_in);
        }
        let known = self.boxes.get(&key.mailbox).and_then(|it| it.get(&key.id));
        let known = known.map(|entry| entry.state.clone());
        if known.is_none() && !self.charge(from, account, size) {
            return;
        }
        let fresh = State {
            expires: self.expiry(0),
            ..State::default()
        };
        let state = known.unwrap_or(fresh);
        // Old relays of a group that moves do not keep its parts; those at its place do.
        let kept = match self.set_of(&key.mailbox).contains(&self.me) {
            true => self.keep(key, state.clone(), Some(&message), 1),
            false => Kept::New,
        };
        match kept {
            Kept::New | Kept::Known => self.write(key, state, &message, Waiter::Part(from)),
            Kept::BadTime => self.refuse(from, Reason::BadTime),
            Kept::DiskFull => self.refuse_for(from, Reason::DiskFull, stand_in),
            Kept::NoRoom | Kept::Incomplete => self.refuse(from, Reason::NoRoom),
        }
    }

    fn refuse_overtaken(&mut self, from: Asker, next: u64) {
        let refusal = Refusal {
            limit: next,
            ..Refusal::new(Reason::Overtaken)
        };
        self.answer(from, Answer::Refused(refusal));
    }

    /// Charges a member for what is not a text (U1). `false` if that was refused.
    pub(super) fn charge(&mut self, from: Asker, account: Account, bytes: u64) -> bool {
        let (limits, timings) = (self.config.limits, self.config.timings);
        let next_period = self.quotas.roll(self.clock.steady, timings.period);
        let charged = self.quotas.charge_sender(account, 1, bytes, &limits);
        if charged.is_err() {
            self.refuse_for(from, Reason::AllowanceUsedUp, next_period);
        }
        charged.is_ok()
    }

    pub(in crate::relay) fn take_offer(&mut self, from: Asker, account: Account, body: GroupOffer) {
        let id = body.group;
        let seat = self.orders.seats.get(&id);
        let next = seat.map_or(0, |seat| seat.group.next());
        let statement = body.change.statement(&id, body.position);
        // Whoever knows more than this relay signs with a key that it does not know yet, or with its last one.
        let key = match (seat, body.position) {
            (_, 0) => Some(body.change.key),
            (None, _) => None,
            (Some(seat), position) => seat.group.key_at(position.min(next)).map(|key| key.0),
        };
        if !is_signed(key.as_ref(), &statement, &body.signature) {
            return self.refuse_stranger(from, &id);
        }
        // A key that signs for position 0 is anybody's: that there is a group, only its maker may learn.
        if body.position == 0 && next > 0 {
            let known = seat.and_then(|seat| seat.group.record(0)).is_some();
            let made = seat.and_then(|seat| seat.group.key_of(0)) == Some(body.change.key);
            if !(known && made) {
                return self.refuse_stranger(from, &id);
            }
        }
        if let Some(seat) = seat
            && body.position < next
        {
            let answer = placed_or_overtaken(&seat.group, body.position, &body.change);
            return self.answer(from, answer);
        }
        let unmade = Standing::default();
        let now = seat.map_or(&unmade, |it| it.group.now());
        let offered = Offered {
            change: body.change,
            signature: body.signature,
            possession: body.possession,
        };
        let has_key = key.is_some_and(|key| names_own_key(&id, body.position, &key, &offered));
        if !has_key || now.check_change(&offered.change).is_err() {
            return self.refuse(from, Reason::BadMessage);
        }
        let set = self.group_set(&id);
        let waiting = seat.map_or(0, |seat| seat.offers.len());
        let knows = seat.is_some();
        let limits = self.config.limits;
        let room = knows || self.orders.seats.len() < limits.groups;
        if !knows && !set.contains(&self.me) {
            return self.refuse(from, Reason::NotResponsible);
        }
        if waiting >= limits.group_offers || !room {
            let rest = self.config.timings.stand_in;
            return self.refuse_for(from, Reason::TooFast, rest);
        }
        let bytes = offered.change.encoded_size() as u64;
        if !self.charge(from, account, bytes) {
            return;
        }
        if !knows {
            self.begin_group(&id);
        }
        let began = self.clock.steady;
        if let Some(seat) = self.orders.seats.get_mut(&id) {
            if body.position > next {
                seat.synced = 0;
            }
            seat.offers.push_back(Waiting {
                from,
                position: body.position,
                offered,
                began,
                checked: body.position == next,
            });
        }
        self.step(&id);
    }
}
