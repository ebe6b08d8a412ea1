//! Contracts that mean harm (`fixtures/attacks`) end as their first line says, on every engine, with the same gas left.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use common::{End, RULES, bombs::bombs, engines, fixtures::attacks, on_processor, run};
use parlance_vm_engine::{EntryPoint, Trap};
use parlance_vm_prepare::{Age, prepare};
use std::time::Duration;

#[test]
fn every_attack_ends_as_it_says_on_every_engine() {
    let engines = engines();
    let attacks = attacks();
    assert!(attacks.len() >= 40, "{}", attacks.len());
    for attack in attacks {
        let name = &attack.name;
        let outcomes: Vec<_> = engines
            .iter()
            .map(|engine| {
                let code = engine.compile(&attack.prepared.code).unwrap();
                run(&*code, EntryPoint::Call, attack.gas)
            })
            .collect();
        assert_eq!(outcomes[0].end, attack.end, "{name}");
        for (outcome, engine) in outcomes.iter().zip(&engines) {
            assert_eq!(outcome, &outcomes[0], "{name} on {}", engine.name());
        }
        match outcomes[0].end {
            End::Trapped(Trap::OutOfGas) => assert_eq!(outcomes[0].gas, 0, "{name}"),
            _ => assert!(outcomes[0].gas < attack.gas, "{name} was free"),
        }
    }
}

/// Whatever it is started with, it never has more afterwards, and a little less gas never lets it come further.
#[test]
fn no_attack_has_more_gas_afterwards_than_before() {
    let engines = engines();
    for attack in attacks() {
        for engine in &engines {
            let code = engine.compile(&attack.prepared.code).unwrap();
            let mut asked = 0;
            for gas in [0, 1, 2, 7, 8, 9, 40, 41, 130, 500, 1999] {
                let outcome = run(&*code, EntryPoint::Call, gas);
                let name = format!("{} with {gas} on {}", attack.name, engine.name());
                assert!(outcome.gas <= gas, "{name}");
                assert!(outcome.asked.len() >= asked, "{name}");
                asked = outcome.asked.len();
                if gas == 0 {
                    assert_eq!(outcome.end, End::Trapped(Trap::OutOfGas), "{name}");
                }
            }
        }
    }
}

/// A contract whose every function, entered once, makes an optimising compiler keep as many values as it can across the
/// call: it computes them before and again after. The stack that was counted must run out before the machine's (E4).
#[test]
fn the_counted_stack_runs_out_before_the_machines() {
    for values in [10, 100, 1000, 2400] {
        let computed: String = (1..=values)
            .map(|value| {
                format!(
                    "(global.set 0 (i64.xor (global.get 0) (i64.mul (local.get 0) (i64.const {}))))",
                    value * 7919 + 1
                )
            })
            .collect();
        let text = format!(
            "(module (global (mut i64) (i64.const 0)) (func (export \"deploy\"))
            (func $f (param i64) (result i64)
                {computed} (drop (call $f (local.get 0))) {computed} (global.get 0))
            (func (export \"call\") (drop (call $f (i64.const 77)))))"
        );
        let code = wat::parse_str(&text).unwrap();
        let prepared = prepare(&code, Age::New, RULES).unwrap();
        for engine in engines() {
            let code = engine.compile(&prepared.code).unwrap();
            let outcome = run(&*code, EntryPoint::Call, u64::MAX);
            let name = engine.name();
            assert_eq!(
                outcome.end,
                End::Trapped(Trap::StackOverflow),
                "{values} on {name}"
            );
        }
    }
}

/// The largest functions that the limits let through, made to be slow to compile. The figures are printed, and the decision
/// about the limits rests on them; what is asserted is far above them, and far below what would stop a node.
#[test]
fn compile_bombs_are_compiled() {
    let engines = engines();
    for (name, text) in bombs() {
        let code = wat::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (prepared, time) = on_processor(|| prepare(&code, Age::New, RULES));
        let prepared = prepared.unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let mut line = format!(
            "{name}: {} bytes, {} prepared in {} us",
            code.len(),
            prepared.code.len(),
            time.as_micros()
        );
        assert!(time < Duration::from_secs(1), "{line}");
        let mut outcomes = Vec::new();
        for engine in &engines {
            let (code, time) = on_processor(|| engine.compile(&prepared.code));
            line += &format!(", {} {} us", engine.name(), time.as_micros());
            let most = match engine.name() {
                "cranelift" => 20,
                _ => 2,
            };
            assert!(time < Duration::from_secs(most), "{line}");
            let code = code.unwrap_or_else(|error| panic!("{line}: {error}"));
            outcomes.push(run(&*code, EntryPoint::Call, 1_000_000));
        }
        println!("{line}");
        assert!(
            outcomes.windows(2).all(|two| two[0] == two[1]),
            "{name}: {outcomes:?}"
        );
    }
}
