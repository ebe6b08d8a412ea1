//! What crosses the border between a contract and the runtime.

use parlance_vm_abi::{CallId, Entry, MAX_INPUTS, MAX_OUTPUTS, MAX_PARAMS};

/// An amount of gas. Never more than [`Gas::MAX`], which is what the meter in a contract can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gas(u64);

impl Gas {
    /// The most that there can be.
    pub const MAX: Gas = Gas(i64::MAX as u64);

    /// So much gas, or the most that there can be.
    pub fn new(amount: u64) -> Self {
        Gas(amount.min(Self::MAX.0))
    }

    /// The amount.
    pub fn amount(self) -> u64 {
        self.0
    }

    /// As the meter keeps it.
    pub(crate) fn meter(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// What the meter says. `None` below zero: the mark of gas that ran out.
    pub(crate) fn of_meter(meter: i64) -> Option<Self> {
        u64::try_from(meter).ok().map(Gas)
    }
}

/// Which of the two functions of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPoint {
    /// The constructor.
    Deploy,
    /// Every later call.
    Call,
}

/// How far an execution came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The contract made a system call and waits for its answer.
    Call(Call),
    /// The function returned.
    Done(Done),
    /// The contract cannot go on.
    Trapped(Trapped),
}

/// The function of a contract returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// What it returned. Contracts answer through system calls; old code has a result that nobody looks at.
    pub result: Option<i32>,
    /// The gas that is left.
    pub gas: Gas,
}

/// A contract cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trapped {
    /// Why.
    pub trap: Trap,
    /// The gas that is left.
    pub gas: Gas,
}

/// Why a contract cannot go on: all that consensus ever sees of an engine. Engines differ in how finely they tell traps
/// apart and in which comes first, so nothing finer is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Trap {
    /// The gas does not reach for the next basic block. Nothing of it is left.
    OutOfGas = 1,
    /// Calls within calls need more stack than there is.
    StackOverflow = 2,
    /// An argument of a system call points outside the memory, or at more than [`MAX_INPUT_BYTES`].
    OutOfBounds = 3,
    /// Anything else that Wasm calls a trap: `unreachable`, a division by zero, a load outside the memory.
    Trapped = 4,
}

/// How much one system call can bring along, in bytes: the memory of the largest contract.
pub const MAX_INPUT_BYTES: u32 = 16 * 65536;

/// A system call. The bytes that it reads have come along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which.
    pub id: CallId,
    /// The arguments, a 32-bit one in the lower half. Behind the call's own, zeros.
    pub arguments: [u64; MAX_PARAMS],
    /// The gas that is left.
    pub gas: Gas,
    /// Room in the buffers that it writes to, in the order of the table. `None`: it has no such output, the contract
    /// wants none, or the pointer to the length is bad; whoever writes there all the same makes the contract trap.
    pub room: [Option<u32>; MAX_OUTPUTS],
    /// The inputs, one behind the other.
    pub(crate) bytes: Vec<u8>,
    /// Where they are in `bytes`.
    pub(crate) inputs: [Option<(u32, u32)>; MAX_INPUTS],
}

impl Call {
    /// An input, by its place in the table. `None` if there is none, or the contract gave no value for it.
    pub fn input(&self, place: usize) -> Option<&[u8]> {
        let (begin, end) = (*self.inputs.get(place)?)?;
        self.bytes.get(begin as usize..end as usize)
    }

    /// All inputs, one behind the other.
    pub fn inputs(&self) -> &[u8] {
        &self.bytes
    }

    /// What is known of the call.
    pub fn entry(&self) -> Option<&'static Entry> {
        self.id.entry()
    }
}

/// The answer to a system call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The result, if the call has one; a 32-bit one in the lower half.
    pub result: u64,
    /// The gas that the contract goes on with.
    pub gas: Gas,
    /// What is written, in the order of the table. `None`: nothing.
    pub outputs: [Option<Vec<u8>>; MAX_OUTPUTS],
}
