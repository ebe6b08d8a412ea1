//! What a connection keeps for its peer, and whether the peer lets any of it go (N4).
//!
//! What was written lies in the transport until the peer has it, and the transport does not say when. A ping says it: the stream is in
//! order, so whoever answers a ping has read everything before it. Its number cannot be guessed, so nobody answers it unread.

use crate::budget::{Budget, FLOOR, Share};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

/// A ping goes out when so much was written that the peer has not confirmed, bytes.
const CONFIRM: usize = 16 << 10;
/// What may be written that the peer has not confirmed, bytes: what is on its way, at a fast and far connection.
const ON_THE_WAY: usize = 512 << 10;
/// A request takes as much beside its bytes.
const REQUEST: usize = 128;
/// Debt from which on nothing more is read from the peer, bytes.
const MOST_DEBT: usize = 64 << 10;
/// A peer for which more than a little lies here, and which does not show that it reads, is cut off after so long.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same when there is hardly any memory left for others.
const SHORT_PATIENCE: Duration = Duration::from_secs(5);

/// The books of a connection.
#[derive(Debug)]
pub(super) struct Ledger {
    budget: Budget,
    share: Share,
    /// Requests that are not answered, with what they take.
    open: HashMap<u32, usize>,
    open_bytes: usize,
    /// Written and not confirmed, without what the last ping asks about.
    later: usize,
    /// The number of the ping that is on its way, and the bytes before it.
    asked: Option<(u64, usize)>,
    numbers: RandomState,
    pings: u64,
    /// When the peer last showed that it reads, or when there began to be more than a little to read.
    unread: Option<Instant>,
}

