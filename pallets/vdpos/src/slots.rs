//! Slots: whose they are, and who made use of them.
//!
//! A block names its slot in the pre-runtime digest, as Aura's client writes it. Slot `s` belongs to
//! `Schedule[s % len]` of the **parent's** state: that is what clients check the seal against, and why
//! this pallet looks at a block before the session may rotate in it. So the first block of an epoch is
//! still made, and counted, under the schedule of the one before.
//!
//! Slots that nobody used are charged to their owners when the next block arrives. A gap longer than a
//! whole round of the schedule is an outage of the network and charged to nobody.

use crate::{
    AuraId, Candidates, Config, CurrentEpoch, Epochs, LOG_TARGET, LastLeader, Leader, OperatorKeys,
    Pallet, Schedule, Seat, Seats, Service, Tally,
    core::{
        quality,
        schedule::{Phase, build_in_phase},
    },
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec,
    vec::Vec,
};
use codec::{Decode, Encode};
use frame_support::{
    BoundedVec,
    traits::{FindAuthor, Get, OnTimestampSet},
};
use parlance_primitives::{Balance, traits::SlotLeader};
use sp_consensus_aura::{AURA_ENGINE_ID, ConsensusLog, Slot};
use sp_runtime::{ConsensusEngineId, DigestItem};

/// The schedule as clients want it: one key per slot of the round.
pub fn expanded<AccountId>(seats: &[Seat<AccountId>], schedule: &[u16]) -> Vec<AuraId> {
    schedule
        .iter()
        .filter_map(|number| seats.get(usize::from(*number)))
        .map(|seat| seat.key.clone())
        .collect()
}

impl<T: Config> Pallet<T> {
    /// Keys of one round, slot by slot: what `AuraApi::authorities` answers.
    pub fn authorities() -> Vec<AuraId> {
        expanded(&Seats::<T>::get(), &Schedule::<T>::get())
    }

    /// Slot of the block under execution, from its digest.
    pub(crate) fn slot_of_block() -> Option<Slot> {
        let digest = frame_system::Pallet::<T>::digest();
        slot_in(digest.logs.iter().filter_map(DigestItem::as_pre_runtime))
    }

    /// Remembers the leader of this block and charges the slots since the last one; returns how many of
    /// those there were, at most one round.
    ///
    /// Panics when slots do not increase: such a block is invalid.
    pub(crate) fn note_slot(slot: Slot) -> u32 {
        let last = LastLeader::<T>::get().map(|leader| leader.slot);
        match last {
            Some(last) => assert!(slot > last, "slots must increase from block to block"),
            None => Self::note_first_slot(slot),
        }
        let schedule = Schedule::<T>::get();
        let round = schedule.len() as u64;
        let skipped = last.map_or(0, |last| (*slot).saturating_sub(*last).saturating_sub(1));
        let charged = if skipped <= round { skipped } else { 0 };
        let owner_of = |slot: u64| {
            slot.checked_rem(round)
                .and_then(|place| schedule.get(place as usize))
                .copied()
        };

        Tally::<T>::mutate(|tally| {
            for missed in (*slot).saturating_sub(charged)..*slot {
                if let Some(service) =
                    owner_of(missed).and_then(|seat| tally.get_mut(seat as usize))
                {
                    service.expected = service.expected.saturating_add(1);
                }
            }
            if let Some(service) = owner_of(*slot).and_then(|seat| tally.get_mut(seat as usize)) {
                *service = service.plus(Service {
                    made: 1,
                    expected: 1,
                });
            }
        });
        let seat = owner_of(*slot).and_then(|seat| Seats::<T>::get().get(seat as usize).cloned());
        LastLeader::<T>::put(Leader { slot, seat });
        charged as u32
    }

    /// The slot of the first block is the first of the first epoch.
    fn note_first_slot(slot: Slot) {
        CurrentEpoch::<T>::mutate(|epoch| {
            epoch.start = slot;
            Epochs::<T>::mutate(epoch.index, |record| {
                if let Some(record) = record {
                    record.start = slot;
                }
            });
        });
    }

