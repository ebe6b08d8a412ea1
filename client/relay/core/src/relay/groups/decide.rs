//! Attempts and votes (P3-P9), and what follows from what was decided.

use super::Relay;
use crate::{
    effect::{Asker, Effect},
    entry::State,
    order::{Attempt, Group, Step, is_signed, majority},
    storage::GroupRow,
};
use codec::Encode;
use parlance_bimp::{
    Answer, Ballot, GroupChange, GroupId, GroupPlaced, GroupRecord, GroupVote, GroupVoted, Key,
    List, MessageId, Reason, Refusal, RelayId, Request, Vote, limits::MAX_GROUP_RELAYS,
};

/// What an attempt that was outbid waits, times its relay's rank and the number of attempts in a row, milliseconds.
const REST: u64 = 40;
/// Attempts in a row that make the rest longer.
const OUTBID: u64 = 8;
/// Above it a ballot is refused: nobody could outbid it for long. No honest relay comes there.
const LAST_ROUND: u64 = u64::MAX / 2;
/// How long a relay leaves what nobody offers to those before it in rank, milliseconds.
const TURN: u64 = 400;

impl Relay {
    /// What this relay would propose for the free position: an offer, a move, or nothing that changes anything but is wanted.
    fn proposal(&self, id: &GroupId) -> Option<GroupRecord> {
        let seat = self.orders.seats.get(id)?;
        let (next, now) = (seat.group.next(), seat.group.now());
        let set = self.group_set(id);
        let settled = next == 0 || (self.is_settled_list() && self.would_go_on(id, &set));
        let moved = !set.is_empty() && set != now.relays && settled;
        let relays = match moved {
            true => set,
            false => now.relays.clone(),
        };
        let record = |offered| GroupRecord {
            expires: self.expiry(0),
            relays: List::<_, MAX_GROUP_RELAYS>::new(relays.clone()).unwrap_or_default(),
            offered,
        };
        let offer = seat.offers.iter().find(|it| it.position == next);
        let offered = offer.map(|offer| record(Some(offer.offered.clone())));
        if let Some(record) = offered.filter(|record| self.has_parts(id, record)) {
            return Some(record);
        }
        let wanted = next > 0 && (moved || seat.grow_to > next);
        wanted.then(|| record(None))
    }

    /// Whether more than half of these relays, if they become those of the group with the next record, vote on the position after it. Otherwise
    /// the order would end there (P9).
    fn would_go_on(&self, id: &GroupId, set: &[RelayId]) -> bool {
        let Some(seat) = self.orders.seats.get(id) else {
            return false;
        };
        let after = seat.group.next().saturating_add(1);
        let votes = |relay: &&RelayId| match **relay == self.me {
            true => seat.group.votes().from <= after,
            false => seat.voting.get(*relay).is_some_and(|from| *from <= after),
        };
        set.iter().filter(votes).count() >= majority(set.len())
    }

    fn is_settled_list(&self) -> bool {
        let since = self.clock.steady.saturating_sub(self.orders.routed);
        since >= self.config.timings.settled
    }

    /// As time passes: groups with something to do, and some of all others.
    pub(in crate::relay) fn tick_orders(&mut self) {
        let busy: Vec<GroupId> = self.orders.busy.iter().copied().collect();
        for id in busy {
            self.step(&id);
        }
        self.sync_some();
    }

    /// Does what is to do for a group now.
    pub(super) fn step(&mut self, id: &GroupId) {
        self.settle_offers(id);
        let now = self.clock.steady;
        let timings = self.config.timings;
        let Some(seat) = self.orders.seats.get_mut(id) else {
            self.orders.busy.remove(id);
            return;
        };
        self.orders.busy.insert(*id);
        if let Some(attempt) = &seat.attempt {
            if now.saturating_sub(attempt.began) >= timings.write {
                seat.attempt = None;
            } else if now.saturating_sub(attempt.asked) >= timings.retry {
                self.ask_votes(id);
            }
            return;
        }
        if now < seat.rest_until {
            return;
        }
        match self.is_wanted(id) {
            Some(true) => self.attempt(id),
            Some(false) => {}
            None => {
                if let Some(seat) = self.orders.seats.get_mut(id) {
                    seat.wanted_since = None;
                    if seat.offers.is_empty() {
                        self.orders.busy.remove(id);
                    }
                }
            }
        }
    }

