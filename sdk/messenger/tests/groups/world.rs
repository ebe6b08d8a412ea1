//! People with devices, and time.

use crate::{
    common::{
        Disk, Proof, Record, Sessions,
        order::{Shown, Texts},
        ring::{Kept, Rings},
    },
    relays::Relays,
};
use codec::Encode;
use parlance_bimp::{Account, Answer, Deliver, GroupGrown, GroupId, RelayId, Request};
use parlance_e2ee::{Body, DeviceAddress, DeviceIdentity, Text, content::WrittenText};
use parlance_messenger::{
    Clock, Command, ContentId, Directory, Effect, Engine, Error, Event as Told, GroupCommand,
    GroupNews, Input, Listed, RelayInfo, Row, Storage, groups::Stage,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

pub type TheEngine = Engine<Sessions, Disk, ChaCha20Rng>;
const BEGIN: u64 = 1_700_000_000_000;
const RELAYS: u8 = 8;

pub struct Device {
    pub account: Account,
    pub number: u32,
    pub disk: Disk,
    pub kept: Kept,
    pub engine: Option<TheEngine>,
    pub life: u64,
    /// Without a network.
    pub away: bool,
    pub news: Vec<(u64, GroupId, GroupNews)>,
    told: BTreeSet<(u64, ContentId)>,
    /// What it has shown too early.
    marked: BTreeSet<ContentId>,
    /// Where in the order it came in last.
    since: u64,
}

pub enum Event {
    Tick(usize, u64),
    Ask(usize, u64, RelayId, u64, Request),
    Answer(usize, u64, RelayId, u64, Box<Answer>),
    Lost(usize, u64, RelayId),
    Deliver(usize, RelayId, Deliver),
    Grown(usize, RelayId, GroupGrown),
    Look(usize, u64, Account),
    Start(usize),
    Revive(RelayId),
}

/// A text, and who its author thought would read it.
pub struct Said {
    pub at: u64,
    pub by: usize,
    pub group: GroupId,
    pub id: ContentId,
    pub members: Vec<Account>,
}

pub struct World {
    pub now: u64,
    turn: u64,
    queue: BTreeMap<(u64, u64), Event>,
    rng: ChaCha20Rng,
    pub devices: Vec<Device>,
    pub relays: Relays,
    pub dead: BTreeSet<RelayId>,
    /// The period of Proof of Relay and the ingress relay, if there is any.
    paid: Option<(u32, u8)>,
    records: BTreeMap<Account, Record>,
    pub gone: Rc<RefCell<BTreeSet<DeviceAddress>>>,
    pub said: Vec<Said>,
    texts_of: BTreeMap<GroupId, Texts>,
    pub wrong: Vec<String>,
}

fn relay(n: u8) -> RelayId {
    RelayId([n * 31; 32])
}

impl World {
    /// Accounts with so many devices each.
    pub fn new(seed: u64, accounts: &[u32]) -> Self {
        let mut world = Self {
            now: 1_000,
            turn: 0,
            queue: BTreeMap::new(),
            rng: ChaCha20Rng::seed_from_u64(seed),
            devices: Vec::new(),
            relays: Relays::default(),
            dead: BTreeSet::new(),
            paid: None,
            records: BTreeMap::new(),
            gone: Rc::default(),
            said: Vec::new(),
            texts_of: BTreeMap::new(),
            wrong: Vec::new(),
        };
        let mut rng = ChaCha20Rng::seed_from_u64(seed ^ 0x51);
        for (n, devices) in accounts.iter().enumerate() {
            let account = Account([n as u8 + 1; 32]);
            let mut record = Record::new();
            for number in 0..*devices {
                let identity = DeviceIdentity::generate(&mut rng);
                record.push((number, identity.public()));
                let address = DeviceAddress {
                    account: account.0,
                    device: number,
                };
                let sessions = Sessions::new(address, identity, BEGIN / 1_000, &mut rng);
                let disk = Disk::default();
                disk.put(Row::Sessions, sessions.device.encode());
                world.devices.push(Device {
                    account,
                    number,
                    disk,
                    kept: Kept::of(seed),
                    engine: None,
                    life: 0,
                    away: false,
                    news: Vec::new(),
                    told: BTreeSet::new(),
                    marked: BTreeSet::new(),
                    since: 0,
                });
            }
            world.records.insert(account, record);
        }
        for device in 0..world.devices.len() {
            world.start(device);
        }
        world.pass(2_000);
        world
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound.max(1)
    }

    pub fn after(&mut self, delay: u64, event: Event) {
        self.turn += 1;
        self.queue.insert((self.now + delay, self.turn), event);
    }

    pub fn clock(&self) -> Clock {
        Clock {
            steady: self.now,
            wall: BEGIN + self.now,
        }
    }

    pub fn start(&mut self, n: usize) {
        let seed = self.rng.next_u64();
        let clock = self.clock();
        let gone = self.gone.clone();
        let device = &mut self.devices[n];
        device.life += 1;
        let bytes: Vec<u8> = device.disk.get(&Row::Sessions).unwrap().unwrap();
        let mut sessions = Sessions::load(&bytes);
        let me = sessions.device.address();
        let rings = Rings::new(me, device.disk.clone(), device.kept.clone(), gone);
        sessions.groups = Some(rings);
        let rng = ChaCha20Rng::seed_from_u64(seed);
        let mut engine = Engine::start(clock, 0, sessions, device.disk.clone(), rng).unwrap();
        engine.command(clock, Command::Attention(true)).unwrap();
        device.engine = Some(engine);
        let life = device.life;
        let directory = self.directory();
        self.input(n, Input::Directory(directory));
        self.after(1, Event::Tick(n, life));
    }

    fn directory(&self) -> Directory {
        let relays = (0..RELAYS).map(|n| Listed {
            info: RelayInfo {
                id: relay(n),
                quality: n.into(),
            },
            account: [n; 32],
        });
        Directory {
            genesis: [9; 32],
            period: self.paid.map(|(period, _)| period),
            ingress: self.paid.map(|(_, n)| relay(n)).into_iter().collect(),
            relays: relays.collect(),
        }
    }

    /// A period of Proof of Relay begins, with one ingress relay for everybody.
    pub fn begin_period(&mut self, period: u32, ingress: u8) {
        self.paid = Some((period, ingress));
        for n in 0..self.devices.len() {
            let directory = self.directory();
            self.input(n, Input::Directory(directory));
        }
    }

    /// What the tickets with texts that came to a relay say, without those from before `period`.
    pub fn tickets(&self, at: u8, period: u32) -> Vec<u64> {
        let tickets = self.relays.tickets.iter();
        let here = tickets.filter(|(relay_at, it)| *relay_at == relay(at) && it.period == period);
        here.map(|(_, ticket)| ticket.bytes).collect()
    }

    /// The process ends, and starts again after a while.
    pub fn restart(&mut self, n: usize, pause: u64) {
        self.devices[n].engine = None;
        self.devices[n].life += 1;
        self.disconnect(n, None);
        self.after(pause, Event::Start(n));
    }

    /// The network of a device is gone, or there again.
    pub fn set_away(&mut self, n: usize, away: bool) {
        self.devices[n].away = away;
        if away {
            self.disconnect(n, None);
            for r in 0..RELAYS {
                let life = self.devices[n].life;
                self.after(1, Event::Lost(n, life, relay(r)));
            }
        }
    }

    /// A device is taken off its account's record.
    pub fn strike(&mut self, device: DeviceAddress) {
        self.gone.borrow_mut().insert(device);
        let record = self.records.get_mut(&Account(device.account)).unwrap();
        record.retain(|(number, _)| *number != device.device);
    }

    /// A relay dies, and comes back after a while.
    pub fn kill(&mut self, r: u8, pause: u64) {
        let relay = relay(r % RELAYS);
        if self.dead.len() >= 2 || !self.dead.insert(relay) {
            return;
        }
        for n in 0..self.devices.len() {
            self.disconnect(n, Some(relay));
            let (delay, life) = (1 + self.below(800), self.devices[n].life);
            self.after(delay, Event::Lost(n, life, relay));
        }
        self.after(pause, Event::Revive(relay));
    }

    /// A relay changes what it hands out of orders.
    pub fn spoil(&mut self, r: u8) {
        self.relays.spoil.insert(relay(r));
    }

    /// Much time passes, in which nobody does anything.
    pub fn jump(&mut self, milliseconds: u64) {
        self.now += milliseconds;
    }

    pub fn pass(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        while let Some(((at, _), _)) = self.queue.first_key_value() {
            if *at > end {
                break;
            }
            let ((at, _), event) = self.queue.pop_first().unwrap();
            self.now = at.max(self.now);
            self.happen(event);
        }
        self.now = end;
    }

    fn is_life(&self, n: usize, life: u64) -> bool {
        self.devices[n].engine.is_some() && self.devices[n].life == life
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick(n, life) if self.is_life(n, life) => {
                self.input(n, Input::Tick);
                self.after(50, Event::Tick(n, life));
            }
            Event::Ask(n, life, relay, ask, request) if self.is_life(n, life) => {
                if self.devices[n].away || self.dead.contains(&relay) {
                    let delay = 1 + self.below(500);
                    return self.after(delay, Event::Lost(n, life, relay));
                }
                let is_text = matches!(request, Request::GroupSend(_));
                let answer = self.answer(n, relay, request);
                if is_text && self.relays.silent {
                    return;
                }
                let delay = 1 + self.below(25);
                self.after(delay, Event::Answer(n, life, relay, ask, Box::new(answer)));
            }
            Event::Answer(n, life, relay, ask, answer)
                if self.is_life(n, life) && self.reaches(n, relay) =>
            {
                let answer = *answer;
                self.input(n, Input::Answered { ask, answer });
            }
            Event::Lost(n, life, relay) if self.is_life(n, life) => {
                self.disconnect(n, Some(relay));
                self.input(n, Input::Lost { relay });
            }
            Event::Deliver(n, relay, message) if self.relays.listens.get(&n) == Some(&relay) => {
                self.input(n, Input::Delivered { relay, message });
            }
            Event::Grown(n, relay, grown) if self.reaches(n, relay) => {
                self.input(n, Input::Grown(grown));
            }
            Event::Look(n, life, account) if self.is_life(n, life) => self.look(n, account),
            Event::Start(n) => self.start(n),
            Event::Revive(relay) => drop(self.dead.remove(&relay)),
            _ => {}
        }
    }

    fn look(&mut self, n: usize, account: Account) {
        if self.devices[n].away {
            return self.input(n, Input::LookFailed { account });
        }
        let own = self.devices[n].account;
        let expires = self.clock().wall + 30_000;
        let records = [own, account].map(|it| (it, self.records[&it].clone()));
        let sessions = self.engine(n).encryption_mut();
        for (account, record) in &records {
            sessions.take_over(account.0, record);
        }
        let recipients = Proof {
            accounts: vec![own.0, account.0],
            expires,
        };
        let (epoch, own_epoch) = (0, 0);
        self.input(
            n,
            Input::Looked {
                account,
                epoch,
                own_epoch,
                recipients,
            },
        );
    }

    pub fn engine(&mut self, n: usize) -> &mut TheEngine {
        self.devices[n].engine.as_mut().unwrap()
    }

    fn input(&mut self, n: usize, input: Input<Proof>) {
        let clock = self.clock();
        if let Some(engine) = &mut self.devices[n].engine {
            engine.handle(clock, [input]).unwrap();
            self.effects(n);
        }
    }

    fn reaches(&self, n: usize, relay: RelayId) -> bool {
        !self.devices[n].away && !self.dead.contains(&relay)
    }

    fn effects(&mut self, n: usize) {
        let life = self.devices[n].life;
        while let Some(effect) = self.devices[n]
            .engine
            .as_mut()
            .and_then(Engine::next_effect)
        {
            match effect {
                Effect::Ask {
                    relay,
                    ask,
                    request,
                } => {
                    let delay = 1 + self.below(25);
                    self.after(delay, Event::Ask(n, life, relay, ask, request));
                }
                Effect::Look { account } => {
                    let delay = 10 + self.below(100);
                    self.after(delay, Event::Look(n, life, account));
                }
                Effect::Close { relay } => self.disconnect(n, Some(relay)),
                Effect::Directory => {}
                Effect::Tell(Told::Group { group, news }) => {
                    let now = self.now;
                    // The record by which it joined is read once more, the one by which it came back is not.
                    match news {
                        GroupNews::Joined => self.devices[n].since = self.reads(n, group) + 1,
                        GroupNews::Rejoined => self.devices[n].since = self.reads(n, group),
                        _ => {}
                    }
                    self.devices[n].news.push((now, group, news));
                }
                Effect::Tell(Told::Message(entry)) => {
                    if !self.devices[n].told.insert((life, entry.id)) {
                        self.wrong
                            .push(format!("device {n} was told of {:?} twice", entry.id));
                    }
                }
                Effect::Tell(Told::OutOfTurn { id, .. }) => {
                    self.devices[n].marked.insert(id);
                }
                Effect::Tell(_) => {}
                // No host of this world says where it can be reached.
                Effect::Offer { .. }
                | Effect::Took { .. }
                | Effect::Seek { .. }
                | Effect::Show { .. } => {
                    self.wrong.push(format!("device {n} delivers directly"));
                }
            }
        }
    }

    pub fn group(&mut self, n: usize, command: GroupCommand) -> Result<GroupId, Error> {
        let clock = self.clock();
        let done = self.engine(n).group(clock, command);
        self.effects(n);
        done
    }

    /// Whether it was said: who is out says nothing.
    pub fn say(&mut self, n: usize, group: GroupId, words: &str) -> bool {
        let text = Text::new(words).unwrap();
        let body = Body::Text(WrittenText { text });
        let conversation = Account(group.0);
        let clock = self.clock();
        let members = self.members(n, group);
        let (shown, at) = (self.shown(n, group), self.reads(n, group));
        let said = self
            .engine(n)
            .command(clock, Command::Say { conversation, body });
        self.effects(n);
        let Ok(Some(id)) = said else {
            return false;
        };
        let texts = self.texts_of.entry(group).or_default();
        texts.said(id, shown, at);
        self.said.push(Said {
            at: self.now,
            by: n,
            group,
            id,
            members,
        });
        true
    }

    /// What a device shows, in its order.
    fn shown(&mut self, n: usize, group: GroupId) -> Vec<ContentId> {
        let conversation = Account(group.0);
        let entries = self.engine(n).messages(&conversation, u64::MAX, 10_000);
        entries.unwrap().iter().rev().map(|it| it.id).collect()
    }

    /// The position of the order that a device reads next.
    fn reads(&mut self, n: usize, group: GroupId) -> u64 {
        let rings = &self.engine(n).encryption_mut().groups;
        rings.as_ref().map_or(0, |rings| rings.reads(group))
    }

    /// How often a device has shown a text too early.
    pub fn out_of_turn(&self) -> usize {
        self.devices.iter().map(|device| device.marked.len()).sum()
    }

    pub fn members(&mut self, n: usize, group: GroupId) -> Vec<Account> {
        let groups = self.engine(n).groups();
        let found = groups
            .filter(|it| it.id == group)
            .map(|it| it.members.clone());
        found.last().unwrap_or_default()
    }

    pub fn stage(&mut self, n: usize, group: GroupId) -> Option<Stage> {
        let groups = self.engine(n).groups();
        groups
            .filter(|it| it.id == group)
            .map(|it| it.stage.clone())
            .last()
    }

    pub fn texts(&mut self, n: usize, group: GroupId) -> Vec<String> {
        let conversation = Account(group.0);
        let entries = self
            .engine(n)
            .messages(&conversation, u64::MAX, 10_000)
            .unwrap();
        let texts = entries.iter().rev();
        texts
            .map(|entry| entry.text().unwrap_or_default())
            .collect()
    }

    pub fn heard(&self, n: usize, is: impl Fn(&GroupNews) -> bool) -> usize {
        self.devices[n]
            .news
            .iter()
            .filter(|(_, _, news)| is(news))
            .count()
    }

    /// A device's epoch in a group.
    pub fn epoch(&mut self, n: usize, group: GroupId) -> Option<u64> {
        let groups = self.engine(n).encryption_mut().groups.as_ref()?;
        groups.epoch(group)
    }

    /// Whether a device was in at a time, as it knew, and whether it went out later, and came in later.
    fn course(&self, n: usize, at: u64) -> (bool, bool, bool) {
        let news = self.devices[n].news.iter();
        let turns: Vec<(u64, bool)> = news
            .filter_map(|(time, _, news)| match news {
                GroupNews::Joined => Some((*time, true)),
                GroupNews::Out { .. } => Some((*time, false)),
                _ => None,
            })
            .collect();
        // Who made the group was in from the beginning.
        let made = n == 0;
        let before = turns.iter().rfind(|(time, _)| *time <= at);
        let is_in = before.map_or(made, |(_, is_in)| *is_in);
        let later = |what: bool| turns.iter().any(|(time, it)| *time > at && *it == what);
        (is_in, later(false), later(true))
    }

    /// Everything that was said is shown once by each device that was in and stayed, and by none that was out and stayed
    /// so.
    pub fn judge(&mut self) {
        let said = std::mem::take(&mut self.said);
        for said in &said {
            for n in 0..self.devices.len() {
                let account = self.devices[n].account;
                let conversation = Account(said.group.0);
                let shown = self.engine(n).message(&conversation, &said.id).unwrap();
                let (is_in, goes, comes) = self.course(n, said.at);
                let (_, author_goes, _) = self.course(said.by, said.at);
                let (by, at) = (said.by, said.at);
                let meant = said.members.contains(&account) && is_in;
                if meant && !goes && !author_goes && shown.is_none() {
                    self.wrong
                        .push(format!("{at}: device {n} lacks {:?} of {by}", said.id));
                }
                if !is_in && !comes && shown.is_some() {
                    self.wrong
                        .push(format!("{at}: device {n} shows {:?} of {by}", said.id));
                }
            }
        }
        for n in 0..self.devices.len() {
            let waiting = self.engine(n).unsent() + self.engine(n).texts_waiting();
            if waiting > 0 {
                self.wrong.push(format!("on device {n} {waiting} wait"));
            }
            self.judge_order(n);
        }
        self.said = said;
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
    }

    /// No text stands before one that its author had read.
    fn judge_order(&mut self, n: usize) {
        for (group, texts) in self.texts_of.clone() {
            let shown = Shown {
                texts: self.shown(n, group),
                marked: self.devices[n].marked.clone(),
                since: self.devices[n].since,
            };
            for (text, before) in texts.wrong(&shown) {
                self.wrong
                    .push(format!("device {n} shows {text:?} before {before:?}"));
            }
        }
    }
}
