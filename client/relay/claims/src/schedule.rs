//! When to claim and when to open (C5).

use codec::Encode;
use parlance_primitives::{
    AccountId, BlockNumber,
    relay::{Clock, Period},
};
use sp_crypto_hashing::blake2_256;

/// Parts of the time that is left, after one of which something is handed out again.
const TRIES: BlockNumber = 8;

/// The blocks in which something is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// The first.
    pub first: BlockNumber,
    /// Blocks from one to the next; at least one.
    pub step: BlockNumber,
    /// The first in which it is too late.
    pub until: BlockNumber,
}

impl Turns {
    /// Turns between two blocks, the first at a block of the first half that `seed` draws.
    fn between(from: BlockNumber, until: BlockNumber, seed: u64) -> Self {
        let left = until.saturating_sub(from);
        let half = u64::from(left.div_ceil(2)).max(1);
        // Less than half of 32 bits.
        let offset = seed.checked_rem(half).unwrap_or(0) as BlockNumber;
        let first = from.saturating_add(offset);
        Self {
            first,
            step: until.saturating_sub(first).div_euclid(TRIES).max(1),
            until,
        }
    }

    /// Whether it is to be handed out for block `next`, after it was for `last`.
    pub fn is_due(&self, next: BlockNumber, last: Option<BlockNumber>) -> bool {
        let from = last.map_or(self.first, |last| last.saturating_add(self.step));
        // Another fork may be lower than the one on which it was handed out.
        let went_back = last.is_some_and(|last| next < last);
        next < self.until && (next >= from || went_back)
    }
}

fn seed(what: &str, relay: &AccountId, period: Period) -> u64 {
    let hash = blake2_256(&("parlance/relay-turn/1", what, relay, period).encode());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(first)
}

/// Turns of the claim for the period before the running one. Not in its first block, where it can be had:
/// the claim would be made, and the period closed, while it still runs.
pub fn of_claim(clock: &Clock, relay: &AccountId) -> Turns {
    let seed = seed("claim", relay, clock.period.saturating_sub(1));
    let last = clock.claims_until.saturating_sub(1);
    let from = clock.begins.saturating_add(1).min(last);
    Turns::between(from, clock.claims_until, seed)
}

/// Turns of the opening of a claim of `period`, for which the positions were seen before block `seen`.
pub fn of_opening(
    relay: &AccountId,
    period: Period,
    seen: BlockNumber,
    until: BlockNumber,
) -> Turns {
    Turns::between(seen, until, seed("open", relay, period))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn relay(index: u8) -> AccountId {
        AccountId::from([index; 32])
    }

    proptest! {
        /// In each window there is a turn in its first half, and later ones if that is lost.
        #[test]
        fn each_window_has_its_turns(
            index: u8,
            begins in 0u32..1 << 30,
            window in 1u32..1_000,
            period in 1u32..1_000_000,
        ) {
            let clock = Clock {
                period,
                begins,
                ends: begins + 2 * window,
                claims_until: begins + window,
            };
            let turns = of_claim(&clock, &relay(index));
            prop_assert!(turns.first > begins || window == 1);
            prop_assert!(turns.first - begins <= window.div_ceil(2));
            let mut last = None;
            let mut count = 0;
            for next in begins..begins + 2 * window {
                if turns.is_due(next, last) {
                    prop_assert!(next < clock.claims_until);
                    last = Some(next);
                    count += 1;
                }
            }
            prop_assert!(count >= 1);
            prop_assert!(count <= 2 * TRIES);
            prop_assert!(window < 6 || count >= 2);
        }
    }

    #[test]
    fn relays_do_not_come_all_at_once() {
        let clock = Clock {
            period: 9,
            begins: 1_350,
            ends: 1_500,
            claims_until: 1_410,
        };
        let firsts: std::collections::BTreeSet<BlockNumber> = (0..=255)
            .map(|index| of_claim(&clock, &relay(index)).first)
            .collect();
        assert!(firsts.len() >= 28, "of the 30 blocks of the first half");
    }

    #[test]
    fn a_fork_that_is_lower_gets_it_again() {
        let turns = Turns {
            first: 10,
            step: 20,
            until: 100,
        };
        assert!(!turns.is_due(9, None));
        assert!(turns.is_due(10, None));
        assert!(!turns.is_due(29, Some(10)));
        assert!(turns.is_due(30, Some(10)));
        assert!(turns.is_due(8, Some(10)));
        assert!(!turns.is_due(100, Some(10)));
    }
}