    /// Whether to attempt now; none if there is nothing to decide.
    fn is_wanted(&mut self, id: &GroupId) -> Option<bool> {
        let deciders = self.deciders(id);
        let proposal = self.proposal(id);
        let now = self.clock.steady;
        let rank = deciders.iter().position(|relay| *relay == self.me);
        let unsettled = !self.is_settled_list();
        let moves = self.group_set(id) != deciders;
        let seat = self.orders.seats.get_mut(id)?;
        let group = &seat.group;
        let open = group.votes().accepted.is_some() && group.may_vote();
        if proposal.is_none() && !open {
            // A move that waits for the list to settle, or for new relays to vote, is still to come.
            let waits = unsettled || rank.is_some();
            return (moves && waits && group.next() > 0).then_some(false);
        }
        let rank = rank.filter(|_| group.may_vote());
        let Some(rank) = rank else {
            return (!seat.offers.is_empty()).then_some(false);
        };
        if proposal.is_some_and(|it| it.offered.is_some()) {
            return Some(true);
        }
        let since = *seat.wanted_since.get_or_insert(now);
        let turn = TURN.saturating_mul((rank as u64).saturating_add(1));
        Some(now.saturating_sub(since) >= turn)
    }

    /// P6: takes a ballot and asks for promises.
    fn attempt(&mut self, id: &GroupId) {
        let (me, now, relays) = (self.me, self.clock.steady, self.deciders(id));
        let Some(seat) = self.orders.seats.get_mut(id) else {
            return;
        };
        let promised = seat.group.votes().promised.map_or(0, |it| it.round);
        let round = promised.max(seat.highest).saturating_add(1);
        seat.highest = round;
        let ballot = Ballot { round, relay: me };
        seat.attempt = Some(Attempt::new(seat.group.next(), ballot, relays, now));
        self.ask_votes(id);
    }

    /// Asks all whose vote is missing; for its own this relay asks itself.
    fn ask_votes(&mut self, id: &GroupId) {
        let now = self.clock.steady;
        let Some(attempt) = self
            .orders
            .seats
            .get_mut(id)
            .and_then(|it| it.attempt.as_mut())
        else {
            return;
        };
        attempt.asked = now;
        let asked = GroupVote {
            group: *id,
            position: attempt.position,
            ballot: attempt.ballot,
            record: attempt.record().cloned().map(Box::new),
        };
        let missing: Vec<RelayId> = attempt.missing().copied().collect();
        for relay in missing {
            if relay == self.me {
                let vote = self.vote(&asked);
                self.stage.vote(voted(&asked, vote));
            } else if self.is_alive(&relay) {
                self.health.asked(relay, now);
                let request = Request::GroupVote(asked.clone());
                self.effects.push_back(Effect::Ask { relay, request });
            }
        }
    }

    /// Another relay asks for a vote.
    pub(in crate::relay) fn take_vote_request(
        &mut self,
        from: Asker,
        relay: RelayId,
        asked: GroupVote,
    ) {
        let known = self.orders.seats.get(&asked.group);
        let next = known.map_or(0, |seat| seat.group.next());
        let is_its = asked.ballot.relay == relay && asked.ballot.round <= LAST_ROUND;
        // Who decides on a later position is not known here.
        let may = asked.position != next || self.deciders(&asked.group).contains(&relay);
        let vote = match is_its && may {
            true => self.vote(&asked),
            false => Vote::Abstains,
        };
        if let Some(seat) = self.orders.seats.get_mut(&asked.group) {
            seat.highest = seat.highest.max(asked.ballot.round.min(LAST_ROUND));
        }
        self.answer_durably(from, Answer::GroupVote(voted(&asked, vote)));
    }

