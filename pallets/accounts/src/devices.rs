//! Changes of an identity by its account.

use frame_support::dispatch::DispatchResult;
use parlance_primitives::accounts::{Changes, Entries, Identity, Version};

use crate::{
    Config, CurrentParameters, Error, Event, Identities, Pallet, Standings, core::identity::changed,
};

impl<T: Config> Pallet<T> {
    /// The identity after the changes.
    pub(crate) fn check_change(
        who: &T::AccountId,
        base: Version,
        changes: &Changes,
    ) -> Result<(Identity, Entries), Error<T>> {
        let identity = Identities::<T>::get(who).ok_or(Error::<T>::NoIdentity)?;
        let genesis = Self::genesis();
        changed(&identity, base, Self::now(), changes, |keys, possession| {
            Self::possesses(who, base, keys, possession, &genesis)
        })
        .map_err(Into::into)
    }

    /// Whether a change costs no fee: it will succeed, and the window has one left.
    pub(crate) fn change_is_free(who: &T::AccountId, base: Version, changes: &Changes) -> bool {
        Self::free_changes_left(who) > 0 && Self::check_change(who, base, changes).is_ok()
    }

    /// Changes without a fee that the window has left.
    pub(crate) fn free_changes_left(who: &T::AccountId) -> u32 {
        let parameters = CurrentParameters::<T>::get();
        Standings::<T>::get(who).map_or(0, |standing| {
            standing.changes.left(
                Self::now(),
                parameters.change_window,
                parameters.free_changes,
            )
        })
    }

    pub(crate) fn do_change(who: T::AccountId, base: Version, changes: &Changes) -> DispatchResult {
        let (identity, entries) = Self::check_change(&who, base, changes)?;
        let (version, history) = (identity.version, identity.history);
        Identities::<T>::insert(&who, identity);
        // Counted whether or not a fee was paid: the dispatch does not know.
        let window = CurrentParameters::<T>::get().change_window;
        Standings::<T>::mutate(&who, |standing| {
            if let Some(standing) = standing {
                standing.changes.add(version, window, 1);
            }
        });
        Self::deposit_event(Event::Changed {
            who,
            version,
            entries,
            history,
        });
        Ok(())
    }
}
