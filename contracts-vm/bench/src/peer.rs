//! The peer: what pallet-contracts 51 does with a contract, by its own version of wasmi, as native code. The pallet runs
//! it as Wasm, inside the runtime; what is measured here is a lower bound of its time.
//!
//! As there, the module is made anew for each call, unchecked and translated lazily, with fuel counted, and host
//! functions are called directly.

use crate::host::{GAS, Host};
use parlance_vm_abi::{self as abi, Entry, Input, Output};
use wasmi_032::{
    AsContextMut, Caller, CompilationMode, Config, Engine, Error, FuncType, Linker, Memory,
    MemoryType, Module, Store, Val, core::ValType,
};

/// What a store knows.
struct State {
    host: Host,
    memory: Option<Memory>,
}

fn engine(lazy: bool) -> Engine {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .floats(false)
        .compilation_mode(if lazy {
            CompilationMode::Lazy
        } else {
            CompilationMode::Eager
        });
    Engine::new(&config)
}

/// What uploading does: the module, checked and translated at once.
pub fn compile(code: &[u8]) {
    Module::new(&engine(false), code).expect("it is valid");
}

/// Runs a contract from its bytes to its end.
pub fn run(code: &[u8], mut host: Host) -> Host {
    host.returned = None;
    let engine = engine(true);
    // SAFETY: the contracts of this benchmark are valid; the preparation has looked at the same bytes.
    #[allow(unsafe_code)]
    let module = unsafe { Module::new_unchecked(&engine, code) }.expect("it is valid");
    let mut store = Store::new(&engine, State { host, memory: None });
    let mut linker: Linker<State> = Linker::new(&engine);
    for entry in abi::ENTRIES {
        let alias = format!("seal_{}", entry.name);
        let names = [Some(entry.name), entry.alias.then_some(alias.as_str())];
        for name in names.into_iter().flatten() {
            linker
                .func_new(
                    entry.module(),
                    name,
                    signature(entry),
                    move |caller, values, results| system_call(caller, entry, values, results),
                )
                .expect("each name is there once");
        }
    }
    let ty = MemoryType::new(2, Some(16)).expect("it is a type");
    let memory = Memory::new(store.as_context_mut(), ty).expect("there is memory");
    linker
        .define(abi::MEMORY.0, abi::MEMORY.1, memory)
        .expect("it is there once");
    store.data_mut().memory = Some(memory);
    store.set_fuel(GAS).expect("fuel is counted");
    let instance = linker.instantiate(&mut store, &module).expect("it fits");
    let instance = instance
        .start(&mut store)
        .expect("there is no start function");
    let call = instance.get_func(&store, "call").expect("it is exported");
    let outcome = call.call(&mut store, &[], &mut []);
    let state = store.into_data();
    assert!(
        outcome.is_ok() || state.host.returned.is_some(),
        "{outcome:?}"
    );
    state.host
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

fn system_call(
    mut caller: Caller<'_, State>,
    entry: &Entry,
    values: &[Val],
    results: &mut [Val],
) -> Result<(), Error> {
    let value = |at: u8| match &values[usize::from(at)] {
        Val::I32(value) => *value as u32 as usize,
        _ => 0,
    };
    let memory = caller.data().memory.expect("it has been set");
    let (bytes, state) = memory.data_and_store_mut(&mut caller);
    let (result, outputs) = state.host.serve(entry.id, |place| {
        let (at, len) = match entry.inputs[place] {
            Input::Fixed { at, len } | Input::Optional { at, len } => (value(at), len as usize),
            Input::Slice { at, len } => (value(at), value(len)),
        };
        &bytes[at..at + len]
    });
    if state.host.returned.is_some() {
        return Err(Error::i32_exit(0));
    }
    for (output, written) in entry.outputs.iter().zip(outputs) {
        let Some(written) = written else { continue };
        let at = match *output {
            Output::Fixed { at, .. } => value(at),
            Output::Buffer { at, len_at } | Output::Skippable { at, len_at } => {
                let len_at = value(len_at);
                bytes[len_at..len_at + 4].copy_from_slice(&(written.len() as u32).to_le_bytes());
                value(at)
            }
        };
        bytes[at..at + written.len()].copy_from_slice(&written);
    }
    if let Some(place) = results.first_mut() {
        *place = Val::I32(result as u32 as i32);
    }
    Ok(())
}
