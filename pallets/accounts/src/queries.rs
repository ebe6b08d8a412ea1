//! What clients ask, through the runtime API.

use alloc::vec::Vec;
use frame_support::traits::Get;
use parlance_primitives::accounts::{
    Allowance, Identities as _, Identity, Lane, Requirements, Resource, StandingInfo,
};

use crate::{
    Config, CurrentGate, CurrentParameters, Identities, Pallet, Standings,
    core::{standing::Backing, tally::window_of},
};

impl<T: Config> Pallet<T> {
    /// The identity of an account.
    pub fn identity(who: &T::AccountId) -> Option<Identity> {
        Identities::<T>::get(who)
    }

    /// Where it stands.
    pub fn standing(who: &T::AccountId) -> Option<StandingInfo> {
        let standing = Standings::<T>::get(who)?;
        let parameters = CurrentParameters::<T>::get();
        let expires = match standing.backing {
            Backing::Use { expires } => Some(expires),
            Backing::Deposit { .. } => None,
        };
        Some(StandingInfo {
            lane: standing.lane,
            registered: standing.registered,
            deposit: Self::deposit_of(&standing),
            expires,
            invitations: Self::invitations_left(&standing, &parameters, Self::now()),
            free_changes: Self::free_changes_left(who),
        })
    }

    /// What an account may use in the running period, by resource.
    pub fn allowances_of(who: &T::AccountId) -> Vec<Allowance> {
        let period = Self::period();
        Resource::ALL
            .into_iter()
            .map(|resource| Allowance {
                resource,
                period,
                free: Self::free_allowance(who, resource, period),
                bought: Self::bought_allowance(who, resource, period),
            })
            .collect()
    }

    /// What a registration without tokens takes now. The anchor is the block before the one asked:
    /// the state of a block does not know the block's own hash.
    pub fn registration_requirements() -> Requirements {
        let parameters = CurrentParameters::<T>::get();
        let length = T::RegistrationPeriod::get();
        let anchor = Self::now().saturating_sub(1);
        let gate = CurrentGate::<T>::get();
        let difficulty = gate
            .difficulty_in(window_of(anchor, length), &parameters.difficulty)
            .unwrap_or(parameters.difficulty.floor);
        Requirements {
            anchor,
            anchor_hash: frame_system::Pallet::<T>::parent_hash(),
            anchor_window: parameters.anchor_window,
            puzzle: T::Puzzle::get(),
            difficulty,
            work_room: Self::room_left(Lane::Work),
            invitation_room: Self::room_left(Lane::Invitation),
            next_period: window_of(Self::now(), length)
                .saturating_add(1)
                .saturating_mul(length),
            deposit: parameters.deposit,
        }
    }
}
