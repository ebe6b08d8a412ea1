//! What producers and their voters are paid.
//!
//! At the end of an era the production share of the emission is minted into the pot and shared by
//! blocks made. Of a producer's part the operator keeps its commission; the rest goes to the tokens
//! behind it, bond and votes alike, the votes' part through the accumulator of the pool. Nobody is paid
//! in a loop: operators and voters claim from the pot.
//!
//! To the last unit, always: `pot = carry + operators' rewards + pools' outstanding + voters' credits`.

use crate::{
    Candidates, Carry, Config, CurrentEra, EraService, Error, Event, Pallet, Pool, Pools, Service,
    Voters,
    core::{accumulator, quality},
    scale,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{
    pallet_prelude::*,
    traits::{
        fungible::{Inspect, Mutate},
        tokens::Preservation,
    },
};
use parlance_primitives::{
    Balance,
    issuance::Share,
    traits::{Emission, ServiceFacts},
};
use sp_runtime::traits::AccountIdConversion;

impl<T: Config> Pallet<T> {
    /// Account that keeps pay until it is claimed.
    pub fn pot() -> T::AccountId {
        T::PotId::get().into_account_truncating()
    }

    /// Pays the era that ends and judges the service in it.
    pub(crate) fn settle_era() {
        // One entry per producer of the era: bounded by the set and its successors. By account, so that
        // every node adds up in the same order.
        let services: BTreeMap<T::AccountId, Service> = EraService::<T>::drain().collect();
        Self::pay_era(&services);
        for (who, service) in &services {
            Self::judge_era(who, *service);
        }
        Self::apply_commissions();
    }

    fn pay_era(services: &BTreeMap<T::AccountId, Service>) {
        T::Emission::settle();
        let made: u128 = services
            .values()
            .map(|service| u128::from(service.made))
            .sum();
        if made == 0 {
            // Nobody qualified: the share of this era stays unminted.
            return;
        }
        let available = T::Emission::available(Share::Production);
        let minted = T::Emission::mint(Share::Production, &Self::pot(), available);
        let fund = Carry::<T>::get().saturating_add(minted);
        // What keeps the pot's account alive is never promised to anybody.
        let payable = fund.saturating_sub(T::Currency::minimum_balance());
        let paid = services.iter().fold(0, |paid: Balance, (who, service)| {
            let part = scale(payable, u128::from(service.made), made);
            paid.saturating_add(Self::credit_producer(who, part))
        });
        Carry::<T>::put(fund.saturating_sub(paid));
        let era = CurrentEra::<T>::get().index;
        Self::deposit_event(Event::EraPaid { era, minted, paid });
    }

    /// Shares `amount` between an operator and the votes for it; returns what was credited.
    fn credit_producer(who: &T::AccountId, amount: Balance) -> Balance {
        let Some(mut candidate) = Candidates::<T>::get(who) else {
            return 0;
        };
        let mut pool = Pools::<T>::get(who).unwrap_or_default();
        let commission = candidate.commission.mul_floor(amount);
        let rest = amount.saturating_sub(commission);
        let votes = pool.earning();
        let for_votes = scale(rest, votes, votes.saturating_add(candidate.bond));
        let for_bond = rest.saturating_sub(for_votes);

        let credited = Self::credit_pool(&mut pool, for_votes);
        let own = commission.saturating_add(for_bond);
        candidate.reward = candidate.reward.saturating_add(own);
        Candidates::<T>::insert(who, candidate);
        Pools::<T>::insert(who, pool);
        own.saturating_add(credited)
    }

    /// Raises the pay per unit; returns what the pool has to pay for it, at most `amount`.
    fn credit_pool(pool: &mut Pool, amount: Balance) -> Balance {
        if pool.units == 0 {
            return 0;
        }
        let per_unit = accumulator::per_unit(amount, pool.units);
        let credited = accumulator::payable(per_unit, pool.units);
        pool.rewards = pool.rewards.saturating_add(per_unit);
        pool.outstanding = pool.outstanding.saturating_add(credited);
        credited
    }

    /// Moves the average of an operator's service by what it did in the era.
    fn judge_era(who: &T::AccountId, service: Service) {
        Candidates::<T>::mutate(who, |slot| {
            let Some(candidate) = slot else { return };
            let blocks = quality::score(service.made, service.expected);
            let (relayed, stored) = (T::Facts::relayed(who), T::Facts::stored(who));
            if let Some(sample) = quality::service(blocks, relayed, stored) {
                candidate.average = quality::moving_average(candidate.average, sample);
            }
        });
    }

    /// Puts announced commissions into force: after the pay of the era in which voters could read
    /// them. At most [`Config::MaxCandidates`].
    fn apply_commissions() {
        let announced: Vec<_> = Candidates::<T>::iter()
            .filter(|(_, candidate)| candidate.announced.is_some())
            .collect();
        for (who, mut candidate) in announced {
            candidate.commission = candidate.announced.take().unwrap_or(candidate.commission);
            Candidates::<T>::insert(who, candidate);
        }
    }

    pub(crate) fn do_claim(who: &T::AccountId) -> DispatchResult {
        let mut amount: Balance = 0;
        if let Some(mut voter) = Voters::<T>::get(who) {
            Self::settle(who, &mut voter);
            amount = core::mem::take(&mut voter.credited);
            Self::store(who, voter)?;
        }
        Candidates::<T>::mutate(who, |candidate| {
            if let Some(candidate) = candidate {
                let reward = core::mem::take(&mut candidate.reward);
                amount = amount.saturating_add(reward);
            }
        });
        ensure!(amount > 0, Error::<T>::NothingToClaim);
        Self::pay_out(who, amount)
    }

    /// Pays from the pot what was credited to `who`.
    pub(crate) fn pay_out(who: &T::AccountId, amount: Balance) -> DispatchResult {
        if amount == 0 {
            return Ok(());
        }
        T::Currency::transfer(&Self::pot(), who, amount, Preservation::Preserve)?;
        Self::deposit_event(Event::Claimed {
            who: who.clone(),
            amount,
        });
        Ok(())
    }

    /// What `who` could claim now, as a voter and as an operator.
    pub fn claimable(who: &T::AccountId) -> Balance {
        let reward = Candidates::<T>::get(who).map_or(0, |candidate| candidate.reward);
        let Some(voter) = Voters::<T>::get(who) else {
            return reward;
        };
        voter
            .votes
            .iter()
            .fold(reward.saturating_add(voter.credited), |sum, vote| {
                let earned =
                    Pools::<T>::get(&vote.stake.candidate).map_or(0, |pool| vote.earned(&pool));
                sum.saturating_add(earned)
            })
    }

    /// Keeps pay that belongs to nobody for the next era.
    pub(crate) fn return_to_carry(amount: Balance) {
        if amount > 0 {
            Carry::<T>::mutate(|carry| *carry = carry.saturating_add(amount));
        }
    }
}
