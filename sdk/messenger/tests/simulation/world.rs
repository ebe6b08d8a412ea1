//! Simulated time, and what goes wrong in it.

use crate::{
    calls::Call,
    checker::{Checker, Outcome},
    common::Record,
    network::{Down, Up},
    people::Person,
    relay_disk::Disk,
};
use parlance_bimp::{Account, Answer, RelayId, Request, id::hash};
use parlance_e2ee::{DeviceAddress, IdentityPublic};
use parlance_messenger::{Input, RelayInfo};
use parlance_relay_core::{Batch, Input as ToRelay, Relay};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};

/// The wall clock when a run begins.
pub const BEGIN: u64 = 1_700_000_000_000;
/// Connections between relays have numbers from here on.
pub const PEER: u64 = 1 << 40;
/// A period of Proof of Relay.
pub const PERIOD: u64 = 6_000;
/// How long everything is in order at the end: long enough for every pause of the engine.
const CALM: u64 = 150_000;

/// One run. The seed decides everything else.
#[derive(Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub relays: usize,
    /// Ingress relays of each account; none in a network without Proof of Relay.
    pub ingress: usize,
    /// For how long people act, and for how long there are faults.
    pub busy: u64,
    /// Between two acts of a person, at most.
    pub pause: u64,
    /// Of a thousand messages between relays; doubled ones also of those to devices.
    pub lost: u64,
    pub doubled: u64,
    pub kills: bool,
    pub restarts: bool,
    pub loses_sessions: bool,
    /// All are in a group too.
    pub groups: bool,
    /// Devices are present, and can be called.
    pub direct: bool,
    /// In the second half of the busy time no relay is reached.
    pub alone: bool,
    /// People send files too.
    pub files: bool,
    /// Another device of the first account comes in the middle, and takes the history.
    pub late: bool,
    /// A mistake that must be found: devices go back to what they were before.
    pub forgets: bool,
}

impl Plan {
    pub fn calm(seed: u64) -> Self {
        Self {
            seed,
            relays: 6 + (seed % 7) as usize,
            ingress: if seed % 4 == 3 { 0 } else { 3 },
            busy: 20_000,
            pause: 2_500,
            lost: 0,
            doubled: 0,
            kills: false,
            restarts: false,
            loses_sessions: false,
            groups: false,
            direct: false,
            alone: false,
            files: false,
            late: false,
            forgets: false,
        }
    }

    pub fn rough(seed: u64) -> Self {
        Self {
            lost: 40,
            doubled: 40,
            kills: true,
            restarts: true,
            loses_sessions: true,
            ..Self::calm(seed)
        }
    }
}

/// A relay and its machine.
pub struct Host {
    pub relay: Option<Relay>,
    pub disk: Disk,
    pub life: u64,
    pub flush_due: bool,
    pub peers: BTreeSet<usize>,
    pub sessions: BTreeMap<u64, usize>,
}

pub enum Event {
    RelayTick(usize, u64),
    Flush(usize, u64),
    Commit(usize, u64, Batch),
    Ask(usize, usize, u32, Request),
    Reply(usize, usize, Answer),
    Up(usize, usize, u64, Up),
    Down(usize, usize, u64, Down),
    Broken(usize, usize, u64),
    DeviceTick(usize, u64),
    StartDevice(usize),
    Period(usize),
    Look(usize, u64, Account),
    Act(usize),
    NewDevice,
    /// A relay reads the new device's record.
    Owner(usize),
    TakeHistory,
    Fault,
    StartRelay(usize),
    Join(usize),
    Alone(bool),
    Call(Call, usize, Vec<u8>),
    Taken(Call, bool),
    Unreached(Call, DeviceAddress),
}

pub struct World {
    pub plan: Plan,
    pub now: u64,
    turn: u64,
    queue: BTreeMap<(u64, u64), Event>,
    pub rng: ChaCha20Rng,
    pub list: Vec<RelayInfo>,
    pub hosts: Vec<Host>,
    pub people: Vec<Person>,
    pub records: BTreeMap<Account, Record>,
    pub checker: Checker,
    /// Relays that nobody reaches.
    pub cut: BTreeSet<usize>,
    pub links: BTreeMap<(u64, bool), u64>,
    pub broken: BTreeSet<u64>,
    pub next_session: u64,
    pub next_ask: u32,
    pub receipts: u32,
    pub group: crate::group::Conversation,
    pub files: Vec<crate::files::Sent>,
    pub gone: std::rc::Rc<std::cell::RefCell<BTreeSet<parlance_e2ee::DeviceAddress>>>,
    pub calls: Vec<Call>,
    lost_sessions: BTreeSet<usize>,
    /// The device that comes later, and how its record names it.
    pub late: Option<(usize, (u32, IdentityPublic))>,
}

