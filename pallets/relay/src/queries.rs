//! What clients and relays ask, through the runtime API to come.

use alloc::vec::Vec;
use frame_support::traits::Get;
use parlance_primitives::relay::{
    Correspondents, DRAWS, MAILBOX, Period, RelayId, Root, Side, cap, ingress_places, mailbox_of,
    nearest, positions,
};

use crate::{Config, Names, Pallet, Periods, Relays, Rosters};

impl<T: Config> Pallet<T> {
    /// Names of the relays through which `who` may send in the running period.
    pub fn ingress_of(who: &T::AccountId) -> Vec<RelayId> {
        let period = Self::period();
        let Some(record) = Periods::<T>::get(period) else {
            return Vec::new();
        };
        let roster = Rosters::<T>::get(Self::roster_of(period));
        ingress_places(&record.seed, period, who, roster.len() as u32)
            .into_iter()
            .filter_map(|place| roster.get(place as usize).copied())
            .collect()
    }

    /// Names of the relays that keep the mailbox of `who`, the nearest first; none without an
    /// identity.
    pub fn mailbox_set_of(who: &T::AccountId) -> Vec<RelayId> {
        let Some(epoch) = T::Correspondents::mailbox_epoch(who) else {
            return Vec::new();
        };
        let roster = Rosters::<T>::get(Self::roster_of(Self::period()));
        nearest(&roster, mailbox_of(who, epoch), MAILBOX)
            .into_iter()
            .filter_map(|place| roster.get(place as usize).copied())
            .collect()
    }

    /// Bytes of `who` that count at each of its ingress relays in the running period.
    pub fn cap_of(who: &T::AccountId) -> u64 {
        let period = Self::period();
        let allowance = T::Correspondents::allowance(who, Self::first_block(period));
        Periods::<T>::get(period).map_or(0, |record| cap(&allowance, &record.rules))
    }

    /// The account of a relay.
    pub fn account_of(id: RelayId) -> Option<T::AccountId> {
        Names::<T>::get(id)
    }

    /// The positions that `relay` has to open for its claim of `period`, of tickets and of receipts;
    /// `None` when there is no such claim, or nothing is drawn yet.
    pub fn challenge(relay: &T::AccountId, period: Period) -> Option<([u64; DRAWS], [u64; DRAWS])> {
        let record = Relays::<T>::get(relay)?;
        let pending = record.pending.iter().find(|one| one.period == period)?;
        let seed = Self::challenge_of(pending)?;
        let draw = |side, root: &Root| positions(&seed, period, relay, side, root);
        Some((
            draw(Side::Tickets, &pending.tickets),
            draw(Side::Receipts, &pending.receipts),
        ))
    }

    /// Health of a relay now, in thousandths: as if each period that is closed to openings had been
    /// proven or not.
    pub fn health_of(relay: &T::AccountId) -> u16 {
        let behind = T::OpeningPeriods::get().saturating_add(2);
        let period = Self::period().saturating_sub(behind);
        Relays::<T>::get(relay).map_or(0, |record| record.health.at(period))
    }
}
