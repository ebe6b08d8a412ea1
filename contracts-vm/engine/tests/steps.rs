//! Starting, standing still, going on: what the runtime may rely on, on every engine.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use common::{RULES, engines};
use parlance_vm_abi::id;
use parlance_vm_engine::{
    Call, Code, Done, Engine, EngineError, EntryPoint, Execution, Gas, Reply, Step, Trap, Trapped,
};
#[cfg(feature = "compiled")]
use parlance_vm_engine::{Compiled, Compiler};
use parlance_vm_prepare::{Age, prepare};
use std::{sync::Arc, thread};

/// Reads a value, adds one to its first byte, and stores it. `deploy` stores nothing and traps.
const COUNTER: &str = r#"(module
    (import "seal1" "get_storage" (func $get (param i32 i32 i32 i32) (result i32)))
    (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
    (import "env" "memory" (memory 1 1))
    (data (i32.const 0) "key")
    (func (export "deploy") (unreachable))
    (func (export "call") (result i32)
        (i32.store (i32.const 100) (i32.const 8))
        (if (call $get (i32.const 0) (i32.const 3) (i32.const 16) (i32.const 100))
            (then (return (i32.const -1))))
        (i32.store8 (i32.const 16) (i32.add (i32.load8_u (i32.const 16)) (i32.const 1)))
        (call $set (i32.const 0) (i32.const 3) (i32.const 16) (i32.load (i32.const 100)))))"#;

fn ready(engine: &dyn Engine, text: &str) -> Arc<dyn Code> {
    let code = wat::parse_str(text).unwrap();
    let prepared = prepare(&code, Age::New, RULES).unwrap();
    engine.compile(&prepared.code).unwrap()
}

fn start(code: &dyn Code) -> (Box<dyn Execution>, Step) {
    code.start(EntryPoint::Call, Gas::new(1000)).unwrap()
}

fn call(step: Step) -> Call {
    match step {
        Step::Call(call) => call,
        other => panic!("{other:?}"),
    }
}

fn value(bytes: &[u8]) -> Reply {
    Reply {
        result: 0,
        gas: Gas::new(900),
        outputs: [Some(bytes.to_vec()), None],
    }
}

#[test]
fn what_a_call_reads_comes_along_and_what_it_writes_goes_back() {
    for engine in engines() {
        let code = ready(&*engine, COUNTER);
        let (mut execution, step) = start(&*code);
        let get = call(step);
        assert_eq!(
            (get.id, get.input(0)),
            (id::GET_STORAGE_V1, Some(&b"key"[..]))
        );
        assert_eq!(get.room, [Some(8), None]);
        assert!(get.gas < Gas::new(1000));
        assert_eq!(execution.memory(), None, "it has not ended");

        let set = call(execution.resume(value(&[41, 7])).unwrap());
        assert_eq!(set.id, id::SET_STORAGE_V2);
        assert_eq!(
            (set.input(0), set.input(1)),
            (Some(&b"key"[..]), Some(&[42, 7][..]))
        );
        assert!(
            set.gas < Gas::new(900),
            "it goes on with the gas of the answer"
        );

        let reply = Reply {
            result: 5,
            gas: Gas::new(100),
            ..Reply::default()
        };
        let step = execution.resume(reply).unwrap();
        assert_eq!(
            step,
            Step::Done(Done {
                result: Some(5),
                gas: Gas::new(100)
            })
        );
        let memory = execution.memory().unwrap();
        assert_eq!((memory.len(), memory[16], memory[100]), (65536, 42, 2));
    }
}

#[test]
fn a_result_that_is_no_success_reaches_the_contract() {
    for engine in engines() {
        let (mut execution, _) = start(&*ready(&*engine, COUNTER));
        let reply = Reply {
            result: 3,
            gas: Gas::new(900),
            ..Reply::default()
        };
        let step = execution.resume(reply).unwrap();
        assert!(
            matches!(
                step,
                Step::Done(Done {
                    result: Some(-1),
                    ..
                })
            ),
            "{step:?}"
        );
    }
}

#[test]
fn an_answer_without_gas_ends_the_contract() {
    for engine in engines() {
        let (mut execution, _) = start(&*ready(&*engine, COUNTER));
        let reply = Reply {
            gas: Gas::new(0),
            ..value(&[1])
        };
        let step = execution.resume(reply).unwrap();
        let gas = Gas::new(0);
        assert_eq!(
            step,
            Step::Trapped(Trapped {
                trap: Trap::OutOfGas,
                gas
            })
        );
    }
}

#[test]
fn deploy_is_another_function() {
    for engine in engines() {
        let code = ready(&*engine, COUNTER);
        let (_, step) = code.start(EntryPoint::Deploy, Gas::new(1000)).unwrap();
        assert!(
            matches!(
                step,
                Step::Trapped(Trapped {
                    trap: Trap::Trapped,
                    ..
                })
            ),
            "{step:?}"
        );
    }
}

