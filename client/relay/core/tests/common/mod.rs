//! A handful of relays on a perfect network without delay, for tests of single rules.

#![allow(dead_code, missing_docs)]

#[path = "../simulation/disk.rs"]
pub mod disk;

use codec::Encode;
use disk::Disk;
use parlance_bimp::{
    Accepted, Account, Answer, Bounded, EnvelopeView, Key, List, Mailbox, MessageId, OfMailbox,
    Reason, RelayId, Request, SendMessage, Subscribe,
};
use parlance_relay_core::{
    Asker, Clock, Config, Effect, Input, Owner, Relay, RelayInfo, Storage, Who,
};
use std::collections::{BTreeMap, BTreeSet};

const PEER: u64 = 1 << 40;
pub const DAY: u64 = 86_400_000;
pub const OWN: Mailbox = Mailbox([1; 32]);
pub const OTHER: Mailbox = Mailbox([2; 32]);
pub const SENDER: u64 = 50;
pub const DEVICE: u64 = 60;

pub struct Net {
    pub relays: Vec<Relay>,
    pub disks: Vec<Disk>,
    pub clock: Clock,
    pub dead: BTreeSet<usize>,
    pub answers: BTreeMap<(usize, Asker), Answer>,
    pub delivered: Vec<(usize, u64, Key)>,
    /// What was delivered (G10).
    pub confirmed: Vec<(usize, u64, Key)>,
    pub moved: Vec<(usize, u64)>,
    pub cut_off: Vec<u64>,
    /// Who heard up to where a group's order goes.
    pub grown: Vec<(usize, u64, u64)>,
    /// Requests between relays, by number of the operation.
    pub asked: BTreeMap<u16, u32>,
    next: u32,
}

pub fn place(n: usize) -> RelayId {
    RelayId([n as u8 * 16; 32])
}

pub fn list(count: usize) -> Vec<RelayInfo> {
    (0..count)
        .map(|n| RelayInfo {
            id: place(n),
            quality: n as u32,
        })
        .collect()
}

impl Net {
    pub fn new(count: usize, config: Config) -> Self {
        let clock = Clock {
            steady: 10_000,
            wall: 1_700_000_000_000,
        };
        let disks: Vec<Disk> = (0..count).map(|_| Disk::new(false)).collect();
        let relays = disks
            .iter()
            .enumerate()
            .map(|(n, disk)| Relay::start(place(n), config, clock, &list(count), disk).unwrap())
            .collect();
        let mut net = Self {
            relays,
            disks,
            clock,
            dead: BTreeSet::new(),
            answers: BTreeMap::new(),
            delivered: Vec::new(),
            confirmed: Vec::new(),
            moved: Vec::new(),
            cut_off: Vec::new(),
            grown: Vec::new(),
            asked: BTreeMap::new(),
            next: 0,
        };
        for n in 0..count {
            for peer in 0..count {
                let connection = PEER + peer as u64;
                let who = Who::Relay(place(peer));
                net.input(n, Input::Opened { connection, who });
            }
        }
        net
    }

    pub fn input(&mut self, n: usize, input: Input) {
        self.relays[n].handle(self.clock, input);
    }

    /// A device with its number and its mailboxes connects.
    pub fn open(&mut self, n: usize, connection: u64, device: u32, mailboxes: &[Mailbox]) {
        let who = Who::Device {
            account: Account([connection as u8; 32]),
            device,
            mailboxes: mailboxes.to_vec(),
            owner: owner(&[0]),
        };
        self.input(n, Input::Opened { connection, who });
    }

    /// Asks, and lets happen what follows at once.
    pub fn ask(&mut self, n: usize, connection: u64, request: Request) -> Option<Answer> {
        let from = self.ask_only(n, connection, request);
        self.settle();
        self.answers.remove(&(n, from))
    }

    pub fn ask_only(&mut self, n: usize, connection: u64, request: Request) -> Asker {
        self.next += 1;
        let from = Asker {
            connection,
            request: self.next,
        };
        self.input(n, Input::Request { from, request });
        from
    }

    pub fn settle(&mut self) {
        let all: Vec<usize> = (0..self.relays.len()).collect();
        while self.round(&all) {}
    }

    /// One round: each of these relays writes, and does what it wants to. Whether there was something.
    pub fn round(&mut self, relays: &[usize]) -> bool {
        let mut busy = false;
        for n in relays.iter().copied() {
            if self.dead.contains(&n) {
                continue;
            }
            if let Some(batch) = self.relays[n].flush(&self.disks[n]) {
                busy = true;
                let result = self.disks[n].commit_durable(&batch);
                let (clock, number) = (self.clock, batch.number);
                self.relays[n]
                    .committed(clock, number, result, &self.disks[n])
                    .unwrap();
            }
            while let Some(effect) = self.relays[n].next_effect() {
                busy = true;
                self.effect(n, effect);
            }
        }
        busy
    }

