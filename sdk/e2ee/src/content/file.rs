//! Files, and their bytes on the way from device to device.

use super::bounds::{
    MAX_FILE_PIECE, MAX_GAPS, MAX_MEDIA_TYPE, MAX_NAME, MAX_PREVIEW, MAX_SOURCE, MAX_SOURCES,
};
use crate::{
    Bounded,
    codec_bounds::{List, Text},
};
use codec::{Decode, Encode};

/// Where the bytes of a file are. A kind that is not known is kept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FileSource {
    /// What kind of place: [`RELAYS`](Self::RELAYS) and [`ASKED`](Self::ASKED) are known.
    pub kind: u16,
    /// Which one of the kind; its form is the kind's. Empty for the two.
    pub place: Bounded<MAX_SOURCE>,
}

impl FileSource {
    /// The author's device sends them by relays, unasked.
    pub const RELAYS: u16 = 1;
    /// The author's device sends them by relays to each device that asks.
    pub const ASKED: u16 = 2;

    /// A place of a kind that needs no more words.
    pub fn new(kind: u16) -> Self {
        Self {
            kind,
            place: Bounded::default(),
        }
    }
}

/// A file, the key to it, and where it is. The encryption is that of [`crate::file`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FileReference {
    /// Identifier of the encrypted file.
    pub content: [u8; 32],
    /// Key that it is encrypted under.
    pub key: [u8; 32],
    /// Length before encryption, bytes.
    pub length: u64,
    /// Its name. The sender's claim: no path, and not to be written over anything.
    pub name: Text<MAX_NAME>,
    /// Its media type.
    pub media_type: Text<MAX_MEDIA_TYPE>,
    /// A small picture of it; may be empty.
    pub preview: Bounded<MAX_PREVIEW>,
    /// Where its bytes are, the best place first.
    pub sources: List<FileSource, MAX_SOURCES>,
}

impl FileReference {
    /// Whether its bytes are in a place of a kind.
    pub fn is_at(&self, kind: u16) -> bool {
        let mut sources = self.sources.as_slice().iter();
        sources.any(|source| source.kind == kind)
    }
}

/// A step of a file's bytes on their way: nothing that people see. Its rules are the messenger's (F1-F9).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum FileStep {
    /// A piece of the ciphertext.
    #[codec(index = 0)]
    Piece {
        /// Identifier of the encrypted file.
        file: [u8; 32],
        /// Which piece, counted from 0.
        number: u32,
        /// Pieces of the file.
        of: u32,
        /// Its bytes.
        bytes: Bounded<MAX_FILE_PIECE>,
    },
    /// A device asks for pieces.
    #[codec(index = 1)]
    Ask {
        /// Identifier of the encrypted file.
        file: [u8; 32],
        /// The first piece and the first after it of each gap, in their order.
        gaps: List<(u32, u32), MAX_GAPS>,
    },
    /// The device that was asked does not have the file any more.
    #[codec(index = 2)]
    Gone {
        /// Identifier of the encrypted file.
        file: [u8; 32],
    },
}
