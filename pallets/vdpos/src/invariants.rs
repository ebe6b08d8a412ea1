//! What must hold in every state, checked by `try_state` and after every step of the tests.

use crate::{
    Active, AuraId, Candidates, Carry, Config, CurrentEpoch, Epochs, HoldReason, OldestEpoch,
    Pallet, Pools, Rosters, Schedule, Seats, Tally, Unbonding, Voters, fingerprint,
};
use alloc::{collections::BTreeMap, collections::BTreeSet};
use frame_election_provider_support::SortedListProvider;
use frame_support::{
    ensure,
    traits::{
        Get,
        fungible::{Inspect, hold::Inspect as _},
    },
};
use parlance_primitives::Balance;
use sp_runtime::{RuntimeAppPublic, TryRuntimeError};

impl<T: Config> Pallet<T> {
    /// Checks all of it. Reads the whole state of the pallet: for tests and `try-runtime` only.
    pub fn check_invariants() -> Result<(), TryRuntimeError> {
        Self::check_pools()?;
        Self::check_pot()?;
        Self::check_holds()?;
        Self::check_list()?;
        Self::check_schedule()?;
        Self::check_epochs()?;
        Self::check_keys()
    }

    /// Pools count the units of their stakes, and owe their voters no more than they keep.
    fn check_pools() -> Result<(), TryRuntimeError> {
        let mut units: BTreeMap<T::AccountId, u128> = BTreeMap::new();
        let mut trailing: BTreeMap<T::AccountId, u128> = BTreeMap::new();
        let mut owed: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
        for (_, voter) in Voters::<T>::iter() {
            let mut names = BTreeSet::new();
            for vote in &voter.votes {
                let name = &vote.stake.candidate;
                ensure!(vote.stake.tokens > 0, "a vote has tokens");
                ensure!(names.insert(name.clone()), "a voter names a candidate once");
                let pool = Pools::<T>::get(name).ok_or("each name has a pool")?;
                *units.entry(name.clone()).or_default() += vote.stake.units();
                *owed.entry(name.clone()).or_default() += vote.earned(&pool);
            }
        }
        for part in Unbonding::<T>::iter_values()
            .flatten()
            .flat_map(|chunk| chunk.parts)
        {
            ensure!(
                part.tokens == 0 || Pools::<T>::contains_key(&part.candidate),
                "each stake on its way out has a pool"
            );
            *trailing.entry(part.candidate.clone()).or_default() += part.units();
        }
        for (name, pool) in Pools::<T>::iter() {
            ensure!(
                pool.units == units.remove(&name).unwrap_or(0),
                "a pool counts its votes"
            );
            ensure!(
                pool.trailing == trailing.remove(&name).unwrap_or(0),
                "a pool counts what is on its way out"
            );
            let owed = owed.remove(&name).unwrap_or(0);
            ensure!(owed <= pool.outstanding, "a pool is never short of pay");
            ensure!(
                !pool.is_empty() || Candidates::<T>::contains_key(&name),
                "a pool without stakes belongs to a candidate"
            );
        }
        Ok(())
    }

    /// The pot can pay everybody.
    fn check_pot() -> Result<(), TryRuntimeError> {
        let pot = T::Currency::total_balance(&Self::pot());
        ensure!(
            pot >= Self::promised(),
            "the pot can pay all that was credited"
        );
        Ok(())
    }

    /// Everything in the pot that has an owner, and the carry.
    pub fn promised() -> Balance {
        let rewards: Balance = Candidates::<T>::iter_values().map(|one| one.reward).sum();
        let credits: Balance = Voters::<T>::iter_values().map(|one| one.credited).sum();
        let outstanding: Balance = Pools::<T>::iter_values().map(|one| one.outstanding).sum();
        Carry::<T>::get() + rewards + credits + outstanding
    }

    /// What the ledgers say is on hold.
    fn check_holds() -> Result<(), TryRuntimeError> {
        let mut stakes: BTreeMap<T::AccountId, Balance> = BTreeMap::new();
        for (who, voter) in Voters::<T>::iter() {
            *stakes.entry(who).or_default() += voter.tokens();
        }
        for (who, chunks) in Unbonding::<T>::iter() {
            ensure!(
                !chunks.is_empty(),
                "a voter without chunks has no list of them"
            );
            *stakes.entry(who).or_default() +=
                chunks.iter().map(|chunk| chunk.held()).sum::<Balance>();
        }
        for (who, stake) in stakes {
            let held = T::Currency::balance_on_hold(&HoldReason::Vote.into(), &who);
            ensure!(held == stake, "stakes are on hold to the last unit");
        }
        for (who, candidate) in Candidates::<T>::iter() {
            let held = T::Currency::balance_on_hold(&HoldReason::CandidateBond.into(), &who);
            ensure!(held == candidate.bond, "bonds are on hold to the last unit");
        }
        Ok(())
    }

