//! Releasing what is due of the genesis allocations.

use frame_support::{
    ensure,
    traits::{Time, fungible::MutateHold, tokens::Precision},
};
use parlance_primitives::{Balance, Moment};
use sp_runtime::DispatchError;

use crate::{Config, Error, Event, HoldReason, Listing, Pallet, Vestings};

impl<T: Config> Pallet<T> {
    /// What [`Pallet::release`] would release to an account now, in units.
    pub fn releasable(who: &T::AccountId) -> Balance {
        let (listing, now) = (Listing::<T>::get(), T::Time::now());
        let due = Vestings::<T>::get(who)
            .into_iter()
            .map(|vesting| vesting.due(listing, now));
        due.fold(0, Balance::saturating_add)
    }

    /// The next date on which something becomes due to an account, and how much, in units; `None` when
    /// there is none or the listing date is not known.
    pub fn next_release(who: &T::AccountId) -> Option<(Moment, Balance)> {
        let (listing, now) = (Listing::<T>::get(), T::Time::now());
        let upcoming = |vesting: &crate::Vesting| {
            let start = vesting.steps.starts(listing)?;
            vesting.steps.dates(start).find(|(date, _)| *date > now)
        };
        let mut next: Option<(Moment, Balance)> = None;
        for (date, amount) in Vestings::<T>::get(who).iter().filter_map(upcoming) {
            next = Some(match next {
                Some((earliest, sum)) if earliest == date => (date, sum.saturating_add(amount)),
                Some(earlier) if earlier.0 < date => earlier,
                _ => (date, amount),
            });
        }
        next
    }

    /// Releases what is due and returns how many vestings were looked at.
    pub(crate) fn release_due(who: &T::AccountId) -> Result<u32, DispatchError> {
        let mut vestings = Vestings::<T>::get(who);
        ensure!(!vestings.is_empty(), Error::<T>::NoVesting);
        let count = u32::try_from(vestings.len()).unwrap_or(u32::MAX);
        let (listing, now) = (Listing::<T>::get(), T::Time::now());
        let mut amount: Balance = 0;
        for vesting in vestings.iter_mut() {
            let due = vesting.due(listing, now);
            vesting.released = vesting.released.saturating_add(due);
            amount = amount.saturating_add(due);
        }
        ensure!(amount > 0, Error::<T>::NothingDue);

        T::Currency::release(&HoldReason::Vesting.into(), who, amount, Precision::Exact)?;
        vestings.retain(|vesting| vesting.held() > 0);
        if vestings.is_empty() {
            Vestings::<T>::remove(who);
            // Given at genesis, so that an account whose whole balance is held exists. What was released
            // just now keeps it alive: no step is below the least balance.
            frame_system::Pallet::<T>::dec_providers(who)?;
        } else {
            Vestings::<T>::insert(who, vestings);
        }
        Self::deposit_event(Event::Released {
            who: who.clone(),
            amount,
        });
        Ok(count)
    }
}
