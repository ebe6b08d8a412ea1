//! The schedule's clock in the pallet: start, steps, jumps, lapsing.

use frame_support::traits::Hooks;
use parlance_primitives::{DAY_MS, YEAR_MS, issuance::Share, traits::Emission};

use crate::{
    Available, Clock, Event, Ledger, Terms,
    core::{
        allocation::Economy,
        schedule::{Schedule, halving_released},
    },
    mock::*,
};

const START: u64 = 1_800_000_000_000;

fn released_after(elapsed: u64) -> u128 {
    match Terms::<Test>::get().schedule {
        Schedule::Halving { total, period_ms } => halving_released(total, period_ms, elapsed),
        Schedule::ActiveUsers { .. } => unreachable!("toktok halves"),
    }
}

#[test]
fn the_first_block_starts_the_schedule() {
    run(ext(&Economy::toktok()), || {
        first_block(START);
        assert_eq!(Clock::<Test>::get().started, START);
        assert_eq!(settle_at(START + 1_000), released_after(1_000));
        assert!(released_after(1_000) > 0);
    });
}

#[test]
fn later_blocks_do_not_touch_the_clock() {
    run(ext(&Economy::toktok()), || {
        first_block(START);
        at(START + 5);
        Issuance::on_finalize(2);
        assert_eq!(Clock::<Test>::get().last, START);
    });
}

#[test]
fn a_settlement_before_the_first_timestamp_starts_nothing() {
    run(ext(&Economy::toktok()), || {
        assert_eq!(settle_at(0), 0);
        first_block(START);
        assert_eq!(Clock::<Test>::get().elapsed, 0);
        assert_eq!(settle_at(START + 7), released_after(7));
    });
}

#[test]
fn settlements_add_up_to_the_closed_form() {
    run(ext(&Economy::toktok()), || {
        first_block(START);
        let mut sum = 0;
        for hour in 1..=1_000u64 {
            sum += settle_at(START + hour * 3_600_000);
            assert_eq!(sum, released_after(hour * 3_600_000));
        }
        assert_eq!(Ledger::<Test>::get().released, sum);
    });
}

#[test]
fn what_nobody_minted_lapses_and_stays_unminted() {
    run(ext(&Economy::toktok()), || {
        first_block(START);
        let first = settle_at(START + 60_000);
        let paid = Issuance::mint(Share::Relay, &ALICE, u128::MAX);
        let second = settle_at(START + 120_000);
        let ledger = Ledger::<Test>::get();
        assert_eq!(ledger.minted, paid);
        assert_eq!(ledger.lapsed, first - paid);
        assert_eq!(Available::<Test>::get().total(), second);
        System::assert_last_event(
            Event::Settled {
                released: second,
                lapsed: first - paid,
            }
            .into(),
        );
    });
}

#[test]
fn two_settlements_at_one_time_lapse_everything() {
    run(ext(&Economy::toktok()), || {
        first_block(START);
        assert!(settle_at(START + 60_000) > 0);
        assert_eq!(settle_at(START + 60_000), 0);
        assert_eq!(Issuance::mint(Share::Relay, &ALICE, 1_000_000), 0);
    });
}

#[test]
fn a_clock_jump_mints_nothing_extra_and_is_never_caught_up() {
    for economy in [Economy::toktok(), Economy::bitchat()] {
        run(ext(&economy), || {
            first_block(START);
            let longest = settle_at(START + MAX_STEP);
            let after_jump = settle_at(START + MAX_STEP + 40 * YEAR_MS);
            assert!(after_jump <= longest);
            let clock = Clock::<Test>::get();
            assert_eq!(clock.elapsed, 2 * MAX_STEP);
            assert_eq!(clock.skipped, 40 * YEAR_MS - MAX_STEP);
            // The next ordinary step releases what an ordinary step does.
            let next = settle_at(START + MAX_STEP + 40 * YEAR_MS + 1_000);
            assert!(next > 0 && next < longest / 40_000);
        });
    }
}

#[test]
fn a_clock_that_goes_back_releases_nothing_until_it_is_forward_again() {
    for economy in [Economy::toktok(), Economy::bitchat()] {
        run(ext(&economy), || {
            first_block(START);
            assert!(settle_at(START + 1_000_000) > 0);
            assert_eq!(settle_at(START - 10 * DAY_MS), 0);
            assert_eq!(settle_at(START + 1_000_000), 0);
            assert!(settle_at(START + 1_000_001) > 0);
        });
    }
}

#[test]
fn a_settlement_is_split_25_35_35_5() {
    run(ext(&Economy::bitchat()), || {
        first_block(START);
        let released = settle_at(START + 1_000_003);
        let shares = Share::ALL.map(<Issuance as Emission<u64, u128>>::available);
        assert_eq!(shares.iter().sum::<u128>(), released);
        for (share, percent) in shares.iter().zip([25, 35, 35, 5]) {
            assert!(share.abs_diff(released * percent / 100) <= 1);
        }
    });
}
