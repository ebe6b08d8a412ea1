//! Who answers for a key, whatever is registered now.

use super::{evidence::*, mock::*};
use crate::*;
use frame_support::{assert_err, assert_ok, traits::KeyOwnerProofSystem};
use pallet_session::SessionInterface;
use parlance_primitives::UNIT;
use sp_consensus_aura::Slot;
use sp_consensus_grandpa::KEY_TYPE;
use sp_core::{Pair, crypto::key_types::AURA};
use sp_runtime::{KeyTypeId, Perbill, traits::OpaqueKeys};

/// Six operators for four places, and eras so long that no election comes in between.
fn long_eras() -> Genesis {
    let mut genesis = Genesis::new(6, 4);
    genesis.parameters.epochs_per_era = 12;
    genesis
}

/// Whether the tries of the session pallet, made from registered keys, can prove a key.
fn tries_prove(id: KeyTypeId, key: &[u8]) -> bool {
    Historical::prove((id, key))
        .is_some_and(|proof| Historical::check_proof((id, key), proof).is_some())
}

/// What is left of the least bond when one of four is caught: `1 - (3/4)^2`.
fn left_of_bond() -> parlance_primitives::Balance {
    BOND - Perbill::from_rational(9u32, 16u32).mul_ceil(BOND) - 1
}

#[test]
fn who_seals_twice_and_then_changes_its_keys_is_slashed() {
    // Reported in the same epoch, in the next (the old keys are still in force), and after that.
    for later in [0, 1, 2, 7] {
        long_eras().run(|chain| {
            let who = active()[0];
            let key = key_of(who);
            chain.pass_slots(5);
            let slot = chain.slot;
            assert!(tries_prove(AURA, key.public().as_ref()));
            assert!(rekey(who, 500));
            chain.next_epochs(later);
            assert!(
                !tries_prove(AURA, key.public().as_ref()),
                "this is the gap: the registered keys know nothing of it"
            );
            let proof = Vdpos::prove_slot_key(Slot::from(slot), &key.public()).unwrap();
            assert_ok!(report(equivocation(&key, slot), proof));
            assert_eq!(bond_on_hold(who), left_of_bond());
        });
    }
}

#[test]
fn who_changes_its_keys_and_then_seals_twice_with_the_old_ones_is_slashed() {
    for epochs in [0, 1] {
        long_eras().run(|chain| {
            let who = active()[0];
            let key = key_of(who);
            assert!(rekey(who, 500));
            chain.next_epochs(epochs);
            chain.pass_slots(5);
            let slot = chain.slot;
            let seats = Seats::<Test>::get();
            assert!(
                seats.iter().any(|seat| seat.key == key.public()),
                "the old key still seals slots"
            );
            let proof = Vdpos::prove_slot_key(Slot::from(slot), &key.public()).unwrap();
            assert_eq!(proof.session, epochs);
            chain.next_epoch();
            assert_ok!(report(equivocation(&key, slot), proof));
            assert_eq!(bond_on_hold(who), left_of_bond());
        });
    }
}

#[test]
fn who_votes_twice_on_finality_and_then_changes_its_keys_is_slashed() {
    for later in [0, 1, 2, 7] {
        long_eras().run(|chain| {
            let who = active()[1];
            let key = finality_key_of(who);
            chain.pass_slots(5);
            let set = Grandpa::current_set_id();
            assert!(tries_prove(KEY_TYPE, key.public().as_ref()));
            assert!(rekey(who, 500));
            chain.next_epochs(later);
            assert!(!tries_prove(KEY_TYPE, key.public().as_ref()), "the gap");
            let proof = finality_ownership(set, &key.public()).unwrap();
            assert_ok!(report_votes(double_vote(&key, set, 3), proof));
            assert_eq!(bond_on_hold(who), left_of_bond());
            assert!(Candidates::<Test>::get(who).unwrap().banned_until > 0);
        });
    }
}