#[test]
fn an_answer_that_nobody_waits_for_is_an_error() {
    for engine in engines() {
        let (mut execution, _) = start(&*ready(&*engine, COUNTER));
        execution.resume(value(&[1])).unwrap();
        execution
            .resume(Reply {
                gas: Gas::new(100),
                ..Reply::default()
            })
            .unwrap();
        for _ in 0..2 {
            assert!(matches!(
                execution.resume(Reply::default()),
                Err(EngineError::Reply(_))
            ));
        }
        assert!(execution.memory().is_some());
    }
}

#[test]
fn an_answer_that_does_not_fit_is_an_error_and_ends_the_contract() {
    for engine in engines() {
        let (mut execution, _) = start(&*ready(&*engine, COUNTER));
        let reply = value(&[0; 9]);
        assert!(
            matches!(execution.resume(reply), Err(EngineError::Reply(_))),
            "no room for it"
        );
        assert!(matches!(
            execution.resume(value(&[1])),
            Err(EngineError::Reply(_))
        ));
    }
}

#[cfg(feature = "compiled")]
#[test]
fn what_stands_still_can_be_dropped_and_gives_its_place_back() {
    for compiler in [Compiler::Cranelift, Compiler::Winch] {
        let engine = Compiled::new(RULES, compiler, 2).unwrap();
        let code = ready(&engine, COUNTER);
        for _ in 0..50 {
            let (_execution, step) = start(&*code);
            call(step);
        }
    }
}

#[cfg(feature = "compiled")]
#[test]
fn as_many_stand_still_at_once_as_there_are_places() {
    let engine = Compiled::new(RULES, Compiler::Cranelift, 4).unwrap();
    let code = ready(&engine, COUNTER);
    let mut standing: Vec<_> = (0..4).map(|_| start(&*code).0).collect();
    let more = code.start(EntryPoint::Call, Gas::new(1000));
    assert!(matches!(more, Err(EngineError::Instantiate(_))));
    // The innermost call goes on first.
    while let Some(mut execution) = standing.pop() {
        call(execution.resume(value(&[1])).unwrap());
    }
    start(&*code);
}

#[test]
fn no_instance_sees_what_another_left_behind() {
    let text = r#"(module
        (import "seal0" "caller_is_origin" (func $origin (result i32)))
        (import "env" "memory" (memory 1 3)) (global $g (mut i64) (i64.const 5))
        (func (export "deploy"))
        (func (export "call") (result i32) (local i32)
            (if (i64.ne (global.get $g) (i64.const 5)) (then (return (i32.const 1))))
            (if (i32.ne (memory.size) (i32.const 1)) (then (return (i32.const 2))))
            (drop (memory.grow (i32.const 2)))
            (loop
                (if (i32.load (local.get 0)) (then (return (i32.const 3))))
                (i32.store (local.get 0) (i32.const -1))
                (local.set 0 (i32.add (local.get 0) (i32.const 1024)))
                (br_if 0 (i32.lt_u (local.get 0) (i32.const 196608))))
            (global.set $g (i64.const 6))
            (drop (call $origin))
            (i32.const 0)))"#;
    for engine in engines() {
        let code = ready(&*engine, text);
        for round in 0..30 {
            let (mut execution, step) = code.start(EntryPoint::Call, Gas::new(100_000)).unwrap();
            call(step);
            if round % 3 == 0 {
                continue;
            }
            let reply = Reply {
                gas: Gas::new(100),
                ..Reply::default()
            };
            let step = execution.resume(reply).unwrap();
            assert!(
                matches!(
                    step,
                    Step::Done(Done {
                        result: Some(0),
                        ..
                    })
                ),
                "{step:?}"
            );
        }
    }
}

#[test]
fn an_execution_may_go_on_in_another_thread() {
    for engine in engines() {
        let (mut execution, step) = start(&*ready(&*engine, COUNTER));
        call(step);
        let other = thread::spawn(move || {
            call(execution.resume(value(&[1])).unwrap());
            execution
        });
        let mut execution = other.join().unwrap();
        let step = execution
            .resume(Reply {
                gas: Gas::new(9),
                ..Reply::default()
            })
            .unwrap();
        assert!(matches!(step, Step::Done(_)), "{step:?}");
    }
}

#[test]
fn engines_have_builds_of_their_own() {
    let mut builds: Vec<_> = engines().iter().map(|engine| engine.build()).collect();
    let again: Vec<_> = engines().iter().map(|engine| engine.build()).collect();
    assert_eq!(builds, again);
    builds.sort_unstable();
    builds.dedup();
    assert_eq!(builds.len(), engines().len());
}
