//! Reading what a system call brings along, and writing what its answer brings back: the same code for every engine.

use crate::{
    error::EngineError,
    step::{Call, Gas, MAX_INPUT_BYTES, Reply, Trap},
};
use parlance_vm_abi::{Entry, Input, MAX_INPUTS, MAX_OUTPUTS, MAX_PARAMS, NONE, Output};

/// Why writing did not work.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// The contract's fault.
    Trap(Trap),
    /// The runtime's.
    Reply(EngineError),
}

/// An argument as a pointer or a length.
fn small(arguments: &[u64; MAX_PARAMS], at: u8) -> u32 {
    arguments
        .get(usize::from(at))
        .map_or(NONE, |argument| *argument as u32)
}

fn slice(memory: &[u8], at: u32, len: u32) -> Option<&[u8]> {
    let begin = at as usize;
    memory.get(begin..begin.checked_add(len as usize)?)
}

fn write(memory: &mut [u8], at: u32, bytes: &[u8]) -> Result<(), Unwritten> {
    let begin = at as usize;
    let place = begin
        .checked_add(bytes.len())
        .and_then(|end| memory.get_mut(begin..end));
    place
        .ok_or(Unwritten::Trap(Trap::OutOfBounds))?
        .copy_from_slice(bytes);
    Ok(())
}

/// Reads a system call out of the contract's memory.
pub(crate) fn read(
    entry: &Entry,
    arguments: [u64; MAX_PARAMS],
    memory: &[u8],
    gas: Gas,
) -> Result<Call, Trap> {
    let mut bytes = Vec::new();
    let mut inputs = [None; MAX_INPUTS];
    for (input, place) in entry.inputs.iter().zip(&mut inputs) {
        let (at, len) = match *input {
            Input::Fixed { at, len } => (small(&arguments, at), len),
            Input::Optional { at, .. } if small(&arguments, at) == NONE => continue,
            Input::Optional { at, len } => (small(&arguments, at), len),
            Input::Slice { at, len } => (small(&arguments, at), small(&arguments, len)),
        };
        let input = slice(memory, at, len).ok_or(Trap::OutOfBounds)?;
        let begin = bytes.len();
        if begin.saturating_add(input.len()) > MAX_INPUT_BYTES as usize {
            return Err(Trap::OutOfBounds);
        }
        bytes.extend_from_slice(input);
        *place = Some((begin as u32, bytes.len() as u32));
    }
    let mut room = [None; MAX_OUTPUTS];
    for (output, room) in entry.outputs.iter().zip(&mut room) {
        *room = match *output {
            Output::Fixed { len, .. } => Some(len),
            Output::Skippable { at, .. } if small(&arguments, at) == NONE => None,
            Output::Buffer { len_at, .. } | Output::Skippable { len_at, .. } => {
                let len = slice(memory, small(&arguments, len_at), 4);
                len.and_then(|len| Some(u32::from_le_bytes(len.try_into().ok()?)))
            }
        };
    }
    Ok(Call {
        id: entry.id,
        arguments,
        gas,
        room,
        bytes,
        inputs,
    })
}

/// Writes an answer into the contract's memory.
pub(crate) fn answer(
    entry: &Entry,
    arguments: &[u64; MAX_PARAMS],
    memory: &mut [u8],
    reply: &Reply,
) -> Result<(), Unwritten> {
    for (place, bytes) in reply.outputs.iter().enumerate() {
        let Some(bytes) = bytes else { continue };
        let misfit = |why| Unwritten::Reply(EngineError::Reply(why));
        let output = entry
            .outputs
            .get(place)
            .ok_or(misfit("the call has no such output"))?;
        match *output {
            Output::Fixed { at, len } => {
                if bytes.len() != len as usize {
                    return Err(misfit("an output of a fixed length has another"));
                }
                write(memory, small(arguments, at), bytes)?;
            }
            Output::Skippable { at, .. } if small(arguments, at) == NONE => (),
            Output::Buffer { at, len_at } | Output::Skippable { at, len_at } => {
                let len_at = small(arguments, len_at);
                let room = slice(memory, len_at, 4).and_then(|len| len.try_into().ok());
                let room = room
                    .map(u32::from_le_bytes)
                    .ok_or(Unwritten::Trap(Trap::OutOfBounds))?;
                let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                if len > room {
                    return Err(misfit("an output is longer than its buffer"));
                }
                write(memory, small(arguments, at), bytes)?;
                write(memory, len_at, &len.to_le_bytes())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
