use super::{evidence::*, mock::*};
use crate::*;
use frame_support::{
    assert_err, assert_ok,
    dispatch::{GetDispatchInfo, Pays},
    traits::{Get, KeyOwnerProofSystem},
};
use parlance_primitives::vdpos::SlotEquivocation;
use sp_consensus_aura::{Slot, sr25519::AuthorityPair};
use sp_core::{Pair, crypto::key_types::AURA};
use sp_runtime::{
    Perbill,
    testing::Header,
    traits::Header as _,
    transaction_validity::{InvalidTransaction, TransactionSource},
};
use sp_staking::offence::Offence;

fn ownership(key: &AuthorityPair) -> KeyOwnerProof {
    Vdpos::prove((AURA, key.public())).unwrap()
}

fn unsigned(proof: SlotEquivocation<Header>, ownership: KeyOwnerProof) -> Call<Test> {
    Call::report_equivocation_unsigned {
        equivocation_proof: Box::new(proof),
        key_owner_proof: ownership,
    }
}

#[test]
fn two_blocks_in_one_slot_are_slashed_and_the_report_is_free() {
    Genesis::new(6, 4).run(|chain| {
        chain.pass_slots(10);
        let who = active()[0];
        let key = key_of(who);
        let done = report(equivocation(&key, chain.slot), ownership(&key));
        assert_eq!(done.unwrap().pays_fee, Pays::No);
        // One of four: (3/4)^2.
        let left = BOND - Perbill::from_rational(9u32, 16u32).mul_ceil(BOND);
        assert_eq!(bond_on_hold(who), left - 1);
        assert!(Candidates::<Test>::get(who).unwrap().banned_until > 0);
        assert_err!(
            report(equivocation(&key, chain.slot), ownership(&key)).map_err(|error| error.error),
            Error::<Test>::DuplicateReport
        );
        chain.next_epoch();
        assert_eq!(slots_of(who), 0);
    });
}

#[test]
fn a_report_from_an_earlier_epoch_counts_until_its_era_is_forgotten() {
    Genesis::new(6, 4).run(|chain| {
        chain.next_epoch();
        let (one, two) = (active()[0], active()[1]);
        let slot = chain.slot + 1;
        let (first, second) = (ownership(&key_of(one)), ownership(&key_of(two)));
        chain.next_eras(2);
        assert_ok!(report(equivocation(&key_of(one), slot), first));
        assert!(bond_on_hold(one) < BOND);
        chain.next_era();
        assert_err!(
            report(equivocation(&key_of(two), slot), second).map_err(|error| error.error),
            Error::<Test>::InvalidKeyOwnershipProof
        );
        assert_eq!(bond_on_hold(two), BOND);
    });
}

#[test]
fn what_is_no_equivocation_is_refused() {
    Genesis::new(6, 4).run(|chain| {
        chain.pass_slots(10);
        let slot = chain.slot;
        let (key, other) = (key_of(1), key_of(2));
        let good = equivocation(&key, slot);
        let mut one_block = good.clone();
        one_block.second_header = one_block.first_header.clone();
        let mut other_slot = good.clone();
        other_slot.second_header = header(&key, slot - 1, 2);
        let mut other_key = good.clone();
        other_key.second_header = header(&other, slot, 2);
        let mut no_seal = good.clone();
        no_seal.second_header.digest_mut().pop();
        let mut no_slot = good.clone();
        no_slot.second_header.digest_mut().logs.remove(0);
        let mut changed = good.clone();
        changed.second_header.number = 8;
        for broken in [one_block, other_slot, other_key, no_seal, no_slot, changed] {
            assert_err!(
                report(broken, ownership(&key)).map_err(|error| error.error),
                Error::<Test>::InvalidEquivocationProof
            );
        }
        assert_eq!(bond_on_hold(1), BOND);
        assert_ok!(report(good, ownership(&key)));
    });
}

#[test]
fn the_key_must_have_been_a_producers_at_that_time() {
    Genesis::new(6, 4).run(|chain| {
        chain.pass_slots(10);
        let refused = |proof, ownership| {
            assert_err!(
                report(proof, ownership).map_err(|error| error.error),
                Error::<Test>::InvalidKeyOwnershipProof
            );
        };
        let idle = (1..=6).find(|who| !active().contains(who)).unwrap();
        assert_eq!(Vdpos::prove((AURA, key_of(idle).public())), None);
        refused(
            equivocation(&key_of(idle), chain.slot),
            ownership(&key_of(active()[0])),
        );
        let (key, slot) = (key_of(active()[0]), chain.slot);
        refused(equivocation(&key, slot + 1), ownership(&key));
        refused(equivocation(&key, 5), ownership(&key));
        let mut future = ownership(&key);
        future.session = 9;
        refused(equivocation(&key, slot), future);
        let mut count = ownership(&key);
        count.validator_count = 1;
        refused(equivocation(&key, slot), count);
        // A proof of a later session does not fit the slot.
        let early = slot;
        chain.next_epochs(2);
        refused(equivocation(&key, early), ownership(&key));
    });
}

#[test]
fn the_first_block_of_an_epoch_may_be_proven_with_the_set_before() {
    Genesis::new(6, 4).run(|chain| {
        chain.pass_slots(5);
        let key = key_of(active()[2]);
        let before = ownership(&key);
        chain.next_epoch();
        assert_ok!(report(equivocation(&key, chain.slot), before));
    });
}

