//! What the tests of engines share: a host that answers from a script, for the engines and for the interpreter that
//! counts.

#![allow(dead_code, reason = "each test uses a part")]

use parlance_vm_abi::{CallId, Entry, Input, Output};
use parlance_vm_engine::{
    Code, Done, Engine, EntryPoint, Gas, Interpreter, Reply, Step, Trap, Trapped,
};
#[cfg(feature = "compiled")]
use parlance_vm_engine::{Compiled, Compiler};
use parlance_vm_prepare::{Prepared, Rules, operators};
use parlance_vm_reference::{Count, Host, Machine, Module, Stop};
use std::{
    env, fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

pub mod bombs;
pub mod fixtures;

/// The rules of all tests.
pub const RULES: &Rules = &Rules::V1;

/// What a system call costs in the script.
pub const PRICE: u64 = 50;

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// What this thread has had of the processor. Where the system does not say: what has passed since `begin`.
fn processor(begin: Instant) -> Duration {
    // The system counts when a thread gives way.
    thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map_or_else(|| begin.elapsed(), Duration::from_nanos)
}

/// Does something, and says how long it had the processor for it: other processes do not count.
pub fn on_processor<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let before = processor(begin);
    let result = work();
    (result, processor(begin).saturating_sub(before))
}

/// All engines that this was built with.
pub fn engines() -> Vec<Arc<dyn Engine>> {
    vec![
        Arc::new(Interpreter::new(RULES)),
        #[cfg(feature = "compiled")]
        Arc::new(Compiled::new(RULES, Compiler::Cranelift, 8).unwrap()),
        #[cfg(feature = "compiled")]
        Arc::new(Compiled::new(RULES, Compiler::Winch, 8).unwrap()),
    ]
}

/// A system call as the script sees it, and as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub id: CallId,
    pub arguments: Vec<u64>,
    pub inputs: Vec<Option<Vec<u8>>>,
    pub room: Vec<Option<u32>>,
}

/// The answer depends on the question and on its number, and on nothing else.
pub fn script(number: u64, asked: &Asked) -> (u64, Vec<Option<Vec<u8>>>) {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(asked.id.0);
    let mut mix = |value: u64| {
        state = (state ^ value).wrapping_mul(0xff51_afd7_ed55_8ccd);
        state ^= state >> 29;
        state
    };
    for argument in &asked.arguments {
        mix(*argument);
    }
    for bytes in asked.inputs.iter().flatten() {
        mix(bytes.len() as u64);
        for byte in bytes.iter().take(64) {
            mix(u64::from(*byte));
        }
    }
    let fixed = asked
        .id
        .entry()
        .unwrap()
        .outputs
        .iter()
        .map(|output| match output {
            Output::Fixed { len, .. } => Some(*len),
            _ => None,
        });
    let outputs = asked.room.iter().zip(fixed).map(|(room, fixed)| {
        let room = (*room)?;
        // Now and then nothing, as when a key is not there.
        let len = fixed.or((mix(1) % 5 != 0).then(|| (mix(2) % 70).min(u64::from(room)) as u32))?;
        Some((0..len).map(|place| mix(u64::from(place)) as u8).collect())
    });
    let outputs = outputs.collect();
    (mix(3) % 12, outputs)
}

/// How a run ended, in words that fit both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Done(Option<i32>),
    Trapped(Trap),
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub end: End,
    pub gas: u64,
    pub memory: Vec<u8>,
    pub asked: Vec<Asked>,
}

/// Runs a contract on an engine.
pub fn run(code: &dyn Code, entry: EntryPoint, gas: u64) -> Outcome {
    let (mut execution, mut step) = code.start(entry, Gas::new(gas)).unwrap();
    let mut asked = Vec::new();
    loop {
        let (end, gas) = match step {
            Step::Done(Done { result, gas }) => (End::Done(result), gas),
            Step::Trapped(Trapped { trap, gas }) => (End::Trapped(trap), gas),
            Step::Call(call) => {
                let entry = call.entry().unwrap();
                let question = Asked {
                    id: call.id,
                    arguments: call.arguments[..entry.params.len()].to_vec(),
                    inputs: (0..entry.inputs.len())
                        .map(|place| call.input(place).map(<[u8]>::to_vec))
                        .collect(),
                    room: call.room[..entry.outputs.len()].to_vec(),
                };
                let (result, written) = script(asked.len() as u64, &question);
                asked.push(question);
                let gas = Gas::new(call.gas.amount().saturating_sub(PRICE));
                let mut outputs = [None, None];
                outputs
                    .iter_mut()
                    .zip(written)
                    .for_each(|(place, bytes)| *place = bytes);
                step = execution
                    .resume(Reply {
                        result,
                        gas,
                        outputs,
                    })
                    .unwrap();
                continue;
            }
        };
        let memory = execution.memory().unwrap();
        return Outcome {
            end,
            gas: gas.amount(),
            memory,
            asked,
        };
    }
}

