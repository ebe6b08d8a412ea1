//! What other pallets ask.

use frame_support::traits::Get;
use parlance_primitives::{
    accounts::{Load, NetworkLoad, Resource},
    traits::ServiceFacts,
};
use sp_runtime::Perbill;

use crate::{Config, CurrentNetwork, Pallet, Relays};

/// Bytes relayed, whether they count for pay or not. Of other resources this pallet knows nothing.
impl<T: Config> NetworkLoad for Pallet<T> {
    fn load(resource: Resource) -> Load {
        if resource != Resource::Relayed {
            return Load::default();
        }
        let network = CurrentNetwork::<T>::get();
        // By the clock: whoever asks at a day's first block may do so before this pallet's hook.
        let yesterday = Self::day_of(Self::period()).checked_sub(1);
        Load {
            capacity: network
                .capacity
                .saturating_mul(T::PeriodsPerDay::get().into()),
            used: yesterday.map_or(0, |day| network.carried.of_day(day)),
        }
    }
}

/// Bytes proven in the last whole day. Of storage this pallet knows nothing.
impl<T: Config> ServiceFacts<T::AccountId> for Pallet<T> {
    fn relayed(operator: &T::AccountId) -> Option<Perbill> {
        let relay = Relays::<T>::get(operator)?;
        let network = CurrentNetwork::<T>::get();
        let yesterday = network.carried.day.checked_sub(1)?;
        let bytes = relay.service.of_day(yesterday);
        (network.best_before > 0).then(|| Perbill::from_rational(bytes, network.best_before))
    }

    fn stored(_: &T::AccountId) -> Option<Perbill> {
        None
    }
}
