//! Files that come (F5-F9).

use super::Key;
use crate::{
    Encryption, Entry, Error, Row, Storage,
    engine::Engine,
    files::{File, FileId, FileNews, FileStage, Named, by_relays, chunks_in, piece_length},
    limits::{
        FILE_PATIENCE, FILE_PIECE, LONGEST_ASK_PAUSE, MAX_FAULTS, MAX_FILE_PIECES, MAX_UNNAMED,
        PAGE_MESSAGES,
    },
};
use parlance_bimp::Account;
use parlance_e2ee::{
    Body, DeviceAddress, List,
    content::{FileReference, FileSource, FileStep},
    file,
};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// A message with a file has come.
    pub(in crate::engine) fn take_reference(
        &mut self,
        entry: &Entry,
        reference: &FileReference,
    ) -> Result<(), Error> {
        // What this device sends itself it knows better.
        let Some(count) = by_relays(reference).filter(|_| entry.author != self.me()) else {
            return Ok(());
        };
        let wall = self.clock.wall;
        let key = (Account(entry.author.account), reference.content);
        let known = self.files.all.get(&key).cloned();
        // A second message with the same file shows the first one's.
        if known.as_ref().is_some_and(|file| file.named.is_some()) {
            return Ok(());
        }
        let mut file = match known {
            Some(file) if file.pieces == count => file,
            _ => {
                self.drop_file(key);
                if !self.room_for(reference.length) {
                    return Ok(());
                }
                File::new(key, count, wall)
            }
        };
        let named = Named {
            conversation: entry.conversation,
            id: entry.id,
            device: entry.author,
            length: reference.length,
        };
        file.named = Some(named);
        let small = reference.length <= self.files.automatic;
        file.accepted = small && self.takes_from(&entry.conversation)?;
        let comes = reference.is_at(FileSource::RELAYS);
        file.pause = FILE_PATIENCE;
        file.ask_at = match comes {
            true => wall.saturating_add(FILE_PATIENCE),
            false => wall,
        };
        // What came before it is looked at now.
        for number in 0..count {
            if file.has(number) {
                let length = self.piece(key, number)?.map_or(0, |piece| piece.len());
                if length != piece_length(named.length, number) {
                    self.remove_piece(&mut file, number);
                }
            }
        }
        for number in 0..count {
            self.check_chunks(&mut file, reference, number)?;
        }
        self.put_file(file);
        Ok(())
    }

    /// F5.
    fn takes_from(&self, conversation: &Account) -> Result<bool, Error> {
        let known = self.group_of(conversation).is_some() || *conversation == self.own;
        if known || self.files.strangers {
            return Ok(true);
        }
        let said = self.messages(conversation, u64::MAX, PAGE_MESSAGES)?;
        Ok(said.iter().any(|entry| entry.is_by(&self.own)))
    }

    /// Tells of a file after its message was told.
    pub(in crate::engine) fn begin_file(&mut self, entry: &Entry) -> Result<(), Error> {
        let known = self.files.of_message(&entry.conversation, &entry.id);
        let Some(file) = known.filter(|_| entry.author != self.me()).cloned() else {
            return Ok(());
        };
        if !file.accepted {
            self.tell_file(&file, FileNews::Offered);
        }
        self.settle_file(file)
    }

    pub(in crate::engine) fn take_file_step(
        &mut self,
        from: DeviceAddress,
        step: FileStep,
    ) -> Result<(), Error> {
        match step {
            FileStep::Piece {
                file,
                number,
                of,
                bytes,
            } => {
                let key = (Account(from.account), file);
                self.take_piece(key, (number, of), bytes.into_vec())
            }
            FileStep::Ask { file, gaps } => {
                self.asked_for_pieces(from, file, gaps.as_slice());
                Ok(())
            }
            FileStep::Gone { file } => {
                self.gone(from, file);
                Ok(())
            }
        }
    }

    /// F6.
    fn take_piece(
        &mut self,
        key: Key,
        (number, of): (u32, u32),
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        if of == 0 || of > MAX_FILE_PIECES || number >= of || bytes.is_empty() {
            return Ok(());
        }
        let known = self.files.all.get(&key).cloned();
        let mut file = match known {
            Some(file) => file,
            None if self.room_for(FILE_PIECE as u64) => File::new(key, of, self.clock.wall),
            None => return Ok(()),
        };
        if file.stage != FileStage::Lacking || file.pieces != of || file.has(number) {
            return Ok(());
        }
        let fits = match file.named {
            Some(named) => bytes.len() == piece_length(named.length, number),
            None => bytes.len() <= FILE_PIECE && self.unnamed_bytes() < MAX_UNNAMED,
        };
        if !fits || !self.room_for(FILE_PIECE as u64) {
            return Ok(());
        }
        self.ledger
            .put(Row::FilePiece(key.0, key.1, number), &bytes);
        file.set(number, true);
        file.pause = FILE_PATIENCE;
        file.ask_at = self.clock.wall.saturating_add(FILE_PATIENCE);
        let Some(named) = file.named else {
            self.put_file(file);
            return Ok(());
        };
        let reference = self.reference(&named.conversation, &named.id)?;
        let Some(reference) = reference else {
            // Its message is gone (F10).
            self.put_file(file);
            self.drop_file(key);
            return Ok(());
        };
        self.check_chunks(&mut file, &reference, number)?;
        self.tell_file(
            &file,
            FileNews::Arriving {
                held: file.held,
                of,
            },
        );
        self.put_file(file.clone());
        self.settle_file(file)
    }

    fn unnamed_bytes(&self) -> u64 {
        let files = self.files.all.values();
        let unnamed = files.filter(|file| file.named.is_none());
        unnamed.map(File::bytes).fold(0, u64::saturating_add)
    }

    /// Opens the chunks of a piece whose other pieces are here.
    fn check_chunks(
        &mut self,
        file: &mut File,
        reference: &FileReference,
        number: u32,
    ) -> Result<(), Error> {
        for place in chunks_in(reference.length, number) {
            let (first, last) = place.pieces();
            if !(first..=last).all(|number| file.has(number)) {
                continue;
            }
            let mut bytes = Vec::new();
            for number in first..=last {
                bytes.extend(self.piece(file.key(), number)?.unwrap_or_default());
            }
            let begin = u64::from(first).saturating_mul(FILE_PIECE as u64);
            let at = |byte: u64| usize::try_from(byte.saturating_sub(begin)).unwrap_or(usize::MAX);
            let sealed = bytes.get(at(place.from)..at(place.to)).unwrap_or_default();
            let opened = file::open_chunk(&reference.key, reference.length, place.number, sealed);
            if opened.is_err() {
                file.faults = file.faults.saturating_add(1);
                for number in first..=last {
                    self.remove_piece(file, number);
                }
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether it is whole now, or given up (F6, F7).
    fn settle_file(&mut self, mut file: File) -> Result<(), Error> {
        if file.stage != FileStage::Lacking {
            return Ok(());
        }
        if file.faults > MAX_FAULTS {
            self.break_file(file);
            return Ok(());
        }
        if !file.is_whole() {
            return Ok(());
        }
        let sealed = self.ciphertext(&file)?.unwrap_or_default();
        if file::identifier([sealed.as_slice()]) != file.file {
            self.break_file(file);
            return Ok(());
        }
        file.stage = FileStage::Here;
        if file.accepted {
            self.tell_file(&file, FileNews::Here);
        }
        self.put_file(file);
        Ok(())
    }

    fn break_file(&mut self, mut file: File) {
        self.drop_pieces(&mut file);
        file.stage = FileStage::Broken;
        self.tell_file(&file, FileNews::Broken);
        self.put_file(file);
    }

    fn gone(&mut self, from: DeviceAddress, id: FileId) {
        let key = (Account(from.account), id);
        let Some(mut file) = self.files.all.get(&key).cloned() else {
            return;
        };
        let is_its = file.named.is_some_and(|named| named.device == from);
        if is_its && file.stage == FileStage::Lacking {
            self.drop_pieces(&mut file);
            file.stage = FileStage::Gone;
            self.tell_file(&file, FileNews::Gone);
            self.put_file(file);
        }
    }

    /// F8.
    pub(in crate::engine) fn ask_for_pieces(&mut self) {
        let (wall, me) = (self.clock.wall, self.me());
        let is_due = |file: &&File| {
            let taken = file.accepted && file.stage == FileStage::Lacking;
            taken && wall >= file.ask_at
        };
        let due: Vec<File> = self.files.all.values().filter(is_due).cloned().collect();
        for mut file in due {
            let Some(named) = file.named.filter(|named| named.device != me) else {
                continue;
            };
            let asked = self.outbox.left(&file.ask);
            // The question before may still be on its way.
            if asked == Some(0)
                && let Ok(gaps) = List::new(file.gaps(), "gaps")
            {
                let ask = FileStep::Ask {
                    file: file.file,
                    gaps,
                };
                file.ask = self.say_step(named.device, Body::FileStep(ask));
            }
            let pause = file.pause.max(FILE_PATIENCE);
            file.ask_at = wall.saturating_add(pause);
            file.pause = pause.saturating_mul(2).min(LONGEST_ASK_PAUSE);
            self.put_file(file);
        }
    }
}
