//! Which relay is asked.
//!
//! - **R1** What is sent goes to an *ingress* relay of the own account in the period, which writes it to the recipient's relays: the chain pays
//!   tickets to these alone. One is kept as long as it is good, so that tickets are few; the devices of an account begin at different
//!   ones. A message that went to as many as there are, and got no answer or was refused, or that finds all avoided, goes to the relays
//!   of the mailbox's set itself, nearest first, without a ticket; then it begins anew. Stand-ins come last. Without ingress relays, while
//!   the chain has no Proof of Relay, the set is all there is. Everything but sending is asked of a mailbox's set. A
//!   relay that was silent, refused or was lost is avoided for [`AVOID`](crate::limits::AVOID). An ingress relay that takes no more
//!   (the allowance is used up, the ticket is not good, too fast) is left alone as such for as long as it asks for, up to
//!   [`LONGEST_PAUSE`](crate::limits::LONGEST_PAUSE), and to the period's end at most; as a member of a set it is asked meanwhile, without
//!   a ticket.
//! - **R2** After [`PATIENCE`](crate::limits::PATIENCE) without an answer another one is asked, and the first one's answer still counts when it
//!   comes, also in the next period. With every five attempts the patience doubles.
//! - **R3** The devices of an account subscribe at different members of their set, by their numbers. While a person waits the relay is asked for
//!   a sign of life every [`PING`](crate::limits::PING); after [`SILENCE`](crate::limits::SILENCE) the device subscribes elsewhere.

use crate::limits::{AVOID, LONGEST_PATIENCE, LONGEST_PAUSE, PATIENCE};
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
    ingress: Vec<RelayId>,
    /// The ingress relay that is kept.
    entrance: Option<RelayId>,
    /// Ingress relays that take no more, and until when.
    paused: BTreeMap<RelayId, u64>,
    period: Option<u32>,
}

impl Relays {
    /// Takes the chain's list, and the ingress relays that are on it.
    pub fn set(&mut self, directory: &Directory) {
        let relays = &directory.relays;
        let infos: Vec<RelayInfo> = relays.iter().map(|relay| relay.info).collect();
        self.routing = Routing::new(&infos);
        self.accounts = relays
            .iter()
            .map(|relay| (relay.info.id, relay.account))
            .collect();
        self.avoided
            .retain(|relay, _| self.accounts.contains_key(relay));
        // Without a period there are no tickets.
        let ingress = directory.period.and(Some(&directory.ingress));
        self.ingress = ingress
            .into_iter()
            .flatten()
            .copied()
            .filter(|relay| self.accounts.contains_key(relay))
            .collect();
        self.entrance = self.entrance.filter(|relay| self.ingress.contains(relay));
        if directory.period != self.period {
            self.period = directory.period;
            self.paused.clear();
        }
    }

    /// Whether the own account's tickets pay it in the period.
    pub fn is_ingress(&self, relay: &RelayId) -> bool {
        self.ingress.contains(relay)
    }

