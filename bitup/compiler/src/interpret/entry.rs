//! A contract as it is entered: by bytes, for bytes.

use super::{Machine, Stop, Value, World};
use crate::ir::{CALL_FAILED, Entry, Module, NOT_PERMITTED, TOKENS_NOT_TAKEN};

/// What a contract gave back. What is undone has left nothing, which whoever keeps the storage sees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Done, with these bytes.
    Done(Vec<u8>),
    /// Undone, with these bytes.
    Undone(Vec<u8>),
}

/// Makes or calls a contract.
///
/// # Errors
/// When it takes more steps or depth than it may.
pub fn enter(
    module: &Module,
    world: &mut dyn World,
    deploy: bool,
    input: &[u8],
    steps: u64,
) -> Result<Ended, Stop> {
    let malformed = Ended::Undone(vec![1, 1]);
    let Some((selector, arguments)) = input.split_first_chunk::<4>() else {
        return Ok(malformed);
    };
    let entries: &[Entry] = if deploy {
        std::slice::from_ref(&module.constructor)
    } else {
        &module.messages
    };
    let Some(entry) = entries.iter().find(|entry| entry.selector == *selector) else {
        return Ok(malformed);
    };
    match run(module, world, entry, arguments, steps) {
        Ok(Some(result)) => Ok(Ended::Done([vec![0, 0], result].concat())),
        Ok(None) => Ok(malformed),
        Err(Stop::Failed(error, fields)) => {
            let number = u8::try_from(error).map_err(|_| Stop::Malformed)?;
            Ok(Ended::Undone([vec![0, 1, number], fields].concat()))
        }
        Err(Stop::Refused(_)) => {
            let number = u8::try_from(CALL_FAILED).map_err(|_| Stop::Malformed)?;
            Ok(Ended::Undone(vec![0, 1, number]))
        }
        Err(other) => Err(other),
    }
}

/// The bytes of the result; none when the arguments cannot be read.
fn run(
    module: &Module,
    world: &mut dyn World,
    entry: &Entry,
    arguments: &[u8],
    steps: u64,
) -> Result<Option<Vec<u8>>, Stop> {
    let function = module
        .functions
        .get(entry.function)
        .ok_or(Stop::Malformed)?;
    if !entry.payable && world.received() != 0 {
        return Err(Stop::Failed(TOKENS_NOT_TAKEN, Vec::new()));
    }
    let mut values = Vec::new();
    let mut rest = arguments;
    for shape in &function.locals[..function.parameters] {
        let Some((value, behind)) = Value::decode(shape, rest) else {
            return Ok(None);
        };
        values.push(value);
        rest = behind;
    }
    let mut machine = Machine::new(module.bodies(), world, steps);
    let mut permitted = entry.callers.is_empty();
    for caller in &entry.callers {
        permitted |= machine.truth(caller, &mut [])?;
    }
    if !permitted {
        return Err(Stop::Failed(NOT_PERMITTED, Vec::new()));
    }
    let result = machine.function(entry.function, values)?;
    if let Some(invariants) = module.invariants.filter(|_| entry.writes) {
        machine.function(invariants, Vec::new())?;
    }
    Ok(Some(result.encode(&function.result)))
}
