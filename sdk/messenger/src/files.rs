//! Files.
//!
//! - **F1** A file is a message like others: its content has the name, the length, the identifier and the key
//!   ([`FileReference`]), and says where the bytes are. Up to [`MAX_FILE`](crate::limits::MAX_FILE) bytes they go by relays, encrypted under the
//!   file's own key (rules W1-W4 of the encryption core), cut into *pieces* of [`FILE_PIECE`] bytes.
//! - **F2** The ciphertext is made once. It is on the disk of the author's device, in pieces, in the batch of its message, and stays there for
//!   [`FILE_LIFE`](crate::limits::FILE_LIFE), so that whoever lacks pieces can ask for them. When [`MAX_KEPT`](crate::limits::MAX_KEPT) is reached the oldest that are done with go.
//! - **F3** A piece is a content from device to device: encrypted in the sessions, paid and limited like all. It has no place in the stream (I1), so
//!   no text waits for it, and is done when relays have accepted it. [`FILE_WINDOW`](crate::limits::FILE_WINDOW) pieces are on their way at a time; one that some device
//!   cannot be sent yet, as it has no prekeys, does not hold the others.
//! - **F4** Up to [`PUSHED`](crate::limits::PUSHED) bytes the author's device sends the pieces unasked, to everybody who gets the message, also to the own other
//!   devices, so that the two sides need not be there at the same time. Beyond, each device that wants the file asks.
//! - **F5** A device takes a file by itself up to a limit that the person sets, from people that they have written to, and in groups; others when they *accept* it. Pieces that come of one that is not
//!   accepted are kept, and nothing more is asked for.
//! - **F6** A piece, and the note that it is here, are in the batch before its message is acknowledged (I2). Each chunk is opened as soon as its pieces
//!   are here. If one does not open its pieces go, and are asked for again, [`MAX_FAULTS`](crate::limits::MAX_FAULTS) times at most.
//! - **F7** A file is *here* when all pieces are, and the whole has its identifier. Before that nothing of it is given out.
//! - **F8** Pieces that do not come are asked for after [`FILE_PATIENCE`](crate::limits::FILE_PATIENCE), later and later. Who was to get the message may ask; each gets
//!   what it asked for alone. A device that does not have the file any more says so.
//! - **F9** Pieces may come before the message that they belong to: they are kept for [`UNNAMED_LIFE`](crate::limits::UNNAMED_LIFE), [`MAX_UNNAMED`](crate::limits::MAX_UNNAMED) bytes of them.
//!   What they are is known by author and identifier, so nobody's pieces stand in another one's way.
//! - **F10** The key is in the message alone. When that is taken back, or disappears, the pieces go with it, and what is left of them on a disk opens no
//!   more.
//! - **F11** In a group what is sent unasked is said in the group: one upload, handed to all members' mailboxes by the group's relays. Who asks is
//!   answered from device to device.

use crate::{history::ContentId, limits::FILE_PIECE};
use codec::{Decode, Encode};
use parlance_bimp::Account;
use parlance_e2ee::{
    DeviceAddress,
    content::{FileReference, bounds::MAX_GAPS},
    file::{SEALED_CHUNK, chunks, sealed_length},
};

/// Identifier of an encrypted file.
pub type FileId = [u8; 32];

/// What the user wants with files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileCommand {
    /// Sends one.
    Send {
        /// In which conversation.
        conversation: Account,
        /// Its name, without folders.
        name: String,
        /// Its media type.
        media_type: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Takes one that came with a message (F5), or asks for what lacks of it now.
    Accept {
        /// In which conversation.
        conversation: Account,
        /// The message.
        id: ContentId,
    },
    /// It lies where the person wants it: it need not be saved again.
    Saved {
        /// In which conversation.
        conversation: Account,
        /// The message.
        id: ContentId,
    },
    /// Which files are taken by themselves, until the program ends (F5).
    Automatic {
        /// Those up to so many bytes,
        bytes: u64,
        /// also of people that this account has never written to.
        strangers: bool,
    },
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileNews {
    /// It is not taken by itself: the person accepts it, or not.
    Offered,
    /// Pieces have come.
    Arriving {
        /// How many are here.
        held: u32,
        /// All.
        of: u32,
    },
    /// It is here, whole, and accepted.
    Here,
    /// What came is not what was promised.
    Broken,
    /// Its author's device has it no more.
    Gone,
    /// Relays have pieces of an own one.
    Sending {
        /// How many.
        sent: u32,
        /// All.
        of: u32,
    },
    /// They have all of what was to be sent, for one device of each account at least; what is left for others goes on.
    Sent,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum FileStage {
    /// It lacks pieces.
    #[codec(index = 0)]
    Lacking,
    /// All of it is here (F7).
    #[codec(index = 1)]
    Here,
    /// What came is not what was promised.
    #[codec(index = 2)]
    Broken,
    /// Its author's device has it no more.
    #[codec(index = 3)]
    Gone,
}

/// The message that a file came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Named {
    /// In which conversation.
    pub conversation: Account,
    /// Its id.
    pub id: ContentId,
    /// The device that wrote it, and has the bytes.
    pub device: DeviceAddress,
    /// Length of the file before encryption, bytes.
    pub length: u64,
}

/// Pieces that are to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Upload {
    /// To a device that asked; none: to everybody who gets the message.
    pub to: Option<DeviceAddress>,
    /// The first piece and the first after it of each part that is left.
    pub gaps: Vec<(u32, u32)>,
}

