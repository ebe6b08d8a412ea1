//! What waits to be checked, one thing of each kind: the latest. So whoever sends many has one of them checked in a round, and nobody else's
//! waits longer for it.

use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, VecDeque};

/// Things by their keys, in the order in which these came. One thread puts them in, another takes them out.
#[derive(Debug)]
pub struct Inbox<Key, Item> {
    most: usize,
    waiting: Mutex<Waiting<Key, Item>>,
    news: Condvar,
}

#[derive(Debug)]
struct Waiting<Key, Item> {
    order: VecDeque<Key>,
    items: BTreeMap<Key, Item>,
    closed: bool,
}

impl<Key: Ord + Clone, Item> Inbox<Key, Item> {
    /// With room for so many.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            waiting: Mutex::new(Waiting {
                order: VecDeque::new(),
                items: BTreeMap::new(),
                closed: false,
            }),
            news: Condvar::new(),
        }
    }

    /// Puts something in, in the place of what waits under the same key. Whether there was room for it.
    pub fn put(&self, key: Key, item: Item) -> bool {
        let mut waiting = self.waiting.lock();
        if let Some(place) = waiting.items.get_mut(&key) {
            *place = item;
            return true;
        }
        if waiting.closed || waiting.items.len() >= self.most {
            return false;
        }
        waiting.order.push_back(key.clone());
        waiting.items.insert(key, item);
        drop(waiting);
        self.news.notify_one();
        true
    }

    /// What came first; waits for it. None when nothing comes any more.
    pub fn take(&self) -> Option<(Key, Item)> {
        let mut waiting = self.waiting.lock();
        loop {
            if waiting.closed {
                return None;
            }
            while let Some(key) = waiting.order.pop_front() {
                if let Some(item) = waiting.items.remove(&key) {
                    return Some((key, item));
                }
            }
            self.news.wait(&mut waiting);
        }
    }

    /// Nothing comes any more, and what waits is nobody's.
    pub fn close(&self) {
        let mut waiting = self.waiting.lock();
        waiting.closed = true;
        waiting.order.clear();
        waiting.items.clear();
        drop(waiting);
        self.news.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn who_sends_much_has_one_place() {
        let inbox = Inbox::new(3);
        for n in 0..1_000 {
            assert!(inbox.put("flood", n));
        }
        assert!(inbox.put("one", 1) && inbox.put("two", 2));
        assert!(!inbox.put("three", 3), "no room");
        assert!(inbox.put("one", 11));
        assert_eq!(inbox.take(), Some(("flood", 999)));
        assert!(inbox.put("flood", 1_000));
        assert_eq!(inbox.take(), Some(("one", 11)));
        assert_eq!(inbox.take(), Some(("two", 2)));
        assert_eq!(inbox.take(), Some(("flood", 1_000)));
    }

    #[test]
    fn who_waits_gets_what_comes_and_learns_of_the_end() {
        let inbox = Arc::new(Inbox::new(1));
        let taker = inbox.clone();
        let taking = std::thread::spawn(move || std::iter::from_fn(|| taker.take()).collect());
        let mut put = 0;
        while put < 3 {
            put += u32::from(inbox.put(put, ()));
        }
        while !inbox.waiting.lock().items.is_empty() {
            std::thread::yield_now();
        }
        inbox.close();
        let taken: Vec<(u32, ())> = taking.join().unwrap();
        assert_eq!(taken, [(0, ()), (1, ()), (2, ())]);
        assert!(!inbox.put(4, ()));
        assert_eq!(inbox.take(), None);
    }
}
