//! What the README says of last authors, played through.

use crate::mock::*;
use parlance_primitives::traits::EpochSeed;
use std::collections::BTreeSet;

/// The seed of epoch 1 when an adversary holds the last `run` of ten slots and publishes those whose
/// bits are set in `published`.
fn seed_after(run: u64, published: u64) -> [u8; 32] {
    new_test_ext().execute_with(|| {
        let honest = 10 - run;
        (1..=honest).for_each(|slot| honest_block(slot, &author(slot as u8), None));
        (0..run)
            .filter(|bit| published >> bit & 1 == 1)
            .for_each(|bit| honest_block(honest + 1 + bit, &author(99), None));
        // The next epoch's first author cannot change what is fixed by now.
        honest_block(11, &author(50), Some(1));
        Beacon::current()
    })
}

#[test]
fn a_run_of_r_last_slots_chooses_among_two_to_the_r_seeds() {
    for run in 0..=4 {
        let seeds: BTreeSet<_> = (0..1 << run)
            .map(|subset| seed_after(run, subset))
            .collect();
        assert_eq!(seeds.len(), 1 << run);
    }
}

#[test]
fn one_honest_block_after_the_adversary_takes_the_choice_away_from_it() {
    // The adversary holds all slots but the last. Whatever it publishes, it must decide without
    // knowing the honest output, and each of its choices leads to a seed that depends on it.
    let seed = |adversary_blocks: u64, honest: u8| {
        new_test_ext().execute_with(|| {
            (1..=adversary_blocks).for_each(|slot| honest_block(slot, &author(99), None));
            honest_block(10, &author(honest), None);
            honest_block(11, &author(50), Some(1));
            Beacon::current()
        })
    };
    for adversary_blocks in 0..9 {
        assert_ne!(seed(adversary_blocks, 1), seed(adversary_blocks, 2));
    }
}
