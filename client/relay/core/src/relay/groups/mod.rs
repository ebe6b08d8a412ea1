//! What a group's relays do for its members (rules O4, O13-O20 of BIMP). How they agree on the order is [`order`](crate::order).
//!
//! - **J1** *Members* show an access key of the group, and nothing else (O13). What a relay refuses because of that, it refuses as if there were no
//!   such group, after checking one signature.
//! - **J2** *An offer* waits for its place at the relay that it came to, until its parts are on disk there, the relay has caught up, and a majority has
//!   decided; after `timings.write` it is refused, and its member asks again. Several offers for a position are
//!   attempted one after the other: the second hears that it was overtaken.
//! - **J3** *A text* is written to the group's relays as any message to a mailbox (G1, G2, G7), but to them alone: nobody stands in. When a quorum
//!   has agreed to it (J7) it is the duty of all that have it: of those that are alive, the nearest to its id writes a copy into each mailbox that the group's
//!   order names *then*, when it knows the record that names the text's key, and deletes the text when all have it. Mailboxes that cannot take it are tried again, at growing intervals,
//!   until it expires. If the relay dies, the next one begins again; copies are known by their id (M1, K2).
//! - **J4** *Knowing the same.* Relays of a group tell each other at once what was decided, and every `timings.reconcile` how far they are.
//! - **J5** *Letting go.* Records go when they have expired, or there are more than `limits.group_records`; what they left, key, mailboxes and relays,
//!   stays for `timings.group`.
//! - **J6** *Not telling.* Which member asked for what is kept nowhere.
//! - **J7** *Judging a text.* Each relay that a text comes to, from its sender or from a relay, checks that it is signed by a key that is good for texts (O4), by
//!   what it knows of the order then. If it lacks the record that names the key it asks for that, and says nothing yet; if the key is out of date
//!   it refuses, and tells the other relay what that lacks. A quorum that has the text on disk has *agreed*. Whoever sees that notes it with the
//!   text and tells the others (M4). What is agreed is taken from a relay of the set however old its key is by then; what is not is never copied.
//!   A relay that has a text and has not heard of an agreement asks the others again after a while, and forgets the text when so many refuse that
//!   there can be none.

mod copies;
mod decide;
mod judge;
mod member;
mod post;
mod read;
mod sync;

pub(super) use copies::Copied;
pub(super) use judge::{Bearer, Verdict};

