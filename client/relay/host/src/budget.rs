//! How much memory all connections may take together, beyond a little that each may have.
//!
//! A connection keeps bytes for its peer: requests that are not answered, answers and messages that the peer has not taken, the message
//! that is to be sent next. Up to [`FLOOR`] that is its own affair, so that nobody who asks for little ever waits for what others do.
//! Beyond it the connection takes its bytes from one [`Budget`]; while there are none it is *short*: it reads no message from the disk
//! and lets its peer's requests be refused.

use codec::Encode;
use parlance_bimp::Request;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// What a connection may keep without asking, bytes.
pub const FLOOR: usize = 16 << 10;
/// Bytes are taken and given back in pieces of this size, so that not every message moves the counter that all share.
const PIECE: usize = 4 << 10;

/// What a request takes beside a place for it, bytes.
pub fn weight(request: &Request) -> usize {
    match request {
        Request::Send(body) => body.encoded_size(),
        Request::GroupSend(body) => body.encoded_size(),
        Request::GroupPart(body) => body.encoded_size(),
        Request::GroupOffer(body) => body.encoded_size(),
        Request::GroupVote(body) => body.encoded_size(),
        Request::GroupSync(body) => body.encoded_size(),
        Request::PublishPreKeys(body) => body.encoded_size(),
        Request::PublishPresence(body) => body.encoded_size(),
        Request::Acknowledge(body) | Request::Delete(body) => body.encoded_size(),
        Request::ExtendRetention(body) => body.encoded_size(),
        Request::Replicate(body) | Request::HandOver(body) => body.encoded_size(),
        Request::FanOut(body) => body.encoded_size(),
        Request::Reconcile(body) => body.encoded_size(),
        // A few numbers and keys.
        _ => 0,
    }
}

/// Bytes that all connections share. Clones are the same ones.
#[derive(Clone, Debug)]
pub struct Budget {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limit: usize,
    taken: AtomicUsize,
}

/// One connection's part; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    taken: usize,
    needed: usize,
}

impl Budget {
    /// `limit` is in bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            inner: Arc::new(Inner {
                limit,
                taken: AtomicUsize::new(0),
            }),
        }
    }

    /// A part of nothing yet.
    pub fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            taken: 0,
            needed: 0,
        }
    }

    /// Bytes that are taken.
    pub fn taken(&self) -> usize {
        self.inner.taken.load(Ordering::Relaxed)
    }

    /// Whether so little is left that whoever keeps bytes for nothing has to give them back: an eighth.
    pub fn is_tight(&self) -> bool {
        let limit = self.inner.limit;
        self.taken() >= limit.saturating_sub(limit / 8)
    }

    fn take(&self, bytes: usize) -> bool {
        let limit = self.inner.limit;
        let more = |taken: usize| taken.checked_add(bytes).filter(|it| *it <= limit);
        let order = Ordering::Relaxed;
        self.inner.taken.fetch_update(order, order, more).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        // A share gives back what it has taken, and no more.
        self.inner.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Share {
    /// The connection keeps so many bytes now. What it does not need any more is given back, what it needs is taken if it is there.
    pub fn set(&mut self, kept: usize) {
        let over = kept.saturating_sub(FLOOR);
        self.needed = over.div_ceil(PIECE).saturating_mul(PIECE);
        if let Some(more) = self.needed.checked_sub(self.taken) {
            if more > 0 && self.budget.take(more) {
                self.taken = self.needed;
            }
        } else {
            self.budget
                .give_back(self.taken.saturating_sub(self.needed));
            self.taken = self.needed;
        }
    }

    /// What it keeps beyond what it has got, bytes.
    pub fn debt(&self) -> usize {
        self.needed.saturating_sub(self.taken)
    }

    /// Whether it keeps more than it may without asking.
    pub fn is_over_floor(&self) -> bool {
        self.needed > 0
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn who_keeps_little_never_waits_for_others() {
        let budget = Budget::new(64 << 10);
        let mut greedy = budget.share();
        greedy.set(FLOOR + (64 << 10));
        assert_eq!((greedy.debt(), budget.taken()), (0, 64 << 10));
        assert!(budget.is_tight());
        let mut modest = budget.share();
        modest.set(FLOOR);
        assert!(modest.debt() == 0 && !modest.is_over_floor());
        modest.set(FLOOR + 1);
        assert_eq!(modest.debt(), PIECE);
        greedy.set(0);
        assert!(!budget.is_tight());
        modest.set(FLOOR + 1);
        assert_eq!((modest.debt(), budget.taken()), (0, PIECE));
    }

    #[test]
    fn a_connection_that_ends_gives_back_what_it_had() {
        let budget = Budget::new(1 << 20);
        let mut share = budget.share();
        share.set(300_000);
        assert!(budget.taken() >= 300_000 - FLOOR);
        drop(share);
        assert_eq!(budget.taken(), 0);
    }

    proptest! {
        /// Never more than the limit, never a byte lost, and whoever is not short has got what it keeps.
        #[test]
        fn the_limit_holds(steps in prop::collection::vec((0usize..8, 0usize..200_000), 1..200)) {
            let budget = Budget::new(256 << 10);
            let mut shares: Vec<Share> = (0..8).map(|_| budget.share()).collect();
            for (who, kept) in steps {
                let share = &mut shares[who];
                share.set(kept);
                prop_assert!(share.debt() > 0 || share.taken + FLOOR >= kept);
                prop_assert_eq!(budget.taken(), shares.iter().map(|it| it.taken).sum::<usize>());
                prop_assert!(budget.taken() <= 256 << 10);
            }
            drop(shares);
            prop_assert_eq!(budget.taken(), 0);
        }
    }
}
