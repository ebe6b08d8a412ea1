//! A contract comes to lie where it was said to, with what it was given; or nothing happens.

use super::mock::*;
use crate::{
    Code, CodeInfoOf, ContractInfoOf, Error, Event, Nonce, Origin, PristineCode, StorageDeposit,
};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, traits::Hooks, weights::Weight};
use sp_runtime::traits::Dispatchable;

/// A contract whose constructor stores something, and then traps.
fn failing() -> Vec<u8> {
    wat::parse_str(
        r#"(module
            (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
            (import "env" "memory" (memory 1 1))
            (func (export "deploy")
                (drop (call $set (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 9)))
                (unreachable))
            (func (export "call")))"#,
    )
    .unwrap()
}

fn instantiate(code: Vec<u8>, value: Balance, data: &[u8]) -> RuntimeCall {
    RuntimeCall::Contracts(crate::Call::instantiate_with_code {
        value,
        gas_limit: GAS,
        storage_deposit_limit: None,
        code,
        data: data.to_vec(),
        salt: Vec::new(),
    })
}

#[test]
fn the_account_is_known_before_and_the_constructor_gets_its_input_and_its_value() {
    chain().execute_with(|| {
        let hash = hash_of(&keeper());
        let expected = Contracts::contract_address(&ALICE, &hash, b"first", &[]).unwrap();
        // As tools compute it.
        let all = (
            b"contract_addr_v1",
            ALICE,
            hash,
            b"first".to_vec(),
            Vec::<u8>::new(),
        )
            .encode();
        assert_eq!(expected.encode(), sp_io::hashing::blake2_256(&all));

        let call = instantiate(keeper(), 5_000, b"first");
        assert_ok!(call.dispatch(RuntimeOrigin::signed(ALICE)));
        assert_eq!(free(&expected), 5_000 + MINIMUM);
        let value = Contracts::get_storage(expected.clone(), b"key!".to_vec());
        assert_eq!(value, Ok(Some(b"first".to_vec())));
        assert_eq!(returned(&expected, &op(0, &[])), b"first");
        assert_eq!(CodeInfoOf::<Test>::get(hash).unwrap().refcount, 1);
        assert_eq!(Nonce::<Test>::get(), 1);
        let events = events();
        assert!(matches!(events[0], Event::CodeStored { .. }));
        assert_eq!(
            events[1],
            Event::Instantiated {
                deployer: ALICE,
                contract: expected.clone()
            }
        );
        assert!(matches!(
            &events[2],
            Event::StorageDepositTransferredAndHeld { from, to, .. }
                if *from == ALICE && *to == expected
        ));
    });
}

#[test]
fn what_it_cost_is_what_the_dry_run_says() {
    chain().execute_with(|| {
        let before = free(&ALICE);
        let made = make_with(keeper(), 0, b"first");
        let contract = made.result.unwrap().account_id;
        let StorageDeposit::Charge(deposit) = made.storage_deposit else {
            panic!("it cannot come cheaper than nothing")
        };
        assert_eq!(before - free(&ALICE), deposit);
        assert_eq!(held(&ALICE) + held(&contract) + MINIMUM, deposit);
        let info = ContractInfoOf::<Test>::get(&contract).unwrap();
        assert_eq!(info.total_deposit(), held(&contract));
        assert_eq!((info.storage_bytes, info.storage_items), (5, 1));
        assert_eq!(
            info.storage_base_deposit,
            PER_ITEM + PER_BYTE * info.encoded_size() as Balance + held(&ALICE) / 10
        );
    });
}

#[test]
fn a_constructor_that_traps_leaves_nothing_not_even_the_code() {
    chain().execute_with(|| {
        let (before, code) = (free(&ALICE), failing());
        let call = instantiate(code.clone(), 5_000, &[]);
        let error = call.dispatch(RuntimeOrigin::signed(ALICE)).unwrap_err();
        assert_eq!(error.error, Error::<Test>::ContractTrapped.into());
        assert!(
            error
                .post_info
                .actual_weight
                .unwrap()
                .all_gt(Weight::zero())
        );
        assert!(!PristineCode::<Test>::contains_key(hash_of(&code)));
        assert_eq!(ContractInfoOf::<Test>::iter().count(), 0);
        assert_eq!((free(&ALICE), held(&ALICE)), (before, 0));
        assert_eq!(Nonce::<Test>::get(), 0);
        assert_eq!(events(), []);
    });
}