use super::Relay;
use crate::{
    effect::{Asker, ConnectionId, Effect},
    order::{Attempt, Group, Standing, Votes},
    storage::{GroupRow, Storage, StorageError},
};
use codec::{Decode, DecodeAll, Encode};
use copies::Copies;
use judge::Doubts;
use parlance_bimp::{GroupId, GroupRead, GroupRecord, Key, MessageId, Offered, RelayId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An offer that waits (J2).
#[derive(Clone, Debug)]
struct Waiting {
    from: Asker,
    position: u64,
    offered: Offered,
    began: u64,
    /// Whether the signature was checked against the key of the record before.
    checked: bool,
}

/// A group, and what is on its way for it.
#[derive(Debug)]
struct Seat {
    group: Group,
    attempt: Option<Attempt>,
    offers: VecDeque<Waiting>,
    /// The order is wanted up to here, so that others may vote (P8).
    grow_to: u64,
    /// No attempt before.
    rest_until: u64,
    /// Attempts that were outbid in a row, and the highest round that was heard of.
    outbid: u64,
    highest: u64,
    /// Since when something is to be decided that nobody has offered here.
    wanted_since: Option<u64>,
    /// When the others were told last how far this relay is.
    synced: u64,
    /// How far the others said to be.
    told: BTreeMap<RelayId, u64>,
    /// From which position on they said to vote.
    voting: BTreeMap<RelayId, u64>,
    /// Connections that have entered.
    entered: BTreeSet<ConnectionId>,
    /// Since when it is here, in this life of the relay.
    began: u64,
}

impl Seat {
    fn new(group: Group, now: u64) -> Self {
        Self {
            group,
            began: now,
            attempt: None,
            offers: VecDeque::new(),
            grow_to: 0,
            rest_until: 0,
            outbid: 0,
            highest: 0,
            wanted_since: None,
            synced: 0,
            told: BTreeMap::new(),
            voting: BTreeMap::new(),
            entered: BTreeSet::new(),
        }
    }
}

/// All groups of a relay.
#[derive(Debug, Default)]
pub(super) struct Orders {
    seats: BTreeMap<GroupId, Seat>,
    /// Groups for which something may be to do.
    busy: BTreeSet<GroupId>,
    /// What members want to read, until the disk is at hand.
    reads: Vec<(Asker, GroupRead)>,
    /// The last group that was synchronised.
    synced: Option<GroupId>,
    /// When the list of relays changed last.
    routed: u64,
    /// Groups of which others know and this relay does not.
    strange: BTreeSet<GroupId>,
    copies: Copies,
    doubts: Doubts,
}

impl Orders {
    /// A connection has ended.
    pub fn leave(&mut self, group: &GroupId, connection: ConnectionId) {
        if let Some(seat) = self.seats.get_mut(group) {
            seat.entered.remove(&connection);
        }
    }

    /// Others may have missed something, or know more.
    pub fn sync_soon(&mut self) {
        for seat in self.seats.values_mut() {
            seat.synced = 0;
        }
    }
}

impl Relay {
    /// What is known of a group, for tests and for showing.
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.orders.seats.get(id).map(|seat| &seat.group)
    }

    /// The relays at the group's place.
    fn group_set(&self, id: &GroupId) -> Vec<RelayId> {
        self.routing.set(&id.place())
    }

    /// The relays that decide on the free position (P1).
    fn deciders(&self, id: &GroupId) -> Vec<RelayId> {
        match self.orders.seats.get(id) {
            Some(seat) if seat.group.next() > 0 => seat.group.now().relays.clone(),
            _ => self.group_set(id),
        }
    }

    /// The relays that are to know the group's order, without this one.
    fn group_peers(&self, id: &GroupId) -> Vec<RelayId> {
        let mut peers = self.deciders(id);
        peers.extend(self.group_set(id));
        peers.sort_unstable();
        peers.dedup();
        peers.retain(|relay| *relay != self.me);
        peers
    }

    /// Whether this relay has to do with a group at this place.
    fn serves_group(&self, id: &GroupId) -> bool {
        self.group_set(id).contains(&self.me) || self.deciders(id).contains(&self.me)
    }

    /// A group that is not made yet.
    fn begin_group(&mut self, id: &GroupId) {
        self.orders
            .seats
            .insert(*id, Seat::new(Group::unmade(), self.clock.steady));
        self.stage_group(id);
        self.orders.busy.insert(*id);
        self.owe(id);
    }

    /// Puts what a group is into the next batch: all of it.
    fn stage_group(&mut self, id: &GroupId) {
        let Some(seat) = self.orders.seats.get(id) else {
            return;
        };
        let group = &seat.group;
        let mut rows = vec![
            (GroupRow::Base, group.base().encode()),
            (GroupRow::Votes, group.votes().encode()),
        ];
        for position in group.first()..group.next() {
            if let Some(record) = group.record(position) {
                rows.push((GroupRow::Record(position), record.encode()));
            }
        }
        for (row, bytes) in rows {
            self.stage.put_group(*id, row, Some(bytes));
        }
    }

    fn stage_votes(&mut self, id: &GroupId) {
        if let Some(seat) = self.orders.seats.get(id) {
            let bytes = seat.group.votes().encode();
            self.stage.put_group(*id, GroupRow::Votes, Some(bytes));
        }
    }

    /// Forgets a group, on disk too.
    fn drop_group(&mut self, id: &GroupId) {
        let Some(seat) = self.orders.seats.remove(id) else {
            return;
        };
        for connection in &seat.entered {
            if let Some(connection) = self.connections.get_mut(connection) {
                connection.entered.remove(id);
            }
        }
        self.orders.busy.remove(id);
        self.orders.copies.forget(id);
        let records = (seat.group.first()..seat.group.next()).map(GroupRow::Record);
        for row in [GroupRow::Base, GroupRow::Votes].into_iter().chain(records) {
            self.stage.put_group(*id, row, None);
        }
    }

    /// Reads a group from disk, and forgets what was in memory of it: at the start, and after a batch that failed. Who has
    /// entered stays; who has offered is told by nobody, and asks again.
    pub(super) fn reload_group(
        &mut self,
        id: &GroupId,
        storage: &dyn Storage,
    ) -> Result<(), StorageError> {
        let (mut base, mut votes, mut records) = (None, None, Vec::new());
        for (row, bytes) in storage.group(id)? {
            let damaged = || StorageError::Failed(format!("row {row:?} of a group is damaged"));
            match row {
                GroupRow::Base => base = Some(read::<Standing>(&bytes).ok_or_else(damaged)?),
                GroupRow::Votes => votes = Some(read::<Votes>(&bytes).ok_or_else(damaged)?),
                GroupRow::Record(_) => {
                    records.push(read::<GroupRecord>(&bytes).ok_or_else(damaged)?);
                }
            }
        }
        let entered = self.orders.seats.remove(id).map(|seat| seat.entered);
        let (Some(base), Some(votes)) = (base, votes) else {
            return Ok(());
        };
        let group = Group::load(base, records, votes)
            .ok_or_else(|| StorageError::Failed("the rows of a group do not fit".into()))?;
        let mut seat = Seat::new(group, self.clock.steady);
        seat.entered = entered.unwrap_or_default();
        self.orders.seats.insert(*id, seat);
        self.orders.busy.insert(*id);
        self.owe(id);
        Ok(())
    }

    /// The list of relays has changed: groups may have to move (P9).
    pub(super) fn reroute_groups(&mut self) {
        self.orders.routed = self.clock.steady;
        let ids: Vec<GroupId> = self.orders.seats.keys().copied().collect();
        self.orders.busy.extend(ids);
        self.orders.sync_soon();
    }

    /// Whether all parts of a record are on this relay's disk (P2).
    fn has_parts(&self, id: &GroupId, record: &GroupRecord) -> bool {
        self.lacking(id, record).is_empty()
    }

    fn lacking(&self, id: &GroupId, record: &GroupRecord) -> Vec<MessageId> {
        let mailbox = id.parts();
        let state = self.boxes.get(&mailbox);
        let lacks = |part: &&MessageId| {
            let known = state.and_then(|it| it.get(part));
            let here = known.is_some_and(|entry| !entry.state.deleted);
            !here
                || !self.is_settled(&Key {
                    mailbox,
                    id: **part,
                })
        };
        Group::parts(record).iter().filter(lacks).copied().collect()
    }

    /// Tells those who have entered that the order has grown (O17).
    fn tell_members(&mut self, id: &GroupId) {
        let Some(seat) = self.orders.seats.get(id) else {
            return;
        };
        let next = seat.group.next();
        for connection in &seat.entered {
            self.effects.push_back(Effect::Grown {
                connection: *connection,
                group: *id,
                next,
            });
        }
    }
}

fn read<T: Decode>(bytes: &[u8]) -> Option<T> {
    T::decode_all(&mut &bytes[..]).ok()
}
