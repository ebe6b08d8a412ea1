use super::mock::*;
use crate::*;
use codec::{Decode, Encode};
use frame_election_provider_support::{ScoreProvider, SortedListProvider};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::fungible::Inspect};
use parlance_primitives::{MICRO, UNIT};
use sp_runtime::{Perbill, TokenError, traits::Dispatchable};

const VOTER: AccountId = VOTERS;

fn stakes() -> Vec<(AccountId, u128)> {
    let voter = Voters::<Test>::get(VOTER).unwrap();
    voter
        .votes
        .iter()
        .map(|vote| (vote.stake.candidate, vote.stake.tokens))
        .collect()
}

#[test]
fn a_vote_is_shared_equally_and_held() {
    Genesis::new(4, 4).run(|_| {
        let stake = 10 * UNIT + 1;
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[3, 1, 2]), stake));
        let third = stake / 3;
        assert_eq!(
            stakes(),
            vec![(3, third + stake % 3), (1, third), (2, third)]
        );
        assert_eq!(stake_on_hold(VOTER), stake);
        assert_eq!(Balances::balance(&VOTER), ENDOWMENT - stake);
        assert!(VoterList::contains(&VOTER));
        assert_eq!(Pools::<Test>::get(1).unwrap().units, third);
    });
}

#[test]
fn bad_votes_change_nothing() {
    Genesis::new(4, 4).run(|_| {
        let vote = |list: &[AccountId], stake| Vdpos::vote(signed(VOTER), names(list), stake);
        assert_noop!(vote(&[], UNIT), Error::<Test>::NoNames);
        assert_noop!(vote(&[1, 2, 1], UNIT), Error::<Test>::DuplicateName);
        assert_noop!(vote(&[1, VOTERS], UNIT), Error::<Test>::NotCandidate);
        assert_noop!(vote(&[1], DEPOSIT - 1), Error::<Test>::StakeTooSmall);
        assert_noop!(vote(&[1], ENDOWMENT + 1), TokenError::FundsUnavailable);
    });
}

#[test]
fn too_many_names_are_refused_by_that_name_and_cost_no_more_than_a_full_vote() {
    Genesis::new(20, 4).run(|_| {
        let call = |names: Vec<AccountId>| {
            let stake = 10 * UNIT;
            // As it travels: a list too long must decode, or the wallet hears of a trap only.
            let bytes = RuntimeCall::Vdpos(Call::vote { names, stake }).encode();
            RuntimeCall::decode(&mut &bytes[..]).unwrap()
        };
        let weight = |call: &RuntimeCall| call.get_dispatch_info().call_weight;
        let sixteen = call((1..=16).collect());
        // Neither whether the names are candidates nor whether they repeat is looked at.
        for names in [(1..=17).collect(), vec![1; 17], vec![VOTERS; 50_000]] {
            let long = call(names);
            assert_eq!(weight(&long), weight(&sixteen));
            let error = long.dispatch(signed(VOTER)).unwrap_err().error;
            assert_eq!(error, Error::<Test>::TooManyNames.into());
        }
        assert_ok!(sixteen.dispatch(signed(VOTER)));
        assert_eq!(stakes().len(), 16);
    });
}

#[test]
fn a_new_vote_replaces_the_old_one() {
    Genesis::new(4, 4).run(|_| {
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1, 2]), 10 * UNIT));
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[2, 3]), 30 * UNIT));
        assert_eq!(stakes(), vec![(2, 15 * UNIT), (3, 15 * UNIT)]);
        assert_eq!(stake_on_hold(VOTER), 30 * UNIT);
        let pool = |who| Pools::<Test>::get(who).unwrap();
        assert_eq!(
            (pool(1).units, pool(1).trailing),
            (0, 5 * UNIT),
            "the old name lingers"
        );
        assert_eq!((pool(2).units, pool(2).trailing), (15 * UNIT, 0));
        let chunks = Unbonding::<Test>::get(VOTER);
        assert_eq!(
            (chunks.len(), chunks[0].releases, chunks[0].held()),
            (1, false, 0)
        );
    });
}

#[test]
fn tokens_that_a_smaller_vote_does_not_need_unbond() {
    Genesis::new(4, 4).run(|_| {
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1, 2]), 10 * UNIT));
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1, 2]), 4 * UNIT));
        assert_eq!(stakes(), vec![(1, 2 * UNIT), (2, 2 * UNIT)]);
        assert_eq!(stake_on_hold(VOTER), 10 * UNIT);
        assert_eq!(Unbonding::<Test>::get(VOTER)[0].held(), 6 * UNIT);
    });
}

