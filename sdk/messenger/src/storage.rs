//! What the engine needs of a disk.
//!
//! - **S1** Everything that one call of the engine changes is one *batch*, all or nothing, on disk before the call returns. Effects
//!   come after it: what the engine promises, asks for or tells, it still knows after a crash.
//! - **S2** Sessions are in the batch of the message that moved them. So no crash makes a ratchet forget what it sent.
//! - **S3** After a batch that failed the engine stops ([`Error::Stopped`](crate::Error::Stopped)); loaded again it is as the disk is.
//! - **S4** Values hold their own keys, so that a table can be read without reading keys back.

use crate::history::ContentId;
use codec::{Decode, Encode};
use parlance_bimp::{Account, GroupId, MessageId, RelayId};
use parlance_e2ee::DeviceAddress;
use std::collections::BTreeMap;

/// A group of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// One row for each thing of which there is one.
    Single,
    /// Conversations.
    Conversations,
    /// Messages by conversation and number.
    Messages,
    /// Their numbers by conversation and content id.
    Names,
    /// What was said and has no copies yet.
    Pending,
    /// Copies for single devices.
    Outbox,
    /// Streams with devices.
    Streams,
    /// Messages that came too early.
    Early,
    /// Messages that cannot be read yet.
    Held,
    /// Ids of messages that were taken.
    Seen,
    /// Contents that wait for what they are about.
    Orphans,
    /// When messages disappear.
    Expiries,
    /// Tickets and receipts by relay.
    Proofs,
    /// Groups.
    Groups,
    /// Parts of invitations and of information.
    GroupParts,
    /// Where histories of other devices go, by conversation.
    Rooms,
    /// Files by author and identifier.
    Files,
    /// Pieces of their ciphertexts.
    FilePieces,
    /// What was shown of conversations, as far as their order needs it.
    Pasts,
    /// Texts that wait for others before them.
    Waits,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Single,
        Self::Conversations,
        Self::Messages,
        Self::Names,
        Self::Pending,
        Self::Outbox,
        Self::Streams,
        Self::Early,
        Self::Held,
        Self::Seen,
        Self::Orphans,
        Self::Expiries,
        Self::Proofs,
        Self::Groups,
        Self::GroupParts,
        Self::Rooms,
        Self::Files,
        Self::FilePieces,
        Self::Pasts,
        Self::Waits,
    ];

    /// Its name in a database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "chat/single",
            Self::Conversations => "chat/conversations",
            Self::Messages => "chat/messages",
            Self::Names => "chat/names",
            Self::Pending => "chat/pending",
            Self::Outbox => "chat/outbox",
            Self::Streams => "chat/streams",
            Self::Early => "chat/early",
            Self::Held => "chat/held",
            Self::Seen => "chat/seen",
            Self::Orphans => "chat/orphans",
            Self::Expiries => "chat/expiries",
            Self::Proofs => "chat/proofs",
            Self::Groups => "chat/groups",
            Self::GroupParts => "chat/group-parts",
            Self::Rooms => "chat/rooms",
            Self::Files => "chat/files",
            Self::FilePieces => "chat/file-pieces",
            Self::Pasts => "chat/pasts",
            Self::Waits => "chat/waits",
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// The sessions, as [`Encryption::save`](crate::Encryption::save) gave them.
    Sessions,
    /// The engine's own counters.
    Counters,
    /// A conversation.
    Conversation(Account),
    /// A message of it.
    Message(Account, u64),
    /// The number of a message.
    Name(Account, ContentId),
    /// Said, without copies yet.
    Pending(u64),
    /// A copy.
    Copy(u64),
    /// The stream with a device.
    Stream(DeviceAddress),
    /// Too early: the device and its number.
    Early(DeviceAddress, u64),
    /// Not readable yet.
    Held(MessageId),
    /// Taken.
    Seen(MessageId),
    /// Waits for what it is about.
    Orphan(u64),
    /// When a message disappears, its conversation and number.
    Expiry(u64, Account, u64),
    /// Counts of a relay in a period.
    Proof(u32, RelayId),
    /// A group.
    Group(GroupId),
    /// A part of what a device sends about a group: what it is about (SCALE), and which part.
    GroupPart(GroupId, DeviceAddress, Vec<u8>, u16),
    /// On which relays the own key packages lie.
    GroupKeys,
    /// The transfer to this device.
    Taking,
    /// Transfers from this device.
    Giving,
    /// Where a history goes, by conversation.
    Room(Account),
    /// A file: whose, and its identifier.
    File(Account, [u8; 32]),
    /// A piece of it.
    FilePiece(Account, [u8; 32], u32),
    /// What was shown of a conversation.
    Past(Account),
    /// A text that waits for others.
    Waits(u64),
}

