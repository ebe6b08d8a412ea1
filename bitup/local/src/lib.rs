//! A chain in memory, for contracts under test.
//!
//! It has accounts, storage, events, a block and a time, and the system calls that bitUp's code makes. Code is prepared as
//! the chain prepares it, and runs in the reference interpreter of `contracts-vm`, which counts gas as the prepared code
//! would. It knows nothing of the language: what it says of a contract is what any chain would see.
//!
//! Pure: no clock, no randomness, no file.

mod calls;
mod run;
mod state;

pub use state::{Account, Event, State};

use parlance_vm_abi::{CALL, CallId, DEPLOY};
use parlance_vm_prepare::{Age, Refused, Rules, prepare};
use run::{Around, Entering, execute};

/// Milliseconds between blocks.
pub const BLOCK_TIME: u64 = 6_000;

/// Code that contracts can be made of.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    wasm: Vec<u8>,
    calls: Vec<CallId>,
}

/// Code that the chain refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chain refuses the code: {0}")]
pub struct CodeRefused(#[from] Refused);

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, with what the contract returned.
    Done(Vec<u8>),
    /// Undone by the contract, with what it returned.
    Undone(Vec<u8>),
    /// Undone because it ran out of gas or stack, or trapped.
    Broken(String),
}

/// A call that ended, with what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How it ended.
    pub outcome: Outcome,
    /// Gas that its instructions took; system calls are not counted.
    pub gas: u64,
}

/// The chain.
#[derive(Clone, Debug)]
pub struct Chain {
    codes: Vec<Code>,
    /// What stays between calls.
    pub state: State,
    /// The block's number.
    pub block: u32,
    /// The block's time in milliseconds.
    pub time: u64,
    /// Gas that a call may take.
    pub gas: u64,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            codes: Vec::new(),
            state: State::default(),
            block: 1,
            time: BLOCK_TIME,
            gas: 100_000_000,
        }
    }
}

impl Chain {
    /// Takes code in, and gives its number.
    ///
    /// # Errors
    /// When the chain would refuse it.
    pub fn upload(&mut self, wasm: &[u8]) -> Result<usize, CodeRefused> {
        let prepared = prepare(wasm, Age::New, &Rules::V1)?;
        self.codes.push(Code {
            wasm: wasm.to_vec(),
            calls: prepared.facts.calls,
        });
        Ok(self.codes.len() - 1)
    }

    /// Makes a contract of code at an address. What is undone leaves nothing.
    pub fn deploy(
        &mut self,
        code: usize,
        address: Account,
        caller: Account,
        value: u128,
        input: &[u8],
    ) -> Receipt {
        // A contract begins with nothing.
        self.state.balances.entry(address).or_insert(0);
        let receipt = self.enter(DEPLOY, Some(code), address, caller, value, input);
        if matches!(receipt.outcome, Outcome::Done(_)) {
            self.state.contracts.insert(address, code);
        }
        receipt
    }

    /// Calls a contract. What is undone leaves nothing.
    pub fn call(
        &mut self,
        address: Account,
        caller: Account,
        value: u128,
        input: &[u8],
    ) -> Receipt {
        let code = self.state.contracts.get(&address).copied();
        self.enter(CALL, code, address, caller, value, input)
    }

    /// Lets time pass, and the blocks that are made meanwhile.
    pub fn wait(&mut self, milliseconds: u64) {
        self.time = self.time.saturating_add(milliseconds);
        let blocks = milliseconds.div_ceil(BLOCK_TIME);
        let blocks = u32::try_from(blocks).unwrap_or(u32::MAX);
        self.block = self.block.saturating_add(blocks);
    }

    fn enter(
        &mut self,
        export: &str,
        code: Option<usize>,
        address: Account,
        caller: Account,
        value: u128,
        input: &[u8],
    ) -> Receipt {
        let around = Around {
            codes: &self.codes,
            block: self.block,
            time: self.time,
        };
        let entering = Entering {
            export,
            code,
            address,
            caller,
            value,
            input,
            read_only: false,
            active: Vec::new(),
        };
        execute(&around, &mut self.state, entering, self.gas)
    }
}
