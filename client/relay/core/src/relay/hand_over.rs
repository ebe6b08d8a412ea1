//! What lies on a relay that is not of the mailbox's set: because it stood in, or because the set has changed.
//!
//! - **V1** Such a relay hands the entries to the members of the set, deleted ones too, every `timings.hand_over` a part of them, until a
//!   quorum of the members has confirmed that it has them on disk. Then it forgets them.
//! - **V2** It does not hand over what is still being written.
//! - **V3** Members that joined a set get what was there before from the other members, by reconciliation.

use super::Relay;
use parlance_bimp::{Key, Mailbox, RelayId};
use std::collections::{BTreeMap, BTreeSet};

/// Entries in one round.
const AT_ONCE: usize = 256;

/// Who has confirmed what.
#[derive(Debug, Default)]
pub(super) struct HandOver {
    confirmed: BTreeMap<Key, BTreeSet<RelayId>>,
    /// Where the last round ended.
    after: Option<Mailbox>,
}

impl Relay {
    /// V1: one round.
    pub(super) fn hand_over(&mut self) {
        let after = self.hand_over.after;
        let later = self.foreign.iter().filter(|it| Some(**it) > after);
        let sooner = self.foreign.iter().filter(|it| Some(**it) <= after);
        let mailboxes: Vec<Mailbox> = later.chain(sooner).copied().collect();
        let mut left = AT_ONCE;
        for mailbox in mailboxes {
            if left == 0 {
                break;
            }
            self.hand_over.after = Some(mailbox);
            if !self.writes.is_written(&mailbox) {
                left = left.saturating_sub(self.hand_over_mailbox(&mailbox, left));
            }
        }
        let boxes = &self.boxes;
        self.hand_over.confirmed.retain(|key, _| {
            let state = boxes.get(&key.mailbox);
            state.is_some_and(|it| it.get(&key.id).is_some())
        });
    }

    /// How many entries were offered.
    fn hand_over_mailbox(&mut self, mailbox: &Mailbox, most: usize) -> usize {
        let Some(state) = self.boxes.get(mailbox) else {
            self.foreign.remove(mailbox);
            return 0;
        };
        let members: Vec<RelayId> = state
            .set
            .iter()
            .filter(|relay| self.is_alive(relay))
            .copied()
            .collect();
        let entries: Vec<_> = state
            .entries()
            .iter()
            .take(most)
            .map(|(id, entry)| (*id, entry.state.clone()))
            .collect();
        let mut offered = 0usize;
        for (id, state) in entries {
            let key = Key {
                mailbox: *mailbox,
                id,
            };
            if !self.is_settled(&key) {
                continue;
            }
            offered = offered.saturating_add(1);
            let confirmed = self.hand_over.confirmed.entry(key).or_default();
            let missing = members.iter().filter(|relay| !confirmed.contains(relay));
            for relay in missing.copied().collect::<Vec<_>>() {
                self.outbox.repair(relay, key, &state, true);
            }
        }
        offered
    }

    /// A member has an entry on disk.
    pub(super) fn handed_over(&mut self, relay: RelayId, key: &Key) {
        if !self.foreign.contains(&key.mailbox) || self.writes.contains(key) {
            return;
        }
        let Some(state) = self.boxes.get(&key.mailbox) else {
            return;
        };
        let (quorum, is_member) = (self.quorum(&state.set), state.set.contains(&relay));
        let Some(confirmed) = self.hand_over.confirmed.get_mut(key) else {
            return;
        };
        if is_member {
            confirmed.insert(relay);
        }
        if confirmed.len() >= quorum {
            self.hand_over.confirmed.remove(key);
            self.forget(key);
            self.counters.handed_over = self.counters.handed_over.saturating_add(1);
        }
    }
}
