//! Lists of transactions get the answers and make the changes that single calls do.

mod networks;
mod transactions;

use codec::Encode;
use networks::started;
use parlance_primitives::UNIT;
use parlance_runtime::{Executive, Header, RuntimeCall, System, UncheckedExtrinsic, batch};
use proptest::prelude::*;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave};
use sp_runtime::{
    ApplyExtrinsicResult, StateVersion,
    traits::Header as _,
    transaction_validity::{
        InvalidTransaction, TransactionSource::External, TransactionValidity,
        TransactionValidityError,
    },
};
use transactions::{pay, remark, signed};

/// Somebody who owns nothing at genesis.
const POOR: Sr25519Keyring = Sr25519Keyring::AliceStash;

fn state() -> TestExternalities {
    started("dev")
}

/// One of each kind that a node meets.
fn every_kind() -> Vec<Vec<u8>> {
    let mut foreign_signature = signed(Alice, 0, pay(Bob, UNIT)).encode();
    let last = foreign_signature.len() - 1;
    foreign_signature[last] ^= 1;
    let inherent =
        UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(pallet_timestamp::Call::set {
            now: 1,
        }));
    vec![
        signed(Alice, 0, pay(Bob, UNIT)).encode(),
        signed(Alice, 1, pay(Charlie, 2 * UNIT)).encode(),
        signed(Bob, 7, pay(Alice, UNIT)).encode(),
        signed(Charlie, 0, pay(Dave, u128::MAX / 2)).encode(),
        signed(POOR, 0, pay(Alice, UNIT)).encode(),
        signed(Dave, 0, remark(300)).encode(),
        foreign_signature,
        inherent.encode(),
        vec![],
        vec![0xff; 40],
    ]
}

/// The answer on one transaction by the SDK's own way.
fn alone(bytes: &[u8]) -> TransactionValidity {
    let transaction = codec::DecodeAll::decode_all(&mut &bytes[..])
        .map_err(|_| TransactionValidityError::from(InvalidTransaction::Call))?;
    Executive::validate_transaction(External, transaction, System::block_hash(0))
}

#[test]
fn each_transaction_of_a_list_gets_the_answer_it_would_get_alone() {
    let mut state = state();
    let kinds = state.execute_with(every_kind);
    let expected: Vec<_> = kinds
        .iter()
        .map(|bytes| state.execute_with(|| in_a_fork(|| alone(bytes))))
        .collect();
    assert!(expected.iter().any(Result::is_ok) && expected.iter().any(Result::is_err));
    let together = state.execute_with(|| {
        let list = kinds
            .iter()
            .map(|bytes| (External, bytes.clone()))
            .collect();
        in_a_fork(|| batch::validate(list, System::block_hash(0)))
    });
    assert_eq!(together, expected);
}

#[test]
fn validating_a_list_leaves_no_answer_on_the_next_one() {
    let mut state = state();
    let kinds = state.execute_with(every_kind);
    let ask = |state: &mut TestExternalities, order: &[usize]| -> Vec<TransactionValidity> {
        let list = order
            .iter()
            .map(|index| (External, kinds[*index].clone()))
            .collect();
        state.execute_with(|| in_a_fork(|| batch::validate(list, System::block_hash(0))))
    };
    let forward: Vec<_> = (0..kinds.len()).collect();
    let backward: Vec<_> = forward.iter().rev().copied().collect();
    let mut turned = ask(&mut state, &backward);
    turned.reverse();
    assert_eq!(ask(&mut state, &forward), turned);
}

/// Runs `what` and takes back what it changed.
fn in_a_fork<R>(what: impl FnOnce() -> R) -> R {
    sp_io::storage::start_transaction();
    let result = what();
    sp_io::storage::rollback_transaction();
    result
}

fn start_block() {
    let header = Header::new(
        1,
        Default::default(),
        Default::default(),
        System::block_hash(0),
        Default::default(),
    );
    Executive::initialize_block(&header);
}

/// The SDK's way: one call each, undone from outside where it is refused.
fn apply_alone(bytes: &[u8]) -> ApplyExtrinsicResult {
    let transaction = codec::DecodeAll::decode_all(&mut &bytes[..])
        .map_err(|_| TransactionValidityError::from(InvalidTransaction::Call))?;
    sp_io::storage::start_transaction();
    let result = Executive::apply_extrinsic(transaction);
    match result {
        Ok(_) => sp_io::storage::commit_transaction(),
        Err(_) => sp_io::storage::rollback_transaction(),
    }
    result
}

