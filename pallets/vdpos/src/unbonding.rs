//! Stakes on their way out.
//!
//! What leaves a name does not leave its danger. It stays in the pool of the candidate as *trailing*
//! units until it is withdrawn, which is possible when no report can reach an era any more in which
//! it may have elected somebody. Trailing units earn nothing and are slashed as all others are.
//!
//! Tokens that only *move* to other names start to back those at once, and their trailing units stay
//! behind as a debt without tokens of its own: when it turns out at the end that the old candidate was
//! slashed, the loss is burnt from what the voter has elsewhere in this pallet, votes first. A voter
//! cannot get its tokens out before that, because what left later matures later.
//!
//! Who is behind a candidate when the slash is applied pays for it, whether or not it was there when
//! the fault was committed: the price of a ledger without a history of every voter. Nobody gains by
//! leaving before a report arrives, and a report arrives within blocks.

use crate::{
    Candidate, Candidates, Chunk, Config, CurrentEra, Error, Event, HoldReason, Pallet, Planned,
    Pools, Seats, Stake, Standby, Unbonding, Voter, Voters,
};
use alloc::vec::Vec;
use frame_support::{
    pallet_prelude::*,
    traits::{
        Defensive,
        fungible::hold::Mutate,
        tokens::{Fortitude, Precision},
    },
};
use parlance_primitives::{Balance, vdpos::Index};

