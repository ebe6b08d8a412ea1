//! What an attack costs the machine: each runs in a process of its own, which has so much time for each gas and so much
//! memory, and is killed when it takes far more. The figures are printed: the largest time for one gas is what the weight of
//! a gas has to be above of.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use common::{RULES, bombs::bombs, engines, fixtures::attacks, on_processor};
use parlance_vm_engine::{Code, EntryPoint, Gas, Reply, Step};
use parlance_vm_prepare::{Age, prepare};
use std::{
    env, fs,
    io::Read,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What every attack is started with.
const GAS: u64 = 10_000_000;
/// The most that a process may take for one gas. Far above what the machines do that this was tried on.
const NANOSECONDS_PER_GAS: u64 = 200;
/// The most memory that running a contract may take, in KiB: its memory, its stack, what it brings along, twice over.
const RUNNING: u64 = 24 * 1024;
/// The same for compiling one.
const COMPILING: u64 = 384 * 1024;
/// When a process is killed.
const PATIENCE: Duration = Duration::from_secs(120);

/// The most memory that this process has had since it was last set back, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.unwrap().trim().split(' ').next();
    number.unwrap().parse().unwrap()
}

/// Sets it back to what is in use. Where that is not allowed, the peak so far counts as in use.
fn set_back() -> u64 {
    drop(fs::write("/proc/self/clear_refs", "5"));
    peak()
}

/// Runs to the end. The host answers every call with nothing, and charges for it and for what it brought.
fn exhaust(code: &dyn Code) -> (Step, u64) {
    let (mut execution, mut step) = code.start(EntryPoint::Call, Gas::new(GAS)).unwrap();
    let mut calls = 0;
    while let Step::Call(call) = &step {
        calls += 1;
        let price = 50 + call.inputs().len() as u64 / 16;
        let gas = Gas::new(call.gas.amount().saturating_sub(price));
        let reply = Reply {
            gas,
            ..Reply::default()
        };
        step = execution.resume(reply).unwrap();
    }
    (step, calls)
}

/// Says: nanoseconds, gas that was used, KiB.
#[test]
#[ignore = "not a test but the process that is attacked"]
fn attacked() {
    let (Ok(kind), Ok(name), Ok(engine)) = (
        env::var("VM_KIND"),
        env::var("VM_NAME"),
        env::var("VM_ENGINE"),
    ) else {
        return;
    };
    let mut engines = engines().into_iter();
    let engine = engines.find(|found| found.name() == engine).unwrap();
    if kind == "bomb" {
        let (_, text) = bombs().into_iter().find(|bomb| bomb.0 == name).unwrap();
        let code = wat::parse_str(&text).unwrap();
        drop(text);
        let prepared = prepare(&code, Age::New, RULES).unwrap();
        let before = set_back();
        let (ready, time) = on_processor(|| engine.compile(&prepared.code).unwrap());
        drop(ready);
        println!("figures {} 0 {}", time.as_nanos(), peak() - before);
    } else {
        let attack = attacks().into_iter().find(|found| found.name == name);
        let code = engine.compile(&attack.unwrap().prepared.code).unwrap();
        let before = set_back();
        let ((step, calls), time) = on_processor(|| exhaust(&*code));
        let left = match step {
            Step::Done(done) => done.gas,
            Step::Trapped(trapped) => trapped.gas,
            Step::Call(_) => unreachable!(),
        };
        let used = GAS - left.amount();
        println!("{calls} calls");
        println!("figures {} {used} {}", time.as_nanos(), peak() - before);
    }
}

/// The three figures of a process.
fn figures(kind: &str, name: &str, engine: &str) -> [u64; 3] {
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "attacked", "--ignored", "--nocapture"])
        .envs([("VM_KIND", kind), ("VM_NAME", name), ("VM_ENGINE", engine)])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if begin.elapsed() > PATIENCE {
            process.kill().unwrap();
            process.wait().unwrap();
            panic!("{kind} {name} on {engine} has no end");
        }
        thread::sleep(Duration::from_millis(2));
    }
    process.wait().unwrap();
    let mut text = String::new();
    process
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    // The harness writes its own words on the same line.
    let found = text.split_once("figures ").map(|found| found.1);
    let found = found.unwrap_or_else(|| panic!("{kind} {name} on {engine}: {text}"));
    let mut numbers = found
        .split_whitespace()
        .map(|word| word.parse::<u64>().unwrap());
    [(); 3].map(|()| numbers.next().unwrap())
}

#[test]
fn no_attack_takes_more_time_or_memory_than_it_pays_for() {
    for engine in engines() {
        let engine = engine.name();
        let mut worst = (0.0, String::new());
        let mut largest = (0, String::new());
        for attack in attacks() {
            let [time, gas, memory] = figures("attack", &attack.name, engine);
            let name = &attack.name;
            assert!(
                time < gas * NANOSECONDS_PER_GAS + 500_000_000,
                "{name} on {engine}: {time} ns for {gas} gas"
            );
            assert!(memory < RUNNING, "{name} on {engine}: {memory} KiB");
            // What ends early says more of the instance than of a gas.
            let price = time as f64 / gas.max(1) as f64;
            if gas > GAS / 10 && price > worst.0 {
                worst = (price, name.clone());
            }
            if memory > largest.0 {
                largest = (memory, name.clone());
            }
        }
        println!(
            "{engine}: most for one gas {:.2} ns ({}), most memory {} KiB ({})",
            worst.0, worst.1, largest.0, largest.1
        );
    }
}

#[test]
fn no_bomb_takes_more_memory_than_a_node_has() {
    for engine in engines() {
        let engine = engine.name();
        for (name, _) in bombs() {
            let [time, _, memory] = figures("bomb", name, engine);
            let microseconds = time / 1_000;
            println!("{engine}: {name}: {microseconds} us, {memory} KiB");
            assert!(memory < COMPILING, "{name} on {engine}: {memory} KiB");
        }
    }
}
