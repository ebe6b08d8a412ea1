//! Allowances: opened per period, asked for, bought.

use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use parlance_primitives::{
    BlockNumber,
    accounts::{self, DeviceId, DeviceKeys, NetworkLoad, Resource, ServicePayment},
};

use crate::{
    Allowances, Config, CurrentParameters, Error, Event, Identities, Pallet, Purchases, Sizes,
    Standings,
    core::{
        allowance::Newcomers,
        purchase::{Purchase, price},
        tally::window_of,
    },
};

impl<T: Config> Pallet<T> {
    /// Opens a period of allowances.
    pub(crate) fn open_allowances(now: BlockNumber) {
        let parameters = CurrentParameters::<T>::get();
        let sizes = Sizes::<T>::get();
        let newcomers = Newcomers {
            share: parameters.newcomer_share,
            pool: parameters.newcomer_pool,
            count: sizes.work.saturating_add(sizes.invitation),
        };
        let period = window_of(now, T::AllowancePeriod::get());
        Allowances::<T>::mutate(|levels| {
            levels.advance(period, &parameters.allowances, &newcomers, T::Load::load);
        });
    }

    /// Bytes free of charge in a period: all with a deposit, a part without, none once expired.
    pub fn free_allowance(who: &T::AccountId, resource: Resource, period: u32) -> u64 {
        match Standings::<T>::get(who) {
            Some(standing) if !standing.is_expired(Self::now()) => {
                Allowances::<T>::get().in_period(resource, period, standing.is_backed())
            }
            _ => 0,
        }
    }

    /// Bytes paid for in a period.
    pub fn bought_allowance(who: &T::AccountId, resource: Resource, period: u32) -> u64 {
        Purchases::<T>::get(who)[resource.index()].in_period(period)
    }

    pub(crate) fn do_buy(
        who: T::AccountId,
        resource: Resource,
        bytes: u64,
        periods: u32,
    ) -> DispatchResult {
        Self::ensure_backed(&who)?;
        let parameters = CurrentParameters::<T>::get();
        ensure!(periods <= parameters.longest_purchase, Error::<T>::TooLong);
        let mut purchases = Purchases::<T>::get(&who);
        let period = <Self as accounts::Identities<_>>::period();
        let (purchase, due) = purchases[resource.index()]
            .extended(bytes, periods, period)
            .ok_or(Error::<T>::NotAnExtension)?;
        let price = price(due, parameters.price(resource));
        T::Payment::pay(&who, price)?;
        purchases[resource.index()] = purchase;
        Purchases::<T>::insert(&who, purchases);
        let Purchase { bytes, until, .. } = purchase;
        Self::deposit_event(Event::AllowanceBought {
            who,
            resource,
            bytes,
            until,
            price,
        });
        Ok(())
    }
}

impl<T: Config> accounts::Identities<T::AccountId> for Pallet<T> {
    fn allowance(who: &T::AccountId, resource: Resource, period: u32) -> u64 {
        let now = Self::period();
        if period != now && period.checked_add(1) != Some(now) {
            return 0;
        }
        Self::free_allowance(who, resource, period)
            .saturating_add(Self::bought_allowance(who, resource, period))
    }

    fn period() -> u32 {
        window_of(Self::now(), T::AllowancePeriod::get())
    }

    fn device(who: &T::AccountId, device: DeviceId) -> Option<DeviceKeys> {
        let identity = Identities::<T>::get(who)?;
        identity
            .devices
            .iter()
            .find(|one| one.id() == device)
            .map(|one| one.keys)
    }

    fn mailbox_epoch(who: &T::AccountId) -> Option<u32> {
        Identities::<T>::get(who).map(|identity| identity.mailbox_epoch)
    }

    fn note_use(who: &T::AccountId) {
        let now = Self::now();
        let lifetime = CurrentParameters::<T>::get().used_lifetime;
        Standings::<T>::mutate_extant(who, |standing| standing.note_use(now, lifetime));
    }
}
