use super::mock::*;
use crate::*;
use frame_support::assert_ok;
use parlance_primitives::UNIT;
use sp_runtime::Perbill;

#[test]
fn votes_decide_and_take_effect_with_the_next_era() {
    let mut genesis = Genesis::new(6, 4);
    genesis.votes = (1..=4)
        .map(|who| (VOTERS + who, vec![who], 10 * UNIT))
        .collect();
    genesis.run(|chain| {
        assert_eq!(active(), vec![1, 2, 3, 4]);
        for who in 3..=6 {
            assert_ok!(Vdpos::vote(signed(VOTERS + who), names(&[who]), 50 * UNIT));
        }
        chain.next_epochs(2);
        assert_eq!(active(), vec![1, 2, 3, 4]);
        assert!(Planned::<Test>::exists());
        chain.next_epoch();
        assert_eq!(active(), vec![3, 4, 5, 6]);
        let mut set = Session::validators();
        set.sort();
        assert_eq!(
            set,
            vec![3, 4, 5, 6],
            "session and schedule change together"
        );
    });
}

#[test]
fn more_votes_mean_more_slots() {
    let mut genesis = Genesis::new(4, 4);
    genesis.parameters.epoch_slots = 100;
    genesis.run(|chain| {
        assert_eq!(slots_of(1), 25);
        assert_ok!(Vdpos::vote(signed(VOTERS), names(&[1]), BOND));
        chain.next_era();
        assert_eq!(slots_of(1), 40);
    });
}

#[test]
fn the_set_grows_with_demand_while_finality_keeps_up() {
    let mut genesis = Genesis::new(8, 4);
    genesis.parameters.max_set = 6;
    genesis.run(|chain| {
        for size in [5, 6, 6] {
            chain.next_era();
            assert_eq!(active().len(), size);
            assert_eq!(TargetSize::<Test>::get(), size as u32);
        }
    });
}

#[test]
fn the_set_does_not_grow_for_weak_candidates() {
    let mut genesis = Genesis::new(5, 4);
    genesis.parameters.max_set = 6;
    genesis.bonds = vec![5 * BOND, 5 * BOND, 5 * BOND, 5 * BOND, BOND];
    genesis.run(|chain| {
        chain.next_eras(3);
        assert_eq!(active(), vec![1, 2, 3, 4]);
    });
}

#[test]
fn the_set_shrinks_when_finality_lags_and_stays_without_facts() {
    let mut genesis = Genesis::new(8, 4);
    genesis.parameters.max_set = 6;
    genesis.run(|chain| {
        chain.final_parent = false;
        chain.next_eras(2);
        assert_eq!(active().len(), 4, "nobody told how finality does");
        chain.final_parent = true;
        chain.next_eras(2);
        assert_eq!(active().len(), 6);
        // From now on the chain is final up to here.
        chain.final_parent = false;
        let stuck = System::block_number();
        for _ in 0..120 {
            let slot = chain.slot + 1;
            chain.block(slot, || {
                assert_ok!(Vdpos::note_finalized(RuntimeOrigin::none(), stuck));
            });
        }
        assert!(LastLag::<Test>::get().unwrap() > 10);
        assert!(active().len() < 6);
    });
}

#[test]
fn an_election_without_candidates_leaves_the_set_as_it_is() {
    Genesis::new(4, 4).run(|chain| {
        for who in 1..=4 {
            assert_ok!(Vdpos::retire(signed(who)));
        }
        let mut failed = false;
        for _ in 0..130 {
            chain.pass_slot();
            failed |= events()
                .iter()
                .any(|event| matches!(event, Event::ElectionFailed { .. }));
        }
        assert!(failed);
        assert_eq!(active(), vec![1, 2, 3, 4]);
        assert!((1..=4).all(|who| slots_of(who) > 0));
    });
}

