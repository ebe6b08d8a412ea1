//! The system calls, as the table of `contracts-vm` describes them.

use crate::{
    Outcome,
    run::{Around, Entering, execute},
    state::{Account, Event, State},
};
use blake2::{Blake2b256, Digest};
use parlance_vm_abi::{CALL, CallId, id};
use parlance_vm_reference::{Host, Stop};

/// What a call answers when nothing lies under a key, and when there was nothing before.
const KEY_NOT_FOUND: u64 = 3;
const NOTHING_BEFORE: u64 = u32::MAX as u64;
/// What a transfer answers when it fails.
const TRANSFER_FAILED: u64 = 5;

/// What a call of another contract answers.
const DONE: u64 = 0;
const TRAPPED: u64 = 1;
const REVERTED: u64 = 2;
const NOT_CALLABLE: u64 = 8;
/// The longest key and value that a chain keeps.
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 16 * 1024;
/// Contracts that call each other in a row.
const MOST_ACTIVE: usize = 8;
/// The flag of a call in which nothing may be written.
const READ_ONLY: u32 = 16;

/// One call of a contract.
pub(crate) struct Session<'c> {
    around: &'c Around<'c>,
    calls: &'c [CallId],
    pub(crate) state: State,
    entering: Entering<'c>,
    budget: u64,
    /// Gas of the calls that it made.
    pub(crate) inner_gas: u64,
    /// What the contract returned, with its flags.
    pub(crate) output: Option<(u32, Vec<u8>)>,
    /// Why a system call ended it.
    pub(crate) fault: String,
}

/// The arguments of a call.
struct Arguments<'a> {
    values: &'a [u64],
    memory: &'a mut [u8],
}

impl Arguments<'_> {
    fn number(&self, at: usize) -> Option<u32> {
        self.values
            .get(at)
            .and_then(|value| u32::try_from(*value).ok())
    }

    /// The bytes at one argument, as many as another says.
    fn bytes(&self, at: usize, length: usize) -> Option<Vec<u8>> {
        let (at, length) = (self.number(at)?, self.number(length)?);
        self.fixed(at, length as usize)
    }

    fn fixed(&self, at: u32, length: usize) -> Option<Vec<u8>> {
        let end = (at as usize).checked_add(length)?;
        self.memory.get(at as usize..end).map(<[u8]>::to_vec)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Option<()> {
        let end = (at as usize).checked_add(bytes.len())?;
        let room = self.memory.get_mut(at as usize..end)?;
        room.copy_from_slice(bytes);
        Some(())
    }

    /// Answers into a buffer whose length stands where another argument points.
    fn answer(&mut self, at: usize, length_at: usize, bytes: &[u8]) -> Option<()> {
        let (at, length_at) = (self.number(at)?, self.number(length_at)?);
        let room: [u8; 4] = self.fixed(length_at, 4)?.try_into().ok()?;
        let length = u32::try_from(bytes.len()).ok()?;
        if u32::from_le_bytes(room) < length {
            return None;
        }
        self.write(at, bytes)?;
        self.write(length_at, &length.to_le_bytes())
    }
}

impl<'c> Session<'c> {
    pub(crate) fn new(
        around: &'c Around<'c>,
        calls: &'c [CallId],
        state: State,
        entering: Entering<'c>,
        budget: u64,
    ) -> Self {
        Self {
            around,
            calls,
            state,
            entering,
            budget,
            inner_gas: 0,
            output: None,
            fault: String::new(),
        }
    }

    fn before(bytes: Option<Vec<u8>>) -> u64 {
        bytes.map_or(NOTHING_BEFORE, |bytes| bytes.len() as u64)
    }