/// A part of a row's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A number: rows are in its order.
    Number(u64),
}

impl Row {
    /// Where it lies.
    pub fn table(&self) -> Table {
        match self {
            Self::Sessions | Self::Counters | Self::Taking | Self::Giving | Self::GroupKeys => {
                Table::Single
            }
            Self::Conversation(_) => Table::Conversations,
            Self::Message(..) => Table::Messages,
            Self::Name(..) => Table::Names,
            Self::Pending(_) => Table::Pending,
            Self::Copy(_) => Table::Outbox,
            Self::Stream(_) => Table::Streams,
            Self::Early(..) => Table::Early,
            Self::Held(_) => Table::Held,
            Self::Seen(_) => Table::Seen,
            Self::Orphan(_) => Table::Orphans,
            Self::Expiry(..) => Table::Expiries,
            Self::Proof(..) => Table::Proofs,
            Self::Group(_) => Table::Groups,
            Self::GroupPart(..) => Table::GroupParts,
            Self::Room(_) => Table::Rooms,
            Self::File(..) => Table::Files,
            Self::FilePiece(..) => Table::FilePieces,
            Self::Past(_) => Table::Pasts,
            Self::Waits(_) => Table::Waits,
        }
    }

    /// The key within the table. Only messages have an order on disk; other numbers stay hidden where keys are.
    pub fn key(&self) -> Vec<Part> {
        let bytes = |bytes: &[u8]| Part::Bytes(bytes.to_vec());
        let hidden = |number: &u64| Part::Bytes(number.to_le_bytes().to_vec());
        match self {
            Self::Sessions => vec![bytes(b"sessions")],
            Self::Counters => vec![bytes(b"counters")],
            Self::GroupKeys => vec![bytes(b"group keys")],
            Self::Taking => vec![bytes(b"taking")],
            Self::Giving => vec![bytes(b"giving")],
            Self::Conversation(account) | Self::Room(account) | Self::Past(account) => {
                vec![bytes(&account.0)]
            }
            Self::Message(account, number) => vec![bytes(&account.0), Part::Number(*number)],
            Self::Name(account, id) => vec![bytes(&account.0), bytes(id)],
            Self::Pending(number)
            | Self::Copy(number)
            | Self::Orphan(number)
            | Self::Waits(number) => {
                vec![hidden(number)]
            }
            Self::Stream(device) => vec![bytes(&device.encode())],
            Self::Early(device, number) => vec![bytes(&device.encode()), hidden(number)],
            Self::Held(id) | Self::Seen(id) => vec![bytes(&id.0)],
            Self::Expiry(at, account, number) => {
                vec![hidden(at), bytes(&account.0), hidden(number)]
            }
            Self::Proof(period, relay) => vec![bytes(&period.to_le_bytes()), bytes(&relay.0)],
            Self::Group(group) => vec![bytes(&group.0)],
            Self::File(author, file) => vec![bytes(&author.0), bytes(file)],
            Self::FilePiece(author, file, number) => {
                vec![bytes(&author.0), bytes(file), bytes(&number.to_le_bytes())]
            }
            Self::GroupPart(group, device, about, index) => vec![
                bytes(&group.0),
                bytes(&device.encode()),
                bytes(about),
                bytes(&index.to_le_bytes()),
            ],
        }
    }
}

/// Why the disk did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the local database failed ({0}): check the disk, then start again")]
pub struct StorageError(pub String);

/// A disk. The encrypted local database in a client, memory in tests.
pub trait Storage {
    /// A row's value.
    fn get(&self, row: &Row) -> Result<Option<Vec<u8>>, StorageError>;

    /// All values of a table.
    fn all(&self, table: Table) -> Result<Vec<Vec<u8>>, StorageError>;