#[test]
fn who_has_no_keys_or_too_small_a_bond_is_not_elected() {
    Genesis::new(6, 4).run(|chain| {
        use pallet_session::SessionInterface;
        for who in [5, 6] {
            assert_ok!(Vdpos::vote(signed(VOTERS + who), names(&[who]), 10 * BOND));
        }
        <Session as SessionInterface>::purge_keys(&5).unwrap();
        chain.next_era();
        assert!(active().contains(&6) && !active().contains(&5));
        let rules = Parameters {
            candidate_bond: 2 * BOND,
            ..CurrentParameters::<Test>::get()
        };
        assert_ok!(Vdpos::set_parameters(
            frame_system::RawOrigin::Root.into(),
            rules
        ));
        assert_ok!(Vdpos::bond_more(signed(1), BOND));
        chain.next_era();
        assert_eq!(active(), vec![1]);
    });
}

#[test]
fn the_heaviest_voters_are_heard_however_many_small_ones_there_are() {
    let mut genesis = Genesis::new(6, 4);
    // 100 small voters for operator 5, one large for operator 6; an election reads 64.
    genesis.votes = (0..100).map(|i| (VOTERS + i, vec![5], DEPOSIT)).collect();
    genesis.run(|chain| {
        assert_ok!(Vdpos::vote(signed(VOTERS + 150), names(&[6]), 50 * BOND));
        chain.next_era();
        assert!(active().contains(&6));
    });
}

#[test]
fn the_size_never_exceeds_the_slots_of_an_epoch() {
    let mut genesis = Genesis::new(20, 15);
    genesis.parameters.epoch_slots = 10;
    genesis.run(|chain| {
        assert_eq!(active().len(), 10);
        chain.next_eras(2);
        assert_eq!(active().len(), 10);
    });
}

#[test]
fn eras_of_one_epoch_work() {
    let mut genesis = Genesis::new(6, 4);
    genesis.parameters.epochs_per_era = 1;
    genesis.run(|chain| {
        chain.next_eras(2);
        assert_ok!(Vdpos::bond_more(signed(6), 3 * BOND));
        chain.next_eras(2);
        assert!(active().contains(&6));
        assert_eq!(
            CurrentEra::<Test>::get().index,
            CurrentEpoch::<Test>::get().index
        );
    });
}

#[test]
fn other_keys_of_the_same_set_start_a_new_set_of_the_session() {
    let mut genesis = Genesis::new(4, 4);
    genesis.parameters.epochs_per_era = 10;
    genesis.run(|chain| {
        chain.next_epoch();
        let root = |session| Historical::historical_root(session).unwrap();
        let session = CurrentEpoch::<Test>::get().index;
        assert!(rekey(1, 500));
        chain.next_epochs(2);
        assert_ne!(
            root(session),
            root(session + 2),
            "the new key can be proven"
        );
        assert!(Vdpos::authorities().contains(&sp_core::Pair::public(&key_of(500))));
        chain.next_epochs(2);
        assert_eq!(root(session + 2), root(session + 4));
    });
}

#[test]
#[should_panic(expected = "cannot stand")]
fn a_genesis_with_an_impossible_candidate_does_not_start() {
    let mut genesis = Genesis::new(4, 4);
    genesis.bonds[2] = BOND - 1;
    genesis.run(|_| {});
}

#[test]
#[should_panic(expected = "contradict each other")]
fn a_genesis_with_impossible_rules_does_not_start() {
    let mut genesis = Genesis::new(4, 4);
    genesis.parameters.min_set = 0;
    genesis.run(|_| {});
}

#[test]
fn genesis_commissions_and_votes_stand() {
    let mut genesis = Genesis::new(5, 4);
    genesis.commission = Perbill::from_percent(7);
    genesis.votes = vec![(VOTERS, vec![5], 10 * UNIT)];
    genesis.run(|_| {
        assert_eq!(active(), vec![1, 2, 3, 5]);
        assert_eq!(
            Candidates::<Test>::get(5).unwrap().commission,
            Perbill::from_percent(7)
        );
    });
}