    /// What this relay says to an attempt (P2-P5).
    fn vote(&mut self, asked: &GroupVote) -> Vote {
        let id = &asked.group;
        if !self.orders.seats.contains_key(id) {
            let room = self.orders.seats.len() < self.config.limits.groups;
            let here = room && self.group_set(id).contains(&self.me);
            if asked.position > 0 {
                return Vote::Behind(0);
            }
            if !here {
                return Vote::Abstains;
            }
            self.begin_group(id);
        }
        let set = self.group_set(id);
        let lacking = match &asked.record {
            Some(record) => self.lacking(id, record),
            None => Vec::new(),
        };
        let Some(seat) = self.orders.seats.get_mut(id) else {
            return Vote::Abstains;
        };
        let next = seat.group.next();
        if asked.position > next {
            return Vote::Behind(next);
        }
        if asked.position < next {
            let record = seat.group.record(asked.position).cloned();
            return record.map_or(Vote::Abstains, |record| Vote::Decided(Box::new(record)));
        }
        let (vote, changed) = match &asked.record {
            None => seat.group.promise(asked.ballot),
            // The first relays are those that this relay knows, too.
            Some(record) if next == 0 && record.relays.as_slice() != set => (Vote::Abstains, false),
            Some(_) if !lacking.is_empty() => {
                (Vote::Lacks(List::new(lacking).unwrap_or_default()), false)
            }
            Some(record) => seat.group.accept(id, asked.ballot, record),
        };
        if changed {
            self.stage_votes(id);
            self.orders.busy.insert(*id);
        }
        vote
    }

    /// A vote has come; the own one when it is on disk.
    pub(in crate::relay) fn take_vote(&mut self, relay: RelayId, voted: GroupVoted) {
        let id = voted.group;
        let own = self.proposal(&id);
        let Some(seat) = self.orders.seats.get_mut(&id) else {
            return;
        };
        let Some(attempt) = &mut seat.attempt else {
            return;
        };
        if (attempt.position, attempt.ballot) != (voted.position, voted.ballot) {
            return;
        }
        let step = match voted.vote {
            Vote::Decided(record) => return self.learn(&id, voted.position, *record),
            Vote::Behind(next) => return self.send_sync(relay, &id, Some(next)),
            Vote::Lacks(parts) => return self.send_parts(relay, &id, parts.as_slice()),
            vote => attempt.take(relay, &vote, own.as_ref()),
        };
        match step {
            Step::Wait => {}
            Step::Idle => seat.attempt = None,
            Step::Accept(_) => self.ask_votes(&id),
            Step::Decided(record) => {
                self.counters.placed = self.counters.placed.saturating_add(1);
                self.learn(&id, voted.position, record);
            }
            Step::Outbid(ballot) => {
                seat.attempt = None;
                seat.highest = seat.highest.max(ballot.round.min(LAST_ROUND));
                seat.outbid = seat.outbid.saturating_add(1).min(OUTBID);
                let outbid = seat.outbid;
                let deciders = self.deciders(&id);
                let rank = deciders.iter().position(|it| *it == self.me).unwrap_or(0);
                let rest = REST
                    .saturating_mul((rank as u64).saturating_add(1))
                    .saturating_mul(outbid);
                if let Some(seat) = self.orders.seats.get_mut(&id) {
                    seat.rest_until = self.clock.steady.saturating_add(rest);
                }
            }
        }
    }

    fn send_parts(&mut self, relay: RelayId, id: &GroupId, parts: &[MessageId]) {
        let mailbox = id.parts();
        for part in parts {
            let key = Key { mailbox, id: *part };
            let known = self.boxes.get(&mailbox).and_then(|it| it.get(part));
            let state: Option<State> = known.map(|entry| entry.state.clone());
            if let Some(state) = state.filter(|state| !state.deleted && self.is_settled(&key)) {
                self.outbox.repair(relay, key, &state, false);
            }
        }
    }

