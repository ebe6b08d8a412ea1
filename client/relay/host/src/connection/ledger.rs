//! What a connection keeps for its peer, and whether the peer lets any of it go (N4).
//!
//! What was written lies in the transport until the peer has it, and the transport does not say when. A ping says it: the stream is in
//! order, so whoever answers a ping has read everything before it. Its number cannot be guessed, so nobody answers it unread.

use crate::budget::{Budget, Share};
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
/// A peer that keeps bytes here and lets none of them go is cut off after so long.
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
    kept: usize,
    /// When some of what is kept was let go, or nothing was kept.
    moved: Instant,
}

impl Ledger {
    pub fn new(budget: &Budget, now: Instant) -> Self {
        Self {
            budget: budget.clone(),
            share: budget.share(),
            open: HashMap::new(),
            open_bytes: 0,
            later: 0,
            asked: None,
            numbers: RandomState::new(),
            pings: 0,
            kept: 0,
            moved: now,
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
            self.moved = now;
        }
    }

    /// Counts everything. `others` is what is kept elsewhere: by the state machine, and of messages to push.
    pub fn settle(&mut self, others: usize, now: Instant) {
        let kept = others
            .saturating_add(self.open_bytes)
            .saturating_add(self.unconfirmed());
        self.share.set(kept);
        // Whoever waits for an answer waits for us.
        if kept < self.kept || !self.open.is_empty() || !self.share.is_over_floor() {
            self.moved = now;
        }
        self.kept = kept;
    }

    /// Whether it keeps more than there is room for: nothing may be added that can be left out.
    pub fn is_short(&self) -> bool {
        self.share.debt() > 0
    }

    /// Whether the peer may be read.
    pub fn may_read(&self) -> bool {
        self.share.debt() <= MOST_DEBT
    }

    /// When the peer is cut off unless it lets something go before; none if it keeps next to nothing.
    pub fn cut_off_at(&self) -> Option<Instant> {
        if !self.share.is_over_floor() || !self.open.is_empty() {
            return None;
        }
        let patience = match self.budget.is_tight() {
            true => SHORT_PATIENCE,
            false => PATIENCE,
        };
        self.moved.checked_add(patience)
    }

    /// Whether that is now.
    pub fn is_cut_off(&self, now: Instant) -> bool {
        self.cut_off_at().is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::FLOOR;

    #[test]
    fn what_was_written_is_kept_until_the_peer_has_read_it() {
        let now = Instant::now();
        let budget = Budget::new(1 << 20);
        let mut ledger = Ledger::new(&budget, now);
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
        let mut ledger = Ledger::new(&Budget::new(1 << 20), Instant::now());
        while ledger.may_write() {
            ledger.written(64 << 10);
            ledger.ping();
        }
        assert!(ledger.unconfirmed() <= ON_THE_WAY + (64 << 10));
    }

    #[test]
    fn who_lets_nothing_go_is_cut_off_and_who_waits_for_us_is_not() {
        let began = Instant::now();
        let budget = Budget::new(1 << 20);
        let mut ledger = Ledger::new(&budget, began);
        ledger.settle(FLOOR, began);
        assert_eq!(ledger.cut_off_at(), None);
        ledger.settle(FLOOR + 1, began);
        assert!(!ledger.is_cut_off(began + PATIENCE - Duration::from_secs(1)));
        assert!(ledger.is_cut_off(began + PATIENCE));
        // Some of it goes.
        let later = began + PATIENCE;
        ledger.settle(FLOOR + 100, later);
        ledger.settle(FLOOR + 50, later);
        assert!(!ledger.is_cut_off(later + Duration::from_secs(1)));
        // There is hardly any memory left.
        let mut greedy = budget.share();
        greedy.set(FLOOR + (1 << 20) - (8 << 10));
        assert!(ledger.is_cut_off(later + SHORT_PATIENCE));
        ledger.open(1, 500);
        ledger.settle(FLOOR + 50, later);
        assert!(!ledger.is_cut_off(later + SHORT_PATIENCE));
        ledger.answered(1);
        ledger.settle(FLOOR + 50, later);
        assert!(ledger.is_cut_off(later + SHORT_PATIENCE));
    }

    #[test]
    fn debt_shows_and_ends() {
        let now = Instant::now();
        let budget = Budget::new(64 << 10);
        let mut ledger = Ledger::new(&budget, now);
        ledger.open(1, 100_000);
        ledger.settle(0, now);
        assert!(ledger.is_short() && !ledger.may_read());
        ledger.answered(1);
        ledger.settle(50_000, now);
        assert!(!ledger.is_short() && ledger.may_read());
    }
}