    fn effect(&mut self, n: usize, effect: Effect) {
        match effect {
            Effect::Answer { to, answer } if to.connection >= PEER => {
                let (relay, asker) = (place(n), (to.connection - PEER) as usize);
                if !self.dead.contains(&asker) {
                    self.input(asker, Input::Answered { relay, answer });
                }
            }
            Effect::Answer { to, answer } => {
                self.answers.insert((n, to), answer);
            }
            Effect::Deliver {
                connection, key, ..
            } => {
                assert!(self.disks[n].message(&key).unwrap().is_some());
                self.delivered.push((n, connection, key));
            }
            Effect::Moved { connection, .. } => self.moved.push((n, connection)),
            Effect::CutOff { connection } => self.cut_off.push(connection),
            Effect::Grown {
                connection, next, ..
            } => self.grown.push((n, connection, next)),
            Effect::Delivered {
                connection,
                mailbox,
                ids,
            } => {
                let keys = ids
                    .into_iter()
                    .map(|id| (n, connection, Key { mailbox, id }));
                self.confirmed.extend(keys);
            }
            Effect::Receipt { .. } => {}
            Effect::Ask { relay, request } => {
                let to = (0..self.relays.len()).find(|n| place(*n) == relay);
                if let Some(to) = to.filter(|to| !self.dead.contains(to)) {
                    *self.asked.entry(request.number()).or_default() += 1;
                    self.next += 1;
                    let from = Asker {
                        connection: PEER + n as u64,
                        request: self.next,
                    };
                    self.input(to, Input::Request { from, request });
                }
            }
        }
    }

    /// Time passes, in ticks of 50 milliseconds.
    pub fn pass(&mut self, milliseconds: u64) {
        let until = self.clock.steady + milliseconds;
        while self.clock.steady < until {
            self.clock.steady += 50;
            self.clock.wall += 50;
            for n in 0..self.relays.len() {
                if !self.dead.contains(&n) {
                    self.input(n, Input::Tick);
                }
            }
            self.settle();
        }
    }

    /// The process of a relay dies and starts again from its disk.
    pub fn restart(&mut self, n: usize, config: Config) {
        let relays = list(self.relays.len());
        self.relays[n] =
            Relay::start(place(n), config, self.clock, &relays, &self.disks[n]).unwrap();
        for peer in 0..self.relays.len() {
            let connection = PEER + peer as u64;
            let who = Who::Relay(place(peer));
            self.input(n, Input::Opened { connection, who });
        }
    }

    /// How many messages wait in a mailbox at a relay.
    pub fn waiting(&self, n: usize, mailbox: &Mailbox) -> u64 {
        let state = self.relays[n].mailboxes().find(|(it, _)| *it == mailbox);
        state.map_or(0, |(_, state)| state.messages())
    }

    /// How many entries there are, deleted ones too.
    pub fn entries(&self, n: usize, mailbox: &Mailbox) -> usize {
        let state = self.relays[n].mailboxes().find(|(it, _)| *it == mailbox);
        state.map_or(0, |(_, state)| state.entries().len())
    }
}

pub fn owner(devices: &[u32]) -> Owner {
    Owner {
        devices: devices.to_vec(),
        longest: 30 * DAY,
    }
}

/// An envelope to a mailbox, and its key.
pub fn envelope(mailbox: Mailbox, text: u8) -> (Request, Key) {
    envelope_of(mailbox, text, 512)
}

pub fn envelope_of(mailbox: Mailbox, text: u8, size: usize) -> (Request, Key) {
    with_ticket(b"ticket", mailbox, vec![text; size])
}

/// An envelope that nobody is paid for.
pub fn unpaid(mailbox: Mailbox, text: u8) -> (Request, Key) {
    with_ticket(b"", mailbox, vec![text; 512])
}

fn with_ticket(ticket: &[u8], mailbox: Mailbox, sealed: Vec<u8>) -> (Request, Key) {
    let mut bytes = vec![1];
    bytes.extend(mailbox.0);
    ticket.to_vec().encode_to(&mut bytes);
    sealed.encode_to(&mut bytes);
    let id = EnvelopeView::parse(&bytes).unwrap().id();
    let request = Request::Send(SendMessage {
        envelope: Bounded::new(bytes).unwrap(),
        keep: 0,
    });
    (request, Key { mailbox, id })
}

pub fn subscribe(mailbox: Mailbox) -> Request {
    Request::Subscribe(Subscribe { mailbox, window: 0 })
}

pub fn acknowledge(mailbox: Mailbox, ids: &[MessageId]) -> Request {
    Request::Acknowledge(of(mailbox, ids))
}

pub fn of(mailbox: Mailbox, ids: &[MessageId]) -> OfMailbox {
    OfMailbox {
        mailbox,
        ids: List::new(ids.to_vec()).unwrap(),
    }
}

pub fn reason(answer: Option<Answer>) -> Reason {
    match answer {
        Some(Answer::Refused(refusal)) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

/// Relays, a sender at the first, a device of [`OWN`] at the second.
pub fn net(count: usize) -> Net {
    let mut net = Net::new(count, Config::default());
    net.open(0, SENDER, 0, &[OTHER]);
    net.open(1, DEVICE, 0, &[OWN]);
    net
}

pub fn accepted(answer: Option<Answer>) -> Accepted {
    match answer {
        Some(Answer::Send(accepted)) => accepted,
        other => panic!("{other:?}"),
    }
}
