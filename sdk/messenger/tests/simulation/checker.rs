//! What must hold at the end, and on the way.

use crate::{
    common::order::{Shown, Texts},
    people::Person,
    world::World,
};
use parlance_bimp::Account;
use parlance_e2ee::Content;
use parlance_messenger::{
    ContentId, Entry, Event, GroupNews, Row, Table,
    inbox::Early,
    outbox::Copy,
    past::{Past, Waits},
};
use std::collections::{BTreeMap, BTreeSet};

/// What a run was like.
#[derive(Debug, Default)]
pub struct Outcome {
    pub said: usize,
    pub shown: usize,
    pub killed: u32,
    pub restarted: u32,
    pub renewed: u32,
    pub again: u32,
    pub last_resort: u32,
    pub missing: u32,
    /// Histories that a late device has taken, and messages in them.
    pub histories: u32,
    pub taken: u64,
    /// Messages that came to relays with a ticket, and without.
    pub paid: u32,
    pub unpaid: u32,
    pub said_in_groups: usize,
    pub epochs: u64,
    /// Contents that devices took from each other.
    pub handed_over: u32,
    /// Texts that a device showed although something before them was missing.
    pub out_of_turn: u32,
    /// How many of these while no relay was reached.
    pub alone: u32,
    /// Files that were sent, and how often they are whole on a device.
    pub files: usize,
    pub whole: usize,
    pub wrong: Vec<String>,
}

impl Outcome {
    pub fn add(&mut self, other: &Self) {
        self.said += other.said;
        self.shown += other.shown;
        self.killed += other.killed;
        self.restarted += other.restarted;
        self.renewed += other.renewed;
        self.again += other.again;
        self.last_resort += other.last_resort;
        self.missing += other.missing;
        self.histories += other.histories;
        self.taken += other.taken;
        self.paid += other.paid;
        self.unpaid += other.unpaid;
        self.said_in_groups += other.said_in_groups;
        self.epochs += other.epochs;
        self.handed_over += other.handed_over;
        self.out_of_turn += other.out_of_turn;
        self.alone += other.alone;
        self.files += other.files;
        self.whole += other.whole;
    }
}

/// Something that a device has said.
#[derive(Clone, Copy)]
pub struct Said {
    pub by: usize,
    pub to: Account,
    pub id: ContentId,
}

#[derive(Default)]
pub struct Checker {
    pub said: Vec<Said>,
    /// By account: which messages its people have read.
    pub read: BTreeSet<(Account, ContentId)>,
    told: BTreeSet<(usize, u64, ContentId)>,
    /// What authors had read.
    pub texts: Texts,
    /// What devices have shown too early.
    marked: BTreeMap<usize, BTreeSet<ContentId>>,
    /// Where in the group's order they came in last.
    since: BTreeMap<usize, u64>,
    pub outcome: Outcome,
}

impl World {
    pub fn wrong(&mut self, what: String) {
        let now = self.now;
        self.checker.outcome.wrong.push(format!("{now}: {what}"));
    }

