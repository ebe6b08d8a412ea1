//! Benchmarks of every call, and of what other pallets ask.

use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    storage::{storage_prefix, unhashed},
    traits::{
        EnsureOrigin, Get, Time,
        fungible::{Inspect, Mutate, MutateHold},
    },
};
use frame_system::RawOrigin;
use parlance_primitives::{Balance, DAY_MS, Moment, UNIT, issuance::Share, traits::Emission};
use sp_runtime::traits::StaticLookup;

use crate::{
    core::{
        clock::{Activity as ActivityCount, Clock as ScheduleClock, day_of},
        ledger::Terms as GenesisTerms,
        schedule::Schedule,
        split::Splits as Parts,
        vesting::{Start, Steps},
    },
    *,
};

/// A chain of the dearer schedule whose clock is an hour late and crosses midnight on the way.
fn chain_of_users<T: Config>() {
    let now = 20_500 * DAY_MS + DAY_MS / 48;
    set_time::<T>(now);
    Terms::<T>::put(GenesisTerms {
        max_supply: Balance::MAX,
        genesis_supply: T::Currency::total_issuance(),
        schedule: Schedule::ActiveUsers {
            pool: 1_000_000_000 * UNIT,
            base: 500_000 * UNIT,
            per_user: UNIT,
            cap: 2_000_000 * UNIT,
        },
        max_settlement_ms: DAY_MS,
    });
    let last = now.saturating_sub(DAY_MS / 24);
    Clock::<T>::put(ScheduleClock {
        started: 1,
        last,
        ..Default::default()
    });
    Activity::<T>::put(ActivityCount {
        day: day_of(now).saturating_sub(1),
        active: 10_000,
        before: 9_000,
    });
}

/// Sets the clock of `pallet-timestamp`, the only one that runtimes here have.
fn set_time<T: Config>(now: Moment) {
    unhashed::put(&storage_prefix(b"Timestamp", b"Now"), &now);
    assert_eq!(
        T::Time::now(),
        now,
        "the runtime calls pallet-timestamp `Timestamp`"
    );
}

fn funded<T: Config>() -> T::AccountId {
    let who: T::AccountId = whitelisted_caller();
    let amount = T::Currency::minimum_balance()
        .max(UNIT)
        .saturating_mul(1_000);
    T::Currency::mint_into(&who, amount).expect("a fresh account takes a thousand tokens");
    who
}

fn admin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn settle() {
        chain_of_users::<T>();
        #[block]
        {
            <Pallet<T> as Emission<_, _>>::settle();
        }
        assert_eq!(Clock::<T>::get().last, T::Time::now());
        assert!(Available::<T>::get().total() > 0);
    }

    #[benchmark]
    fn mint() {
        let who = funded::<T>();
        chain_of_users::<T>();
        Available::<T>::mutate(|shares| shares.relay = 1_000 * UNIT);
        let minted;
        #[block]
        {
            minted = <Pallet<T> as Emission<_, _>>::mint(Share::Relay, &who, UNIT);
        }
        assert_eq!(minted, UNIT);
    }

    #[benchmark]
    fn note_active() {
        let who = funded::<T>();
        chain_of_users::<T>();
        #[block]
        {
            Pallet::<T>::note_active(&who);
        }
        assert_eq!(
            LastActiveDay::<T>::get(&who),
            Some(Activity::<T>::get().day)
        );
    }

    #[benchmark]
    fn release(n: Linear<1, { T::MaxSchedules::get() }>) {
        let caller = funded::<T>();
        let owner: T::AccountId = account("owner", 0, 0);
        let per_step = T::Currency::minimum_balance().max(UNIT);
        let steps = Steps {
            start: Start::At(0),
            at_start: per_step,
            per_step,
            steps: 48,
            first_month: 1_000,
            step_months: 1,
        };
        let total = steps.total().expect("49 tokens fit");
        let mut vestings = BoundedVec::default();
        frame_system::Pallet::<T>::inc_providers(&owner);
        for _ in 0..n {
            T::Currency::mint_into(&owner, total).expect("49 tokens fit");
            T::Currency::hold(&HoldReason::Vesting.into(), &owner, total)
                .expect("just minted; another provider keeps the account");
            vestings
                .try_push(Vesting { steps, released: 0 })
                .expect("n is within the bound");
        }
        Vestings::<T>::insert(&owner, vestings);
        let target = T::Lookup::unlookup(owner.clone());

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), target);

        assert_eq!(
            T::Currency::balance(&owner),
            per_step.saturating_mul(n.into())
        );
    }

    #[benchmark]
    fn pay_pool() {
        let caller = funded::<T>();
        chain_of_users::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(caller), UNIT);
        assert_eq!(Ledger::<T>::get().returned, UNIT);
    }

    #[benchmark]
    fn prune_inactive(n: Linear<0, MAX_PRUNED>) {
        let caller = funded::<T>();
        Activity::<T>::put(ActivityCount {
            day: 2,
            active: 0,
            before: 0,
        });
        let accounts: Vec<T::AccountId> = (0..n).map(|i| account("idle", i, 0)).collect();
        for who in &accounts {
            LastActiveDay::<T>::insert(who, 1);
        }
        let named = BoundedVec::truncate_from(accounts);
        #[extrinsic_call]
        _(RawOrigin::Signed(caller), named);
        assert_eq!(LastActiveDay::<T>::iter().count(), 0);
    }

    #[benchmark]
    fn set_listing() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        Listing::<T>::kill();
        let listing = T::Time::now().saturating_add(DAY_MS);
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, listing);
        assert_eq!(Listing::<T>::get(), Some(listing));
        Ok(())
    }

    #[benchmark]
    fn set_splits() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let parts = Parts {
            production: Parts::default().relay,
            ..Parts::default()
        };
        let parts = Parts {
            relay: Parts::default().production,
            ..parts
        };
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, parts);
        assert_eq!(Splits::<T>::get(), parts);
        Ok(())
    }

    #[benchmark]
    fn set_fee_rule() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let rule = FeeRule::Account(account("foundation", 0, 0));
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, rule.clone());
        assert_eq!(Fees::<T>::get(), rule);
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::empty(), crate::mock::Test);
}
