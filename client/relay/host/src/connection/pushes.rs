//! What waits to be pushed (N3).

use super::{Delivery, ToConnection};
use crate::{
    figures::{Figures, count},
    storage::Store,
};
use parlance_bimp::{Bounded, Deliver, Push};
use parlance_relay_core::Storage;
use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

/// Pushes that there was no room for: as many as the core's windows allow, and one of them read from the disk.
#[derive(Debug, Default)]
pub(super) struct Pushes {
    waiting: VecDeque<Box<ToConnection>>,
    /// Read, and not taken by the connection yet: it is not read again.
    front: Option<Push>,
}

impl Pushes {
    /// Behind those that wait.
    pub fn add(&mut self, push: Box<ToConnection>) {
        self.waiting.push_back(push);
    }

    /// The next, read from the disk. It is gone from here.
    pub fn next(&mut self, store: &Store, figures: &Figures) -> Option<Push> {
        if let Some(front) = self.front.take() {
            return Some(front);
        }
        while let Some(next) = self.waiting.pop_front() {
            let push = match *next {
                ToConnection::Moved(mailbox) => Some(Push::Moved(mailbox)),
                ToConnection::Grown(grown) => Some(Push::Grown(grown)),
                ToConnection::Deliver(delivery) => read(&delivery, store, figures),
                // None of these waits.
                ToConnection::Answer { .. }
                | ToConnection::Delivered { .. }
                | ToConnection::CutOff => None,
            };
            if push.is_some() {
                return push;
            }
        }
        // Nobody who is idle keeps a queue.
        self.waiting = VecDeque::new();
        None
    }

    /// There was no room for it: it is the next again.
    pub fn put_back(&mut self, push: Push) {
        self.front = Some(push);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.front.is_none() && self.waiting.is_empty()
    }

    /// What it takes, bytes.
    pub fn bytes(&self) -> usize {
        let front = match &self.front {
            Some(Push::Deliver(deliver)) => deliver.message.as_slice().len(),
            _ => 0,
        };
        let each = size_of::<ToConnection>().saturating_add(size_of::<usize>());
        front.saturating_add(self.waiting.len().saturating_mul(each))
    }
}

fn read(delivery: &Delivery, store: &Store, figures: &Figures) -> Option<Push> {
    let recent = delivery.recent.as_ref().and_then(Weak::upgrade);
    let message = match recent {
        Some(message) => message,
        None => read_from_disk(delivery, store, figures)?,
    };
    Some(Push::Deliver(Deliver {
        mailbox: delivery.key.mailbox,
        id: delivery.key.id,
        position: delivery.position,
        expires: delivery.expires,
        mention: delivery.mention,
        message: Bounded::new(message.as_ref()).ok()?,
    }))
}

fn read_from_disk(delivery: &Delivery, store: &Store, figures: &Figures) -> Option<Arc<[u8]>> {
    count(&figures.read_messages);
    match store.message(&delivery.key) {
        // None if it was deleted meanwhile.
        Ok(message) => message,
        Err(error) => {
            tracing::error!(%error, "a message cannot be delivered");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::MIN_LIMIT;
    use parlance_bimp::{Key, Mailbox, MessageId};
    use parlance_relay_core::{Batch, Body, Entry, State, Write};
    use std::sync::atomic::Ordering;

    fn key(n: u8) -> Key {
        Key {
            mailbox: Mailbox([1; 32]),
            id: MessageId([n; 32]),
        }
    }

    /// N3: whoever has no room for a message, and moves the connection in other ways, costs one look at the disk.
    #[test]
    fn a_message_without_room_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path(), MIN_LIMIT).unwrap();
        let writes = [1, 3].map(|n| Write::Put {
            key: key(n),
            entry: Entry {
                position: u64::from(n),
                size: 1_000,
                state: State::default(),
            },
            body: Body::Set(vec![n; 1_000].into()),
        });
        let writes = writes.to_vec();
        store.commit_durable(&Batch { number: 1, writes }).unwrap();
        let figures = Figures::default();
        let reads = || figures.read_messages.load(Ordering::Relaxed);
        let mut pushes = Pushes::default();
        // The second was deleted meanwhile.
        for n in [1, 2, 3] {
            pushes.add(Box::new(ToConnection::Deliver(Delivery {
                key: key(n),
                position: u64::from(n),
                expires: 0,
                mention: false,
                recent: None,
            })));
        }
        for _ in 0..100 {
            let push = pushes.next(&store, &figures).unwrap();
            pushes.put_back(push);
            assert!(pushes.bytes() > 1_000);
        }
        assert_eq!(reads(), 1);
        let mut pushed = Vec::new();
        while let Some(Push::Deliver(message)) = pushes.next(&store, &figures) {
            pushed.push(message.id);
        }
        assert_eq!(pushed, [key(1).id, key(3).id]);
        assert_eq!(reads(), 3);
        assert!(pushes.is_empty() && pushes.bytes() == 0);
    }

    #[test]
    fn what_is_remembered_is_not_read_from_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), MIN_LIMIT).unwrap();
        let figures = Figures::default();
        let (kept, gone): (Arc<[u8]>, Arc<[u8]>) = (vec![7; 100].into(), vec![8; 100].into());
        let mut pushes = Pushes::default();
        for (n, message) in [(1, &kept), (2, &gone)] {
            pushes.add(Box::new(ToConnection::Deliver(Delivery {
                key: key(n),
                position: u64::from(n),
                expires: 0,
                mention: false,
                recent: Some(Arc::downgrade(message)),
            })));
        }
        drop(gone);
        match pushes.next(&store, &figures) {
            Some(Push::Deliver(message)) => assert_eq!(message.message.as_slice(), &kept[..]),
            other => panic!("{other:?}"),
        }
        // It is not on the disk either.
        assert!(pushes.next(&store, &figures).is_none());
        assert_eq!(figures.read_messages.load(Ordering::Relaxed), 1);
    }
}
