//! Gas runs out at the same place for everyone, and what a dry run says suffices.

use super::mock::*;
use crate::Error;
use frame_support::weights::Weight;
use sp_runtime::AccountId32;

fn with_gas(contract: &AccountId32, gas: Weight, data: Vec<u8>) -> Called {
    Contracts::bare_call(ALICE, contract.clone(), 0, gas, None, data, false)
}

#[test]
fn a_loop_without_end_uses_all_of_its_gas_and_no_more() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let limit = Weight::from_parts(5_000_000_000, 1_000_000);
        let called = with_gas(&contract, limit, op(6, &[]));
        assert_eq!(called.result, Err(Error::<Test>::OutOfGas.into()));
        let used = called.gas_consumed.ref_time();
        // A unit of the contract's own meter is worth 2,000 picoseconds; less than that cannot be used.
        assert!(limit.ref_time() - used < 2_000, "{used}");
        assert!(used <= limit.ref_time());
    });
}

#[test]
fn what_a_dry_run_says_suffices_and_a_bit_less_does_not() {
    chain().execute_with(|| {
        let contract = make(keeper());
        for data in [op(0, &[]), op(1, b"value"), op(9, &[])] {
            let needed = with_gas(&contract, GAS, data.clone()).gas_required;
            let enough = with_gas(&contract, needed, data.clone());
            assert_eq!(enough.gas_consumed, needed);
            assert!(enough.result.is_ok());
            let less = needed.saturating_sub(Weight::from_parts(2_000, 0));
            let result = with_gas(&contract, less, data).result;
            assert_eq!(result, Err(Error::<Test>::OutOfGas.into()));
        }
    });
}

#[test]
fn without_gas_nothing_runs() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let called = with_gas(&contract, Weight::zero(), op(0, &[]));
        assert_eq!(called.result, Err(Error::<Test>::OutOfGas.into()));
        let no_proof = Weight::from_parts(u64::MAX, 0);
        let called = with_gas(&contract, no_proof, op(0, &[]));
        assert_eq!(called.result, Err(Error::<Test>::OutOfGas.into()));
    });
}

/// Whatever the limit, the same is used each time, and never more than the limit.
#[test]
fn gas_depends_on_nothing_but_the_call() {
    chain().execute_with(|| {
        let contract = make(keeper());
        for step in 0..60 {
            let limit = Weight::from_parts(step * 1_999_999, GAS.proof_size());
            let first = with_gas(&contract, limit, op(0, &[]));
            let second = with_gas(&contract, limit, op(0, &[]));
            assert_eq!(first.gas_consumed, second.gas_consumed);
            assert_eq!(first.result, second.result);
            assert!(first.gas_consumed.all_lte(limit));
        }
    });
}
