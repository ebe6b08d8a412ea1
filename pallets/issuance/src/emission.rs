//! The schedule at work: settling, minting, active accounts, and what flows back to the pool.

use frame_support::{
    traits::{
        Get, OnKilledAccount, Time,
        fungible::{Inspect, Mutate},
        tokens::{Fortitude, Precision, Preservation},
    },
    weights::Weight,
};
use parlance_primitives::{Balance, Moment, issuance::Share, traits::Emission};
use sp_runtime::DispatchResult;

use crate::{
    Activity, Available, Clock, Config, Event, LOG_TARGET, LastActiveDay, Ledger, Pallet, Splits,
    Terms,
    core::{clock::day_of, ledger::Terms as GenesisTerms},
    weights::WeightInfo,
};

impl<T: Config> Emission<T::AccountId, Balance> for Pallet<T> {
    fn settle() {
        Self::advance(&Terms::<T>::get(), T::Time::now());
        let settlement = Available::<T>::mutate(|available| {
            Ledger::<T>::mutate(|ledger| ledger.settle(available, &Splits::<T>::get()))
        });
        Self::deposit_event(Event::Settled {
            released: settlement.released,
            lapsed: settlement.lapsed,
        });
    }

    fn available(share: Share) -> Balance {
        Available::<T>::get().of(share)
    }

    fn mint(share: Share, who: &T::AccountId, amount: Balance) -> Balance {
        let mut ledger = Ledger::<T>::get();
        let mut available = Available::<T>::get();
        let issued = T::Currency::total_issuance();
        let amount = ledger.mintable(&Terms::<T>::get(), &available, share, amount, issued);
        if amount == 0 {
            return 0;
        }
        match T::Currency::mint_into(who, amount) {
            Ok(minted) => {
                ledger.mint(&mut available, share, minted);
                Ledger::<T>::put(ledger);
                Available::<T>::put(available);
                Self::deposit_event(Event::Minted {
                    share,
                    who: who.clone(),
                    amount: minted,
                });
                minted
            }
            // An account that does not exist and would get less than the least balance.
            Err(error) => {
                log::debug!(target: LOG_TARGET, "{amount} units not minted: {error:?}");
                0
            }
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Marks an account as active today. Called wherever a transaction pays its fee; one read when the
    /// schedule does not ask for it, constant time always.
    pub fn note_active(who: &T::AccountId) {
        let terms = Terms::<T>::get();
        if !terms.schedule.counts_users() {
            return;
        }
        let now = T::Time::now();
        let mut activity = Activity::<T>::get();
        if day_of(now) > activity.day {
            // The count of the day that ends is needed for what it released: settle the clock first.
            Self::advance(&terms, now);
            activity = Activity::<T>::get();
        }
        if LastActiveDay::<T>::get(who) != Some(activity.day) {
            LastActiveDay::<T>::insert(who, activity.day);
            activity.active = activity.active.saturating_add(1);
            Activity::<T>::put(activity);
        }
    }

    /// Weight of [`Pallet::note_active`] under this chain's schedule.
    pub fn note_active_weight() -> Weight {
        if Terms::<T>::get().schedule.counts_users() {
            T::WeightInfo::note_active()
        } else {
            T::DbWeight::get().reads(1)
        }
    }

    /// Burns tokens that `who` paid for a service of the network, in favour of the mining pool. Under
    /// `Halving` the pool takes no returns and the tokens are gone for good.
    ///
    /// # Errors
    /// When `who` cannot spend the amount and stay alive; nothing has changed then.
    pub fn repay_pool(who: &T::AccountId, amount: Balance) -> DispatchResult {
        let burnt = T::Currency::burn_from(
            who,
            amount,
            Preservation::Preserve,
            Precision::Exact,
            Fortitude::Polite,
        )?;
        let terms = Terms::<T>::get();
        Ledger::<T>::mutate(|ledger| ledger.repay(&terms, burnt));
        Self::deposit_event(Event::PoolPaid {
            who: who.clone(),
            amount: burnt,
            minable: terms.schedule.takes_returns(),
        });
        Ok(())
    }

    /// Removes marks of earlier days and returns how many there were.
    pub(crate) fn prune(accounts: &[T::AccountId]) -> usize {
        let today = Activity::<T>::get().day;
        accounts
            .iter()
            .filter(|who| {
                let stale = LastActiveDay::<T>::get(who).is_some_and(|day| day < today);
                if stale {
                    LastActiveDay::<T>::remove(who);
                }
                stale
            })
            .count()
    }

    /// Moves the schedule's clock to `now`; what it releases waits for the next settlement.
    fn advance(terms: &GenesisTerms, now: Moment) {
        let mut ledger = Ledger::<T>::get();
        let released = Clock::<T>::mutate(|clock| {
            Activity::<T>::mutate(|activity| {
                clock.advance(
                    &terms.schedule,
                    activity,
                    now,
                    terms.max_settlement_ms,
                    ledger.left(terms),
                )
            })
        });
        ledger.release(released);
        Ledger::<T>::put(ledger);
    }
}

/// Lets the runtime drop the activity mark of an account that is reaped.
impl<T: Config> OnKilledAccount<T::AccountId> for Pallet<T> {
    fn on_killed_account(who: &T::AccountId) {
        LastActiveDay::<T>::remove(who);
    }
}