#[test]
fn the_new_keys_of_a_set_can_be_proven_from_the_session_that_starts_with_them() {
    long_eras().run(|chain| {
        let who = active()[1];
        let key = finality_key_of(500);
        assert!(rekey(who, 500));
        chain.next_epoch();
        let early = Grandpa::current_set_id();
        assert_eq!(finality_ownership(early, &key.public()), None);
        chain.next_epoch();
        chain.pass_slots(2);
        let set = Grandpa::current_set_id();
        assert!(
            Grandpa::grandpa_authorities()
                .iter()
                .any(|(one, _)| *one == key.public())
        );
        assert_ne!(set, early);
        chain.next_epochs(3);
        let proof = finality_ownership(set, &key.public()).unwrap();
        assert_eq!(
            proof.session,
            CurrentEpoch::<Test>::get().index,
            "the last session of the set"
        );
        assert_ok!(report_votes(double_vote(&key, set, 3), proof));
        assert_eq!(bond_on_hold(who), left_of_bond());
    });
}

#[test]
fn throwing_keys_away_does_not_help_either() {
    long_eras().run(|chain| {
        let (one, two) = (active()[0], active()[1]);
        chain.pass_slots(5);
        let (slot, set) = (chain.slot, Grandpa::current_set_id());
        <Session as SessionInterface>::purge_keys(&one).unwrap();
        <Session as SessionInterface>::purge_keys(&two).unwrap();
        chain.next_epochs(3);
        let key = key_of(one);
        let proof = Vdpos::prove_slot_key(Slot::from(slot), &key.public()).unwrap();
        assert_ok!(report(equivocation(&key, slot), proof));
        assert_eq!(bond_on_hold(one), left_of_bond());
        let key = finality_key_of(two);
        let proof = finality_ownership(set, &key.public()).unwrap();
        assert_ok!(report_votes(double_vote(&key, set, 1), proof));
        assert_eq!(bond_on_hold(two), left_of_bond());
    });
}

#[test]
fn a_key_that_changes_hands_is_each_owners_in_its_own_sessions() {
    long_eras().run(|chain| {
        let (giver, taker) = (active()[0], active()[1]);
        let key = key_of(giver);
        chain.pass_slots(5);
        let first = chain.slot;
        assert!(!rekey(taker, giver), "a key in use is nobody else's");
        assert!(rekey(giver, 500));
        assert!(rekey(taker, giver));
        chain.next_epochs(2);
        chain.pass_slots(5);
        let second = chain.slot;
        chain.next_epoch();
        for (slot, owner, other) in [(first, giver, taker), (second, taker, giver)] {
            let before = bond_on_hold(other);
            let proof = Vdpos::prove_slot_key(Slot::from(slot), &key.public()).unwrap();
            assert_ok!(report(equivocation(&key, slot), proof));
            assert_eq!(bond_on_hold(owner), left_of_bond());
            assert_eq!(
                bond_on_hold(other),
                before,
                "the other one has nothing to do with it"
            );
        }
    });
}

#[test]
fn a_stand_in_gets_no_slots_with_a_key_that_is_in_force_for_somebody_else() {
    let mut genesis = long_eras();
    genesis.bonds = (0..6).map(|i| BOND + (100 - i) * UNIT).collect();
    genesis.run(|chain| {
        // The strongest fails, so that the stand-in comes first in the set, before the owner of the key.
        chain.silent.insert(1);
        chain.next_epoch();
        assert!(rekey(2, 500));
        assert!(rekey(5, 2));
        chain.next_epoch();
        assert_eq!(active(), vec![2, 3, 4, 5]);
        assert_eq!(slots_of(5), 0);
        assert!(
            slots_of(2) > 0,
            "its old key is in force for one epoch more"
        );
        chain.next_epoch();
        assert!(
            slots_of(5) > 0 && slots_of(2) > 0,
            "now the key is the other one's"
        );
        assert_eq!(Seats::<Test>::get().len(), 4);
    });
}

