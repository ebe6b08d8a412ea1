//! The chain in memory, where contracts do not come into it.

use bitup_local::{BLOCK_TIME, Chain, Outcome};

const ALICE: [u8; 32] = [1; 32];
const BOB: [u8; 32] = [2; 32];

#[test]
fn tokens_move_whole_or_not_at_all() {
    let mut chain = Chain::default();
    chain.state.balances.insert(ALICE, 10);
    assert!(chain.state.transfer(ALICE, BOB, 4));
    assert!(!chain.state.transfer(ALICE, BOB, 7));
    assert_eq!(
        (chain.state.balance(&ALICE), chain.state.balance(&BOB)),
        (6, 4)
    );
    assert!(chain.state.transfer(ALICE, ALICE, 6));
    assert_eq!(chain.state.balance(&ALICE), 6);
    chain.state.balances.insert(BOB, u128::MAX);
    assert!(
        !chain.state.transfer(ALICE, BOB, 1),
        "more than there can be"
    );
    assert_eq!(chain.state.balance(&ALICE), 6);
    chain.state.endowment = 100;
    assert!(chain.state.transfer([3; 32], ALICE, 1));
    assert_eq!(chain.state.balance(&[3; 32]), 99);
}

#[test]
fn a_call_to_nobody_changes_nothing() {
    let mut chain = Chain::default();
    chain.state.balances.insert(ALICE, 10);
    let before = chain.state.clone();
    let receipt = chain.call(BOB, ALICE, 5, &[0; 4]);
    assert!(matches!(receipt.outcome, Outcome::Broken(_)), "{receipt:?}");
    assert_eq!(chain.state, before);
    assert!(chain.upload(b"no code").is_err());
}

#[test]
fn blocks_are_made_while_time_passes() {
    let mut chain = Chain::default();
    let (block, time) = (chain.block, chain.time);
    chain.wait(BLOCK_TIME + 1);
    assert_eq!(
        (chain.block, chain.time),
        (block + 2, time + BLOCK_TIME + 1)
    );
    chain.wait(u64::MAX);
    assert_eq!((chain.block, chain.time), (u32::MAX, u64::MAX));
}
