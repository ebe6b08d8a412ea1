//! Devices and those who use them.

use crate::{
    checker::Said,
    common::{Disk, Proof, Record, Sessions, ring::Kept},
    world::{Event, PERIOD, World},
};
use codec::{Decode, Encode};
use parlance_bimp::{Account, EnvelopeView, Mailbox, RelayId, Request, id::hash};
use parlance_e2ee::{
    Body, DeviceAddress, DeviceIdentity, Text,
    content::{Delete, Edit, Reaction, TypingState, WrittenText},
};
use parlance_messenger::{
    Clock, Command, ContentId, Directory, Effect, Engine, Entry, Error, FileCommand, Input, Listed,
    Row, Storage, Table, limits,
    outbox::{Copy, Pending},
    proof::Ticket,
};
use parlance_relay_core::{Input as ToRelay, Owner};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// After the busy time, for how long whoever is still invited joins.
const JOINING: u64 = 60_000;

/// Relays read a new record within so many milliseconds of each other.
const CHAIN: u64 = 2_000;

pub type TheEngine = Engine<Sessions, Disk, ChaCha20Rng>;

/// A device and its process.
pub struct Person {
    pub account: Account,
    pub number: u32,
    pub disk: Disk,
    pub engine: Option<TheEngine>,
    /// Counts starts.
    pub life: u64,
    pub skew: i64,
    /// Connections by relay.
    pub sessions: BTreeMap<usize, u64>,
    /// What was asked on a connection.
    pub asks: BTreeMap<(u64, u32), u64>,
    pub next_request: u32,
    /// Groups of before.
    pub kept: Kept,
}

impl Person {
    pub fn address(&self) -> DeviceAddress {
        DeviceAddress {
            account: self.account.0,
            device: self.number,
        }
    }

    /// How a content is kept that waits, for messages.
    pub fn waiting(&self, id: &ContentId) -> String {
        let copies: Vec<Copy> = self.disk.table(Table::Outbox);
        let pending: Vec<Pending> = self.disk.table(Table::Pending);
        let copies: Vec<String> = copies
            .iter()
            .filter(|copy| copy.id == *id)
            .map(|copy| {
                let stage = format!("{:?}", copy.stage);
                let stage: String = stage.chars().take(8).collect();
                format!("{} {:?} {stage}", copy.to, copy.sequence)
            })
            .collect();
        let pending = pending.iter().filter(|pending| pending.id == *id).count();
        format!("{copies:?}, {pending} pending")
    }
}

fn text(text: String) -> Body {
    let text = Text::new(text).unwrap();
    Body::Text(WrittenText { text })
}

impl World {
    pub fn people(&mut self) {
        let mut rng = ChaCha20Rng::seed_from_u64(self.plan.seed ^ 0x9E37);
        let accounts = 2 + self.below(2) as usize;
        for n in 0..accounts {
            let account = Account([n as u8 + 1; 32]);
            let devices = 1 + self.below(3) as u32;
            let mut record: Record = Vec::new();
            for number in 0..devices {
                let identity = DeviceIdentity::generate(&mut rng);
                record.push((number, identity.public()));
                let skew = self.below(4_000) as i64 - 2_000;
                self.person((account, number), identity, skew, &mut rng);
            }
            self.records.insert(account, record);
        }
        let late = self.plan.late.then(|| DeviceIdentity::generate(&mut rng));
        for device in 0..self.people.len() {
            self.start_device(device);
            let pause = 500 + self.below(2_000);
            self.after(pause, Event::Act(device));
            self.after(PERIOD, Event::Period(device));
        }
        if let Some(identity) = late {
            let number = 7;
            self.late = Some((self.people.len(), (number, identity.public())));
            self.person((Account([1; 32]), number), identity, 500, &mut rng);
            self.after(self.plan.busy / 2, Event::NewDevice);
        }
    }

