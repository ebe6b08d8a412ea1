//! A contract made up from the fuzzer's bytes ends the same on every engine, with the same gas and memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parlance_vm_engine::{
    Code, Compiled, Compiler, Engine, EntryPoint, Gas, Interpreter, Reply, Step,
};
use parlance_vm_prepare::{Age, Rules, prepare};
use parlance_vm_reference::generate;
use std::sync::{Arc, LazyLock};

static ENGINES: LazyLock<Vec<Arc<dyn Engine>>> = LazyLock::new(|| {
    let compiled = |compiler| Compiled::new(&Rules::V1, compiler, 4).expect("wasmtime starts");
    vec![
        Arc::new(Interpreter::new(&Rules::V1)),
        Arc::new(compiled(Compiler::Cranelift)),
        Arc::new(compiled(Compiler::Winch)),
    ]
});

/// All steps, and the memory at the end. Answers write nothing but a result.
fn run(code: &dyn Code) -> (Vec<Step>, Option<Vec<u8>>) {
    let (mut execution, mut step) = code
        .start(EntryPoint::Call, Gas::new(100_000))
        .expect("there is an instance");
    let mut steps = Vec::new();
    while let Step::Call(call) = &step {
        let gas = Gas::new(call.gas.amount().saturating_sub(50));
        let result = call
            .arguments
            .iter()
            .fold(steps.len() as u64, |sum, value| sum ^ value)
            % 12;
        steps.push(step);
        let reply = Reply {
            result,
            gas,
            ..Reply::default()
        };
        step = execution.resume(reply).expect("the answer fits");
    }
    steps.push(step);
    (steps, execution.memory())
}

fuzz_target!(|data: &[u8]| {
    let Some(code) = generate::contract_of(data) else {
        return;
    };
    let Ok(prepared) = prepare(&code, Age::New, &Rules::V1) else {
        return;
    };
    let mut outcomes = ENGINES.iter().map(|engine| {
        let code = engine
            .compile(&prepared.code)
            .expect("it has been validated");
        (engine.name(), run(&*code))
    });
    let (_, first) = outcomes.next().expect("there are engines");
    for (name, outcome) in outcomes {
        assert_eq!(outcome, first, "{name}");
    }
});
