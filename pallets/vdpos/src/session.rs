//! Epochs and eras, as the session pallet drives them. An epoch is a session, with the same index.
//!
//! At a rotation the session calls, in this order: `end_session` ([`Pallet::close_epoch`]),
//! `start_session` ([`Pallet::open_epoch`]), `new_session` ([`Pallet::plan`]) for the session after the one that
//! starts, and `on_new_session` of each key's handler with the set that starts. All of it happens in the
//! first block at or after the end of the epoch, counted in slots.

use crate::{
    Active, AuraId, Candidates, Config, CurrentEpoch, CurrentEra, CurrentParameters, Epoch,
    EpochRecord, Epochs, Era, EraService, Event, Lags, LastLag, LastLeader, Member, OldestEpoch,
    OperatorKeys, Pallet, Planned, Producer, Seats, Service, Slashed, Standby, Tally,
    core::quality,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{
    pallet_prelude::*,
    traits::{EstimateNextSessionRotation, OneSessionHandler},
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::{ShouldEndSession, historical};
use parlance_primitives::{
    traits::{EpochSeed, SlotLeader},
    vdpos::Index,
};
use sp_runtime::{BoundToRuntimeAppPublic, Permill, traits::SaturatedConversion};

/// Epochs that one rotation forgets at most. One comes in per rotation, so two catch up.
const PRUNED_PER_EPOCH: u32 = 2;

impl<T: Config> Pallet<T> {
    /// Judges the epoch that ends, and at the end of an era pays it.
    pub(crate) fn close_epoch(index: Index) {
        LastLag::<T>::set(Lags::<T>::take().median());
        let services = Self::take_tally();
        for (who, service) in &services {
            EraService::<T>::mutate(who, |sum| *sum = sum.plus(*service));
        }
        let era = CurrentEra::<T>::get();
        for who in Self::failed_twice(&services) {
            Self::strike(&who, era.index);
        }
        Self::replace_unfit(era.index);
        if index.saturating_add(1) >= era.end() {
            Self::settle_era();
            Self::forgive();
        }
    }

    /// Starts epoch `index`, and an era when it is the first of one. `starting` is the set of the session
    /// if it is another one, or has other keys, than the one before.
    pub(crate) fn open_epoch(index: Index, starting: Option<Vec<Member<T::AccountId>>>) {
        let roster = Self::enrol(index, starting);
        // The state of genesis is that of epoch 0.
        if index == 0 {
            return;
        }
        let parameters = CurrentParameters::<T>::get();
        let start = Self::next_start();
        CurrentEpoch::<T>::put(Epoch {
            index,
            start,
            length: parameters.epoch_slots,
        });
        let mut era = CurrentEra::<T>::get();
        if index >= era.end() {
            era = Era {
                index: era.index.saturating_add(1),
                first_epoch: index,
                epochs: parameters.epochs_per_era,
            };
            CurrentEra::<T>::put(&era);
            Self::install(Planned::<T>::take());
        }
        let record = EpochRecord {
            era: era.index,
            start,
            roster,
            stand_ins: Default::default(),
        };
        Epochs::<T>::insert(index, record);
        Self::forget_old_epochs(era.index);
        Self::deposit_event(Event::EpochStarted {
            epoch: index,
            start,
        });
    }

    /// Holds the election when session `index` is the first of an era. Returns the set for the session
    /// if it is another one than `running`.
    pub(crate) fn plan(index: Index, running: &[T::AccountId]) -> Option<Vec<T::AccountId>> {
        let era = CurrentEra::<T>::get();
        if index >= era.end()
            && !Planned::<T>::exists()
            && let Some(outcome) = Self::elect(era.index.saturating_add(1))
        {
            let set = accounts(&outcome.active);
            Planned::<T>::put(outcome);
            return Some(set);
        }
        let set: Vec<_> = accounts(&Active::<T>::get())
            .into_iter()
            .filter(T::OperatorKeys::has_keys)
            .collect();
        (!set.is_empty() && set != running).then_some(set)
    }

    /// First slot of the epoch that starts now. Epochs stand on a grid, so that their ends are known
    /// ahead; after an outage of several epochs the grid goes on and the index counts one.
    fn next_start() -> sp_consensus_aura::Slot {
        let epoch = CurrentEpoch::<T>::get();
        let length = u64::from(epoch.length.max(1));
        let passed = *Self::slot().saturating_sub(*epoch.start);
        let rounds = passed.checked_div(length).unwrap_or(1).max(1);
        epoch.start.saturating_add(rounds.saturating_mul(length))
    }

    /// What each producer did in this epoch.
    fn take_tally() -> BTreeMap<T::AccountId, Service> {
        let tally = Tally::<T>::take();
        Seats::<T>::get()
            .into_iter()
            .map(|seat| seat.account)
            .zip(tally)
            .collect()
    }

    /// Producers that missed more than half of their slots in this epoch and in the one before.
    fn failed_twice(services: &BTreeMap<T::AccountId, Service>) -> Vec<T::AccountId> {
        Active::<T>::mutate(|active| {
            let mut twice = Vec::new();
            for producer in active.iter_mut() {
                let Some(service) = services.get(&producer.account) else {
                    continue;
                };
                let failed = quality::failed_epoch(service.made, service.expected);
                if failed && producer.failed {
                    twice.push(producer.account.clone());
                }
                producer.failed = failed;
            }
            twice
        })
    }

    /// Takes a producer's slots for the rest of the era, and shuts it out when that happens too often.
    fn strike(who: &T::AccountId, era: Index) {
        let parameters = CurrentParameters::<T>::get();
        let mut banned = false;
        Candidates::<T>::mutate(who, |slot| {
            let Some(candidate) = slot else { return };
            candidate.strikes = candidate.strikes.saturating_add(1);
            if candidate.strikes >= parameters.strikes_to_ban {
                candidate.strikes = 0;
                banned = true;
            }
        });
        Self::replace(who, era);
        if banned {
            Self::ban(who);
        }
    }

    /// Shuts a candidate out for the rest of this era and the full eras of the ban.
    pub(crate) fn ban(who: &T::AccountId) {
        let eras = CurrentParameters::<T>::get().ban_eras;
        let until = CurrentEra::<T>::get()
            .index
            .saturating_add(1)
            .saturating_add(eras);
        Candidates::<T>::mutate(who, |slot| {
            if let Some(candidate) = slot {
                candidate.banned_until = candidate.banned_until.max(until);
                Self::deposit_event(Event::Banned {
                    candidate: who.clone(),
                    until,
                });
            }
        });
    }

    /// Replaces producers that are shut out or have no keys any more.
    pub(crate) fn replace_unfit(era: Index) {
        let unfit = |who: &T::AccountId| {
            !T::OperatorKeys::has_keys(who)
                || Candidates::<T>::get(who).is_none_or(|one| one.banned_until > era)
        };
        for producer in Active::<T>::get().into_iter().filter(|one| !one.benched) {
            if unfit(&producer.account) {
                Self::replace(&producer.account, era);
            }
        }
    }

    /// Gives the place of `who` to the first in line that may be elected. With nobody in line it keeps
    /// its place in the set, which must not shrink between elections, but has no slots; the last one
    /// with slots keeps those too.
    fn replace(who: &T::AccountId, era: Index) {
        let mut standby = Standby::<T>::get();
        let able = standby.iter().position(|(account, _)| {
            Candidates::<T>::get(account)
                .is_some_and(|candidate| Self::is_eligible(account, &candidate, era))
        });
        let successor = able.map(|index| standby.remove(index));
        let name = successor.as_ref().map(|(account, _)| account.clone());
        let replaced = Active::<T>::mutate(|active| {
            let working = active.iter().filter(|one| !one.benched).count();
            let Some(place) = active.iter_mut().find(|one| one.account == *who) else {
                return false;
            };
            match successor {
                Some(successor) => *place = Producer::new(successor),
                None if working > 1 => place.benched = true,
                None => return false,
            }
            true
        });
        if replaced {
            Standby::<T>::put(standby);
            Self::deposit_event(Event::Struck {
                candidate: who.clone(),
                successor: name,
            });
        }
    }

    /// An era served to its end takes one strike off.
    fn forgive() {
        for producer in Active::<T>::get().into_iter().filter(|one| !one.benched) {
            let candidate = Candidates::<T>::get(&producer.account);
            if let Some(mut candidate) = candidate.filter(|candidate| candidate.strikes > 0) {
                candidate.strikes = candidate.strikes.saturating_sub(1);
                Candidates::<T>::insert(&producer.account, candidate);
            }
        }
    }

    /// Forgets epochs whose faults cannot be reported any more.
    fn forget_old_epochs(era: Index) {
        for _ in 0..PRUNED_PER_EPOCH {
            let oldest = OldestEpoch::<T>::get();
            let Some(record) = Epochs::<T>::get(oldest) else {
                return;
            };
            if Self::is_answerable(record.era, era) {
                return;
            }
            Epochs::<T>::remove(oldest);
            let next = oldest.saturating_add(1);
            OldestEpoch::<T>::put(next);
            Self::forget_roster(record.roster, next);
            if Epochs::<T>::get(next).is_none_or(|next| next.era != record.era) {
                let offenders = T::MaxProducers::get().saturating_add(T::MaxStandby::get());
                let _ = Slashed::<T>::clear_prefix(record.era, offenders, None);
            }
        }
    }

    /// Whether faults of `era` may still be reported in era `now`.
    pub(crate) fn is_answerable(era: Index, now: Index) -> bool {
        era.saturating_add(CurrentParameters::<T>::get().unbonding_eras) >= now
    }
}

/// The accounts of a set.
fn accounts<AccountId: Clone>(set: &[Producer<AccountId>]) -> Vec<AccountId> {
    set.iter()
        .map(|producer| producer.account.clone())
        .collect()
}

impl<T: Config> ShouldEndSession<BlockNumberFor<T>> for Pallet<T> {
    fn should_end_session(_now: BlockNumberFor<T>) -> bool {
        let end = CurrentEpoch::<T>::get().end();
        LastLeader::<T>::get().is_some_and(|leader| leader.slot >= end)
    }
}

impl<T: Config> EstimateNextSessionRotation<BlockNumberFor<T>> for Pallet<T> {
    fn average_session_length() -> BlockNumberFor<T> {
        CurrentParameters::<T>::get().epoch_slots.into()
    }

    fn estimate_current_session_progress(_now: BlockNumberFor<T>) -> (Option<Permill>, Weight) {
        let epoch = CurrentEpoch::<T>::get();
        let passed = *Self::slot()
            .saturating_sub(*epoch.start)
            .saturating_add(1u64);
        let progress = Permill::from_rational(passed, epoch.length.max(1).into());
        (Some(progress), T::DbWeight::get().reads(2))
    }

    fn estimate_next_session_rotation(
        now: BlockNumberFor<T>,
    ) -> (Option<BlockNumberFor<T>>, Weight) {
        let end = CurrentEpoch::<T>::get().end();
        let left: u32 = (*end.saturating_sub(*Self::slot())).saturated_into();
        (Some(now + left.into()), T::DbWeight::get().reads(2))
    }
}

impl<T> pallet_session::SessionManager<T::AccountId> for Pallet<T>
where
    T: Config + pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
{
    fn new_session(index: Index) -> Option<Vec<T::AccountId>> {
        let running = pallet_session::Validators::<T>::get();
        // The historical pallet makes its root over the keys when a set is returned. So a set of the same
        // accounts is returned again when one of them changed its keys, or the root would be one over
        // keys that are not in force.
        let rekeyed = || {
            pallet_session::QueuedKeys::<T>::get()
                .iter()
                .any(|(who, keys)| {
                    pallet_session::Pallet::<T>::load_keys(who).is_some_and(|now| now != *keys)
                })
        };
        Self::plan(index, &running).or_else(|| rekeyed().then_some(running))
    }

    fn new_session_genesis(_index: Index) -> Option<Vec<T::AccountId>> {
        let set = accounts(&Active::<T>::get());
        (!set.is_empty()).then_some(set)
    }

    fn end_session(index: Index) {
        Self::close_epoch(index);
    }

    fn start_session(index: Index) {
        // The next keys are queued after this call: what is queued here is what starts now.
        let changed = index == 0 || pallet_session::QueuedChanged::<T>::get();
        let starting = || {
            pallet_session::QueuedKeys::<T>::get()
                .into_iter()
                .map(|(who, keys)| Member::new(who, &keys))
                .collect()
        };
        Self::open_epoch(index, changed.then(starting));
    }
}

impl<T> historical::SessionManager<T::AccountId, ()> for Pallet<T>
where
    T: Config
        + historical::Config<FullIdentification = ()>
        + pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
{
    fn new_session(index: Index) -> Option<Vec<(T::AccountId, ())>> {
        historical::Pallet::<T>::prune_up_to(OldestEpoch::<T>::get());
        <Self as pallet_session::SessionManager<_>>::new_session(index).map(identified)
    }

    fn new_session_genesis(index: Index) -> Option<Vec<(T::AccountId, ())>> {
        <Self as pallet_session::SessionManager<_>>::new_session_genesis(index).map(identified)
    }

    fn end_session(index: Index) {
        <Self as pallet_session::SessionManager<_>>::end_session(index);
    }

    fn start_session(index: Index) {
        <Self as pallet_session::SessionManager<_>>::start_session(index);
    }
}

fn identified<AccountId>(set: Vec<AccountId>) -> Vec<(AccountId, ())> {
    set.into_iter().map(|who| (who, ())).collect()
}

impl<T: Config> BoundToRuntimeAppPublic for Pallet<T> {
    type Public = AuraId;
}

impl<T: Config> OneSessionHandler<T::AccountId> for Pallet<T> {
    type Key = AuraId;

    fn on_genesis_session<'a, I>(validators: I)
    where
        I: 'a + Iterator<Item = (&'a T::AccountId, AuraId)>,
        T::AccountId: 'a,
    {
        let keys = validators.map(|(who, key)| (who.clone(), key)).collect();
        Self::build_schedule(&keys, &T::Seed::current());
    }

    fn on_new_session<'a, I>(_changed: bool, validators: I, _queued: I)
    where
        I: 'a + Iterator<Item = (&'a T::AccountId, AuraId)>,
        T::AccountId: 'a,
    {
        let keys = validators.map(|(who, key)| (who.clone(), key)).collect();
        let seed = T::Seed::rotate(CurrentEpoch::<T>::get().index.into());
        if Self::build_schedule(&keys, &seed) {
            Self::announce_authorities();
        }
    }

    /// Offenders lose their slots with the next schedule, not here.
    fn on_disabled(_index: u32) {}
}
