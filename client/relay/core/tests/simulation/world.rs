//! Relays, clients and the network between them, in simulated time.

use crate::{
    checker::{Checker, Outcome},
    client::{Device, Sender},
    disk::Disk,
    members::{Member, Orders},
    plan::{Mutation, Plan},
};
use parlance_bimp::{Account, Answer, GroupId, Key, Mailbox, RelayId, Request, id::hash};
use parlance_relay_core::{Batch, Clock, Input, Owner, Relay, RelayInfo, Routing, Who};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

/// The wall clock when a run begins.
const BEGIN: u64 = 1_700_000_000_000;
/// Connections between relays have numbers from here on.
pub const PEER: u64 = 1 << 40;
/// The group of all mailboxes, made by its first member.
pub const GROUP: GroupId = GroupId([0x77; 32]);
/// How long everything is in order after the faults, milliseconds.
const CALM: u64 = 40_000;

/// A relay and its machine.
pub struct Host {
    pub relay: Option<Relay>,
    pub disk: Disk,
    pub skew: i64,
    /// Counts starts, so that what was meant for the process before is not taken for this one.
    pub life: u64,
    pub flush_due: bool,
    pub peers: BTreeSet<usize>,
    pub sessions: BTreeMap<u64, usize>,
    list: Vec<RelayInfo>,
}

pub enum ToHost {
    Open(Who),
    Ask(u32, Request),
    End,
}

#[derive(Clone)]
pub enum ToClient {
    Answer(u32, Answer),
    Deliver(Key, Vec<u8>),
    Moved,
    Grown(u64),
    End,
}

