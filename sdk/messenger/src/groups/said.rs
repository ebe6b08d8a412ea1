//! What devices say about groups, to each other and in the group (G5, G9, G12).
//!
//! These are contents whose kind is [`kind::FIRST`] or above: the encryption core leaves them unread ([`Body::Unknown`]), and the engine
//! shows none of them.

use codec::{Decode, DecodeAll, Encode};
use parlance_bimp::GroupId;
use parlance_e2ee::{Body, Bounded};

/// Longest name of a group, bytes.
pub const MAX_NAME: usize = 64;
/// Bytes of an invitation, or of information, in one content.
pub const PART: usize = 48 * 1_024;

/// Kinds of contents about groups.
pub mod kind {
    /// The first of them.
    pub const FIRST: u16 = 0x4700;
    /// [`GroupSaid`](super::GroupSaid).
    pub const SAID: u16 = FIRST;
}

/// What large bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum About {
    /// An invitation.
    #[codec(index = 0)]
    Invitation,
    /// Information to join anew.
    #[codec(index = 1)]
    Information,
    /// An invitation whose tree is in the order, behind the access key of the epoch that it leads to (32 bytes).
    #[codec(index = 2)]
    Entrance,
}

/// What is said about a group.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum GroupSaid {
    /// A part of large bytes, to one device.
    #[codec(index = 0)]
    Part {
        /// Of which group.
        group: GroupId,
        /// What it is.
        about: About,
        /// Names the bytes, drawn by who sends them.
        number: u64,
        /// Which part.
        index: u16,
        /// Of how many.
        count: u16,
        /// The group's name.
        name: String,
        /// The record that named the access key of the epoch that the bytes lead to, or come from.
        key_at: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// In the group: its name. It follows each commit, so that the others learn of it.
    #[codec(index = 1)]
    Named {
        /// The name.
        name: String,
        /// When it was set.
        at: u64,
    },
    /// To the own devices: the person has joined.
    #[codec(index = 2)]
    Joined(GroupId),
    /// To the own devices: the person has left.
    #[codec(index = 3)]
    Left(GroupId),
    /// Where the sender stands, to one device.
    #[codec(index = 4)]
    Place {
        /// In which group.
        group: GroupId,
        /// The place.
        place: Vec<u8>,
        /// Whether it asks for the other's.
        asks: bool,
    },
    /// To one device: the sender has lost track and needs information.
    #[codec(index = 5)]
    NeedsInformation(GroupId),
    /// To one device that takes itself for a member: it is not.
    #[codec(index = 6)]
    NotIn(GroupId),
}

impl GroupSaid {
    /// As a content's body; none if it is too long.
    pub fn body(&self) -> Option<Body> {
        let bytes = Bounded::new(self.encode(), "content about a group").ok()?;
        let kind = kind::SAID;
        Some(Body::Unknown { kind, bytes })
    }

    /// From a content's body, if it is one and this version knows it.
    pub fn read(body: &Body) -> Option<Self> {
        let Body::Unknown { kind, bytes } = body else {
            return None;
        };
        if *kind != kind::SAID {
            return None;
        }
        let said = Self::decode_all(&mut bytes.as_slice()).ok()?;
        let fits = match &said {
            Self::Part {
                name,
                bytes,
                index,
                count,
                ..
            } => name.len() <= MAX_NAME && bytes.len() <= PART && index < count,
            Self::Named { name, .. } => name.len() <= MAX_NAME,
            Self::Place { place, .. } => place.len() <= PART,
            _ => true,
        };
        fits.then_some(said)
    }

    /// Whether a body is the engine's own matter.
    pub fn is_one(body: &Body) -> bool {
        matches!(body, Body::Unknown { kind, .. } if *kind >= kind::FIRST && *kind < kind::FIRST + 0x100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_about_a_group_is_read_back_and_bounds_hold() {
        let group = GroupId([7; 32]);
        let part = |bytes: usize, name: usize, index, count| GroupSaid::Part {
            group,
            about: About::Invitation,
            number: 3,
            index,
            count,
            name: "n".repeat(name),
            key_at: 4,
            bytes: vec![1; bytes],
        };
        for said in [
            part(PART, MAX_NAME, 1, 2),
            GroupSaid::Named {
                name: "walkers".into(),
                at: 5,
            },
            GroupSaid::Joined(group),
            GroupSaid::Left(group),
            GroupSaid::Place {
                group,
                place: vec![1, 2],
                asks: true,
            },
            GroupSaid::NeedsInformation(group),
            GroupSaid::NotIn(group),
        ] {
            let body = said.body().unwrap();
            assert!(GroupSaid::is_one(&body));
            assert_eq!(GroupSaid::read(&body), Some(said));
        }
        for said in [
            part(PART + 1, 1, 0, 1),
            part(1, MAX_NAME + 1, 0, 1),
            part(1, 1, 1, 1),
        ] {
            assert_eq!(GroupSaid::read(&said.body().unwrap()), None);
        }
    }

    #[test]
    fn what_a_newer_version_says_is_the_engines_matter_and_not_read() {
        let bytes = Bounded::new(vec![200, 1], "test").unwrap();
        let kind = kind::SAID;
        let body = Body::Unknown { kind, bytes };
        assert!(GroupSaid::is_one(&body) && GroupSaid::read(&body).is_none());
        let bytes = Bounded::new(vec![1], "test").unwrap();
        let body = Body::Unknown { kind: 900, bytes };
        assert!(!GroupSaid::is_one(&body));
    }
}
