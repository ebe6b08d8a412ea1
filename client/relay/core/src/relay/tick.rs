//! What happens because time passes.

use super::Relay;
use crate::effect::Effect;
use parlance_bimp::{Key, Mailbox, Probe, RelayId, Request};
use std::{collections::BTreeSet, ops::Bound};

/// Mailboxes that are looked through for what is over, in one tick.
const SWEPT: usize = 64;

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
    swept: Option<Mailbox>,
}

impl Relay {
    pub(super) fn tick(&mut self) {
        let (now, timings) = (self.clock.steady, self.config.timings);
        for relay in self.health.due(now, &timings) {
            let request = Request::Probe(Probe { number: now });
            self.effects.push_back(Effect::Ask { relay, request });
        }
        self.tick_writes();
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
            self.schedule.urgent.clone_from(&alive);
            self.schedule.alive = alive;
        }
    }

    /// Forgets what is over (G3), a part of the mailboxes at a time.
    fn sweep(&mut self) {
        let after = self
            .schedule
            .swept
            .map_or(Bound::Unbounded, Bound::Excluded);
        let later = self.boxes.range((after, Bound::Unbounded));
        let mailboxes: Vec<Mailbox> = later.take(SWEPT).map(|(mailbox, _)| *mailbox).collect();
        self.schedule.swept = match mailboxes.len() < SWEPT {
            true => None,
            false => mailboxes.last().copied(),
        };
        for mailbox in mailboxes {
            self.sweep_mailbox(&mailbox);
        }
    }

    fn sweep_mailbox(&mut self, mailbox: &Mailbox) {
        let grace = self.config.timings.grace;
        let Some(state) = self.boxes.get(mailbox) else {
            return;
        };
        let over: Vec<Key> = state
            .entries()
            .iter()
            .filter(|(_, entry)| entry.state.is_over(&self.clock, grace))
            .map(|(id, _)| Key {
                mailbox: *mailbox,
                id: *id,
            })
            .collect();
        for key in over {
            if self.is_settled(&key) && !self.writes.contains(&key) {
                self.forget(&key);
            }
        }
        if self.boxes.get(mailbox).is_some_and(|it| it.is_idle()) {
            self.boxes.remove(mailbox);
            self.foreign.remove(mailbox);
        }
    }
}
