//! What a host implements, and the extension that hands it to the host functions.

use crate::{EntryPoint, Status};
use parlance_vm_abi::MAX_OUTPUTS;
use sp_externalities::{TransactionType, decl_extension};

/// Which contract is to run, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The hash of the code as it was uploaded (BLAKE2b, 32 bytes).
    pub code_hash: [u8; 32],
    /// The version of the rules that it was prepared by.
    pub rules: u16,
    /// The function.
    pub entry: EntryPoint,
    /// The gas it may use.
    pub gas: u64,
}

/// What an answer brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resume<'a> {
    /// The result of the call; a 32-bit one in the lower half.
    pub result: u64,
    /// The gas that the contract goes on with.
    pub gas: u64,
    /// What is written, in the order of the table of calls.
    pub outputs: [Option<&'a [u8]>; MAX_OUTPUTS],
}

/// Why a machine did not do what it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// For the runtime, and the same on every node.
    Status(Status),
    /// The code is not in memory and not on disk: the storage is to be asked for it. Never crosses the border.
    CodeWanted,
    /// Of this machine. Fails the block (I2).
    Machine(String),
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        Fault::Status(status)
    }
}

/// The VM as it is seen by one block (one instance of the runtime's API).
pub trait Machine: Send {
    /// Whether these bytes are a contract by the rules of this version; if so, they are compiled, so that the first call
    /// finds them ready. `reason` gets what an author can read, as much of it as fits; what is behind it becomes zero.
    ///
    /// # Errors
    /// [`Status::Refused`], [`Status::UnknownRules`], or the machine's own.
    fn check(
        &mut self,
        code_hash: [u8; 32],
        code: &[u8],
        rules: u16,
        reason: &mut [u8],
    ) -> Result<(), Fault>;

    /// Starts a contract, and writes its first step. `code` is what was uploaded, if the storage has been asked.
    ///
    /// # Errors
    /// [`Fault::CodeWanted`] if `code` is `None` and is needed; a status; the machine's own.
    fn start(&mut self, begin: Begin, code: Option<&[u8]>, step: &mut [u8]) -> Result<(), Fault>;

    /// Answers a system call, and writes the next step.
    ///
    /// # Errors
    /// A status; the machine's own.
    fn resume(&mut self, session: u32, answer: Resume<'_>, step: &mut [u8]) -> Result<(), Fault>;

    /// Copies the inputs of the call that a session stands at.
    ///
    /// # Errors
    /// A status.
    fn fetch(&mut self, session: u32, inputs: &mut [u8]) -> Result<(), Fault>;

    /// Ends an execution. Nothing happens if there is none.
    fn end(&mut self, session: u32);

    /// A storage transaction begins.
    fn begin_layer(&mut self, by: TransactionType);

    /// A storage transaction ends, whether it is kept or undone: an execution that began in it ends with it (I3).
    fn end_layer(&mut self, by: TransactionType);
}

decl_extension! {
    /// The VM, as an extension of the externalities.
    pub struct MachineExt(Box<dyn Machine>);

    impl MachineExt {
        fn start_transaction(&mut self, ty: TransactionType) {
            self.0.begin_layer(ty);
        }
        fn commit_transaction(&mut self, ty: TransactionType) {
            self.0.end_layer(ty);
        }
        fn rollback_transaction(&mut self, ty: TransactionType) {
            self.0.end_layer(ty);
        }
    }
}
