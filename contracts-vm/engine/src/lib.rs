//! Runs prepared contracts.
//!
//! A contract runs until it makes a system call; then it stands still, whoever runs it answers, and it goes on:
//! [`Code::start`], [`Execution::resume`], as often as it takes, until it returns or traps. The bytes that a call reads
//! come along with it, and what it writes goes back with the answer, so the border is crossed once for a call.
//!
//! There are two engines behind one trait. [`compiled`] makes machine code and runs it on a stack of its own, which is
//! what stands still. [`interpreter`] walks over the code; it is slow, simple and by other people: the one to compare
//! with, and to switch to when the compiler is found to have a hole.
//!
//! # Rules
//!
//! - E1. Engines get only what `parlance-vm-prepare` has made. Gas and stack are counted in that code, by both engines
//!   alike; the engines' own means of counting are off.
//! - E2. What consensus sees is a [`Step`]. Of a trap it sees one of a few kinds ([`Trap`]).
//! - E3. Which of the two marks a prepared contract set before it stopped says what ran out. Every other trap that Wasm
//!   has is [`Trap::Trapped`].
//! - E4. The machine must never run out before the contract's limits do. If it does, that is an [`EngineError`], never a
//!   step.
//! - E5. What the cache holds changes how long something takes, and nothing else.
//!
//! | module | what |
//! | --- | --- |
//! | [`step`] | what crosses the border |
//! | `border` | reading and writing the contract's memory for it |
//! | [`compiled`] | wasmtime: Cranelift or Winch, fibers, a pool of instances |
//! | [`interpreter`] | wasmi: calls that can be resumed |
//! | [`artifacts`] | compiled code on disk, authenticated |
//! | [`codes`] | compiled code in memory, each compiled once |
//! | [`metrics`] | what a node reports of it |

pub mod artifacts;
mod border;
pub mod codes;
// The border serves the engines; without one there is nothing to serve.
#[cfg(not(any(feature = "compiled", feature = "interpreter")))]
compile_error!("choose an engine: compiled, interpreter, or both");

#[cfg(feature = "compiled")]
pub mod compiled;
pub mod error;
#[cfg(feature = "interpreter")]
pub mod interpreter;
pub mod metrics;
pub mod step;

use std::sync::Arc;

pub use artifacts::{Artifacts, Authentic, Key};
pub use codes::{CodeError, Codes};
#[cfg(feature = "compiled")]
pub use compiled::{Compiled, Compiler};
pub use error::EngineError;
#[cfg(feature = "interpreter")]
pub use interpreter::Interpreter;
pub use metrics::Metrics;
pub use step::{Call, Done, EntryPoint, Gas, Reply, Step, Trap, Trapped};

/// Something that runs prepared contracts.
pub trait Engine: Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// Stands for everything that shapes what it makes of a contract, besides the contract: its version, its settings,
    /// the features of the processor.
    fn build(&self) -> [u8; 32];

    /// Makes a prepared contract ready to run.
    ///
    /// # Errors
    /// If the engine does not take it, which is a defect: it has been validated.
    fn compile(&self, prepared: &[u8]) -> Result<Arc<dyn Code>, EngineError>;

    /// Takes back what [`Code::artifact`] gave. `None` if it cannot be used: then it is to be compiled.
    fn restore(&self, artifact: &Authentic) -> Option<Arc<dyn Code>>;
}

/// A contract that is ready to run.
pub trait Code: Send + Sync {
    /// Makes an instance, and runs it up to its first step.
    ///
    /// # Errors
    /// If the machine does not allow for it.
    fn start(&self, entry: EntryPoint, gas: Gas)
    -> Result<(Box<dyn Execution>, Step), EngineError>;

    /// What is worth keeping on disk. `None` if compiling anew is no slower.
    fn artifact(&self) -> Option<Vec<u8>>;
}

/// A contract that stands still at a system call, or has ended. Dropping it ends it.
pub trait Execution: Send {
    /// Goes on with the answer to the system call, up to the next step.
    ///
    /// # Errors
    /// If no call waits, if the answer does not fit it, or if the machine runs out.
    fn resume(&mut self, reply: Reply) -> Result<Step, EngineError>;

    /// The contract's memory, when it has ended: for traces and for comparing engines. `None` while it has not.
    fn memory(&mut self) -> Option<Vec<u8>>;
}