    /// A record is decided (P7). The others are told.
    fn learn(&mut self, id: &GroupId, position: u64, record: GroupRecord) {
        if self.place(id, position, record) {
            self.placed(id);
            for relay in self.group_peers(id) {
                self.send_sync(relay, id, Some(position));
            }
        }
    }

    /// Puts a decided record behind the others. Whether it fits there.
    pub(super) fn place(&mut self, id: &GroupId, position: u64, record: GroupRecord) -> bool {
        let now = self.clock.steady;
        let most = self.config.limits.group_records.max(1);
        let Some(seat) = self.orders.seats.get_mut(id) else {
            return false;
        };
        let bytes = record.encode();
        if position != seat.group.next() || seat.group.push(id, record, now).is_err() {
            return false;
        }
        (seat.attempt, seat.outbid, seat.rest_until) = (None, 0, 0);
        seat.wanted_since = None;
        let mut gone = Vec::new();
        while seat.group.len() > most {
            gone.extend(seat.group.trim());
        }
        let row = GroupRow::Record(position);
        self.stage.put_group(*id, row, Some(bytes));
        self.stage_votes(id);
        self.let_go(id, gone);
        true
    }

    /// Records are gone from memory (J5).
    pub(super) fn let_go(&mut self, id: &GroupId, gone: Vec<u64>) {
        let Some(seat) = self.orders.seats.get(id).filter(|_| !gone.is_empty()) else {
            return;
        };
        let base = seat.group.base().encode();
        self.stage.put_group(*id, GroupRow::Base, Some(base));
        for position in gone {
            let row = GroupRow::Record(position);
            self.stage.put_group(*id, row, None);
        }
    }

    /// The order has grown: members hear of it, and what waits goes on.
    pub(super) fn placed(&mut self, id: &GroupId) {
        self.tell_members(id);
        self.step(id);
    }

    /// Answers offers whose position is taken, or that have waited long enough (J2).
    fn settle_offers(&mut self, id: &GroupId) {
        let (now, longest) = (self.clock.steady, self.config.timings.write);
        let Some(seat) = self.orders.seats.get_mut(id) else {
            return;
        };
        let next = seat.group.next();
        let mut answers = Vec::new();
        let group = &seat.group;
        seat.offers.retain_mut(|offer| {
            let answer = match offer.position < next {
                true => placed_or_overtaken(group, offer.position, &offer.offered.change),
                false if now.saturating_sub(offer.began) >= longest => {
                    Answer::Refused(Refusal::new(Reason::NoQuorum))
                }
                // This relay did not know the key when the offer came.
                false if offer.position == next && !offer.checked => {
                    let change = &offer.offered.change;
                    let statement = change.statement(id, next);
                    let signer = group.now().signer(change);
                    offer.checked = true;
                    if is_signed(Some(&signer), &statement, &offer.offered.signature) {
                        return true;
                    }
                    Answer::Refused(Refusal::new(Reason::NotAllowed))
                }
                false => return true,
            };
            answers.push((offer.from, answer));
            false
        });
        for (to, answer) in answers {
            self.answer(to, answer);
        }
    }
}

/// What to say to an offer for a position that is taken.
pub(super) fn placed_or_overtaken(group: &Group, position: u64, change: &GroupChange) -> Answer {
    let next = group.next();
    let record = group.record(position);
    let offered = record.and_then(|record| record.offered.as_ref());
    match offered.is_some_and(|offered| offered.change == *change) {
        true => Answer::GroupOffer(GroupPlaced { position, next }),
        false => Answer::Refused(Refusal {
            limit: next,
            ..Refusal::new(Reason::Overtaken)
        }),
    }
}

fn voted(asked: &GroupVote, vote: Vote) -> GroupVoted {
    GroupVoted {
        group: asked.group,
        position: asked.position,
        ballot: asked.ballot,
        vote,
    }
}
