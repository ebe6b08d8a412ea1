//! Vesting on the exact dates of `docs/economy.md`: nothing one millisecond before, all at it.

use frame_support::{
    assert_noop, assert_ok,
    dispatch::Pays,
    traits::{
        fungible::{Inspect, InspectHold},
        tokens::{Fortitude, Preservation},
    },
};
use parlance_primitives::{Balance, Moment, UNIT};

use crate::{
    Error, Event, GenesisConfig, HoldReason, Listing, Vestings,
    core::{
        allocation::{Allocation, Economy, Release, Role},
        calendar::Date,
        vesting::{Start, Steps},
    },
    mock::*,
};

const TIME_OF_DAY: Moment = 9 * 3_600_000 + 30 * 60_000;

/// A date at the listing's time of day.
fn on(year: u64, month: u8, day: u8) -> Moment {
    Date { year, month, day }.midnight() + TIME_OF_DAY
}

/// The listing is on a month's last day, so that the n-th month after it ends on the n-th date.
fn months_later(n: u64) -> Moment {
    let after = 2028 * 12 + n + 1;
    on(after / 12, (after % 12 + 1) as u8, 1) - parlance_primitives::DAY_MS
}

fn held(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Vesting.into(), &who)
}

fn spendable(who: AccountId) -> Balance {
    Balances::reducible_balance(&who, Preservation::Expendable, Fortitude::Polite)
}

/// Walks through every date of a role and looks just before it and at it.
fn follow(economy: Economy, role: Role, percent_of_supply: Balance, dates: &[(Moment, Balance)]) {
    let share = economy.max_supply / 100 * percent_of_supply;
    run(ext(&economy), || {
        let who = account_of(role);
        let release = || Issuance::release(RuntimeOrigin::signed(9), who);
        let mut released = 0;
        assert_eq!((held(who), spendable(who)), (share, 0));
        for (date, percent_of_share) in dates {
            let amount = share / 100 * percent_of_share;
            at(date - 1);
            assert_eq!(Issuance::releasable(&who), 0);
            assert_noop!(release(), Error::<Test>::NothingDue);
            assert_eq!(Issuance::next_release(&who), Some((*date, amount)));

            at(*date);
            assert_eq!(Issuance::releasable(&who), amount);
            assert_eq!(release().unwrap().pays_fee, Pays::No);
            System::assert_last_event(Event::Released { who, amount }.into());
            released += amount;
            assert_eq!((held(who), spendable(who)), (share - released, released));
            Issuance::check_invariants().unwrap();
        }
        assert_eq!(released, share);
        assert_eq!(Issuance::next_release(&who), None);
        assert_noop!(release(), Error::<Test>::NoVesting);
    });
}

#[test]
fn the_months_of_these_tests_are_the_calendars() {
    assert_eq!(listing(), on(2028, 1, 31));
    assert_eq!(months_later(0), on(2028, 1, 31));
    assert_eq!(months_later(1), on(2028, 2, 29));
    assert_eq!(months_later(3), on(2028, 4, 30));
    assert_eq!(months_later(13), on(2029, 2, 28));
    assert_eq!(months_later(48), on(2032, 1, 31));
}

#[test]
fn toktok_foundation_three_years_then_a_fifth_each_year_for_five_years() {
    let dates = [2031, 2032, 2033, 2034, 2035].map(|year| (on(year, 1, 31), 20));
    follow(Economy::toktok(), Role::Foundation, 5, &dates);
}

#[test]
fn toktok_foundation_gets_one_percent_of_the_supply_a_year() {
    run(ext(&Economy::toktok()), || {
        at(on(2031, 1, 31));
        assert_eq!(
            Issuance::releasable(&account_of(Role::Foundation)),
            210_000 * UNIT
        );
    });
}

#[test]
fn toktok_team_four_percent_then_two_a_month_for_forty_eight_months() {
    let months = (1..=48).map(|n| (months_later(n), 2));
    let dates: Vec<_> = [(listing(), 4)].into_iter().chain(months).collect();
    follow(Economy::toktok(), Role::Team, 15, &dates);
}

#[test]
fn toktok_investors_ten_percent_then_fifteen_a_quarter_for_six_quarters() {
    let dates = [
        (on(2028, 1, 31), 10),
        (on(2028, 4, 30), 15),
        (on(2028, 7, 31), 15),
        (on(2028, 10, 31), 15),
        (on(2029, 1, 31), 15),
        (on(2029, 4, 30), 15),
        (on(2029, 7, 31), 15),
    ];
    follow(Economy::toktok(), Role::Investors, 15, &dates);
}

#[test]
fn toktok_early_incentives_are_free_at_once() {
    run(ext(&Economy::toktok()), || {
        let pool = account_of(Role::EarlyIncentives);
        assert_eq!((held(pool), spendable(pool)), (0, 1_050_000 * UNIT));
        assert_noop!(
            Issuance::release(RuntimeOrigin::signed(9), pool),
            Error::<Test>::NoVesting
        );
    });
}

#[test]
fn bitchat_team_five_percent_a_month_for_twenty_months() {
    let dates: Vec<_> = (1..=20).map(|n| (months_later(n), 5)).collect();
    follow(Economy::bitchat(), Role::Team, 10, &dates);
}