    fn person(
        &mut self,
        (account, number): (Account, u32),
        identity: DeviceIdentity,
        skew: i64,
        rng: &mut ChaCha20Rng,
    ) {
        let person = Person {
            account,
            number,
            disk: Disk::new(self.plan.forgets),
            engine: None,
            life: 0,
            skew,
            sessions: BTreeMap::new(),
            asks: BTreeMap::new(),
            next_request: 0,
            kept: Kept::default(),
        };
        let now = crate::world::BEGIN / 1_000;
        let sessions = Sessions::new(person.address(), identity, now, rng);
        person.disk.put(Row::Sessions, sessions.device.encode());
        self.people.push(person);
    }

    /// The account's record names one device more. Who has looked before sees it later.
    pub fn new_device(&mut self) {
        let Some((device, named)) = self.late else {
            return;
        };
        let account = self.people[device].account;
        self.records.entry(account).or_default().push(named);
        for relay in 0..self.hosts.len() {
            let delay = self.below(CHAIN);
            self.after(delay, Event::Owner(relay));
        }
        self.start_device(device);
        self.after(300, Event::Act(device));
        self.after(PERIOD, Event::Period(device));
        // While everything fails, and when everybody knows the device.
        for delay in [400, self.plan.busy + 30_000, self.plan.busy + 70_000] {
            self.after(delay, Event::TakeHistory);
        }
    }

    /// A relay hears of the late device from the chain. What the others had before that is gone there.
    pub fn owner_at(&mut self, relay: usize) {
        let Some((device, _)) = self.late else {
            return;
        };
        let mailbox = Mailbox::of(&self.people[device].account, 0);
        let owner = self.owner_of(device);
        self.relay_input(relay, ToRelay::Owner { mailbox, owner });
    }

    /// The others give it, and it asks.
    pub fn take_history(&mut self) {
        let Some((late, (number, _))) = self.late else {
            return;
        };
        let account = self.people[late].account;
        for device in 0..self.people.len() {
            let clock = self.wall(device);
            let person = &mut self.people[device];
            let Some(engine) = person.engine.as_mut().filter(|_| person.account == account) else {
                continue;
            };
            let command = match device == late {
                true => Command::AskHistory { anew: false },
                false => Command::GiveHistory { device: number },
            };
            engine.command(clock, command).unwrap();
            self.device_effects(device);
        }
    }

    pub fn wall(&self, device: usize) -> Clock {
        let wall = (crate::world::BEGIN + self.now) as i64 + self.people[device].skew;
        Clock {
            steady: self.now,
            wall: wall as u64,
        }
    }

    /// A process starts with what its disk has.
    pub fn start_device(&mut self, device: usize) {
        let clock = self.wall(device);
        let seed = self.rng.next_u64();
        let rings = self.rings(device);
        let person = &mut self.people[device];
        person.life += 1;
        let bytes: Vec<u8> = person.disk.get(&Row::Sessions).unwrap().unwrap();
        let mut sessions = Sessions::load(&bytes);
        sessions.groups = rings;
        let rng = ChaCha20Rng::seed_from_u64(seed);
        let mut engine = Engine::start(clock, 0, sessions, person.disk.clone(), rng).unwrap();
        engine.command(clock, Command::Attention(true)).unwrap();
        let (bytes, strangers) = (limits::AUTOMATIC, true);
        let automatic = FileCommand::Automatic { bytes, strangers };
        engine.file(clock, automatic).unwrap();
        person.engine = Some(engine);
        let life = person.life;
        let directory = self.directory(device);
        self.input(device, Input::Directory(directory));
        self.appears(device);
        self.after(1, Event::DeviceTick(device, life));
    }

    /// What a device knows of the chain. The ingress relays of an account are other ones in each period.
    pub fn directory(&self, device: usize) -> Directory {
        let period = (self.now / PERIOD) as u32;
        let listed = |(n, info): (usize, &parlance_messenger::RelayInfo)| Listed {
            info: *info,
            account: [n as u8; 32],
        };
        Directory {
            genesis: [9; 32],
            period: (self.plan.ingress > 0).then_some(period),
            ingress: self.ingress(&self.people[device].account, period),
            relays: self.list.iter().enumerate().map(listed).collect(),
        }
    }