impl Upload {
    /// The next piece, which is not left any more.
    pub fn take(&mut self) -> Option<u32> {
        let (from, to) = self.gaps.first_mut()?;
        let next = *from;
        *from = next.saturating_add(1);
        if *from >= *to {
            self.gaps.remove(0);
        }
        Some(next)
    }

    /// How many pieces are left.
    pub fn left(&self) -> u32 {
        let gaps = self.gaps.iter().map(|(from, to)| to.saturating_sub(*from));
        gaps.fold(0, u32::saturating_add)
    }
}

/// A file, as this device keeps it. The key is in the message (F10).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct File {
    /// Whose it is.
    pub author: Account,
    /// Its identifier.
    pub file: FileId,
    /// How many pieces it has.
    pub pieces: u32,
    /// Those that are here, a bit each, the lowest first.
    pub bits: Vec<u8>,
    /// How many are here.
    pub held: u32,
    /// The message; none while it has not come (F9).
    pub named: Option<Named>,
    /// How far it is.
    pub stage: FileStage,
    /// Whether it is taken (F5).
    pub accepted: bool,
    /// Whether it lies where the person wants it.
    pub saved: bool,
    /// When it was first heard of, milliseconds since 1970.
    pub since: u64,
    /// When what lacks is asked for.
    pub ask_at: u64,
    /// After so many milliseconds once more.
    pub pause: u64,
    /// The content that asked last.
    pub ask: ContentId,
    /// How often bytes turned out to be wrong.
    pub faults: u8,
    /// What is to be sent.
    pub uploads: Vec<Upload>,
}

impl File {
    /// One of which nothing is here.
    pub fn new((author, file): (Account, FileId), pieces: u32, now: u64) -> Self {
        let bytes = usize::try_from(pieces.div_ceil(8)).unwrap_or(0);
        Self {
            author,
            file,
            pieces,
            bits: vec![0; bytes],
            held: 0,
            named: None,
            stage: FileStage::Lacking,
            accepted: false,
            saved: false,
            since: now,
            ask_at: now,
            pause: 0,
            ask: [0; 16],
            faults: 0,
            uploads: Vec::new(),
        }
    }

    /// By what it is known.
    pub fn key(&self) -> (Account, FileId) {
        (self.author, self.file)
    }

    fn place(number: u32) -> (usize, u8) {
        let byte = usize::try_from(number / 8).unwrap_or(usize::MAX);
        (byte, 1 << (number % 8))
    }

    /// Whether a piece is here.
    pub fn has(&self, number: u32) -> bool {
        let (byte, bit) = Self::place(number);
        self.bits.get(byte).is_some_and(|bits| bits & bit != 0)
    }

    /// A piece is here, or is not any more.
    pub fn set(&mut self, number: u32, here: bool) {
        if number >= self.pieces || self.has(number) == here {
            return;
        }
        let (byte, bit) = Self::place(number);
        if let Some(bits) = self.bits.get_mut(byte) {
            *bits ^= bit;
            self.held = match here {
                true => self.held.saturating_add(1),
                false => self.held.saturating_sub(1),
            };
        }
    }

    /// Whether all pieces are here.
    pub fn is_whole(&self) -> bool {
        self.held == self.pieces
    }

    /// The first of what lacks.
    pub fn gaps(&self) -> Vec<(u32, u32)> {
        let mut gaps: Vec<(u32, u32)> = Vec::new();
        for number in (0..self.pieces).filter(|number| !self.has(*number)) {
            let next = number.saturating_add(1);
            if let Some((_, to)) = gaps.last_mut()
                && *to == number
            {
                *to = next;
                continue;
            }
            if gaps.len() == MAX_GAPS {
                break;
            }
            gaps.push((number, next));
        }
        gaps
    }

    /// Bytes that it takes up.
    pub fn bytes(&self) -> u64 {
        u64::from(self.held).saturating_mul(FILE_PIECE as u64)
    }

    /// Whether nothing is lost when its pieces go.
    pub fn is_done(&self) -> bool {
        let over = matches!(self.stage, FileStage::Broken | FileStage::Gone);
        self.uploads.is_empty() && (over || (self.stage == FileStage::Here && self.saved))
    }
}

/// Pieces of a file of `length` bytes; none if relays carry none so long.
pub fn pieces(length: u64) -> Option<u32> {
    if length > crate::limits::MAX_FILE {
        return None;
    }
    let pieces = sealed_length(length)?.div_ceil(FILE_PIECE as u64);
    u32::try_from(pieces).ok()
}

