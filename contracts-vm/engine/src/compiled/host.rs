//! The host functions that a contract's imports are linked to.

use crate::{
    Call, EngineError, Gas, Reply, Trap,
    border::{self, Unwritten},
};
use parlance_vm_abi::{self as abi, Entry, MAX_PARAMS};
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use wasmtime::{Caller, FuncType, Global, Linker, Memory, ResourceLimiter, Val, ValType};

/// What lies between a contract on its fiber and who runs it.
#[derive(Default)]
pub(super) struct Exchange {
    /// The call that the contract makes.
    pub call: Option<Call>,
    /// The answer to it.
    pub reply: Option<Reply>,
}

/// Shared by both sides. They take turns, so nobody ever waits for it.
pub(super) type Slot = Arc<Mutex<Exchange>>;

pub(super) fn lock(slot: &Slot) -> MutexGuard<'_, Exchange> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a store knows.
pub(super) struct State {
    pub slot: Slot,
    pub memory: Option<Memory>,
    pub gas: Option<Global>,
    pub stack: Option<Global>,
}

/// Growing fails for a contract only beyond its maximum. Where the machine fails to grow by what was reserved, the contract
/// must not get to know (E4): that error is no trap, and so becomes the engine's.
impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// Why a host function ends a contract.
#[derive(Debug)]
pub(super) enum Stop {
    /// The contract's fault.
    Trap(Trap),
    /// The answer's.
    Reply(&'static str),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Trap(trap) => write!(f, "{trap:?}"),
            Stop::Reply(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Stop {}

/// Waits for an answer.
struct Answer(Slot);

impl Future for Answer {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Reply> {
        match lock(&self.0).reply.take() {
            Some(reply) => Poll::Ready(reply),
            None => Poll::Pending,
        }
    }
}

/// Defines a system call under all of its names.
pub(super) fn define(linker: &mut Linker<State>, entry: &'static Entry) -> wasmtime::Result<()> {
    let ty = signature(linker.engine(), entry);
    let alias = format!("seal_{}", entry.name);
    let names = [Some(entry.name), entry.alias.then_some(alias.as_str())];
    for name in names.into_iter().flatten() {
        linker.func_new_async(
            entry.module(),
            name,
            ty.clone(),
            move |caller, values, results| Box::new(system_call(caller, entry, values, results)),
        )?;
    }
    Ok(())
}

fn signature(engine: &wasmtime::Engine, entry: &'static Entry) -> FuncType {
    let types = |types: &'static [abi::ValType]| {
        types.iter().map(|ty| match ty {
            abi::ValType::I32 => ValType::I32,
            abi::ValType::I64 => ValType::I64,
        })
    };
    FuncType::new(engine, types(entry.params), types(entry.results))
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

/// A contract makes a system call, on its fiber.
async fn system_call(
    mut caller: Caller<'_, State>,
    entry: &'static Entry,
    values: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let mut arguments = [0; MAX_PARAMS];
    for (argument, value) in arguments.iter_mut().zip(values) {
        *argument = bits(value);
    }
    let (memory, gas) = (caller.data().memory, caller.data().gas);
    let left = gas.map_or(0, |gas| bits(&gas.get(&mut caller)));
    let bytes = memory.map_or(&[][..], |memory| memory.data(&caller));
    let call = border::read(entry, arguments, bytes, Gas::new(left)).map_err(Stop::Trap)?;

    let slot = caller.data().slot.clone();
    lock(&slot).call = Some(call);
    let reply = Answer(slot).await;

    if let Some(gas) = gas {
        gas.set(&mut caller, Val::I64(reply.gas.meter()))?;
    }
    let bytes = match memory {
        Some(memory) => memory.data_mut(&mut caller),
        None => &mut [],
    };
    border::answer(entry, &arguments, bytes, &reply).map_err(|unwritten| match unwritten {
        Unwritten::Trap(trap) => Stop::Trap(trap),
        Unwritten::Reply(EngineError::Reply(why)) => Stop::Reply(why),
        Unwritten::Reply(_) => Stop::Reply("it cannot be written"),
    })?;
    for (result, ty) in results.iter_mut().zip(entry.results) {
        *result = match ty {
            abi::ValType::I32 => Val::I32((reply.result as u32).cast_signed()),
            abi::ValType::I64 => Val::I64(reply.result.cast_signed()),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_fails_beyond_the_maximum_and_else_the_engine_does() {
        let mut state = State {
            slot: Slot::default(),
            memory: None,
            gas: None,
            stack: None,
        };
        let page = 65536;
        let mut may = |desired, maximum| state.memory_growing(page, desired, maximum).unwrap();
        assert!(may(16 * page, Some(16 * page)) && may(page, None));
        assert!(!may(17 * page, Some(16 * page)));
        let failed = state.memory_grow_failed(wasmtime::Error::msg("mprotect"));
        assert!(failed.is_err());
    }
}
