//! One execution: a future that is polled by hand.

use super::{
    Ready,
    host::{Exchange, Slot, State, Stop, lock},
};
use crate::{Done, EngineError, EntryPoint, Execution, Gas, Reply, Step, Trap, Trapped};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};
use wasmtime::{Store, Val};

/// How an execution ended.
struct Ended {
    /// Given back, for what is in the memory and on the meters.
    store: Store<State>,
    outcome: Result<Option<i32>, Failed>,
}

/// What failed.
enum Failed {
    /// Making the instance.
    Instantiate(wasmtime::Error),
    /// Running.
    Run(wasmtime::Error),
}

/// What runs a contract when it is polled.
type Fiber = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// A contract on its fiber.
pub(super) struct Running {
    /// What is polled. `None` when it has ended.
    future: Option<Fiber>,
    slot: Slot,
    waiting: bool,
    ended: Option<Store<State>>,
}

async fn run(ready: Ready, mut store: Store<State>, entry: EntryPoint, gas: Gas) -> Ended {
    let outcome = execute(&ready, &mut store, entry, gas).await;
    Ended { store, outcome }
}

async fn execute(
    ready: &Ready,
    store: &mut Store<State>,
    entry: EntryPoint,
    gas: Gas,
) -> Result<Option<i32>, Failed> {
    let instance = ready
        .pre
        .instantiate_async(&mut *store)
        .await
        .map_err(Failed::Instantiate)?;
    let missing = || Failed::Instantiate(wasmtime::Error::msg("an export is missing"));
    let meter = instance.get_module_export(&mut *store, &ready.gas);
    let meter = meter
        .and_then(|meter| meter.into_global())
        .ok_or_else(missing)?;
    let stack = instance.get_module_export(&mut *store, &ready.stack);
    let stack = stack
        .and_then(|stack| stack.into_global())
        .ok_or_else(missing)?;
    let memory = match &ready.memory {
        Some(export) => {
            let memory = instance.get_module_export(&mut *store, export);
            Some(
                memory
                    .and_then(|memory| memory.into_memory())
                    .ok_or_else(missing)?,
            )
        }
        None => None,
    };
    meter
        .set(&mut *store, Val::I64(gas.meter()))
        .map_err(Failed::Instantiate)?;
    let state = store.data_mut();
    (state.gas, state.stack, state.memory) = (Some(meter), Some(stack), memory);

    let point = if entry == EntryPoint::Deploy {
        ready.deploy
    } else {
        ready.call
    };
    let function = instance.get_module_export(&mut *store, &point.export);
    let function = function
        .and_then(|function| function.into_func())
        .ok_or_else(missing)?;
    if point.result {
        let function = function
            .typed::<(), i32>(&*store)
            .map_err(Failed::Instantiate)?;
        function
            .call_async(&mut *store, ())
            .await
            .map(Some)
            .map_err(Failed::Run)
    } else {
        let function = function
            .typed::<(), ()>(&*store)
            .map_err(Failed::Instantiate)?;
        function
            .call_async(&mut *store, ())
            .await
            .map(|()| None)
            .map_err(Failed::Run)
    }
}

impl Running {
    /// An execution that has not begun.
    pub fn new(ready: Ready, entry: EntryPoint, gas: Gas) -> Self {
        let slot: Slot = Arc::new(Mutex::new(Exchange::default()));
        let state = State {
            slot: slot.clone(),
            memory: None,
            gas: None,
            stack: None,
        };
        let mut store = Store::new(ready.pre.module().engine(), state);
        store.limiter(|state| state);
        let future: Fiber = Box::pin(run(ready, store, entry, gas));
        Running {
            future: Some(future),
            slot,
            waiting: false,
            ended: None,
        }
    }

    /// Runs up to the next step.
    pub fn advance(&mut self) -> Result<Step, EngineError> {
        let future = self
            .future
            .as_mut()
            .ok_or(EngineError::Reply("the contract has ended"))?;
        match future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Pending => {
                let call = lock(&self.slot).call.take();
                let call = call.ok_or_else(|| EngineError::Machine("it stands still".into()))?;
                self.waiting = true;
                Ok(Step::Call(call))
            }
            Poll::Ready(Ended { mut store, outcome }) => {
                self.future = None;
                let step = step(&mut store, outcome);
                self.ended = Some(store);
                step
            }
        }
    }
}

/// What an end means (E3, E4).
fn step(
    store: &mut Store<State>,
    outcome: Result<Option<i32>, Failed>,
) -> Result<Step, EngineError> {
    let gas = meter(store);
    let error = match outcome {
        Ok(result) => {
            return Ok(Step::Done(Done {
                result,
                gas: gas.unwrap_or_default(),
            }));
        }
        Err(Failed::Instantiate(error)) => {
            return Err(EngineError::Instantiate(format!("{error:#}")));
        }
        Err(Failed::Run(error)) => error,
    };
    let trap = match (
        error.downcast_ref::<Stop>(),
        error.downcast_ref::<wasmtime::Trap>(),
    ) {
        (Some(Stop::Trap(trap)), _) => *trap,
        (Some(Stop::Reply(why)), _) => return Err(EngineError::Reply(why)),
        (
            None,
            Some(
                wasmtime::Trap::UnreachableCodeReached
                | wasmtime::Trap::MemoryOutOfBounds
                | wasmtime::Trap::TableOutOfBounds
                | wasmtime::Trap::IndirectCallToNull
                | wasmtime::Trap::BadSignature
                | wasmtime::Trap::IntegerOverflow
                | wasmtime::Trap::IntegerDivisionByZero,
            ),
        ) => stopped(store, gas),
        _ => return Err(EngineError::Machine(format!("{error:#}"))),
    };
    Ok(Step::Trapped(Trapped {
        trap,
        gas: gas.unwrap_or_default(),
    }))
}

/// The gas that is left. `None` if it ran out.
fn meter(store: &mut Store<State>) -> Option<Gas> {
    match store.data().gas?.get(store) {
        Val::I64(meter) => Gas::of_meter(meter),
        _ => None,
    }
}

/// A trap of Wasm: the marks say which.
fn stopped(store: &mut Store<State>, gas: Option<Gas>) -> Trap {
    if gas.is_none() {
        return Trap::OutOfGas;
    }
    let stack = store.data().stack.map(|stack| stack.get(store));
    match stack {
        Some(Val::I32(slots)) if slots < 0 => Trap::StackOverflow,
        _ => Trap::Trapped,
    }
}

impl Execution for Running {
    fn resume(&mut self, reply: Reply) -> Result<Step, EngineError> {
        if !std::mem::take(&mut self.waiting) {
            return Err(EngineError::Reply("no call waits"));
        }
        lock(&self.slot).reply = Some(reply);
        self.advance()
    }

    fn memory(&mut self) -> Option<Vec<u8>> {
        let store = self.ended.as_ref()?;
        let memory = store.data().memory;
        Some(memory.map_or_else(Vec::new, |memory| memory.data(store).to_vec()))
    }
}
