//! The Wasm runtime, which remembers what it has read, against native code, which asks each time.

mod networks;
mod transactions;

use codec::{Decode, Encode};
use networks::started;
use parlance_primitives::{UNIT, batch::Applied};
use parlance_runtime::{Executive, Header, System, WASM_BINARY, batch};
use proptest::prelude::*;
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_io::{SubstrateHostFunctions, TestExternalities};
use sp_keyring::Sr25519Keyring::{self, Alice, AliceStash, Bob, Charlie, Dave};
use sp_runtime::{
    ApplyExtrinsicResult, StateVersion,
    traits::Header as _,
    transaction_validity::{TransactionSource::External, TransactionValidity},
};
use std::sync::LazyLock;
use transactions::{pay, remark, signed};

/// The last owns nothing at genesis.
const PEOPLE: [Sr25519Keyring; 5] = [Alice, Bob, Charlie, Dave, AliceStash];

static WASM: LazyLock<WasmExecutor<SubstrateHostFunctions>> =
    LazyLock::new(|| WasmExecutor::builder().build());

fn call<R: Decode>(state: &mut TestExternalities, function: &str, arguments: &[u8]) -> R {
    let code = WASM_BINARY.expect("tests are built with the Wasm runtime");
    let runtime = RuntimeCode {
        code_fetcher: &WrappedRuntimeCode(code.into()),
        heap_pages: None,
        hash: b"the only one".to_vec(),
    };
    let (answer, _) = WASM.call(
        &mut state.ext(),
        &runtime,
        function,
        arguments,
        CallContext::Onchain { import: false },
    );
    R::decode(&mut &answer.expect("the call ends well")[..]).expect("the answer decodes")
}

fn first_header(state: &mut TestExternalities) -> Header {
    let parent = state.execute_with(|| System::block_hash(0));
    let (nothing, no_root, no_logs) = Default::default();
    Header::new(1, nothing, no_root, parent, no_logs)
}

fn root(state: &mut TestExternalities) -> Vec<u8> {
    state.execute_with(|| sp_io::storage::root(StateVersion::V1))
}

type Block = (Vec<ApplyExtrinsicResult>, Vec<u8>);

fn by_wasm(lists: &[Vec<Vec<u8>>]) -> Block {
    let mut state = started("dev");
    let header = first_header(&mut state);
    let _: sp_runtime::ExtrinsicInclusionMode =
        call(&mut state, "Core_initialize_block", &header.encode());
    let mut answers = Vec::new();
    for list in lists {
        let applied: Applied = call(&mut state, "BatchApi_apply_extrinsics", &list.encode());
        answers.extend(applied.results);
    }
    (answers, root(&mut state))
}

fn natively(lists: &[Vec<Vec<u8>>]) -> Block {
    let mut state = started("dev");
    let header = first_header(&mut state);
    let answers = state.execute_with(|| {
        Executive::initialize_block(&header);
        let applied = |list: &Vec<_>| batch::apply(list.clone()).results;
        lists.iter().flat_map(applied).collect()
    });
    (answers, root(&mut state))
}

/// Payments, large and small, of people with and without tokens, some with a wrong number; and remarks.
fn made(steps: &[(usize, usize, u32, u128)]) -> Vec<Vec<u8>> {
    started("dev").execute_with(|| {
        let one = |(from, to, nonce, tokens): &(usize, usize, u32, u128)| {
            let call = match tokens % 5 {
                0 => remark(*tokens as usize % 400),
                _ => pay(PEOPLE[*to], tokens * UNIT),
            };
            signed(PEOPLE[*from], *nonce, call).encode()
        };
        steps.iter().map(one).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn blocks_come_to_the_same_state(
        steps in prop::collection::vec((0_usize..5, 0_usize..5, 0_u32..4, 0_u128..200_000), 1..60),
        size in 1_usize..32,
    ) {
        let lists: Vec<_> = made(&steps).chunks(size).map(<[_]>::to_vec).collect();
        prop_assert_eq!(by_wasm(&lists), natively(&lists));
    }

    #[test]
    fn lists_are_judged_the_same(
        steps in prop::collection::vec((0_usize..5, 0_usize..5, 0_u32..4, 0_u128..200_000), 1..40),
    ) {
        let mut state = started("dev");
        let parent = state.execute_with(|| System::block_hash(0));
        let list: Vec<_> = made(&steps).into_iter().map(|bytes| (External, bytes)).collect();
        let wasm: Vec<TransactionValidity> =
            call(&mut state, "BatchApi_validate_transactions", &(&list, parent).encode());
        let native = started("dev").execute_with(|| batch::validate(list, parent));
        prop_assert_eq!(wasm, native);
    }
}

#[test]
fn most_of_what_is_compared_is_valid() {
    let steps: Vec<_> = (0..20).map(|nonce| (0, 1, nonce, 1)).collect();
    let (answers, _) = by_wasm(&[made(&steps)]);
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Ok(())))));
}
