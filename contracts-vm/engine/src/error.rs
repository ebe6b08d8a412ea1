//! What is not the contract's doing.

/// Something that must not happen, whatever a contract does. It says nothing about the contract, so no chain may make
/// anything of it: who gets one stops, loudly, before a block is made or imported that other nodes would see otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The engine cannot be set up on this machine.
    #[error(
        "the contract engine cannot be set up: {0}; start the node with --contracts-engine interpreter"
    )]
    Setup(String),
    /// Prepared code is not accepted by the engine.
    #[error(
        "prepared code is not accepted by the engine: {0}; this is a defect, report it with the code's hash"
    )]
    Compile(String),
    /// An instance cannot be made.
    #[error("a contract cannot be instantiated: {0}; raise the number of instances of the engine")]
    Instantiate(String),
    /// The native stack or another resource of the machine ran out before the contract's own limit.
    #[error(
        "the machine ran out before the contract's limits did: {0}; this is a defect, report it"
    )]
    Machine(String),
    /// A resume without a call that waits, or an answer that does not fit the call.
    #[error("the answer does not fit the system call: {0}")]
    Reply(&'static str),
}
