//! Places for call trees (H2).

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// How many call trees can run at once.
pub(crate) struct Places {
    free: Mutex<u32>,
    freed: Condvar,
}

/// The place of one call tree. Dropping it gives it back.
pub(crate) struct Tree(Arc<Places>);

impl Places {
    /// So many places, at least one.
    pub fn new(trees: u32) -> Arc<Self> {
        Arc::new(Places {
            free: Mutex::new(trees.max(1)),
            freed: Condvar::new(),
        })
    }

    /// Takes a place; waits until there is one. Who has one must not ask for another.
    pub fn take(self: &Arc<Self>) -> Tree {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_sub(1);
        Tree(self.clone())
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_add(1);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        thread,
    };

    #[test]
    fn no_more_run_at_once_than_there_are_places_and_all_get_one() {
        let places = Places::new(3);
        let (running, most, done) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let tree = places.take();
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::yield_now();
                        running.fetch_sub(1, Ordering::SeqCst);
                        drop(tree);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 600);
        assert!(most.into_inner() <= 3);
        assert_eq!(*places.free.lock().unwrap(), 3);
    }
}
