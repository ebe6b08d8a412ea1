//! The interpreter: wasmi.
//!
//! A host function that returns an error ends a resumable call in a way that lets it go on later. So every system call
//! returns [`Waits`], and the result is given when the call is resumed.
//!
//! wasmi keeps the functions of all modules for as long as its engine lives. Therefore each contract has an engine of
//! its own, which goes when the contract goes.
//!
//! The version is 1.1.0, and not the newer 2.0.0, which computes wrongly (decision 20).

use crate::{
    Authentic, Code, Engine, EngineError, EntryPoint, Execution, Gas, Reply, Step, Trap, Trapped,
    border::{self, Unwritten},
    step::{Call, Done},
};
use parlance_vm_abi::{self as abi, Entry, MAX_PARAMS};
use parlance_vm_prepare::{Rules, exports};
use std::{fmt, sync::Arc};
use wasmi::{
    Caller, CompilationMode, Config, Error, Func, FuncType, Global, Instance, Linker, Memory,
    Module, ResourceLimiter, ResumableCall, ResumableCallHostTrap, Store, TrapCode, Val, ValType,
    errors::HostError,
};
use wasmi_core::LimiterError;

/// Changes when something here changes what is executed how.
const REVISION: &str = "parlance wasmi 1.1.0 revision 2";

/// The interpreter.
pub struct Interpreter {
    config: Config,
}

/// What a system call returns to wasmi.
#[derive(Debug)]
enum Waits {
    /// The call is in the store's data.
    ForAnswer,
    /// It cannot even be made.
    Trapped(Trap),
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a system call")
    }
}

impl HostError for Waits {}

/// What a store knows.
#[derive(Default)]
struct State {
    memory: Option<Memory>,
    gas: Option<Global>,
    call: Option<Call>,
    /// The machine had no memory to grow by.
    starved: bool,
}

/// wasmi tells a contract that its memory cannot grow also where only this machine has none left. That must not be seen
/// (E4), so it is remembered, and nothing of what the contract makes of it gets out.
impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: &LimiterError) {
        self.starved = true;
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(true)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}

impl Interpreter {
    /// An interpreter for contracts that were prepared by these rules.
    pub fn new(rules: &Rules) -> Self {
        let mut config = Config::default();
        // The contract's own limit comes first (E4): no call takes less of it than a frame.
        let depth = rules.deepest_call() as usize;
        let bytes = rules.most_native_stack();
        config
            // What it would not take must be known before a contract runs.
            .compilation_mode(CompilationMode::Eager)
            .set_max_recursion_depth(depth.saturating_add(64))
            .set_max_stack_height(bytes)
            // An engine keeps the stacks of calls that have ended, as large as they grew. There is one engine for each
            // contract, so what contracts once needed would add up.
            .set_max_cached_stacks(0)
            .floats(false)
            .wasm_multi_value(false)
            .wasm_multi_memory(false)
            .wasm_bulk_memory(false)
            .wasm_reference_types(false)
            .wasm_tail_call(false)
            .wasm_memory64(false)
            .wasm_extended_const(false)
            .wasm_saturating_float_to_int(false);
        Interpreter { config }
    }
}

impl Engine for Interpreter {
    fn name(&self) -> &'static str {
        "interpreter"
    }

    fn build(&self) -> [u8; 32] {
        *blake3::hash(REVISION.as_bytes()).as_bytes()
    }

    fn compile(&self, prepared: &[u8]) -> Result<Arc<dyn Code>, EngineError> {
        let refused = |error: Error| EngineError::Compile(error.to_string());
        let engine = wasmi::Engine::new(&self.config);
        let module = Module::new(&engine, prepared).map_err(refused)?;
        let mut linker = Linker::new(&engine);
        for import in module.imports() {
            let entry = abi::find(import.module(), import.name());
            let entry = entry.ok_or_else(|| EngineError::Compile("an unknown import".into()))?;
            // A contract may import the same call twice.
            let defined = linker.func_new(
                import.module(),
                import.name(),
                signature(entry),
                move |caller, arguments, _| Err(system_call(caller, entry, arguments)),
            );
            drop(defined);
        }
        Ok(Arc::new(Interpreted {
            engine,
            module,
            linker,
        }))
    }

    fn restore(&self, _artifact: &Authentic) -> Option<Arc<dyn Code>> {
        None
    }
}

