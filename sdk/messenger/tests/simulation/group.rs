//! A group of all people of a run, over the relays of the run.

use crate::{common::ring::Rings, people::TheEngine, world::World};
use parlance_bimp::{Account, GroupId};
use parlance_e2ee::{Body, DeviceAddress, Text, content::WrittenText};
use parlance_messenger::{
    Command, ContentId, Entry, Error, GroupCommand, Row, Table,
    groups::{Group, Stage},
};
use std::collections::BTreeMap;

/// A text of a group, and who its author thought would read it.
pub struct Said {
    by: usize,
    at: u64,
    id: ContentId,
    meant: Meant,
}

/// The members of the group as an author knew them.
#[derive(Clone, Default)]
pub struct Meant {
    accounts: Vec<Account>,
    devices: Vec<DeviceAddress>,
}

impl Meant {
    pub fn of(engine: &mut TheEngine, group: &Group) -> Self {
        let devices = engine.group_members(group.id).unwrap_or_default();
        Self {
            accounts: group.members.clone(),
            devices: devices.into_iter().map(|(device, _)| device).collect(),
        }
    }

    pub fn is(&self, device: &DeviceAddress) -> bool {
        self.devices.contains(device)
    }
}

/// The group, and what was said in it.
#[derive(Default)]
pub struct Conversation {
    pub id: Option<GroupId>,
    pub said: Vec<Said>,
    /// Which device came in or went out, and when.
    pub moves: Vec<(usize, u64, bool)>,
}

/// For so long a text may be on its way.
const ON_ITS_WAY: u64 = 10_000;

impl Conversation {
    /// Whether a device was out when a text came that was said then, although it is in again.
    pub fn was_out(&self, device: usize, said: u64) -> bool {
        let mut out = None;
        for (_, at, is_in) in self.moves.iter().filter(|(it, ..)| *it == device) {
            match (is_in, out) {
                (false, _) => out = Some(*at),
                (true, Some(since)) if said + ON_ITS_WAY > since && said < *at => return true,
                (true, _) => out = None,
            }
        }
        false
    }

    /// Whether a device came in after a text was said: if that waited, it was encrypted anew, for this device too.
    fn came_in_since(&self, device: usize, said: u64) -> bool {
        let mut moves = self.moves.iter();
        moves.any(|(it, at, is_in)| *it == device && *is_in && *at > said)
    }
}

fn of(engine: &TheEngine, id: GroupId) -> Option<Group> {
    engine.groups().find(|group| group.id == id).cloned()
}

/// What a device shows in a conversation.
pub fn shown(engine: &TheEngine, conversation: Account) -> Vec<ContentId> {
    let entries = engine.messages(&conversation, u64::MAX, 10_000);
    entries.unwrap().iter().map(|entry| entry.id).collect()
}

impl World {
    /// The encryption of groups of a device, with what outlived its process.
    pub fn rings(&self, device: usize) -> Option<Rings> {
        let person = &self.people[device];
        let (disk, kept) = (person.disk.clone(), person.kept.clone());
        let gone = self.gone.clone();
        self.plan
            .groups
            .then(|| Rings::new(person.address(), disk, kept, gone))
    }

