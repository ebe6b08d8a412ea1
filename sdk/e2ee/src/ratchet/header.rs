//! Headers and messages on the wire (R6, R7).

use crate::{
    Bounded, KemCiphertext, KemPublic, Mode,
    limits::{MAX_BODY, MAX_HEADER, NONCE},
};
use codec::{Decode, Encode, Error as CodecError, Input};

/// A header, before it is sealed in hybrid mode.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Header {
    /// X25519 key of the chain.
    pub public: [u8; 32],
    /// Length of the sender's previous chain.
    pub previous: u32,
    /// Number of the message in its chain.
    pub number: u32,
    pub offer: Option<KemPublic>,
    pub answer: Option<KemCiphertext>,
}

impl Header {
    pub fn clear(&self) -> ClearHeader {
        ClearHeader {
            public: self.public,
            previous: self.previous,
            number: self.number,
        }
    }
}

/// The header of a classical message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ClearHeader {
    /// X25519 key of the chain.
    pub public: [u8; 32],
    /// Length of the sender's previous chain.
    pub previous: u32,
    /// Number of the message in its chain.
    pub number: u32,
}

impl From<ClearHeader> for Header {
    fn from(clear: ClearHeader) -> Self {
        let ClearHeader {
            public,
            previous,
            number,
        } = clear;
        Self {
            public,
            previous,
            number,
            offer: None,
            answer: None,
        }
    }
}

/// A message of the ratchet, of either mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RatchetMessage {
    /// Header in the clear.
    Classical(ClassicalMessage),
    /// Header sealed.
    Hybrid(HybridMessage),
}

impl RatchetMessage {
    /// Hybrid or classical.
    pub fn mode(&self) -> Mode {
        match self {
            Self::Classical(_) => Mode::Classical,
            Self::Hybrid(_) => Mode::Hybrid,
        }
    }

    pub(crate) fn decode_of<I: Input>(mode: Mode, input: &mut I) -> Result<Self, CodecError> {
        Ok(match mode {
            Mode::Classical => Self::Classical(Decode::decode(input)?),
            Mode::Hybrid => Self::Hybrid(Decode::decode(input)?),
        })
    }
}

impl Encode for RatchetMessage {
    /// The mode stands before it, in the message around it.
    fn encode_to<T: codec::Output + ?Sized>(&self, dest: &mut T) {
        match self {
            Self::Classical(message) => message.encode_to(dest),
            Self::Hybrid(message) => message.encode_to(dest),
        }
    }

    fn size_hint(&self) -> usize {
        match self {
            Self::Classical(message) => message.size_hint(),
            Self::Hybrid(message) => message.size_hint(),
        }
    }
}

/// A classical message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ClassicalMessage {
    /// The header.
    pub header: ClearHeader,
    /// AES-256-CBC ciphertext and HMAC.
    pub body: Bounded<MAX_BODY>,
}

/// A hybrid message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HybridMessage {
    /// Of header and body.
    pub nonce: [u8; NONCE],
    /// The sealed header.
    pub header: Bounded<MAX_HEADER>,
    /// The sealed body.
    pub body: Bounded<MAX_BODY>,
}