#[test]
fn tokens_taken_out_are_free_after_the_unbonding_period_and_not_before() {
    Genesis::new(4, 4).run(|chain| {
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1, 2, 3]), 10 * UNIT));
        assert_noop!(
            Vdpos::unvote(signed(VOTER), 11 * UNIT),
            Error::<Test>::NotEnoughStake
        );
        assert_noop!(
            Vdpos::unvote(signed(VOTER), 10 * UNIT - 1),
            Error::<Test>::StakeTooSmall
        );
        assert_noop!(Vdpos::unvote(signed(VOTER + 1), 1), Error::<Test>::NotVoter);
        assert_ok!(Vdpos::unvote(signed(VOTER), 4 * UNIT));
        assert_eq!(stake_on_hold(VOTER), 10 * UNIT);
        for _ in 0..3 {
            assert_noop!(
                Vdpos::withdraw(signed(VOTER), VOTER),
                Error::<Test>::NothingToWithdraw
            );
            chain.next_era();
        }
        assert_ok!(Vdpos::withdraw(signed(VOTER + 1), VOTER));
        assert_eq!(stake_on_hold(VOTER), 6 * UNIT);
        assert!(!Unbonding::<Test>::contains_key(VOTER));
    });
}

#[test]
fn who_takes_everything_out_leaves_no_trace() {
    Genesis::new(4, 4).run(|chain| {
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1, 2, 3]), 10 * UNIT));
        assert_ok!(Vdpos::unvote(signed(VOTER), 10 * UNIT));
        assert!(!VoterList::contains(&VOTER));
        assert!(!Voters::<Test>::contains_key(VOTER));
        chain.next_eras(3);
        assert_ok!(Vdpos::withdraw(signed(VOTER), VOTER));
        assert_eq!(Balances::balance(&VOTER), ENDOWMENT);
        assert!(!Unbonding::<Test>::contains_key(VOTER));
        assert_eq!(Pools::<Test>::get(1).unwrap().trailing, 0);
    });
}

#[test]
fn withdrawals_of_one_era_share_a_chunk_and_those_under_way_are_bounded() {
    let mut genesis = Genesis::new(4, 4);
    genesis.parameters.unbonding_eras = 20;
    genesis.run(|chain| {
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1, 2, 3]), 100 * UNIT));
        for round in 0..8 {
            assert_ok!(Vdpos::unvote(signed(VOTER), UNIT + 1));
            assert_ok!(Vdpos::unvote(signed(VOTER), UNIT + 1));
            assert_eq!(Unbonding::<Test>::get(VOTER).len(), round + 1);
            chain.next_era();
        }
        assert_noop!(
            Vdpos::unvote(signed(VOTER), UNIT),
            Error::<Test>::TooManyChunks
        );
        assert_noop!(
            Vdpos::vote(signed(VOTER), names(&[4]), 84 * UNIT),
            Error::<Test>::TooManyChunks
        );
        // More tokens on the same names need no chunk.
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1, 2, 3]), 100 * UNIT));
    });
}

#[test]
fn a_vote_halves_with_age_until_it_is_recast_and_anybody_may_say_so() {
    let mut genesis = Genesis::new(4, 4);
    genesis.parameters.vote_half_life_eras = 2;
    genesis.run(|chain| {
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1]), 100 * UNIT));
        let full = (100 * UNIT / MICRO) as u64;
        let listed = || VoterList::get_score(&VOTER).unwrap();
        assert_eq!(listed(), full);
        chain.next_eras(2);
        assert_eq!(listed(), full);
        assert_eq!(Vdpos::score(&VOTER), Some(full / 2));
        assert_ok!(Vdpos::refresh(signed(VOTER + 9), VOTER));
        assert_eq!(listed(), full / 2);
        chain.next_eras(2);
        assert_eq!(Vdpos::score(&VOTER), Some(full / 4));
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1]), 100 * UNIT));
        assert_eq!(listed(), full);
        assert_noop!(
            Vdpos::refresh(signed(1), VOTER + 1),
            Error::<Test>::NotVoter
        );
    });
}

#[test]
fn an_aged_vote_elects_less() {
    let mut genesis = Genesis::new(5, 4);
    genesis.parameters.vote_half_life_eras = 2;
    genesis.run(|chain| {
        // Operator 5 lives on an old vote, operators 1 to 4 on bonds.
        assert_ok!(Vdpos::bond_more(signed(1), 100 * UNIT));
        for who in 2..=4 {
            assert_ok!(Vdpos::bond_more(signed(who), 60 * UNIT));
        }
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[5]), 100 * UNIT));
        chain.next_era();
        assert!(active().contains(&5));
        chain.next_eras(2);
        assert!(!active().contains(&5), "50 tokens are less than 60");
    });
}

#[test]
fn a_name_that_left_does_not_trap_its_voters() {
    Genesis::new(5, 4).run(|chain| {
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[5, 1]), 10 * UNIT));
        assert_ok!(Vdpos::retire(signed(5)));
        chain.next_eras(4);
        assert_ok!(Vdpos::withdraw(signed(5), 5));
        assert!(Candidates::<Test>::get(5).is_none());
        assert!(
            Pools::<Test>::get(5).is_some(),
            "the pool lives as long as its stakes"
        );
        assert_invariants();
        assert_ok!(Vdpos::vote(signed(VOTER), names(&[1]), 10 * UNIT));
        chain.next_eras(4);
        assert_ok!(Vdpos::withdraw(signed(VOTER), VOTER));
        assert!(Pools::<Test>::get(5).is_none());
        assert_ok!(Vdpos::register(signed(5), Perbill::zero(), BOND));
    });
}