impl<T: Config> Pallet<T> {
    /// Takes `amount` out of a settled vote and lets it unbond.
    pub(crate) fn unbond(
        who: &T::AccountId,
        voter: &mut Voter<T>,
        amount: Balance,
    ) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        let parts = Self::take(voter, amount);
        Self::trail(who, parts, true)?;
        let matures = Self::maturity();
        Self::deposit_event(Event::Unvoted {
            voter: who.clone(),
            amount,
            matures,
        });
        Ok(())
    }

    /// Keeps the answer of tokens that moved to other names.
    pub(crate) fn linger(who: &T::AccountId, parts: Vec<Stake<T::AccountId>>) -> DispatchResult {
        if parts.is_empty() {
            return Ok(());
        }
        Self::trail(who, parts, false)
    }

    /// Frees what has matured; returns the number of chunks it looked at.
    pub(crate) fn do_withdraw(who: &T::AccountId) -> Result<u32, DispatchError> {
        let era = CurrentEra::<T>::get().index;
        let left = Self::leave(who, era)?;
        let chunks = Unbonding::<T>::get(who).into_inner();
        let (ripe, mut rest): (Vec<_>, Vec<_>) =
            chunks.into_iter().partition(|chunk| chunk.matures <= era);
        ensure!(left || !ripe.is_empty(), Error::<T>::NothingToWithdraw);
        let count = ripe.len() as u32;
        if ripe.is_empty() {
            return Ok(count);
        }

        let mut voter = Voters::<T>::get(who).unwrap_or_default();
        Self::settle(who, &mut voter);
        let (mut free, mut lost, mut debt) = (0 as Balance, 0 as Balance, 0 as Balance);
        for chunk in ripe {
            let (value, loss) = Self::close(&chunk);
            if chunk.releases {
                free = free.saturating_add(value);
                lost = lost.saturating_add(loss);
            } else {
                debt = debt.saturating_add(loss);
            }
        }
        let paid = Self::pay_debt(&mut voter, &mut free, &mut rest, debt);
        Unbonding::<T>::mutate_exists(who, |chunks| {
            *chunks = (!rest.is_empty()).then(|| BoundedVec::truncate_from(rest));
        });
        Self::burn_stake(who, lost.saturating_add(paid));
        Self::release_stake(who, free)?;
        Self::store(who, voter)?;
        Ok(count)
    }

    /// Gives a retired candidate its bond back; `false` when `who` is none, or not yet.
    fn leave(who: &T::AccountId, era: Index) -> Result<bool, DispatchError> {
        let Some(candidate) = Candidates::<T>::get(who) else {
            return Ok(false);
        };
        if candidate.leaves.is_none_or(|leaves| leaves > era) {
            return Ok(false);
        }
        ensure!(!Self::is_in_line(who), Error::<T>::StillInLine);
        let Candidate { bond, reward, .. } = candidate;
        // Pay that was not claimed by now goes with the bond; there is no record left to keep it in.
        Self::pay_out(who, reward)?;
        T::Currency::release(
            &HoldReason::CandidateBond.into(),
            who,
            bond,
            Precision::Exact,
        )?;
        Candidates::<T>::remove(who);
        Self::drop_pool_if_unused(who);
        Self::deposit_event(Event::Left {
            candidate: who.clone(),
            bond,
        });
        Ok(true)
    }

    /// Whether `who` makes blocks, may take over, or was elected to.
    fn is_in_line(who: &T::AccountId) -> bool {
        crate::Active::<T>::get()
            .iter()
            .any(|producer| producer.account == *who)
            || Standby::<T>::get()
                .iter()
                .any(|(account, _)| account == who)
            || Seats::<T>::get().iter().any(|seat| seat.account == *who)
            || Planned::<T>::get().is_some_and(|planned| {
                planned
                    .active
                    .iter()
                    .any(|producer| producer.account == *who)
                    || planned.standby.iter().any(|(account, _)| account == who)
            })
    }

    /// Adds stakes to the trailing units of their pools and to the chunks of the voter.
    fn trail(
        who: &T::AccountId,
        parts: Vec<Stake<T::AccountId>>,
        releases: bool,
    ) -> DispatchResult {
        let matures = Self::maturity();
        for part in &parts {
            Self::change_trailing(&part.candidate, 0, part.units());
        }
        let mut chunks = Unbonding::<T>::get(who);
        let same = chunks.iter().position(|chunk| {
            chunk.matures == matures
                && chunk.releases == releases
                && chunk.parts.len() == parts.len()
                && chunk.parts.iter().zip(&parts).all(|(one, other)| {
                    one.candidate == other.candidate && one.entry == other.entry
                })
        });
        match same.and_then(|index| chunks.get_mut(index)) {
            // The same names in the same era: one chunk. Units of a sum may be one more than
            // the sum of units.
            Some(chunk) => {
                for (old, new) in chunk.parts.iter_mut().zip(parts) {
                    let units = old.units().saturating_add(new.units());
                    old.tokens = old.tokens.saturating_add(new.tokens);
                    Self::change_trailing(&old.candidate, units, old.units());
                }
            }
            None => chunks
                .try_push(Chunk {
                    matures,
                    releases,
                    parts: BoundedVec::truncate_from(parts),
                })
                .map_err(|_| Error::<T>::TooManyChunks)?,
        }
        Unbonding::<T>::insert(who, chunks);
        Ok(())
    }

    /// Takes a chunk out of its pools: what is left of it, and what slashes took.
    fn close(chunk: &Chunk<T>) -> (Balance, Balance) {
        let (mut value, mut loss): (Balance, Balance) = (0, 0);
        // A debt may have emptied a part before.
        for part in chunk.parts.iter().filter(|part| part.tokens > 0) {
            let Some(pool) = Pools::<T>::get(&part.candidate).defensive() else {
                continue;
            };
            let left = part.value(pool.remaining);
            value = value.saturating_add(left);
            loss = loss.saturating_add(part.tokens.saturating_sub(left));
            Self::change_trailing(&part.candidate, part.units(), 0);
            Self::drop_pool_if_unused(&part.candidate);
        }
        (value, loss)
    }

    /// Takes a debt from votes, from what becomes free now, and from what becomes free later; returns
    /// how much there was to take.
    fn pay_debt(
        voter: &mut Voter<T>,
        free: &mut Balance,
        later: &mut [Chunk<T>],
        debt: Balance,
    ) -> Balance {
        let mut open = debt;
        let from_votes = open.min(voter.tokens());
        if from_votes > 0 {
            let _ = Self::take(voter, from_votes);
            open = open.saturating_sub(from_votes);
        }
        let from_free = open.min(*free);
        *free = free.saturating_sub(from_free);
        open = open.saturating_sub(from_free);

        let parts = later
            .iter_mut()
            .filter(|chunk| chunk.releases)
            .flat_map(|chunk| chunk.parts.iter_mut());
        for part in parts {
            let from_part = open.min(part.tokens);
            if from_part == 0 {
                continue;
            }
            let units = part.units();
            part.tokens = part.tokens.saturating_sub(from_part);
            Self::change_trailing(&part.candidate, units, part.units());
            open = open.saturating_sub(from_part);
        }
        debt.saturating_sub(open)
    }

    fn change_trailing(candidate: &T::AccountId, less: u128, more: u128) {
        Pools::<T>::mutate(candidate, |pool| {
            if let Some(pool) = pool {
                pool.trailing = pool.trailing.saturating_sub(less).saturating_add(more);
            }
        });
    }

    fn release_stake(who: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        T::Currency::release(&HoldReason::Vote.into(), who, amount, Precision::Exact)?;
        Self::deposit_event(Event::Withdrawn {
            voter: who.clone(),
            amount,
        });
        Ok(())
    }

    /// Burns `amount` of a candidate's bond.
    pub(crate) fn burn_bond(who: &T::AccountId, amount: Balance) {
        if amount == 0 {
            return;
        }
        let reason = HoldReason::CandidateBond.into();
        let burnt =
            T::Currency::burn_held(&reason, who, amount, Precision::Exact, Fortitude::Force);
        let _ = burnt.defensive_proof("bonds are on hold to the last unit");
    }
}