    /// What a device's user is told must be true then.
    pub fn hear(&mut self, device: usize, event: &Event) {
        match event {
            Event::Message(entry) => {
                let life = self.people[device].life;
                if !self.checker.told.insert((device, life, entry.id)) {
                    self.wrong(format!("device {device} was told of {:?} twice", entry.id));
                }
            }
            Event::Status {
                conversation,
                id,
                status,
                ..
            } => {
                let own = self.people[device].account;
                for number in &status.delivered {
                    let there = |it: &&Person| it.account == *conversation && it.number == *number;
                    let disk = self.people.iter().find(there).unwrap().disk.clone();
                    let shown: Option<u64> = disk.read(&Row::Name(own, *id));
                    let mut early = disk.table::<Early>(Table::Early).into_iter();
                    let waits = early.any(|early| {
                        let content = Content::from_bytes(&early.content);
                        content.unwrap().id == *id
                    });
                    let mut before = disk.table::<Waits>(Table::Waits).into_iter();
                    let waits = waits || before.any(|waits| waits.id == *id);
                    if shown.is_none() && !waits {
                        self.wrong(format!("{id:?} is said to be on {number} and is not"));
                    }
                }
                if status.read && !self.checker.read.contains(&(*conversation, *id)) {
                    self.wrong(format!("{id:?} is said to be read and is not"));
                }
                if status.accepted.is_some_and(|relays| relays < 3) {
                    self.wrong(format!("{id:?} is said to be accepted by {status:?}"));
                }
            }
            Event::OutOfTurn { id, .. } => {
                self.checker.outcome.out_of_turn += 1;
                self.checker.marked.entry(device).or_default().insert(*id);
            }
            Event::Group { group, news } => {
                let now = self.now;
                if matches!(news, GroupNews::Joined | GroupNews::Rejoined) {
                    let rings = self.rings(device);
                    let reads = rings.map_or(0, |rings| rings.reads(*group));
                    // The record by which it joined is read once more, the one by which it came back is not.
                    let again = u64::from(*news == GroupNews::Joined);
                    self.checker.since.insert(device, reads + again);
                }
                match news {
                    GroupNews::Joined => self.group.moves.push((device, now, true)),
                    GroupNews::Out { .. } => self.group.moves.push((device, now, false)),
                    _ => {}
                }
            }
            Event::HandedOver { .. } => {
                let alone = self.cut.len() == self.hosts.len();
                self.checker.outcome.handed_over += 1;
                self.checker.outcome.alone += u32::from(alone);
            }
            Event::Renewed { .. } => self.checker.outcome.renewed += 1,
            Event::LastResort { .. } => self.checker.outcome.last_resort += 1,
            Event::HistoryTaken { messages, done, .. } => {
                self.checker.outcome.histories += u32::from(*done);
                self.checker.outcome.taken += if *done { *messages } else { 0 };
            }
            Event::Missing { device, messages } => {
                self.checker.outcome.missing += 1;
                self.wrong(format!("{messages} of {device} were given up"));
            }
            Event::GivenUp { .. } | Event::DeviceGone { .. } | Event::BadPreKeys { .. } => {
                self.wrong(format!("{event:?}"));
            }
            _ => {}
        }
    }

    pub fn judge(mut self) -> Outcome {
        let said = self.checker.said.clone();
        self.checker.outcome.said = said.len();
        for device in 0..self.people.len() {
            self.judge_device(device, &said);
            self.judge_order(device);
        }
        self.judge_accounts();
        self.judge_group();
        self.judge_files();
        self.checker.outcome
    }

    fn judge_device(&mut self, device: usize, said: &[Said]) {
        let (account, number) = (self.people[device].account, self.people[device].number);
        let disk = self.people[device].disk.clone();
        let entries: Vec<Entry> = disk.table(Table::Messages);
        let mut places: BTreeMap<(Account, usize), Vec<u64>> = BTreeMap::new();
        for said in said {
            let author = self.people[said.by].account;
            let conversation = match () {
                () if author == account => said.to,
                () if said.to == account => author,
                () => continue,
            };
            let found: Vec<&Entry> = entries.iter().filter(|it| it.id == said.id).collect();
            let [entry] = found[..] else {
                let waits = self.people[said.by].waiting(&said.id);
                let count = found.len();
                self.wrong(format!(
                    "device {device} has {:?} of device {} {count} times; there waits {waits}",
                    said.id, said.by
                ));
                continue;
            };
            self.checker.outcome.shown += 1;
            if entry.conversation != conversation {
                self.wrong(format!("{:?} stands in another conversation", said.id));
            }
            places
                .entry((conversation, said.by))
                .or_default()
                .push(entry.number);
            if said.by == device {
                self.judge_status(entry.clone(), said.to);
            }
        }
        for ((_, by), numbers) in places {
            // What came to others alone while they did not know a late device comes to it behind the rest (A5, A7).
            let late = self.late.is_some_and(|(late, _)| late == device);
            if !numbers.is_sorted() && !late {
                self.wrong(format!(
                    "device {device} shows what {by} said out of order: {numbers:?}"
                ));
            }
        }
        let copies: Vec<Copy> = disk.table(Table::Outbox);
        let left = copies.len() + disk.count(Table::Pending);
        let early = disk.count(Table::Early) + disk.count(Table::Held) + disk.count(Table::Waits);
        if left + early > 0 {
            let copies: Vec<String> = copies
                .iter()
                .map(|copy| {
                    let body = Content::from_bytes(&copy.content).unwrap().body;
                    let (body, stage) = (format!("{body:?}"), format!("{:?}", copy.stage));
                    let body: String = body.chars().take(80).collect();
                    let stage: String = stage.chars().take(8).collect();
                    format!("{} {:?} {body} {stage}", copy.to, copy.sequence)
                })
                .collect();
            self.wrong(format!(
                "on device {device} ({number}) {left} wait to be sent and {early} to be read: {copies:?}"
            ));
        }
    }

