//! How a step is laid out.
//!
//! All numbers are little endian. Behind the head are the inputs of the system call, one behind the other, if the buffer
//! has room for all of them; otherwise they stay on the host until they are fetched.
//!
//! | at | bytes | what |
//! | --- | --- | --- |
//! | 0 | 1 | kind: 1 call, 2 done, 3 trapped |
//! | 1 | 1 | done: whether there is a result; trapped: why |
//! | 2 | 2 | the id of the system call |
//! | 4 | 4 | the handle |
//! | 8 | 8 | the gas that is left |
//! | 16 | 2 x 4 | room in the outputs; all bits set: none |
//! | 24 | 5 x 4 | lengths of the inputs; all bits set: no such input |
//! | 44 | 4 | the lengths together |
//! | 48 | 13 x 8 | the arguments; done: the result in the first |

use parlance_vm_abi::{CallId, MAX_INPUTS, MAX_OUTPUTS, MAX_PARAMS};

/// Bytes of the head.
pub const HEAD: usize = 152;
/// Bytes of the buffer that [`Session`](crate::Session) hands in: the head, and inputs of a usual call.
pub const BUFFER: usize = 512;
/// Stands for "none" where a length is.
const NONE: u32 = u32::MAX;

/// Why a contract cannot go on: all that a runtime sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Trap {
    /// The gas does not reach.
    OutOfGas = 1,
    /// Calls within calls need more stack than there is.
    StackOverflow = 2,
    /// An argument of a system call points outside the memory.
    OutOfBounds = 3,
    /// Anything else that Wasm calls a trap.
    Trapped = 4,
}

impl Trap {
    /// The trap of a number. `None` if it is no one's.
    pub fn of_number(number: u8) -> Option<Self> {
        [
            Trap::OutOfGas,
            Trap::StackOverflow,
            Trap::OutOfBounds,
            Trap::Trapped,
        ]
        .into_iter()
        .find(|trap| *trap as u8 == number)
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A system call.
    Call(CallId),
    /// The function returned.
    Done(Option<i32>),
    /// The contract cannot go on.
    Trapped(Trap),
}

/// The head of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What happened.
    pub kind: Kind,
    /// Of which execution.
    pub session: u32,
    /// The gas that is left.
    pub gas: u64,
    /// Room in the outputs that the contract wants.
    pub room: [Option<u32>; MAX_OUTPUTS],
    /// Lengths of the inputs.
    pub lengths: [Option<u32>; MAX_INPUTS],
    /// The arguments; zeros behind the call's own.
    pub arguments: [u64; MAX_PARAMS],
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// A length. No output and no input is as long as the one that stands for none.
fn number(length: Option<u32>) -> u32 {
    length.map_or(NONE, |length| length.min(NONE - 1))
}

fn length(number: u32) -> Option<u32> {
    (number != NONE).then_some(number)
}

impl Head {
    /// The inputs' lengths together, in bytes.
    pub fn inputs(&self) -> u32 {
        self.lengths
            .iter()
            .flatten()
            .fold(0, |sum: u32, length| sum.saturating_add(*length))
    }

    /// Writes the head to the beginning of a buffer. `None`: it is too short, and nothing was written.
    pub fn write(&self, buffer: &mut [u8]) -> Option<()> {
        let bytes = buffer.get_mut(..HEAD)?;
        let (kind, detail, id, first) = match self.kind {
            Kind::Call(id) => (1, 0, id.0, None),
            Kind::Done(result) => (
                2,
                u8::from(result.is_some()),
                0,
                Some(result.unwrap_or(0).cast_unsigned()),
            ),
            Kind::Trapped(trap) => (3, trap as u8, 0, None),
        };
        put(bytes, 0, &[kind, detail]);
        put(bytes, 2, &id.to_le_bytes());
        put(bytes, 4, &self.session.to_le_bytes());
        put(bytes, 8, &self.gas.to_le_bytes());
        for (place, room) in self.room.iter().enumerate() {
            put(bytes, 16 + 4 * place, &number(*room).to_le_bytes());
        }
        for (place, length) in self.lengths.iter().enumerate() {
            put(bytes, 24 + 4 * place, &number(*length).to_le_bytes());
        }
        put(bytes, 44, &self.inputs().to_le_bytes());
        for (place, argument) in self.arguments.iter().enumerate() {
            put(bytes, 48 + 8 * place, &argument.to_le_bytes());
        }
        if let Some(result) = first {
            put(bytes, 48, &u64::from(result).to_le_bytes());
        }
        Some(())
    }

    /// Reads a head. `None`: it is too short, or not what [`write`](Self::write) writes.
    pub fn read(buffer: &[u8]) -> Option<Self> {
        let bytes = buffer.get(..HEAD)?;
        let [kind, detail] = take(bytes, 0)?;
        let mut arguments = [0; MAX_PARAMS];
        for (place, argument) in arguments.iter_mut().enumerate() {
            *argument = u64::from_le_bytes(take(bytes, 48 + 8 * place)?);
        }
        let mut room = [None; MAX_OUTPUTS];
        for (place, room) in room.iter_mut().enumerate() {
            *room = length(u32::from_le_bytes(take(bytes, 16 + 4 * place)?));
        }
        let mut lengths = [None; MAX_INPUTS];
        for (place, entry) in lengths.iter_mut().enumerate() {
            *entry = length(u32::from_le_bytes(take(bytes, 24 + 4 * place)?));
        }
        let kind = match kind {
            1 => Kind::Call(CallId(u16::from_le_bytes(take(bytes, 2)?))),
            2 => {
                let result = (arguments[0] as u32).cast_signed();
                arguments[0] = 0;
                Kind::Done((detail == 1).then_some(result))
            }
            3 => Kind::Trapped(Trap::of_number(detail)?),
            _ => return None,
        };
        Some(Head {
            kind,
            session: u32::from_le_bytes(take(bytes, 4)?),
            gas: u64::from_le_bytes(take(bytes, 8)?),
            room,
            lengths,
            arguments,
        })
    }
}

#[cfg(test)]
mod tests;
