//! How a runtime reaches the contract VM on its host.
//!
//! A contract runs on the host until it makes a system call; then it stands still, and the runtime gets a *step*: which
//! call, its arguments, the bytes that it reads. The answer goes back with what is to be written. So the border between
//! the runtime and the host is crossed once for a system call.
//!
//! # Rules
//!
//! - I1. What the runtime sees is a function of what it hands in and of its storage: the same on every node, whatever is
//!   in a cache, whichever engine runs.
//! - I2. What goes wrong on one machine alone never reaches the runtime: the host function panics with the reason, which
//!   fails the block on this node, loudly.
//! - I3. An execution lives no longer than the layer of storage (the transaction) in which it was started. So nothing
//!   outlives an extrinsic that the author discards and the importer never sees.
//! - I4. Handles count from one, anew in each outermost layer. They say nothing about the engine.
//! - I5. No more than [`MAX_DEPTH`] executions are alive at once in one block: a contract that calls waits for its callee.
//!
//! | module | what |
//! | --- | --- |
//! | [`wire`] | how a step is laid out in a buffer of the runtime's |
//! | [`status`] | what a host function says besides |
//! | [`calls`] | the host functions |
//! | [`session`] | what a runtime uses: one execution, that ends when it is dropped |
//! | `machine` | what a host implements |

#![cfg_attr(substrate_runtime, no_std)]

extern crate alloc;

pub mod calls;
#[cfg(not(substrate_runtime))]
pub mod machine;
pub mod session;
pub mod status;
pub mod wire;

#[cfg(not(substrate_runtime))]
pub use calls::contracts_vm::HostFunctions;
#[cfg(not(substrate_runtime))]
pub use machine::{Begin, Fault, Machine, MachineExt};
pub use session::{Answer, Session, Step, SystemCall};
pub use status::Status;

/// The deepest that contracts may call one another: the root and 24 below it.
pub const MAX_DEPTH: u32 = 25;

/// Which function of a contract runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum EntryPoint {
    /// The constructor.
    Deploy = 0,
    /// Every later call.
    Call = 1,
}

impl EntryPoint {
    /// The entry point of a number. `None` if it is no one's.
    pub fn of_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(EntryPoint::Deploy),
            1 => Some(EntryPoint::Call),
            _ => None,
        }
    }
}