fn signature(entry: &Entry) -> FuncType {
    let types = |types: &'static [abi::ValType]| {
        types.iter().map(|ty| match ty {
            abi::ValType::I32 => ValType::I32,
            abi::ValType::I64 => ValType::I64,
        })
    };
    FuncType::new(types(entry.params), types(entry.results))
}

/// The 64 bits of a value.
fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        // Contracts have no other values.
        _ => 0,
    }
}

/// A contract makes a system call.
fn system_call(mut caller: Caller<'_, State>, entry: &Entry, values: &[Val]) -> Error {
    let mut arguments = [0; MAX_PARAMS];
    for (argument, value) in arguments.iter_mut().zip(values) {
        *argument = bits(value);
    }
    let state = caller.data();
    let gas = state.gas.map_or(0, |gas| bits(&gas.get(&caller)));
    let memory = state.memory.map_or(&[][..], |memory| memory.data(&caller));
    match border::read(entry, arguments, memory, Gas::new(gas)) {
        Ok(call) => {
            caller.data_mut().call = Some(call);
            Error::host(Waits::ForAnswer)
        }
        Err(trap) => Error::host(Waits::Trapped(trap)),
    }
}

/// A contract that is ready to be interpreted.
struct Interpreted {
    engine: wasmi::Engine,
    module: Module,
    linker: Linker<State>,
}

impl Code for Interpreted {
    fn start(
        &self,
        entry: EntryPoint,
        gas: Gas,
    ) -> Result<(Box<dyn Execution>, Step), EngineError> {
        let mut store = Store::new(&self.engine, State::default());
        store.limiter(|state| state);
        let failed = |error: Error| EngineError::Instantiate(error.to_string());
        let instance = self
            .linker
            .instantiate_and_start(&mut store, &self.module)
            .map_err(failed)?;
        let mut execution = Interpretation::new(store, instance)?;
        let name = if entry == EntryPoint::Deploy {
            abi::DEPLOY
        } else {
            abi::CALL
        };
        let function = instance.get_func(&execution.store, name);
        let function = function.ok_or_else(|| missing(name))?;
        execution.set_gas(gas)?;
        let step = execution.begin(function)?;
        Ok((Box::new(execution), step))
    }

    fn artifact(&self) -> Option<Vec<u8>> {
        None
    }
}

fn missing(name: &str) -> EngineError {
    EngineError::Instantiate(format!("{name} is not exported"))
}

/// An execution.
struct Interpretation {
    store: Store<State>,
    gas: Global,
    stack: Global,
    memory: Option<Memory>,
    /// Where the entry point's result goes.
    results: Vec<Val>,
    /// The call that waits, and wasmi's state of it.
    waiting: Option<(ResumableCallHostTrap, &'static Entry, [u64; MAX_PARAMS])>,
    ended: bool,
}

impl Interpretation {
    fn new(mut store: Store<State>, instance: Instance) -> Result<Self, EngineError> {
        let global = |store: &Store<State>, name: &str| {
            instance
                .get_global(store, name)
                .ok_or_else(|| missing(name))
        };
        let gas = global(&store, exports::GAS)?;
        let stack = global(&store, exports::STACK)?;
        let memory = instance.get_memory(&store, exports::MEMORY);
        let state = store.data_mut();
        (state.memory, state.gas) = (memory, Some(gas));
        Ok(Interpretation {
            store,
            gas,
            stack,
            memory,
            results: Vec::new(),
            waiting: None,
            ended: false,
        })
    }

    fn set_gas(&mut self, gas: Gas) -> Result<(), EngineError> {
        let set = self.gas.set(&mut self.store, Val::I64(gas.meter()));
        set.map_err(|error| EngineError::Machine(error.to_string()))
    }

