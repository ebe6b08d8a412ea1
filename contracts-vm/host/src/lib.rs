//! The contract VM as a runtime's host functions see it.
//!
//! [`Vm`] is the node's: an engine, the code that it has compiled, places in its pool. [`Vm::extension`] is one block's: the
//! executions that are alive in it, which end with the storage transaction that they began in.
//!
//! # Rules
//!
//! - H1. Nothing that this crate tells a runtime depends on what is in a cache or in the pool.
//! - H2. Places are taken for a whole call tree, [`MAX_DEPTH`] at once, when its root starts, by waiting; they are given
//!   back when no execution of the block is alive. A tree that waited for places while it holds some could wait for
//!   ever; one that failed for lack of them would differ between nodes.
//! - H3. An [`EngineError`] is the machine's: it goes to the host function as a fault, never into a step. The exception is
//!   `Reply`, which says that the runtime is wrong, everywhere alike.
//! - H4. Code out of the storage is compiled only if its hash is the one that was asked for: another would stay in the
//!   cache under that hash, and be executed on this node alone.

mod block;
mod places;

use block::Block;
use parlance_vm_engine::{Artifacts, CodeError, Codes, Engine, EngineError};
use parlance_vm_interface::{Fault, MAX_DEPTH, MachineExt, Status};
use places::Places;
use std::sync::Arc;

pub use parlance_vm_engine as engine;

/// The node's contract VM.
pub struct Vm {
    codes: Codes,
    places: Arc<Places>,
}

impl Vm {
    /// A VM on an engine, which must have [`instances`](Self::instances) for so many call trees at once. `capacity`: how
    /// many contracts are kept compiled in memory.
    pub fn new(
        engine: Arc<dyn Engine>,
        artifacts: Option<Artifacts>,
        capacity: usize,
        trees: u32,
    ) -> Arc<Self> {
        Arc::new(Vm {
            codes: Codes::new(engine, artifacts, capacity),
            places: Places::new(trees),
        })
    }

    /// The instances that an engine needs for so many call trees at once.
    pub const fn instances(trees: u32) -> u32 {
        trees.saturating_mul(MAX_DEPTH)
    }

    /// The code that is compiled, and its counters.
    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    /// The VM for one block: for the externalities that the block is executed with.
    pub fn extension(self: &Arc<Self>) -> MachineExt {
        MachineExt(Box::new(Block::new(self.clone())))
    }
}

/// What an engine's error is to a runtime (H3).
fn fault(error: EngineError) -> Fault {
    match error {
        EngineError::Reply(_) => Fault::Status(Status::Misfit),
        other => Fault::Machine(other.to_string()),
    }
}

fn code_fault(error: CodeError) -> Fault {
    match error {
        CodeError::Refused(_) => Fault::Status(Status::Refused),
        CodeError::Engine(error) => fault(error),
    }
}
