//! Rosters: which relays senders and mailboxes are given to, for a while.
//!
//! Renewed from all records at once, at most [`Config::MaxRelays`] of them, so that sets change at
//! known times only and nobody joins a roster of which it knows the seed.

use alloc::vec::Vec;
use frame_support::{BoundedVec, traits::Get};
use parlance_primitives::relay::{Period, RelayId, Seed};

use crate::{
    Config, CurrentNetwork, CurrentParameters, Event, Names, Pallet, Relays, Rosters,
    types::{Parameters, Relay, Standing},
};

/// Epochs of the beacon between what a relay decides and the seed that names it.
const EPOCHS_BEFORE: u64 = 2;

/// What a renewal goes by.
struct Renewal {
    seed: Seed,
    epoch: u64,
    parameters: Parameters,
    /// The roster that ends, in ascending order, and its first period.
    before: Vec<RelayId>,
    since: Period,
}

impl<T: Config> Pallet<T> {
    /// Number of the roster of a period.
    pub(crate) fn roster_of(period: Period) -> u32 {
        period.checked_div(T::RosterPeriods::get()).unwrap_or(0)
    }

    /// Puts roster `number` into force, with relays that are admitted under `seed`, the beacon's of
    /// `epoch`.
    pub(crate) fn renew_roster(number: u32, seed: Seed, epoch: u64) {
        let before = number.saturating_sub(1);
        let renewal = Renewal {
            seed,
            epoch,
            parameters: CurrentParameters::<T>::get(),
            before: Rosters::<T>::get(before).into_inner(),
            since: before.saturating_mul(T::RosterPeriods::get()),
        };
        let all: Vec<_> = Relays::<T>::iter().collect();
        let mut members = Vec::with_capacity(all.len());
        let mut capacity: u64 = 0;
        for (who, mut relay) in all {
            if let Some(id) = Self::admit(&who, &mut relay, &renewal) {
                members.push(id);
                capacity = capacity.saturating_add(relay.capacity);
            }
        }
        members.sort_unstable();
        let relays = members.len() as u32;
        // As many as there are records, which are bounded.
        Rosters::<T>::insert(number, BoundedVec::truncate_from(members));
        if let Some(old) = number.checked_sub(2) {
            Rosters::<T>::remove(old);
        }
        CurrentNetwork::<T>::mutate(|network| network.capacity = capacity);
        Self::deposit_event(Event::RosterRenewed {
            number,
            relays,
            capacity,
        });
    }

    /// The name of a relay in the next roster, if it is to be in it.
    fn admit(who: &T::AccountId, relay: &mut Relay, renewal: &Renewal) -> Option<RelayId> {
        if relay.standing != Standing::Active {
            return None;
        }
        let was_in = relay
            .id
            .is_some_and(|id| renewal.before.binary_search(&id).is_ok());
        let claimed = relay.last_claim.is_some_and(|last| last >= renewal.since);
        if was_in && !claimed {
            relay.standing = Standing::Dormant;
            Relays::<T>::insert(who, &*relay);
            Self::deposit_event(Event::Dormant { relay: who.clone() });
            return None;
        }
        let is_whole = relay.bond >= renewal.parameters.bond_for(relay.capacity);
        let is_known = renewal.epoch >= relay.registered.saturating_add(EPOCHS_BEFORE);
        if !is_whole || !is_known {
            return None;
        }
        if relay.id.is_none() {
            let id = RelayId::given(&renewal.seed, who);
            if Names::<T>::contains_key(id) {
                // Two names agree in 128 bits: the next roster gives another.
                return None;
            }
            Names::<T>::insert(id, who);
            relay.id = Some(id);
            Relays::<T>::insert(who, &*relay);
        }
        relay.id
    }
}
