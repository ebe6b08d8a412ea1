//! A relay: everything that decides.
//!
//! - **G1** *Accepted means safe.* A sender hears that a message is accepted when it is on the disks of a quorum of its set
//!   (`limits.quorum`, or more than half of the set where a network has few relays), each of which has synchronised the batch it is in. Stand-ins
//!   count as members.
//! - **G2** A message goes at once to all members of its set, and again every `timings.retry` to those that have not confirmed. A member
//!   that is dead, or has not confirmed after `timings.stand_in`, gets a stand-in beside it. After `timings.write` what
//!   is missing is left to reconciliation; a write without quorum is refused then, and may be sent again (rule N4
//!   of BIMP).
//! - **G3** A message is kept until every device on its account's record has acknowledged it, its owner has deleted it, or its
//!   expiry and the grace are over.
//! - **G4** A message is delivered when it is on this relay's disk, to each subscribed device that has not acknowledged it, at most a
//!   window of messages and bytes at a time. A subscriber that acknowledges nothing for `timings.slow_reader` is cut off;
//!   what waits for it stays.
//! - **G5** A subscriber is told that its mailbox has moved when this relay is not of its set and a quorum of the set is alive, and
//!   when this relay sees too few of the set to hear of new messages. It connects to another member then.
//! - **G6** A relay whose disk is full refuses new messages for a while, and goes on delivering, acknowledging and deleting.
//! - **G7** *Coordinating.* A relay that is not of a mailbox's set takes messages for it that come with a ticket: it is the sender's way
//!   into the network. It charges the sender (U1), keeps the message in memory only, writes it to the set as a member would (G2),
//!   and answers by the same quorum (G1). It stands in itself, on its disk, if it is a super relay and is wanted. What comes without a
//!   ticket it takes as a stand-in at most. If it dies the sender does not hear, and sends again through another one; members know a message by
//!   its id.
//! - **G8** Messages that wait for their quorum take at most `limits.writes` places and `limits.write_bytes`; then senders are to
//!   slow down. When the list of relays changes meanwhile, they go to the set that it says.
//! - **G9** *What goes to one relay goes together.* While `limits.requests` requests with entries are on their way to a relay, further
//!   entries for it are gathered, and go when one is answered, or after `timings.retry`. So a relay with time gets each message at once, a
//!   busy one gets few large requests, and as long as it answers some it does not get again what it has not answered yet.
//! - **G10** *Delivered* is what was pushed over a connection and is acknowledged over it by its device, which had not acknowledged it
//!   before, here or elsewhere: so each message once for each device, at one relay. Receipts count no more than that.

mod client;
mod commit;
mod deliver;
pub mod groups;
pub mod hand_over;
mod keep;
mod outbox;
mod owner;
mod peer;
mod pending;
mod prekeys;
pub mod reconcile;
mod tick;
mod write;

use crate::{
    config::{Clock, Config},
    effect::{Asker, ConnectionId, Effect, Input, Who},
    health::Health,
    mailbox::{MailboxState, Owner},
    presence::Presences,
    quota::Quotas,
    routing::{RelayInfo, Routing},
    storage::{Storage, StorageError},
};
use commit::{InFlight, Stage};
use deliver::Subscription;
use groups::Orders;
use hand_over::HandOver;
use outbox::Outbox;
use parlance_bimp::{Answer, GroupId, Mailbox, Probed, Reason, Refusal, RelayId, Request};
use pending::Writes;
use prekeys::PreKeyTable;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tick::Schedule;

/// What a relay has counted since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that were accepted with a quorum.
    pub accepted: u64,
    /// Those of them that were for mailboxes of other relays.
    pub coordinated: u64,
    /// Messages that were pushed to subscribers.
    pub delivered: u64,
    /// Entries that were sent to other relays to repair them.
    pub repaired: u64,
    /// Entries that were handed over and forgotten.
    pub handed_over: u64,
    /// Stand-ins that were asked.
    pub stand_ins: u64,
    /// Subscribers that were cut off.
    pub cut_off: u64,
    /// Batches that the disk refused.
    pub failed_batches: u64,
    /// Positions of groups that were decided here first.
    pub placed: u64,
    /// Texts of groups whose copies this relay has written.
    pub fanned: u64,
    /// Refused requests by number of the reason.
    pub refused: BTreeMap<u16, u64>,
}

/// A connection.
#[derive(Clone, Debug)]
struct Connection {
    who: Who,
    subscriptions: BTreeMap<Mailbox, Subscription>,
    /// Groups whose membership was shown, with the position of the record whose key was used.
    entered: BTreeMap<GroupId, u64>,
}

