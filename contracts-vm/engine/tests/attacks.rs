//! Contracts that mean harm (`fixtures/attacks`) end as their first line says, on every engine, with the same gas left.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use common::{End, RULES, engines, run};
use parlance_vm_engine::{EntryPoint, Trap};
use parlance_vm_prepare::{Age, prepare};
use std::{fs, path::Path, time::Instant};

fn end(name: &str) -> End {
    match name {
        "Done" => End::Done(None),
        "OutOfGas" => End::Trapped(Trap::OutOfGas),
        "StackOverflow" => End::Trapped(Trap::StackOverflow),
        "OutOfBounds" => End::Trapped(Trap::OutOfBounds),
        "Trapped" => End::Trapped(Trap::Trapped),
        other => panic!("{other} is no end"),
    }
}

#[test]
fn every_attack_ends_as_it_says_on_every_engine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/attacks");
    let engines = engines();
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    assert!(names.len() >= 25);
    for path in names {
        let text = fs::read_to_string(&path).unwrap();
        let expected = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix(";; ends: "))
            .unwrap();
        let code = wat::parse_str(&text).unwrap();
        let prepared = prepare(&code, Age::New, RULES).unwrap();
        let outcomes: Vec<_> = engines
            .iter()
            .map(|engine| {
                let code = engine.compile(&prepared.code).unwrap();
                run(&*code, EntryPoint::Call, 2_000_000)
            })
            .collect();
        let name = path.display();
        assert_eq!(outcomes[0].end, end(expected), "{name}");
        for (outcome, engine) in outcomes.iter().zip(&engines) {
            assert_eq!(outcome, &outcomes[0], "{name} on {}", engine.name());
        }
        if outcomes[0].end == End::Trapped(Trap::OutOfGas) {
            assert_eq!(outcomes[0].gas, 0, "{name}");
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

/// The largest functions that the limits let through, made to be slow to compile. No timing is asserted: the figures
/// are printed, and the decision about the limits rests on them.
#[test]
fn compile_bombs_are_compiled() {
    let limits = &RULES.limits;
    let blocks = limits.basic_blocks as usize;
    let wide = limits.locals as usize;
    let bodies = [
        ("branches", "(br_if 0 (i32.const 0))".repeat(blocks - 1)),
        ("loops", "(loop (br_if 0 (i32.const 0)))".repeat(blocks / 2 - 1)),
        (
            "locals, branches",
            format!(
                "(local {}) {}",
                "i64 ".repeat(wide),
                (0..limits.locals_by_blocks as usize / wide / 2 - 1)
                    .map(|place| format!(
                        "(loop (local.set {} (i64.add (local.get {}) (i64.const 3))) (br_if 0 (i32.const 0)))",
                        place % wide,
                        (place * 7) % wide
                    ))
                    .collect::<String>()
            ),
        ),
        (
            "tables of branches",
            format!("(block (br_table {} (i32.const 0)))", "0 ".repeat(257)).repeat(15),
        ),
        (
            "one long expression",
            format!("{} {} drop", "i32.const 3 ".repeat(9001), "i32.mul ".repeat(9000)),
        ),
        ("loads", "(drop (i64.load (i32.const 8)))".repeat(10_000)),
        (
            "calls",
            "(call $g (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4))".repeat(5000),
        ),
    ];
    let engines = engines();
    for (name, body) in bodies {
        let text = format!(
            "(module (import \"env\" \"memory\" (memory 1 1)) (func (export \"deploy\"))
            (func $g (param i32 i32 i32 i32)) (func (export \"call\") {body}))"
        );
        let code = wat::parse_str(&text).unwrap();
        let prepared = match prepare(&code, Age::New, RULES) {
            Ok(prepared) => prepared,
            Err(refused) => panic!("{name}: {refused}"),
        };
        let mut line = format!(
            "{name}: {} bytes, {} prepared",
            code.len(),
            prepared.code.len()
        );
        let mut outcomes = Vec::new();
        for engine in &engines {
            let begin = Instant::now();
            let code = engine.compile(&prepared.code).unwrap();
            line += &format!(", {} {} ms", engine.name(), begin.elapsed().as_millis());
            outcomes.push(run(&*code, EntryPoint::Call, 1_000_000));
        }
        println!("{line}");
        assert!(
            outcomes.windows(2).all(|two| two[0] == two[1]),
            "{name}: {outcomes:?}"
        );
    }
}
