//! Allowances follow the load, slowly and within bounds; more is bought, and never paid twice.

use frame_support::{assert_noop, assert_ok};
use parlance_primitives::{
    UNIT,
    accounts::{Identities as _, Load, Resource},
};
use proptest::prelude::*;
use sp_runtime::{Perbill, TokenError};

use super::{mock::*, people::*};
use crate::{
    Allowances, Error, Purchases,
    core::allowance::{Bounds, Levels, Newcomers, STEP},
};

const RELAYED: Resource = Resource::Relayed;
const NOBODY: Newcomers = Newcomers {
    share: Perbill::one(),
    pool: Perbill::one(),
    count: 0,
};

fn next_period() {
    pass(ALLOWANCE_PERIOD - now() % ALLOWANCE_PERIOD);
}

fn level(resource: Resource) -> u64 {
    Allowances::<Test>::get().current[resource.index()]
}

#[test]
fn an_idle_network_gives_more_and_a_full_one_less() {
    run(|| {
        next_period();
        assert_eq!(level(RELAYED), 1_000, "no capacity: the floor");
        Network::carries(RELAYED, 1_000_000, 0);
        next_period();
        assert_eq!(level(RELAYED), 1_050);
        next_period();
        assert_eq!(level(RELAYED), 1_102);
        for _ in 0..60 {
            next_period();
        }
        assert_eq!(level(RELAYED), 8_000, "idle: the ceiling");
        // Half full: twice the floor.
        Network::carries(RELAYED, 1_000_000, 500_000);
        next_period();
        assert_eq!(level(RELAYED), 7_600);
        for _ in 0..60 {
            next_period();
        }
        assert_eq!(level(RELAYED), 2_000);
        Network::carries(RELAYED, 1_000_000, 3_000_000);
        for _ in 0..60 {
            next_period();
        }
        assert_eq!(level(RELAYED), 1_000);
    });
}

#[test]
fn newcomers_have_a_part_holders_all_and_strangers_nothing() {
    run(|| {
        let (ada, bob, eve) = (Person::of("Ada"), Person::of("Bob"), Person::of("Eve"));
        ada.settles_with_deposit();
        bob.settles();
        let allowance = |who: &Person| Accounts::allowance(&who.id(), RELAYED, Accounts::period());
        assert_eq!(allowance(&ada), 1_000);
        assert_eq!(allowance(&bob), 250);
        assert_eq!(allowance(&eve), 0);
    });
}

#[test]
fn newcomers_share_a_part_of_the_capacity_however_many_they_are() {
    run(|| {
        let (ada, bob) = (Person::of("Ada"), Person::of("Bob"));
        ada.settles_with_deposit();
        bob.settles();
        let allowance = |who: &Person| Accounts::allowance(&who.id(), RELAYED, Accounts::period());
        Network::carries(RELAYED, 4_000, 4_000);
        next_period();
        assert_eq!((allowance(&ada), allowance(&bob)), (1_000, 250));
        for n in 0..7 {
            Person::of(&format!("Fake{n}")).settles();
            pass(1);
        }
        next_period();
        // A tenth of 4,000 among eight; who has a deposit notices nothing.
        assert_eq!((allowance(&ada), allowance(&bob)), (1_000, 50));
    });
}

#[test]
fn the_last_period_is_remembered_and_no_other() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles_with_deposit();
        Network::carries(RELAYED, 1_000, 0);
        next_period();
        let period = Accounts::period();
        next_period();
        let of = |period| Accounts::allowance(&ada.id(), RELAYED, period);
        assert_eq!(of(period + 1), 1_102);
        assert_eq!(of(period), 1_050);
        assert_eq!(of(period + 2), 0);
        assert_eq!(of(period - 1), 0);
        assert_eq!(of(u32::MAX), 0);
    });
}

#[test]
fn more_is_bought_and_burnt() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles().with_tokens(100 * UNIT);
        let mib = 1 << 20;
        let issued = Balances::total_issuance();
        let buy = |resource, bytes, periods| {
            Accounts::buy_allowance(RuntimeOrigin::signed(ada.id()), resource, bytes, periods)
        };
        // The deposit comes first, then 2 MiB in each of three periods at one token.
        assert_ok!(buy(RELAYED, 2 * mib, 3));
        assert!(ada.is_backed());
        assert_eq!(Balances::total_issuance(), issued - 6 * UNIT);
        let period = Accounts::period();
        let of = |period| Accounts::bought_allowance(&ada.id(), RELAYED, period);
        assert_eq!(
            (of(period), of(period + 2), of(period + 3)),
            (2 * mib, 2 * mib, 0)
        );
        assert_eq!(
            Accounts::allowance(&ada.id(), RELAYED, period),
            1_000 + 2 * mib
        );
        // One period later: a third MiB for the rest and one period more costs 3 + 3 + 3 - 4 MiB.
        next_period();
        assert_ok!(buy(RELAYED, 3 * mib, 3));
        assert_eq!(Balances::total_issuance(), issued - 11 * UNIT);
        // Nothing is given back.
        for (bytes, periods) in [(2 * mib, 3), (3 * mib, 2), (3 * mib, 3), (4 * mib, 0)] {
            assert_noop!(buy(RELAYED, bytes, periods), Error::<Test>::NotAnExtension);
        }
        assert_noop!(buy(RELAYED, 3 * mib, 11), Error::<Test>::TooLong);
        assert_noop!(
            buy(Resource::Temporary, 1 << 30, 10),
            TokenError::FundsUnavailable
        );
        // The least costs something.
        let before = Balances::total_issuance();
        assert_ok!(buy(Resource::Mailbox, 1, 1));
        assert!(Balances::total_issuance() < before);
        assert_eq!(Purchases::<Test>::iter().count(), 1);
    });
}

