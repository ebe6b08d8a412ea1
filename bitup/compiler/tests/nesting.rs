//! Contracts that call contracts: what fails undoes what it did and nothing else, at each level.

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bitup_compiler::{Source, build};
use bitup_local::{Account, Chain, Outcome};
use support::{ALICE, input, shown, validated};

const FIRST: Account = [1; 32];
const SECOND: Account = [2; 32];
const THIRD: Account = [3; 32];

/// Each contract hands on what it was given but one, and fails where it is told to: before the call, behind it, or not at all.
const CHAIN: &str = include_str!("contracts/levels.bit");

fn chain() -> Chain {
    let source = Source {
        path: "main.bit".to_owned(),
        text: CHAIN.as_bytes().to_vec(),
    };
    let built = build(&[source]).unwrap_or_else(|findings| panic!("{}", shown(&findings)));
    let mut chain = Chain::default();
    chain.state.balances.insert(ALICE, 1_000);
    let code = chain.upload(validated(&built[0].wasm)).expect("taken");
    for (at, next, level) in [
        (FIRST, SECOND, 1_u32),
        (SECOND, THIRD, 2),
        (THIRD, FIRST, 3),
    ] {
        let call = input("new", &[&next, &level.to_le_bytes()]);
        let made = chain.deploy(code, at, ALICE, 0, &call);
        assert_eq!(made.outcome, Outcome::Done(vec![0, 0]));
    }
    chain
}

fn go(chain: &mut Chain, fails: u32, catches: u32) -> Outcome {
    let numbers = [2_u32, fails, catches].map(u32::to_le_bytes);
    let call = input("go", &[&numbers[0], &numbers[1], &numbers[2]]);
    chain.call(FIRST, ALICE, 10, &call).outcome
}

fn view(chain: &mut Chain, at: Account, name: &str) -> Vec<u8> {
    match chain.call(at, ALICE, 0, &input(name, &[])).outcome {
        Outcome::Done(output) if output[..2] == [0, 0] => output[2..].to_vec(),
        other => panic!("{name}: {other:?}"),
    }
}

/// What each contract did, has, and wrote.
fn state(chain: &mut Chain) -> Vec<(u32, u128, usize)> {
    [FIRST, SECOND, THIRD]
        .into_iter()
        .map(|at| {
            let done = view(chain, at, "seen");
            let events = chain
                .state
                .events
                .iter()
                .filter(|event| event.contract == at);
            let count = events.count();
            (
                u32::from_le_bytes(done.try_into().unwrap()),
                chain.state.balance(&at),
                count,
            )
        })
        .collect()
}

const NOTHING: (u32, u128, usize) = (0, 0, 0);

#[test]
fn what_nobody_catches_undoes_everything_at_each_level() {
    for fails in 1..=3 {
        let mut chain = chain();
        let before = chain.state.clone();
        let Outcome::Undone(output) = go(&mut chain, fails, 0) else {
            panic!("it fails");
        };
        // The level that fails itself says so; those above it say that a call failed.
        let expected: &[u8] = if fails == 1 {
            &[0, 1, 9, 1, 0, 0, 0]
        } else {
            &[0, 1, 7]
        };
        assert_eq!(output, expected);
        assert_eq!(chain.state, before, "level {fails}");
    }
}

#[test]
fn what_succeeds_leaves_value_and_state_at_each_level() {
    let mut chain = chain();
    assert_eq!(go(&mut chain, 0, 0), Outcome::Done(vec![0, 0, 3, 0, 0, 0]));
    assert_eq!(state(&mut chain), [(1, 1, 1), (1, 1, 1), (1, 8, 1)]);
    assert_eq!(chain.state.balance(&ALICE), 990);
}

#[test]
fn what_is_caught_undoes_what_is_below_and_nothing_above() {
    // The third fails and the second catches: what the first and second did stays, and the tokens with the second.
    let mut chain = self::chain();
    assert_eq!(go(&mut chain, 3, 2), Outcome::Done(vec![0, 0, 2, 0, 0, 0]));
    assert_eq!(state(&mut chain), [(1, 1, 1), (1, 9, 1), NOTHING]);
    assert_eq!(view(&mut chain, SECOND, "failed"), 1_u32.to_le_bytes());
    // The third fails and the first catches: the second is undone too.
    let mut chain = self::chain();
    assert_eq!(go(&mut chain, 3, 1), Outcome::Done(vec![0, 0, 1, 0, 0, 0]));
    assert_eq!(state(&mut chain), [(1, 10, 1), NOTHING, NOTHING]);
    // The second fails behind a call that succeeded, and the first catches: both are undone.
    let mut chain = self::chain();
    assert_eq!(go(&mut chain, 2, 1), Outcome::Done(vec![0, 0, 1, 0, 0, 0]));
    assert_eq!(state(&mut chain), [(1, 10, 1), NOTHING, NOTHING]);
}

#[test]
fn the_bytes_of_an_error_come_to_who_catches_it() {
    let mut chain = chain();
    go(&mut chain, 3, 2);
    // Seven bytes: understood, failed, the first error of the contract's own, the level.
    let error = [&[7 << 2, 0, 1, 9][..], &3_u32.to_le_bytes()].concat();
    assert_eq!(view(&mut chain, SECOND, "reason"), error);
}

#[test]
fn a_contract_that_is_not_there_is_caught_without_bytes() {
    let mut chain = chain();
    chain.state.contracts.remove(&THIRD);
    assert_eq!(go(&mut chain, 0, 2), Outcome::Done(vec![0, 0, 2, 0, 0, 0]));
    assert_eq!(view(&mut chain, SECOND, "reason"), [0]);
    assert_eq!(view(&mut chain, SECOND, "failed"), 1_u32.to_le_bytes());
}

#[test]
fn a_contract_at_work_is_not_called_again() {
    let mut chain = chain();
    let before = chain.state.clone();
    let numbers = [3_u32, 0, 0].map(u32::to_le_bytes);
    let call = input("go", &[&numbers[0], &numbers[1], &numbers[2]]);
    let ended = chain.call(FIRST, ALICE, 10, &call).outcome;
    // The third calls the first, which is at work: that ends the third, and those above it fail.
    assert_eq!(ended, Outcome::Undone(vec![0, 1, 7]));
    assert_eq!(chain.state, before);
}