fn root() -> Vec<u8> {
    sp_io::storage::root(StateVersion::V1)
}

/// Answers and state root after a block of these transactions, cut into lists of these sizes.
fn applied_together(
    transactions: &[Vec<u8>],
    sizes: &[usize],
) -> (Vec<ApplyExtrinsicResult>, Vec<u8>) {
    state().execute_with(|| {
        start_block();
        let mut answers = Vec::new();
        let mut rest = transactions;
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() {
            let size = (*sizes.next().expect("a cycle has no end")).clamp(1, rest.len());
            let (now, later) = rest.split_at(size);
            answers.extend(batch::apply(now.to_vec()).results);
            rest = later;
        }
        (answers, root())
    })
}

fn applied_alone(transactions: &[Vec<u8>]) -> (Vec<ApplyExtrinsicResult>, Vec<u8>) {
    state().execute_with(|| {
        start_block();
        let answers = transactions
            .iter()
            .map(|bytes| apply_alone(bytes))
            .collect();
        (answers, root())
    })
}

#[test]
fn a_block_of_lists_is_the_block_of_single_transactions() {
    let kinds: Vec<_> = state()
        .execute_with(every_kind)
        .into_iter()
        // An inherent without its own place would end the block.
        .enumerate()
        .filter(|(index, _)| *index != 7)
        .map(|(_, bytes)| bytes)
        .collect();
    let alone = applied_alone(&kinds);
    assert!(alone.0.iter().any(Result::is_ok) && alone.0.iter().any(Result::is_err));
    assert_eq!(applied_together(&kinds, &[kinds.len()]), alone);
    assert_eq!(applied_together(&kinds, &[2, 1, 3]), alone);
}

#[test]
fn a_refused_transaction_leaves_no_trace() {
    let good = state().execute_with(|| signed(Alice, 0, pay(Bob, UNIT)).encode());
    let refused = state().execute_with(|| signed(POOR, 0, pay(Bob, UNIT)).encode());
    let with = applied_together(&[refused.clone(), good.clone(), refused], &[3]);
    let without = applied_together(&[good], &[1]);
    assert_eq!(with.1, without.1);
}

#[test]
fn a_block_says_how_full_it_is() {
    state().execute_with(|| {
        start_block();
        let empty = batch::apply(Vec::new()).used_percent;
        assert!(empty < 10, "{empty}");
        let mut nonce = 0;
        let mut used = empty;
        loop {
            let applied = batch::apply(vec![signed(Alice, nonce, remark(400_000)).encode()]);
            assert!(applied.used_percent >= used);
            used = applied.used_percent;
            if applied.results[0].is_err() {
                assert_eq!(
                    applied.results[0],
                    Err(InvalidTransaction::ExhaustsResources.into())
                );
                break;
            }
            nonce += 1;
        }
        assert!(used >= 85, "full by its bytes, yet {used} per cent");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_blocks_come_out_the_same(
        steps in prop::collection::vec((0_usize..5, 0_usize..5, 0_u32..3, 0_u128..200_000), 1..24),
        sizes in prop::collection::vec(1_usize..9, 1..4),
    ) {
        let people = [Alice, Bob, Charlie, Dave, POOR];
        let transactions: Vec<_> = state().execute_with(|| {
            steps
                .iter()
                .map(|(from, to, nonce, tokens)| {
                    signed(people[*from], *nonce, pay(people[*to], tokens * UNIT)).encode()
                })
                .collect()
        });
        prop_assert_eq!(applied_together(&transactions, &sizes), applied_alone(&transactions));
    }

    #[test]
    fn random_bytes_are_answers_not_panics(
        lists in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
    ) {
        let mut state = state();
        let answers = state.execute_with(|| {
            let list = lists.iter().map(|bytes| (External, bytes.clone())).collect();
            in_a_fork(|| batch::validate(list, System::block_hash(0)))
        });
        prop_assert_eq!(answers.len(), lists.len());
        prop_assert!(answers.iter().all(Result::is_err));
    }
}
