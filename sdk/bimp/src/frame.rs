//! Frames: how a stream of bytes is cut.
//!
//! - **F1** A connection is one ordered stream in each direction: the first bidirectional stream of a QUIC
//!   connection with ALPN `bimp/1`, or a WebSocket's binary messages strung together. Where the underlying
//!   layer cuts the stream means nothing.
//! - **F2** A frame: length of what follows (4 bytes), kind (2 bytes), request id (4 bytes), body. All integers
//!   little-endian. The length is 6 to [`MAX_FRAME`]; any other ends the connection before a byte of the
//!   frame is kept.
//! - **F3** A kind: bit 15 says *critical*, bits 12-14 the class (0 control, 1 request, 2 answer, 3 push), bits 0-11 the
//!   number. An answer has the number and the id of its request; number 0 is a refusal. Control
//!   and push have the request id 0.
//! - **F4** An unknown kind that is not critical is skipped; an unknown request is refused with
//!   [`Reason::NotSpoken`](crate::Reason::NotSpoken), whether critical or not, so that its sender does not wait; any
//!   other unknown critical kind ends the connection.
//! - **F5** A body is SCALE. A later minor version may only add fields at the end of a body. A reader takes trailing
//!   bytes for such fields if the peer's minor version is above its own, and refuses them otherwise.

use crate::{error::Violation, limits::MAX_FRAME};
use alloc::vec::Vec;
use codec::Decode;

/// Bytes of a frame's length.
pub const LENGTH: usize = 4;
/// Bytes between the length and the body.
pub const HEADER: usize = 6;
/// What a buffer may keep between frames, so that an idle connection takes little.
const KEPT: usize = 1_024;

/// What a frame is (F3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub u16);

/// Bits 12-14 of a [`Kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// About the connection.
    Control,
    /// Asks for something.
    Request,
    /// Answers a request.
    Answer,
    /// Comes unasked.
    Push,
    /// Of a version to come.
    Other,
}

impl Kind {
    const CRITICAL: u16 = 0x8000;

    /// A control frame. Not skipped where it is unknown if `critical`.
    pub const fn control(number: u16, critical: bool) -> Self {
        Self(number | if critical { Self::CRITICAL } else { 0 })
    }

    /// A request.
    pub const fn request(number: u16) -> Self {
        Self(0x1000 | number)
    }

    /// An answer.
    pub const fn answer(number: u16) -> Self {
        Self(0x2000 | number)
    }

    /// A push. Not skipped where it is unknown if `critical`.
    pub const fn push(number: u16, critical: bool) -> Self {
        Self(0x3000 | number | if critical { Self::CRITICAL } else { 0 })
    }

    /// Whether a reader that does not know the kind must end the connection (F4).
    pub const fn is_critical(self) -> bool {
        self.0 & Self::CRITICAL != 0
    }

    /// The class.
    pub const fn class(self) -> Class {
        match (self.0 >> 12) & 7 {
            0 => Class::Control,
            1 => Class::Request,
            2 => Class::Answer,
            3 => Class::Push,
            _ => Class::Other,
        }
    }

    /// The number within the class.
    pub const fn number(self) -> u16 {
        self.0 & 0x0FFF
    }
}

/// One frame (F2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// The request that it is, or answers; otherwise 0.
    pub request: u32,
    /// SCALE of what the kind says.
    pub body: Vec<u8>,
}

impl Frame {
    /// Bytes on the wire, with the length.
    pub fn size(&self) -> usize {
        self.body.len().saturating_add(LENGTH + HEADER)
    }

    /// Appends the encoding. `false`, and nothing appended, if it is longer than a frame may be.
    pub fn encode_to(&self, out: &mut Vec<u8>) -> bool {
        let length = self.body.len().saturating_add(HEADER);
        let Some(length) = u32::try_from(length).ok().filter(|_| length <= MAX_FRAME) else {
            return false;
        };
        out.reserve(self.size());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&self.kind.0.to_le_bytes());
        out.extend_from_slice(&self.request.to_le_bytes());
        out.extend_from_slice(&self.body);
        true
    }
}

/// Cuts a stream into frames. Keeps at most one unfinished frame.
#[derive(Debug, Default)]
pub struct Decoder {
    partial: Vec<u8>,
}