    /// A person does something in the group.
    pub fn group_act(&mut self, device: usize) {
        let accounts: Vec<Account> = self.records.keys().copied().collect();
        let own = self.people[device].account;
        let last = accounts[accounts.len() - 1];
        let (what, number) = (self.below(14), self.group.said.len());
        let at = self.now;
        let clock = self.wall(device);
        let Some(id) = self.group.id else {
            if device == 0 {
                self.found(&accounts);
            }
            return;
        };
        let Some(engine) = &mut self.people[device].engine else {
            return;
        };
        let Some(group) = of(engine, id) else { return };
        let (accounts, account) = (vec![last], last);
        let command = match (&group.stage, what) {
            (Stage::Invited { .. }, _) => Some(GroupCommand::Join(id)),
            (Stage::Member, 0) if own != last => Some(GroupCommand::Remove { group: id, account }),
            (Stage::Member, 1 | 2) => Some(GroupCommand::Invite {
                group: id,
                accounts,
            }),
            _ => None,
        };
        if let Some(command) = command {
            match engine.group(clock, command) {
                Ok(_) | Err(Error::Group(_)) => {}
                Err(error) => panic!("{error}"),
            }
        } else {
            let text = Text::new(format!("text {number} to all of device {device}")).unwrap();
            let say = Command::Say {
                conversation: Account(id.0),
                body: Body::Text(WrittenText { text }),
            };
            let shown = shown(engine, Account(id.0));
            let meant = Meant::of(engine, &group);
            let rings = engine.encryption_mut().groups.as_ref();
            let reads = rings.map_or(0, |rings| rings.reads(id));
            match engine.command(clock, say) {
                Ok(said) => {
                    let id = said.unwrap();
                    self.checker.texts.said(id, shown, reads);
                    self.group.said.push(Said {
                        by: device,
                        at,
                        id,
                        meant,
                    });
                }
                Err(Error::Group(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        self.device_effects(device);
    }

    fn found(&mut self, accounts: &[Account]) {
        let clock = self.wall(0);
        let own = self.people[0].account;
        let Some(engine) = &mut self.people[0].engine else {
            return;
        };
        let name = "all of us".to_string();
        let group = engine.group(clock, GroupCommand::New { name }).unwrap();
        let accounts = accounts.iter().copied().filter(|it| *it != own);
        let accounts = accounts.collect();
        engine
            .group(clock, GroupCommand::Invite { group, accounts })
            .unwrap();
        self.group.id = Some(group);
        self.device_effects(0);
    }

    /// Everybody joins, once nothing fails any more.
    pub fn group_join(&mut self, device: usize) {
        let (Some(id), clock) = (self.group.id, self.wall(device)) else {
            return;
        };
        let Some(engine) = &mut self.people[device].engine else {
            return;
        };
        let invited = |group: Group| matches!(group.stage, Stage::Invited { .. });
        if of(engine, id).is_some_and(invited) {
            engine.group(clock, GroupCommand::Join(id)).unwrap();
            self.device_effects(device);
        }
    }

    /// Whether its author had been removed before it learned so, and no relay took what it said then.
    pub fn was_said_outside(&self, by: usize, at: u64, id: &ContentId) -> bool {
        let entries: Vec<Entry> = self.people[by].disk.table(Table::Messages);
        let entry = entries.iter().find(|entry| entry.id == *id);
        let taken = entry.is_some_and(|entry| entry.status.accepted.is_some());
        !taken && self.group.was_out(by, at)
    }

    /// Everything that was said is on each device that was meant and is a member, once, and on none of an account that was
    /// out before and has been ever since. All members are in one epoch.
    pub fn judge_group(&mut self) {
        let Some(id) = self.group.id else { return };
        let said = std::mem::take(&mut self.group.said);
        self.checker.outcome.said_in_groups = said.len();
        let mut epochs: BTreeMap<Option<u64>, usize> = BTreeMap::new();
        for device in 0..self.people.len() {
            let disk = self.people[device].disk.clone();
            let account = self.people[device].account;
            let entries: Vec<Entry> = disk.table(Table::Messages);
            let group: Option<Group> = disk.read(&Row::Group(id));
            let is_in = group.is_some_and(|group| group.stage == Stage::Member);
            if is_in {
                let rings = self.rings(device);
                let epoch = rings.and_then(|rings| rings.epoch(id));
                *epochs.entry(epoch).or_default() += 1;
            }
            for said in &said {
                let shown = entries.iter().filter(|it| it.id == said.id).count();
                let meant = said.meant.is(&self.people[device].address());
                let apart = !said.meant.accounts.contains(&account)
                    && !is_in
                    && !self.group.came_in_since(device, said.at);
                let was_out = self.group.was_out(device, said.at)
                    || self.was_said_outside(said.by, said.at, &said.id);
                let fits = match (meant, is_in) {
                    (true, true) if !was_out => shown == 1,
                    _ if apart => shown == 0,
                    _ => shown <= 1,
                };
                if !fits {
                    self.wrong(format!(
                        "device {device} has {:?} of device {}, said at {}, in the group {shown} times",
                        said.id, said.by, said.at
                    ));
                }
            }
        }
        if epochs.len() != 1 {
            self.wrong(format!("members are in epochs {epochs:?}"));
        }
        let epoch = epochs.keys().next().copied().flatten();
        self.checker.outcome.epochs = epoch.unwrap_or(0);
    }
}
