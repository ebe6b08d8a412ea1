//! Counting active accounts, and what their number releases.

use frame_support::assert_ok;
use parlance_primitives::{Balance, DAY_MS, UNIT};

use crate::{Activity, Call, LastActiveDay, MAX_PRUNED, core::allocation::Economy, mock::*};
use frame_support::dispatch::{Pays, PostDispatchInfo};

const MIDNIGHT: u64 = 21_000 * DAY_MS;

fn active(range: core::ops::Range<u64>) {
    range.for_each(|who| Issuance::note_active(&who));
}

#[test]
fn an_account_counts_once_a_day() {
    run(ext(&Economy::bitchat()), || {
        first_block(MIDNIGHT);
        active(0..10);
        active(5..12);
        assert_eq!(Activity::<Test>::get().active, 12);
        at(MIDNIGHT + DAY_MS - 1);
        active(11..13);
        assert_eq!(Activity::<Test>::get().active, 13);
        at(MIDNIGHT + DAY_MS);
        active(0..3);
        let activity = Activity::<Test>::get();
        assert_eq!((activity.active, activity.before), (3, 13));
    });
}

#[test]
fn a_day_without_anybody_resets_the_count() {
    run(ext(&Economy::bitchat()), || {
        first_block(MIDNIGHT);
        active(0..10);
        at(MIDNIGHT + 2 * DAY_MS);
        active(0..1);
        let activity = Activity::<Test>::get();
        assert_eq!((activity.active, activity.before), (1, 0));
    });
}

#[test]
fn a_day_releases_base_and_per_user_of_the_day_before() {
    run(ext(&Economy::bitchat()), || {
        first_block(MIDNIGHT);
        active(0..40);
        let base = 500_000 * UNIT;
        let half_days: Vec<Balance> = (1..=6)
            .map(|half| settle_at(MIDNIGHT + half * MAX_STEP))
            .collect();
        assert_eq!(half_days[0] + half_days[1], base);
        assert_eq!(half_days[2] + half_days[3], base + 40 * UNIT / 2);
        assert_eq!(half_days[4] + half_days[5], base);
    });
}

/// A transaction after midnight and before the settlement must not take the new day's rate back to the
/// hours before midnight, nor lose them.
#[test]
fn the_first_transaction_of_a_day_settles_the_hours_before_midnight() {
    let released = |with_transaction: bool| {
        let mut sum = 0;
        run(ext(&Economy::bitchat()), || {
            first_block(MIDNIGHT);
            active(0..1_000);
            sum += settle_at(MIDNIGHT + MAX_STEP);
            sum += settle_at(MIDNIGHT + DAY_MS - 3_600_000);
            if with_transaction {
                at(MIDNIGHT + DAY_MS + 60_000);
                active(0..1);
            }
            sum += settle_at(MIDNIGHT + DAY_MS + 3_600_000);
        });
        sum
    };
    assert_eq!(released(true), released(false));
    let hour_of_the_new_day = (500_000 * UNIT + 1_000 * UNIT / 2) / 24;
    assert_eq!(released(true), 500_000 * UNIT + hour_of_the_new_day);
}

#[test]
fn under_halving_nobody_is_counted() {
    run(ext(&Economy::toktok()), || {
        first_block(MIDNIGHT);
        active(0..10);
        assert_eq!(Activity::<Test>::get().active, 0);
        assert_eq!(LastActiveDay::<Test>::iter().count(), 0);
    });
}

#[test]
fn marks_of_earlier_days_can_be_removed_by_anybody_for_nothing() {
    run(ext(&Economy::bitchat()), || {
        first_block(MIDNIGHT);
        active(0..10);
        at(MIDNIGHT + DAY_MS);
        active(8..9);
        let prune = |accounts: Vec<u64>| -> PostDispatchInfo {
            Issuance::prune_inactive(RuntimeOrigin::signed(ALICE), accounts.try_into().unwrap())
                .unwrap()
        };
        assert_eq!(prune((0..8).collect()).pays_fee, Pays::No);
        // Active today, unknown, or nobody: nothing to remove, and not for free.
        assert_eq!(prune(vec![8]).pays_fee, Pays::Yes);
        assert_eq!(prune(vec![9, 9]).pays_fee, Pays::Yes);
        assert_eq!(prune(vec![]).pays_fee, Pays::Yes);
        assert_eq!(
            LastActiveDay::<Test>::iter().collect::<Vec<_>>(),
            [(8, 21_001)]
        );
        assert_eq!(Activity::<Test>::get().active, 1);
    });
}

#[test]
fn more_accounts_than_the_bound_do_not_decode() {
    use codec::{Decode, Encode};
    let accounts: Vec<u64> = (0..u64::from(MAX_PRUNED) + 1).collect();
    let call = [vec![2u8], accounts.encode()].concat();
    assert!(Call::<Test>::decode(&mut &call[..]).is_err());
    let call = [vec![2u8], accounts[1..].encode()].concat();
    assert!(Call::<Test>::decode(&mut &call[..]).is_ok());
}

#[test]
fn a_reaped_account_leaves_no_mark() {
    run(ext(&Economy::bitchat()), || {
        first_block(MIDNIGHT);
        assert_ok!(Balances::transfer_allow_death(
            RuntimeOrigin::signed(ALICE),
            50,
            UNIT
        ));
        Issuance::note_active(&50);
        assert_ok!(Balances::transfer_all(
            RuntimeOrigin::signed(50),
            ALICE,
            false
        ));
        assert_eq!(LastActiveDay::<Test>::get(50), None);
        assert_eq!(Activity::<Test>::get().active, 1);
    });
}
