use super::mock::*;
use crate::*;
use codec::{Compact, Decode, Encode};
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use parlance_primitives::{UNIT, vdpos::Index};
use sp_runtime::{Perbill, TokenError, traits::Dispatchable};

const NEWCOMER: AccountId = 5;

#[test]
fn a_candidate_needs_keys_a_bond_and_a_fair_commission() {
    Genesis::new(4, 4).run(|_| {
        let register =
            |who, percent, bond| Vdpos::register(signed(who), Perbill::from_percent(percent), bond);
        assert_noop!(register(VOTERS, 5, BOND), Error::<Test>::NoSessionKeys);
        assert_noop!(register(1, 5, BOND), Error::<Test>::AlreadyCandidate);
        assert_noop!(register(NEWCOMER, 5, BOND - 1), Error::<Test>::BondTooSmall);
        assert_noop!(
            register(NEWCOMER, 21, BOND),
            Error::<Test>::CommissionTooHigh
        );
        assert_noop!(
            register(NEWCOMER, 5, 2 * ENDOWMENT),
            TokenError::FundsUnavailable
        );
        assert_ok!(register(NEWCOMER, 20, BOND));
        assert_eq!(bond_on_hold(NEWCOMER), BOND);
    });
}

/// A call with a commission in billionths, as it travels.
fn with_commission(call: Call<Test>, parts: u32) -> RuntimeCall {
    let mut bytes = RuntimeCall::Vdpos(call).encode();
    // The numbers of pallet and call, then the commission of nothing.
    assert_eq!(bytes[2], 0);
    bytes.splice(2..=2, Compact(parts).encode());
    RuntimeCall::decode(&mut &bytes[..]).unwrap()
}

#[test]
fn a_commission_of_more_than_everything_is_refused_by_name() {
    Genesis::new(4, 4).run(|_| {
        let nothing = Perbill::zero();
        let register = Call::register {
            commission: nothing,
            bond: BOND,
        };
        let set = Call::set_commission {
            commission: nothing,
        };
        for parts in [
            200_000_001,
            1_000_000_000,
            1_000_000_001,
            2_000_000_000,
            u32::MAX,
        ] {
            for (call, who) in [(&register, NEWCOMER), (&set, 1)] {
                let error = with_commission(call.clone(), parts).dispatch(signed(who));
                assert_eq!(
                    error.unwrap_err().error,
                    Error::<Test>::CommissionTooHigh.into()
                );
            }
        }
        assert_ok!(with_commission(register, 200_000_000).dispatch(signed(NEWCOMER)));
        let commission = Candidates::<Test>::get(NEWCOMER).unwrap().commission;
        assert_eq!(commission, Perbill::from_percent(20));
        assert_ok!(with_commission(set, 50_000_000).dispatch(signed(1)));
    });
}

#[test]
fn there_is_a_bound_on_candidates() {
    let mut genesis = Genesis::new(128, 20);
    genesis.parameters.epoch_slots = 40;
    genesis.run(|_| {
        assert_noop!(
            Vdpos::register(signed(129), Perbill::zero(), BOND),
            Error::<Test>::TooManyCandidates
        );
    });
}

#[test]
fn a_commission_rises_slowly_and_only_after_an_era_that_was_paid_with_the_old_one() {
    Genesis::new(4, 4).run(|chain| {
        let set = |percent| Vdpos::set_commission(signed(1), Perbill::from_percent(percent));
        let commission = || Candidates::<Test>::get(1).unwrap().commission;
        assert_noop!(set(6), Error::<Test>::CommissionRisesTooFast);
        assert_noop!(set(21), Error::<Test>::CommissionTooHigh);
        assert_ok!(set(5));
        assert_noop!(set(6), Error::<Test>::CommissionRisesTooFast);
        assert_eq!(commission(), Perbill::zero());
        chain.next_era();
        assert_eq!(commission(), Perbill::from_percent(5));
        assert_ok!(set(10));
        chain.next_era();
        assert_ok!(set(15));
        chain.next_era();
        assert_ok!(set(20));
        chain.next_era();
        assert_noop!(set(25), Error::<Test>::CommissionTooHigh);
        assert_ok!(set(0));
        chain.next_era();
        assert_eq!(commission(), Perbill::zero(), "down is free");
        assert_noop!(
            Vdpos::set_commission(signed(VOTERS), Perbill::zero()),
            Error::<Test>::NotCandidate
        );
    });
}

#[test]
fn a_larger_bond_counts_in_the_next_election() {
    Genesis::new(6, 4).run(|chain| {
        assert!(!active().contains(&6));
        assert_ok!(Vdpos::bond_more(signed(6), 5 * UNIT));
        assert_eq!(bond_on_hold(6), BOND + 5 * UNIT);
        chain.next_era();
        assert!(active().contains(&6));
        assert_noop!(
            Vdpos::bond_more(signed(VOTERS), 1),
            Error::<Test>::NotCandidate
        );
    });
}

