//! Invitations: given, taken back, taken, void.

use frame_support::{dispatch::DispatchResult, ensure};
use parlance_primitives::BlockNumber;
use sp_core::ed25519;

use crate::{
    Config, CurrentParameters, Error, Event, Invitation, InvitationKeys, Invitations, Pallet,
    Sizes, Standings, core::standing::Standing, types::Parameters,
};

impl<T: Config> Pallet<T> {
    /// Invitations that an identity may give now.
    pub(crate) fn invitations_left(
        standing: &Standing,
        parameters: &Parameters,
        now: BlockNumber,
    ) -> u32 {
        if !standing.is_backed() {
            return 0;
        }
        let in_window =
            standing
                .invitations
                .left(now, parameters.invitation_window, parameters.invitations);
        in_window.min(parameters.invitations.saturating_sub(standing.open))
    }

    /// The inviter's standing once it has given `keys`.
    pub(crate) fn check_invite(
        inviter: &T::AccountId,
        keys: &InvitationKeys,
    ) -> Result<Standing, Error<T>> {
        let now = Self::now();
        let parameters = CurrentParameters::<T>::get();
        let mut standing = Standings::<T>::get(inviter).ok_or(Error::<T>::NoIdentity)?;
        ensure!(standing.is_backed(), Error::<T>::NotBacked);
        ensure!(!keys.is_empty(), Error::<T>::NothingToChange);
        let count = keys.len() as u32;
        ensure!(
            count <= Self::invitations_left(&standing, &parameters, now),
            Error::<T>::NoInvitationsLeft
        );
        for (place, key) in keys.iter().enumerate() {
            let known = Invitations::<T>::contains_key(key) || keys[..place].contains(key);
            ensure!(!known, Error::<T>::KnownInvitation);
        }
        standing
            .invitations
            .add(now, parameters.invitation_window, count);
        standing.open = standing.open.saturating_add(count);
        Ok(standing)
    }

    pub(crate) fn do_invite(inviter: T::AccountId, keys: InvitationKeys) -> DispatchResult {
        let standing = Self::check_invite(&inviter, &keys)?;
        let expires = Self::now().saturating_add(CurrentParameters::<T>::get().invitation_lifetime);
        for key in &keys {
            Invitations::<T>::insert(
                key,
                Invitation {
                    inviter: inviter.clone(),
                    expires,
                },
            );
        }
        Standings::<T>::insert(&inviter, standing);
        let count = keys.len() as u32;
        Sizes::<T>::mutate(|sizes| sizes.invitations = sizes.invitations.saturating_add(count));
        Self::deposit_event(Event::Invited {
            inviter,
            keys,
            expires,
        });
        Ok(())
    }

    /// Whether `inviter` has given all of `keys`, each named once, and nobody has taken them.
    pub(crate) fn check_revoke_invitations(
        inviter: &T::AccountId,
        keys: &InvitationKeys,
    ) -> Result<(), Error<T>> {
        ensure!(!keys.is_empty(), Error::<T>::NothingToChange);
        for (place, key) in keys.iter().enumerate() {
            let own = Invitations::<T>::get(key).is_some_and(|open| open.inviter == *inviter);
            ensure!(
                own && !keys[..place].contains(key),
                Error::<T>::UnknownInvitation
            );
        }
        Ok(())
    }

    pub(crate) fn do_revoke_invitations(
        inviter: T::AccountId,
        keys: InvitationKeys,
    ) -> DispatchResult {
        Self::check_revoke_invitations(&inviter, &keys)?;
        for key in &keys {
            Self::take_invitation(key);
        }
        Self::deposit_event(Event::InvitationsRevoked { inviter, keys });
        Ok(())
    }

    /// Removes an invitation from the state, and returns who gave it.
    pub(crate) fn take_invitation(key: &ed25519::Public) -> Option<T::AccountId> {
        let invitation = Invitations::<T>::take(key)?;
        Standings::<T>::mutate(&invitation.inviter, |standing| {
            if let Some(standing) = standing {
                standing.open = standing.open.saturating_sub(1);
            }
        });
        Sizes::<T>::mutate(|sizes| sizes.invitations = sizes.invitations.saturating_sub(1));
        Some(invitation.inviter)
    }
}
