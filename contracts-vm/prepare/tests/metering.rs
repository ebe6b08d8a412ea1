//! What is written into contracts measures what they do: against the interpreter that counts, on contracts made up from
//! seeds. `VM_CASES` says how many seeds, `VM_SEED` where they begin; the seed of a failure is in its message.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use parlance_vm_prepare::{Age, Prepared, Rules, operators, prepare};
use parlance_vm_reference::{Count, Host, Machine, Module, Stop, generate};
use std::{env, thread};

const RULES: &Rules = &Rules::V1;

fn number(name: &str, default: u64) -> u64 {
    env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// A host whose answers depend on the question and on nothing else, and who writes down what it is asked.
#[derive(Default)]
struct Script {
    /// Import, arguments, and what was counted by then.
    calls: Vec<(usize, Vec<u64>, u64)>,
}

impl Host for Script {
    fn call(
        &mut self,
        import: usize,
        arguments: &[u64],
        memory: &mut [u8],
        spent: u64,
    ) -> Result<Option<u64>, Stop> {
        self.calls.push((import, arguments.to_vec(), spent));
        let mix = |sum: u64, value: &u64| (sum ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let value = arguments
            .iter()
            .fold(import as u64 + self.calls.len() as u64, mix);
        if let Some(byte) = memory.get_mut(value as usize % 4096) {
            *byte ^= value as u8;
        }
        Ok(Some(value))
    }
}

/// The host of imports whose results differ: cut to the type by the caller.
struct Typed<'s> {
    script: &'s mut Script,
    /// Of each import: whether it has a result, and whether that is of 64 bits.
    results: Vec<Option<bool>>,
}

impl Host for Typed<'_> {
    fn call(
        &mut self,
        import: usize,
        arguments: &[u64],
        memory: &mut [u8],
        spent: u64,
    ) -> Result<Option<u64>, Stop> {
        let value = self
            .script
            .call(import, arguments, memory, spent)?
            .unwrap_or_default();
        Ok(self.results[import].map(|wide| if wide { value } else { u64::from(value as u32) }))
    }
}

fn results(prepared: &Prepared) -> Vec<Option<bool>> {
    let of = |id: &parlance_vm_abi::CallId| id.entry().unwrap().results.first().copied();
    let wide = |ty| ty == parlance_vm_abi::ValType::I64;
    prepared
        .facts
        .calls
        .iter()
        .map(|id| of(id).map(wide))
        .collect()
}

/// What came of a run.
#[derive(Debug, PartialEq)]
struct Outcome {
    end: Result<Option<u64>, Stop>,
    spent: u64,
    memory: Vec<u8>,
    globals: Vec<u64>,
    calls: Vec<(usize, Vec<u64>, u64)>,
}

/// Runs what was uploaded, counting.
fn original(code: &[u8], prepared: &Prepared, budget: u64) -> Outcome {
    let module = Module::new(code).unwrap();
    let count = Count {
        cost: &|operator| u64::from(operators::cost(operator, &RULES.costs).unwrap()),
        local: u64::from(RULES.costs.local),
        page: u64::from(RULES.costs.page),
        pages: u64::from(RULES.limits.memory_pages),
        budget,
        depth: 300,
    };
    let mut script = Script::default();
    let mut host = Typed {
        script: &mut script,
        results: results(prepared),
    };
    let mut machine = Machine::new(&module, count, &mut host);
    let end = machine.run("call");
    let (spent, memory, globals) = (machine.spent, machine.memory, machine.globals);
    Outcome {
        end,
        spent,
        memory,
        globals,
        calls: script.calls,
    }
}

/// Runs what was prepared, which counts for itself. `spent` is what its own meter says.
fn metered(prepared: &Prepared, gas: u64) -> (Outcome, Meters) {
    let module = Module::new(&prepared.code).unwrap();
    let count = Count {
        cost: &|_| 0,
        local: 0,
        page: 0,
        pages: 0,
        budget: u64::MAX,
        depth: 2000,
    };
    let mut script = Script::default();
    let mut host = Typed {
        script: &mut script,
        results: results(prepared),
    };
    let mut machine = Machine::new(&module, count, &mut host);
    let place = machine.globals.len() - 2;
    machine.globals[place] = gas;
    let end = machine.run("call");
    let stack = machine.globals.pop().unwrap() as u32 as i32;
    let left = machine.globals.pop().unwrap() as i64;
    let (memory, globals) = (machine.memory, machine.globals);
    let spent = u64::try_from(left).map_or(gas, |left| gas - left);
    let mut calls = script.calls;
    // The interpreter counted nothing here.
    calls.iter_mut().for_each(|call| call.2 = 0);
    (
        Outcome {
            end,
            spent,
            memory,
            globals,
            calls,
        },
        Meters { gas: left, stack },
    )
}