    /// Whom an account's tickets pay in a period.
    fn ingress(&self, account: &Account, period: u32) -> Vec<RelayId> {
        let mut drawn: Vec<RelayId> = self.list.iter().map(|info| info.id).collect();
        let period = period.to_le_bytes();
        drawn.sort_by_key(|relay| hash(&[b"ingress", &relay.0, &account.0, &period]));
        drawn.truncate(self.plan.ingress);
        drawn
    }

    /// What a relay's host checks of a ticket, but for the signature, and who should have sent none.
    pub fn check_ticket(&mut self, device: usize, relay: usize, request: &Request) {
        let Request::Send(body) = request else { return };
        let view = EnvelopeView::parse(body.envelope.as_slice()).unwrap();
        if view.ticket.is_empty() {
            self.checker.outcome.unpaid += 1;
            return;
        }
        self.checker.outcome.paid += 1;
        let ticket = Ticket::decode(&mut &view.ticket[..]).unwrap();
        let account = self.people[device].account;
        let drawn = self.ingress(&account, ticket.period);
        let now = (self.now / PERIOD) as u32;
        let begun = [now, now.saturating_sub(1)].contains(&ticket.period);
        if !drawn.contains(&self.list[relay].id)
            || !begun
            || ticket.bytes < view.sealed.len() as u64
        {
            self.wrong(format!("device {device} gave relay {relay} {ticket:?}"));
        }
    }

    pub fn stop_device(&mut self, device: usize) {
        let person = &mut self.people[device];
        person.engine = None;
        person.disk.crash();
        person.asks.clear();
        for (relay, session) in std::mem::take(&mut person.sessions) {
            self.end_session(relay, session);
        }
    }

    pub fn input(&mut self, device: usize, input: Input<Proof>) {
        let clock = self.wall(device);
        let Some(engine) = &mut self.people[device].engine else {
            return;
        };
        engine.handle(clock, [input]).unwrap();
        self.device_effects(device);
    }

    pub fn device_effects(&mut self, device: usize) {
        // The process dies between its disk and what it was about to do.
        let dies = self.faulty() && self.plan.restarts && self.one_in(3_000);
        let Some(engine) = &mut self.people[device].engine else {
            return;
        };
        let mut effects: Vec<Effect> = std::iter::from_fn(|| engine.next_effect()).collect();
        if dies {
            let half = effects.len() / 2;
            effects.truncate(half);
        }
        for effect in effects {
            match effect {
                Effect::Ask {
                    relay,
                    ask,
                    request,
                } => self.ask_relay(device, relay, ask, request),
                Effect::Close { relay } => self.close(device, relay),
                Effect::Look { account } => {
                    let delay = 20 + self.below(200);
                    let life = self.people[device].life;
                    self.after(delay, Event::Look(device, life, account));
                }
                // Nobody is on one network with somebody else.
                Effect::Directory | Effect::Seek { .. } | Effect::Show { .. } => {}
                Effect::Offer {
                    to, ask, envelope, ..
                } => self.offer(device, to, ask, envelope.into_vec()),
                Effect::Took { call, taken } => self.took(call, taken),
                Effect::Tell(event) => self.hear(device, &event),
            }
        }
        if dies {
            self.restart_device(device);
        }
    }

    pub fn restart_device(&mut self, device: usize) {
        self.checker.outcome.restarted += 1;
        self.stop_device(device);
        let away = 20 + self.below(4_000);
        self.after(away, Event::StartDevice(device));
    }

    /// The chain answers, or not.
    pub fn look(&mut self, device: usize, account: Account) {
        if self.faulty() && self.one_in(6) {
            return self.input(device, Input::LookFailed { account });
        }
        let own = self.people[device].account;
        let expires = self.wall(device).wall + 20_000;
        let records = self.records.clone();
        let Some(engine) = &mut self.people[device].engine else {
            return;
        };
        let sessions = engine.encryption_mut();
        for account in [own, account] {
            sessions.take_over(account.0, &records[&account]);
        }
        let recipients = Proof {
            accounts: vec![own.0, account.0],
            expires,
        };
        let input = Input::Looked {
            account,
            epoch: 0,
            own_epoch: 0,
            recipients,
        };
        self.input(device, input);
    }

