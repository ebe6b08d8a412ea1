//! The node's end: the database is closed before the process takes itself down.
//!
//! The SDK waits for the threads of the node's own runtime. It does not wait for those of the JSON-RPC server, whose
//! runtime it ends in the background, nor for those of off-chain workers. Where one of them lets go of the
//! database last, it closes it while the main thread already runs the C++ library's destructors, and RocksDB, whose
//! static parts are gone, aborts the process: a supervisor sees a crash in place of a normal end.

use crate::service::{FullBackend, FullClient};
use std::{
    mem,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Longest wait for threads that are still at work, such as an answer to a wallet.
const LIMIT: Duration = Duration::from_secs(10);
/// Time between two looks.
const STEP: Duration = Duration::from_millis(2);

/// Keeps the database open until [`Self::close`].
pub struct OpenDatabase {
    client: Arc<FullClient>,
    backend: Arc<FullBackend>,
}

impl OpenDatabase {
    /// Whoever reaches the database does so through one of these.
    pub fn new(client: Arc<FullClient>, backend: Arc<FullBackend>) -> Self {
        Self { client, backend }
    }

    /// Waits until nobody else holds the database, then closes it on this thread. For after the node's
    /// runtime has ended.
    pub fn close(self) {
        let Self { client, backend } = self;
        let deadline = Instant::now() + LIMIT;
        // The client holds the backend, so it goes first.
        let unused = is_last(&client, deadline) && {
            drop(client);
            is_last(&backend, deadline)
        };
        if !unused {
            log::warn!(
                "the database is still in use {} s after the end; it is left as it is, and the next start recovers it",
                LIMIT.as_secs()
            );
            // What nobody closes cannot abort; the log of the database is read as after a power failure.
            mem::forget(backend);
        }
    }
}

/// Whether nobody else holds it at the deadline at the latest.
fn is_last<T>(held: &Arc<T>, deadline: Instant) -> bool {
    while Arc::strong_count(held) > 1 {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(STEP);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_holder_is_waited_for() {
        let held = Arc::new(());
        let other = held.clone();
        let worker = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            drop(other);
        });
        assert!(is_last(&held, Instant::now() + LIMIT));
        worker.join().unwrap();
    }

    #[test]
    fn a_holder_that_stays_is_not_waited_for_for_ever() {
        let held = Arc::new(());
        let _stays = held.clone();
        assert!(!is_last(&held, Instant::now() + STEP));
    }
}
