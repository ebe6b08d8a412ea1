//! Contracts that call contracts.

use super::mock::*;
use crate::{ContractInfoOf, Error, Event, Origin, StorageDeposit};
use codec::Encode;
use parlance_vm_interface::MAX_DEPTH;
use sp_runtime::AccountId32;

const ALLOW_REENTRY: u32 = 8;
const READ_ONLY: u32 = 16;
const TAIL_CALL: u32 = 4;

/// What the agent is told to call another contract.
fn calling(callee: &AccountId32, flags: u32, value: Balance, data: &[u8]) -> Vec<u8> {
    op(0, &[&(callee, flags, value).encode()[..], data].concat())
}

/// What it answers.
fn answer(code: u32, output: &[u8]) -> Vec<u8> {
    [&code.to_le_bytes()[..], output].concat()
}

/// An agent with 50,000 units, and a keeper.
fn both() -> (AccountId32, AccountId32) {
    let agent = make_with(agent(), 50_000, &[]).result.unwrap().account_id;
    (agent, make(keeper()))
}

#[test]
fn a_contract_calls_another_and_sends_it_a_value() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        events();
        let data = calling(&keeper, 0, 4_000, &op(9, &[]));
        let seen = (agent.clone(), 4_000_u128, keeper.clone(), 1_u64).encode();
        assert_eq!(returned(&agent, &data), answer(0, &seen));
        assert_eq!(free(&keeper), 4_000 + MINIMUM);
        let called = |caller: &AccountId32, contract: &AccountId32| Event::Called {
            caller: Origin::Signed(caller.clone()),
            contract: contract.clone(),
        };
        assert_eq!(events(), [called(&agent, &keeper), called(&ALICE, &agent)]);
    });
}

#[test]
fn a_callee_that_traps_or_reverts_is_undone_and_its_caller_goes_on() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        let before = (free(&agent), held(&keeper));
        let ask = |data: Vec<u8>| returned(&agent, &calling(&keeper, 0, 100, &data));
        assert_eq!(ask(op(4, b"a trap")), answer(1, b""));
        assert_eq!(ask(op(5, b"because")), answer(2, b"because"));
        assert_eq!((free(&agent), held(&keeper)), before);
        assert_eq!(returned(&keeper, &op(0, &[])), b"");
    });
}

#[test]
fn what_keeps_a_callee_from_beginning_is_a_code() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        assert_eq!(returned(&agent, &calling(&BOB, 0, 0, &[])), answer(8, b""));
        let dear = calling(&keeper, 0, 1_000_000, &op(0, &[]));
        assert_eq!(returned(&agent, &dear), answer(5, b""));
        let nothing = hash_of(b"nothing");
        let delegated = op(2, nothing.as_ref());
        assert_eq!(returned(&agent, &delegated), answer(7, b""));
    });
}

#[test]
fn what_a_callee_stores_is_paid_by_the_origin() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        let before = (free(&agent), free(&BOB), held(&keeper));
        let data = calling(&keeper, 0, 0, &op(1, b"12345"));
        let called = call_as(BOB, &agent, 0, &data);
        let price = PER_ITEM + 5 * PER_BYTE;
        assert_eq!(called.storage_deposit, StorageDeposit::Charge(price));
        let after = (before.0, before.1 - price, before.2 + price);
        assert_eq!((free(&agent), free(&BOB), held(&keeper)), after);
    });
}

#[test]
fn a_contract_comes_back_to_itself_only_if_it_allowed_that() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        let inner = calling(&keeper, 0, 0, &op(0, &[]));
        let denied = call(&agent, &calling(&agent, 0, 0, &inner)).result;
        assert_eq!(denied, Err(Error::<Test>::ReentranceDenied.into()));
        let allowed = calling(&agent, ALLOW_REENTRY, 0, &inner);
        assert_eq!(returned(&agent, &allowed), answer(0, &answer(0, b"")));
    });
}

/// One way round: A allows, B does not, so B cannot be come back to, and A can.
#[test]
fn each_on_the_way_has_its_own_say() {
    chain().execute_with(|| {
        let first = make(agent());
        let second = make_with(agent(), 0, b"another");
        let second = second.result.unwrap().account_id;
        let keeper = make(keeper());
        let last = calling(&keeper, 0, 0, &op(0, &[]));
        // first -> second -> first: second says nothing of first.
        let back = calling(&second, ALLOW_REENTRY, 0, &calling(&first, 0, 0, &last));
        let expected = answer(0, &answer(0, &answer(0, b"")));
        assert_eq!(returned(&first, &back), expected);
        // first -> second -> first -> second: the second has not allowed it, so the first, which asks, traps.
        let round = calling(&second, 0, 0, &last);
        let round = calling(&first, 0, 0, &round);
        let round = calling(&second, ALLOW_REENTRY, 0, &round);
        assert_eq!(returned(&first, &round), answer(0, &answer(1, b"")));
    });
}

#[test]
fn the_deepest_call_is_the_twenty_fifth() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        // The agent itself is the first, the keeper the last.
        let nested = |agents: u32| {
            let last = calling(&keeper, ALLOW_REENTRY, 0, &op(0, &[]));
            (1..agents).fold(last, |inner, _| calling(&agent, ALLOW_REENTRY, 0, &inner))
        };
        let deepest = returned(&agent, &nested(MAX_DEPTH - 1));
        assert_eq!(deepest, [0; 4].repeat(MAX_DEPTH as usize - 1));
        // One more: the innermost agent traps, and its caller is told.
        let deeper = returned(&agent, &nested(MAX_DEPTH));
        let trapped = [[0; 4].repeat(MAX_DEPTH as usize - 2), answer(1, b"")].concat();
        assert_eq!(deeper, trapped);
    });
}

