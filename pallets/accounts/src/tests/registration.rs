//! A newcomer without tokens gets an identity; nobody gets somebody else's, twice, or for nothing.

use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use parlance_primitives::{
    accounts::{Guard, Identities as _, Lane},
    puzzle::{self, Solver},
};
use sp_core::Pair;
use sp_runtime::{
    BoundedVec, DispatchError, MultiSignature,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};

use super::{mock::*, people::*};
use crate::{CurrentGate, Error, Identities, Rejection, Sizes, Standings};

fn refused(rejection: Rejection) -> TransactionValidityError {
    rejection.into()
}

/// Neither the pool nor a block takes it.
fn assert_refused(transaction: Transaction, rejection: Rejection) {
    assert_eq!(offer(&transaction), Err(refused(rejection)));
    assert_eq!(include(transaction), Err(refused(rejection)));
}

#[test]
fn a_newcomer_without_tokens_gets_an_identity_and_can_act() {
    run(|| {
        let ada = Person::of("Ada");
        assert!(!frame_system::Account::<Test>::contains_key(ada.id()));
        let transaction = ada.registers_by_work();
        let valid = offer(&transaction).unwrap();
        assert!(valid.propagate);
        assert!(valid.longevity <= ANCHOR_WINDOW.into());
        assert_ok!(include(transaction).unwrap());

        let identity = Identities::<Test>::get(ada.id()).unwrap();
        assert_eq!(identity.version, now());
        assert_eq!(identity.devices.len(), 1);
        assert_eq!(
            Accounts::device(&ada.id(), ada.device.id()),
            Some(ada.device.keys())
        );
        assert_eq!(Balances::free_balance(ada.id()), 0);

        pass(1);
        let phone = DeviceSecrets::of("phone");
        let joins = phone.joins(&ada.id(), ada.version());
        assert_ok!(ada.changes(vec![joins]).unwrap());
        assert_eq!(Identities::<Test>::get(ada.id()).unwrap().devices.len(), 2);
        assert_eq!(System::account_nonce(ada.id()), 1);
        assert_eq!(Balances::total_issuance(), 0);
    });
}

#[test]
fn a_registration_is_small() {
    run(|| {
        let public = Guard::Work {
            nonce: u64::MAX,
            solution: BoundedVec::truncate_from(vec![255; 84]),
        };
        let ada = Person::of("Ada");
        let transaction = ada.registers(ada.registration(0), public);
        assert!(
            len_of(&transaction) <= 512,
            "{} bytes",
            len_of(&transaction)
        );
    });
}

#[test]
fn a_registration_is_taken_once() {
    run(|| {
        let ada = Person::of("Ada");
        let transaction = ada.registers_by_work();
        assert_ok!(include(transaction.clone()).unwrap());
        assert_refused(transaction.clone(), Rejection::AlreadyRegistered);
        pass(ANCHOR_WINDOW / 2);
        assert_refused(transaction, Rejection::AlreadyRegistered);
    });
}

#[test]
fn a_removed_identity_cannot_be_brought_back_by_its_old_registration() {
    run(|| {
        let ada = Person::of("Ada");
        let transaction = ada.registers_by_work();
        assert_ok!(include(transaction.clone()).unwrap());
        // While the anchor is good the identity cannot be removed ...
        pass(ANCHOR_WINDOW - 1);
        assert!(ada.sends(Call::remove_identity {}).is_err());
        // ... and when it can be removed, the anchor is void.
        pass(2);
        assert_ok!(ada.sends(Call::remove_identity {}).unwrap());
        assert!(!ada.has_identity());
        assert_refused(transaction, Rejection::Anchor);
    });
}