    /// No text stands before one that its author had read, in whatever conversation.
    fn judge_order(&mut self, device: usize) {
        // The numbers of a late device are those of the history that it has taken.
        if self.late.is_some_and(|(late, _)| late == device) {
            return;
        }
        let person = &self.people[device];
        let notes: Option<Past> = person.disk.read(&Row::Past(person.account));
        let born = notes.map(|past| past.since);
        let mut entries: Vec<Entry> = person.disk.table(Table::Messages);
        entries.sort_by_key(|entry| (entry.conversation, entry.number));
        for entries in entries.chunk_by(|one, other| one.conversation == other.conversation) {
            let group = self.group.id.map(|id| Account(id.0));
            let is_group = group == Some(entries[0].conversation);
            let since = match is_group {
                true => self.checker.since.get(&device).copied(),
                // Clocks differ by up to four seconds: so long after its beginning, by one clock and by the other, it
                // takes what is new for old (B5).
                false => born.map(|born| born + 8_000),
            };
            let shown = Shown {
                texts: entries.iter().map(|entry| entry.id).collect(),
                marked: self
                    .checker
                    .marked
                    .get(&device)
                    .cloned()
                    .unwrap_or_default(),
                since: since.unwrap_or(0),
            };
            for (text, before) in self.checker.texts.wrong(&shown) {
                self.wrong(format!("device {device} shows {text:?} before {before:?}"));
            }
        }
    }

    fn judge_status(&mut self, entry: Entry, to: Account) {
        let late = self.late.map(|(late, _)| late);
        let there = self.people.iter().enumerate();
        let mut devices: Vec<u32> = there
            .filter(|(device, person)| person.account == to && late != Some(*device))
            .map(|(_, person)| person.number)
            .collect();
        let mut delivered = entry.status.delivered.clone();
        // Of a late device it depends.
        delivered.retain(|number| late.is_none_or(|late| self.people[late].number != *number));
        devices.sort_unstable();
        delivered.sort_unstable();
        // A process that died before the relay's answer knows of the device's alone.
        let accepted = entry.status.accepted.is_some()
                // Of what goes directly no relay knows.
                || self.plan.direct
                || self.checker.outcome.restarted > 0;
        if delivered != devices || !accepted {
            self.wrong(format!("{:?} has {:?} at the end", entry.id, entry.status));
        }
    }

    /// What the devices of the same conversation show is the same.
    fn judge_accounts(&mut self) {
        type Shown = (Option<String>, bool, BTreeSet<(Account, String)>);
        let mut shown: BTreeMap<ContentId, Shown> = BTreeMap::new();
        let mut read: BTreeMap<(Account, ContentId), bool> = BTreeMap::new();
        for device in 0..self.people.len() {
            let account = self.people[device].account;
            for entry in self.people[device].disk.table::<Entry>(Table::Messages) {
                let reactions = entry.reactions.iter();
                let state: Shown = (
                    entry.text(),
                    entry.deleted,
                    reactions.map(|it| (it.account, it.emoji.clone())).collect(),
                );
                let before = shown
                    .entry(entry.id)
                    .or_insert_with(|| state.clone())
                    .clone();
                if before != state {
                    self.wrong(format!(
                        "device {device} shows {state:?}, others {before:?}"
                    ));
                }
                let seen = *read.entry((account, entry.id)).or_insert(entry.read);
                if seen != entry.read {
                    self.wrong(format!("device {device} has read {:?} alone", entry.id));
                }
            }
        }
    }
}