/// Bytes of a piece of such a file.
pub fn piece_length(length: u64, number: u32) -> usize {
    let from = u64::from(number).saturating_mul(FILE_PIECE as u64);
    let left = sealed_length(length).unwrap_or(0).saturating_sub(from);
    usize::try_from(left.min(FILE_PIECE as u64)).unwrap_or(0)
}

/// A chunk of a file, and where it lies in the ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkPlace {
    /// Its number.
    pub number: u64,
    /// Its first byte.
    pub from: u64,
    /// The first byte after it.
    pub to: u64,
}

impl ChunkPlace {
    /// The pieces that it lies in: the first and the last one.
    pub fn pieces(&self) -> (u32, u32) {
        let of = |byte: u64| u32::try_from(byte / FILE_PIECE as u64).unwrap_or(u32::MAX);
        (of(self.from), of(self.to.saturating_sub(1)))
    }
}

/// The chunks that have bytes in a piece.
pub fn chunks_in(length: u64, piece: u32) -> Vec<ChunkPlace> {
    let all = sealed_length(length).unwrap_or(0);
    let (chunk, size) = (SEALED_CHUNK as u64, FILE_PIECE as u64);
    let begin = u64::from(piece).saturating_mul(size);
    let end = begin.saturating_add(size).min(all);
    if begin >= end {
        return Vec::new();
    }
    let last = (end.saturating_sub(1) / chunk).min(chunks(length).saturating_sub(1));
    let place = |number: u64| {
        let from = number.saturating_mul(chunk);
        let to = from.saturating_add(chunk).min(all);
        ChunkPlace { number, from, to }
    };
    (begin / chunk..=last).map(place).collect()
}

/// Whether relays carry the file of a reference, and in how many pieces.
pub fn by_relays(reference: &FileReference) -> Option<u32> {
    use parlance_e2ee::content::FileSource;
    let by_relays = [FileSource::RELAYS, FileSource::ASKED];
    let known = by_relays.into_iter().any(|kind| reference.is_at(kind));
    known.then(|| pieces(reference.length)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{MAX_FILE, MAX_FILE_PIECES};

    fn file(pieces: u32) -> File {
        File::new((Account([1; 32]), [2; 32]), pieces, 5)
    }

    #[test]
    fn pieces_are_counted_once_and_gaps_are_what_lacks() {
        let mut file = file(20);
        assert_eq!(file.gaps(), [(0, 20)]);
        for number in [3, 4, 3, 19, 25] {
            file.set(number, true);
        }
        assert_eq!((file.held, file.has(4), file.has(25)), (3, true, false));
        assert_eq!(file.gaps(), [(0, 3), (5, 19)]);
        file.set(4, false);
        file.set(4, false);
        assert_eq!((file.held, file.gaps()), (2, vec![(0, 3), (4, 19)]));
        for number in 0..20 {
            file.set(number, true);
        }
        assert!(file.is_whole() && file.gaps().is_empty());
    }

    #[test]
    fn more_gaps_than_a_question_holds_are_asked_for_one_after_another() {
        let mut file = file(MAX_FILE_PIECES);
        for number in (0..MAX_FILE_PIECES).step_by(2) {
            file.set(number, true);
        }
        assert_eq!(file.gaps().len(), MAX_GAPS);
        assert_eq!(file.gaps().last(), Some(&(127, 128)));
    }

    #[test]
    fn an_upload_gives_each_piece_once() {
        let mut upload = Upload {
            to: None,
            gaps: vec![(0, 2), (5, 6)],
        };
        assert_eq!(upload.left(), 3);
        let given: Vec<u32> = std::iter::from_fn(|| upload.take()).collect();
        assert_eq!((given, upload.left()), (vec![0, 1, 5], 0));
    }

    #[test]
    fn pieces_cover_the_ciphertext_and_every_chunk_lies_in_those_that_it_names() {
        let piece = FILE_PIECE as u64;
        for length in [0, 1, 65_536, 65_537, piece, 10 * piece, 1_000_003, MAX_FILE] {
            let count = pieces(length).unwrap();
            assert!((1..=MAX_FILE_PIECES).contains(&count));
            let lengths = (0..count).map(|number| piece_length(length, number) as u64);
            assert_eq!(lengths.sum::<u64>(), sealed_length(length).unwrap());
            assert_eq!(piece_length(length, count), 0);
            let mut seen = std::collections::BTreeSet::new();
            for number in 0..count {
                let places = chunks_in(length, number);
                assert!(!places.is_empty());
                for place in places {
                    let (first, last) = place.pieces();
                    assert!((first..=last).contains(&number) && last < count);
                    seen.insert(place.number);
                }
            }
            assert_eq!(seen.len() as u64, chunks(length));
            assert!(chunks_in(length, count).is_empty());
        }
        assert_eq!(pieces(MAX_FILE + 1), None);
        assert_eq!(pieces(u64::MAX), None);
    }
}