struct Meters {
    gas: i64,
    stack: i32,
}

fn without_counts(calls: &[(usize, Vec<u64>, u64)]) -> Vec<(usize, Vec<u64>, u64)> {
    calls
        .iter()
        .map(|call| (call.0, call.1.clone(), 0))
        .collect()
}

/// What the seeds covered: a test that meets nothing tests nothing.
#[derive(Debug, Default)]
struct Seen {
    prepared: u64,
    done: u64,
    trapped: u64,
    out_of_gas: u64,
    overflow: u64,
    calls: u64,
}

fn check(seed: u64, seen: &mut Seen) {
    let Some(code) = generate::contract(seed) else {
        return;
    };
    let Ok(prepared) = prepare(&code, Age::New, RULES) else {
        return;
    };
    seen.prepared += 1;
    const BUDGET: u64 = 300_000;
    let plain = original(&code, &prepared, BUDGET);
    if plain.end == Err(Stop::Depth) {
        // How deep the stack goes is another count than the interpreter's.
        let (with, meters) = metered(&prepared, BUDGET * 4);
        assert!(meters.stack < 0 || with.spent >= plain.spent, "seed {seed}");
        seen.overflow += 1;
        return;
    }
    let (with, meters) = metered(&prepared, BUDGET);
    if meters.stack < 0 {
        seen.overflow += 1;
        return;
    }
    seen.calls += plain.calls.len() as u64;
    match &plain.end {
        Ok(_) => {
            seen.done += 1;
            assert_eq!(with.end, plain.end, "seed {seed}");
            assert_eq!(
                with.spent, plain.spent,
                "seed {seed}: not the gas that was counted"
            );
            assert_eq!(with.memory, plain.memory, "seed {seed}");
            assert_eq!(with.globals, plain.globals, "seed {seed}");
            assert_eq!(with.calls, without_counts(&plain.calls), "seed {seed}");
            assert_eq!(
                meters.stack, RULES.limits.stack_slots as i32,
                "seed {seed}: not given back"
            );
            exhausted(seed, &prepared, &plain);
        }
        Err(Stop::Trap(_)) => {
            seen.trapped += 1;
            // A block is paid for before it traps in its midst.
            let (with, _) = metered(&prepared, i64::MAX as u64);
            assert_eq!(with.end, plain.end, "seed {seed}");
            assert!(with.spent >= plain.spent, "seed {seed}");
            assert_eq!(with.memory, plain.memory, "seed {seed}");
            assert_eq!(with.calls, without_counts(&plain.calls), "seed {seed}");
        }
        Err(Stop::Budget) => {
            seen.out_of_gas += 1;
            assert_eq!(
                meters.gas, -1,
                "seed {seed}: more gas was used than there was"
            );
        }
        other => panic!("seed {seed}: {other:?}"),
    }
}

/// With less gas than it takes, a run goes as far as it is paid, and not further.
fn exhausted(seed: u64, prepared: &Prepared, plain: &Outcome) {
    let (enough, _) = metered(prepared, plain.spent);
    assert_eq!(
        enough.end, plain.end,
        "seed {seed}: the exact amount does not suffice"
    );
    assert_eq!(enough.spent, plain.spent, "seed {seed}");
    if plain.spent == 0 {
        return;
    }
    for part in 1..5 {
        let gas = (plain.spent * part / 5).min(plain.spent - 1);
        let (short, meters) = metered(prepared, gas);
        assert_eq!(short.end, Err(Stop::Trap("unreachable")), "seed {seed}");
        assert_eq!(meters.gas, -1, "seed {seed}: it stopped for another reason");
        // It asked the same as the full run, and only what had been paid for by then.
        let full = without_counts(&plain.calls);
        assert!(full.starts_with(&short.calls), "seed {seed}");
        let paid = plain.calls.iter().filter(|call| call.2 <= gas).count();
        assert!(
            short.calls.len() <= paid,
            "seed {seed}: a call that was not paid for"
        );
    }
}

#[test]
fn gas_is_what_was_counted() {
    let (first, cases) = (number("VM_SEED", 0), number("VM_CASES", 3000));
    // Frames of the interpreter are frames of this thread.
    let run = move || {
        let mut seen = Seen::default();
        (first..first + cases).for_each(|seed| check(seed, &mut seen));
        seen
    };
    let thread = thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(run)
        .unwrap();
    let seen = thread.join().unwrap();
    println!("{seen:?}");
    assert!(
        seen.prepared * 10 >= cases * 7,
        "most seeds are to be contracts: {seen:?}"
    );
    for kind in [seen.done, seen.trapped, seen.calls] {
        assert!(kind * 20 >= seen.prepared, "too few of one kind: {seen:?}");
    }
}
