//! What users pay for services flows back to the mining pool.

use frame_support::{assert_noop, assert_ok};
use parlance_primitives::{Balance, DAY_MS, UNIT, issuance::Share, traits::Emission};
use sp_runtime::TokenError;

use crate::{
    Error, Event, GenesisConfig, Ledger, Terms,
    core::{allocation::Economy, schedule::Schedule},
    mock::*,
};

const START: u64 = 21_000 * DAY_MS;

#[test]
fn service_payments_enlarge_a_pool_that_takes_returns() {
    run(ext(&Economy::bitchat()), || {
        let supply = Balances::total_issuance();
        let left = Ledger::<Test>::get().left(&Terms::<Test>::get());
        assert_ok!(Issuance::pay_pool(RuntimeOrigin::signed(ALICE), 10 * UNIT));
        System::assert_last_event(
            Event::PoolPaid {
                who: ALICE,
                amount: 10 * UNIT,
                minable: true,
            }
            .into(),
        );
        assert_eq!(Balances::total_issuance(), supply - 10 * UNIT);
        assert_eq!(
            Ledger::<Test>::get().left(&Terms::<Test>::get()),
            left + 10 * UNIT
        );
    });
}

#[test]
fn under_halving_a_payment_is_gone_for_good() {
    run(ext(&Economy::toktok()), || {
        let left = Ledger::<Test>::get().left(&Terms::<Test>::get());
        assert_ok!(Issuance::pay_pool(RuntimeOrigin::signed(ALICE), 10 * UNIT));
        System::assert_last_event(
            Event::PoolPaid {
                who: ALICE,
                amount: 10 * UNIT,
                minable: false,
            }
            .into(),
        );
        assert_eq!(Ledger::<Test>::get().retired, 10 * UNIT);
        assert_eq!(Ledger::<Test>::get().left(&Terms::<Test>::get()), left);
    });
}

#[test]
fn nobody_pays_nothing_or_more_than_they_can() {
    run(ext(&Economy::bitchat()), || {
        let pay = |amount| Issuance::pay_pool(RuntimeOrigin::signed(ALICE), amount);
        assert_noop!(pay(0), Error::<Test>::NothingPaid);
        // The least balance stays, so that the account lives on.
        assert_noop!(pay(1_000 * UNIT), TokenError::FundsUnavailable);
        assert_ok!(pay(1_000 * UNIT - LEAST));
        assert_noop!(
            Issuance::pay_pool(RuntimeOrigin::none(), 1),
            sp_runtime::traits::BadOrigin
        );
    });
}

/// A pool of three tokens at two a day.
fn small() -> GenesisConfig<Test> {
    GenesisConfig {
        max_supply: 103 * UNIT,
        schedule: Schedule::ActiveUsers {
            pool: 3 * UNIT,
            base: 2 * UNIT,
            per_user: 0,
            cap: 2 * UNIT,
        },
        max_settlement_ms: DAY_MS,
        fully_allocated: true,
        ..Default::default()
    }
}

#[test]
fn an_empty_pool_releases_nothing_until_somebody_pays_it() {
    run(build(small(), &[(ALICE, 100 * UNIT)]), || {
        first_block(START);
        let mint_all = || -> Balance {
            Share::ALL
                .iter()
                .map(|share| Issuance::mint(*share, &ALICE, Balance::MAX))
                .sum()
        };
        assert_eq!(
            (settle_at(START + DAY_MS), mint_all()),
            (2 * UNIT, 2 * UNIT)
        );
        assert_eq!((settle_at(START + 2 * DAY_MS), mint_all()), (UNIT, UNIT));
        assert_eq!(Balances::total_issuance(), 103 * UNIT);
        assert_eq!(settle_at(START + 3 * DAY_MS), 0);

        assert_ok!(Issuance::repay_pool(&ALICE, 5 * UNIT));
        assert_eq!(
            (settle_at(START + 4 * DAY_MS), mint_all()),
            (2 * UNIT, 2 * UNIT)
        );
        Issuance::check_invariants().unwrap();
        assert_eq!(
            (settle_at(START + 5 * DAY_MS), mint_all()),
            (2 * UNIT, 2 * UNIT)
        );
        assert_eq!((settle_at(START + 6 * DAY_MS), mint_all()), (UNIT, UNIT));
        assert_eq!(settle_at(START + 7 * DAY_MS), 0);
        assert_eq!(Balances::total_issuance(), 103 * UNIT);
    });
}
