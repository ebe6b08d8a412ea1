//! What this crate keeps of a group beside openmls's states.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `groups` | group | [`State`] |
//! | `group commits` | group | own commit that waits, its Welcomes, and the tree |
//! | `group unsent` | group, message | text that the relays have not confirmed |
//! | `group early` | group, epoch, hash | message of a later epoch |
//! | `group seen` | group, sender | identifiers of the last texts |

use crate::{Error, Event, GroupId, invite::is_tree, storage::Rows};
use codec::{Decode, DecodeAll, Encode};
use parlance_e2ee::DeviceAddress;
use parlance_store::{Key, Table};
use sha2::{Digest, Sha256};

pub(crate) const STATES: Table = Table::new("groups");
pub(crate) const COMMITS: Table = Table::new("group commits");
pub(crate) const UNSENT: Table = Table::new("group unsent");
pub(crate) const EARLY: Table = Table::new("group early");
pub(crate) const SEEN: Table = Table::new("group seen");

/// Where a member stands with its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Course {
    /// In step with the relays' order.
    #[codec(index = 0)]
    Following,
    /// Has offered to join again with this commit, made for this epoch. If it is `placed`, it stands in the
    /// relays' order, behind others that this device could not judge.
    #[codec(index = 1)]
    Joining {
        epoch: u64,
        commit: [u8; 32],
        placed: bool,
    },
    /// Cannot go on: must join again.
    #[codec(index = 2)]
    Lost,
}

/// A change that waits for the relays (O4).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Pending {
    /// Key packages.
    pub(crate) add: Vec<Vec<u8>>,
    pub(crate) remove: Vec<DeviceAddress>,
    pub(crate) renew: bool,
    /// Epoch and hash of the commit that was made of it, if one was made for the present epoch.
    pub(crate) commit: Option<(u64, [u8; 32])>,
    /// The tree for those whom that commit adds, if it goes into the order (I2).
    pub(crate) tree: Option<OwnTree>,
}

/// A tree that this device gives to whom it adds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct OwnTree {
    pub(crate) key: [u8; 32],
    /// Of its ciphertext.
    pub(crate) hash: [u8; 32],
    /// Its position in the order, once it was read there.
    pub(crate) at: Option<u64>,
}

/// How much waits for an epoch that has not come yet (T2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Early {
    pub(crate) epoch: u64,
    pub(crate) messages: u32,
    pub(crate) bytes: u32,
}

/// Handshakes that were forged, or that this device cannot open since it has missed another (T5): the positions of
/// the first and of the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Doubt {
    pub(crate) since: u64,
    pub(crate) until: u64,
}

/// Version of the row of a group. Version 1 ended before [`State::grown`].
const STATE_VERSION: u8 = 2;

/// The row of a group.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct State {
    version: u8,
    /// Position of the next handshake in the relays' order.
    pub(crate) position: u64,
    /// Position from which on this device has been in its epoch.
    pub(crate) began: u64,
    pub(crate) course: Course,
    pub(crate) pending: Option<Pending>,
    /// Counts rows that need an order.
    pub(crate) number: u64,
    /// Rows of `group unsent`.
    pub(crate) unsent: u32,
    /// What of `group early` is whose.
    pub(crate) early: Vec<Early>,
    /// How often this device has joined: texts encrypted before the last time are encrypted again.
    pub(crate) joined: u32,
    pub(crate) doubt: Option<Doubt>,
    /// The last epoch that began with a device that cannot open what is older: one that was added, or came back from
    /// outside (S3).
    pub(crate) grown: u64,
}

impl State {
    pub(crate) fn new(position: u64, course: Course) -> Self {
        Self {
            version: STATE_VERSION,
            position,
            began: position,
            course,
            pending: None,
            number: 0,
            unsent: 0,
            early: Vec::new(),
            joined: 0,
            doubt: None,
            grown: 0,
        }
    }

    pub(crate) fn read(rows: &Rows<'_>, group: GroupId) -> Result<Self, Error> {
        Self::find(rows, group)?.ok_or(Error::NoGroup(group))
    }

    pub(crate) fn find(rows: &Rows<'_>, group: GroupId) -> Result<Option<Self>, Error> {
        let row = rows.transaction().get(STATES, &Key::of(group.0))?;
        row.map(|row| Self::decode_row(row.to_vec())).transpose()
    }

    /// A row of version 1 is one in which nobody came in.
    fn decode_row(mut row: Vec<u8>) -> Result<Self, Error> {
        if let Some(version) = row.first_mut().filter(|version| **version == 1) {
            *version = STATE_VERSION;
            row.extend_from_slice(&0_u64.to_le_bytes());
        }
        decode(&row)
    }

    pub(crate) fn write(&self, rows: &Rows<'_>, group: GroupId) -> Result<(), Error> {
        let key = Key::of(group.0);
        Ok(rows.transaction().put(STATES, &key, &self.encode())?)
    }

    /// The state after joining anew: what counts rows stays.
    pub(crate) fn with_rows_of(mut self, old: &Self) -> Self {
        self.number = old.number;
        self.unsent = old.unsent;
        self.early.clone_from(&old.early);
        self.joined = old.joined.saturating_add(1);
        self
    }

    /// An epoch has begun. Whether somebody came in with it (S3).
    pub(crate) fn note_grown(&mut self, event: &Event, comes_back: bool) {
        if let Event::Changed { epoch, added, .. } = event
            && (comes_back || !added.is_empty())
        {
            self.grown = *epoch;
        }
    }

    /// A tree stands at a position of the order: if it is the own one, invitations can name it (I3).
    pub(crate) fn note_tree(&mut self, position: u64, handshake: &[u8]) {
        let own = self.pending.as_mut().and_then(|it| it.tree.as_mut());
        if let Some(own) = own
            && own.at.is_none()
            && is_tree(handshake, &own.hash)
        {
            own.at = Some(position);
        }
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.number = self.number.saturating_add(1);
        self.number
    }
}

/// A commit of this device, and what the new members get when it is accepted.
#[derive(Encode, Decode)]
pub(crate) struct OwnCommit {
    pub(crate) handshake: Vec<u8>,
    /// A Welcome for each (I1).
    pub(crate) welcomes: Vec<(DeviceAddress, Vec<u8>)>,
    /// The tree that goes into the order before the commit (I3).
    pub(crate) tree: Option<Vec<u8>>,
}

/// A text that waits for the relays to confirm it.
#[derive(Encode, Decode)]
pub(crate) struct Unsent {
    pub(crate) number: u64,
    /// [`State::joined`] when it was encrypted.
    pub(crate) joined: u32,
    pub(crate) epoch: u64,
    pub(crate) frame: Vec<u8>,
    pub(crate) message: Vec<u8>,
}

pub(crate) fn decode<T: Decode>(bytes: &[u8]) -> Result<T, Error> {
    T::decode_all(&mut &*bytes).map_err(|error| Error::State(error.to_string()))
}

pub(crate) fn hash(handshake: &[u8]) -> [u8; 32] {
    Sha256::digest(handshake).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_version_1_is_read() {
        let mut state = State::new(7, Course::Lost);
        state.number = 9;
        let mut row = state.encode();
        assert_eq!(State::decode_row(row.clone()).unwrap(), state);
        row[0] = 1;
        row.truncate(row.len() - 8);
        assert_eq!(State::decode_row(row.clone()).unwrap(), state);
        row.pop();
        assert!(State::decode_row(row).is_err());
        assert!(State::decode_row(Vec::new()).is_err());
    }
}
