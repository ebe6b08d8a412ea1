//! The rules that hold after every block.

use frame_support::{
    ensure,
    traits::fungible::{Inspect, InspectHold},
};
use parlance_primitives::Balance;
use sp_runtime::DispatchError;

use crate::{
    Activity, Available, Config, HoldReason, LastActiveDay, Ledger, Pallet, Splits, Terms, Vestings,
};

impl<T: Config> Pallet<T> {
    /// Checks every rule.
    ///
    /// # Errors
    /// The first broken rule, in words.
    pub(crate) fn check_invariants() -> Result<(), DispatchError> {
        let terms = Terms::<T>::get();
        Ledger::<T>::get()
            .check(&terms, &Available::<T>::get())
            .map_err(DispatchError::Other)?;
        ensure!(
            T::Currency::total_issuance() <= terms.max_supply,
            "the supply passes the cap"
        );
        ensure!(
            Splits::<T>::get().is_whole(),
            "the splits do not add up to one"
        );
        Self::check_vestings()?;
        Self::check_activity()
    }

    fn check_vestings() -> Result<(), DispatchError> {
        for (who, vestings) in Vestings::<T>::iter() {
            ensure!(!vestings.is_empty(), "an entry without a vesting");
            let held = vestings
                .iter()
                .fold(0, |sum: Balance, one| sum.saturating_add(one.held()));
            let on_hold = T::Currency::balance_on_hold(&HoldReason::Vesting.into(), &who);
            ensure!(held == on_hold, "what vests is not what is held");
            ensure!(
                vestings.iter().all(|one| one.held() > 0),
                "a vesting outlived its last step"
            );
        }
        Ok(())
    }

    fn check_activity() -> Result<(), DispatchError> {
        let activity = Activity::<T>::get();
        let mut marked = 0u32;
        for (_, day) in LastActiveDay::<T>::iter() {
            ensure!(day <= activity.day, "an account is active in the future");
            if day == activity.day {
                marked = marked.saturating_add(1);
            }
        }
        // Accounts may have been reaped since they were counted.
        ensure!(
            marked <= activity.active,
            "more accounts are marked than counted"
        );
        Ok(())
    }
}