/// The same host for the interpreter that counts. It reads the memory by itself: nothing of the engines is used.
struct Scripted {
    calls: Vec<&'static Entry>,
    asked: Vec<Asked>,
    outside: bool,
}

impl Scripted {
    fn answer(&mut self, import: usize, arguments: &[u64], memory: &mut [u8]) -> Option<u64> {
        let entry = self.calls[import];
        let value = |at: u8| arguments[usize::from(at)] as u32;
        let read = |at: u32, len: u32| -> Option<Vec<u8>> {
            let end = u64::from(at) + u64::from(len);
            (end <= memory.len() as u64).then(|| memory[at as usize..end as usize].to_vec())
        };
        let mut inputs = Vec::new();
        let mut total = 0;
        for input in entry.inputs {
            let bytes = match *input {
                Input::Optional { at, .. } if value(at) == u32::MAX => None,
                Input::Fixed { at, len } | Input::Optional { at, len } => {
                    Some(read(value(at), len)?)
                }
                Input::Slice { at, len } => Some(read(value(at), value(len))?),
            };
            total += bytes.as_ref().map_or(0, Vec::len);
            if total > 1 << 20 {
                return None;
            }
            inputs.push(bytes);
        }
        let length = |len_at: u8| {
            read(value(len_at), 4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
        };
        let room = entry.outputs.iter().map(|output| match *output {
            Output::Fixed { len, .. } => Some(len),
            Output::Skippable { at, .. } if value(at) == u32::MAX => None,
            Output::Buffer { len_at, .. } | Output::Skippable { len_at, .. } => length(len_at),
        });
        let room = room.collect();
        let arguments = arguments.to_vec();
        let question = Asked {
            id: entry.id,
            arguments,
            inputs,
            room,
        };
        let (result, written) = script(self.asked.len() as u64, &question);
        self.asked.push(question);
        let arguments = &self.asked.last().unwrap().arguments;
        let value = |at: u8| arguments[usize::from(at)] as u32;
        for (output, bytes) in entry.outputs.iter().zip(written) {
            let Some(bytes) = bytes else { continue };
            let mut write = |at: u32, bytes: &[u8]| {
                let place = memory.get_mut(at as usize..at as usize + bytes.len())?;
                place.copy_from_slice(bytes);
                Some(())
            };
            match *output {
                Output::Fixed { at, .. } => write(value(at), &bytes)?,
                Output::Buffer { at, len_at } | Output::Skippable { at, len_at } => {
                    write(value(at), &bytes)?;
                    write(value(len_at), &(bytes.len() as u32).to_le_bytes())?;
                }
            }
        }
        Some(match entry.results.first() {
            Some(parlance_vm_abi::ValType::I64) => result,
            _ => u64::from(result as u32),
        })
    }
}

impl Host for Scripted {
    fn call(
        &mut self,
        import: usize,
        arguments: &[u64],
        memory: &mut [u8],
        _: u64,
    ) -> Result<Option<u64>, Stop> {
        match self.answer(import, arguments, memory) {
            Some(result) => {
                let has_result = !self.calls[import].results.is_empty();
                Ok(has_result.then_some(result))
            }
            None => {
                self.outside = true;
                Err(Stop::Host)
            }
        }
    }
}

/// Runs what was uploaded, counting. `None` if that takes more than there is, or goes too deep for it: then the engines
/// have only each other. Gas of system calls is counted, too.
pub fn counted(code: &[u8], prepared: &Prepared, gas: u64) -> Option<Outcome> {
    let module = Module::new(code).unwrap();
    let count = Count {
        cost: &|operator| u64::from(operators::cost(operator, &RULES.costs).unwrap()),
        local: u64::from(RULES.costs.local),
        page: u64::from(RULES.costs.page),
        pages: u64::from(RULES.limits.memory_pages),
        budget: gas,
        depth: 200,
    };
    let calls = prepared
        .facts
        .calls
        .iter()
        .map(|id| id.entry().unwrap())
        .collect();
    let mut host = Scripted {
        calls,
        asked: Vec::new(),
        outside: false,
    };
    let mut machine = Machine::new(&module, count, &mut host);
    let end = machine.run("call");
    let (spent, memory) = (machine.spent, machine.memory);
    let end = match end {
        Ok(result) => End::Done(result.map(|value| value as u32 as i32)),
        Err(Stop::Trap(_)) => End::Trapped(Trap::Trapped),
        Err(Stop::Host) => End::Trapped(Trap::OutOfBounds),
        Err(Stop::Budget | Stop::Depth) => return None,
    };
    let spent = spent + PRICE * host.asked.len() as u64;
    Some(Outcome {
        end,
        gas: gas.checked_sub(spent)?,
        memory,
        asked: host.asked,
    })
}