    /// Who votes is in the list, and nobody else.
    fn check_list() -> Result<(), TryRuntimeError> {
        let mut voting: u32 = 0;
        for (who, voter) in Voters::<T>::iter() {
            ensure!(
                voter.votes.is_empty() != T::VoterList::contains(&who),
                "who votes is in the list"
            );
            ensure!(
                !voter.votes.is_empty() || voter.credited > 0,
                "an entry without votes keeps pay"
            );
            voting += u32::from(!voter.votes.is_empty());
        }
        ensure!(voting == T::VoterList::count(), "the list has voters only");
        Ok(())
    }

    /// Each slot has an owner, and nobody sits twice.
    fn check_schedule() -> Result<(), TryRuntimeError> {
        ensure!(
            Candidates::<T>::count() <= T::MaxCandidates::get(),
            "candidates are bounded"
        );
        let active = Active::<T>::get();
        let members: BTreeSet<_> = active.iter().map(|one| &one.account).collect();
        ensure!(members.len() == active.len(), "nobody is active twice");
        let seats = Seats::<T>::get();
        let schedule = Schedule::<T>::get();
        let keys: BTreeSet<_> = seats.iter().map(|seat| &seat.key).collect();
        ensure!(keys.len() == seats.len(), "no key has two seats");
        ensure!(
            Tally::<T>::get().len() == seats.len(),
            "each seat has a tally"
        );
        ensure!(
            active.is_empty() || !seats.is_empty(),
            "the set is never empty"
        );
        ensure!(seats.is_empty() == schedule.is_empty(), "slots have owners");
        let owners: BTreeSet<_> = schedule.iter().map(|number| usize::from(*number)).collect();
        ensure!(
            owners.iter().all(|number| *number < seats.len()),
            "owners have seats"
        );
        ensure!(
            owners.len() == seats.len() || schedule.len() < seats.len(),
            "each seat has a slot"
        );
        Ok(())
    }

    /// The epochs that are kept are the last ones, without a gap.
    fn check_epochs() -> Result<(), TryRuntimeError> {
        let (oldest, now) = (OldestEpoch::<T>::get(), CurrentEpoch::<T>::get().index);
        let kept = Epochs::<T>::iter_keys().count() as u32;
        // States for unit tests of other pallets have no genesis of this one.
        if kept == 0 {
            return Ok(());
        }
        ensure!(
            kept == now - oldest + 1,
            "as many epochs are kept as the bounds say"
        );
        for index in oldest..=now {
            ensure!(Epochs::<T>::contains_key(index), "no epoch is missing");
        }
        Ok(())
    }

    /// Each key in force has one owner, who can be found, and no roster outlives its epochs.
    fn check_keys() -> Result<(), TryRuntimeError> {
        if Epochs::<T>::iter_keys().next().is_none() {
            return Ok(());
        }
        let mut named = BTreeSet::new();
        for (index, record) in Epochs::<T>::iter() {
            ensure!(
                record.roster <= index,
                "a roster is older than its last epoch"
            );
            named.insert(record.roster);
            let roster = Rosters::<T>::get(record.roster).ok_or("each epoch has a roster")?;
            for seat in &record.stand_ins {
                let print = fingerprint(AuraId::ID, seat.key.as_ref());
                let mut members = roster.iter();
                ensure!(
                    members.all(|one| one.account == seat.account || !one.keys.contains(&print)),
                    "a stand-in has no key of somebody else"
                );
            }
        }
        for (index, roster) in Rosters::<T>::iter() {
            ensure!(named.contains(&index), "no roster outlives its epochs");
            let prints = roster.iter().flat_map(|one| &one.keys);
            let each: BTreeSet<_> = prints.clone().collect();
            ensure!(each.len() == prints.count(), "no key has two owners");
        }
        let now = CurrentEpoch::<T>::get().index;
        for seat in Seats::<T>::get() {
            let owner = Self::key_owner(now, AuraId::ID, seat.key.as_ref());
            ensure!(
                owner.is_some_and(|(who, _)| who == seat.account),
                "who has slots answers for them"
            );
        }
        Ok(())
    }
}
