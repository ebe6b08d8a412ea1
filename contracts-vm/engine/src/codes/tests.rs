//! Each contract is compiled once, and what is found where changes nothing.

use super::*;
use crate::{Compiled, Compiler, EntryPoint, Gas, Interpreter, Step};
use std::{sync::Barrier, thread};

const RULES: &Rules = &Rules::V1;

fn code() -> Vec<u8> {
    let text = r#"(module (func (export "deploy"))
        (func (export "call") (result i32) (i32.mul (i32.const 6) (i32.const 7))))"#;
    wat::parse_str(text).unwrap()
}

fn engine() -> Arc<dyn Engine> {
    Arc::new(Compiled::new(RULES, Compiler::Cranelift, 4).unwrap())
}

fn run(code: &dyn Code) -> Step {
    code.start(EntryPoint::Call, Gas::new(1000)).unwrap().1
}

fn counts(codes: &Codes) -> [u64; 3] {
    let counters = &codes.counters;
    [&counters.memory, &counters.disk, &counters.compiled]
        .map(|counter| counter.load(Ordering::Relaxed))
}

#[test]
fn memory_then_disk_then_the_compiler_and_always_the_same_step() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Some(Artifacts::open(folder.path(), 1 << 30).unwrap());
    let codes = Codes::new(engine(), open(), 8);
    let first = run(&*codes.get([1; 32], RULES, code).unwrap());
    assert_eq!(run(&*codes.get([1; 32], RULES, code).unwrap()), first);
    assert_eq!(counts(&codes), [1, 0, 1]);
    drop(codes);
    let codes = Codes::new(engine(), open(), 8);
    let loaded = codes
        .get([1; 32], RULES, || panic!("it is on disk"))
        .unwrap();
    assert_eq!(run(&*loaded), first);
    assert_eq!(counts(&codes), [0, 1, 0]);
}

#[test]
fn an_artifact_of_another_engine_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Some(Artifacts::open(folder.path(), 1 << 30).unwrap());
    let first = Codes::new(engine(), open(), 8);
    let step = run(&*first.get([1; 32], RULES, code).unwrap());
    let engines: [Arc<dyn Engine>; 2] = [
        Arc::new(Compiled::new(RULES, Compiler::Winch, 4).unwrap()),
        Arc::new(Interpreter::new(RULES)),
    ];
    for engine in engines {
        let codes = Codes::new(engine, open(), 8);
        assert_eq!(run(&*codes.get([1; 32], RULES, code).unwrap()), step);
        assert_eq!(counts(&codes), [0, 0, 1]);
    }
}

#[test]
fn finding_looks_in_memory_and_on_disk_and_compiles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Some(Artifacts::open(folder.path(), 1 << 30).unwrap());
    let codes = Codes::new(engine(), open(), 8);
    assert!(codes.find([1; 32], RULES).is_none());
    let prepared = prepare(&code(), Age::New, RULES).unwrap();
    let kept = run(&*codes.keep([1; 32], RULES, &prepared.code).unwrap());
    assert_eq!(run(&*codes.find([1; 32], RULES).unwrap()), kept);
    assert_eq!(counts(&codes), [1, 0, 1]);
    let codes = Codes::new(engine(), open(), 8);
    assert_eq!(run(&*codes.find([1; 32], RULES).unwrap()), kept);
    assert_eq!(counts(&codes), [0, 1, 0]);
}

/// Under a code that is right, and still no module: the engine has the last word.
#[test]
fn an_artifact_that_is_no_module_is_compiled_anew() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    let artifacts = Artifacts::open(folder.path(), 1 << 30).unwrap();
    let key = Key {
        code: [1; 32],
        rules: RULES.version,
        build: engine.build(),
    };
    artifacts.put(&key, b"not a module").unwrap();
    let codes = Codes::new(engine, Some(artifacts), 8);
    assert!(matches!(
        run(&*codes.get([1; 32], RULES, code).unwrap()),
        Step::Done(_)
    ));
    assert_eq!(counts(&codes), [0, 0, 1]);
}

#[test]
fn many_who_want_the_same_wait_for_one_compilation() {
    let codes = Arc::new(Codes::new(engine(), None, 8));
    let barrier = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (codes, barrier) = (codes.clone(), barrier.clone());
            thread::spawn(move || {
                barrier.wait();
                codes.get([1; 32], RULES, code).unwrap();
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(counts(&codes), [7, 0, 1]);
}

#[test]
fn what_was_used_longest_ago_goes_first() {
    let codes = Codes::new(engine(), None, 2);
    let get = |number: u8| drop(codes.get([number; 32], RULES, code).unwrap());
    get(1);
    get(2);
    get(1);
    get(3);
    get(1);
    assert_eq!(counts(&codes), [2, 0, 3]);
    get(2);
    assert_eq!(counts(&codes), [2, 0, 4]);
}

#[test]
fn what_is_no_contract_is_refused_every_time() {
    let codes = Codes::new(engine(), None, 2);
    for _ in 0..2 {
        let refused = codes.get([1; 32], RULES, || b"\0asm".to_vec());
        assert!(matches!(refused, Err(CodeError::Refused(_))));
    }
}