#[test]
fn work_counts_for_one_account_one_chain_and_one_anchor() {
    run(|| {
        pass(5);
        let (ada, eve) = (Person::of("Ada"), Person::of("Eve"));
        let anchor = now() - 1;
        let work = ada.work(anchor, wanted(anchor));
        assert_refused(
            eve.registers(eve.registration(anchor), work.clone()),
            Rejection::Proof,
        );
        assert_refused(
            ada.registers(ada.registration(anchor - 1), work.clone()),
            Rejection::Proof,
        );
        // The same work on a chain with another first block.
        frame_system::BlockHash::<Test>::insert(0, hash_of(77));
        assert_refused(
            ada.registers(ada.registration(anchor), work),
            Rejection::Proof,
        );
        frame_system::BlockHash::<Test>::insert(0, hash_of(0));
    });
}

#[test]
fn nobody_registers_somebody_else() {
    run(|| {
        let (ada, eve) = (Person::of("Ada"), Person::of("Eve"));
        let anchor = now() - 1;
        let work = ada.work(anchor, wanted(anchor));
        // Eve has seen Ada's registration and puts her own device into it.
        let mut stolen = ada.registration(anchor);
        stolen.keys = eve.device.keys();
        stolen.possession = eve.device.proof(&ada.id(), anchor);
        assert_refused(eve.registers(stolen, work.clone()), Rejection::Proof);
        // Or she leaves the device and signs with her account.
        assert_refused(
            eve.registers(ada.registration(anchor), work),
            Rejection::Proof,
        );
    });
}

#[test]
fn nobody_registers_keys_without_having_them() {
    run(|| {
        let (ada, eve) = (Person::of("Ada"), Person::of("Eve"));
        let anchor = now() - 1;
        let work = eve.work(anchor, wanted(anchor));
        // Ada's whole device, with a proof that was made for Ada's account.
        let mut hijack = eve.registration(anchor);
        hijack.keys = ada.device.keys();
        hijack.possession = ada.device.proof(&ada.id(), anchor);
        assert_refused(eve.registers(hijack, work.clone()), Rejection::Proof);
        // Her own signing key beside Ada's endpoint.
        let mut mixed = eve.device.clone();
        mixed.endpoint = ada.device.endpoint;
        let mut hijack = eve.registration(anchor);
        hijack.keys = mixed.keys();
        hijack.possession = mixed.proof(&eve.id(), anchor);
        hijack.possession.endpoint = hijack.possession.signing;
        assert_refused(eve.registers(hijack, work.clone()), Rejection::Proof);
        // A proof for another anchor.
        let mut late = eve.registration(anchor);
        late.possession = eve.device.proof(&eve.id(), anchor + 1);
        assert_refused(eve.registers(late, work), Rejection::Proof);
    });
}

#[test]
fn an_agreement_key_of_small_order_is_refused() {
    run(|| {
        let mut ada = Person::of("Ada");
        ada.device.agreement = [0; 32];
        assert_refused(ada.registers_by_work(), Rejection::WeakKey);
    });
}

#[test]
fn anchors_are_recent_blocks() {
    run(|| {
        pass(40);
        let ada = Person::of("Ada");
        let oldest = now() - ANCHOR_WINDOW;
        for anchor in [oldest - 1, now(), now() + 1, u32::MAX] {
            let transaction = ada.registers(ada.registration(anchor), ada.work(anchor, 2));
            assert_eq!(
                include(transaction),
                Err(refused(Rejection::Anchor)),
                "{anchor}"
            );
        }
        let work = ada.work(oldest, wanted(oldest));
        let transaction = ada.registers(ada.registration(oldest), work);
        assert_ok!(include(transaction).unwrap());
    });
}

