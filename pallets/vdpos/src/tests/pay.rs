use super::mock::*;
use crate::*;
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use parlance_primitives::{Balance, UNIT};
use sp_runtime::Perbill;

fn reward(who: AccountId) -> Balance {
    Candidates::<Test>::get(who).unwrap().reward
}

#[test]
fn what_an_era_mints_is_credited_or_carried_to_the_last_unit() {
    let mut genesis = Genesis::new(7, 7);
    genesis.commission = Perbill::from_perthousand(77);
    genesis.votes = (0..50)
        .map(|i| {
            let list = (1..=7).filter(|who| (i + who) % 3 != 0).collect();
            (VOTERS + i, list, (i as u128 + 1) * 1_234_567_890_123)
        })
        .collect();
    genesis.run(|chain| {
        Release::set(999_999_999_999_999_989);
        let issuance = Balances::total_issuance();
        for _ in 0..5 {
            chain.next_era();
            assert_invariants();
        }
        assert_eq!(Minted::get(), 5 * 999_999_999_999_999_989);
        assert_eq!(Balances::total_issuance(), issuance + Minted::get());

        // Everybody claims: what is left is the carry and what rounding left in the pools.
        let mut claimed = 0;
        for who in (1..=7).chain(VOTERS..VOTERS + 50) {
            let due = Vdpos::claimable(&who);
            let before = Balances::balance(&who);
            assert_ok!(Vdpos::claim(signed(who)));
            assert_eq!(Balances::balance(&who) - before, due);
            claimed += due;
        }
        let outstanding: Balance = Pools::<Test>::iter_values()
            .map(|pool| pool.outstanding)
            .sum();
        assert_eq!(claimed + Carry::<Test>::get() + outstanding, Minted::get());
        assert!(
            outstanding < 50 * 7,
            "less than a unit per position: {outstanding}"
        );
        assert!(Carry::<Test>::get() >= DEPOSIT);
        assert!(Carry::<Test>::get() < DEPOSIT + 100, "rounding only");
    });
}

#[test]
fn the_smallest_voter_is_paid_its_part() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![
        (VOTERS, vec![1], 500_000 * UNIT),
        (VOTERS + 1, vec![1], DEPOSIT),
    ];
    genesis.run(|chain| {
        chain.next_era();
        let (large, small) = (Vdpos::claimable(&VOTERS), Vdpos::claimable(&(VOTERS + 1)));
        assert!(small > 0);
        let by_tokens = large / (500_000 * UNIT / DEPOSIT);
        assert!(by_tokens.abs_diff(small) <= 1, "{small} for {by_tokens}");
        assert_ok!(Vdpos::claim(signed(VOTERS + 1)));
        assert_noop!(
            Vdpos::claim(signed(VOTERS + 1)),
            Error::<Test>::NothingToClaim
        );
    });
}

#[test]
fn pay_follows_blocks_then_commission_then_tokens() {
    let mut genesis = Genesis::new(4, 4);
    genesis.commission = Perbill::from_percent(20);
    genesis.votes = vec![(VOTERS, vec![1], 3 * BOND)];
    genesis.run(|chain| {
        chain.next_era();
        let made = |who| u128::from(chain.made[&who]);
        let total: u128 = (1..=4).map(made).sum();
        let payable = Minted::get() - DEPOSIT;
        let part = payable * made(1) / total;
        let commission = Perbill::from_percent(20).mul_floor(part);
        let votes = (part - commission) * 3 / 4;
        assert_eq!(reward(1) + Vdpos::claimable(&VOTERS), part);
        assert!(votes - Vdpos::claimable(&VOTERS) <= 1);
        assert_eq!(
            reward(2),
            payable * made(2) / total,
            "no voters: all for the operator"
        );
    });
}

#[test]
fn a_vote_earns_from_when_it_is_there_until_it_is_gone() {
    Genesis::new(4, 4).run(|chain| {
        chain.next_era();
        assert_ok!(Vdpos::vote(signed(VOTERS), names(&[1]), BOND));
        assert_eq!(Vdpos::claimable(&VOTERS), 0, "not for eras before");
        chain.next_era();
        let first = Vdpos::claimable(&VOTERS);
        assert!(first > 0);
        assert_ok!(Vdpos::unvote(signed(VOTERS), BOND));
        assert_eq!(Vdpos::claimable(&VOTERS), first, "what was earned stays");
        assert_invariants();
        chain.next_eras(4);
        assert_eq!(Vdpos::claimable(&VOTERS), first, "unbonding earns nothing");
        assert_ok!(Vdpos::withdraw(signed(VOTERS), VOTERS));
        assert_ok!(Vdpos::claim(signed(VOTERS)));
        assert!(!Voters::<Test>::contains_key(VOTERS));
    });
}

#[test]
fn an_outage_over_a_whole_era_mints_nothing_for_it_twice() {
    Genesis::new(4, 4).run(|chain| {
        chain.next_era();
        let minted = Minted::get();
        // Nothing for three eras; the clock jumps.
        chain.slot += 3 * 60;
        chain.next_era();
        assert_eq!(Minted::get(), minted + Release::get(), "one settlement");
    });
}

#[test]
fn a_release_too_small_for_an_account_is_carried_or_lapses() {
    Genesis::new(4, 4).run(|chain| {
        Release::set(DEPOSIT - 1);
        chain.next_era();
        assert_eq!((Minted::get(), Carry::<Test>::get()), (0, 0));
        Release::set(DEPOSIT);
        chain.next_era();
        assert_eq!((Minted::get(), Carry::<Test>::get()), (DEPOSIT, DEPOSIT));
        Release::set(4_000);
        chain.next_era();
        assert_eq!(Minted::get(), DEPOSIT + 4_000);
        assert!((1..=4).map(reward).sum::<Balance>() > 3_990);
        // Everybody claims and the pot stays alive.
        for who in 1..=4 {
            assert_ok!(Vdpos::claim(signed(who)));
        }
        assert!(Balances::balance(&Vdpos::pot()) >= DEPOSIT);
    });
}

#[test]
fn quality_drops_with_missed_blocks_and_recovers() {
    let mut genesis = Genesis::new(4, 4);
    // No strikes in this test: only the average moves.
    genesis.parameters.epochs_per_era = 1;
    genesis.parameters.epoch_slots = 40;
    genesis.run(|chain| {
        let average = || Candidates::<Test>::get(2).unwrap().average;
        chain.next_eras(2);
        assert_eq!(average(), Perbill::one());
        let full = slots_of(2);
        chain.silent.insert(2);
        chain.next_era();
        let dropped = average();
        assert!(dropped < Perbill::from_percent(80), "{dropped:?}");
        assert!(slots_of(2) < full, "{} of {full}", slots_of(2));
        chain.silent.clear();
        for _ in 0..12 {
            chain.next_era();
        }
        assert!(average() > Perbill::from_percent(98));
        assert!(slots_of(2).abs_diff(full) <= 1);
    });
}

#[test]
fn other_services_count_in_quality() {
    Genesis::new(4, 4).run(|chain| {
        Relayed::set([(1, Perbill::zero()), (2, Perbill::one())].into());
        chain.next_era();
        let average = |who| Candidates::<Test>::get(who).unwrap().average;
        assert!(average(1) < average(2));
        assert_eq!(
            average(2),
            average(3),
            "who does not relay is not judged by it"
        );
    });
}