#[test]
fn bitchat_institutions_locked_twelve_months_then_five_percent_a_month() {
    let dates: Vec<_> = (12..=31).map(|n| (months_later(n), 5)).collect();
    assert_eq!(dates[0].0, on(2029, 1, 31));
    follow(Economy::bitchat(), Role::Institutions, 10, &dates);
}

#[test]
fn bitchat_ecosystem_community_and_research_a_fifth_then_twenty_months() {
    let months = (1..=20).map(|n| (months_later(n), 4));
    let dates: Vec<_> = [(listing(), 20)].into_iter().chain(months).collect();
    follow(Economy::bitchat(), Role::Ecosystem, 20, &dates);
    follow(Economy::bitchat(), Role::Community, 15, &dates);
    follow(Economy::bitchat(), Role::Research, 5, &dates);
}

#[test]
fn dates_that_were_missed_are_released_together() {
    run(ext(&Economy::toktok()), || {
        let team = account_of(Role::Team);
        let share = 3_150_000 * UNIT;
        at(months_later(10));
        assert_ok!(Issuance::release(RuntimeOrigin::signed(9), team));
        assert_eq!(spendable(team), share / 100 * 24);
        at(Moment::MAX);
        assert_ok!(Issuance::release(RuntimeOrigin::signed(9), team));
        assert_eq!((held(team), spendable(team)), (0, share));
        assert!(!Vestings::<Test>::contains_key(team));
    });
}

#[test]
fn a_released_account_is_an_ordinary_one() {
    run(ext(&Economy::toktok()), || {
        let team = account_of(Role::Team);
        assert_eq!(System::providers(&team), 1);
        at(Moment::MAX);
        assert_ok!(Issuance::release(RuntimeOrigin::signed(9), team));
        assert_eq!((System::providers(&team), System::consumers(&team)), (1, 0));
        assert_ok!(Balances::transfer_all(
            RuntimeOrigin::signed(team),
            ALICE,
            false
        ));
        assert_eq!(System::providers(&team), 0);
    });
}

#[test]
fn what_is_held_cannot_be_spent() {
    run(ext(&Economy::toktok()), || {
        let team = account_of(Role::Team);
        at(listing());
        assert_ok!(Issuance::release(RuntimeOrigin::signed(9), team));
        let free = spendable(team);
        let send =
            |amount| Balances::transfer_allow_death(RuntimeOrigin::signed(team), ALICE, amount);
        assert!(send(free + 1).is_err());
        assert_ok!(send(free));
        assert_eq!(held(team), 3_150_000 * UNIT - free);
    });
}

#[test]
fn before_the_listing_is_known_nothing_is_released() {
    let genesis = GenesisConfig {
        listing: None,
        ..GenesisConfig::of(&Economy::toktok(), 0, account_of)
    };
    run(build(genesis, &[]), || {
        let team = account_of(Role::Team);
        at(listing());
        assert_noop!(
            Issuance::release(RuntimeOrigin::signed(9), team),
            Error::<Test>::NothingDue
        );
        assert_eq!(Issuance::next_release(&team), None);
        assert_noop!(
            Issuance::set_listing(RuntimeOrigin::root(), listing() - 1),
            Error::<Test>::ListingInThePast
        );
        assert_ok!(Issuance::set_listing(RuntimeOrigin::root(), listing() + 1));
        System::assert_last_event(
            Event::ListingSet {
                listing: listing() + 1,
            }
            .into(),
        );
        assert_eq!(Listing::<Test>::get(), Some(listing() + 1));
        assert_eq!(Issuance::releasable(&team), 0);
        at(listing() + 1);
        assert_ok!(Issuance::release(RuntimeOrigin::signed(9), team));
        // Once known it does not move.
        assert_noop!(
            Issuance::set_listing(RuntimeOrigin::root(), Moment::MAX),
            Error::<Test>::AlreadyListed
        );
    });
}

#[test]
fn one_account_may_have_several_plans_with_their_own_starts() {
    let plan = |start, per_step| {
        let steps = Steps {
            start,
            at_start: 0,
            per_step,
            steps: 2,
            first_month: 1,
            step_months: 1,
        };
        let amount = steps.total().unwrap();
        (
            5,
            Allocation {
                role: Role::Other,
                amount,
                release: Release::Vested(steps),
            },
        )
    };
    let first = on(2030, 6, 15);
    let genesis = GenesisConfig {
        allocations: vec![
            plan(Start::At(first), 10 * UNIT),
            plan(Start::At(on(2030, 7, 15)), UNIT),
        ],
        ..Default::default()
    };
    run(build(genesis, &[]), || {
        assert_eq!(held(5), 22 * UNIT);
        at(first);
        assert_eq!(
            Issuance::next_release(&5),
            Some((on(2030, 7, 15), 10 * UNIT))
        );
        at(on(2030, 7, 15));
        // Two plans on one date.
        assert_eq!(
            Issuance::next_release(&5),
            Some((on(2030, 8, 15), 11 * UNIT))
        );
        at(on(2030, 8, 15));
        assert_ok!(Issuance::release(RuntimeOrigin::signed(9), 5));
        assert_eq!((held(5), spendable(5)), (UNIT, 21 * UNIT));
        assert_eq!(Vestings::<Test>::get(5).len(), 1);
        at(on(2030, 9, 15));
        assert_ok!(Issuance::release(RuntimeOrigin::signed(9), 5));
        assert_eq!(System::providers(&5), 1);
    });
}