#[test]
fn a_shorter_window_voids_older_anchors_and_does_not_get_longer_again() {
    run(|| {
        let mut rules = parameters();
        rules.anchor_window = ANCHOR_WINDOW / 2;
        assert_ok!(Accounts::set_parameters(RuntimeOrigin::root(), rules));
        assert_noop!(
            Accounts::set_parameters(RuntimeOrigin::root(), parameters()),
            Error::<Test>::InvalidParameters
        );
        pass(REGISTRATION_PERIOD);
        let ada = Person::of("Ada");
        let from =
            |anchor| ada.registers(ada.registration(anchor), ada.work(anchor, wanted(anchor)));
        let oldest = now() - ANCHOR_WINDOW / 2;
        assert_refused(from(oldest - 1), Rejection::Anchor);
        assert_eq!(offer(&from(oldest + 1)).unwrap().longevity, 1);
        assert_ok!(include(from(oldest)).unwrap());
    });
}

#[test]
fn too_little_work_is_refused() {
    run(|| {
        CurrentGate::<Test>::mutate(|gate| gate.difficulty = 64);
        let ada = Person::of("Ada");
        let anchor = now() - 1;
        // The first solution that there is, unless it happens to show 64.
        let challenge =
            parlance_primitives::accounts::work_challenge(&hash_of(0), &hash_of(anchor), &ada.id());
        let mut solver = Solver::new(PUZZLE).unwrap();
        let weak = (0..)
            .filter_map(|first| solver.search(&challenge, 1, first, |_| true))
            .find(|proof| {
                puzzle::work(PUZZLE, &challenge, proof.nonce, &proof.solution)
                    .is_ok_and(|work| work < 64)
            })
            .unwrap();
        let guard = Guard::Work {
            nonce: weak.nonce,
            solution: BoundedVec::truncate_from(weak.solution),
        };
        assert_refused(
            ada.registers(ada.registration(anchor), guard),
            Rejection::TooLittleWork,
        );
        assert_ok!(include(ada.registers_by_work()).unwrap());
    });
}

#[test]
fn a_block_takes_so_many_and_the_pool_keeps_the_rest() {
    run(|| {
        let people: Vec<_> = (0..3).map(|n| Person::of(&format!("P{n}"))).collect();
        people[0].settles();
        people[1].settles();
        let third = people[2].registers_by_work();
        // For this block there is no room; the pool looks at the next one.
        assert_eq!(
            include(third.clone()),
            Err(InvalidTransaction::ExhaustsResources.into())
        );
        assert!(offer(&third).is_ok());
        pass(1);
        assert_ok!(include(third).unwrap());
    });
}

#[test]
fn more_work_comes_first_and_fees_come_before_any_work() {
    run(|| {
        let (ada, payer) = (Person::of("Ada"), Person::of("Payer"));
        let anchor = now() - 1;
        let priority = |transaction: &Transaction| offer(transaction).unwrap().priority;
        let more = ada.registers(ada.registration(anchor), ada.work(anchor, 4_096));
        assert!(priority(&more) >= 12);
        let less = (2..)
            .map(|n| Person::of(&format!("Bob{n}")))
            .map(|one| one.registers(one.registration(anchor), one.work(anchor, 2)))
            .find(|one| priority(one) < 8);
        assert!(
            less.is_some(),
            "most proofs show little more than they must"
        );
        payer.with_tokens(parlance_primitives::UNIT);
        let remark = frame_system::Call::<Test>::remark { remark: vec![] };
        assert!(priority(&payer.signs(remark)) > 64);
    });
}

#[test]
fn a_period_takes_so_many() {
    run(|| {
        for n in 0..8 {
            Person::of(&format!("P{n}")).settles();
            pass(1);
        }
        let late = Person::of("Late");
        assert_refused(late.registers_by_work(), Rejection::PeriodFull);
        pass_to(REGISTRATION_PERIOD);
        assert_ok!(include(late.registers_by_work()).unwrap());
    });
}

#[test]
fn there_are_so_many_identities_without_deposit() {
    run(|| {
        Sizes::<Test>::mutate(|sizes| sizes.work = 20);
        assert_refused(
            Person::of("Ada").registers_by_work(),
            Rejection::StandingFull,
        );
        Sizes::<Test>::kill();
    });
}

