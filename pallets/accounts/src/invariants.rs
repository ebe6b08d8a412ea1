//! The rules that hold after every block.

use alloc::collections::BTreeMap;
use codec::Encode;
use frame_support::{
    ensure,
    traits::{Get, fungible::InspectHold},
};
use parlance_primitives::accounts::{Identity, Lane};
use sp_runtime::DispatchError;

use crate::{
    Config, CurrentParameters, HoldReason, Identities, Invitations, Pallet, Purchases, Sizes,
    Standings,
    core::{identity::has_small_order, standing::Standing},
    types::Counts,
};

impl<T: Config> Pallet<T> {
    /// Checks every rule.
    ///
    /// # Errors
    /// The first broken rule, in words.
    pub(crate) fn check_invariants() -> Result<(), DispatchError> {
        ensure!(
            CurrentParameters::<T>::get().are_sound(T::MaxAnchorWindow::get()),
            "the parameters are not sound"
        );
        let mut counts = Counts::default();
        let mut open = Self::check_invitations()?;
        for (who, standing) in Standings::<T>::iter() {
            let identity = Identities::<T>::get(&who).ok_or("a standing without an identity")?;
            Self::check_identity(&identity)?;
            Self::check_standing(&who, &standing)?;
            let given = open.remove(&who.encode()).unwrap_or(0);
            ensure!(given == standing.open, "open invitations are miscounted");
            let count = if standing.is_backed() {
                &mut counts.backed
            } else {
                counts.of_mut(standing.lane)
            };
            *count = count.saturating_add(1);
        }
        ensure!(
            open.is_empty(),
            "an invitation of somebody without identity"
        );
        counts.invitations = Invitations::<T>::iter().count() as u32;
        ensure!(counts == Sizes::<T>::get(), "the maps are miscounted");
        let identities = Identities::<T>::iter_keys().count() as u32;
        let standings = [Lane::Work, Lane::Invitation]
            .iter()
            .fold(counts.backed, |sum, lane| {
                sum.saturating_add(counts.of(*lane))
            });
        ensure!(identities == standings, "an identity without a standing");
        for who in Purchases::<T>::iter_keys() {
            let backed = Standings::<T>::get(&who).is_some_and(|standing| standing.is_backed());
            ensure!(backed, "a purchase of somebody without deposit");
        }
        Ok(())
    }

    /// Open invitations by inviter.
    fn check_invitations() -> Result<BTreeMap<alloc::vec::Vec<u8>, u32>, DispatchError> {
        let mut open = BTreeMap::<_, u32>::new();
        for invitation in Invitations::<T>::iter_values() {
            let backed =
                Standings::<T>::get(&invitation.inviter).is_some_and(|one| one.is_backed());
            ensure!(backed, "an invitation of somebody without deposit");
            let count = open.entry(invitation.inviter.encode()).or_default();
            *count = count.saturating_add(1);
        }
        Ok(open)
    }

    fn check_identity(identity: &Identity) -> Result<(), DispatchError> {
        ensure!(!identity.devices.is_empty(), "an identity without a device");
        ensure!(identity.version <= Self::now(), "a version of the future");
        for (place, device) in identity.devices.iter().enumerate() {
            let id = device.id();
            ensure!(device.since <= identity.version, "a device of the future");
            ensure!(!has_small_order(&device.keys.agreement), "a weak key");
            ensure!(
                identity.devices[..place].iter().all(|one| one.id() != id),
                "two devices of one name"
            );
            ensure!(
                identity.revoked.iter().all(|one| one.device != id),
                "a device is revoked and in use"
            );
        }
        Ok(())
    }

    fn check_standing(who: &T::AccountId, standing: &Standing) -> Result<(), DispatchError> {
        let held = T::Currency::balance_on_hold(&HoldReason::Identity.into(), who);
        ensure!(
            held == Self::deposit_of(standing).unwrap_or(0),
            "what is held is not the deposit"
        );
        let kept = if standing.is_backed() {
            frame_system::Pallet::<T>::consumers(who)
        } else {
            frame_system::Pallet::<T>::sufficients(who)
        };
        ensure!(kept > 0, "an identity does not keep its account");
        Ok(())
    }
}
