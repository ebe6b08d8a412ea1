//! What a disk holds, batches that change it, and the core's own disk in memory to compare with.

#[allow(dead_code)]
#[path = "../../../core/tests/simulation/disk.rs"]
mod disk;

pub use disk::Disk;

use parlance_bimp::{Account, GroupId, Key, Mailbox, MessageId, PreKeyUse};
use parlance_relay::storage::{MIN_LIMIT, Store};
use parlance_relay_core::{
    Batch, Body, Entry, GroupRow, PreKeyOwner, State, Storage, StorageError, Write,
};
use proptest::prelude::*;
use std::{path::Path, sync::Arc};

type Message = Option<Arc<[u8]>>;
/// A head, and one-time prekeys with their numbers.
type PreKeys = (Option<Vec<u8>>, Vec<(u64, Option<Vec<u8>>)>);

/// A group's rows.
type Rows = Vec<(GroupRow, Vec<u8>)>;

/// Everything that can be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Content {
    entries: Vec<(Key, Entry, Message)>,
    prekeys: Vec<(PreKeyOwner, PreKeys)>,
    groups: Vec<(GroupId, Rows)>,
}

pub fn content(storage: &dyn Storage) -> Result<Content, StorageError> {
    let (mut entries, mut prekeys) = (Vec::new(), Vec::new());
    for mailbox in storage.mailboxes()? {
        for (key, entry) in storage.entries(&mailbox)? {
            assert_eq!(key.mailbox, mailbox);
            entries.push((key, entry, storage.message(&key)?));
        }
    }
    for (owner, numbers) in storage.prekey_owners()? {
        let head = storage.head(&owner)?;
        let numbers = numbers.into_iter();
        let one_time: Result<Vec<_>, StorageError> = numbers
            .map(|number| Ok((number, storage.prekey(&owner, number)?)))
            .collect();
        prekeys.push((owner, (head, one_time?)));
    }
    let groups = storage.groups()?.into_iter();
    let groups: Result<Vec<_>, StorageError> = groups
        .map(|group| Ok((group, storage.group(&group)?)))
        .collect();
    Ok(Content {
        entries,
        prekeys,
        groups: groups?,
    })
}

/// A folder with the smallest limit.
pub fn open(path: &Path) -> Store {
    Store::open(path, MIN_LIMIT).unwrap()
}

pub fn key(mailbox: u8, id: u64) -> Key {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    Key {
        mailbox: Mailbox([mailbox; 32]),
        id: MessageId(bytes),
    }
}

pub fn put(key: Key, position: u64, message: Vec<u8>) -> Write {
    let entry = Entry {
        position,
        size: message.len() as u32,
        state: State {
            expires: position,
            ..State::default()
        },
    };
    let body = Body::Set(message.into());
    Write::Put { key, entry, body }
}

pub fn batch(number: u64, writes: Vec<Write>) -> Batch {
    Batch { number, writes }
}

/// Few keys, so that writes meet; the mailbox of all ones is the last there can be.
fn any_key() -> impl Strategy<Value = Key> {
    (prop::sample::select(vec![0u8, 1, 7, 254, 255]), 0u64..4).prop_map(|(m, id)| key(m, id))
}

fn any_owner() -> impl Strategy<Value = PreKeyOwner> {
    (0u8..3, 0u32..3, any::<bool>()).prop_map(|(account, device, group)| PreKeyOwner {
        account: Account([account; 32]),
        device,
        usage: match group {
            true => PreKeyUse::Group,
            false => PreKeyUse::Pairwise,
        },
    })
}

fn any_write() -> impl Strategy<Value = Write> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..64);
    let body = prop_oneof![
        Just(Body::Keep),
        bytes().prop_map(|message| Body::Set(message.into())),
        Just(Body::Remove),
    ];
    let devices = prop::collection::btree_set(0u32..9, 0..4);
    let state = (any::<u64>(), any::<bool>(), any::<bool>(), devices);
    let state = state.prop_map(|(expires, deleted, mention, devices)| State {
        expires,
        deleted,
        mention,
        acknowledged: devices.into_iter().collect(),
    });
    let entry = (any::<u64>(), any::<u32>(), state).prop_map(|(position, size, state)| Entry {
        position,
        size,
        state,
    });
    prop_oneof![
        4 => (any_key(), entry, body).prop_map(|(key, entry, body)| Write::Put { key, entry, body }),
        1 => any_key().prop_map(|key| Write::Remove { key }),
        1 => (any_owner(), bytes()).prop_map(|(owner, head)| Write::PutHead { owner, head }),
        1 => (any_owner(), any::<u64>(), bytes())
            .prop_map(|(owner, number, prekey)| Write::PutPreKey { owner, number, prekey }),
        1 => (any_owner(), 0u64..4, bytes())
            .prop_map(|(owner, number, prekey)| Write::PutPreKey { owner, number, prekey }),
        1 => (any_owner(), 0u64..4).prop_map(|(owner, number)| Write::RemovePreKey { owner, number }),
        2 => (any_row(), bytes())
            .prop_map(|((group, row), bytes)| Write::PutGroup { group, row, bytes }),
        1 => any_row().prop_map(|(group, row)| Write::RemoveGroup { group, row }),
    ]
}

fn any_row() -> impl Strategy<Value = (GroupId, GroupRow)> {
    let group = prop::sample::select(vec![0u8, 1, 254, 255]);
    let row = prop_oneof![
        Just(GroupRow::Base),
        Just(GroupRow::Votes),
        prop::sample::select(vec![0, 1, 255, 256, u64::MAX]).prop_map(GroupRow::Record),
    ];
    (group, row).prop_map(|(group, row)| (GroupId([group; 32]), row))
}

/// Batches, numbered from 1.
pub fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let writes = prop::collection::vec(any_write(), 1..12);
    prop::collection::vec(writes, 1..20).prop_map(|all| {
        let numbered = (1..).zip(all);
        numbered
            .map(|(number, writes)| batch(number, writes))
            .collect()
    })
}
