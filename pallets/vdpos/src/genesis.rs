//! The state of the first block: candidates, votes, and the first election.

use crate::{
    Config, CurrentEpoch, CurrentEra, CurrentParameters, Epoch, Epochs, Era, GenesisConfig, Pallet,
    types::EpochRecord,
};
use frame_support::pallet_prelude::*;

/// Builds the state, or panics: a chain with such a specification must not start.
pub fn build<T: Config>(config: &GenesisConfig<T>) {
    let parameters = &config.parameters;
    assert!(
        parameters.are_valid::<T>(),
        "the parameters of VDPoS contradict each other"
    );
    CurrentParameters::<T>::put(parameters);
    CurrentEpoch::<T>::put(Epoch {
        length: parameters.epoch_slots,
        ..Default::default()
    });
    CurrentEra::<T>::put(Era {
        epochs: parameters.epochs_per_era,
        ..Default::default()
    });
    Epochs::<T>::insert(
        0,
        EpochRecord {
            era: 0,
            start: 0.into(),
            roster: 0,
            stand_ins: BoundedVec::new(),
        },
    );

    for (who, bond, commission) in &config.candidates {
        let registered = Pallet::<T>::do_register(who, *commission, *bond);
        assert!(
            registered.is_ok(),
            "candidate {who:?} cannot stand: {registered:?}"
        );
    }
    for (who, names, stake) in &config.votes {
        let voted = Pallet::<T>::do_vote(who, names.clone(), *stake);
        assert!(voted.is_ok(), "vote of {who:?} does not hold: {voted:?}");
    }
    // A state for benchmarks and unit tests of other pallets has no candidates.
    if !config.candidates.is_empty() {
        let elected = Pallet::<T>::elect_first();
        assert!(elected, "the first election has no result");
    }
}
