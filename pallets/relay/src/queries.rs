//! What clients, relays and a relay's worker ask, through the runtime API.

use alloc::vec::Vec;
use frame_support::traits::Get;
use parlance_primitives::{
    Balance, BlockNumber,
    accounts::DeviceId,
    relay::{
        Agenda, Challenge, Clock, Correspondent, Correspondents, DRAWS, MAILBOX, OpenClaim, Period,
        RelayId, RelayInfo, Root, Setting, Side, cap, ingress_places, mailbox_of, nearest,
        positions,
    },
};

use crate::{
    Config, CurrentParameters, Names, Pallet, Periods, Relays, Rosters,
    types::{Relay, Standing},
};

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

    /// All relays, in no order.
    pub fn relays() -> Vec<RelayInfo<T::AccountId>> {
        let roster = Rosters::<T>::get(Self::roster_of(Self::period()));
        let describe = |(account, relay): (T::AccountId, Relay)| {
            let health = Self::health_of(&account);
            RelayInfo {
                account,
                id: relay.id,
                key: relay.endpoint.key,
                address: relay.endpoint.address.into_inner(),
                capacity: relay.capacity,
                bond: relay.bond,
                health,
                is_member: relay.id.is_some_and(|id| roster.binary_search(&id).is_ok()),
                is_going: relay.standing != Standing::Active,
            }
        };
        Relays::<T>::iter().map(describe).collect()
    }

    /// Where the running period stands.
    pub fn clock() -> Clock {
        Self::clock_at(Self::now())
    }

    fn clock_at(block: BlockNumber) -> Clock {
        let period = Self::period_of(block);
        let begins = Self::first_block(period);
        Clock {
            period,
            begins,
            ends: Self::first_block(period.saturating_add(1)),
            claims_until: begins.saturating_add(CurrentParameters::<T>::get().claim_window),
        }
    }

    /// What leaves of a period are judged by; none when it has not begun or is forgotten. Its roster is
    /// empty once nothing of it can be opened any more.
    pub fn setting(period: Period) -> Option<Setting> {
        let record = Periods::<T>::get(period)?;
        Some(Setting {
            seed: record.seed,
            rules: record.rules,
            roster: Rosters::<T>::get(Self::roster_of(period)).into_inner(),
        })
    }

    /// What is known of somebody and its device for a period.
    pub fn correspondent(who: &T::AccountId, device: DeviceId, period: Period) -> Correspondent {
        let at = Self::first_block(period);
        Correspondent {
            device: T::Correspondents::device(who, device, at),
            allowance: T::Correspondents::allowance(who, at),
            mailbox_epoch: T::Correspondents::mailbox_epoch(who),
        }
    }

    /// What a relay has to do, as of the next block.
    pub fn agenda(who: &T::AccountId) -> Option<Agenda> {
        let relay = Relays::<T>::get(who)?;
        let next = Self::now().saturating_add(1);
        let clock = Self::clock_at(next);
        let claimable = clock.period.checked_sub(1).filter(|period| {
            next < clock.claims_until
                && relay.last_claim.is_none_or(|last| last < *period)
                && relay.id.is_some_and(|id| Self::is_member(*period, id))
        });
        let open = relay
            .pending
            .iter()
            .filter(|pending| clock.period < Self::closes_in(pending.period))
            .map(|pending| OpenClaim {
                period: pending.period,
                tickets: pending.tickets,
                receipts: pending.receipts,
                challenge: Self::challenge(who, pending.period)
                    .map(|(tickets, receipts)| Challenge { tickets, receipts }),
                until: Self::first_block(Self::closes_in(pending.period)),
            })
            .collect();
        Some(Agenda {
            clock,
            id: relay.id,
            claimable,
            open,
            waiting: Self::waiting(&relay),
        })
    }

    /// Pay that waits for a relay, in units.
    fn waiting(relay: &Relay) -> Balance {
        let due = relay.earned.iter().map(|earned| {
            let record = Periods::<T>::get(earned.period)?;
            let pool = record.pool?;
            Some(Self::due(earned, &record, &pool))
        });
        due.flatten().fold(0, Balance::saturating_add)
    }
}
