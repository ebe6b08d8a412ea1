//! The rules that hold after every block.

use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{
    ensure,
    traits::{
        Get,
        fungible::{Inspect, InspectHold},
    },
};
use parlance_primitives::{
    Balance,
    relay::{MAX_BYTES, Period, RelayId, Seeds},
};
use sp_runtime::DispatchError;

use crate::{
    Carry, Config, CurrentNetwork, CurrentParameters, HoldReason, Names, Pallet, Periods, Relays,
    Rosters,
    core::pay::part,
    pallet::lengths,
    types::{Earned, Relay, Standing},
};

/// What waits to be paid, by period.
type Waiting = BTreeMap<Period, Vec<Earned>>;

impl<T: Config> Pallet<T> {
    /// Checks every rule.
    ///
    /// # Errors
    /// The first broken rule, in words.
    pub(crate) fn check_invariants() -> Result<(), DispatchError> {
        ensure!(
            CurrentParameters::<T>::get().are_sound(&lengths::<T>()),
            "the parameters are not sound"
        );
        let mut named = 0u32;
        let mut relays = 0u32;
        let mut waiting = Waiting::new();
        for (who, relay) in Relays::<T>::iter() {
            Self::check_relay(&who, &relay)?;
            for earned in &relay.earned {
                waiting.entry(earned.period).or_default().push(*earned);
            }
            named = named.saturating_add(relay.id.is_some().into());
            relays = relays.saturating_add(1);
        }
        ensure!(
            relays <= T::MaxRelays::get(),
            "more relays than there may be"
        );
        ensure!(relays == Relays::<T>::count(), "the relays are miscounted");
        let names = Names::<T>::iter_keys().count() as u32;
        ensure!(names == named, "a name without a relay");
        Self::check_rosters()?;
        Self::check_money()?;
        Self::check_earned(waiting)?;
        let network = CurrentNetwork::<T>::get();
        ensure!(
            network.best <= network.carried.bytes,
            "one relay proved more than all carried"
        );
        Ok(())
    }

    fn check_relay(who: &T::AccountId, relay: &Relay) -> Result<(), DispatchError> {
        let held = T::Currency::balance_on_hold(&HoldReason::Bond.into(), who);
        ensure!(held == relay.bond, "what is held is not the bond");
        if let Some(id) = relay.id {
            let named = Names::<T>::get(id).as_ref() == Some(who);
            ensure!(named, "a name is somebody else's");
        }
        let capacity = (1..=MAX_BYTES).contains(&relay.capacity);
        ensure!(capacity, "a relay with a capacity that none may have");
        let running = Self::period();
        let past = relay.last_claim.is_none_or(|last| last < running);
        ensure!(past, "a claim for a period that is not over");
        let network = CurrentNetwork::<T>::get();
        let today = relay.service.of_day(network.carried.day);
        ensure!(today <= network.best, "a relay proved more than the best");
        let claimed = |period| relay.last_claim.is_some_and(|last| period <= last);
        for pair in relay.pending.windows(2) {
            ensure!(pair[0].period < pair[1].period, "claims out of order");
        }
        for pending in &relay.pending {
            ensure!(claimed(pending.period), "a claim that was not made");
            let counts = pending.tickets.bytes > 0 && pending.receipts.bytes > 0;
            ensure!(counts, "a claim of nothing is open");
            let most = pending.tickets.bytes.max(pending.receipts.bytes);
            ensure!(most <= MAX_BYTES, "a claim of more than there may be");
            let drawn = pending.epoch <= T::Seeds::epoch();
            ensure!(drawn, "a claim from an epoch that has not begun");
            let open = running < Self::closes_in(pending.period);
            let known = !open || Periods::<T>::contains_key(pending.period);
            ensure!(known, "a claim for a period that is forgotten");
        }
        for earned in &relay.earned {
            ensure!(claimed(earned.period), "earned without a claim");
            ensure!(earned.work > 0, "earned without work");
            let Some(record) = Periods::<T>::get(earned.period) else {
                continue;
            };
            let end = earned.before.saturating_add(earned.work);
            ensure!(end <= record.work, "earned beyond the period's work");
        }
        Ok(())
    }

    fn check_rosters() -> Result<(), DispatchError> {
        let running = Self::roster_of(Self::period());
        for (number, roster) in Rosters::<T>::iter() {
            let kept = number == running || number.checked_add(1) == Some(running);
            ensure!(kept, "a roster that is over");
            let ascends = |pair: &[RelayId]| pair[0] < pair[1];
            ensure!(roster.windows(2).all(ascends), "a roster out of order");
            for id in &roster {
                let who = Names::<T>::get(id).ok_or("a member without a name")?;
                let relay = Relays::<T>::get(who).ok_or("a member that is no relay")?;
                let free = matches!(
                    relay.standing,
                    Standing::Leaving { free_from } if free_from <= Self::now()
                );
                ensure!(!free, "the bond of a member is free");
            }
        }
        Ok(())
    }

    fn check_money() -> Result<(), DispatchError> {
        let running = Self::period();
        let kept = T::KeptPeriods::get().saturating_add(Self::closes_in(0));
        let mut owed: Balance = Carry::<T>::get();
        for (period, record) in Periods::<T>::iter() {
            let age = running.saturating_sub(period);
            ensure!(period <= running && age <= kept, "a period that is over");
            let closed = running >= Self::closes_in(period);
            ensure!(record.pool.is_some() == closed, "a period closed untimely");
            if let Some(pool) = record.pool {
                ensure!(pool.left <= pool.payable, "more is left than was payable");
                owed = owed.saturating_add(pool.left);
            }
        }
        let began = Self::now() == 0 || Periods::<T>::contains_key(running);
        ensure!(began, "the running period did not begin");
        let pot = T::Currency::balance(&Self::pot());
        ensure!(pot >= owed, "the pot has less than it owes");
        Ok(())
    }

    /// Nothing is earned twice. While a period is open, what relays have earned is all that was proven in it; once it
    /// is closed, what waits for them is there.
    fn check_earned(mut waiting: Waiting) -> Result<(), DispatchError> {
        for (period, record) in Periods::<T>::iter() {
            let mut all = waiting.remove(&period).unwrap_or_default();
            all.sort_unstable_by_key(|earned| earned.before);
            let (mut end, mut work, mut owed) = (0u128, 0u128, Balance::default());
            for earned in &all {
                ensure!(earned.before >= end, "two relays earned the same work");
                end = earned.before.saturating_add(earned.work);
                work = work.saturating_add(earned.work);
                let payable = record.pool.map_or(0, |pool| pool.payable);
                let due = part(payable, earned.before, earned.work, record.work);
                owed = owed.saturating_add(due);
            }
            match record.pool {
                None => ensure!(work == record.work, "work that nobody earned"),
                Some(pool) => ensure!(owed <= pool.left, "less is left than relays earned"),
            }
        }
        Ok(())
    }
}