/// A relay without IO.
#[derive(Debug)]
pub struct Relay {
    me: RelayId,
    config: Config,
    clock: Clock,
    routing: Routing,
    health: Health,
    boxes: BTreeMap<Mailbox, MailboxState>,
    /// Mailboxes that are not this relay's to keep.
    foreign: BTreeSet<Mailbox>,
    /// Relays with which this one shares a mailbox.
    neighbours: BTreeSet<RelayId>,
    /// Entries of all mailboxes, and bytes of all that wait.
    entries: u64,
    bytes: u64,
    connections: BTreeMap<ConnectionId, Connection>,
    orders: Orders,
    writes: Writes,
    outbox: Outbox,
    hand_over: HandOver,
    stage: Stage,
    in_flight: Option<InFlight>,
    batches: u64,
    full_until: u64,
    quotas: Quotas,
    presences: Presences,
    prekeys: PreKeyTable,
    schedule: Schedule,
    effects: VecDeque<Effect>,
    counters: Counters,
}

impl Relay {
    /// A relay with what it finds on its disk.
    pub fn start(
        me: RelayId,
        config: Config,
        clock: Clock,
        relays: &[RelayInfo],
        storage: &dyn Storage,
    ) -> Result<Self, StorageError> {
        let mut relay = Self {
            me,
            config,
            clock,
            routing: Routing::default(),
            health: Health::default(),
            boxes: BTreeMap::new(),
            foreign: BTreeSet::new(),
            neighbours: BTreeSet::new(),
            entries: 0,
            bytes: 0,
            connections: BTreeMap::new(),
            orders: Orders::default(),
            writes: Writes::default(),
            outbox: Outbox::default(),
            hand_over: HandOver::default(),
            stage: Stage::default(),
            in_flight: None,
            batches: 0,
            full_until: 0,
            quotas: Quotas::default(),
            presences: Presences::default(),
            prekeys: PreKeyTable::load(storage)?,
            schedule: Schedule::default(),
            effects: VecDeque::new(),
            counters: Counters::default(),
        };
        relay.set_routing(relays);
        for mailbox in storage.mailboxes()? {
            relay.reload(&mailbox, storage)?;
        }
        for group in storage.groups()? {
            relay.reload_group(&group, storage)?;
        }
        Ok(relay)
    }

    /// Something happens.
    pub fn handle(&mut self, clock: Clock, input: Input) {
        self.clock = clock;
        match input {
            Input::Opened { connection, who } => {
                self.close(connection);
                let opened = Connection {
                    who,
                    subscriptions: BTreeMap::new(),
                    entered: BTreeMap::new(),
                };
                self.connections.insert(connection, opened);
            }
            Input::Closed { connection } => self.close(connection),
            Input::Request { from, request } => self.take_request(from, request),
            Input::Answered { relay, answer } => self.take_answer(relay, answer),
            Input::Unreachable { relay } => {
                self.health.unreachable(&relay);
                self.outbox.forget_asked(&relay);
            }
            Input::Routing(relays) => self.set_routing(&relays),
            Input::Owner { mailbox, owner } => self.take_owner(mailbox, owner),
            Input::Tick => self.tick(),
        }
    }

    /// What is to be done next.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Its place.
    pub fn id(&self) -> RelayId {
        self.me
    }

    /// The mailboxes in memory, for tests and for showing.
    pub fn mailboxes(&self) -> impl Iterator<Item = (&Mailbox, &MailboxState)> {
        self.boxes.iter()
    }

    fn take_request(&mut self, from: Asker, request: Request) {
        if let Request::Probe(probe) = request {
            let probed = Probed {
                number: probe.number,
                clock: self.clock.wall,
                load: self.load(),
            };
            return self.answer(from, Answer::Probe(probed));
        }
        match self.connections.get(&from.connection).map(|it| &it.who) {
            Some(Who::Relay(relay)) => {
                let relay = *relay;
                self.health.heard(relay, self.clock.steady);
                self.take_from_relay(from, relay, request);
            }
            Some(Who::Device { .. }) => self.take_from_device(from, request),
            None => self.refuse(from, Reason::NotAuthenticated),
        }
    }

    /// How much of what it can take the relay has, parts per million.
    fn load(&self) -> u32 {
        let parts = |used: u64, limit: u64| used.saturating_mul(1_000_000) / limit.max(1);
        let limits = &self.config.limits;
        let load = parts(self.entries, limits.messages).max(parts(self.bytes, limits.bytes));
        u32::try_from(load).unwrap_or(u32::MAX)
    }

    /// Whether the disk had no room for messages a moment ago (G6).
    fn is_full(&self) -> bool {
        self.clock.steady < self.full_until
    }