pub enum Event {
    Tick(usize, u64),
    Flush(usize, u64),
    Commit(usize, u64, Batch),
    Ask {
        from: usize,
        to: usize,
        number: u32,
        request: Request,
    },
    Reply {
        from: usize,
        to: usize,
        answer: Answer,
    },
    ToHost {
        client: usize,
        relay: usize,
        session: u64,
        says: ToHost,
    },
    ToClient {
        client: usize,
        session: u64,
        says: ToClient,
    },
    SessionOver(usize, u64),
    ClientTick(usize),
    Fault,
    Heal(usize, &'static str),
    Lose(usize),
    CatchUp(usize, u64, u64),
    List(usize, Vec<RelayInfo>),
}

pub struct World {
    pub plan: Plan,
    pub now: u64,
    turn: u64,
    queue: BTreeMap<(u64, u64), Event>,
    pub rng: ChaCha20Rng,
    pub hosts: Vec<Host>,
    pub places: Vec<RelayId>,
    pub mailboxes: Vec<Mailbox>,
    pub senders: Vec<Sender>,
    pub devices: Vec<Device>,
    pub members: Vec<Member>,
    pub orders: Orders,
    /// What strangers were refused.
    pub refused: u32,
    pub checker: Checker,
    pub list: Vec<RelayInfo>,
    pub routing: Routing,
    /// Pairs of relays, and of client and relay, that do not reach each other.
    pub cut: BTreeSet<(usize, usize)>,
    pub cut_clients: BTreeSet<(usize, usize)>,
    /// When the last piece of a session arrives, by direction.
    pub links: BTreeMap<(u64, bool), u64>,
    pub lost_sessions: BTreeSet<u64>,
    pub next_session: u64,
    pub next_ask: u32,
    pub struck: BTreeMap<usize, &'static str>,
    pub last_of: BTreeMap<&'static str, u64>,
    pub faults: BTreeMap<&'static str, u32>,
}

impl World {
    pub fn new(plan: Plan) -> Self {
        let count = plan.relays + plan.spare;
        let places: Vec<RelayId> = (0..count)
            .map(|n| RelayId(hash(&[b"relay", &plan.seed.to_le_bytes(), &[n as u8]])))
            .collect();
        let list: Vec<RelayInfo> = places[..plan.relays]
            .iter()
            .enumerate()
            .map(|(n, id)| RelayInfo {
                id: *id,
                quality: n as u32,
            })
            .collect();
        let mut rng = ChaCha20Rng::seed_from_u64(plan.seed);
        let lies = plan.mutation == Mutation::AcknowledgeBeforeDurable;
        let hosts = (0..count)
            .map(|_| Host {
                relay: None,
                disk: Disk::new(lies),
                skew: match plan.faults.skew {
                    0 => 0,
                    skew => (rng.next_u64() % (2 * skew)) as i64 - skew as i64,
                },
                life: 0,
                flush_due: false,
                peers: BTreeSet::new(),
                sessions: BTreeMap::new(),
                list: list.clone(),
            })
            .collect();
        let account = |n: usize| Account(hash(&[b"account", &[n as u8]]));
        let mailboxes: Vec<Mailbox> = (0..plan.mailboxes)
            .map(|n| Mailbox::of(&account(n), 0))
            .collect();
        let mut world = Self {
            plan,
            now: 1_000,
            turn: 0,
            queue: BTreeMap::new(),
            rng,
            hosts,
            places,
            senders: Vec::new(),
            devices: Vec::new(),
            members: Vec::new(),
            orders: Orders::default(),
            refused: 0,
            checker: Checker::default(),
            routing: Routing::new(&list),
            list,
            cut: BTreeSet::new(),
            cut_clients: BTreeSet::new(),
            links: BTreeMap::new(),
            lost_sessions: BTreeSet::new(),
            next_session: 1,
            next_ask: 1,
            struck: BTreeMap::new(),
            last_of: BTreeMap::new(),
            faults: BTreeMap::new(),
            mailboxes,
        };
        for n in 0..count {
            world.start(n);
        }
        world.people(account);
        world.after(500, Event::Fault);
        world
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound.max(1)
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub fn after(&mut self, delay: u64, event: Event) {
        self.turn += 1;
        self.queue.insert((self.now + delay, self.turn), event);
    }

    /// What the chain says of each account.
    pub fn owner(&self) -> Owner {
        Owner {
            devices: (0..self.plan.devices).collect(),
            longest: 30 * 86_400_000,
        }
    }

    pub fn clock(&self, relay: usize) -> Clock {
        let wall = (BEGIN + self.now) as i64 + self.hosts[relay].skew;
        Clock {
            steady: self.now,
            wall: wall as u64,
        }
    }

    /// A relay's process starts, with what its disk has.
    pub fn start(&mut self, n: usize) {
        let clock = self.clock(n);
        let host = &mut self.hosts[n];
        host.life += 1;
        host.flush_due = false;
        host.peers.clear();
        host.sessions.clear();
        let (me, config) = (self.places[n], self.plan.config);
        let relay = Relay::start(me, config, clock, &host.list, &host.disk).unwrap();
        host.relay = Some(relay);
        let life = host.life;
        let delay = self.below(50);
        self.after(delay, Event::Tick(n, life));
    }

    /// A relay's process dies.
    pub fn kill(&mut self, n: usize) {
        self.hosts[n].relay = None;
        self.hosts[n].disk.crash();
    }

    pub fn input(&mut self, n: usize, input: Input) {
        let clock = self.clock(n);
        let host = &mut self.hosts[n];
        let Some(relay) = &mut host.relay else {
            return;
        };
        relay.handle(clock, input);
        let (due, life) = (host.flush_due, host.life);
        if !due {
            host.flush_due = true;
            self.after(1, Event::Flush(n, life));
        }
    }

    fn is_life(&self, n: usize, life: u64) -> bool {
        self.hosts[n].relay.is_some() && self.hosts[n].life == life
    }

    /// Runs to the end and judges.
    pub fn run(mut self) -> Outcome {
        let end = self.plan.faulty + CALM;
        while let Some(((at, _), event)) = self.queue.pop_first() {
            if at > end {
                break;
            }
            self.now = at;
            self.happen(event);
        }
        self.judge()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick(n, life) if self.is_life(n, life) => {
                self.input(n, Input::Tick);
                self.after(50, Event::Tick(n, life));
            }
            Event::Flush(n, life) if self.is_life(n, life) => self.flush(n),
            Event::Commit(n, life, batch) if self.is_life(n, life) => self.commit(n, &batch),
            Event::Tick(..) | Event::Flush(..) | Event::Commit(..) => {}
            Event::Ask {
                from,
                to,
                number,
                request,
            } => self.take_ask(from, to, number, request),
            Event::Reply { from, to, answer } => {
                let relay = self.places[from];
                self.input(to, Input::Answered { relay, answer });
            }
            Event::ToHost {
                client,
                relay,
                session,
                says,
            } => self.take_from_client(client, relay, session, says),
            Event::ToClient {
                client,
                session,
                says,
            } => self.client_hears(client, session, says),
            Event::SessionOver(n, session) => {
                self.hosts[n].sessions.remove(&session);
                self.input(
                    n,
                    Input::Closed {
                        connection: session,
                    },
                );
            }
            Event::ClientTick(client) => {
                self.client_tick(client);
                self.after(20, Event::ClientTick(client));
            }
            Event::Fault => self.fault(),
            Event::Heal(n, what) => self.heal(n, what),
            Event::Lose(n) => self.lose(n),
            Event::CatchUp(n, life, number) if self.is_life(n, life) => {
                self.hosts[n].disk.catch_up(number);
            }
            Event::CatchUp(..) => {}
            Event::List(n, list) => {
                self.hosts[n].list.clone_from(&list);
                self.input(n, Input::Routing(list));
            }
        }
    }
}