    /// Builds the schedule of the running epoch; `keys` are those of the session's set. Returns whether
    /// there is a new one: without anybody to give slots to, the old one stays.
    pub(crate) fn build_schedule(keys: &BTreeMap<T::AccountId, AuraId>, seed: &[u8; 32]) -> bool {
        let epoch = CurrentEpoch::<T>::get();
        let (seats, weights) = Self::seated(keys);
        let phase = Phase::of_epoch(epoch.index);
        let built = build_in_phase(&weights, epoch.length, phase, seed);
        match &built {
            Ok(schedule) => {
                Schedule::<T>::put(BoundedVec::truncate_from(schedule.clone()));
                Seats::<T>::put(BoundedVec::truncate_from(seats));
            }
            Err(error) => log::warn!(target: LOG_TARGET, "the schedule stays as it is: {error}"),
        }
        let seats = Seats::<T>::get();
        Tally::<T>::put(BoundedVec::truncate_from(vec![
            Service::default();
            seats.len()
        ]));
        Epochs::<T>::mutate(epoch.index, |record| {
            if let Some(record) = record {
                let stand_ins = seats
                    .into_iter()
                    .filter(|seat| keys.get(&seat.account) != Some(&seat.key))
                    .collect();
                record.stand_ins = BoundedVec::truncate_from(stand_ins);
            }
        });
        built.is_ok()
    }

    /// Producers that have slots, with their weights. Who came in from standby is not in the session's
    /// set yet and brings the key it registered, unless that key is in force for somebody else (K3).
    fn seated(keys: &BTreeMap<T::AccountId, AuraId>) -> (Vec<Seat<T::AccountId>>, Vec<Balance>) {
        let mut seats: Vec<Seat<T::AccountId>> = Vec::new();
        let mut weights = Vec::new();
        let in_force: BTreeSet<&AuraId> = keys.values().collect();
        for producer in crate::Active::<T>::get()
            .into_iter()
            .filter(|one| !one.benched)
        {
            let account = producer.account;
            let registered =
                || T::OperatorKeys::slot_key(&account).filter(|key| !in_force.contains(key));
            let Some(key) = keys.get(&account).cloned().or_else(registered) else {
                continue;
            };
            if seats.iter().any(|seat| seat.key == key) {
                continue;
            }
            let average = Candidates::<T>::get(&account)
                .map_or(sp_runtime::Perbill::zero(), |candidate| candidate.average);
            weights.push(quality::weight(producer.backing, quality::quality(average)));
            seats.push(Seat { account, key });
        }
        (seats, weights)
    }

    /// Tells clients of the new schedule, in the words that Aura's client listens to.
    pub(crate) fn announce_authorities() {
        let log = ConsensusLog::AuthoritiesChange(Self::authorities());
        let item = DigestItem::Consensus(AURA_ENGINE_ID, log.encode());
        frame_system::Pallet::<T>::deposit_log(item);
    }
}

/// The slot that a block claims in its pre-runtime digest.
fn slot_in<'a>(digests: impl IntoIterator<Item = (ConsensusEngineId, &'a [u8])>) -> Option<Slot> {
    digests
        .into_iter()
        .find(|(engine, _)| *engine == AURA_ENGINE_ID)
        .and_then(|(_, mut data)| Slot::decode(&mut data).ok())
}

impl<T: Config> FindAuthor<T::AccountId> for Pallet<T> {
    fn find_author<'a, I>(digests: I) -> Option<T::AccountId>
    where
        I: 'a + IntoIterator<Item = (ConsensusEngineId, &'a [u8])>,
    {
        let slot = slot_in(digests)?;
        // The schedule may have changed in this block; the leader was noted before that.
        if let Some(leader) = LastLeader::<T>::get().filter(|leader| leader.slot == slot) {
            return leader.seat.map(|seat| seat.account);
        }
        let schedule = Schedule::<T>::get();
        let place = (*slot).checked_rem(schedule.len() as u64)?;
        let seat = schedule.get(place as usize)?;
        Seats::<T>::get()
            .get(usize::from(*seat))
            .map(|seat| seat.account.clone())
    }
}

impl<T: Config> SlotLeader for Pallet<T> {
    fn slot() -> Slot {
        LastLeader::<T>::get().map_or(Slot::from(0), |leader| leader.slot)
    }

    fn key() -> Option<AuraId> {
        LastLeader::<T>::get()
            .and_then(|leader| leader.seat)
            .map(|seat| seat.key)
    }
}

impl<T: Config> OnTimestampSet<u64> for Pallet<T> {
    /// Panics when the time is not in the slot of the block: such a block is invalid.
    fn on_timestamp_set(moment: u64) {
        let slot = moment.checked_div(T::SlotDuration::get()).map(Slot::from);
        assert_eq!(
            slot,
            Some(<Self as SlotLeader>::slot()),
            "the timestamp must lie in the slot of the block"
        );
    }
}
