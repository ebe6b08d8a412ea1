//! Makes the Wasm of a contract fit to run on every node alike.
//!
//! [`prepare`] takes the bytes that somebody uploads. It validates them, refuses what contracts have not, holds them
//! against the limits, and writes a meter for gas and one for the stack into the code. What comes out is a plain Wasm
//! module that stops by itself, on any engine, at the same instruction.
//!
//! It is a pure function of the bytes and of versioned [`Rules`], needs no standard library, and answers every input
//! with a module or with a reason. So it may run on the host as well as in a runtime.
//!
//! | module | what |
//! | --- | --- |
//! | [`rules`] | limits and prices, by version |
//! | [`operators`] | the instructions that are allowed, and the price of each |
//! | `scan` | reading: sections, limits, imports, exports |
//! | `function` | rules G1-G5 and S1-S2: where is charged how much |
//! | `emit`, `assemble` | writing |
//! | [`refused`] | reasons |
//!
//! # What the code is rid of
//!
//! Floats (their not-a-numbers differ between machines), a start function (it would run before there is gas), memories
//! and tables without a maximum (growing them would depend on the machine), imports that are no system calls, segments
//! that do not fit (instantiating would fail), and everything newer than Wasm 1.0 and sign extension: each such thing
//! needs a price and a limit before it can come.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod assemble;
mod emit;
mod function;
pub mod operators;
pub mod refused;
pub mod rules;
mod scan;

use alloc::vec::Vec;
use parlance_vm_abi::CallId;

pub use refused::Refused;
pub use rules::{Costs, Limits, Rules};
pub use scan::{Age, Memory};

/// What a prepared module exports besides `deploy` and `call`.
pub mod exports {
    /// The memory, if the contract has one.
    pub const MEMORY: &str = "memory";
    /// `i64`: the gas that is left. -1 when it ran out.
    pub const GAS: &str = "gas";
    /// `i32`: the slots of stack that are left. -1 when they ran out.
    pub const STACK: &str = "stack";
}

/// A module that can be given to an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The module.
    pub code: Vec<u8>,
    /// What the runtime wants to know of it.
    pub facts: Facts,
}

/// What is known of a prepared module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The version of the rules.
    pub rules: u16,
    /// Its memory.
    pub memory: Option<Memory>,
    /// The system calls that it imports, in the order of its imports.
    pub calls: Vec<CallId>,
    /// Functions of its own.
    pub functions: u32,
}

/// Prepares a module.
///
/// # Errors
/// If it is not a contract by these rules. The reason says what its author can do.
pub fn prepare(code: &[u8], age: Age, rules: &Rules) -> Result<Prepared, Refused> {
    let scan = scan::scan(code, age, rules)?;
    let facts = Facts {
        rules: rules.version,
        memory: scan.memory,
        calls: scan.imports.iter().map(|import| import.id).collect(),
        functions: scan.bodies.len() as u32,
    };
    Ok(Prepared {
        code: assemble::assemble(code, &scan, rules)?,
        facts,
    })
}
