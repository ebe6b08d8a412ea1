//! Files of people to each other and to the group.

use crate::{group::Meant, world::World};
use parlance_bimp::Account;
use parlance_messenger::{
    ContentId, Entry, Error, FileCommand, Row, Table,
    groups::{Group, Stage},
};

/// A file, and who its author thought would get it.
pub struct Sent {
    by: usize,
    to: Account,
    id: ContentId,
    bytes: Vec<u8>,
    at: u64,
    /// In a group; otherwise it is both sides.
    meant: Option<Meant>,
}

impl World {
    /// A person sends a file.
    pub fn file_act(&mut self, device: usize) {
        let others: Vec<Account> = self.records.keys().copied().collect();
        let with = others[self.below(others.len() as u64) as usize];
        let length = match self.below(4) {
            0 => self.below(100),
            1 => self.below(70_000),
            _ => self.below(400_000),
        };
        let mut bytes = vec![0; length as usize];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut bytes);
        let group = self.group.id.filter(|_| self.one_in(2));
        let (clock, at) = (self.wall(device), self.now);
        let Some(engine) = &mut self.people[device].engine else {
            return;
        };
        let group = group.and_then(|id| engine.groups().find(|group| group.id == id).cloned());
        let (to, meant) = match &group {
            Some(group) if group.stage == Stage::Member => {
                (group.conversation(), Some(Meant::of(engine, group)))
            }
            _ => (with, None),
        };
        let command = FileCommand::Send {
            conversation: to,
            name: "file".into(),
            media_type: String::new(),
            bytes: bytes.clone(),
        };
        match engine.file(clock, command) {
            Ok(id) => self.files.push(Sent {
                by: device,
                to,
                id: id.unwrap(),
                bytes,
                at,
                meant,
            }),
            Err(Error::Group(_)) => {}
            Err(error) => panic!("{error}"),
        }
        self.device_effects(device);
    }

    /// Every device of those who were meant has the bytes, unless the message was taken back.
    pub fn judge_files(&mut self) {
        let files = std::mem::take(&mut self.files);
        self.checker.outcome.files = files.len();
        let late = self.late.map(|(late, _)| late);
        for device in 0..self.people.len() {
            // A late device has the messages, and asks for files when its person accepts them.
            if late == Some(device) {
                continue;
            }
            let (account, disk) = {
                let person = &self.people[device];
                (person.account, person.disk.clone())
            };
            let entries: Vec<Entry> = disk.table(Table::Messages);
            for file in &files {
                let author = self.people[file.by].account;
                let conversation = match file.meant.is_some() || account == author {
                    true => file.to,
                    false => author,
                };
                let found = entries.iter().find(|entry| entry.id == file.id);
                let meant = match self.group.id.zip(file.meant.as_ref()) {
                    Some((id, meant)) => {
                        let group = disk.read::<Group>(&Row::Group(id));
                        let out = self.group.was_out(device, file.at)
                            || self.was_said_outside(file.by, file.at, &file.id);
                        meant.is(&self.people[device].address())
                            && group.is_some_and(|group| group.stage == Stage::Member)
                            && !out
                    }
                    None => account == author || account == file.to,
                };
                if !meant {
                    continue;
                }
                let Some(entry) = found else {
                    self.wrong(format!("device {device} lacks the message {:?}", file.id));
                    continue;
                };
                let Some(engine) = &self.people[device].engine else {
                    continue;
                };
                match engine.read_file(&conversation, &file.id) {
                    Ok(bytes) if bytes == file.bytes => self.checker.outcome.whole += 1,
                    Err(Error::NoSuchFile) if entry.deleted => {}
                    other => {
                        let state = engine.file_of(&conversation, &file.id);
                        let state = state.map(|it| (it.stage, it.held, it.pieces, it.faults));
                        let other = other.map(|bytes| bytes.len());
                        self.wrong(format!(
                            "device {device} has file {:?} of device {} as {other:?}: {state:?}",
                            file.id, file.by
                        ));
                    }
                }
            }
        }
    }
}