#[test]
fn the_number_of_members_is_the_true_one_or_the_proof_is_none() {
    long_eras().run(|chain| {
        chain.pass_slots(5);
        let (slot_key, vote_key) = (key_of(active()[0]), finality_key_of(active()[1]));
        let set = Grandpa::current_set_id();
        let fault = equivocation(&slot_key, chain.slot);
        let votes = double_vote(&vote_key, set, 1);
        let truth = Vdpos::prove((AURA, slot_key.public())).unwrap();
        assert_eq!(truth.validator_count, 4);
        for count in [0, 1, 3, 5, 100, u32::MAX] {
            let lie = KeyOwnerProof {
                validator_count: count,
                ..truth.clone()
            };
            assert_err!(
                report(fault.clone(), lie.clone()).map_err(|error| error.error),
                Error::<Test>::InvalidKeyOwnershipProof
            );
            assert_err!(
                report_votes(votes.clone(), lie).map_err(|error| error.error),
                pallet_grandpa::Error::<Test>::InvalidKeyOwnershipProof
            );
        }
        assert_ok!(report(fault, truth.clone()));
        assert_ok!(report_votes(votes, truth));
    });
}

#[test]
fn a_key_counts_for_its_own_purpose_only() {
    long_eras().run(|_| {
        let (slot_key, vote_key) = (key_of(1).public(), finality_key_of(1).public());
        let owner = |id, key: &[u8]| Vdpos::key_owner(0, id, key).map(|(who, _)| who);
        assert_eq!(owner(AURA, slot_key.as_ref()), Some(1));
        assert_eq!(owner(KEY_TYPE, vote_key.as_ref()), Some(1));
        assert_eq!(owner(KEY_TYPE, slot_key.as_ref()), None);
        assert_eq!(owner(AURA, vote_key.as_ref()), None);
        assert_eq!(
            Vdpos::key_owner(1, AURA, slot_key.as_ref()),
            None,
            "no such session yet"
        );
    });
}

#[test]
fn a_proof_for_any_slot_that_is_not_forgotten_names_its_session() {
    Genesis::new(4, 4).run(|chain| {
        let mut slots = Vec::new();
        for epoch in 0..7u32 {
            chain.pass_slots(3);
            slots.push((chain.slot, epoch));
            assert!(rekey(1, 600 + u64::from(epoch)));
            chain.next_epoch();
        }
        let prove = |slot, key: AuraId| Vdpos::prove_slot_key(Slot::from(slot), &key);
        for (slot, epoch) in &slots {
            let proof = prove(*slot, key_of(2).public()).unwrap();
            assert_eq!(proof.session, *epoch);
            // Registered in one epoch, in force from the one after the next.
            let own = if *epoch < 2 {
                1
            } else {
                598 + u64::from(*epoch)
            };
            assert_eq!(prove(*slot, key_of(own).public()).unwrap().session, *epoch);
        }
        // The first block of an epoch is made with the keys of the one before.
        let epoch = Epochs::<Test>::get(3).unwrap();
        assert_eq!(
            prove(*epoch.start, key_of(600).public()).unwrap().session,
            2
        );
        assert_eq!(
            prove(*epoch.start + 1_000, key_of(2).public()),
            None,
            "not yet"
        );
        assert_eq!(prove(7, key_of(2).public()), None, "before the chain");
    });
}

#[test]
fn records_go_when_nothing_can_be_reported_any_more() {
    Genesis::new(6, 4).run(|chain| {
        let rosters = || Rosters::<Test>::iter_keys().count();
        let key = key_of(active()[0]).public();
        chain.next_eras(7);
        let who = active()[0];
        // Eras 5, 6 and 7 are kept: each election makes one, and era 5 may go on with the one before.
        assert!((3..=4).contains(&rosters()), "{}", rosters());
        assert_eq!(Vdpos::key_owner(0, AURA, key.as_ref()), None);
        for epoch in 0..9u64 {
            assert!(rekey(who, 700 + epoch));
            chain.next_epoch();
        }
        assert!(rosters() > 6, "one for each change");
        assert!(rosters() <= Epochs::<Test>::iter_keys().count());
        chain.next_eras(4);
        assert!((3..=4).contains(&rosters()), "{}", rosters());
    });
}

#[test]
fn a_roster_has_room_for_all_session_keys() {
    assert!(SessionKeys::key_ids().len() <= MAX_KEYS as usize);
    let member = Member::new(1u64, &session_keys(1));
    assert_eq!(member.keys.len(), 2);
}