#[test]
fn a_retired_candidate_serves_to_the_end_and_gets_its_bond_when_nothing_can_be_reported_any_more() {
    Genesis::new(6, 4).run(|chain| {
        let who = active()[0];
        assert_noop!(Vdpos::retire(signed(VOTERS)), Error::<Test>::NotCandidate);
        assert_ok!(Vdpos::retire(signed(who)));
        assert_noop!(Vdpos::retire(signed(who)), Error::<Test>::Retired);
        assert_noop!(Vdpos::bond_more(signed(who), 1), Error::<Test>::Retired);
        assert_noop!(
            Vdpos::vote(signed(VOTERS), names(&[who]), UNIT),
            Error::<Test>::Retired
        );
        chain.next_epoch();
        assert!(slots_of(who) > 0, "it serves until the set changes");
        chain.next_era();
        assert!(!active().contains(&who));
        assert_eq!(slots_of(who), 0);

        // Era 0, two unbonding eras, and the one after.
        let free: Index = 3;
        while CurrentEra::<Test>::get().index < free {
            assert_noop!(
                Vdpos::withdraw(signed(VOTERS), who),
                Error::<Test>::NothingToWithdraw
            );
            chain.next_era();
        }
        let unpaid = Vdpos::claimable(&who);
        assert!(unpaid > 0);
        assert_ok!(Vdpos::withdraw(signed(VOTERS), who));
        assert_eq!(
            Balances::balance(&who),
            ENDOWMENT + unpaid,
            "bond and pay come back"
        );
        assert!(Candidates::<Test>::get(who).is_none() && Pools::<Test>::get(who).is_none());
        // And may come again.
        assert_ok!(Vdpos::register(signed(who), Perbill::zero(), BOND));
    });
}

#[test]
fn who_retires_after_the_election_answers_for_the_era_it_was_elected_for() {
    Genesis::new(4, 4).run(|chain| {
        chain.next_epochs(2);
        assert!(Planned::<Test>::exists());
        assert_ok!(Vdpos::retire(signed(1)));
        assert_eq!(Candidates::<Test>::get(1).unwrap().leaves, Some(4));
    });
}

#[test]
fn a_bond_stays_while_its_owner_is_in_line() {
    // Four candidates, all retire: elections fail and the old set goes on.
    Genesis::new(4, 4).run(|chain| {
        for who in 1..=4 {
            assert_ok!(Vdpos::retire(signed(who)));
        }
        chain.next_eras(5);
        assert_eq!(active(), vec![1, 2, 3, 4]);
        assert_noop!(Vdpos::withdraw(signed(1), 1), Error::<Test>::StillInLine);
    });
}

#[test]
fn only_governance_sets_rules_and_only_sound_ones() {
    Genesis::new(4, 4).run(|chain| {
        let rules = Parameters {
            epoch_slots: 30,
            ..CurrentParameters::<Test>::get()
        };
        assert_noop!(
            Vdpos::set_parameters(signed(1), rules.clone()),
            sp_runtime::DispatchError::BadOrigin
        );
        let root = frame_system::RawOrigin::Root;
        for broken in [
            Parameters {
                epoch_slots: 0,
                ..rules.clone()
            },
            Parameters {
                epoch_slots: 1_025,
                ..rules.clone()
            },
            Parameters {
                epochs_per_era: 0,
                ..rules.clone()
            },
            Parameters {
                min_set: 0,
                ..rules.clone()
            },
            Parameters {
                min_set: 5,
                ..rules.clone()
            },
            Parameters {
                initial_set: 5,
                ..rules.clone()
            },
            Parameters {
                max_set: 102,
                ..rules.clone()
            },
            Parameters {
                max_commission: Perbill::one(),
                ..rules.clone()
            },
            Parameters {
                unbonding_eras: 0,
                ..rules.clone()
            },
            Parameters {
                strikes_to_ban: 0,
                ..rules.clone()
            },
        ] {
            assert_noop!(
                Vdpos::set_parameters(root.clone().into(), broken),
                Error::<Test>::InvalidParameters
            );
        }
        assert_ok!(Vdpos::set_parameters(root.into(), rules));
        assert_eq!(
            Schedule::<Test>::get().len(),
            20,
            "the running epoch keeps its length"
        );
        chain.next_epoch();
        assert_eq!(Schedule::<Test>::get().len(), 30);
        assert_eq!(CurrentEpoch::<Test>::get().length, 30);
    });
}

#[test]
fn public_and_development_rules_are_sound() {
    assert!(Parameters::public().are_valid::<Test>());
    assert!(Parameters::development().are_valid::<Test>());
    assert_eq!(Parameters::default(), Parameters::public());
}
