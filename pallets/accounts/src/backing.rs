//! What stands behind identities: deposits, use, and what happens to those that have neither.

use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{Get, fungible::MutateHold, tokens::Precision},
    weights::Weight,
};
use parlance_primitives::Balance;
use sp_core::ed25519;

use crate::{
    Config, CurrentParameters, Error, Event, HoldReason, Identities, Invitations, Pallet,
    Purchases, Sizes, Standings, WeightInfo,
    core::standing::{Backing, Standing},
};

impl<T: Config> Pallet<T> {
    /// Takes the deposit of an identity that has none. From then on the deposit keeps the account
    /// alive instead of a reference of its own.
    ///
    /// # Errors
    /// When there is nothing to take it for or from; nothing has changed then.
    pub fn back(who: &T::AccountId) -> DispatchResult {
        let mut standing = Self::check_backable(who)?;
        let amount = CurrentParameters::<T>::get().deposit;
        T::Currency::hold(&HoldReason::Identity.into(), who, amount)
            .map_err(|_| Error::<T>::CannotBack)?;
        standing.backing = Backing::Deposit { amount };
        Standings::<T>::insert(who, standing);
        frame_system::Pallet::<T>::dec_sufficients(who);
        Sizes::<T>::mutate(|sizes| {
            let count = sizes.of_mut(standing.lane);
            *count = count.saturating_sub(1);
            sizes.backed = sizes.backed.saturating_add(1);
        });
        Self::deposit_event(Event::Backed {
            who: who.clone(),
            amount,
        });
        Ok(())
    }

    /// Whether [`Self::back`] would succeed.
    pub(crate) fn can_back(who: &T::AccountId) -> bool {
        use frame_support::traits::fungible::InspectHold;
        Self::check_backable(who).is_ok() && {
            let amount = CurrentParameters::<T>::get().deposit;
            T::Currency::can_hold(&HoldReason::Identity.into(), who, amount)
        }
    }

    fn check_backable(who: &T::AccountId) -> Result<Standing, Error<T>> {
        let standing = Standings::<T>::get(who).ok_or(Error::<T>::NoIdentity)?;
        ensure!(!standing.is_backed(), Error::<T>::AlreadyBacked);
        Ok(standing)
    }

    /// `who` pays a fee: it acts with tokens, so its deposit is due. For the path of fees of the
    /// runtime. Does nothing when there is no identity to back or not enough to back it.
    ///
    /// Returns the weight of what was done beyond a look at the account, which the path of fees has
    /// read already: none for nearly everybody, since only an identity without a deposit, or an
    /// asset that was made sufficient, keeps an account alive by a reference of that kind.
    pub fn note_payer(who: &T::AccountId) -> Weight {
        if frame_system::Pallet::<T>::sufficients(who) == 0 {
            return Weight::zero();
        }
        if !Self::can_back(who) {
            // Standing, parameters and what is held.
            return T::DbWeight::get().reads(3);
        }
        if let Err(error) = Self::back(who) {
            log::error!(target: crate::LOG_TARGET, "deposit of {who:?} not taken: {error:?}");
        }
        T::WeightInfo::back_identity()
    }

    /// `who` acts with tokens and cannot go on without a deposit.
    pub(crate) fn ensure_backed(who: &T::AccountId) -> DispatchResult {
        let standing = Standings::<T>::get(who).ok_or(Error::<T>::NoIdentity)?;
        if standing.is_backed() {
            Ok(())
        } else {
            Self::back(who)
        }
    }

    /// Whether `who` may remove its identity now.
    pub(crate) fn check_remove(who: &T::AccountId) -> Result<(), Error<T>> {
        let standing = Standings::<T>::get(who).ok_or(Error::<T>::NoIdentity)?;
        ensure!(standing.open == 0, Error::<T>::OpenInvitations);
        let age = Self::now().saturating_sub(standing.registered);
        let window = CurrentParameters::<T>::get().anchor_window;
        ensure!(age > window, Error::<T>::TooYoung);
        Ok(())
    }

    /// Removes an identity with all that belongs to it, and returns what was held.
    pub(crate) fn remove(who: &T::AccountId, expired: bool) -> DispatchResult {
        let standing = Standings::<T>::get(who).ok_or(Error::<T>::NoIdentity)?;
        if let Backing::Deposit { amount } = standing.backing {
            T::Currency::release(
                &HoldReason::Identity.into(),
                who,
                amount,
                Precision::BestEffort,
            )?;
        } else {
            frame_system::Pallet::<T>::dec_sufficients(who);
        }
        Standings::<T>::remove(who);
        Purchases::<T>::remove(who);
        let version = Identities::<T>::take(who).map_or(0, |identity| identity.version);
        Sizes::<T>::mutate(|sizes| {
            let count = if standing.is_backed() {
                &mut sizes.backed
            } else {
                sizes.of_mut(standing.lane)
            };
            *count = count.saturating_sub(1);
        });
        Self::deposit_event(Event::Removed {
            who: who.clone(),
            version,
            expired,
        });
        Ok(())
    }

    /// Whether all that is named can go, and something is named.
    pub(crate) fn all_stale(accounts: &[T::AccountId], invitations: &[ed25519::Public]) -> bool {
        let once = |place: usize| !accounts[..place].contains(&accounts[place]);
        let once_too = |place: usize| !invitations[..place].contains(&invitations[place]);
        !(accounts.is_empty() && invitations.is_empty())
            && accounts
                .iter()
                .enumerate()
                .all(|(place, who)| once(place) && Self::is_stale(who))
            && invitations
                .iter()
                .enumerate()
                .all(|(place, key)| once_too(place) && Self::is_void(key))
    }

    fn is_stale(who: &T::AccountId) -> bool {
        Standings::<T>::get(who).is_some_and(|standing| standing.is_expired(Self::now()))
    }

    fn is_void(key: &ed25519::Public) -> bool {
        Invitations::<T>::get(key).is_some_and(|open| open.expires <= Self::now())
    }

    /// Removes what has expired of what is named. An identity whose account has come to tokens
    /// meanwhile is backed instead.
    pub(crate) fn do_prune(
        accounts: &[T::AccountId],
        invitations: &[ed25519::Public],
    ) -> DispatchResult {
        for who in accounts.iter().filter(|who| Self::is_stale(who)) {
            if Self::can_back(who) {
                Self::back(who)?;
            } else {
                Self::remove(who, true)?;
            }
        }
        for key in invitations.iter().filter(|key| Self::is_void(key)) {
            Self::take_invitation(key);
        }
        Ok(())
    }

    /// The deposit of an identity.
    pub(crate) fn deposit_of(standing: &Standing) -> Option<Balance> {
        match standing.backing {
            Backing::Use { .. } => None,
            Backing::Deposit { amount } => Some(amount),
        }
    }
}
