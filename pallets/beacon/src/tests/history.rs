//! Rule B6: which seeds can still be asked for.

use crate::{HISTORY, History, mock::*};
use parlance_primitives::traits::EpochSeed;

#[test]
fn genesis_is_epoch_zero() {
    new_test_ext().execute_with(|| {
        assert_eq!(Beacon::seed_of(0), Some(GENESIS_SEED));
        assert_eq!(Beacon::seed_of(1), None);
    });
}

#[test]
fn the_last_seeds_stay_and_older_ones_go() {
    new_test_ext().execute_with(|| {
        let newest = 3 * u64::from(HISTORY) + 5;
        let seeds: Vec<_> = (1..=newest)
            .map(|epoch| (epoch, Beacon::rotate(epoch)))
            .collect();
        let oldest = newest - u64::from(HISTORY) + 1;
        for (epoch, seed) in seeds {
            let expected = (epoch >= oldest).then_some(seed);
            assert_eq!(Beacon::seed_of(epoch), expected, "epoch {epoch}");
        }
        assert_eq!(History::<Test>::iter().count(), HISTORY as usize);
        assert_eq!(
            Beacon::seed_of(newest + u64::from(HISTORY)),
            None,
            "same place, other epoch"
        );
    });
}

#[test]
fn skipped_epochs_have_no_seed_and_keep_the_bound() {
    new_test_ext().execute_with(|| {
        for epoch in (3..3_000).step_by(3) {
            Beacon::rotate(epoch);
        }
        assert_eq!(Beacon::seed_of(2_998), None);
        assert_eq!(Beacon::seed_of(2_997), Some(Beacon::current()));
        assert!(History::<Test>::iter().count() <= HISTORY as usize);
        Beacon::check_state().unwrap();
    });
}

#[test]
fn the_state_check_notices_a_lost_seed() {
    new_test_ext().execute_with(|| {
        Beacon::rotate(1);
        History::<Test>::remove(1);
        assert!(Beacon::check_state().is_err());
    });
}

#[test]
fn the_state_check_notices_a_misplaced_seed() {
    new_test_ext().execute_with(|| {
        Beacon::rotate(9);
        History::<Test>::insert(4, (5, [1; 32]));
        assert!(Beacon::check_state().is_err());
    });
}
