//! Relays of a group tell each other what was decided (J4), let go of what is over (J5), and of groups that have moved (P9).

use super::{Relay, Seat};
use crate::{
    effect::Effect,
    order::{Group, Standing, majority},
    storage::GroupRow,
};
use codec::Encode;
use parlance_bimp::{GroupId, GroupRecord, GroupSync, List, RelayId, Request, limits::MAX_RECORDS};
use std::ops::Bound;

/// Groups that are looked at in one tick.
const AT_ONCE: usize = 8;
/// Bytes of records in one message: below the longest frame with the largest record and base on top.
const MOST_BYTES: usize = 32 * 1024;

impl Relay {
    /// What this relay knows, with what one lacks that has everything before `theirs`.
    fn sync_for(&self, id: &GroupId, theirs: Option<u64>) -> GroupSync {
        let mut sync = GroupSync {
            group: *id,
            next: 0,
            votes_from: u64::MAX,
            base: None,
            from: 0,
            records: List::default(),
        };
        let Some(seat) = self.orders.seats.get(id) else {
            return sync;
        };
        let group = &seat.group;
        (sync.next, sync.votes_from) = (group.next(), group.votes().from);
        let Some(theirs) = theirs.filter(|theirs| *theirs < group.next()) else {
            return sync;
        };
        if theirs < group.first() {
            sync.base = Some(group.base().to_base());
        }
        sync.from = theirs.max(group.first());
        let (mut records, mut bytes): (Vec<GroupRecord>, usize) = (Vec::new(), 0);
        for position in sync.from..group.next() {
            let Some(record) = group.record(position) else {
                break;
            };
            bytes = bytes.saturating_add(record.encoded_size());
            if records.len() >= MAX_RECORDS || (bytes > MOST_BYTES && !records.is_empty()) {
                break;
            }
            records.push(record.clone());
        }
        sync.records = List::new(records).unwrap_or_default();
        sync
    }

    pub(super) fn send_sync(&mut self, relay: RelayId, id: &GroupId, theirs: Option<u64>) {
        if relay == self.me || !self.is_alive(&relay) {
            return;
        }
        self.health.asked(relay, self.clock.steady);
        let request = Request::GroupSync(self.sync_for(id, theirs));
        self.effects.push_back(Effect::Ask { relay, request });
    }

    /// Another relay says what it knows. What to say to it.
    pub(in crate::relay) fn take_sync(&mut self, relay: RelayId, said: &GroupSync) -> GroupSync {
        self.hear_sync(relay, said);
        self.sync_for(&said.group, Some(said.next))
    }

    /// The same as an answer: what the other one lacks still is sent, if it got on.
    pub(in crate::relay) fn take_sync_answer(&mut self, relay: RelayId, said: &GroupSync) {
        let id = said.group;
        let told = |it: &Self| Some(*it.orders.seats.get(&id)?.told.get(&relay)?);
        let before = told(self);
        let had = self.orders.seats.get(&id).map(|seat| seat.group.next());
        self.hear_sync(relay, said);
        let Some(seat) = self.orders.seats.get(&id) else {
            return;
        };
        let next = seat.group.next();
        if said.next < next && before != Some(said.next) {
            self.send_sync(relay, &id, Some(said.next));
        } else if said.next > next && had != Some(next) {
            // There was more than fits, and what fitted was good.
            self.send_sync(relay, &id, None);
        }
    }

    fn hear_sync(&mut self, relay: RelayId, said: &GroupSync) {
        let id = &said.group;
        if !self.routing.contains(&relay) || said.next == 0 {
            return self.note_next(id, relay, said.next);
        }
        let before = self.orders.seats.get(id).map(|seat| seat.group.next());
        self.take_base(id, relay, said);
        for (position, record) in (said.from..).zip(said.records.as_slice()) {
            let next = self.orders.seats.get(id).map(|seat| seat.group.next());
            if Some(position) == next && !self.place(id, position, record.clone()) {
                break;
            }
        }
        self.note_next(id, relay, said.next);
        let (me, deciders, peers) = (self.me, self.deciders(id), self.group_peers(id));
        let Some(seat) = self.orders.seats.get_mut(id) else {
            return;
        };
        let next = seat.group.next();
        seat.voting.retain(|relay, _| peers.contains(relay));
        if peers.contains(&relay)
            && seat.voting.insert(relay, said.votes_from) != Some(said.votes_from)
        {
            self.orders.busy.insert(*id);
        }
        // Only who remembers is a witness (P8).
        let remembers = said.votes_from <= said.next;
        if remembers && deciders.contains(&relay) && seat.group.hear(relay, said.next, &me) {
            seat.synced = 0;
            self.stage_votes(id);
        }
        if let Some(seat) = self.orders.seats.get_mut(id)
            && said.votes_from > next
            && said.votes_from != u64::MAX
            && peers.contains(&relay)
        {
            // No more than the rule asks for, whatever is said.
            seat.grow_to = seat
                .grow_to
                .max(said.votes_from.min(next.saturating_add(2)));
            self.orders.busy.insert(*id);
        }
        if before != Some(next) {
            self.placed(id);
        }
    }

