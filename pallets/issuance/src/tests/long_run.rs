//! Forty years of settlements under both schedules: never past the cap, equal to the closed form.

use parlance_primitives::{
    Balance, DAY_MS, Moment, UNIT, YEAR_MS, issuance::Share, traits::Emission,
};

use crate::{
    Activity, Ledger, Terms,
    core::{allocation::Economy, schedule::Schedule, schedule::daily},
    mock::*,
};

const START: Moment = 20_500 * DAY_MS;
const ERA: Moment = 6 * 3_600_000;
const FORTY_YEARS: Moment = 40 * YEAR_MS;

/// Settles and mints all that each share has.
fn era(now: Moment) -> Balance {
    let released = settle_at(now);
    let minted: Balance = Share::ALL
        .iter()
        .map(|share| Issuance::mint(*share, &ALICE, Balance::MAX))
        .sum();
    assert_eq!(minted, released);
    let terms = Terms::<Test>::get();
    assert!(Balances::total_issuance() <= terms.max_supply);
    System::reset_events();
    released
}

#[test]
fn toktok_for_forty_years() {
    run(ext(&Economy::toktok()), || {
        first_block(START);
        let terms = Terms::<Test>::get();
        let total = terms.schedule.pool();
        let mut sum = 0;
        for era_index in 1..=FORTY_YEARS / ERA {
            sum += era(START + era_index * ERA);
            let elapsed = era_index * ERA;
            if elapsed.is_multiple_of(4 * YEAR_MS) {
                // 2^10 divides the pool: each period halves what is left to the unit.
                let halvings = (elapsed / (4 * YEAR_MS)) as u32;
                assert_eq!(total - sum, total >> halvings);
            }
        }
        assert_eq!(total - sum, total >> 10);
        assert_eq!(Balances::total_issuance(), terms.genesis_supply + sum);
    });
}

/// Accounts active on a day: growth, a plateau at the cap, a collapse, growth again.
fn users(day: u64) -> u32 {
    match day {
        0..2_000 => (day * 2_000) as u32,
        2_000..3_000 => 4_000_000,
        3_000..4_000 => 10_000,
        _ => (day * 300 % 1_000_003) as u32,
    }
}

#[test]
fn bitchat_for_forty_years() {
    run(ext(&Economy::bitchat()), || {
        first_block(START);
        let terms = Terms::<Test>::get();
        let Schedule::ActiveUsers {
            pool,
            base,
            per_user,
            cap,
        } = terms.schedule
        else {
            unreachable!("bitchat counts users");
        };
        let (mut sum, mut planned) = (0, 0);
        for day in 0..FORTY_YEARS / DAY_MS {
            let midnight = START + day * DAY_MS;
            at(midnight);
            // The first user of the day is real, the others are only counted.
            Issuance::note_active(&ALICE);
            Activity::<Test>::mutate(|activity| activity.active = users(day));
            for quarter in 1..=4 {
                sum += era(midnight + quarter * ERA);
            }
            let before = if day == 0 { 0 } else { users(day - 1) };
            planned += daily(base, per_user, cap, before);
            assert_eq!(sum, planned.min(pool), "day {day}");
        }
        // The pool lasted less than forty years: the end of it was seen.
        assert!(planned > pool);
        assert_eq!(Ledger::<Test>::get().left(&terms), 0);
        assert_eq!(Balances::total_issuance(), terms.max_supply);
        assert_eq!(terms.max_supply, 20_000_000_000 * UNIT);
    });
}
