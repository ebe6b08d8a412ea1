//! Which relay is asked.
//!
//! - **R1** For a mailbox the relays of its set are tried, nearest first; one that was silent, refused or was lost is avoided for
//!   [`AVOID`](crate::limits::AVOID). Stand-ins come last.
//! - **R2** After [`PATIENCE`](crate::limits::PATIENCE) without an answer another one is asked, and the first one's answer still counts when it
//!   comes. With each round through all of them the patience doubles.
//! - **R3** The devices of an account subscribe at different members of their set, by their numbers. While a person waits the relay is asked for
//!   a sign of life every [`PING`](crate::limits::PING); after [`SILENCE`](crate::limits::SILENCE) the device subscribes elsewhere.

use crate::limits::{AVOID, LONGEST_PATIENCE, PATIENCE};
use parlance_bimp::{Mailbox, RelayId};
use parlance_relay_core::{RelayInfo, Routing, SET};
use std::collections::BTreeMap;

/// A relay as the chain lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its place and quality.
    pub info: RelayInfo,
    /// The account that it is paid on.
    pub account: [u8; 32],
}

/// What the chain says of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The period of Proof of Relay; none while the chain has none.
    pub period: Option<u32>,
    /// Through which relays this account sends in the period: whom its tickets pay.
    pub ingress: Vec<RelayId>,
    /// The relays.
    pub relays: Vec<Listed>,
}

/// The relays, and which of them to avoid.
#[derive(Debug, Default)]
pub struct Relays {
    routing: Routing,
    accounts: BTreeMap<RelayId, [u8; 32]>,
    avoided: BTreeMap<RelayId, u64>,
}

impl Relays {
    /// Takes the chain's list.
    pub fn set(&mut self, relays: &[Listed]) {
        let infos: Vec<RelayInfo> = relays.iter().map(|relay| relay.info).collect();
        self.routing = Routing::new(&infos);
        self.accounts = relays
            .iter()
            .map(|relay| (relay.info.id, relay.account))
            .collect();
        self.avoided
            .retain(|relay, _| self.accounts.contains_key(relay));
    }

    /// The account of a relay.
    pub fn account(&self, relay: &RelayId) -> Option<[u8; 32]> {
        self.accounts.get(relay).copied()
    }

    /// The set of a mailbox, nearest first.
    pub fn set_of(&self, mailbox: &Mailbox) -> Vec<RelayId> {
        self.routing.set(mailbox)
    }

    /// Whether the chain lists any.
    pub fn is_empty(&self) -> bool {
        self.routing.is_empty()
    }

    /// Does not choose it for a while.
    pub fn avoid(&mut self, relay: RelayId, now: u64) {
        self.avoided.insert(relay, now.saturating_add(AVOID));
    }

    /// It has answered.
    pub fn is_there(&mut self, relay: &RelayId) {
        self.avoided.remove(relay);
    }

    /// The relay for the next attempt (R1). `first` turns the members of the set.
    pub fn choose(
        &self,
        mailbox: &Mailbox,
        first: u32,
        attempts: usize,
        now: u64,
    ) -> Option<RelayId> {
        let mut candidates = self.routing.set(mailbox);
        let members = candidates.len().min(SET);
        if let (Some(set), Ok(first)) = (candidates.get_mut(..members), usize::try_from(first)) {
            set.rotate_left(first.checked_rem(members)?);
        }
        let stand_ins = self.routing.stand_ins(mailbox, &candidates);
        candidates.extend(stand_ins);
        let free = |relay: &&RelayId| self.avoided.get(*relay).is_none_or(|until| *until <= now);
        let next = attempts.checked_rem(candidates.len())?;
        candidates
            .iter()
            .find(free)
            .or_else(|| candidates.get(next))
            .copied()
    }

    /// How long to wait for an answer after so many attempts (R2).
    pub fn patience(attempts: usize) -> u64 {
        let rounds = u32::try_from(attempts / SET).unwrap_or(u32::MAX).min(16);
        (PATIENCE << rounds).min(LONGEST_PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn relays(count: u8) -> Relays {
        let listed: Vec<Listed> = (0..count)
            .map(|n| Listed {
                info: RelayInfo {
                    id: RelayId([n.wrapping_mul(11); 32]),
                    quality: n.into(),
                },
                account: [n; 32],
            })
            .collect();
        let mut relays = Relays::default();
        relays.set(&listed);
        relays
    }

    #[test]
    fn members_come_before_stand_ins_and_who_was_silent_comes_last() {
        let mailbox = Mailbox([3; 32]);
        let mut relays = relays(12);
        let set = relays.set_of(&mailbox);
        let mut tried = Vec::new();
        for attempt in 0..SET {
            let relay = relays.choose(&mailbox, 0, attempt, 100).unwrap();
            relays.avoid(relay, 100);
            tried.push(relay);
        }
        assert_eq!(tried, set);
        let stand_in = relays.choose(&mailbox, 0, SET, 100).unwrap();
        assert!(!set.contains(&stand_in));
        assert_eq!(relays.choose(&mailbox, 0, SET, 100 + AVOID), Some(set[0]));
    }

    #[test]
    fn devices_begin_at_different_members_and_patience_grows() {
        let mailbox = Mailbox([3; 32]);
        let relays = relays(9);
        let chosen: BTreeSet<_> = (0..5)
            .map(|device| relays.choose(&mailbox, device, 0, 0).unwrap())
            .collect();
        assert_eq!(chosen.len(), SET);
        assert_eq!(Relays::patience(0), PATIENCE);
        assert_eq!(Relays::patience(5), 2 * PATIENCE);
        assert_eq!(Relays::patience(usize::MAX), LONGEST_PATIENCE);
        assert_eq!(Relays::default().choose(&mailbox, 1, 0, 0), None);
    }
}
