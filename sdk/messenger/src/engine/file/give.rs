//! Pieces on their way to others (F3, F4, F8, F11).

use super::{Flight, Key};
use crate::{
    Encryption, Error, Row, Storage,
    engine::Engine,
    files::{File, FileId, FileNews, Upload},
    history::ContentId,
    limits::{FILE_WINDOW, GROUP_FILE_WINDOW, MAX_UPLOADS},
    outbox::Audience,
};
use parlance_bimp::Account;
use parlance_e2ee::{Body, Bounded, Content, DeviceAddress, content::FileStep};
use rand_core::CryptoRng;
use std::collections::BTreeSet;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Lets as many pieces leave as may be on their way.
    pub(in crate::engine) fn send_pieces(&mut self) -> Result<(), Error> {
        self.land();
        let files = self.files.all.values();
        let mut due: Vec<(u64, Key)> = files
            .filter(|file| !file.uploads.is_empty())
            .map(|file| (file.since, file.key()))
            .collect();
        due.sort_unstable();
        for (_, key) in due {
            self.send_pieces_of(key)?;
        }
        Ok(())
    }

    /// Takes note of those that relays have (F3).
    fn land(&mut self) {
        let (mut landed, mut known) = (Vec::new(), Vec::new());
        for (id, flight) in &self.files.flights {
            match (flight.group, self.outbox.left(id)) {
                (Some(group), _) if self.waits_in_group(group, id) => {}
                (None, None) => {}
                (None, Some(left)) if left > 0 && left >= flight.copies => known.push((*id, left)),
                _ => landed.push(*id),
            }
        }
        for (id, copies) in known {
            if let Some(flight) = self.files.flights.get_mut(&id) {
                flight.copies = copies;
            }
        }
        let mut further = BTreeSet::new();
        for id in landed {
            let flight = self.files.flights.remove(&id);
            further.extend(flight.map(|it| it.file));
        }
        for key in further {
            let Some(file) = self.files.all.get(&key).cloned() else {
                continue;
            };
            let of = file.pieces;
            let news = match self.left_to_send(&file) {
                0 => FileNews::Sent,
                left => FileNews::Sending {
                    sent: of.saturating_sub(left),
                    of,
                },
            };
            self.tell_file(&file, news);
        }
    }

    fn send_pieces_of(&mut self, key: Key) -> Result<(), Error> {
        let Some(mut file) = self.files.all.get(&key).cloned() else {
            return Ok(());
        };
        let mut changed = false;
        while let Some(to) = file.uploads.first().map(|upload| upload.to) {
            let Some(with) = with(&file, to) else {
                break;
            };
            if self.is_busy(&with) {
                break;
            }
            let Some(number) = file.uploads.first_mut().and_then(Upload::take) else {
                file.uploads.remove(0);
                changed = true;
                continue;
            };
            changed = true;
            // What cannot be sent is asked for (F8).
            self.send_piece(&file, to, number)?;
            file.uploads.retain(|upload| !upload.gaps.is_empty());
        }
        if changed {
            self.put_file(file);
        }
        Ok(())
    }

    /// Whether as many pieces are on their way there as may be.
    fn is_busy(&self, with: &Account) -> bool {
        let window = match self.group_of(with) {
            Some(_) => GROUP_FILE_WINDOW,
            None => FILE_WINDOW,
        };
        let flights = self.files.flights.values();
        flights.filter(|flight| flight.with == *with).count() >= window
    }

    fn send_piece(
        &mut self,
        file: &File,
        to: Option<DeviceAddress>,
        number: u32,
    ) -> Result<(), Error> {
        let (Some(with), Some(bytes)) = (with(file, to), self.piece(file.key(), number)?) else {
            return Ok(());
        };
        let Ok(bytes) = Bounded::new(bytes, "piece") else {
            return Ok(());
        };
        let step = FileStep::Piece {
            file: file.file,
            number,
            of: file.pieces,
            bytes,
        };
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let content = Content::new(id, self.clock.wall, Body::FileStep(step));
        let group = self.group_of(&with);
        match group {
            Some(group) => {
                if !self.say_quietly(group, &content)? {
                    return Ok(());
                }
            }
            None => {
                let audience = to.map_or(Audience::Both, Audience::One);
                // Pieces are shorter than what a content holds.
                let Ok(bytes) = content.to_bytes() else {
                    return Ok(());
                };
                self.put_pending(with, audience, id, bytes, false);
            }
        }
        let flight = Flight {
            file: file.key(),
            with,
            group,
            copies: 0,
        };
        self.files.flights.insert(id, flight);
        Ok(())
    }

    /// F8.
    pub(super) fn asked_for_pieces(&mut self, by: DeviceAddress, id: FileId, gaps: &[(u32, u32)]) {
        let key = (self.own, id);
        let known = self.files.all.get(&key).cloned();
        let mine = |file: &File| file.named.is_some_and(|named| named.device == self.me());
        let Some(mut file) = known.filter(|file| mine(file) && file.is_whole()) else {
            if self.talks_with(&Account(by.account)) {
                let body = Body::FileStep(FileStep::Gone { file: id });
                self.say_step(by, body);
            }
            return;
        };
        let entitled = file
            .named
            .is_some_and(|named| self.is_in(&Account(by.account), &named.conversation));
        if !entitled {
            return;
        }
        let mut left: Vec<(u32, u32)> = Vec::new();
        for (from, to) in gaps.iter().copied() {
            let behind = left.last().is_none_or(|(_, end)| *end <= from);
            if from < to && to <= file.pieces && behind {
                left.push((from, to));
            }
        }
        file.uploads.retain(|upload| upload.to != Some(by));
        if !left.is_empty() && file.uploads.len() < MAX_UPLOADS {
            let (to, gaps) = (Some(by), left);
            file.uploads.push(Upload { to, gaps });
        }
        self.put_file(file);
    }

    /// Whether somebody gets what is said in a conversation.
    fn is_in(&self, account: &Account, conversation: &Account) -> bool {
        let group = self.group_of(conversation);
        let group = group.and_then(|id| self.groups().find(|group| group.id == id));
        *account == self.own
            || account == conversation
            || group.is_some_and(|group| group.members.contains(account))
    }

    /// Whether this account has to do with another one.
    fn talks_with(&self, account: &Account) -> bool {
        let in_group = self
            .groups()
            .any(|group| group.takes_part() && group.members.contains(account));
        *account == self.own || self.conversations.contains_key(account) || in_group
    }

    /// Says a step to a device. Which content that is.
    pub(super) fn say_step(&mut self, to: DeviceAddress, body: Body) -> ContentId {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        // Steps without bytes always fit.
        if let Ok(bytes) = Content::new(id, self.clock.wall, body).to_bytes() {
            let conversation = Account(to.account);
            self.put_pending(conversation, Audience::One(to), id, bytes, false);
        }
        id
    }

    /// A piece is of no use any more.
    pub(super) fn remove_piece(&mut self, file: &mut File, number: u32) {
        file.set(number, false);
        let (author, id) = file.key();
        self.ledger.remove(Row::FilePiece(author, id, number));
    }
}

/// To whom pieces go, or in which group they are said.
fn with(file: &File, to: Option<DeviceAddress>) -> Option<Account> {
    let conversation = file.named.map(|named| named.conversation);
    to.map_or(conversation, |device| Some(Account(device.account)))
}
