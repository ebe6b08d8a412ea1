//! Pay: fetched from the pot, to the last unit.
//!
//! Always: `pot >= carry + what is left in closed periods`, and equal unless somebody gave the pot a
//! present.

use frame_support::{
    dispatch::DispatchResult,
    traits::{Get, fungible::Mutate, tokens::Preservation},
};
use parlance_primitives::Balance;
use sp_runtime::traits::AccountIdConversion;

use crate::{
    Config, CurrentParameters, Error, Event, LOG_TARGET, Pallet, Periods, Relays,
    core::pay::part,
    types::{Earned, PeriodRecord, Pool, Relay},
};

impl<T: Config> Pallet<T> {
    /// Account that keeps pay until it is fetched.
    pub fn pot() -> T::AccountId {
        T::PotId::get().into_account_truncating()
    }

    pub(crate) fn do_collect(who: T::AccountId) -> DispatchResult {
        let mut relay = Relays::<T>::get(&who).ok_or(Error::<T>::UnknownRelay)?;
        Self::drop_silent(&who, &mut relay);
        Self::settle(&who, &mut relay);
        Relays::<T>::insert(&who, relay);
        Ok(())
    }

    /// Pays a relay for its proven claims of closed periods. The caller stores the relay.
    pub(crate) fn settle(who: &T::AccountId, relay: &mut Relay) {
        relay.earned.retain(|earned| !Self::pay(who, earned));
    }

    /// What a claim gets of its period's pay, in units.
    pub(crate) fn due(earned: &Earned, record: &PeriodRecord, pool: &Pool) -> Balance {
        let most = CurrentParameters::<T>::get()
            .most_per_relay
            .mul_floor(pool.payable);
        part(pool.payable, earned.before, earned.work, record.work)
            .min(most)
            .min(pool.left)
    }

    /// Pays for a claim if its period is closed; whether nothing waits for it any more.
    fn pay(who: &T::AccountId, earned: &Earned) -> bool {
        let Some(mut record) = Periods::<T>::get(earned.period) else {
            // Nobody fetched it in time.
            return true;
        };
        let Some(mut pool) = record.pool else {
            return false;
        };
        let amount = Self::due(earned, &record, &pool);
        if amount == 0 {
            return true;
        }
        if let Err(error) = T::Currency::transfer(&Self::pot(), who, amount, Preservation::Preserve)
        {
            log::error!(target: LOG_TARGET, "{amount} units not paid to {who:?}: {error:?}");
            return true;
        }
        pool.left = pool.left.saturating_sub(amount);
        record.pool = Some(pool);
        Periods::<T>::insert(earned.period, record);
        Self::deposit_event(Event::Paid {
            relay: who.clone(),
            period: earned.period,
            amount,
        });
        true
    }
}
