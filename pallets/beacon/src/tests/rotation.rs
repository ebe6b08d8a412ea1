//! Rules B1, B4 and B5 around the block that rotates.

use crate::{Error, Event, Mix, mock::*};
use frame_support::{assert_noop, assert_ok};
use parlance_primitives::traits::EpochSeed;

#[test]
fn the_rotating_block_contributes_from_the_old_seed() {
    new_test_ext().execute_with(|| {
        honest_block(1, &author(1), None);
        start_block(2, &author(2), Some(1));
        let new_seed = Beacon::current();
        assert_ne!(new_seed, GENESIS_SEED);
        assert_noop!(
            Beacon::contribute(
                RuntimeOrigin::none(),
                contribution(&author(2), &new_seed, 2)
            ),
            Error::<Test>::BadProof
        );
        assert_ok!(Beacon::contribute(
            RuntimeOrigin::none(),
            contribution(&author(2), &GENESIS_SEED, 2)
        ));
        end_block();
    });
}

#[test]
fn the_block_after_the_rotation_contributes_from_the_new_seed() {
    new_test_ext().execute_with(|| {
        honest_block(1, &author(1), Some(1));
        let seed = Beacon::current();
        start_block(2, &author(2), None);
        assert_noop!(
            Beacon::contribute(
                RuntimeOrigin::none(),
                contribution(&author(2), &GENESIS_SEED, 2)
            ),
            Error::<Test>::BadProof
        );
        assert_ok!(Beacon::contribute(
            RuntimeOrigin::none(),
            contribution(&author(2), &seed, 2)
        ));
        end_block();
    });
}

#[test]
fn the_rotating_blocks_output_counts_in_the_new_epoch() {
    let seeds = |rotating_author: u8| {
        new_test_ext().execute_with(|| {
            honest_block(1, &author(1), None);
            honest_block(2, &author(rotating_author), Some(1));
            let first = Beacon::current();
            honest_block(3, &author(1), Some(2));
            (first, Beacon::current())
        })
    };
    let (one, other) = (seeds(2), seeds(3));
    assert_eq!(
        one.0, other.0,
        "the seed of epoch 1 was fixed before that block's inherent"
    );
    assert_ne!(one.1, other.1, "the seed of epoch 2 depends on it");
}

#[test]
fn a_rotation_starts_a_new_mix_and_is_told() {
    new_test_ext().execute_with(|| {
        honest_block(1, &author(1), None);
        assert_ne!(Mix::<Test>::get(), [0; 32]);
        let seed = Beacon::rotate(1);
        assert_eq!(Mix::<Test>::get(), [0; 32]);
        System::assert_last_event(Event::SeedRotated { epoch: 1, seed }.into());
    });
}

#[test]
fn epochs_without_a_contribution_still_get_fresh_seeds() {
    new_test_ext().execute_with(|| {
        let seeds: std::collections::BTreeSet<_> = (1..=100).map(Beacon::rotate).collect();
        assert_eq!(seeds.len(), 100);
    });
}

#[test]
fn the_epoch_number_enters_the_seed() {
    let seed = |epoch| new_test_ext().execute_with(|| Beacon::rotate(epoch));
    assert_ne!(seed(1), seed(2));
}
