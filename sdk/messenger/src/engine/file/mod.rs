//! Files in the engine (F1-F11): state, commands, and what the host reads.

mod give;
mod take;

use super::Engine;
use crate::{
    Clock, Encryption, Error, Event, Row, Storage,
    files::{File, FileCommand, FileId, FileNews, FileStage, Named, Upload, by_relays, pieces},
    history::ContentId,
    limits::{
        AUTOMATIC, FILE_LIFE, FILE_PASS, FILE_PATIENCE, FILE_PIECE, MAX_FILE, MAX_FILES, MAX_KEPT,
        OUTBOX_LIFE, PUSHED, UNNAMED_LIFE,
    },
    storage::Table,
};
use parlance_bimp::{Account, GroupId};
use parlance_e2ee::{
    Body, Bounded, List, Text,
    content::{FileReference, FileSource},
    file,
};
use rand_core::CryptoRng;
use std::collections::BTreeMap;

type Key = (Account, FileId);

/// A piece on its way.
#[derive(Clone, Copy, Debug)]
struct Flight {
    /// Of which file.
    file: Key,
    /// To whom, or in which group.
    with: Account,
    /// In which group it was said.
    group: Option<GroupId>,
    /// The most copies that it had.
    copies: usize,
}

/// What the engine knows of files.
#[derive(Debug)]
pub(super) struct Files {
    all: BTreeMap<Key, File>,
    flights: BTreeMap<ContentId, Flight>,
    automatic: u64,
    strangers: bool,
    passed: Option<u64>,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            flights: BTreeMap::new(),
            automatic: AUTOMATIC,
            strangers: false,
            passed: None,
        }
    }
}

impl Files {
    fn bytes(&self) -> u64 {
        let bytes = self.all.values().map(File::bytes);
        bytes.fold(0, u64::saturating_add)
    }

    fn of_message(&self, conversation: &Account, id: &ContentId) -> Option<&File> {
        let is = |named: Named| named.conversation == *conversation && named.id == *id;
        self.all.values().find(|file| file.named.is_some_and(is))
    }
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn load_files(&mut self) -> Result<(), Error> {
        for file in self.all::<File>(Table::Files, "file")? {
            self.files.all.insert(file.key(), file);
        }
        Ok(())
    }

    /// Does what the user wants with files. For [`FileCommand::Send`] the id of the message.
    ///
    /// # Errors
    ///
    /// [`Error::FileTooLarge`], [`Error::FilesFull`], [`Error::NoSuchFile`], and those of [`command`](Self::command): nothing has changed.
    pub fn file(&mut self, clock: Clock, command: FileCommand) -> Result<Option<ContentId>, Error> {
        self.turn(clock, |engine| match command {
            FileCommand::Send {
                conversation,
                name,
                media_type,
                bytes,
            } => engine
                .send_file(conversation, (name, media_type), &bytes)
                .map(Some),
            FileCommand::Accept { conversation, id } => {
                engine.accept_file(conversation, id).map(|()| None)
            }
            FileCommand::Saved { conversation, id } => {
                engine.file_saved(&conversation, &id).map(|()| None)
            }
            FileCommand::Automatic { bytes, strangers } => {
                engine.files.automatic = bytes;
                engine.files.strangers = strangers;
                Ok(None)
            }
        })
    }

