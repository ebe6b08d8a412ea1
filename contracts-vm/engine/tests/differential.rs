//! The engines agree with each other, and with the interpreter that counts, on contracts made up from seeds: how it
//! ends, what it asks, what is in the memory, and how much gas is left.
//!
//! `VM_CASES` says how many seeds (a night's run: a million), `VM_SEED` where they begin. A failure names its seed.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use common::{End, Outcome, RULES, counted, engines, number, run};
use parlance_vm_engine::{Engine, EntryPoint, Trap};
use parlance_vm_prepare::{Age, prepare};
use parlance_vm_reference::{generate, idioms};
use std::{collections::BTreeMap, sync::Arc, thread};

/// How often what was seen.
type Seen = BTreeMap<&'static str, u64>;

fn check(seed: u64, code: &[u8], engines: &[Arc<dyn Engine>], seen: &mut Seen) {
    let Ok(prepared) = prepare(code, Age::New, RULES) else {
        return;
    };
    let mut count = |what| *seen.entry(what).or_default() += 1;
    count("contracts");
    let ready: Vec<_> = engines
        .iter()
        .map(|engine| engine.compile(&prepared.code).unwrap())
        .collect();
    for (entry, gas) in [
        (EntryPoint::Call, 400_000),
        (EntryPoint::Deploy, 20_000),
        (EntryPoint::Call, 300),
    ] {
        let outcomes: Vec<Outcome> = ready.iter().map(|code| run(&**code, entry, gas)).collect();
        for (outcome, engine) in outcomes.iter().zip(engines) {
            assert_eq!(
                outcome,
                &outcomes[0],
                "seed {seed}, {entry:?}, {gas} on {}",
                engine.name()
            );
        }
        let outcome = &outcomes[0];
        count(match outcome.end {
            End::Done(_) => "done",
            End::Trapped(Trap::OutOfGas) => "out of gas",
            End::Trapped(Trap::StackOverflow) => "stack overflow",
            End::Trapped(Trap::OutOfBounds) => "out of bounds",
            End::Trapped(Trap::Trapped) => "trapped",
        });
        if !outcome.asked.is_empty() {
            count("with system calls");
        }
        if entry == EntryPoint::Call
            && let Some(expected) = counted(code, &prepared, gas)
            && outcome.end != End::Trapped(Trap::OutOfGas)
            && outcome.end != End::Trapped(Trap::StackOverflow)
        {
            count("counted");
            assert_eq!(outcome.end, expected.end, "seed {seed}");
            assert_eq!(outcome.memory, expected.memory, "seed {seed}");
            assert_eq!(outcome.asked, expected.asked, "seed {seed}");
            match outcome.end {
                End::Done(_) => assert_eq!(outcome.gas, expected.gas, "seed {seed}"),
                // A block is paid for before it traps in its midst.
                End::Trapped(_) => assert!(outcome.gas <= expected.gas, "seed {seed}"),
            }
        }
    }
}

/// Checks the contracts of `VM_CASES` seeds, or of so many.
fn check_all(cases: u64, make: impl Fn(u64) -> Option<Vec<u8>> + Send + 'static) {
    let (first, cases) = (number("VM_SEED", 1_000_000), number("VM_CASES", cases));
    let work = move || {
        let engines = engines();
        let mut seen = BTreeMap::new();
        for seed in first..first + cases {
            if let Some(code) = make(seed) {
                check(seed, &code, &engines, &mut seen);
            }
        }
        seen
    };
    let thread = thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(work)
        .unwrap();
    let seen = thread.join().unwrap();
    println!("{seen:?}");
    let contracts = seen.get("contracts").copied().unwrap_or_default();
    assert!(contracts * 10 >= cases * 7, "{seen:?}");
    for what in [
        "done",
        "trapped",
        "out of gas",
        "with system calls",
        "counted",
    ] {
        let times = seen.get(what).copied().unwrap_or_default();
        assert!(times * 50 >= contracts, "too few of {what}: {seen:?}");
    }
}

#[test]
fn engines_agree_on_contracts_made_up_from_seeds() {
    check_all(3000, generate::contract);
}

/// The same for what compilers write, over which an engine that fuses instructions stumbles first.
#[test]
fn engines_agree_on_what_compilers_write() {
    check_all(3000, |seed| Some(idioms::contract(seed)));
}
