//! Which relays are there.
//!
//! - **L1** Relays that this one has to do with are probed. One that was not heard within `timings.dead` is dead until it is
//!   heard again; one that was never asked is taken to be alive.
//! - **L2** Whatever comes from a relay counts as heard.
//! - **L3** Relays that this one only writes to now and then (G7) are probed while they owe an answer, and forgotten [`FORGET`] after they
//!   were last written to. So a relay of a large network probes those that it has to do with, and not all.

use crate::config::Timings;
use parlance_bimp::RelayId;
use std::collections::BTreeMap;

/// See L3, milliseconds.
pub const FORGET: u64 = 10_000;

/// Since when a relay that is not always probed owes an answer, and when it was last asked (L3).
#[derive(Clone, Copy, Debug)]
struct Debt {
    owes: bool,
    asked: u64,
}

#[derive(Clone, Copy, Debug)]
struct Peer {
    heard: u64,
    probed: u64,
    down: bool,
    /// None for relays that are always probed.
    debt: Option<Debt>,
}

/// What is known of the other relays' health.
#[derive(Clone, Debug, Default)]
pub struct Health {
    peers: BTreeMap<RelayId, Peer>,
}

impl Health {
    /// Begins to probe a relay.
    pub fn watch(&mut self, relay: RelayId, now: u64) {
        let peer = self.peers.entry(relay).or_insert(Peer {
            heard: now,
            probed: 0,
            down: false,
            debt: None,
        });
        if peer.debt.take().is_some_and(|debt| !debt.owes) {
            peer.heard = now;
        }
    }

    /// A relay is asked for something (L3).
    pub fn asked(&mut self, relay: RelayId, now: u64) {
        let peer = self.peers.entry(relay).or_insert(Peer {
            heard: now,
            probed: now,
            down: false,
            debt: Some(Debt {
                owes: true,
                asked: now,
            }),
        });
        if let Some(debt) = &mut peer.debt {
            debt.asked = now;
            if !debt.owes {
                debt.owes = true;
                (peer.heard, peer.probed) = (now, now);
            }
        }
    }

    /// L2.
    pub fn heard(&mut self, relay: RelayId, now: u64) {
        if let Some(peer) = self.peers.get_mut(&relay) {
            peer.heard = now;
            peer.down = false;
            if let Some(debt) = &mut peer.debt {
                debt.owes = false;
            }
        }
    }

    /// The host cannot reach it.
    pub fn unreachable(&mut self, relay: &RelayId) {
        if let Some(peer) = self.peers.get_mut(relay) {
            peer.down = true;
            if let Some(debt) = &mut peer.debt {
                debt.owes = true;
            }
        }
    }

    /// L1.
    pub fn is_alive(&self, relay: &RelayId, now: u64, timings: &Timings) -> bool {
        self.peers.get(relay).is_none_or(|peer| {
            let owes = peer.debt.is_none_or(|debt| debt.owes);
            let silent = owes && now.saturating_sub(peer.heard) >= timings.dead;
            !(peer.down || silent)
        })
    }

    /// Whom to probe now.
    pub fn due(&mut self, now: u64, timings: &Timings) -> Vec<RelayId> {
        self.peers.retain(|_, peer| {
            let asked = peer.debt.map_or(now, |debt| debt.asked);
            now.saturating_sub(asked) < FORGET
        });
        let mut due = Vec::new();
        for (relay, peer) in &mut self.peers {
            let owes = peer.debt.is_none_or(|debt| debt.owes);
            let rested = peer.probed == 0 || now.saturating_sub(peer.probed) >= timings.probe;
            if owes && rested {
                peer.probed = now.max(1);
                due.push(*relay);
            }
        }
        due
    }

    /// Forgets whom `keep` does not want.
    pub fn retain(&mut self, keep: impl Fn(&RelayId) -> bool) {
        self.peers.retain(|relay, _| keep(relay));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_is_silent_is_dead_until_it_is_heard() {
        let (mut health, timings, relay) =
            (Health::default(), Timings::default(), RelayId([1; 32]));
        assert!(health.is_alive(&relay, 0, &timings));
        health.watch(relay, 10_000);
        assert_eq!(health.due(10_000, &timings), [relay]);
        assert!(health.due(10_000 + timings.probe - 1, &timings).is_empty());
        assert!(health.is_alive(&relay, 10_000 + timings.dead - 1, &timings));
        assert!(!health.is_alive(&relay, 10_000 + timings.dead, &timings));
        health.heard(relay, 20_000);
        assert!(health.is_alive(&relay, 20_000, &timings));
        health.unreachable(&relay);
        assert!(!health.is_alive(&relay, 20_000, &timings));
    }

    /// L3.
    #[test]
    fn who_is_only_written_to_is_probed_while_it_owes_an_answer() {
        let (mut health, timings, relay) =
            (Health::default(), Timings::default(), RelayId([1; 32]));
        health.asked(relay, 10_000);
        let soon = 10_000 + timings.probe;
        assert!(health.due(soon - 1, &timings).is_empty());
        assert_eq!(health.due(soon, &timings), [relay]);
        health.heard(relay, soon);
        // Nothing is owed: it is neither probed nor taken for dead.
        assert!(health.due(soon + timings.dead, &timings).is_empty());
        assert!(health.is_alive(&relay, soon + timings.dead, &timings));
        // It is given time from the next question on.
        let later = soon + timings.dead;
        health.asked(relay, later);
        assert!(health.is_alive(&relay, later + timings.dead - 1, &timings));
        health.asked(relay, later + timings.dead - 1);
        assert!(!health.is_alive(&relay, later + timings.dead, &timings));
        assert_eq!(health.due(later + timings.dead, &timings), [relay]);
        // In the end it is forgotten, and no word said about it.
        health.asked(relay, later + timings.dead);
        let forgotten = later + timings.dead + FORGET;
        assert!(!health.due(forgotten - 1, &timings).is_empty());
        assert!(health.due(forgotten, &timings).is_empty());
        assert!(health.peers.is_empty());
    }

    #[test]
    fn a_neighbour_is_probed_whatever_it_was_before() {
        let (mut health, timings, relay) =
            (Health::default(), Timings::default(), RelayId([1; 32]));
        health.asked(relay, 10_000);
        health.heard(relay, 10_001);
        health.watch(relay, 19_000);
        assert!(health.is_alive(&relay, 19_000 + timings.dead - 1, &timings));
        assert!(!health.is_alive(&relay, 19_000 + timings.dead, &timings));
        assert_eq!(health.due(100_000, &timings), [relay]);
        // A question changes nothing.
        health.asked(relay, 100_000);
        assert_eq!(health.due(200_000, &timings), [relay]);
    }
}