    /// All files that are known, with those whose message has not come.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.all.values()
    }

    /// The file of a message.
    pub fn file_of(&self, conversation: &Account, id: &ContentId) -> Option<&File> {
        self.files.of_message(conversation, id)
    }

    /// Whether pieces of an own file have not reached relays yet, but for those that nobody has asked for.
    pub fn is_sending(&self, conversation: &Account, id: &ContentId) -> bool {
        self.files
            .of_message(conversation, id)
            .is_some_and(|file| self.left_to_send(file) > 0)
    }

    /// Whether any pieces have not.
    pub fn sends_files(&self) -> bool {
        let mut files = self.files.all.values();
        !self.files.flights.is_empty() || files.any(|file| !file.uploads.is_empty())
    }

    fn left_to_send(&self, file: &File) -> u32 {
        let left = file.uploads.iter().map(Upload::left);
        let flights = self.files.flights.values();
        let flying = flights.filter(|flight| flight.file == file.key()).count();
        let flying = u32::try_from(flying).unwrap_or(u32::MAX);
        left.fold(flying, u32::saturating_add)
    }

    /// The bytes of a message's file, which are the ones that its author named (F7).
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchFile`], [`Error::FileNotHere`], [`Error::FileBroken`], [`Error::Storage`].
    pub fn read_file(&self, conversation: &Account, id: &ContentId) -> Result<Vec<u8>, Error> {
        let known = self.files.of_message(conversation, id);
        let file = known.ok_or(Error::NoSuchFile)?;
        match file.stage {
            FileStage::Here => {}
            FileStage::Broken => return Err(Error::FileBroken),
            FileStage::Gone => return Err(Error::NoSuchFile),
            FileStage::Lacking => {
                let (held, of) = (file.held, file.pieces);
                return Err(Error::FileNotHere { held, of });
            }
        }
        let reference = self.reference(conversation, id)?.ok_or(Error::NoSuchFile)?;
        let sealed = self.ciphertext(file)?.ok_or(Error::NoSuchFile)?;
        let (key, length) = (&reference.key, reference.length);
        let bytes = file::open(&reference.content, key, length, &sealed);
        bytes
            .map(|bytes| bytes.to_vec())
            .map_err(|_| Error::FileBroken)
    }

    /// What a message says of its file.
    fn reference(
        &self,
        conversation: &Account,
        id: &ContentId,
    ) -> Result<Option<FileReference>, Error> {
        let entry = self.message(conversation, id)?;
        Ok(match entry.and_then(|entry| entry.body()) {
            Some(Body::File(reference)) => Some(reference),
            _ => None,
        })
    }

    fn piece(&self, key: Key, number: u32) -> Result<Option<Vec<u8>>, Error> {
        let row = Row::FilePiece(key.0, key.1, number);
        self.ledger.get(&row, "piece of a file")
    }

    /// All pieces, one behind the other; none if one is not there.
    fn ciphertext(&self, file: &File) -> Result<Option<Vec<u8>>, Error> {
        let mut sealed = Vec::new();
        for number in 0..file.pieces {
            match self.piece(file.key(), number)? {
                Some(piece) => sealed.extend(piece),
                None => return Ok(None),
            }
        }
        Ok(Some(sealed))
    }

    fn put_file(&mut self, file: File) {
        let (author, id) = file.key();
        self.ledger.put(Row::File(author, id), &file);
        self.files.all.insert((author, id), file);
    }

    fn drop_pieces(&mut self, file: &mut File) {
        let (author, id) = file.key();
        for number in (0..file.pieces).filter(|number| file.has(*number)) {
            self.ledger.remove(Row::FilePiece(author, id, number));
        }
        file.bits.fill(0);
        file.held = 0;
    }

    fn drop_file(&mut self, key: Key) {
        if let Some(mut file) = self.files.all.remove(&key) {
            self.drop_pieces(&mut file);
            self.ledger.remove(Row::File(key.0, key.1));
        }
    }

    fn tell_file(&mut self, file: &File, news: FileNews) {
        if let Some(named) = file.named {
            let (conversation, id) = (named.conversation, named.id);
            self.tell(Event::File {
                conversation,
                id,
                news,
            });
        }
    }

    /// F1, F2.
    fn send_file(
        &mut self,
        conversation: Account,
        (name, media_type): (String, String),
        bytes: &[u8],
    ) -> Result<ContentId, Error> {
        let (length, limit) = (bytes.len() as u64, MAX_FILE);
        let Some(count) = pieces(length) else {
            return Err(Error::FileTooLarge { length, limit });
        };
        if !self.room_for(length) {
            return Err(Error::FilesFull { limit: MAX_KEPT });
        }
        let (name, media_type) = (Text::new(name)?, Text::new(media_type)?);
        let key = file::new_key(&mut self.rng);
        let sealed = file::seal(&key, bytes);
        let content = file::identifier([sealed.as_slice()]);
        let pushed = length <= PUSHED;
        let kind = match pushed {
            true => FileSource::RELAYS,
            false => FileSource::ASKED,
        };
        let reference = FileReference {
            content,
            key,
            length,
            name,
            media_type,
            preview: Bounded::default(),
            sources: List::new(vec![FileSource::new(kind)], "sources")?,
        };
        let id = self.say(conversation, Body::File(reference))?;
        let mut file = File::new((self.own, content), count, self.clock.wall);
        for (number, piece) in (0..count).zip(sealed.chunks(FILE_PIECE)) {
            let row = Row::FilePiece(self.own, content, number);
            self.ledger.put(row, &piece.to_vec());
            file.set(number, true);
        }
        file.named = Some(Named {
            conversation,
            id,
            device: self.me(),
            length,
        });
        file.stage = FileStage::Here;
        file.accepted = true;
        file.saved = true;
        if pushed {
            let (to, gaps) = (None, vec![(0, count)]);
            file.uploads.push(Upload { to, gaps });
        }
        self.put_file(file);
        Ok(id)
    }

    /// F5. Also for one whose pieces have gone, or of a message that came with a history.
    fn accept_file(&mut self, conversation: Account, id: ContentId) -> Result<(), Error> {
        let known = self.files.of_message(&conversation, &id).cloned();
        let mut file = match known {
            Some(file) => file,
            None => {
                let entry = self.message(&conversation, &id)?;
                let entry = entry.ok_or(Error::NoSuchMessage)?;
                let Some(Body::File(reference)) = entry.body() else {
                    return Err(Error::NoSuchFile);
                };
                let count = by_relays(&reference).ok_or(Error::NoSuchFile)?;
                if entry.author == self.me() {
                    return Err(Error::NoSuchFile);
                }
                if !self.room_for(reference.length) {
                    return Err(Error::FilesFull { limit: MAX_KEPT });
                }
                let author = Account(entry.author.account);
                let mut file = File::new((author, reference.content), count, self.clock.wall);
                file.named = Some(Named {
                    conversation,
                    id,
                    device: entry.author,
                    length: reference.length,
                });
                file
            }
        };
        let mine = file.named.is_some_and(|named| named.device == self.me());
        file.accepted = true;
        match file.stage {
            FileStage::Here => {
                file.saved = false;
                self.tell_file(&file, FileNews::Here);
            }
            // It has to be asked for anew.
            _ if mine => return Err(Error::NoSuchFile),
            _ => {
                file.stage = FileStage::Lacking;
                file.faults = 0;
                file.ask_at = self.clock.wall;
                file.pause = FILE_PATIENCE;
            }
        }
        self.put_file(file);
        Ok(())
    }

    fn file_saved(&mut self, conversation: &Account, id: &ContentId) -> Result<(), Error> {
        let known = self.files.of_message(conversation, id);
        let mut file = known.ok_or(Error::NoSuchFile)?.clone();
        file.saved = true;
        self.put_file(file);
        Ok(())
    }

    /// F10.
    pub(super) fn forget_file(&mut self, conversation: &Account, id: &ContentId) {
        if let Some(key) = self.files.of_message(conversation, id).map(File::key) {
            self.drop_file(key);
        }
    }

    /// Whether there is room for so many bytes more; what is done with goes for it, the oldest first.
    fn room_for(&mut self, bytes: u64) -> bool {
        let mut kept = self.files.bytes();
        let full =
            |kept: u64, files: usize| kept.saturating_add(bytes) > MAX_KEPT || files >= MAX_FILES;
        while full(kept, self.files.all.len()) {
            let done = self.files.all.values().filter(|file| file.is_done());
            let Some(oldest) = done.min_by_key(|file| file.since) else {
                return false;
            };
            let (key, bytes) = (oldest.key(), oldest.bytes());
            kept = kept.saturating_sub(bytes);
            self.drop_file(key);
        }
        true
    }

    /// What has had its time goes.
    pub(super) fn tidy_files(&mut self) {
        let (now, wall) = (self.clock.steady, self.clock.wall);
        let last = self.files.passed;
        if last.is_some_and(|last| now < last.saturating_add(FILE_PASS)) {
            return;
        }
        self.files.passed = Some(now);
        let is_over = |file: &&File| {
            let age = wall.saturating_sub(file.since);
            let unnamed = file.named.is_none() && age > UNNAMED_LIFE;
            let idle = file.is_done() || !file.accepted;
            unnamed || (idle && age > FILE_LIFE) || age > OUTBOX_LIFE
        };
        let files = self.files.all.values();
        let over: Vec<Key> = files.filter(is_over).map(File::key).collect();
        for key in over {
            self.drop_file(key);
        }
    }
}
