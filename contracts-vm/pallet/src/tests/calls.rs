//! What a contract does is kept when it returns, and undone when it traps or reverts.

use super::mock::*;
use crate::{ContractInfoOf, Error, Event, Origin, ReturnFlags};
use codec::Encode;
use frame_support::{assert_ok, weights::Weight};
use sp_core::H256;
use sp_runtime::{AccountId32, DispatchError, traits::Dispatchable};

fn extrinsic(contract: &AccountId32, value: Balance, data: Vec<u8>) -> RuntimeCall {
    RuntimeCall::Contracts(crate::Call::call {
        dest: contract.clone(),
        value,
        gas_limit: GAS,
        storage_deposit_limit: None,
        data,
    })
}

#[test]
fn what_is_stored_is_there_in_the_next_call() {
    chain().execute_with(|| {
        let contract = make(keeper());
        assert_eq!(returned(&contract, &op(0, &[])), b"");
        events();
        let call = extrinsic(&contract, 0, op(1, b"second"));
        assert_ok!(call.dispatch(RuntimeOrigin::signed(BOB)));
        assert_eq!(returned(&contract, &op(0, &[])), b"second");
        let call = Event::Called {
            caller: Origin::Signed(BOB),
            contract: contract.clone(),
        };
        assert_eq!(events()[0], call);
        assert_eq!(returned(&contract, &op(12, b"fixed")), b"fixed");
        let other = Contracts::get_storage(contract.clone(), b"other".to_vec());
        assert_eq!(other, Ok(None));
        let none = Contracts::get_storage(CHARLIE, b"key!".to_vec());
        assert_eq!(none, Err(crate::ContractAccessError::DoesntExist));
        let long = Contracts::get_storage(contract, vec![0; 129]);
        assert_eq!(long, Err(crate::ContractAccessError::KeyDecodingFailed));
    });
}

#[test]
fn a_contract_knows_who_calls_with_what_where_and_when() {
    chain().execute_with(|| {
        let contract = make(keeper());
        System::set_block_number(77);
        let value = call_as(BOB, &contract, 1_234, &op(9, &[]));
        let expected = (BOB, 1_234_u128, contract.clone(), 77_u64).encode();
        assert_eq!(value.result.unwrap().data, expected);
        assert_eq!(free(&contract), 1_234 + MINIMUM);
    });
}

#[test]
fn a_value_that_cannot_be_paid_is_not_sent() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let result = call_as(BOB, &contract, ENDOWMENT + 1, &op(0, &[])).result;
        assert_eq!(result, Err(Error::<Test>::TransferFailed.into()));
        assert_eq!((free(&BOB), free(&contract)), (ENDOWMENT, MINIMUM));
    });
}

#[test]
fn a_contract_pays_out_of_what_it_has() {
    chain().execute_with(|| {
        let contract = make_with(keeper(), 1_500, &[]).result.unwrap().account_id;
        let pay = |who: AccountId32| returned(&contract, &op(8, who.as_ref()));
        assert_eq!(pay(CHARLIE), 0_u32.encode());
        assert_eq!((free(&CHARLIE), free(&contract)), (1_000, 500 + MINIMUM));
        // It keeps the least that an account has, and so cannot pay again: the code for a failed transfer.
        assert_eq!(pay(CHARLIE), 5_u32.encode());
        assert_eq!((free(&CHARLIE), free(&contract)), (1_000, 500 + MINIMUM));
    });
}

#[test]
fn an_event_bears_its_topic() {
    chain().execute_with(|| {
        let contract = make(keeper());
        System::reset_events();
        call(&contract, &op(3, b"something happened"))
            .result
            .unwrap();
        let record = &System::events()[0];
        assert_eq!(record.topics, [H256([7; 32])]);
        assert_eq!(
            events()[0],
            Event::ContractEmitted {
                contract,
                data: b"something happened".to_vec()
            }
        );
    });
}

