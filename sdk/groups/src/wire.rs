//! What this crate puts around MLS, and inside it.
//!
//! - **F1** Handshakes and messages are MLS messages (RFC 9420 §6) without anything around them. Members send
//!   handshakes encrypted; relays see group, epoch, whether it is a commit, and lengths.
//! - **F2** Inside of an application message: the frame, padded to the size classes of parlance-e2ee (Z1, Z2).
//!   A frame is version (1 byte), kind (1 byte), payload. Kind 0 is a content of parlance-e2ee, kind 1 the
//!   wish to leave, without payload. Unknown kinds are handed to the application unread.
//! - **F3** An invitation is version (1 byte, 1), the position from which the new member reads the relays' order
//!   (8 bytes, little-endian), then an MLS Welcome with the tree inside. One whose tree is in the order (I2) is version (1 byte, 2), position,
//!   position of the tree (8 bytes), key (32), SHA-256 of the tree's ciphertext (32), MLS Welcome. Group information is version (1), position, MLS
//!   GroupInfo with the tree. Each is for one device's eyes and travels through a session of parlance-e2ee.

use crate::{
    Error,
    limits::{MAX_HANDSHAKE, MAX_MESSAGE, VERSION},
};
use openmls::{
    framing::{MlsMessageBodyIn, MlsMessageIn, ProtocolMessage},
    prelude::tls_codec::DeserializeBytes,
};
use parlance_e2ee::{
    Content,
    padding::{class_for, overhead, pad, unpad},
};

/// What a member says to the others (F2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Content(Box<Content>),
    LeaveWish,
    Unknown { kind: u8, payload: Vec<u8> },
}

impl Frame {
    /// The padded frame.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let (kind, payload) = match self {
            Self::Content(content) => (0, content.to_bytes().map_err(Error::Content)?),
            Self::LeaveWish => (1, Vec::new()),
            Self::Unknown { kind, payload } => (*kind, payload.clone()),
        };
        let bytes = [&[VERSION, kind][..], &payload].concat();
        let length = bytes.len() + overhead();
        let size = class_for(length).ok_or(Error::TooMany {
            what: "a message",
            length,
            limit: MAX_MESSAGE,
        })?;
        pad(&bytes, size).map_err(Error::Content)
    }

    pub(crate) fn decode(padded: &[u8]) -> Result<Self, Error> {
        let bytes = unpad(padded).map_err(Error::Content)?;
        let malformed = Error::Malformed { what: "frame" };
        match bytes {
            [VERSION, 0, payload @ ..] => {
                let content = Content::from_bytes(payload).map_err(Error::Content)?;
                Ok(Self::Content(Box::new(content)))
            }
            [VERSION, 1] => Ok(Self::LeaveWish),
            [VERSION, 1, ..] => Err(malformed),
            [VERSION, kind, payload @ ..] => Ok(Self::Unknown {
                kind: *kind,
                payload: payload.to_vec(),
            }),
            [found, _, ..] => Err(Error::UnsupportedVersion {
                what: "frame",
                found: *found,
            }),
            _ => Err(malformed),
        }
    }
}

/// Position and MLS message of an invitation or of group information (F3).
pub(crate) fn with_position(position: u64, message: &[u8]) -> Vec<u8> {
    [&[VERSION][..], &position.to_le_bytes(), message].concat()
}

pub(crate) fn split_position<'b>(
    bytes: &'b [u8],
    what: &'static str,
) -> Result<(u64, &'b [u8]), Error> {
    check_length(bytes, MAX_HANDSHAKE, what)?;
    let malformed = Error::Malformed { what };
    match bytes.split_first() {
        None => Err(malformed),
        Some((&VERSION, rest)) => {
            let (position, message) = rest.split_first_chunk().ok_or(malformed)?;
            Ok((u64::from_le_bytes(*position), message))
        }
        Some((&found, _)) => Err(Error::UnsupportedVersion { what, found }),
    }
}

pub(crate) fn check_length(bytes: &[u8], limit: usize, what: &'static str) -> Result<(), Error> {
    if bytes.len() > limit {
        return Err(Error::TooMany {
            what,
            length: bytes.len(),
            limit,
        });
    }
    Ok(())
}

/// The body of an MLS message, with nothing behind it.
pub(crate) fn body(bytes: &[u8], what: &'static str) -> Result<MlsMessageBodyIn, Error> {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes)
        .map(MlsMessageIn::extract)
        .map_err(|_| Error::Malformed { what })
}

/// A commit, a proposal or an application message.
pub(crate) fn protocol_message(
    bytes: &[u8],
    limit: usize,
    what: &'static str,
) -> Result<ProtocolMessage, Error> {
    check_length(bytes, limit, what)?;
    match body(bytes, what)? {
        MlsMessageBodyIn::PrivateMessage(message) => Ok(message.into()),
        MlsMessageBodyIn::PublicMessage(message) => Ok(message.into()),
        _ => Err(Error::Malformed { what }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_e2ee::{Body, Text, content::WrittenText};

    fn frames() -> Vec<Frame> {
        let text = |length| {
            let text = Text::new("a".repeat(length)).unwrap();
            let content = Content::new([1; 16], 2, Body::Text(WrittenText { text }));
            Frame::Content(Box::new(content))
        };
        let unknown = Frame::Unknown {
            kind: 9,
            payload: vec![1, 2, 3],
        };
        vec![text(0), text(5_000), Frame::LeaveWish, unknown]
    }

    #[test]
    fn a_frame_survives_its_encoding_and_looks_like_a_size_class() {
        for frame in frames() {
            let encoded = frame.encode().unwrap();
            assert!(parlance_e2ee::padding::SIZES.contains(&encoded.len()));
            assert_eq!(Frame::decode(&encoded).unwrap(), frame);
        }
    }

    #[test]
    fn frames_of_other_versions_and_of_wrong_layout_say_so() {
        let decode = |bytes: &[u8]| Frame::decode(&pad(bytes, 512).unwrap()).unwrap_err();
        assert!(matches!(
            decode(&[2, 0]),
            Error::UnsupportedVersion { found: 2, .. }
        ));
        for wrong in [&[][..], &[1], &[1, 1, 0]] {
            assert!(matches!(decode(wrong), Error::Malformed { .. }));
        }
        assert!(matches!(decode(&[1, 0, 7]), Error::Content(_)));
        assert!(matches!(Frame::decode(b"unpadded"), Err(Error::Content(_))));
    }
}
