//! Which relays keep a mailbox.
//!
//! - **T1** The chain lists relays, each with a place (its id) and a measured quality. The *set* of a mailbox is the
//!   [`SET`] relays nearest to it by XOR. Everybody with the list computes the same set.
//! - **T2** *Super relays* are the best by quality: an eighth of all, at least three, at most 64. They stand in for
//!   members of a set that are dead: the nearest super relays outside of the set, as many as there are dead members.
//! - **T3** Relays may know different lists for a while. What was put on a wrong relay is handed over (`hand_over`).

use crate::config::SET;
use parlance_bimp::{Mailbox, RelayId};
use std::collections::BTreeSet;

/// A relay on the chain's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayInfo {
    /// Its place.
    pub id: RelayId,
    /// Measured quality; more is better.
    pub quality: u32,
}

/// The list, ready for look-ups.
#[derive(Clone, Debug, Default)]
pub struct Routing {
    /// Rising.
    places: Vec<RelayId>,
    supers: Vec<RelayId>,
}

impl Routing {
    /// Takes the chain's list. Of several relays in one place one counts.
    pub fn new(relays: &[RelayInfo]) -> Self {
        let places: BTreeSet<RelayId> = relays.iter().map(|relay| relay.id).collect();
        let mut best = relays.to_vec();
        best.sort_by_key(|relay| (std::cmp::Reverse(relay.quality), relay.id));
        let count = (places.len() / 8).clamp(3, 64);
        let supers: BTreeSet<RelayId> = best.iter().take(count).map(|relay| relay.id).collect();
        Self {
            places: places.into_iter().collect(),
            supers: supers.into_iter().collect(),
        }
    }

    /// How many relays there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether the chain lists it.
    pub fn contains(&self, relay: &RelayId) -> bool {
        self.places.binary_search(relay).is_ok()
    }

    /// Whether it is a super relay (T2).
    pub fn is_super(&self, relay: &RelayId) -> bool {
        self.supers.binary_search(relay).is_ok()
    }

    /// The super relays.
    pub fn supers(&self) -> &[RelayId] {
        &self.supers
    }

    /// The set of a mailbox, nearest first (T1).
    pub fn set(&self, mailbox: &Mailbox) -> Vec<RelayId> {
        let mut found = Vec::with_capacity(SET);
        nearest(&self.places, 0, &mailbox.0, SET, &mut found);
        found
    }

    /// Who may stand in for members of `set`, nearest first (T2).
    pub fn stand_ins(&self, mailbox: &Mailbox, set: &[RelayId]) -> Vec<RelayId> {
        let mut found: Vec<RelayId> = self
            .supers
            .iter()
            .filter(|relay| !set.contains(relay))
            .copied()
            .collect();
        found.sort_by_key(|relay| distance(&relay.0, &mailbox.0));
        found
    }
}

/// Fills `found` up to `count` with the nearest of `places`, which agree with each other in all bits before `bit`.
/// Half of the places that has the target's bit is nearer than all of the other half.
fn nearest(
    places: &[RelayId],
    bit: usize,
    target: &[u8; 32],
    count: usize,
    found: &mut Vec<RelayId>,
) {
    let missing = count.saturating_sub(found.len());
    if missing == 0 || places.is_empty() {
        return;
    }
    if places.len() <= 2 * SET || bit >= 256 {
        let mut sorted = places.to_vec();
        sorted.sort_by_key(|relay| distance(&relay.0, target));
        found.extend(sorted.into_iter().take(missing));
        return;
    }
    let ones = places.partition_point(|relay| !bit_of(&relay.0, bit));
    let (zeros, ones) = places.split_at(ones);
    let (near, far) = match bit_of(target, bit) {
        true => (ones, zeros),
        false => (zeros, ones),
    };
    nearest(near, bit + 1, target, count, found);
    nearest(far, bit + 1, target, count, found);
}

fn bit_of(bytes: &[u8; 32], bit: usize) -> bool {
    bytes[bit / 8] & (0x80 >> (bit % 8)) != 0
}

fn distance(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let mut distance = *a;
    for (byte, other) in distance.iter_mut().zip(b) {
        *byte ^= other;
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn relays(ids: &[[u8; 32]]) -> Vec<RelayInfo> {
        ids.iter()
            .enumerate()
            .map(|(index, id)| RelayInfo {
                id: RelayId(*id),
                quality: index as u32,
            })
            .collect()
    }

    proptest! {
        /// Against sorting everything.
        #[test]
        fn the_set_is_the_nearest(ids in prop::collection::vec(any::<[u8; 32]>(), 0..200), low in any::<bool>(), target: [u8; 32]) {
            // With long common prefixes too.
            let ids: Vec<[u8; 32]> = ids.into_iter().map(|mut id| {
                if low { id[..31].fill(7); }
                id
            }).collect();
            let routing = Routing::new(&relays(&ids));
            let mut sorted: Vec<[u8; 32]> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            sorted.sort_by_key(|id| distance(id, &target));
            sorted.truncate(SET);
            let set: Vec<[u8; 32]> = routing.set(&Mailbox(target)).iter().map(|relay| relay.0).collect();
            prop_assert_eq!(set, sorted);
        }
    }

    #[test]
    fn the_best_stand_in_and_never_for_themselves() {
        let ids: Vec<[u8; 32]> = (0..40).map(|n| [n; 32]).collect();
        let routing = Routing::new(&relays(&ids));
        assert_eq!(routing.supers().len(), 5);
        assert!(routing.is_super(&RelayId([39; 32])) && !routing.is_super(&RelayId([0; 32])));
        let mailbox = Mailbox([38; 32]);
        let set = routing.set(&mailbox);
        let stand_ins = routing.stand_ins(&mailbox, &set);
        assert!(!stand_ins.is_empty());
        assert!(stand_ins.iter().all(|relay| !set.contains(relay)));
        assert!(stand_ins.iter().all(|relay| routing.is_super(relay)));
    }
}