#[test]
fn an_account_is_taken_once_and_another_salt_makes_another() {
    chain().execute_with(|| {
        let first = make(keeper());
        let again = make_with(keeper(), 0, &[]);
        assert_eq!(again.result, Err(Error::<Test>::DuplicateContract.into()));
        let code = Code::Existing(hash_of(&keeper()));
        let salted = Contracts::bare_instantiate(
            ALICE,
            0,
            GAS,
            None,
            code,
            Vec::new(),
            b"salt".to_vec(),
            false,
        );
        assert_ne!(salted.result.unwrap().account_id, first);
    });
}

#[test]
fn without_code_there_is_no_contract() {
    chain().execute_with(|| {
        let call = RuntimeCall::Contracts(crate::Call::instantiate {
            value: 0,
            gas_limit: GAS,
            storage_deposit_limit: None,
            code_hash: hash_of(b"nothing"),
            data: Vec::new(),
            salt: Vec::new(),
        });
        let error = call.dispatch(RuntimeOrigin::signed(ALICE)).unwrap_err();
        assert_eq!(error.error, Error::<Test>::CodeNotFound.into());
    });
}

#[test]
fn a_contract_that_terminates_gives_back_all_of_it_and_its_storage_goes_in_time() {
    let mut chain = chain();
    let contract = chain.execute_with(|| {
        let made = make_with(keeper(), 7_000, b"first");
        made.result.unwrap().account_id
    });
    // What is deleted lies in the database then, and not in what the block has written.
    chain.commit_all().unwrap();
    chain.execute_with(|| {
        events();
        let (before, deposit) = (free(&ALICE), held(&contract));
        call(&contract, &op(7, CHARLIE.as_ref())).result.unwrap();
        assert_eq!(free(&ALICE), before + deposit);
        assert_eq!(free(&CHARLIE), 7_000 + MINIMUM);
        assert_eq!(free(&contract) + held(&contract), 0);
        assert!(!System::account_exists(&contract));
        assert!(ContractInfoOf::<Test>::get(&contract).is_none());
        assert_eq!(
            events(),
            [
                Event::StorageDepositTransferredAndReleased {
                    from: contract.clone(),
                    to: ALICE,
                    amount: deposit
                },
                Event::Terminated {
                    contract: contract.clone(),
                    beneficiary: CHARLIE
                },
                Event::Called {
                    caller: Origin::Signed(ALICE),
                    contract: contract.clone()
                },
            ]
        );
        assert_eq!(crate::DeletionQueue::<Test>::iter().count(), 1);
        Contracts::on_idle(2, Weight::MAX);
        assert_eq!(crate::DeletionQueue::<Test>::iter().count(), 0);
        // The account is free again.
        let again = make_with(keeper(), 0, b"first").result.unwrap().account_id;
        assert_eq!(again, contract);
        let mine = ContractInfoOf::<Test>::get(&again).unwrap();
        assert_eq!(mine.storage_items, 1);
    });
}

#[test]
fn root_gives_a_contract_other_code() {
    chain().execute_with(|| {
        let contract = make(keeper());
        assert_ok!(Contracts::upload_code(
            RuntimeOrigin::signed(BOB),
            agent(),
            None,
            crate::Determinism::Enforced
        ));
        let set = |origin, hash| Contracts::set_code(origin, contract.clone(), hash);
        let (old, new) = (hash_of(&keeper()), hash_of(&agent()));
        assert_noop!(
            set(RuntimeOrigin::signed(ALICE), new),
            sp_runtime::DispatchError::BadOrigin
        );
        assert_noop!(
            set(RuntimeOrigin::root(), hash_of(b"nothing")),
            Error::<Test>::CodeNotFound
        );
        assert_ok!(set(RuntimeOrigin::root(), new));
        let info = ContractInfoOf::<Test>::get(&contract).unwrap();
        assert_eq!(info.code_hash, new);
        let users = |hash| CodeInfoOf::<Test>::get(hash).unwrap().refcount;
        assert_eq!((users(old), users(new)), (0, 1));
    });
}
