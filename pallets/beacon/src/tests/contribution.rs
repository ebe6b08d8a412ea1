//! Rules B1 to B3: what is accepted, and what it does.

use crate::{Error, Mix, mock::*};
use codec::{Decode, Encode};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo, Pays},
};
use parlance_primitives::{beacon::Contribution, traits::EpochSeed};
use sp_runtime::DispatchError;

fn submit(made: Contribution) -> Result<(), DispatchError> {
    Beacon::contribute(RuntimeOrigin::none(), made)
}

#[test]
fn the_leaders_output_is_accepted_and_changes_the_mix() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        let before = Mix::<Test>::get();
        assert_ok!(submit(contribution(&author(1), &GENESIS_SEED, 10)));
        assert_ne!(Mix::<Test>::get(), before);
        assert_eq!(
            Beacon::current(),
            GENESIS_SEED,
            "the seed changes at rotations alone"
        );
        end_block();
    });
}

#[test]
fn two_proofs_of_one_output_mix_the_same() {
    let mixes: Vec<_> = (0..2)
        .map(|_| {
            new_test_ext().execute_with(|| {
                start_block(10, &author(1), None);
                let made = contribution(&author(1), &GENESIS_SEED, 10);
                assert_ok!(submit(made.clone()));
                (made, Mix::<Test>::get())
            })
        })
        .collect();
    assert_ne!(mixes[0].0.proof, mixes[1].0.proof, "proofs are blinded");
    assert_eq!(mixes[0].0.pre_output, mixes[1].0.pre_output);
    assert_eq!(mixes[0].1, mixes[1].1);
}

#[test]
fn an_output_for_another_slot_is_refused() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        assert_noop!(
            submit(contribution(&author(1), &GENESIS_SEED, 11)),
            Error::<Test>::BadProof
        );
    });
}

#[test]
fn an_output_of_another_key_is_refused() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        assert_noop!(
            submit(contribution(&author(2), &GENESIS_SEED, 10)),
            Error::<Test>::BadProof
        );
    });
}

#[test]
fn an_output_from_another_seed_is_refused() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        assert_noop!(
            submit(contribution(&author(1), &[8; 32], 10)),
            Error::<Test>::BadProof
        );
    });
}

#[test]
fn an_output_cannot_be_used_in_a_later_slot() {
    new_test_ext().execute_with(|| {
        let made = contribution(&author(1), &GENESIS_SEED, 10);
        start_block(10, &author(1), None);
        assert_ok!(submit(made.clone()));
        end_block();
        start_block(11, &author(1), None);
        assert_noop!(submit(made), Error::<Test>::BadProof);
    });
}

#[test]
fn a_pre_output_with_another_slots_proof_is_refused() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        let mut made = contribution(&author(1), &GENESIS_SEED, 10);
        made.pre_output = contribution(&author(1), &GENESIS_SEED, 11).pre_output;
        assert_noop!(submit(made), Error::<Test>::BadProof);
    });
}

#[test]
fn every_flipped_bit_of_a_contribution_is_noticed() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        let good = contribution(&author(1), &GENESIS_SEED, 10).encode();
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            // Either it is no contribution at all, or it does not verify.
            if let Ok(made) = Contribution::decode(&mut &bad[..]) {
                assert_noop!(submit(made), Error::<Test>::BadProof);
            }
        }
    });
}

#[test]
fn a_second_contribution_in_one_block_is_refused() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        let made = contribution(&author(1), &GENESIS_SEED, 10);
        assert_ok!(submit(made.clone()));
        assert_noop!(submit(made), Error::<Test>::AlreadyContributed);
    });
}

#[test]
fn a_slot_without_a_leader_takes_nothing() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        Leader::set(10, None);
        assert_noop!(
            submit(contribution(&author(1), &GENESIS_SEED, 10)),
            Error::<Test>::NoLeader
        );
    });
}

#[test]
#[should_panic(expected = "a block carries exactly one beacon contribution: this one has none")]
fn a_block_without_a_contribution_is_invalid() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        end_block();
    });
}

#[test]
#[should_panic(expected = "a block carries exactly one beacon contribution: this one has none")]
fn a_refused_contribution_leaves_the_block_invalid() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        // Through the dispatcher, which rolls a failed call back.
        let call = RuntimeCall::Beacon(crate::Call::contribute {
            contribution: contribution(&author(2), &GENESIS_SEED, 10),
        });
        let failed =
            sp_runtime::traits::Dispatchable::dispatch(call, RuntimeOrigin::none()).is_err();
        assert!(failed);
        end_block();
    });
}

#[test]
fn accounts_and_root_cannot_contribute() {
    new_test_ext().execute_with(|| {
        start_block(10, &author(1), None);
        for origin in [RuntimeOrigin::signed(1), RuntimeOrigin::root()] {
            let made = contribution(&author(1), &GENESIS_SEED, 10);
            assert_noop!(Beacon::contribute(origin, made), DispatchError::BadOrigin);
        }
    });
}

#[test]
fn the_call_is_mandatory_and_fits_a_block() {
    let call = crate::Call::<Test>::contribute {
        contribution: contribution(&author(1), &GENESIS_SEED, 10),
    };
    let info = call.get_dispatch_info();
    assert_eq!(
        (info.class, info.pays_fee),
        (DispatchClass::Mandatory, Pays::Yes)
    );
    // A hundredth of the half second that a two-second slot gives to execution.
    assert!(info.call_weight.ref_time() < 5_000_000_000);
}