#[test]
fn demand_makes_it_harder_and_calm_makes_it_easier() {
    run(|| {
        for n in 0..8 {
            Person::of(&format!("P{n}")).settles();
            pass(1);
        }
        let period = |n| pass_to(n * REGISTRATION_PERIOD);
        period(1);
        // Eight where three are wanted: twice as hard, the most in a step.
        assert_eq!(CurrentGate::<Test>::get().difficulty, 4);
        period(2);
        assert_eq!(CurrentGate::<Test>::get().difficulty, 3);
        period(3);
        assert_eq!(CurrentGate::<Test>::get().difficulty, 2);
        period(9);
        assert_eq!(CurrentGate::<Test>::get().difficulty, 2);
    });
}

#[test]
fn work_begun_before_it_got_harder_still_counts() {
    run(|| {
        pass_to(REGISTRATION_PERIOD - 5);
        let ada = Person::of("Ada");
        let anchor = now() - 1;
        let begun = ada.registers(ada.registration(anchor), ada.work(anchor, wanted(anchor)));
        CurrentGate::<Test>::mutate(|gate| gate.work.period = 8);
        pass_to(REGISTRATION_PERIOD + 3);
        assert!(wanted(now() - 1) > wanted(anchor));
        assert_ok!(include(begun).unwrap());
    });
}

#[test]
fn nobody_signs_a_registration_and_nothing_else_goes_unsigned() {
    run(|| {
        let ada = Person::of("Ada");
        let anchor = now() - 1;
        let call = Call::register {
            registration: ada.registration(anchor),
            guard: ada.work(anchor, wanted(anchor)),
            signature: MultiSignature::from(ada.pair.sign(b"anything")),
        };
        for origin in [RuntimeOrigin::signed(ada.id()), RuntimeOrigin::root()] {
            let RuntimeCall::Accounts(call) = RuntimeCall::from(call.clone()) else {
                unreachable!()
            };
            use frame_support::traits::UnfilteredDispatchable;
            assert_noop!(
                call.dispatch_bypass_filter(origin)
                    .map_err(|error| error.error),
                DispatchError::BadOrigin
            );
        }
        let unproven = Transaction::new_bare(call.clone().into());
        assert!(offer(&unproven).is_err());
        assert!(include(unproven).is_err());
        assert!(offer(&general(call)).is_err());
        let bob = Person::of("Bob");
        bob.settles();
        pass(1);
        for call in [
            change_call(
                bob.version(),
                vec![parlance_primitives::accounts::Change::MoveMailbox],
            ),
            Call::remove_identity {},
        ] {
            assert!(offer(&general(call)).is_err());
        }
    });
}

#[test]
fn a_newcomer_may_have_tokens_already() {
    run(|| {
        let ada = Person::of("Ada");
        ada.with_tokens(5 * parlance_primitives::UNIT).settles();
        assert_eq!(Standings::<Test>::get(ada.id()).unwrap().lane, Lane::Work);
        assert_eq!(System::providers(&ada.id()), 1);
        assert_eq!(System::sufficients(&ada.id()), 1);
    });
}

#[test]
fn garbage_is_refused_before_the_state_is_looked_at() {
    run(|| {
        let ada = Person::of("Ada");
        let anchor = now() - 1;
        ada.settles();
        // An account that is registered already, so the state would say so: the proof is judged
        // first.
        for solution in [vec![], vec![0; 8], vec![255; 128], vec![7; 7]] {
            let guard = Guard::Work {
                nonce: 0,
                solution: BoundedVec::truncate_from(solution),
            };
            assert_refused(
                ada.registers(ada.registration(anchor), guard),
                Rejection::Proof,
            );
        }
        let transaction = ada.registers_by_work();
        let bytes = transaction.encode();
        assert_refused(transaction, Rejection::AlreadyRegistered);
        assert!(!bytes.is_empty());
    });
}