#[test]
fn a_stand_in_that_is_not_in_the_session_yet_answers_too() {
    let mut genesis = Genesis::new(6, 4);
    genesis.parameters.epochs_per_era = 8;
    genesis.run(|chain| {
        let dead = active()[0];
        chain.silent.insert(dead);
        chain.next_epochs(2);
        let record = Epochs::<Test>::get(2).unwrap();
        let stand_in = record.stand_ins[0].account;
        assert!(!Session::validators().contains(&stand_in));
        let key = key_of(stand_in);
        chain.pass_slots(5);
        let fault = equivocation(&key, chain.slot);
        let mut proof = ownership(&key);
        proof.validator_count = 1;
        assert_err!(
            report(fault.clone(), proof).map_err(|error| error.error),
            Error::<Test>::InvalidKeyOwnershipProof
        );
        assert_ok!(report(fault, ownership(&key)));
        let left = BOND - Perbill::from_rational(9u32, 16u32).mul_ceil(BOND);
        assert_eq!(bond_on_hold(stand_in), left - 1);
    });
}

#[test]
fn a_key_changed_within_an_era_can_be_proven_and_so_can_the_old_one() {
    let mut genesis = Genesis::new(6, 4);
    genesis.parameters.epochs_per_era = 12;
    genesis.run(|chain| {
        let who = active()[0];
        let old = ownership(&key_of(who));
        chain.pass_slots(5);
        let old_slot = chain.slot;
        assert!(rekey(who, 500));
        chain.next_epochs(2);
        chain.pass_slots(5);
        let (slot, new) = (chain.slot, ownership(&key_of(500)));
        chain.next_epochs(3);
        assert_ok!(report(equivocation(&key_of(500), slot), new));
        let left = bond_on_hold(who);
        assert!(left < BOND);
        assert_ok!(report(equivocation(&key_of(who), old_slot), old));
        assert_eq!(bond_on_hold(who), left, "faults of one era do not add up");
    });
}

#[test]
fn unsigned_reports_come_from_the_node_itself_and_are_checked_in_the_pool() {
    Genesis::new(6, 4).run(|chain| {
        chain.pass_slots(10);
        let key = key_of(1);
        let call = unsigned(equivocation(&key, chain.slot), ownership(&key));
        let valid = Vdpos::validate_report(TransactionSource::Local, &call).unwrap();
        assert_eq!(valid.priority, u64::MAX);
        assert!(!valid.propagate);
        assert_eq!(valid.longevity, 1_000);
        assert_ok!(Vdpos::validate_report(TransactionSource::InBlock, &call));
        assert_err!(
            Vdpos::validate_report(TransactionSource::External, &call),
            InvalidTransaction::Call
        );
        assert_err!(
            Vdpos::validate_report(TransactionSource::Local, &Call::claim {}),
            InvalidTransaction::Call
        );
        let mut wrong = equivocation(&key, chain.slot);
        wrong.second_header = wrong.first_header.clone();
        let wrong = unsigned(wrong, ownership(&key));
        assert_err!(
            Vdpos::validate_report(TransactionSource::Local, &wrong),
            InvalidTransaction::BadProof
        );
        let proof = equivocation(&key, chain.slot);
        let owner = ownership(&key);
        let reporter = Authorship::author();
        assert!(reporter.is_some());
        assert_ok!(Vdpos::report_equivocation_unsigned(
            RuntimeOrigin::none(),
            Box::new(proof),
            owner
        ));
        let stale = Vdpos::check_report(&call);
        assert_err!(stale, InvalidTransaction::Stale);
    });
}

#[test]
fn a_report_pays_for_the_largest_set_whatever_count_it_states() {
    Genesis::new(6, 4).run(|chain| {
        let proof = equivocation(&key_of(active()[0]), chain.slot);
        let largest = <Test as Config>::WeightInfo::report_equivocation(
            <Test as Config>::MaxProducers::get(),
        );
        for validator_count in [0, 1, 4, u32::MAX] {
            let key_owner_proof = KeyOwnerProof {
                session: 0,
                validator_count,
            };
            let signed = Call::<Test>::report_equivocation {
                equivocation_proof: Box::new(proof.clone()),
                key_owner_proof: key_owner_proof.clone(),
            };
            for call in [signed, unsigned(proof.clone(), key_owner_proof)] {
                assert_eq!(call.get_dispatch_info().call_weight, largest);
            }
        }
    });
}

#[test]
fn a_node_puts_reports_into_its_own_pool() {
    use sp_core::offchain::{TransactionPoolExt, testing::TestTransactionPoolExt};
    let mut externalities = Genesis::new(6, 4).build();
    let (pool, state) = TestTransactionPoolExt::new();
    externalities.register_extension(TransactionPoolExt::new(pool));
    externalities.execute_with(|| {
        let mut chain = Chain::default();
        chain.pass_slots(3);
        let key = key_of(1);
        let sent = Vdpos::submit_unsigned_equivocation_report(
            equivocation(&key, chain.slot),
            ownership(&key),
        );
        assert_eq!(sent, Some(()));
    });
    assert_eq!(state.read().transactions.len(), 1);
}

#[test]
fn the_slash_grows_with_the_square_of_those_who_collude() {
    let offence = |of| EquivocationOffence {
        slot: Slot::from(1),
        session_index: 0,
        validator_set_count: of,
        offender: (),
    };
    assert_eq!(offence(100).slash_fraction(1), Perbill::from_parts(900_000));
    assert_eq!(offence(100).slash_fraction(10), Perbill::from_percent(9));
    assert_eq!(offence(100).slash_fraction(34), Perbill::one());
    assert_eq!(
        offence(4).slash_fraction(1),
        Perbill::from_rational(9u32, 16u32)
    );
    assert_eq!(offence(0).slash_fraction(1), Perbill::one());
}
