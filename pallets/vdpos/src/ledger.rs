//! Candidates' bonds and voters' stakes.
//!
//! A voter's stake is shared equally by its names. Each share is a number of units in the pool of the
//! candidate ([`Pool`]). Whatever changes a voter's position settles it first: pay since the last
//! time is credited, and slashes since the last time are burnt. So nothing ever loops over voters.

use crate::{
    Candidate, Candidates, Config, CurrentEra, CurrentParameters, Error, Event, HoldReason,
    OperatorKeys, Pallet, Planned, Pool, Pools, Stake, Vote, Voter, Voters,
    core::votes::{decayed, split},
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_election_provider_support::{ScoreProvider, SortedListProvider};
use frame_support::{
    defensive_assert,
    pallet_prelude::*,
    traits::{
        Defensive,
        fungible::{Inspect, hold::Mutate},
        tokens::{Fortitude, Precision},
    },
};
use parlance_primitives::{Balance, MICRO, vdpos::Index};
use sp_runtime::{Perbill, Saturating};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_register(
        who: &T::AccountId,
        commission: Perbill,
        bond: Balance,
    ) -> DispatchResult {
        let parameters = CurrentParameters::<T>::get();
        ensure!(
            !Candidates::<T>::contains_key(who),
            Error::<T>::AlreadyCandidate
        );
        ensure!(
            Candidates::<T>::count() < T::MaxCandidates::get(),
            Error::<T>::TooManyCandidates
        );
        ensure!(bond >= parameters.candidate_bond, Error::<T>::BondTooSmall);
        ensure!(
            commission <= parameters.max_commission,
            Error::<T>::CommissionTooHigh
        );
        let pool = Pools::<T>::get(who).unwrap_or_default();
        ensure!(pool.remaining > crate::EXHAUSTED, Error::<T>::PoolExhausted);

        T::Currency::hold(&HoldReason::CandidateBond.into(), who, bond)?;
        Pools::<T>::insert(who, pool);
        Candidates::<T>::insert(who, Candidate::new(bond, commission));
        Self::deposit_event(Event::Registered {
            candidate: who.clone(),
            bond,
            commission,
        });
        Ok(())
    }

    pub(crate) fn do_bond_more(who: &T::AccountId, amount: Balance) -> DispatchResult {
        let mut candidate = Self::standing_candidate(who)?;
        T::Currency::hold(&HoldReason::CandidateBond.into(), who, amount)?;
        candidate.bond = candidate.bond.saturating_add(amount);
        Candidates::<T>::insert(who, &candidate);
        Self::deposit_event(Event::BondIncreased {
            candidate: who.clone(),
            bond: candidate.bond,
        });
        Ok(())
    }

    pub(crate) fn do_set_commission(who: &T::AccountId, commission: Perbill) -> DispatchResult {
        let parameters = CurrentParameters::<T>::get();
        let mut candidate = Self::standing_candidate(who)?;
        let highest = candidate
            .commission
            .saturating_add(parameters.max_commission_rise);
        ensure!(
            commission <= parameters.max_commission,
            Error::<T>::CommissionTooHigh
        );
        ensure!(commission <= highest, Error::<T>::CommissionRisesTooFast);
        candidate.announced = Some(commission);
        Candidates::<T>::insert(who, candidate);
        Self::deposit_event(Event::CommissionAnnounced {
            candidate: who.clone(),
            commission,
        });
        Ok(())
    }

    pub(crate) fn do_retire(who: &T::AccountId) -> DispatchResult {
        let mut candidate = Self::standing_candidate(who)?;
        let leaves = Self::maturity();
        candidate.leaves = Some(leaves);
        Candidates::<T>::insert(who, candidate);
        Self::deposit_event(Event::Retired {
            candidate: who.clone(),
            leaves,
        });
        Ok(())
    }

    pub(crate) fn do_vote(
        who: &T::AccountId,
        names: Vec<T::AccountId>,
        stake: Balance,
    ) -> DispatchResult {
        ensure!(
            names.len() <= T::MaxVotes::get() as usize,
            Error::<T>::TooManyNames
        );
        ensure!(!names.is_empty(), Error::<T>::NoNames);
        ensure!(
            stake >= T::Currency::minimum_balance(),
            Error::<T>::StakeTooSmall
        );
        let shares = Self::shares_of(&names, stake)?;

        let mut voter = Voters::<T>::get(who).unwrap_or_default();
        Self::settle(who, &mut voter);
        let before = voter.tokens();
        if stake < before {
            Self::unbond(who, &mut voter, before.saturating_sub(stake))?;
        } else if stake > before {
            let more = stake.saturating_sub(before);
            T::Currency::hold(&HoldReason::Vote.into(), who, more)?;
        }
        let moved = Self::rearrange(&mut voter, &names, shares);
        Self::linger(who, moved)?;
        voter.cast = CurrentEra::<T>::get().index;
        Self::store(who, voter)?;
        Self::deposit_event(Event::Voted {
            voter: who.clone(),
            stake,
            names,
        });
        Ok(())
    }

    pub(crate) fn do_unvote(who: &T::AccountId, amount: Balance) -> DispatchResult {
        let mut voter = Voters::<T>::get(who).ok_or(Error::<T>::NotVoter)?;
        Self::settle(who, &mut voter);
        let rest = voter
            .tokens()
            .checked_sub(amount)
            .ok_or(Error::<T>::NotEnoughStake)?;
        ensure!(
            rest == 0 || rest >= T::Currency::minimum_balance(),
            Error::<T>::StakeTooSmall
        );
        Self::unbond(who, &mut voter, amount)?;
        Self::store(who, voter)
    }

    pub(crate) fn do_refresh(who: &T::AccountId) -> DispatchResult {
        let mut voter = Voters::<T>::get(who).ok_or(Error::<T>::NotVoter)?;
        Self::settle(who, &mut voter);
        Self::store(who, voter)
    }

    /// Era from which what leaves now is out of danger: the last era in which it may have elected
    /// somebody, the unbonding period, and the one after that.
    pub(crate) fn maturity() -> Index {
        let era = CurrentEra::<T>::get().index;
        let last = era.saturating_add(u32::from(Planned::<T>::exists()));
        last.saturating_add(CurrentParameters::<T>::get().unbonding_eras)
            .saturating_add(1)
    }

    /// Credits pay and burns slashes since the last settlement. The caller stores the voter.
    pub(crate) fn settle(who: &T::AccountId, voter: &mut Voter<T>) {
        let mut lost: Balance = 0;
        for vote in voter.votes.iter_mut() {
            let Some(mut pool) = Pools::<T>::get(&vote.stake.candidate).defensive() else {
                continue;
            };
            let earned = vote.earned(&pool);
            let value = vote.stake.value(pool.remaining);
            if earned == 0 && value == vote.stake.tokens && vote.stake.entry == pool.remaining {
                vote.paid_to = pool.rewards;
                continue;
            }
            defensive_assert!(earned <= pool.outstanding, "a pool is never short of pay");
            pool.outstanding = pool.outstanding.saturating_sub(earned);
            voter.credited = voter.credited.saturating_add(earned);
            vote.paid_to = pool.rewards;

            lost = lost.saturating_add(vote.stake.tokens.saturating_sub(value));
            pool.units = pool.units.saturating_sub(vote.stake.units());
            vote.stake.tokens = value;
            vote.stake.entry = pool.remaining;
            pool.units = pool.units.saturating_add(vote.stake.units());
            Pools::<T>::insert(&vote.stake.candidate, pool);
        }
        Self::burn_stake(who, lost);
    }

    /// Burns tokens on hold for votes.
    pub(crate) fn burn_stake(who: &T::AccountId, amount: Balance) {
        if amount == 0 {
            return;
        }
        let reason = HoldReason::Vote.into();
        let burnt =
            T::Currency::burn_held(&reason, who, amount, Precision::Exact, Fortitude::Force);
        let _ = burnt.defensive_proof("stakes are on hold to the last unit");
        Self::deposit_event(Event::StakeSlashed {
            voter: who.clone(),
            amount,
        });
    }

    /// Stores a voter and its place in the list, or removes both.
    pub(crate) fn store(who: &T::AccountId, mut voter: Voter<T>) -> DispatchResult {
        // A name whose tokens are all gone, slashed or taken out, is a name no more.
        voter.votes.retain(|vote| {
            let stays = vote.stake.tokens > 0;
            if !stays {
                Self::drop_pool_if_unused(&vote.stake.candidate);
            }
            stays
        });
        let listed = T::VoterList::contains(who);
        let outcome = match (voter.votes.is_empty(), listed) {
            (true, true) => T::VoterList::on_remove(who),
            (true, false) => Ok(()),
            (false, true) => T::VoterList::on_update(who, Self::score_of(&voter)),
            (false, false) => T::VoterList::on_insert(who.clone(), Self::score_of(&voter)),
        };
        outcome.map_err(|_| Error::<T>::ListUnavailable)?;
        if voter.votes.is_empty() && voter.credited == 0 {
            Voters::<T>::remove(who);
        } else {
            Voters::<T>::insert(who, voter);
        }
        Ok(())
    }

    /// What a vote weighs in an election, in units of the token. `stake` is what slashes left of it.
    pub(crate) fn aged(stake: Balance, cast: Index) -> Balance {
        let age = CurrentEra::<T>::get().index.saturating_sub(cast);
        decayed(
            stake,
            age,
            CurrentParameters::<T>::get().vote_half_life_eras,
        )
    }

    /// Takes `amount` tokens out of all names in proportion; their pools still count them nowhere.
    pub(crate) fn take(voter: &mut Voter<T>, amount: Balance) -> Vec<Stake<T::AccountId>> {
        let total = voter.tokens();
        let mut missing = amount.min(total);
        let mut parts: Vec<Balance> = voter
            .votes
            .iter()
            .map(|vote| crate::scale(vote.stake.tokens, amount.min(total), total))
            .collect();
        missing = parts
            .iter()
            .fold(missing, |missing, part| missing.saturating_sub(*part));
        // Rounding left less than one unit per name.
        for (part, vote) in parts.iter_mut().zip(voter.votes.iter()) {
            let more = missing.min(vote.stake.tokens.saturating_sub(*part));
            *part = part.saturating_add(more);
            missing = missing.saturating_sub(more);
        }
        let mut taken = Vec::new();
        for (vote, part) in voter.votes.iter_mut().zip(parts) {
            if part == 0 {
                continue;
            }
            let rest = vote.stake.tokens.saturating_sub(part);
            let stake = Self::set_stake(vote, rest);
            taken.push(Stake {
                tokens: part,
                ..stake
            });
        }
        taken
    }

    /// Changes the tokens of one settled name and the units of its pool; returns the stake before.
    fn set_stake(vote: &mut Vote<T::AccountId>, tokens: Balance) -> Stake<T::AccountId> {
        let before = vote.stake.clone();
        vote.stake.tokens = tokens;
        Pools::<T>::mutate(&before.candidate, |pool| {
            if let Some(pool) = pool {
                pool.units = pool
                    .units
                    .saturating_sub(before.units())
                    .saturating_add(vote.stake.units());
            }
        });
        before
    }

    /// Gives a settled voter the names and shares; returns what left the names it had.
    fn rearrange(
        voter: &mut Voter<T>,
        names: &[T::AccountId],
        mut shares: BTreeMap<T::AccountId, Balance>,
    ) -> Vec<Stake<T::AccountId>> {
        let mut left = Vec::new();
        let mut kept: BTreeMap<T::AccountId, Vote<T::AccountId>> = BTreeMap::new();
        for mut vote in voter.votes.iter().cloned() {
            let share = shares.remove(&vote.stake.candidate).unwrap_or(0);
            let before = Self::set_stake(&mut vote, share);
            let less = before.tokens.saturating_sub(share);
            if less > 0 {
                left.push(Stake {
                    tokens: less,
                    ..before
                });
            }
            kept.insert(vote.stake.candidate.clone(), vote);
        }
        for (candidate, tokens) in shares {
            let pool = Pools::<T>::get(&candidate).unwrap_or_default();
            let stake = Stake {
                candidate: candidate.clone(),
                tokens: 0,
                entry: pool.remaining,
            };
            let mut vote = Vote {
                stake,
                paid_to: pool.rewards,
            };
            Self::set_stake(&mut vote, tokens);
            kept.insert(candidate, vote);
        }
        let votes: Vec<_> = names.iter().filter_map(|name| kept.remove(name)).collect();
        voter.votes = BoundedVec::truncate_from(votes);
        left
    }

    /// What each name gets of the stake. Fails for names that may not be voted for.
    fn shares_of(
        names: &[T::AccountId],
        stake: Balance,
    ) -> Result<BTreeMap<T::AccountId, Balance>, DispatchError> {
        let (per_name, mut extra) = split(stake, names.len() as u32);
        let mut shares = BTreeMap::new();
        for name in names {
            Self::standing_candidate(name)?;
            let pool = Pools::<T>::get(name).unwrap_or_default();
            ensure!(pool.remaining > crate::EXHAUSTED, Error::<T>::PoolExhausted);
            let share = per_name.saturating_add(core::mem::take(&mut extra));
            let first = shares.insert(name.clone(), share).is_none();
            ensure!(first, Error::<T>::DuplicateName);
        }
        Ok(shares)
    }

    /// A candidate that has not retired.
    fn standing_candidate(who: &T::AccountId) -> Result<Candidate, DispatchError> {
        let candidate = Candidates::<T>::get(who).ok_or(Error::<T>::NotCandidate)?;
        ensure!(candidate.leaves.is_none(), Error::<T>::Retired);
        Ok(candidate)
    }

    /// Forgets a pool that has neither stakes nor a candidate; what nobody can claim joins the carry.
    pub(crate) fn drop_pool_if_unused(candidate: &T::AccountId) {
        if Candidates::<T>::contains_key(candidate) {
            return;
        }
        Pools::<T>::mutate_exists(candidate, |slot| {
            if let Some(pool) = slot.take_if(|pool: &mut Pool| pool.is_empty()) {
                Self::return_to_carry(pool.outstanding);
            }
        });
    }

    /// Score in the list of voters.
    fn score_of(voter: &Voter<T>) -> u64 {
        (Self::aged(voter.tokens(), voter.cast) / MICRO)
            .try_into()
            .unwrap_or(u64::MAX)
    }

    /// Whether `who` may be elected for `era`.
    pub(crate) fn is_eligible(who: &T::AccountId, candidate: &Candidate, era: Index) -> bool {
        candidate.leaves.is_none()
            && candidate.banned_until <= era
            && candidate.bond >= CurrentParameters::<T>::get().candidate_bond
            && T::OperatorKeys::has_keys(who)
    }
}

impl<T: Config> ScoreProvider<T::AccountId> for Pallet<T> {
    type Score = u64;

    fn score(who: &T::AccountId) -> Option<u64> {
        Voters::<T>::get(who)
            .filter(|voter| !voter.votes.is_empty())
            .map(|voter| Self::score_of(&voter))
    }

    #[cfg(any(feature = "runtime-benchmarks", feature = "std"))]
    fn set_score_of(who: &T::AccountId, score: u64) {
        let mut voter = Voters::<T>::get(who).unwrap_or_default();
        let stake = Stake {
            candidate: who.clone(),
            tokens: Balance::from(score).saturating_mul(MICRO),
            entry: Pool::default().remaining,
        };
        voter.votes = BoundedVec::truncate_from(alloc::vec![Vote {
            stake,
            paid_to: Default::default()
        }]);
        Voters::<T>::insert(who, voter);
    }
}