impl Decoder {
    /// Takes bytes off the front of `input` up to the end of the next frame; `None` when the frame has not
    /// ended yet and `input` is used up.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Violation> {
        if self.partial.is_empty()
            && let Some(size) = size_of(input)?
            && let Some((whole, rest)) = input.split_at_checked(size)
        {
            *input = rest;
            return Ok(parse(whole));
        }
        self.take(input, LENGTH);
        let Some(size) = size_of(&self.partial)? else {
            return Ok(None);
        };
        self.take(input, size);
        if self.partial.len() < size {
            return Ok(None);
        }
        let frame = parse(&self.partial);
        self.partial.clear();
        self.partial.shrink_to(KEPT);
        Ok(frame)
    }

    /// Bytes of the unfinished frame.
    pub fn kept(&self) -> usize {
        self.partial.len()
    }

    /// Moves bytes over until `wanted` are here.
    fn take(&mut self, input: &mut &[u8], wanted: usize) {
        let missing = wanted.saturating_sub(self.partial.len());
        let (now, rest) = input.split_at(missing.min(input.len()));
        self.partial.extend_from_slice(now);
        *input = rest;
    }
}

/// The size of the frame that begins here, if its length is here and allowed.
fn size_of(bytes: &[u8]) -> Result<Option<usize>, Violation> {
    let Some((length, _)) = bytes.split_first_chunk::<LENGTH>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*length);
    let size = usize::try_from(length).ok();
    match size.filter(|size| (HEADER..=MAX_FRAME).contains(size)) {
        Some(size) => Ok(Some(size.saturating_add(LENGTH))),
        None => Err(Violation::FrameLength { length }),
    }
}

fn parse(whole: &[u8]) -> Option<Frame> {
    let (_, rest) = whole.split_first_chunk::<LENGTH>()?;
    let (kind, rest) = rest.split_first_chunk::<2>()?;
    let (request, body) = rest.split_first_chunk::<4>()?;
    Some(Frame {
        kind: Kind(u16::from_le_bytes(*kind)),
        request: u32::from_le_bytes(*request),
        body: body.to_vec(),
    })
}

/// Decodes a body (F5). `newer` says that the peer speaks a later minor version.
pub fn decode_body<T: Decode>(mut body: &[u8], newer: bool) -> Option<T> {
    let value = T::decode(&mut body).ok()?;
    (body.is_empty() || newer).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{vec, vec::Vec};

    fn frame(length: usize) -> Frame {
        Frame {
            kind: Kind::request(4),
            request: 9,
            body: vec![0xAB; length],
        }
    }

    #[test]
    fn a_kind_has_class_number_and_the_critical_bit() {
        let kind = Kind::push(1, true);
        assert_eq!((kind.class(), kind.number()), (Class::Push, 1));
        assert!(kind.is_critical() && !Kind::push(1, false).is_critical());
        assert_eq!(Kind(0x7001).class(), Class::Other);
    }

    #[test]
    fn frames_come_back_however_the_stream_is_cut() {
        let mut stream = Vec::new();
        let sizes = [0, 1, 5, 3_000, 0];
        assert!(sizes.iter().all(|size| frame(*size).encode_to(&mut stream)));
        for step in [1, 2, 3, 7, 100, stream.len()] {
            let (mut decoder, mut found) = (Decoder::default(), Vec::new());
            for mut part in stream.chunks(step) {
                while let Some(frame) = decoder.next(&mut part).unwrap() {
                    found.push(frame.body.len());
                }
                assert!(part.is_empty());
            }
            assert_eq!((found.as_slice(), decoder.kept()), (&sizes[..], 0));
        }
    }

    #[test]
    fn a_length_out_of_bounds_is_refused_with_its_fourth_byte() {
        for length in [0, 5, MAX_FRAME as u32 + 1, u32::MAX] {
            let bytes = length.to_le_bytes();
            let mut decoder = Decoder::default();
            assert_eq!(decoder.next(&mut &bytes[..3]), Ok(None));
            assert_eq!(
                decoder.next(&mut &bytes[3..]),
                Err(Violation::FrameLength { length })
            );
        }
        assert!(frame(MAX_FRAME - HEADER).encode_to(&mut Vec::new()));
        assert!(!frame(MAX_FRAME - HEADER + 1).encode_to(&mut Vec::new()));
    }

    #[test]
    fn a_body_may_be_longer_only_from_a_later_version() {
        assert_eq!(decode_body::<u16>(&[1, 0, 9], true), Some(1));
        assert_eq!(decode_body::<u16>(&[1, 0, 9], false), None);
        assert_eq!(decode_body::<u16>(&[1], true), None);
    }
}
