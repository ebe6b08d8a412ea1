//! Runs the code generator's form as it stands: the second reading of a program, against which the Wasm is tested, and what
//! runs tests of the language.
//!
//! It is pure. Storage, accounts, time and other contracts are a [`World`] that is handed in. It counts steps and depth, so
//! that every program ends, and no gas.

mod arithmetic;
mod entry;
mod machine;
mod outside;
mod parts;
mod storage;
mod value;

pub use arithmetic::{arithmetic, compares, fitting, mul_div, wrapped};
pub use entry::{Ended, enter};
pub use machine::{MOST_DEPTH, Machine};
pub use value::{Value, compact};

use crate::{check::FileNumber, span::Span};

/// The chain around a contract, or around a test. What only the other one asks for need not be given.
pub trait World {
    /// The block's number.
    fn block(&self) -> u32;

    /// The block's time in milliseconds.
    fn time(&self) -> u64;

    /// What an account has.
    fn balance(&self, who: &[u8; 32]) -> u128;

    /// Contracts: what lies under a key.
    fn read(&mut self, _key: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Contracts: puts something under a key, or removes what lies there.
    fn write(&mut self, _key: &[u8], _value: Option<&[u8]>) {}

    /// Contracts: who called.
    fn sender(&self) -> [u8; 32] {
        [0; 32]
    }

    /// Contracts: the tokens that came with the call.
    fn received(&self) -> u128 {
        0
    }

    /// Contracts: the contract's own address.
    fn address(&self) -> [u8; 32] {
        [0; 32]
    }

    /// Contracts: writes an event.
    fn event(&mut self, _topics: &[u8], _data: &[u8]) {}

    /// Contracts: sends tokens; false when that fails.
    fn transfer(&mut self, _to: &[u8; 32], _amount: u128) -> bool {
        false
    }

    /// Tests: makes a contract and gives its address.
    ///
    /// # Errors
    /// With why its constructor failed.
    fn deploy(&mut self, _contract: usize, _call: Asked) -> Result<[u8; 32], Refusal> {
        Err(Refusal::unknown())
    }

    /// Calls a contract and gives the bytes of its result.
    ///
    /// # Errors
    /// With why it failed.
    fn call(&mut self, _to: &[u8; 32], _call: Asked) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::unknown())
    }

    /// Tests: so many milliseconds pass.
    fn wait(&mut self, _milliseconds: u64) {}
}

/// A call of another contract, or one that a test makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What is called, for people.
    pub name: String,
    /// Four bytes that say what is called, and the arguments in SCALE.
    pub input: Vec<u8>,
    /// Tests: the account that calls; none for the one that calls without being named.
    pub from: Option<[u8; 32]>,
    /// The tokens that go with it.
    pub value: u128,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the error.
    pub error: String,
    /// The error with its fields.
    pub shown: String,
    /// The bytes that the contract gave back; none where it gave nothing.
    pub output: Vec<u8>,
}

impl Refusal {
    fn unknown() -> Self {
        Self {
            error: "Unknown".to_owned(),
            shown: "there is no such contract".to_owned(),
            output: Vec::new(),
        }
    }
}

/// Why a run ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// An error: its number and the bytes of its fields.
    Failed(usize, Vec<u8>),
    /// Tests: what was to hold does not.
    Unmet(String),
    /// A call of another contract failed and nothing caught it.
    Refused(Refusal),
    /// Tests: the arguments are not those that the test is about.
    Unfit,
    /// It took too many steps.
    Steps,
    /// Calls within calls are too many.
    Depth,
    /// The program is not one that the compiler makes.
    Malformed,
}

/// Where a run of a test stands.
pub type Standing = Option<(FileNumber, Span)>;