#[test]
fn a_contract_makes_a_contract() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        let hash = hash_of(&super::mock::keeper());
        let data = op(1, &[&(hash, 2_000_u128).encode()[..], b"inside"].concat());
        let expected = Contracts::contract_address(&agent, &hash, b"inside", &[]).unwrap();
        assert_eq!(returned(&agent, &data), answer(0, expected.as_ref()));
        assert_ne!(expected, keeper);
        assert_eq!(free(&expected), 2_000 + MINIMUM);
        assert_eq!(returned(&expected, &op(0, &[])), b"inside");
        let info = ContractInfoOf::<Test>::get(&expected).unwrap();
        assert_eq!(info.total_deposit(), held(&expected));
        // There is one at that account now.
        let again = call(&agent, &data).result;
        assert_eq!(again, Err(Error::<Test>::DuplicateContract.into()));
        let nothing = op(1, &(hash_of(b"nothing"), 0_u128).encode());
        assert_eq!(returned(&agent, &nothing), answer(7, b""));
    });
}

#[test]
fn other_code_runs_on_the_callers_own_storage() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        let hash = hash_of(&super::mock::keeper());
        let delegated = |data: Vec<u8>| op(2, &[hash.as_ref(), &data[..]].concat());
        events();
        let stored = returned(&agent, &delegated(op(1, b"mine")));
        assert_eq!(stored, answer(0, b""));
        assert!(events().contains(&Event::DelegateCalled {
            contract: agent.clone(),
            code_hash: hash
        }));
        let value = Contracts::get_storage(agent.clone(), b"key!".to_vec());
        assert_eq!(value, Ok(Some(b"mine".to_vec())));
        assert_eq!(returned(&keeper, &op(0, &[])), b"");
        // Caller, value and account are the agent's own.
        let seen = (BOB, 30_u128, agent.clone(), 1_u64).encode();
        let told = call_as(BOB, &agent, 30, &delegated(op(9, &[])));
        assert_eq!(told.result.unwrap().data, answer(0, &seen));
        // It cannot remove the contract from within.
        let gone = returned(&agent, &delegated(op(7, BOB.as_ref())));
        assert_eq!(gone, answer(1, b""));
    });
}

#[test]
fn who_may_only_read_changes_nothing() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        let ask = |data: Vec<u8>| returned(&agent, &calling(&keeper, READ_ONLY, 0, &data));
        assert_eq!(ask(op(0, &[])), answer(0, b""));
        for data in [
            op(1, b"value"),
            op(2, &[]),
            op(3, b"event"),
            op(7, BOB.as_ref()),
            op(8, BOB.as_ref()),
            op(10, hash_of(&super::mock::agent()).as_ref()),
            op(12, b"value"),
        ] {
            assert_eq!(ask(data), answer(1, b""));
        }
        // Nor does whom it calls.
        let inner = calling(&keeper, 0, 0, &op(1, b"value"));
        let outer = calling(&agent, READ_ONLY | ALLOW_REENTRY, 0, &inner);
        assert_eq!(returned(&agent, &outer), answer(0, &answer(1, b"")));
        let value = call(&agent, &calling(&keeper, READ_ONLY, 1, &op(0, &[]))).result;
        assert_eq!(value, Err(Error::<Test>::StateChangeDenied.into()));
    });
}

#[test]
fn what_the_last_call_returns_can_be_the_callers_answer() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        call(&keeper, &op(1, b"value")).result.unwrap();
        let data = calling(&keeper, TAIL_CALL, 0, &op(0, &[]));
        assert_eq!(returned(&agent, &data), b"value");
    });
}

#[test]
fn unknown_flags_trap() {
    chain().execute_with(|| {
        let (agent, keeper) = both();
        let result = call(&agent, &calling(&keeper, 32, 0, &op(0, &[]))).result;
        assert_eq!(result, Err(Error::<Test>::InvalidCallFlags.into()));
    });
}

/// Calls the contract in its input twice: it stores something, and then it terminates.
fn filling_and_removing() -> Vec<u8> {
    wat::parse_str(
        r#"(module
            (import "seal0" "input" (func $input (param i32 i32)))
            (import "seal1" "call" (func $call (param i32 i32 i64 i32 i32 i32 i32 i32) (result i32)))
            (import "env" "memory" (memory 1 1))
            (data (i32.const 0) "\40")
            (data (i32.const 200) "\01a value that is stored for a moment")
            (data (i32.const 300) "\07\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03")
            (func $do (param $at i32) (param $len i32)
                (if (call $call (i32.const 0) (i32.const 64) (i64.const 0) (i32.const 128)
                        (local.get $at) (local.get $len) (i32.const -1) (i32.const 0))
                    (then (unreachable))))
            (func (export "deploy"))
            (func (export "call")
                (call $input (i32.const 64) (i32.const 0))
                (call $do (i32.const 200) (i32.const 36))
                (call $do (i32.const 300) (i32.const 33))))"#,
    )
    .unwrap()
}

/// What the first call owes for the contract is forgotten when the second removes it: nothing is moved to an account that is
/// gone.
#[test]
fn a_contract_that_goes_in_the_same_transaction_leaves_no_debt() {
    chain().execute_with(|| {
        let keeper = make_with(keeper(), 0, b"first").result.unwrap().account_id;
        let caller = make(filling_and_removing());
        let (alice, deposit) = (free(&ALICE), held(&keeper));
        let called = call(&caller, keeper.as_ref());
        called.result.unwrap();
        assert_eq!(called.storage_deposit, StorageDeposit::Refund(deposit));
        assert_eq!(free(&ALICE), alice + deposit);
        assert_eq!(free(&CHARLIE), MINIMUM);
        assert_eq!(free(&keeper) + held(&keeper), 0);
    });
}