    fn close(&mut self, device: usize, relay: RelayId) {
        let place = self.place(relay);
        if let Some(session) = self.people[device].sessions.remove(&place) {
            self.end_session(place, session);
        }
    }

    /// A person does something.
    pub fn act(&mut self, device: usize) {
        if self.now > self.plan.busy {
            // Later than this nobody is asked any more.
            if self.plan.groups && self.now < self.plan.busy + JOINING {
                self.group_join(device);
                self.after(1_000, Event::Act(device));
            }
            return;
        }
        let pause = 100 + self.below(self.plan.pause);
        self.after(pause, Event::Act(device));
        if self.plan.files && self.one_in(6) {
            return self.file_act(device);
        }
        if self.plan.groups && self.one_in(2) {
            return self.group_act(device);
        }
        let own = self.people[device].account;
        let others: Vec<Account> = self
            .records
            .keys()
            .copied()
            .filter(|it| *it != own)
            .collect();
        let with = others[self.below(others.len() as u64) as usize];
        let what = self.below(10);
        let roll = self.rng.next_u64();
        let clock = self.wall(device);
        let number = self.checker.said.len();
        let Some(engine) = &mut self.people[device].engine else {
            return;
        };
        let recent: Vec<Entry> = engine.messages(&with, u64::MAX, 8).unwrap();
        let some = match recent.len() {
            0 => None,
            count => Some(recent[roll as usize % count].clone()),
        };
        let say = |body| Command::Say {
            conversation: with,
            body,
        };
        let command = match (what, some) {
            (0, Some(entry)) => say(Body::Reaction(Reaction {
                to: entry.id,
                emoji: Text::new(if roll.is_multiple_of(3) { "" } else { "👍" }).unwrap(),
            })),
            (1, Some(entry)) => say(Body::Edit(Edit {
                of: entry.id,
                text: Text::new(format!("edited {roll}")).unwrap(),
            })),
            (2, Some(entry)) if roll.is_multiple_of(2) => {
                say(Body::Delete(Delete { of: entry.id }))
            }
            (3, Some(entry)) => Command::Read {
                conversation: with,
                up_to: entry.number,
            },
            (4, _) => Command::Typing {
                conversation: with,
                state: TypingState::Typing,
            },
            _ => say(text(format!("text {number} of device {device}"))),
        };
        if let Command::Read { up_to, .. } = &command {
            for entry in recent
                .iter()
                .chain(&engine.messages(&with, *up_to, 10_000).unwrap())
            {
                if entry.number <= *up_to && !entry.is_by(&own) {
                    self.checker.read.insert((own, entry.id));
                }
            }
        }
        let shown = matches!(
            &command,
            Command::Say {
                body: Body::Text(_),
                ..
            }
        );
        let read = crate::group::shown(engine, with);
        match engine.command(clock, command) {
            Ok(Some(id)) if shown => {
                self.checker.texts.said(id, read, clock.wall);
                self.checker.said.push(Said {
                    by: device,
                    to: with,
                    id,
                });
            }
            Ok(_) | Err(Error::NotAuthor | Error::NoSuchMessage) => {}
            Err(error) => panic!("{error}"),
        }
        self.device_effects(device);
    }

    /// A device loses its sessions, as after a restore from a backup.
    pub fn lose_sessions(&mut self, device: usize) {
        if let Some(engine) = &mut self.people[device].engine {
            engine.encryption_mut().device.forget_sessions();
        }
    }

    pub fn session_who(&self, device: usize) -> parlance_relay_core::Who {
        let person = &self.people[device];
        parlance_relay_core::Who::Device {
            account: person.account,
            device: person.number,
            mailboxes: vec![Mailbox::of(&person.account, 0)],
            owner: self.owner_of(device),
        }
    }

    /// What the chain says of a device's account.
    fn owner_of(&self, device: usize) -> Owner {
        let devices = self.records[&self.people[device].account].iter();
        Owner {
            devices: devices.map(|(number, _)| *number).collect(),
            longest: 30 * 86_400_000,
        }
    }
}