#[test]
fn a_trap_undoes_everything() {
    chain().execute_with(|| {
        let contract = make_with(keeper(), 0, b"first").result.unwrap().account_id;
        let info = ContractInfoOf::<Test>::get(&contract);
        System::reset_events();
        let call = extrinsic(&contract, 900, op(4, b"a longer value"));
        let error = call.dispatch(RuntimeOrigin::signed(BOB)).unwrap_err();
        assert_eq!(error.error, Error::<Test>::ContractTrapped.into());
        assert_eq!(free(&BOB), ENDOWMENT);
        assert_eq!(ContractInfoOf::<Test>::get(&contract), info);
        assert_eq!(events(), []);
        assert_eq!(returned(&contract, &op(0, &[])), b"first");
    });
}

#[test]
fn a_contract_that_reverts_says_why_and_undoes_everything() {
    chain().execute_with(|| {
        let contract = make_with(keeper(), 0, b"first").result.unwrap().account_id;
        let value = call_as(BOB, &contract, 900, &op(5, b"because"))
            .result
            .unwrap();
        assert_eq!(value.flags, ReturnFlags::REVERT);
        assert_eq!(value.data, b"because");
        assert_eq!(free(&BOB), ENDOWMENT);
        assert_eq!(returned(&contract, &op(0, &[])), b"first");
        let call = extrinsic(&contract, 900, op(5, b"because"));
        let error = call.dispatch(RuntimeOrigin::signed(BOB)).unwrap_err();
        assert_eq!(error.error, Error::<Test>::ContractReverted.into());
    });
}

#[test]
fn who_is_no_contract_is_not_called() {
    chain().execute_with(|| {
        let result = call(&BOB, &[]).result;
        assert_eq!(result, Err(Error::<Test>::ContractNotFound.into()));
    });
}

#[test]
fn root_calls_but_sends_nothing() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let call = extrinsic(&contract, 0, op(1, b"by root"));
        assert_ok!(call.dispatch(RuntimeOrigin::root()));
        assert_eq!(returned(&contract, &op(0, &[])), b"by root");
        let call = extrinsic(&contract, 1, op(1, b"by root"));
        let error = call.dispatch(RuntimeOrigin::root()).unwrap_err();
        assert_eq!(error.error, DispatchError::RootNotAllowed);
        // It has no account to tell the contract.
        let call = extrinsic(&contract, 0, op(9, &[]));
        let error = call.dispatch(RuntimeOrigin::root()).unwrap_err();
        assert_eq!(error.error, DispatchError::RootNotAllowed);
    });
}

#[test]
fn a_contract_takes_other_code_for_the_next_call() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let take = |hash: H256| returned(&contract, &op(10, hash.as_ref()));
        assert_eq!(take(hash_of(&agent())), 7_u32.encode());
        Contracts::bare_upload_code(BOB, agent(), None, crate::Determinism::Enforced).unwrap();
        assert_eq!(take(hash_of(&agent())), 0_u32.encode());
        let info = ContractInfoOf::<Test>::get(&contract).unwrap();
        assert_eq!(info.code_hash, hash_of(&agent()));
        assert_eq!(info.total_deposit(), held(&contract));
        // The agent's answer, not the keeper's.
        assert_eq!(
            call(&contract, &op(9, &[])).result.unwrap().data.len(),
            16_004
        );
    });
}

#[test]
fn a_contract_tells_contracts_from_other_accounts() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let is = |who: &AccountId32| returned(&contract, &op(11, who.as_ref()));
        assert_eq!(is(&contract), 1_u32.encode());
        assert_eq!(is(&BOB), 0_u32.encode());
    });
}

#[test]
fn what_is_left_of_the_gas_is_not_paid_for() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let call = extrinsic(&contract, 0, op(0, &[]));
        let info = call.dispatch(RuntimeOrigin::signed(ALICE)).unwrap();
        let used = info.actual_weight.unwrap();
        assert!(used.all_gt(Weight::zero()));
        assert!(used.ref_time() < GAS.ref_time() / 10);
    });
}
