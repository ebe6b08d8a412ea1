//! A chain's side of a contract: storage, accounts, events, and the system calls that bitUp's code makes. It knows nothing of
//! the language.

use std::collections::BTreeMap;
use wasmi::{Caller, Engine, Error, Linker, Memory, MemoryType, Module, Store};

/// An account.
pub type Account = [u8; 32];

/// What stays between calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub storage: BTreeMap<Vec<u8>, Vec<u8>>,
    pub balances: BTreeMap<Account, u128>,
    /// Topics and data.
    pub events: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What a call sees and does.
struct Host {
    memory: Option<Memory>,
    state: State,
    input: Vec<u8>,
    output: Option<(u32, Vec<u8>)>,
    caller: Account,
    value: u128,
}

/// A deployed contract.
pub struct Chain {
    engine: Engine,
    module: Module,
    pub state: State,
    pub block: u32,
    pub time: u64,
}

/// The contract's own account.
pub const CONTRACT: Account = [0xcc; 32];

/// How a call ended: what the contract returned, or undone with what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done(Vec<u8>),
    Undone(Vec<u8>),
    /// It trapped.
    Broken(String),
}

type Call<'c> = Caller<'c, Host>;

fn read(call: &Call<'_>, at: u32, length: u32) -> Result<Vec<u8>, Error> {
    let memory = call.data().memory.expect("defined before the start");
    let mut bytes = vec![0; length as usize];
    memory
        .read(call, at as usize, &mut bytes)
        .map_err(|_| Error::new("read outside of memory"))?;
    Ok(bytes)
}

/// Writes an answer whose room stands at `length_at`, and its length there.
fn answer(call: &mut Call<'_>, at: u32, length_at: u32, bytes: &[u8]) -> Result<(), Error> {
    let room = u32::from_le_bytes(read(call, length_at, 4)?.try_into().unwrap());
    if (room as usize) < bytes.len() {
        return Err(Error::new("the output buffer is too small"));
    }
    let memory = call.data().memory.expect("defined before the start");
    let length = u32::try_from(bytes.len()).unwrap();
    memory
        .write(&mut *call, at as usize, bytes)
        .map_err(|_| Error::new("write outside of memory"))?;
    memory
        .write(&mut *call, length_at as usize, &length.to_le_bytes())
        .map_err(|_| Error::new("write outside of memory"))
}

impl Chain {
    /// A chain on which nothing happened; the module is validated by the rules of pallet-contracts.
    pub fn new(wasm: &[u8]) -> Self {
        let features =
            wasmparser::WasmFeatures::MUTABLE_GLOBAL | wasmparser::WasmFeatures::SIGN_EXTENSION;
        wasmparser::Validator::new_with_features(features)
            .validate_all(wasm)
            .expect("valid for the chain");
        let engine = Engine::default();
        let module = Module::new(&engine, wasm).expect("valid");
        let exports: Vec<_> = module
            .exports()
            .map(|export| export.name().to_owned())
            .collect();
        assert_eq!(exports, ["deploy", "call"]);
        Self {
            engine,
            module,
            state: State::default(),
            block: 7,
            time: 1_700_000_000_000,
        }
    }

    pub fn balance(&self, who: Account) -> u128 {
        self.state.balances.get(&who).copied().unwrap_or(0)
    }

    /// Calls `deploy` or `call`. What is undone leaves no trace.
    pub fn enter(&mut self, export: &str, caller: Account, value: u128, input: Vec<u8>) -> Outcome {
        let mut state = self.state.clone();
        let left = state
            .balances
            .get(&caller)
            .copied()
            .unwrap_or(0)
            .checked_sub(value)
            .expect("the caller has it");
        state.balances.insert(caller, left);
        *state.balances.entry(CONTRACT).or_default() += value;
        let mut store = Store::new(
            &self.engine,
            Host {
                memory: None,
                state,
                input,
                output: None,
                caller,
                value,
            },
        );
        let memory = Memory::new(&mut store, MemoryType::new(2, Some(16)).unwrap()).unwrap();
        store.data_mut().memory = Some(memory);
        let mut linker = Linker::new(&self.engine);
        linker.define("env", "memory", memory).unwrap();
        define(&mut linker, self.block, self.time);
        let instance = linker
            .instantiate(&mut store, &self.module)
            .unwrap()
            .start(&mut store)
            .unwrap();
        let entry = instance.get_typed_func::<(), ()>(&store, export).unwrap();
        let ended = entry.call(&mut store, ());
        let host = store.into_data();
        match (host.output, ended) {
            (Some((0, output)), _) => {
                self.state = host.state;
                Outcome::Done(output)
            }
            (Some((_, output)), _) => Outcome::Undone(output),
            (None, Err(error)) => Outcome::Broken(error.to_string()),
            (None, Ok(())) => Outcome::Broken("it ended without a result".to_owned()),
        }
    }
}

