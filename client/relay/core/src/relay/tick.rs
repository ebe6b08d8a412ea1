//! What happens because time passes.

use super::Relay;
use crate::effect::Effect;
use parlance_bimp::{Key, Mailbox, MessageId, Probe, RelayId, Request};
use std::{collections::BTreeSet, ops::Bound};

/// Mailboxes that are looked through for what is over, in one tick.
const SWEPT: usize = 64;
/// Entries of them. Deleted ones are remembered for weeks, and there are many.
const SWEPT_ENTRIES: usize = 1_024;

/// For how long reconciliations are thorough after a neighbour has died or come back (Y5), as a multiple of the time between two of them: each
/// relay has its turn.
const THOROUGH: u64 = 4;

/// When what happens next.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    reconcile: u64,
    hand_over: u64,
    /// The neighbour of the last reconciliation.
    pub reconciled: Option<RelayId>,
    /// Neighbours that were alive at the last tick.
    alive: BTreeSet<RelayId>,
    /// Neighbours to reconcile with out of turn (Y4).
    urgent: BTreeSet<RelayId>,
    /// Until then mailboxes are compared in parts although they change (Y5).
    pub thorough: u64,
    /// The mailbox that was looked through last, and its last entry that was, if it was not all.
    swept: Option<(Mailbox, Option<MessageId>)>,
}

impl Relay {
    pub(super) fn tick(&mut self) {
        let (now, timings) = (self.clock.steady, self.config.timings);
        for relay in self.health.due(now, &timings) {
            let request = Request::Probe(Probe { number: now });
            self.effects.push_back(Effect::Ask { relay, request });
        }
        self.tick_writes();
        self.tick_orders();
        self.tick_copies();
        self.watch_neighbours();
        if let Some(relay) = self.schedule.urgent.pop_first() {
            self.reconcile_with(relay);
        } else if now >= self.schedule.reconcile {
            self.schedule.reconcile = now.saturating_add(timings.reconcile);
            self.reconcile_with_next();
        }
        if now >= self.schedule.hand_over {
            self.schedule.hand_over = now.saturating_add(timings.hand_over);
            self.hand_over();
            self.move_subscribers();
            self.cut_off_slow_readers();
        }
        self.quotas.roll(now, timings.period);
        self.sweep();
    }

    /// A neighbour that has died may have left writes half done; one that has come back may lack them.
    fn watch_neighbours(&mut self) {
        let alive: BTreeSet<RelayId> = self
            .neighbours
            .iter()
            .filter(|relay| self.is_alive(relay))
            .copied()
            .collect();
        if alive != self.schedule.alive {
            let long = self.config.timings.reconcile.saturating_mul(THOROUGH);
            self.schedule.thorough = self.clock.steady.saturating_add(long);
            self.schedule.urgent.clone_from(&alive);
            self.schedule.alive = alive;
            self.orders.sync_soon();
        }
    }

    /// Forgets what is over (G3), a part of the mailboxes at a time.
    fn sweep(&mut self) {
        let mut at = self.schedule.swept.take();
        let mut left = SWEPT_ENTRIES;
        for _ in 0..SWEPT {
            let (first, after) = match at {
                None => (Bound::Unbounded, None),
                Some((mailbox, None)) => (Bound::Excluded(mailbox), None),
                Some((mailbox, Some(id))) => (Bound::Included(mailbox), Some((mailbox, id))),
            };
            let next = self.boxes.range((first, Bound::Unbounded)).next();
            let Some(mailbox) = next.map(|(mailbox, _)| *mailbox) else {
                // Once round.
                return;
            };
            // The mailbox may be gone meanwhile, and this be the next.
            let after = after.filter(|(it, _)| *it == mailbox).map(|(_, id)| id);
            let last = self.sweep_mailbox(&mailbox, after, &mut left);
            at = Some((mailbox, last));
            if last.is_some() || left == 0 {
                break;
            }
        }
        self.schedule.swept = at;
    }

    /// Looks through entries of a mailbox behind `after`, `left` of them at most. The last one, if there are more.
    fn sweep_mailbox(
        &mut self,
        mailbox: &Mailbox,
        after: Option<MessageId>,
        left: &mut usize,
    ) -> Option<MessageId> {
        let grace = self.config.timings.grace;
        let state = self.boxes.get(mailbox)?;
        let first = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut entries = state.entries().range((first, Bound::Unbounded));
        let (mut over, mut last) = (Vec::new(), None);
        for (id, entry) in entries.by_ref().take(*left) {
            last = Some(*id);
            *left = left.saturating_sub(1);
            if entry.state.is_over(&self.clock, grace) {
                over.push(Key {
                    mailbox: *mailbox,
                    id: *id,
                });
            }
        }
        let more = entries.next().is_some();
        for key in over {
            if self.is_settled(&key) && !self.writes.contains(&key) {
                self.forget(&key);
            }
        }
        if self.boxes.get(mailbox).is_some_and(|it| it.is_idle()) {
            self.boxes.remove(mailbox);
            self.foreign.remove(mailbox);
        }
        last.filter(|_| more)
    }
}