/// Relays count messages of the period before for a while: they find what was paid for when it ran.
#[test]
fn what_is_bought_counts_from_its_period_on() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles().with_tokens(100 * UNIT);
        let mib = 1 << 20;
        let buy = |bytes, periods| {
            Accounts::buy_allowance(RuntimeOrigin::signed(ada.id()), RELAYED, bytes, periods)
        };
        let bought = |period| Accounts::bought_allowance(&ada.id(), RELAYED, period);
        // In the last block of a period, and in the first of the next one.
        next_period();
        let first = Accounts::period();
        pass(ALLOWANCE_PERIOD - 1 - now() % ALLOWANCE_PERIOD);
        assert_ok!(buy(2 * mib, 1));
        assert_eq!((bought(first - 1), bought(first)), (0, 2 * mib));
        pass(1);
        assert_eq!((Accounts::period(), bought(first + 1)), (first + 1, 0));
        assert_ok!(buy(5 * mib, 2));
        assert_eq!((bought(first), bought(first + 1)), (2 * mib, 5 * mib));
        assert_ok!(buy(6 * mib, 2));
        assert_eq!((bought(first), bought(first + 1)), (2 * mib, 6 * mib));
        let free = Accounts::free_allowance(&ada.id(), RELAYED, first);
        assert_eq!(
            Accounts::allowance(&ada.id(), RELAYED, first),
            free + 2 * mib
        );
    });
}

#[test]
fn buying_takes_an_identity_and_a_deposit() {
    run(|| {
        let (ada, eve) = (Person::of("Ada"), Person::of("Eve"));
        ada.settles().with_tokens(5 * UNIT);
        eve.with_tokens(100 * UNIT);
        let buy =
            |who: &Person| Accounts::buy_allowance(RuntimeOrigin::signed(who.id()), RELAYED, 1, 1);
        assert_noop!(buy(&ada), Error::<Test>::CannotBack);
        assert_noop!(buy(&eve), Error::<Test>::NoIdentity);
    });
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (STEP..u64::MAX, any::<u64>()).prop_map(|(floor, more)| Bounds {
        floor,
        ceiling: floor.saturating_add(more),
    })
}

proptest! {
    #[test]
    fn an_allowance_stays_within_bounds_and_moves_slowly(
        bounds in bounds(), start: u64, loads in prop::collection::vec((any::<u64>(), any::<u64>()), 1..50),
    ) {
        let mut level = bounds.within(start);
        for (capacity, used) in loads {
            let next = bounds.next(level, Load { capacity, used });
            prop_assert!(bounds.floor <= next && next <= bounds.ceiling);
            prop_assert!(next.abs_diff(level) <= level / STEP);
            level = next;
        }
    }

    #[test]
    fn newcomers_never_have_more_than_their_pool(
        level: u64, capacity in 1u64.., used: u64, count in 1u32.., share in 0u32..101, pool in 0u32..101,
    ) {
        let (share, pool) = (Perbill::from_percent(share), Perbill::from_percent(pool));
        let each = Newcomers { share, pool, count }.allowance(level, Load { capacity, used });
        prop_assert!(each <= share.mul_floor(level));
        prop_assert!(u128::from(each) * u128::from(count) <= u128::from(pool.mul_ceil(capacity)));
    }

    #[test]
    fn more_use_never_gives_more(bounds in bounds(), capacity: u64, one: u64, other: u64) {
        let aim = |used| bounds.aim(Load { capacity, used });
        prop_assert!(aim(one.max(other)) <= aim(one.min(other)));
    }

    #[test]
    fn a_steady_load_is_reached(
        floor in STEP..1_000_000, factor in 1u64..50, capacity in 1..u64::MAX / 2, used: u64,
    ) {
        let bounds = [Bounds { floor, ceiling: floor * factor }; 3];
        let load = Load { capacity, used };
        let mut levels = Levels::default();
        for period in 1..2_000 {
            levels.advance(period, &bounds, &NOBODY, |_| load);
        }
        prop_assert_eq!(levels.current, [bounds[0].aim(load); 3]);
    }
}