fn define(linker: &mut Linker<Host>, block: u32, time: u64) {
    linker
        .func_wrap(
            "seal0",
            "input",
            |mut call: Call<'_>, at: u32, length: u32| {
                let input = call.data().input.clone();
                answer(&mut call, at, length, &input)
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "seal_return",
            |mut call: Call<'_>, flags: u32, at: u32, length: u32| -> Result<(), Error> {
                let output = read(&call, at, length)?;
                call.data_mut().output = Some((flags, output));
                Err(Error::i32_exit(0))
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal2",
            "set_storage",
            |mut call: Call<'_>,
             key: u32,
             key_length: u32,
             at: u32,
             length: u32|
             -> Result<u32, Error> {
                let (key, value) = (read(&call, key, key_length)?, read(&call, at, length)?);
                let before = call.data_mut().state.storage.insert(key, value);
                Ok(before.map_or(u32::MAX, |value| u32::try_from(value.len()).unwrap()))
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal1",
            "get_storage",
            |mut call: Call<'_>,
             key: u32,
             key_length: u32,
             at: u32,
             length: u32|
             -> Result<u32, Error> {
                let key = read(&call, key, key_length)?;
                match call.data().state.storage.get(&key).cloned() {
                    Some(value) => answer(&mut call, at, length, &value).map(|()| 0),
                    None => Ok(3),
                }
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal1",
            "clear_storage",
            |mut call: Call<'_>, key: u32, length: u32| -> Result<u32, Error> {
                let key = read(&call, key, length)?;
                let before = call.data_mut().state.storage.remove(&key);
                Ok(before.map_or(u32::MAX, |value| u32::try_from(value.len()).unwrap()))
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal1",
            "contains_storage",
            |call: Call<'_>, key: u32, length: u32| -> Result<u32, Error> {
                let key = read(&call, key, length)?;
                let there = call.data().state.storage.get(&key);
                Ok(there.map_or(u32::MAX, |value| u32::try_from(value.len()).unwrap()))
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "caller",
            |mut call: Call<'_>, at: u32, length: u32| {
                let caller = call.data().caller;
                answer(&mut call, at, length, &caller)
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "address",
            |mut call: Call<'_>, at: u32, length: u32| answer(&mut call, at, length, &CONTRACT),
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "balance",
            |mut call: Call<'_>, at: u32, length: u32| {
                let balance = call
                    .data()
                    .state
                    .balances
                    .get(&CONTRACT)
                    .copied()
                    .unwrap_or(0);
                answer(&mut call, at, length, &balance.to_le_bytes())
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "value_transferred",
            |mut call: Call<'_>, at: u32, length: u32| {
                let value = call.data().value;
                answer(&mut call, at, length, &value.to_le_bytes())
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "block_number",
            move |mut call: Call<'_>, at: u32, length: u32| {
                answer(&mut call, at, length, &block.to_le_bytes())
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "now",
            move |mut call: Call<'_>, at: u32, length: u32| {
                answer(&mut call, at, length, &time.to_le_bytes())
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "deposit_event",
            |mut call: Call<'_>,
             topics: u32,
             topics_length: u32,
             at: u32,
             length: u32|
             -> Result<(), Error> {
                let event = (
                    read(&call, topics, topics_length)?,
                    read(&call, at, length)?,
                );
                call.data_mut().state.events.push(event);
                Ok(())
            },
        )
        .unwrap();
    linker
        .func_wrap(
            "seal0",
            "transfer",
            |mut call: Call<'_>,
             to: u32,
             to_length: u32,
             at: u32,
             length: u32|
             -> Result<u32, Error> {
                let to: Account = read(&call, to, to_length)?
                    .try_into()
                    .map_err(|_| Error::new("no account"))?;
                let amount = read(&call, at, length)?
                    .try_into()
                    .map_err(|_| Error::new("no amount"))?;
                let amount = u128::from_le_bytes(amount);
                let balances = &mut call.data_mut().state.balances;
                match balances
                    .get(&CONTRACT)
                    .copied()
                    .unwrap_or(0)
                    .checked_sub(amount)
                {
                    None => Ok(5),
                    Some(left) => {
                        balances.insert(CONTRACT, left);
                        *balances.entry(to).or_default() += amount;
                        Ok(0)
                    }
                }
            },
        )
        .unwrap();
}