    /// Whether it is to get a ticket now (R1).
    pub fn takes_tickets(&self, relay: &RelayId, now: u64) -> bool {
        let over = |until: &u64| *until <= now;
        self.is_ingress(relay) && self.paused.get(relay).is_none_or(over)
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

    /// An ingress relay takes no more for so long.
    pub fn pause(&mut self, relay: RelayId, milliseconds: u64, now: u64) {
        if self.is_ingress(&relay) {
            let pause = milliseconds.clamp(AVOID, LONGEST_PAUSE);
            self.paused.insert(relay, now.saturating_add(pause));
        }
    }

    fn is_free(&self, relay: &RelayId, now: u64) -> bool {
        let over = |until: &u64| *until <= now;
        self.avoided.get(relay).is_none_or(over)
    }

    fn is_open(&self, relay: &RelayId, now: u64) -> bool {
        self.is_free(relay, now) && self.takes_tickets(relay, now)
    }

    /// It has answered.
    pub fn is_there(&mut self, relay: &RelayId) {
        self.avoided.remove(relay);
    }

    /// The relay for the next attempt to send (R1). `first` turns the ingress relays.
    pub fn way(
        &mut self,
        mailbox: &Mailbox,
        first: u32,
        attempts: usize,
        now: u64,
    ) -> Option<RelayId> {
        let members = self.routing.set(mailbox).len().min(SET);
        let round = self.ingress.len().saturating_add(members);
        let turn = attempts.checked_rem(round)?;
        let entrance = match turn < self.ingress.len() {
            true => self.entrance(first, now),
            false => None,
        };
        let later = attempts.saturating_sub(self.ingress.len());
        entrance.or_else(|| self.choose(mailbox, 0, later, now))
    }

    /// The ingress relay that was good, or the next one that is not avoided.
    fn entrance(&mut self, first: u32, now: u64) -> Option<RelayId> {
        let kept = self.entrance.and_then(|kept| {
            let mut ingress = self.ingress.iter();
            ingress.position(|relay| *relay == kept)
        });
        let begin = match kept {
            Some(place) => place,
            None => usize::try_from(first)
                .ok()?
                .checked_rem(self.ingress.len())?,
        };
        let (before, after) = self.ingress.split_at_checked(begin)?;
        let free = after
            .iter()
            .chain(before)
            .find(|relay| self.is_open(relay, now));
        self.entrance = free.copied().or(self.entrance);
        free.copied()
    }

    /// The member or stand-in for the next attempt (R1). `first` turns the members of the set.
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
        let next = attempts.checked_rem(candidates.len())?;
        candidates
            .iter()
            .find(|relay| self.is_free(relay, now))
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

    fn id(n: u8) -> RelayId {
        RelayId([n.wrapping_mul(11); 32])
    }

    fn directory(count: u8, ingress: &[u8]) -> Directory {
        let listed = |n: u8| Listed {
            info: RelayInfo {
                id: id(n),
                quality: n.into(),
            },
            account: [n; 32],
        };
        Directory {
            genesis: [9; 32],
            period: Some(0),
            ingress: ingress.iter().copied().map(id).collect(),
            relays: (0..count).map(listed).collect(),
        }
    }

    fn relays(count: u8) -> Relays {
        let mut relays = Relays::default();
        relays.set(&directory(count, &[]));
        relays
    }

    /// R1.
    #[test]
    fn one_ingress_relay_is_kept_until_it_fails_and_the_set_comes_after_all() {
        let mailbox = Mailbox([3; 32]);
        let mut relays = Relays::default();
        relays.set(&directory(12, &[7, 9, 11]));
        let set = relays.set_of(&mailbox);
        assert!((0..3).all(|_| relays.way(&mailbox, 0, 0, 100) == Some(id(7))));
        relays.avoid(id(7), 100);
        assert_eq!(relays.way(&mailbox, 0, 1, 100), Some(id(9)));
        // The first one is there again, and the second still good.
        let later = 100 + AVOID;
        assert_eq!(relays.way(&mailbox, 0, 0, later), Some(id(9)));
        for n in [9, 11] {
            relays.avoid(id(n), later);
        }
        assert_eq!(relays.way(&mailbox, 0, 2, later), Some(id(7)));
        relays.avoid(id(7), later);
        assert_eq!(relays.way(&mailbox, 0, 0, later), Some(set[0]));
        // One that went to all three tries the set, although they are not avoided any more, and then them again.
        let later = later + AVOID;
        for attempt in 3..8 {
            let relay = relays.way(&mailbox, 0, attempt, later).unwrap();
            relays.avoid(relay, later);
            assert_eq!(relay, set[attempt - 3]);
        }
        let again = relays.way(&mailbox, 0, 8, later).unwrap();
        assert!(relays.is_ingress(&again));
    }

    #[test]
    fn devices_begin_at_different_ingress_relays_and_a_period_brings_others() {
        let mailbox = Mailbox([3; 32]);
        let begin = |device| {
            let mut relays = Relays::default();
            // One of them is not on the list.
            relays.set(&directory(12, &[7, 50, 9, 11]));
            relays.way(&mailbox, device, 0, 0).unwrap()
        };
        assert_eq!([0, 1, 2, 3].map(begin), [id(7), id(9), id(11), id(7)]);
        let mut relays = Relays::default();
        relays.set(&directory(12, &[7, 9, 11]));
        assert_eq!(relays.way(&mailbox, 0, 0, 0), Some(id(7)));
        relays.set(&directory(12, &[1, 7, 2]));
        // It is an ingress relay still.
        assert_eq!(relays.way(&mailbox, 0, 0, 0), Some(id(7)));
        relays.set(&directory(12, &[1, 2, 3]));
        assert_eq!(relays.way(&mailbox, 0, 0, 0), Some(id(1)));
        assert!(!relays.is_ingress(&id(7)));
        let mut without = directory(12, &[1, 2, 3]);
        without.period = None;
        relays.set(&without);
        assert!(!relays.is_ingress(&id(1)));
        relays.set(&directory(12, &[]));
        let nearest = relays.set_of(&mailbox)[0];
        assert_eq!(relays.way(&mailbox, 0, 0, 0), Some(nearest));
        assert_eq!(Relays::default().way(&mailbox, 0, 0, 0), None);
    }

    #[test]
    fn who_takes_no_more_is_left_alone_as_long_as_it_asks_for_or_till_the_period_ends() {
        let mailbox = Mailbox([3; 32]);
        let mut relays = Relays::default();
        let mut directory = directory(12, &[7]);
        relays.set(&directory);
        let member = relays.set_of(&mailbox)[0];
        for (asks, waits) in [(0, AVOID), (u64::MAX, LONGEST_PAUSE)] {
            relays.pause(id(7), asks, 100);
            // It is there, and may be asked for other things.
            relays.is_there(&id(7));
            let way = |relays: &mut Relays, now| relays.way(&mailbox, 0, 0, now);
            assert_eq!(way(&mut relays, 100 + waits - 1), Some(member));
            assert_eq!(way(&mut relays, 100 + waits), Some(id(7)));
        }
        directory.period = Some(1);
        relays.set(&directory);
        assert_eq!(relays.way(&mailbox, 0, 0, 101), Some(id(7)));
        // As a member of a mailbox's set it is as good as others, and gets no ticket.
        relays.pause(id(7), 10_000, 101);
        assert!(relays.is_ingress(&id(7)) && !relays.takes_tickets(&id(7), 101));
        assert!(relays.is_free(&id(7), 101));
        // Members of a set have no such pause.
        relays.pause(member, 10_000, 101);
        assert_eq!(relays.choose(&mailbox, 0, 0, 101), Some(member));
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
