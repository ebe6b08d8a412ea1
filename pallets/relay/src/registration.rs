//! Relays come, change, leave.

use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{Get, fungible::MutateHold, tokens::Precision},
};
use parlance_primitives::{
    BlockNumber,
    relay::{MAX_BYTES, Seeds},
};
use sp_runtime::SaturatedConversion;

use crate::{
    Config, CurrentParameters, Error, Event, HoldReason, Names, Pallet, Relays,
    types::{Endpoint, Relay, Standing},
};

impl<T: Config> Pallet<T> {
    /// Height of the block under execution.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    pub(crate) fn do_register(
        who: T::AccountId,
        endpoint: Endpoint,
        capacity: u64,
    ) -> DispatchResult {
        ensure!(
            !Relays::<T>::contains_key(&who),
            Error::<T>::AlreadyRegistered
        );
        ensure!(Relays::<T>::count() < T::MaxRelays::get(), Error::<T>::Full);
        Self::check_capacity(capacity)?;
        let bond = CurrentParameters::<T>::get().bond_for(capacity);
        T::Currency::hold(&HoldReason::Bond.into(), &who, bond)?;
        let relay = Relay::new(endpoint, capacity, bond, T::Seeds::epoch());
        Relays::<T>::insert(&who, relay);
        Self::deposit_event(Event::Registered {
            relay: who,
            capacity,
            bond,
        });
        Ok(())
    }

    pub(crate) fn do_update(
        who: T::AccountId,
        endpoint: Endpoint,
        capacity: u64,
    ) -> DispatchResult {
        let mut relay = Relays::<T>::get(&who).ok_or(Error::<T>::UnknownRelay)?;
        Self::check_stays(&relay)?;
        Self::check_capacity(capacity)?;
        let due = CurrentParameters::<T>::get().bond_for(capacity);
        let missing = due.saturating_sub(relay.bond);
        if missing > 0 {
            T::Currency::hold(&HoldReason::Bond.into(), &who, missing)?;
        }
        relay.bond = relay.bond.saturating_add(missing);
        relay.capacity = capacity;
        relay.endpoint = endpoint;
        let bond = relay.bond;
        Relays::<T>::insert(&who, relay);
        Self::deposit_event(Event::Updated {
            relay: who,
            capacity,
            bond,
        });
        Ok(())
    }

    fn check_capacity(capacity: u64) -> Result<(), Error<T>> {
        ensure!(
            (1..=MAX_BYTES).contains(&capacity),
            Error::<T>::NoSuchCapacity
        );
        Ok(())
    }

    fn check_stays(relay: &Relay) -> Result<(), Error<T>> {
        let leaves = matches!(relay.standing, Standing::Leaving { .. });
        ensure!(!leaves, Error::<T>::Leaving);
        Ok(())
    }

    pub(crate) fn do_retire(who: T::AccountId) -> DispatchResult {
        let mut relay = Relays::<T>::get(&who).ok_or(Error::<T>::UnknownRelay)?;
        Self::check_stays(&relay)?;
        let unbonding = CurrentParameters::<T>::get().unbonding;
        let free_from = Self::now().saturating_add(unbonding);
        relay.standing = Standing::Leaving { free_from };
        Relays::<T>::insert(&who, relay);
        Self::deposit_event(Event::Retired {
            relay: who,
            free_from,
        });
        Ok(())
    }

    pub(crate) fn do_withdraw(who: T::AccountId) -> DispatchResult {
        let mut relay = Relays::<T>::get(&who).ok_or(Error::<T>::UnknownRelay)?;
        let Standing::Leaving { free_from } = relay.standing else {
            return Err(Error::<T>::NotLeaving.into());
        };
        ensure!(Self::now() >= free_from, Error::<T>::StillBound);
        Self::settle(&who, &mut relay);
        let bond = relay.bond;
        T::Currency::release(&HoldReason::Bond.into(), &who, bond, Precision::BestEffort)?;
        if let Some(id) = relay.id {
            Names::<T>::remove(id);
        }
        Relays::<T>::remove(&who);
        Self::deposit_event(Event::Withdrawn { relay: who, bond });
        Ok(())
    }

    pub(crate) fn do_resume(who: T::AccountId) -> DispatchResult {
        let mut relay = Relays::<T>::get(&who).ok_or(Error::<T>::UnknownRelay)?;
        ensure!(relay.standing == Standing::Dormant, Error::<T>::NotDormant);
        relay.standing = Standing::Active;
        Relays::<T>::insert(&who, relay);
        Self::deposit_event(Event::Resumed { relay: who });
        Ok(())
    }
}
