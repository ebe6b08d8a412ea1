//! Code is uploaded once, paid for while it is there, and removed by who paid.

use super::mock::*;
use crate::{CodeInfoOf, Determinism, Error, Event, PristineCode, StorageDeposit};
use codec::Compact;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

/// Two records, and the bytes of the code.
fn deposit(code: &[u8]) -> Balance {
    2 * PER_ITEM + PER_BYTE * code.len() as Balance
}

fn upload(code: Vec<u8>) -> frame_support::dispatch::DispatchResult {
    Contracts::upload_code(
        RuntimeOrigin::signed(ALICE),
        code,
        None,
        Determinism::Enforced,
    )
}

#[test]
fn code_is_stored_and_its_deposit_is_held() {
    chain().execute_with(|| {
        let (code, hash) = (keeper(), hash_of(&keeper()));
        assert_ok!(upload(code.clone()));
        assert_eq!(PristineCode::<Test>::get(hash).unwrap().into_inner(), code);
        let info = CodeInfoOf::<Test>::get(hash).unwrap();
        assert_eq!((info.owner, info.refcount), (ALICE, 0));
        assert_eq!(held(&ALICE), deposit(&code));
        assert_eq!(
            events(),
            [Event::CodeStored {
                code_hash: hash,
                deposit_held: deposit(&code),
                uploader: ALICE
            }]
        );
    });
}

#[test]
fn code_that_is_there_costs_nothing() {
    chain().execute_with(|| {
        assert_ok!(upload(keeper()));
        let again = Contracts::bare_upload_code(BOB, keeper(), None, Determinism::Enforced);
        assert_eq!(again.unwrap().deposit, 0);
        assert_eq!(held(&BOB), 0);
    });
}

#[test]
fn what_is_no_contract_is_refused_and_a_dry_run_says_why() {
    chain().execute_with(|| {
        let floats = wat::parse_str(
            r#"(module (func (export "deploy")) (func (export "call") (drop (f32.const 1))))"#,
        )
        .unwrap();
        assert_noop!(upload(floats.clone()), Error::<Test>::CodeRejected);
        let made = make_with(floats, 0, &[]);
        assert_eq!(made.result, Err(Error::<Test>::CodeRejected.into()));
        let reason = String::from_utf8(made.debug_message).unwrap();
        assert!(reason.contains("floats"), "{reason}");
    });
}

#[test]
fn code_that_is_too_long_or_may_differ_between_machines_is_refused() {
    chain().execute_with(|| {
        let long = vec![0; 16 * 1024 + 1];
        assert_noop!(upload(long), Error::<Test>::CodeTooLarge);
        assert_noop!(
            Contracts::upload_code(
                RuntimeOrigin::signed(ALICE),
                keeper(),
                None,
                Determinism::Relaxed
            ),
            Error::<Test>::Indeterministic
        );
    });
}

#[test]
fn the_limit_of_the_deposit_holds() {
    chain().execute_with(|| {
        let upload = |limit| {
            let limit = Some(Compact(limit));
            Contracts::upload_code(
                RuntimeOrigin::signed(ALICE),
                keeper(),
                limit,
                Determinism::Enforced,
            )
        };
        let enough = deposit(&keeper());
        assert_noop!(
            upload(enough - 1),
            Error::<Test>::StorageDepositLimitExhausted
        );
        assert_ok!(upload(enough));
    });
}

#[test]
fn who_cannot_pay_uploads_nothing() {
    chain().execute_with(|| {
        assert_noop!(
            Contracts::upload_code(
                RuntimeOrigin::signed(CHARLIE),
                keeper(),
                None,
                Determinism::Enforced,
            ),
            Error::<Test>::StorageDepositNotEnoughFunds
        );
    });
}

#[test]
fn who_uploaded_it_removes_it_when_no_contract_runs_it() {
    chain().execute_with(|| {
        let hash = hash_of(&keeper());
        let remove = |who| Contracts::remove_code(RuntimeOrigin::signed(who), hash);
        assert_noop!(remove(ALICE), Error::<Test>::CodeNotFound);
        let contract = make(keeper());
        assert_noop!(remove(ALICE), Error::<Test>::CodeInUse);
        call(&contract, &op(7, ALICE.as_ref())).result.unwrap();
        assert_noop!(remove(BOB), DispatchError::BadOrigin);
        events();
        assert_ok!(remove(ALICE));
        assert_eq!(held(&ALICE), 0);
        assert!(!PristineCode::<Test>::contains_key(hash));
        assert!(!CodeInfoOf::<Test>::contains_key(hash));
        assert!(matches!(
            events()[..],
            [Event::CodeRemoved { deposit_released, .. }] if deposit_released == deposit(&keeper())
        ));
    });
}

#[test]
fn code_that_a_contract_depends_on_stays_until_it_does_no_more() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let hash = hash_of(&agent());
        let depend = |what, hash: sp_core::H256| {
            let called = call(&contract, &op(what, hash.as_ref()));
            called.result.map(|_| called.storage_deposit)
        };
        assert_eq!(depend(13, hash), Err(Error::<Test>::CodeNotFound.into()));
        let uploaded = Contracts::bare_upload_code(BOB, agent(), None, Determinism::Enforced);
        let share = uploaded.unwrap().deposit.div_ceil(10);
        assert_eq!(
            depend(14, hash),
            Err(Error::<Test>::DelegateDependencyNotFound.into())
        );
        assert_eq!(depend(13, hash), Ok(StorageDeposit::Charge(share)));
        assert_eq!(
            depend(13, hash),
            Err(Error::<Test>::DelegateDependencyAlreadyExists.into())
        );
        assert_eq!(
            depend(13, hash_of(&keeper())),
            Err(Error::<Test>::CannotAddSelfAsDelegateDependency.into())
        );
        let remove = || Contracts::remove_code(RuntimeOrigin::signed(BOB), hash);
        assert_noop!(remove(), Error::<Test>::CodeInUse);
        assert_eq!(depend(14, hash), Ok(StorageDeposit::Refund(share)));
        assert_eq!(depend(13, hash), Ok(StorageDeposit::Charge(share)));
        // It goes with the contract, too.
        call(&contract, &op(7, ALICE.as_ref())).result.unwrap();
        assert_ok!(remove());
    });
}

#[test]
fn a_contract_depends_on_no_more_code_than_it_may() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let codes = [1, 2, 3].map(|number| {
            let text = format!(
                r#"(module (func (export "deploy")) (func (export "call") (drop (i32.const {number}))))"#
            );
            wat::parse_str(text).unwrap()
        });
        let results = codes.map(|code| {
            let hash = hash_of(&code);
            Contracts::bare_upload_code(BOB, code, None, Determinism::Enforced).unwrap();
            call(&contract, &op(13, hash.as_ref())).result.err()
        });
        let full = Error::<Test>::MaxDelegateDependenciesReached.into();
        assert_eq!(results, [None, None, Some(full)]);
    });
}