    /// The last `limit` messages of a conversation with numbers below `before`, the newest first.
    fn messages(
        &self,
        conversation: &Account,
        before: u64,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StorageError>;

    /// Writes a batch and returns when it survives a loss of power (S1).
    fn commit(&mut self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), StorageError>;
}

/// A disk, and changes that are not on it yet but are read as if they were.
#[derive(Debug)]
pub(crate) struct Ledger<S> {
    disk: S,
    changes: BTreeMap<Row, Option<Vec<u8>>>,
}

impl<S: Storage> Ledger<S> {
    pub fn new(disk: S) -> Self {
        Self {
            disk,
            changes: BTreeMap::new(),
        }
    }

    pub fn disk(&self) -> &S {
        &self.disk
    }

    pub fn get<T: Decode>(&self, row: &Row, what: &'static str) -> Result<Option<T>, crate::Error> {
        let bytes = match self.changes.get(row) {
            Some(changed) => changed.clone(),
            None => self.disk.get(row)?,
        };
        bytes.map(|bytes| decode(&bytes, what)).transpose()
    }

    pub fn put(&mut self, row: Row, value: &impl Encode) {
        self.changes.insert(row, Some(value.encode()));
    }

    pub fn put_bytes(&mut self, row: Row, value: Vec<u8>) {
        self.changes.insert(row, Some(value));
    }

    pub fn remove(&mut self, row: Row) {
        self.changes.insert(row, None);
    }

    pub fn commit(&mut self) -> Result<(), StorageError> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let batch = self.take();
        self.disk.commit(&batch)
    }

    /// The batch, for whoever commits it together with something else.
    pub fn take(&mut self) -> Vec<(Row, Option<Vec<u8>>)> {
        std::mem::take(&mut self.changes).into_iter().collect()
    }

    pub fn all<T: Decode>(&self, table: Table, what: &'static str) -> Result<Vec<T>, crate::Error> {
        let rows = self.disk.all(table)?;
        rows.iter().map(|bytes| decode(bytes, what)).collect()
    }
}

/// Decodes a `T` that takes up all of `bytes`.
pub(crate) fn decode<T: Decode>(mut bytes: &[u8], what: &'static str) -> Result<T, crate::Error> {
    match T::decode(&mut bytes) {
        Ok(value) if bytes.is_empty() => Ok(value),
        _ => Err(crate::Error::Damaged { what }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_rows_of_a_table_have_one_key() {
        let (one, other) = (Account([1; 32]), Account([2; 32]));
        let device = DeviceAddress {
            account: [1; 32],
            device: 1,
        };
        let rows = [
            Row::Sessions,
            Row::Counters,
            Row::Conversation(one),
            Row::Conversation(other),
            Row::Message(one, 1),
            Row::Message(one, 2),
            Row::Message(other, 1),
            Row::Name(one, [1; 16]),
            Row::Name(one, [2; 16]),
            Row::Pending(1),
            Row::Copy(1),
            Row::Copy(2),
            Row::Stream(device),
            Row::Early(device, 1),
            Row::Early(device, 2),
            Row::Held(MessageId([1; 32])),
            Row::Seen(MessageId([1; 32])),
            Row::Orphan(1),
            Row::Expiry(1, one, 1),
            Row::Expiry(1, one, 2),
            Row::Expiry(2, one, 1),
            Row::Proof(1, RelayId([1; 32])),
            Row::Proof(2, RelayId([1; 32])),
            Row::Group(GroupId([1; 32])),
            Row::Group(GroupId([2; 32])),
            Row::GroupPart(GroupId([1; 32]), device, vec![0], 1),
            Row::GroupPart(GroupId([1; 32]), device, vec![1], 1),
            Row::GroupPart(GroupId([1; 32]), device, vec![1], 2),
            Row::GroupKeys,
            Row::Taking,
            Row::Giving,
            Row::Room(one),
            Row::File(one, [1; 32]),
            Row::File(one, [2; 32]),
            Row::File(other, [1; 32]),
            Row::FilePiece(one, [1; 32], 0),
            Row::FilePiece(one, [1; 32], 1),
            Row::FilePiece(other, [1; 32], 0),
            Row::Past(one),
            Row::Past(other),
            Row::Waits(1),
            Row::Waits(2),
        ];
        for (index, row) in rows.iter().enumerate() {
            for other in &rows[index + 1..] {
                assert!(row.table() != other.table() || row.key() != other.key());
            }
        }
        let mut names: Vec<_> = Table::ALL.iter().map(|table| table.name()).collect();
        names.dedup();
        assert_eq!(names.len(), Table::ALL.len());
    }
}