impl World {
    pub fn new(plan: Plan) -> Self {
        let list: Vec<RelayInfo> = (0..plan.relays)
            .map(|n| RelayInfo {
                id: RelayId(hash(&[b"relay", &plan.seed.to_le_bytes(), &[n as u8]])),
                quality: n as u32,
            })
            .collect();
        let hosts = (0..plan.relays)
            .map(|_| Host {
                relay: None,
                disk: Disk::new(false),
                life: 0,
                flush_due: false,
                peers: BTreeSet::new(),
                sessions: BTreeMap::new(),
            })
            .collect();
        let mut world = Self {
            plan,
            now: 1_000,
            turn: 0,
            queue: BTreeMap::new(),
            rng: ChaCha20Rng::seed_from_u64(plan.seed),
            list,
            hosts,
            people: Vec::new(),
            records: BTreeMap::new(),
            checker: Checker::default(),
            cut: BTreeSet::new(),
            links: BTreeMap::new(),
            broken: BTreeSet::new(),
            next_session: 1,
            next_ask: 1,
            receipts: 0,
            group: crate::group::Conversation::default(),
            files: Vec::new(),
            gone: std::rc::Rc::default(),
            calls: Vec::new(),
            lost_sessions: BTreeSet::new(),
            late: None,
        };
        for n in 0..plan.relays {
            world.start_relay(n);
        }
        world.people();
        world.after(2_000, Event::Fault);
        if plan.alone {
            world.after(plan.busy / 2, Event::Alone(true));
            world.after(plan.busy, Event::Alone(false));
        }
        world
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound.max(1)
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub fn faulty(&self) -> bool {
        self.now < self.plan.busy
    }

    pub fn after(&mut self, delay: u64, event: Event) {
        self.turn += 1;
        self.queue.insert((self.now + delay, self.turn), event);
    }

    /// Runs to the end and judges.
    pub fn run(mut self) -> Outcome {
        let end = self.plan.busy + CALM;
        while let Some(((at, _), event)) = self.queue.pop_first() {
            if at > end {
                break;
            }
            self.now = at;
            self.happen(event);
        }
        self.judge()
    }

    fn is_life(&self, n: usize, life: u64) -> bool {
        self.hosts[n].relay.is_some() && self.hosts[n].life == life
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::RelayTick(n, life) if self.is_life(n, life) => {
                self.relay_input(n, ToRelay::Tick);
                self.after(50, Event::RelayTick(n, life));
            }
            Event::Flush(n, life) if self.is_life(n, life) => self.flush(n),
            Event::Commit(n, life, batch) if self.is_life(n, life) => self.commit(n, &batch),
            Event::RelayTick(..) | Event::Flush(..) | Event::Commit(..) => {}
            Event::Ask(from, to, number, request) => self.take_ask(from, to, number, request),
            Event::Reply(from, to, answer) => {
                let relay = self.list[from].id;
                self.relay_input(to, ToRelay::Answered { relay, answer });
            }
            Event::Up(device, relay, session, says) => self.take_up(device, relay, session, says),
            Event::Down(device, relay, session, says) => {
                self.take_down(device, relay, session, says);
            }
            Event::Broken(device, relay, session) => self.broken(device, relay, session),
            Event::DeviceTick(device, life) => {
                let person = &self.people[device];
                if person.engine.is_some() && person.life == life {
                    self.input(device, Input::Tick);
                    self.after(50, Event::DeviceTick(device, life));
                }
            }
            Event::StartDevice(device) => self.start_device(device),
            Event::Period(device) => {
                let directory = self.directory(device);
                self.input(device, Input::Directory(directory));
                let pause = PERIOD - self.now % PERIOD + self.below(700);
                self.after(pause, Event::Period(device));
            }
            Event::Look(device, life, account) => {
                if self.people[device].life == life {
                    self.look(device, account);
                }
            }
            Event::Act(device) => self.act(device),
            Event::NewDevice => self.new_device(),
            Event::Owner(relay) => self.owner_at(relay),
            Event::TakeHistory => self.take_history(),
            Event::Fault => self.fault(),
            Event::StartRelay(n) => self.start_relay(n),
            Event::Join(n) => {
                self.cut.remove(&n);
            }
            Event::Alone(true) => self.cut.extend(0..self.hosts.len()),
            Event::Alone(false) => self.cut.clear(),
            Event::Call(call, called, envelope) => self.call(call, called, envelope),
            Event::Taken(call, taken) => self.taken(call, taken),
            Event::Unreached(call, device) => self.unreached(call, device),
        }
    }

    /// At most two relays are struck at the same time.
    fn fault(&mut self) {
        if !self.faulty() {
            return;
        }
        let pause = 300 + self.below(1_200);
        self.after(pause, Event::Fault);
        let alive: Vec<usize> = (0..self.hosts.len())
            .filter(|n| self.hosts[*n].relay.is_some() && !self.cut.contains(n))
            .collect();
        let struck = self.hosts.len() - alive.len();
        if alive.is_empty() {
            return;
        }
        let n = alive[self.below(alive.len() as u64) as usize];
        let lasts = 500 + self.below(4_000);
        match self.below(4) {
            0 if self.plan.kills && struck < 2 => {
                self.kill_relay(n);
                self.after(lasts, Event::StartRelay(n));
            }
            1 if self.plan.kills && struck < 2 => {
                self.cut.insert(n);
                self.after(lasts, Event::Join(n));
            }
            2 if self.plan.restarts => {
                let device = self.below(self.people.len() as u64) as usize;
                // One that is not there yet has none.
                if self.people[device].engine.is_some() {
                    self.restart_device(device);
                }
            }
            3 if self.plan.loses_sessions => {
                let device = self.below(self.people.len() as u64) as usize;
                // Once for each device: renewals have a pause between them.
                if self.now > 6_000 && self.lost_sessions.insert(device) {
                    self.lose_sessions(device);
                }
            }
            _ => {}
        }
    }
}