impl Ledger {
    pub fn new(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            share: budget.share(),
            open: HashMap::new(),
            open_bytes: 0,
            later: 0,
            asked: None,
            numbers: RandomState::new(),
            pings: 0,
            unread: None,
        }
    }

    /// A request has come that takes so many bytes.
    pub fn open(&mut self, request: u32, bytes: usize) {
        let bytes = bytes.saturating_add(REQUEST);
        self.open_bytes = self.open_bytes.saturating_add(bytes);
        self.open.insert(request, bytes);
    }

    /// It is answered.
    pub fn answered(&mut self, request: u32) {
        if let Some(bytes) = self.open.remove(&request) {
            self.open_bytes = self.open_bytes.saturating_sub(bytes);
        }
        if self.open.is_empty() {
            // Nobody who is idle keeps a table.
            self.open = HashMap::new();
        }
    }

    /// Bytes were handed to the transport.
    pub fn written(&mut self, bytes: usize) {
        self.later = self.later.saturating_add(bytes);
    }

    fn unconfirmed(&self) -> usize {
        let asked = self.asked.map_or(0, |(_, bytes)| bytes);
        self.later.saturating_add(asked)
    }

    /// Whether more may be handed to the transport.
    pub fn may_write(&self) -> bool {
        self.unconfirmed() < ON_THE_WAY
    }

    /// The number of a ping to send now, if the peer is to confirm what was written until now.
    pub fn ping(&mut self) -> Option<u64> {
        if self.asked.is_some() || self.later < CONFIRM {
            return None;
        }
        self.pings = self.pings.wrapping_add(1);
        let number = self.numbers.hash_one(self.pings);
        self.asked = Some((number, std::mem::take(&mut self.later)));
        Some(number)
    }

    /// The peer has answered a ping.
    pub fn pong(&mut self, number: u64, now: Instant) {
        if self.asked.is_some_and(|(asked, _)| asked == number) {
            self.asked = None;
            self.unread = self.unread.map(|_| now);
        }
    }

    /// Counts everything. `others` is what is kept elsewhere: by the state machine, and of messages to push.
    pub fn settle(&mut self, others: usize, now: Instant) {
        let unread = others.saturating_add(self.unconfirmed());
        self.share.set(unread.saturating_add(self.open_bytes));
        // Requests that wait for an answer wait for us, and excuse nobody who does not read the others.
        self.unread = (unread > FLOOR).then(|| self.unread.unwrap_or(now));
    }

    /// Whether it keeps more than there is room for: nothing may be added that can be left out.
    pub fn is_short(&self) -> bool {
        self.share.debt() > 0
    }

    /// Whether the peer may be read.
    pub fn may_read(&self) -> bool {
        self.share.debt() <= MOST_DEBT
    }

    /// When the peer is cut off unless it shows before that it reads; none if there is next to nothing to read.
    pub fn cut_off_at(&self) -> Option<Instant> {
        let patience = match self.budget.is_tight() {
            true => SHORT_PATIENCE,
            false => PATIENCE,
        };
        self.unread?.checked_add(patience)
    }

    /// Whether that is now.
    pub fn is_cut_off(&self, now: Instant) -> bool {
        self.cut_off_at().is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_kept_until_the_peer_has_read_it() {
        let now = Instant::now();
        let budget = Budget::new(1 << 20);
        let mut ledger = Ledger::new(&budget);
        ledger.written(CONFIRM - 1);
        assert_eq!(ledger.ping(), None);
        ledger.written(100_000);
        let number = ledger.ping().unwrap();
        // One at a time.
        ledger.written(CONFIRM);
        assert_eq!(ledger.ping(), None);
        ledger.settle(0, now);
        assert!(budget.taken() >= 100_000);
        ledger.pong(number.wrapping_add(1), now);
        ledger.settle(0, now);
        assert!(budget.taken() >= 100_000, "a guess counts");
        ledger.pong(number, now);
        ledger.settle(0, now);
        assert_eq!(budget.taken(), 0);
        assert!(ledger.ping().is_some_and(|next| next != number));
    }

    #[test]
    fn writing_stops_at_what_may_be_on_its_way() {
        let mut ledger = Ledger::new(&Budget::new(1 << 20));
        while ledger.may_write() {
            ledger.written(64 << 10);
            ledger.ping();
        }
        assert!(ledger.unconfirmed() <= ON_THE_WAY + (64 << 10));
    }

    #[test]
    fn who_does_not_read_is_cut_off_and_who_waits_for_us_is_not() {
        let began = Instant::now();
        let budget = Budget::new(1 << 20);
        let mut ledger = Ledger::new(&budget);
        ledger.settle(FLOOR, began);
        assert_eq!(ledger.cut_off_at(), None);
        ledger.written(FLOOR + 1);
        let number = ledger.ping().unwrap();
        ledger.settle(FLOOR, began);
        assert!(!ledger.is_cut_off(began + PATIENCE - Duration::from_secs(1)));
        assert!(ledger.is_cut_off(began + PATIENCE));
        // It reads some of it.
        let later = began + PATIENCE;
        ledger.written(FLOOR);
        ledger.pong(number, later);
        ledger.settle(FLOOR, later);
        assert!(!ledger.is_cut_off(later + Duration::from_secs(1)));
        // There is hardly any memory left.
        let mut greedy = budget.share();
        greedy.set(FLOOR + (1 << 20) - (32 << 10));
        assert!(ledger.is_cut_off(later + SHORT_PATIENCE));
        let number = ledger.ping().unwrap();
        ledger.pong(number, later);
        ledger.open(1, 2 * FLOOR);
        ledger.settle(FLOOR, later);
        assert_eq!(ledger.cut_off_at(), None, "it waits for us");
    }

    /// The memory of all is not for whoever asks for something small now and then, and reads nothing.
    #[test]
    fn requests_excuse_nobody_who_does_not_read() {
        let began = Instant::now();
        let mut ledger = Ledger::new(&Budget::new(1 << 20));
        ledger.written(400_000);
        let mut now = began;
        for request in 0..PATIENCE.as_secs() as u32 {
            assert!(!ledger.is_cut_off(now));
            ledger.open(request, 1_000);
            ledger.settle(0, now);
            ledger.answered(request);
            ledger.settle(20, now);
            now += Duration::from_secs(1);
        }
        assert!(ledger.is_cut_off(now));
    }

    #[test]
    fn debt_shows_and_ends() {
        let now = Instant::now();
        let budget = Budget::new(64 << 10);
        let mut ledger = Ledger::new(&budget);
        ledger.open(1, 100_000);
        ledger.settle(0, now);
        assert!(ledger.is_short() && !ledger.may_read());
        ledger.answered(1);
        ledger.settle(50_000, now);
        assert!(!ledger.is_short() && ledger.may_read());
    }
}