    fn answer(&mut self, to: Asker, answer: Answer) {
        if let Answer::Refused(refusal) = &answer {
            let count = self
                .counters
                .refused
                .entry(refusal.reason.code())
                .or_default();
            *count = count.saturating_add(1);
        }
        self.effects.push_back(Effect::Answer { to, answer });
    }

    fn refuse(&mut self, to: Asker, reason: Reason) {
        self.answer(to, Answer::Refused(Refusal::new(reason)));
    }

    fn refuse_for(&mut self, to: Asker, reason: Reason, milliseconds: u64) {
        let after = u32::try_from(milliseconds).unwrap_or(u32::MAX);
        self.answer(to, Answer::Refused(Refusal::after(reason, after)));
    }

    /// Whether this relay keeps what comes for a mailbox with this set.
    fn is_responsible(&self, set: &[RelayId]) -> bool {
        set.contains(&self.me) || self.routing.is_super(&self.me)
    }

    fn is_alive(&self, relay: &RelayId) -> bool {
        let (now, timings) = (self.clock.steady, &self.config.timings);
        *relay == self.me || self.health.is_alive(relay, now, timings)
    }

    /// Copies of a message that make it safe (G1): in a network of fewer relays than a set has, more than half of them, so that one may
    /// be away there, too.
    fn quorum(&self, set: &[RelayId]) -> usize {
        self.config.limits.quorum.min(set.len() / 2 + 1)
    }

    fn set_of(&self, mailbox: &Mailbox) -> Vec<RelayId> {
        match self.boxes.get(mailbox) {
            Some(state) => state.set.clone(),
            None => self.routing.set(mailbox),
        }
    }

    /// The mailbox, made if it is not there.
    fn ensure_box(&mut self, mailbox: Mailbox) -> &mut MailboxState {
        if !self.boxes.contains_key(&mailbox) {
            let set = self.routing.set(&mailbox);
            self.meet(&mailbox, &set);
            self.boxes.insert(mailbox, MailboxState::new(mailbox, set));
        }
        self.boxes
            .entry(mailbox)
            .or_insert_with(|| MailboxState::new(mailbox, Vec::new()))
    }

    /// Remembers with whom a mailbox is shared, or that it is not this relay's.
    fn meet(&mut self, mailbox: &Mailbox, set: &[RelayId]) {
        for relay in set.iter().filter(|relay| **relay != self.me) {
            self.health.watch(*relay, self.clock.steady);
        }
        if set.contains(&self.me) {
            self.foreign.remove(mailbox);
            let others = set.iter().filter(|relay| **relay != self.me);
            self.neighbours.extend(others);
        } else {
            self.foreign.insert(*mailbox);
        }
    }

    fn set_routing(&mut self, relays: &[RelayInfo]) {
        self.routing = Routing::new(relays);
        let routing = &self.routing;
        self.health.retain(|relay| routing.contains(relay));
        self.outbox.retain_asked(|relay| routing.contains(relay));
        self.neighbours.clear();
        self.foreign.clear();
        for relay in self.routing.supers().to_vec() {
            if relay != self.me {
                self.health.watch(relay, self.clock.steady);
            }
        }
        let mailboxes: Vec<Mailbox> = self.boxes.keys().copied().collect();
        for mailbox in mailboxes {
            let set = self.routing.set(&mailbox);
            self.meet(&mailbox, &set);
            if let Some(state) = self.boxes.get_mut(&mailbox) {
                state.set = set;
            }
        }
        self.reroute();
        self.reroute_groups();
    }

    /// The chain says so: also to connections that were there before.
    fn take_owner(&mut self, mailbox: Mailbox, owner: Owner) {
        for connection in self.connections.values_mut() {
            if let Who::Device {
                mailboxes,
                owner: known,
                ..
            } = &mut connection.who
                && mailboxes.contains(&mailbox)
            {
                known.clone_from(&owner);
            }
        }
        self.set_owner(mailbox, owner);
    }

    fn set_owner(&mut self, mailbox: Mailbox, owner: Owner) {
        let Some(state) = self.boxes.get_mut(&mailbox) else {
            return;
        };
        state.set_owner(owner);
        self.complete_all(&mailbox);
    }

    fn close(&mut self, connection: ConnectionId) {
        let Some(closed) = self.connections.remove(&connection) else {
            return;
        };
        for group in closed.entered.keys() {
            self.orders.leave(group, connection);
        }
        for mailbox in closed.subscriptions.keys() {
            if let Some(state) = self.boxes.get_mut(mailbox) {
                state.subscribers.retain(|other| *other != connection);
            }
        }
    }
}
