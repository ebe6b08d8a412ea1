//! Elections: who is asked, with which weight, and how many places there are.
//!
//! An election reads all candidates and the heaviest voters of the list, at most
//! [`Config::MaxElectingVoters`]. It is held in the last epoch of an era for the next one, because the
//! session needs a session's notice. One run of Phragmen fills the places of the largest set that may
//! come out and the next in line; the set is the first so many of them by backing.

use crate::{
    Active, Candidate, Candidates, Config, CurrentEra, CurrentParameters, Event, LOG_TARGET,
    LastLag, Outcome, Pallet, Pool, Pools, Producer, Standby, Successor, TargetSize, Voters,
    core::{
        election::{VoteScale, elect},
        set_size::next_size,
    },
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_election_provider_support::SortedListProvider;
use frame_support::{pallet_prelude::*, traits::fungible::Inspect};
use parlance_primitives::{Balance, vdpos::Index};

/// A voter's weight and its names.
type Ballot<AccountId> = (AccountId, u64, Vec<AccountId>);

impl<T: Config> Pallet<T> {
    /// Elects for `era`. `None`, and an event, when there is no result: the set stays as it is.
    pub(crate) fn elect(era: Index) -> Option<Outcome<T>> {
        let parameters = CurrentParameters::<T>::get();
        let current = parameters.bounded_size(TargetSize::<T>::get());
        let ranked = Self::ranking(era, current.saturating_add(1))?;
        let next = ranked.get(current as usize).map(|(_, backing)| *backing);
        let size = next_size(
            current,
            parameters.bounded_size(parameters.min_set),
            parameters.bounded_size(parameters.max_set),
            next,
            median(&ranked, current),
            LastLag::<T>::get(),
        );
        let outcome = Self::outcome(ranked, size);
        if outcome.active.is_empty() {
            Self::deposit_event(Event::ElectionFailed { era });
            return None;
        }
        TargetSize::<T>::put(size);
        Self::deposit_event(Event::Elected {
            era,
            active: outcome.active.len() as u32,
            standby: outcome.standby.len() as u32,
        });
        Some(outcome)
    }

    /// The first election, while the genesis state is built. The session's keys come later in genesis,
    /// so it does not ask for them.
    pub(crate) fn elect_first() -> bool {
        let candidates: BTreeMap<T::AccountId, Candidate> = Candidates::<T>::iter().collect();
        let parameters = CurrentParameters::<T>::get();
        let size = parameters.bounded_size(parameters.initial_set);
        TargetSize::<T>::put(size);
        let Some(ranked) = Self::rank(&candidates, size) else {
            return false;
        };
        let outcome = Self::outcome(ranked, size);
        let elected = !outcome.active.is_empty();
        Active::<T>::put(outcome.active);
        Standby::<T>::put(outcome.standby);
        elected
    }

    /// Candidates that may be elected for `era`, by backing.
    fn ranking(era: Index, places: u32) -> Option<Vec<Successor<T::AccountId>>> {
        let candidates: BTreeMap<T::AccountId, Candidate> = Candidates::<T>::iter()
            .filter(|(who, candidate)| Self::is_eligible(who, candidate, era))
            .collect();
        let ranked = Self::rank(&candidates, places);
        if ranked.is_none() {
            Self::deposit_event(Event::ElectionFailed { era });
        }
        ranked
    }

    /// Runs Phragmen over `candidates` for `places` and those next in line.
    fn rank(
        candidates: &BTreeMap<T::AccountId, Candidate>,
        places: u32,
    ) -> Option<Vec<Successor<T::AccountId>>> {
        let money = VoteScale::new(T::Currency::total_issuance());
        let standing: Vec<(T::AccountId, u128)> = candidates
            .iter()
            .map(|(who, candidate)| (who.clone(), u128::from(money.weight(candidate.bond))))
            .collect();
        let pools: BTreeMap<&T::AccountId, Pool> = candidates
            .keys()
            .map(|who| (who, Pools::<T>::get(who).unwrap_or_default()))
            .collect();
        let ballots = Self::ballots(&pools, &money);
        let wanted = places.saturating_add(T::MaxStandby::get());
        match elect(&standing, &ballots, wanted) {
            Ok(ranked) => Some(
                ranked
                    .into_iter()
                    .map(|(who, backing)| (who, money.money(backing)))
                    .collect(),
            ),
            Err(error) => {
                log::error!(target: LOG_TARGET, "no election result: {error:?}");
                None
            }
        }
    }

    /// The heaviest voters, with what slashes and age left of their votes for the candidates at hand.
    /// What stands behind a name that may not be elected helps the voter's other names.
    fn ballots(
        pools: &BTreeMap<&T::AccountId, Pool>,
        money: &VoteScale,
    ) -> Vec<Ballot<T::AccountId>> {
        let mut ballots = Vec::new();
        for who in T::VoterList::iter().take(T::MaxElectingVoters::get() as usize) {
            let Some(voter) = Voters::<T>::get(&who) else {
                continue;
            };
            let mut stake: Balance = 0;
            let mut names = Vec::new();
            for vote in &voter.votes {
                let pool = pools.get(&vote.stake.candidate);
                let value = pool.map_or(vote.stake.tokens, |pool| vote.stake.value(pool.remaining));
                stake = stake.saturating_add(value);
                if pool.is_some() {
                    names.push(vote.stake.candidate.clone());
                }
            }
            let weight = money.weight(Self::aged(stake, voter.cast));
            if weight > 0 && !names.is_empty() {
                ballots.push((who, weight, names));
            }
        }
        ballots
    }

    /// The first `size` of the ranking, and those after them.
    fn outcome(ranked: Vec<Successor<T::AccountId>>, size: u32) -> Outcome<T> {
        let mut ranked = ranked.into_iter();
        let active: Vec<_> = ranked
            .by_ref()
            .take(size as usize)
            .map(Producer::new)
            .collect();
        Outcome {
            active: BoundedVec::truncate_from(active),
            standby: BoundedVec::truncate_from(
                ranked.take(T::MaxStandby::get() as usize).collect(),
            ),
        }
    }

    /// Puts the planned set in place at the start of an era, or keeps the one there is.
    pub(crate) fn install(planned: Option<Outcome<T>>) {
        let before = Active::<T>::get();
        let Some(Outcome { active, standby }) = planned else {
            // A bench lasts an era.
            Active::<T>::mutate(|active| {
                active
                    .iter_mut()
                    .for_each(|producer| producer.benched = false);
            });
            return;
        };
        Active::<T>::put(active);
        Standby::<T>::put(standby);
        Self::replace_unfit(CurrentEra::<T>::get().index);
        // After the replacements: who was not elected but comes back from standby in this very block had
        // its slots all the time, and a failed epoch of it is not forgotten.
        Active::<T>::mutate(|active| {
            for producer in active.iter_mut() {
                producer.failed = before
                    .iter()
                    .any(|old| old.account == producer.account && old.failed);
            }
        });
    }
}

/// Backing of the middle one of the first `size`.
fn median<AccountId>(ranked: &[Successor<AccountId>], size: u32) -> Balance {
    let count = ranked.len().min(size as usize);
    ranked
        .get(count / 2)
        .filter(|_| count > 0)
        .map_or(0, |(_, backing)| *backing)
}
