use super::mock::*;
use crate::*;
use frame_support::{assert_ok, traits::fungible::Inspect};
use parlance_primitives::{Balance, UNIT};
use sp_runtime::Perbill;
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

/// Reports a fault of `who` in the running epoch.
fn fault(who: AccountId, percent: u32) {
    fault_in(who, percent, CurrentEpoch::<Test>::get().index);
}

fn fault_in(who: AccountId, percent: u32, session: u32) {
    let details = OffenceDetails {
        offender: (who, ()),
        reporters: vec![],
    };
    <Vdpos as OnOffenceHandler<_, _, _>>::on_offence(
        &[details],
        &[Perbill::from_percent(percent)],
        session,
    );
    assert_invariants();
}

fn stake(who: AccountId) -> Balance {
    assert_ok!(Vdpos::refresh(signed(1), who));
    Voters::<Test>::get(who).map_or(0, |voter| voter.tokens())
}

#[test]
fn the_bond_pays_first() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![(VOTERS, vec![1], 4 * BOND)];
    genesis.run(|_| {
        let issuance = Balances::total_issuance();
        fault(1, 10);
        assert_eq!(
            bond_on_hold(1),
            BOND / 2 - 1,
            "a tenth of five bonds, rounded up"
        );
        assert_eq!(stake(VOTERS), 4 * BOND, "the voter loses nothing yet");
        assert_eq!(Balances::total_issuance(), issuance - BOND / 2 - 1, "burnt");
    });
}

#[test]
fn then_the_backing_pays_in_proportion() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![
        (VOTERS, vec![1], 3 * BOND),
        (VOTERS + 1, vec![1, 2], 2 * BOND),
    ];
    genesis.run(|_| {
        let issuance = Balances::total_issuance();
        // At stake: one bond and four of votes. Half of five, less one, is three eighths of the votes.
        fault(1, 50);
        assert_eq!(bond_on_hold(1), 0);
        let off = |value: Balance, expected: Balance| value.abs_diff(expected) <= 10;
        assert!(off(stake(VOTERS), 3 * BOND * 5 / 8));
        assert!(
            off(stake(VOTERS + 1), BOND + BOND * 5 / 8),
            "the other name is untouched"
        );
        assert_eq!(stake_on_hold(VOTERS), stake(VOTERS));
        assert!(
            off(issuance - Balances::total_issuance(), 5 * BOND / 2),
            "all of it burnt"
        );
    });
}

#[test]
fn a_touch_between_slashes_changes_nothing() {
    let mut genesis = Genesis::new(5, 4);
    genesis.votes = vec![(VOTERS, vec![1], 4 * BOND), (VOTERS + 1, vec![1], 4 * BOND)];
    genesis.parameters.ban_eras = 0;
    genesis.run(|chain| {
        fault(1, 60);
        let _ = stake(VOTERS);
        chain.next_era();
        fault(1, 60);
        let (touched, untouched) = (stake(VOTERS), stake(VOTERS + 1));
        assert!(touched.abs_diff(untouched) <= 2, "{touched} {untouched}");
        assert!(touched < 2 * BOND);
    });
}

#[test]
fn faults_of_one_era_count_once_and_the_worst_of_them() {
    let mut genesis = Genesis::new(4, 4);
    genesis.bonds[0] = 100 * BOND;
    genesis.run(|chain| {
        fault(1, 20);
        fault(1, 20);
        fault(1, 10);
        assert_eq!(bond_on_hold(1), 80 * BOND - 1);
        fault(1, 40);
        let left = bond_on_hold(1);
        assert!(left.abs_diff(60 * BOND) <= 1_000, "40 % in all: {left}");
        chain.next_era();
        fault(1, 50);
        assert!(
            bond_on_hold(1).abs_diff(30 * BOND) <= 1_000,
            "another era, another fault"
        );
    });
}

#[test]
fn a_fault_costs_five_percent_at_least() {
    let mut genesis = Genesis::new(4, 4);
    genesis.bonds[0] = 100 * BOND;
    genesis.run(|_| {
        fault(1, 0);
        assert_eq!(bond_on_hold(1), 95 * BOND - 1);
    });
}

#[test]
fn who_runs_away_still_pays() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![(VOTERS, vec![1], BOND), (VOTERS + 1, vec![1], BOND)];
    genesis.run(|chain| {
        chain.next_epoch();
        let epoch = CurrentEpoch::<Test>::get().index;
        // One takes its tokens out, the other moves them to a clean candidate.
        assert_ok!(Vdpos::unvote(signed(VOTERS), BOND));
        assert_ok!(Vdpos::vote(signed(VOTERS + 1), names(&[2]), BOND));
        chain.next_eras(2);
        fault_in(1, 100, epoch);
        assert_eq!(stake_on_hold(VOTERS), BOND, "lazily");
        chain.next_era();
        assert_ok!(Vdpos::withdraw(signed(1), VOTERS));
        assert_eq!(stake_on_hold(VOTERS), 0);
        assert_eq!(Balances::balance(&VOTERS), ENDOWMENT - BOND);

        assert_ok!(Vdpos::withdraw(signed(1), VOTERS + 1));
        assert_eq!(
            stake_on_hold(VOTERS + 1),
            0,
            "the debt came out of the new vote"
        );
        assert!(Voters::<Test>::get(VOTERS + 1).is_none_or(|voter| voter.votes.is_empty()));
    });
}