    fn begin(&mut self, function: Func) -> Result<Step, EngineError> {
        let results = function.ty(&self.store).results().len();
        self.results = vec![Val::I32(0); results];
        let outcome = function.call_resumable(&mut self.store, &[], &mut self.results);
        self.step(outcome)
    }

    /// What became of running on.
    fn step(&mut self, outcome: Result<ResumableCall, Error>) -> Result<Step, EngineError> {
        if self.store.data().starved {
            self.ended = true;
            return Err(EngineError::Machine(
                "there is no memory left for a contract's to grow".into(),
            ));
        }
        match outcome {
            Ok(ResumableCall::Finished) => {
                self.ended = true;
                let result = self.results.first().map(|value| bits(value) as u32 as i32);
                let gas = self.meter().unwrap_or_default();
                Ok(Step::Done(Done { result, gas }))
            }
            Ok(ResumableCall::HostTrap(state)) => {
                let call = self.store.data_mut().call.take();
                let trap = match state.host_error().downcast_ref::<Waits>() {
                    Some(Waits::Trapped(trap)) => Some(*trap),
                    _ => None,
                };
                if let Some(trap) = trap {
                    return Ok(self.trapped(trap));
                }
                match call.and_then(|call| Some((call.entry()?, call))) {
                    Some((entry, call)) => {
                        self.waiting = Some((state, entry, call.arguments));
                        Ok(Step::Call(call))
                    }
                    None => Err(EngineError::Machine(state.host_error().to_string())),
                }
            }
            Ok(ResumableCall::OutOfFuel(_)) => Err(EngineError::Machine("wasmi's fuel".into())),
            Err(error) => match error.as_trap_code() {
                Some(
                    TrapCode::UnreachableCodeReached
                    | TrapCode::MemoryOutOfBounds
                    | TrapCode::TableOutOfBounds
                    | TrapCode::IndirectCallToNull
                    | TrapCode::IntegerDivisionByZero
                    | TrapCode::IntegerOverflow
                    | TrapCode::BadSignature,
                ) => Ok(self.stopped()),
                _ => Err(EngineError::Machine(error.to_string())),
            },
        }
    }

    /// The gas that is left. `None` if it ran out.
    fn meter(&self) -> Option<Gas> {
        match self.gas.get(&self.store) {
            Val::I64(meter) => Gas::of_meter(meter),
            _ => None,
        }
    }

    /// A trap of Wasm: the marks say which (E3).
    fn stopped(&mut self) -> Step {
        if self.meter().is_none() {
            return self.trapped(Trap::OutOfGas);
        }
        match self.stack.get(&self.store) {
            Val::I32(slots) if slots < 0 => self.trapped(Trap::StackOverflow),
            _ => self.trapped(Trap::Trapped),
        }
    }

    fn trapped(&mut self, trap: Trap) -> Step {
        self.ended = true;
        Step::Trapped(Trapped {
            trap,
            gas: self.meter().unwrap_or_default(),
        })
    }
}

impl Execution for Interpretation {
    fn resume(&mut self, reply: Reply) -> Result<Step, EngineError> {
        let (state, entry, arguments) = self
            .waiting
            .take()
            .ok_or(EngineError::Reply("no call waits"))?;
        self.set_gas(reply.gas)?;
        let memory = match self.memory {
            Some(memory) => memory.data_mut(&mut self.store),
            None => &mut [],
        };
        match border::answer(entry, &arguments, memory, &reply) {
            Ok(()) => (),
            Err(Unwritten::Trap(trap)) => return Ok(self.trapped(trap)),
            Err(Unwritten::Reply(error)) => return Err(error),
        }
        let result = entry.results.first().map(|ty| match ty {
            abi::ValType::I32 => Val::I32((reply.result as u32).cast_signed()),
            abi::ValType::I64 => Val::I64(reply.result.cast_signed()),
        });
        let outcome = state.resume(&mut self.store, result.as_slice(), &mut self.results);
        self.step(outcome)
    }

    fn memory(&mut self) -> Option<Vec<u8>> {
        if !self.ended {
            return None;
        }
        Some(
            self.memory
                .map_or_else(Vec::new, |memory| memory.data(&self.store).to_vec()),
        )
    }
}