    /// The result of a call; none where it asks for what is not there, which ends the contract.
    fn answer(
        &mut self,
        call: CallId,
        arguments: &mut Arguments<'_>,
        spent: u64,
    ) -> Option<Option<u64>> {
        let nothing = Some(None);
        let writes = [
            id::SET_STORAGE_V2,
            id::CLEAR_STORAGE_V1,
            id::TRANSFER,
            id::DEPOSIT_EVENT,
        ];
        if self.entering.read_only && writes.contains(&call) {
            self.fault = "it writes in a call that only reads".to_owned();
            return None;
        }
        match call {
            id::INPUT => arguments.answer(0, 1, self.entering.input).map(|()| None),
            id::CALLER => arguments.answer(0, 1, &self.entering.caller).map(|()| None),
            id::ADDRESS => arguments
                .answer(0, 1, &self.entering.address)
                .map(|()| None),
            id::BALANCE => {
                let own = self.state.balance(&self.entering.address).to_le_bytes();
                arguments.answer(0, 1, &own).map(|()| None)
            }
            id::VALUE_TRANSFERRED => {
                let value = self.entering.value.to_le_bytes();
                arguments.answer(0, 1, &value).map(|()| None)
            }
            id::BLOCK_NUMBER => {
                let block = self.around.block.to_le_bytes();
                arguments.answer(0, 1, &block).map(|()| None)
            }
            id::NOW => {
                let time = self.around.time.to_le_bytes();
                arguments.answer(0, 1, &time).map(|()| None)
            }
            id::SET_STORAGE_V2 => {
                let key = (self.entering.address, arguments.bytes(0, 1)?);
                let value = arguments.bytes(2, 3)?;
                if key.1.len() > LONGEST_KEY || value.len() > LONGEST_VALUE {
                    self.fault = "a key or a value is longer than the chain keeps".to_owned();
                    return None;
                }
                Some(Some(Self::before(self.state.storage.insert(key, value))))
            }
            id::GET_STORAGE_V1 => {
                let key = (self.entering.address, arguments.bytes(0, 1)?);
                let Some(value) = self.state.storage.get(&key) else {
                    return Some(Some(KEY_NOT_FOUND));
                };
                arguments.answer(2, 3, value).map(|()| Some(0))
            }
            id::CLEAR_STORAGE_V1 => {
                let key = (self.entering.address, arguments.bytes(0, 1)?);
                Some(Some(Self::before(self.state.storage.remove(&key))))
            }
            id::CONTAINS_STORAGE_V1 => {
                let key = (self.entering.address, arguments.bytes(0, 1)?);
                let there = self.state.storage.get(&key).cloned();
                Some(Some(Self::before(there)))
            }
            id::TRANSFER => {
                let to: Account = arguments.bytes(0, 1)?.try_into().ok()?;
                let amount = u128::from_le_bytes(arguments.bytes(2, 3)?.try_into().ok()?);
                let moved = self.state.transfer(self.entering.address, to, amount);
                Some(Some(if moved { 0 } else { TRANSFER_FAILED }))
            }
            id::DEPOSIT_EVENT => {
                self.state.events.push(Event {
                    contract: self.entering.address,
                    topics: arguments.bytes(0, 1)?,
                    data: arguments.bytes(2, 3)?,
                });
                nothing
            }
            id::HASH_BLAKE2_256 => {
                let hash = Blake2b256::digest(arguments.bytes(0, 1)?);
                let to = arguments.number(2)?;
                arguments.write(to, &hash).map(|()| None)
            }
            id::CALL_V1 => self.call(arguments, spent),
            _ => None,
        }
    }

    /// A call of another contract.
    fn call(&mut self, arguments: &mut Arguments<'_>, spent: u64) -> Option<Option<u64>> {
        let flags = arguments.number(0)?;
        let to: Account = arguments.fixed(arguments.number(1)?, 32)?.try_into().ok()?;
        let value = arguments.fixed(arguments.number(3)?, 16)?.try_into().ok()?;
        let value = u128::from_le_bytes(value);
        let input = arguments.bytes(4, 5)?;
        let mut active = self.entering.active.clone();
        active.push(self.entering.address);
        if active.contains(&to) || active.len() > MOST_ACTIVE {
            self.fault = "it calls a contract that is at work, or too many in a row".to_owned();
            return None;
        }
        let Some(code) = self.state.contracts.get(&to).copied() else {
            return Some(Some(NOT_CALLABLE));
        };
        if self.state.balance(&self.entering.address) < value {
            return Some(Some(TRANSFER_FAILED));
        }
        let read_only = self.entering.read_only || flags & READ_ONLY != 0;
        if read_only && value > 0 {
            self.fault = "it sends tokens in a call that only reads".to_owned();
            return None;
        }
        let entering = Entering {
            export: CALL,
            code: Some(code),
            address: to,
            caller: self.entering.address,
            value,
            input: &input,
            read_only,
            active,
        };
        let left = self
            .budget
            .saturating_sub(spent)
            .saturating_sub(self.inner_gas);
        let receipt = execute(self.around, &mut self.state, entering, left);
        self.inner_gas = self.inner_gas.saturating_add(receipt.gas);
        let (answer, output) = match receipt.outcome {
            Outcome::Done(output) => (DONE, output),
            Outcome::Undone(output) => (REVERTED, output),
            Outcome::Broken(_) => (TRAPPED, Vec::new()),
        };
        arguments.answer(6, 7, &output).map(|()| Some(answer))
    }
}

impl Host for Session<'_> {
    fn call(
        &mut self,
        import: usize,
        arguments: &[u64],
        memory: &mut [u8],
        spent: u64,
    ) -> Result<Option<u64>, Stop> {
        let mut arguments = Arguments {
            values: arguments,
            memory,
        };
        let call = self.calls.get(import).copied();
        if call == Some(id::RETURN) {
            self.output = arguments.number(0).zip(arguments.bytes(1, 2));
            if self.output.is_none() {
                self.fault = "it returns what lies outside of its memory".to_owned();
            }
            return Err(Stop::Host);
        }
        call.and_then(|call| self.answer(call, &mut arguments, spent))
            .ok_or_else(|| {
                let name = call.and_then(CallId::entry).map_or("?", |entry| entry.name);
                if self.fault.is_empty() {
                    self.fault = format!("the system call `{name}` cannot be answered");
                }
                Stop::Host
            })
    }
}
