//! No room.

use crate::model::{batch, content, key, open, put};
use parlance_bimp::{Account, PreKeyUse};
use parlance_relay::storage::Store;
use parlance_relay_core::{Body, Entry, PreKeyOwner, State, Storage, StorageError, Write};
use std::time::{Duration, Instant};

/// Fills the folder; the number of messages that were taken.
fn fill(store: &mut Store, mailbox: u8) -> u64 {
    for number in 1.. {
        let write = put(key(mailbox, number), number, vec![7; 60_000]);
        match store.commit_durable(&batch(number, vec![write])) {
            Ok(()) => assert!(number < 1_000, "the limit is not kept"),
            Err(StorageError::Full) => return number - 1,
            Err(other) => panic!("{other}"),
        }
    }
    0
}

/// D3.
#[test]
fn a_full_folder_refuses_messages_whole_and_takes_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let taken = fill(&mut store, 1);
    assert!(taken > 20, "{taken}");
    let before = content(&store).unwrap();
    // A batch is refused whole.
    let both = vec![
        Write::Remove { key: key(1, 1) },
        put(key(2, 1), 1, vec![1; 60_000]),
    ];
    assert_eq!(
        store.commit_durable(&batch(1, both)),
        Err(StorageError::Full)
    );
    assert_eq!(content(&store).unwrap(), before);

    let acknowledged = Write::Put {
        key: key(1, 2),
        entry: Entry {
            position: 2,
            size: 60_000,
            state: State {
                acknowledged: vec![1],
                ..State::default()
            },
        },
        body: Body::Keep,
    };
    let owner = PreKeyOwner {
        account: Account([1; 32]),
        device: 0,
        usage: PreKeyUse::Pairwise,
    };
    let head = vec![1; 2_000];
    let writes = vec![acknowledged, Write::PutHead { owner, head }];
    store.commit_durable(&batch(2, writes)).unwrap();
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.head(&owner).unwrap().map(|it| it.len()), Some(2_000));
    let entries = store.entries(&key(1, 0).mailbox).unwrap();
    assert_eq!(entries.len() as u64, taken);
    assert_eq!(entries[1].1.state.acknowledged, [1]);
}

/// D4.
#[test]
fn what_was_deleted_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let taken = fill(&mut store, 1);
    let removals = (1..=taken).map(|number| Write::Remove {
        key: key(1, number),
    });
    store.commit_durable(&batch(1, removals.collect())).unwrap();
    // It comes back bit by bit, and all of it, not that of one message.
    let patience = Instant::now() + Duration::from_secs(120);
    let mut came = 0;
    while came <= taken / 2 {
        let number = came + 1;
        let write = put(key(2, number), number, vec![1; 60_000]);
        match store.commit_durable(&batch(number, vec![write])) {
            Ok(()) => came = number,
            Err(StorageError::Full) => assert!(Instant::now() < patience, "no room came back"),
            Err(other) => panic!("{other}"),
        }
        std::thread::yield_now();
    }
}