    /// A group that is new here, or whose records between are gone. Only from a relay that is of the group as it tells it.
    fn take_base(&mut self, id: &GroupId, relay: RelayId, said: &GroupSync) {
        let base = said.base.as_ref().and_then(Standing::of_base);
        let known = self.orders.seats.get(id).map(|seat| seat.group.next());
        let mine = self.group_set(id).contains(&self.me);
        let named = |base: &Standing| {
            let set = self.group_set(id);
            (base.relays.contains(&relay) || set.contains(&relay))
                && (mine || base.relays.contains(&self.me))
        };
        match (known, base) {
            (None, _) if self.orders.seats.len() >= self.config.limits.groups => {}
            (None, Some(base)) if named(&base) => {
                let seat = Seat::new(Group::learned(base), self.clock.steady);
                self.orders.seats.insert(*id, seat);
                self.stage_group(id);
                self.owe(id);
            }
            (None, None) if mine && said.from == 0 && !said.records.as_slice().is_empty() => {
                let seat = Seat::new(Group::learned(Standing::default()), self.clock.steady);
                self.orders.seats.insert(*id, seat);
                self.stage_group(id);
                self.owe(id);
            }
            (Some(next), Some(base)) if base.position > next && named(&base) => {
                let Some(seat) = self.orders.seats.get_mut(id) else {
                    return;
                };
                let gone = (seat.group.first()..next).collect();
                seat.group.jump(base);
                seat.attempt = None;
                self.stage_votes(id);
                self.let_go(id, gone);
                let row = self.orders.seats.get(id).map(|it| it.group.base().encode());
                self.stage.put_group(*id, GroupRow::Base, row);
            }
            _ => {}
        }
    }

    fn note_next(&mut self, id: &GroupId, relay: RelayId, next: u64) {
        let peers = self.group_peers(id);
        if let Some(seat) = self.orders.seats.get_mut(id) {
            seat.told.insert(relay, next);
            if seat.told.len() > peers.len() {
                seat.told.retain(|relay, _| peers.contains(relay));
            }
        }
    }

    /// Some groups in turn: what is over goes, and the others hear how far this relay is.
    pub(super) fn sync_some(&mut self) {
        self.ask_for_strange();
        let (now, pause) = (self.clock.steady, self.config.timings.reconcile);
        let after = self.orders.synced.map_or(Bound::Unbounded, Bound::Excluded);
        let seats = self.orders.seats.range((after, Bound::Unbounded));
        let ids: Vec<GroupId> = seats.map(|(id, _)| *id).take(AT_ONCE).collect();
        self.orders.synced = match ids.len() < AT_ONCE {
            true => None,
            false => ids.last().copied(),
        };
        for id in ids {
            let Some(seat) = self.orders.seats.get_mut(&id) else {
                continue;
            };
            if seat.synced > 0 && now.saturating_sub(seat.synced) < pause {
                continue;
            }
            seat.synced = now.max(1);
            if self.forget_group(&id) {
                continue;
            }
            self.trim_group(&id);
            for relay in self.group_peers(&id) {
                self.send_sync(relay, &id, None);
            }
        }
    }

    /// J5 and P9. Whether the group is gone from here.
    fn forget_group(&mut self, id: &GroupId) -> bool {
        let (wall, timings) = (self.clock.wall, self.config.timings);
        let mine = self.serves_group(id);
        let Some(seat) = self.orders.seats.get(id) else {
            return false;
        };
        let (next, now) = (seat.group.next(), seat.group.now());
        let over = match next {
            // Nobody made it after all.
            0 => self.clock.steady.saturating_sub(seat.began) >= timings.grace,
            _ => now.until.saturating_add(timings.group) <= wall,
        };
        let have = now.relays.iter();
        let have = have.filter(|relay| seat.told.get(*relay).is_some_and(|told| *told >= next));
        let moved = !mine && next > 0 && have.count() >= majority(now.relays.len());
        let moved = moved && seat.entered.is_empty() && !self.has_posts(&id.posts());
        if over || moved {
            self.drop_group(id);
        }
        over || moved
    }

    fn trim_group(&mut self, id: &GroupId) {
        let wall = self.clock.wall;
        let Some(seat) = self.orders.seats.get_mut(id) else {
            return;
        };
        let mut gone = Vec::new();
        while let Some(record) = seat.group.record(seat.group.first())
            && record.expires <= wall
        {
            gone.extend(seat.group.trim());
        }
        self.let_go(id, gone);
    }
}
