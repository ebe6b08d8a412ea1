//! A node that has no memory left does not tell a contract so: the engine fails, loudly, and there is no step of which a chain
//! could make something.
//!
//! The test starts itself once more under a limit of address space, and uses it up while a contract stands still.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use parlance_vm_engine::{Engine, EngineError, EntryPoint, Gas, Interpreter, Reply, Step};
use parlance_vm_prepare::{Age, Rules, prepare};
use std::{env, process::Command};

/// Makes a system call, and returns what growing by fifteen pages gave.
const GROWS: &str = r#"(module
    (import "seal0" "caller_is_origin" (func $origin (result i32)))
    (import "env" "memory" (memory 1 16)) (func (export "deploy"))
    (func (export "call") (result i32) (drop (call $origin)) (memory.grow (i32.const 15))))"#;

/// Everything that can still be had, in pieces; none of a megabyte can be had afterwards, and small ones can.
fn everything() -> Vec<Vec<u8>> {
    // Room for the list itself, and for what is let go again at the end.
    let mut pieces: Vec<Vec<u8>> = Vec::with_capacity(100_000);
    for size in [16 << 20, 1 << 20, 192 << 10] {
        loop {
            let mut piece = Vec::new();
            if pieces.len() == pieces.capacity() || piece.try_reserve_exact(size).is_err() {
                break;
            }
            pieces.push(piece);
        }
    }
    pieces.truncate(pieces.len() - 2);
    pieces
}

#[test]
#[ignore = "not a test but the process that has no memory"]
fn hungry() {
    if env::var("VM_HUNGRY").is_err() {
        return;
    }
    let prepared = prepare(&wat::parse_str(GROWS).unwrap(), Age::New, &Rules::V1).unwrap();
    let code = Interpreter::new(&Rules::V1)
        .compile(&prepared.code)
        .unwrap();
    let start = || code.start(EntryPoint::Call, Gas::new(1_000_000)).unwrap().0;
    let (mut fed, mut hungry) = (start(), start());
    let reply = || Reply {
        gas: Gas::new(1_000_000),
        ..Reply::default()
    };
    match fed.resume(reply()) {
        Ok(Step::Done(done)) => assert_eq!(done.result, Some(1)),
        other => panic!("{other:?}"),
    }
    let all = everything();
    let step = hungry.resume(reply());
    drop(all);
    match step {
        Err(EngineError::Machine(why)) => println!("failed loudly: {why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_memory_the_engine_fails_and_the_contract_is_not_told() {
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 1000000 && exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "hungry", "--ignored", "--nocapture"])
        .env("VM_HUNGRY", "1")
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("failed loudly"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
