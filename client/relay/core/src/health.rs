//! Which relays are there.
//!
//! - **L1** Relays that this one has to do with are probed. One that was not heard within `timings.dead` is dead until it is
//!   heard again; one that was never asked is taken to be alive.
//! - **L2** Whatever comes from a relay counts as heard.

use crate::config::Timings;
use parlance_bimp::RelayId;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug)]
struct Peer {
    heard: u64,
    probed: u64,
    down: bool,
}

/// What is known of the other relays' health.
#[derive(Clone, Debug, Default)]
pub struct Health {
    peers: BTreeMap<RelayId, Peer>,
}

impl Health {
    /// Begins to probe a relay.
    pub fn watch(&mut self, relay: RelayId, now: u64) {
        self.peers.entry(relay).or_insert(Peer {
            heard: now,
            probed: 0,
            down: false,
        });
    }

    /// L2.
    pub fn heard(&mut self, relay: RelayId, now: u64) {
        if let Some(peer) = self.peers.get_mut(&relay) {
            peer.heard = now;
            peer.down = false;
        }
    }

    /// The host cannot reach it.
    pub fn unreachable(&mut self, relay: &RelayId) {
        if let Some(peer) = self.peers.get_mut(relay) {
            peer.down = true;
        }
    }

    /// L1.
    pub fn is_alive(&self, relay: &RelayId, now: u64, timings: &Timings) -> bool {
        self.peers
            .get(relay)
            .is_none_or(|peer| !peer.down && now.saturating_sub(peer.heard) < timings.dead)
    }

    /// Whom to probe now.
    pub fn due(&mut self, now: u64, timings: &Timings) -> Vec<RelayId> {
        let mut due = Vec::new();
        for (relay, peer) in &mut self.peers {
            if peer.probed == 0 || now.saturating_sub(peer.probed) >= timings.probe {
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
}