#[test]
fn a_debt_is_taken_from_tokens_on_their_way_out_too() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![(VOTERS, vec![1], BOND)];
    genesis.run(|chain| {
        let epoch = CurrentEpoch::<Test>::get().index;
        assert_ok!(Vdpos::vote(signed(VOTERS), names(&[2]), BOND));
        chain.next_era();
        assert_ok!(Vdpos::unvote(signed(VOTERS), BOND));
        fault_in(1, 75, epoch);
        chain.next_eras(2);
        // The move is ripe, the tokens are not: they pay from where they are.
        assert_ok!(Vdpos::withdraw(signed(1), VOTERS));
        // Half of the stake is lost: three quarters of two bonds, less one bond.
        assert!(stake_on_hold(VOTERS).abs_diff(BOND / 2) <= 10);
        assert_invariants();
        chain.next_era();
        assert_ok!(Vdpos::withdraw(signed(1), VOTERS));
        assert_eq!(stake_on_hold(VOTERS), 0);
        assert!(Balances::balance(&VOTERS).abs_diff(ENDOWMENT - BOND / 2) <= 10);
    });
}

#[test]
fn what_left_and_matured_before_is_safe() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![(VOTERS, vec![1], BOND)];
    genesis.run(|chain| {
        let epoch = CurrentEpoch::<Test>::get().index;
        assert_ok!(Vdpos::unvote(signed(VOTERS), BOND));
        chain.next_eras(3);
        fault_in(1, 100, epoch);
        assert_eq!(bond_on_hold(1), BOND, "too old to be reported");
        assert_ok!(Vdpos::withdraw(signed(1), VOTERS));
        assert_eq!(Balances::balance(&VOTERS), ENDOWMENT);
    });
}

#[test]
fn a_pool_that_lost_everything_takes_no_votes() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![(VOTERS, vec![1], BOND)];
    genesis.run(|_| {
        fault(1, 100);
        assert_eq!(
            Vdpos::vote(signed(VOTERS + 1), names(&[1]), UNIT).unwrap_err(),
            Error::<Test>::PoolExhausted.into()
        );
        assert_eq!(stake(VOTERS), 0);
        assert!(!Voters::<Test>::contains_key(VOTERS));
    });
}

#[test]
fn pay_stays_fair_after_a_slash() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![(VOTERS, vec![1], 4 * BOND)];
    genesis.parameters.ban_eras = 0;
    genesis.parameters.candidate_bond = UNIT;
    genesis.run(|chain| {
        // Three fifths of five bonds: the votes go down to half.
        fault(1, 60);
        assert_ok!(Vdpos::bond_more(signed(1), BOND));
        assert_ok!(Vdpos::vote(signed(VOTERS + 1), names(&[1]), 2 * BOND));
        chain.next_eras(4);
        let old = Vdpos::claimable(&VOTERS);
        let new = Vdpos::claimable(&(VOTERS + 1));
        // The voter that was there before has two bonds left, as the new one has.
        assert!(new > 0);
        assert!(old.abs_diff(new) <= old / 1_000_000, "{old} {new}");
    });
}

#[test]
fn an_offender_is_replaced_at_once_and_shut_out() {
    Genesis::new(6, 4).run(|chain| {
        let bad = active()[1];
        fault(bad, 10);
        chain.next_epoch();
        assert!(!active().contains(&bad));
        assert_eq!(slots_of(bad), 0);
        assert_eq!(Candidates::<Test>::get(bad).unwrap().banned_until, 11);
        assert_ok!(Vdpos::bond_more(signed(bad), BOND));
        chain.next_eras(9);
        assert!(!active().contains(&bad));
        chain.next_eras(2);
        assert_eq!(CurrentEra::<Test>::get().index, 11);
        assert!(
            active().contains(&bad),
            "its bond is the largest, and its time is over"
        );
    });
}

#[test]
fn records_of_faults_go_with_their_era() {
    Genesis::new(6, 4).run(|chain| {
        fault(1, 10);
        assert_eq!(Slashed::<Test>::iter().count(), 1);
        chain.next_eras(5);
        assert_eq!(Slashed::<Test>::iter().count(), 0);
    });
}
