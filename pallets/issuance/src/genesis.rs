//! From a chain spec to the first state.

use frame_support::traits::fungible::{Inspect, Mutate, MutateHold};
use parlance_primitives::{Balance, DAY_MS};

use crate::{
    Config, Fees, GenesisConfig, HoldReason, Listing, Splits, Terms, Vesting, Vestings,
    core::{
        allocation::{Allocation, Economy, Release, Role},
        ledger::Terms as GenesisTerms,
    },
};

impl<T: Config> GenesisConfig<T> {
    /// The genesis of an economy, given the account of each role and the longest step of the clock
    /// (twice the length of an era is a good one). The listing date and the rule of fees are the chain
    /// spec's to add.
    pub fn of(
        economy: &Economy,
        max_settlement_ms: u64,
        mut account_of: impl FnMut(Role) -> T::AccountId,
    ) -> Self {
        Self {
            max_supply: economy.max_supply,
            schedule: economy.schedule,
            max_settlement_ms,
            fully_allocated: true,
            allocations: economy
                .allocations
                .iter()
                .map(|allocation| (account_of(allocation.role), *allocation))
                .collect(),
            ..Self::default()
        }
    }

    /// Writes the first state, after `pallet-balances` wrote its own.
    ///
    /// # Panics
    /// When the chain spec contradicts itself: a chain must not start with a wrong supply.
    pub(crate) fn apply(&self) {
        assert!(
            self.schedule.is_sound(),
            "the schedule has no period or its cap overflows"
        );
        assert!(self.splits.is_whole(), "the splits do not add up to one");
        assert!(
            self.max_settlement_ms <= DAY_MS,
            "a settlement counts a day at most"
        );
        for (who, allocation) in &self.allocations {
            hand_out::<T>(who, allocation);
        }
        let genesis_supply = T::Currency::total_issuance();
        let planned = genesis_supply.checked_add(self.schedule.pool());
        assert!(
            planned.is_some_and(|sum| sum <= self.max_supply),
            "genesis supply and mining pool pass the cap"
        );
        assert!(
            !self.fully_allocated || planned == Some(self.max_supply),
            "genesis supply and mining pool are not the cap"
        );
        Terms::<T>::put(GenesisTerms {
            max_supply: self.max_supply,
            genesis_supply,
            schedule: self.schedule,
            max_settlement_ms: self.max_settlement_ms,
        });
        Splits::<T>::put(self.splits);
        Fees::<T>::put(&self.fee_rule);
        Listing::<T>::set(self.listing);
    }
}

/// Mints an allocation and holds it if it vests.
fn hand_out<T: Config>(who: &T::AccountId, allocation: &Allocation) {
    let amount: Balance = allocation.amount;
    let minted = T::Currency::mint_into(who, amount);
    assert!(
        minted == Ok(amount),
        "an allocation cannot be minted: {minted:?}"
    );
    if let Release::Vested(steps) = allocation.release {
        assert!(
            steps.is_sound(T::Currency::minimum_balance()),
            "a vesting cannot be followed"
        );
        assert!(
            steps.total() == Some(amount),
            "a vesting does not release its allocation"
        );
        let mut vestings = Vestings::<T>::get(who);
        if vestings.is_empty() {
            // The whole balance may be held, so that the account needs another reason to exist.
            frame_system::Pallet::<T>::inc_providers(who);
        }
        let pushed = vestings.try_push(Vesting { steps, released: 0 });
        assert!(pushed.is_ok(), "an account has too many vestings");
        Vestings::<T>::insert(who, vestings);
        let held = T::Currency::hold(&HoldReason::Vesting.into(), who, amount);
        assert!(held.is_ok(), "an allocation cannot be held: {held:?}");
    }
}
