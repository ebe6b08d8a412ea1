//! What a runtime uses: one execution of a contract.

use crate::{
    EntryPoint, Status,
    calls::{FIRST_OUTPUT, SECOND_OUTPUT, contracts_vm},
    wire::{BUFFER, HEAD, Head, Kind, Trap},
};
use alloc::{vec, vec::Vec};
use parlance_vm_abi::{CallId, MAX_INPUTS, MAX_OUTPUTS, MAX_PARAMS};

/// Whether the bytes of a contract can run by the rules of a version.
///
/// # Errors
/// [`Status::Refused`], with the reason in `reason`; [`Status::UnknownRules`].
pub fn check(
    code_hash: [u8; 32],
    code: &[u8],
    rules: u16,
    reason: &mut [u8],
) -> Result<(), Status> {
    Status::result(contracts_vm::check(
        code_hash,
        code,
        u32::from(rules),
        reason,
    ))
}

/// How far a contract came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// It made a system call and waits for its answer.
    Call(SystemCall<'a>),
    /// The function returned; so much gas is left.
    Done {
        /// The gas.
        gas: u64,
    },
    /// It cannot go on.
    Trapped {
        /// Why.
        trap: Trap,
        /// The gas that is left.
        gas: u64,
    },
}

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemCall<'a> {
    /// Which.
    pub id: CallId,
    /// The arguments, a 32-bit one in the lower half.
    pub arguments: [u64; MAX_PARAMS],
    /// The gas that is left.
    pub gas: u64,
    /// Room in the outputs that the contract wants.
    pub room: [Option<u32>; MAX_OUTPUTS],
    lengths: [Option<u32>; MAX_INPUTS],
    bytes: &'a [u8],
}

impl<'a> SystemCall<'a> {
    /// An input, by its place in the table of calls. `None` if there is none, or the contract gave no value for it.
    pub fn input(&self, place: usize) -> Option<&'a [u8]> {
        let len = (*self.lengths.get(place)?)? as usize;
        let before = self.lengths.get(..place)?.iter().flatten();
        let begin = before.fold(0_usize, |sum, length| sum.saturating_add(*length as usize));
        self.bytes.get(begin..begin.checked_add(len)?)
    }

    /// A 32-bit argument. Zero for one that there is not.
    pub fn argument(&self, place: usize) -> u32 {
        self.arguments.get(place).copied().unwrap_or_default() as u32
    }
}

/// The answer to a system call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The result, if the call has one.
    pub result: u64,
    /// The gas that the contract goes on with.
    pub gas: u64,
    /// What is written, in the order of the table of calls.
    pub outputs: [Option<&'a [u8]>; MAX_OUTPUTS],
}

/// One execution. Dropping it ends it.
pub struct Session {
    handle: u32,
    /// Whether the host knows it no more.
    ended: bool,
    /// The step.
    buffer: Vec<u8>,
    /// Inputs that the buffer had no room for.
    fetched: Vec<u8>,
}

impl Session {
    /// Starts the contract whose code is stored, as a vector in SCALE, under `code_key`. [`step`](Self::step) says how far
    /// it came.
    ///
    /// # Errors
    /// A status: nothing has started.
    pub fn start(
        code_hash: [u8; 32],
        code_key: &[u8],
        rules: u16,
        entry: EntryPoint,
        gas: u64,
    ) -> Result<Self, Status> {
        let mut buffer = vec![0; BUFFER];
        Status::result(contracts_vm::start(
            code_hash,
            code_key,
            u32::from(rules),
            entry as u32,
            gas,
            &mut buffer,
        ))?;
        let head = Head::read(&buffer).ok_or(Status::ShortBuffer)?;
        let mut session = Session {
            handle: head.session,
            ended: false,
            buffer,
            fetched: Vec::new(),
        };
        session.arrive(&head)?;
        Ok(session)
    }

    /// Answers the system call that the contract stands at. [`step`](Self::step) says how far it came.
    ///
    /// # Errors
    /// A status: the answer does not fit, or the contract has ended.
    pub fn resume(&mut self, answer: Answer<'_>) -> Result<(), Status> {
        let [first, second] = answer.outputs;
        let which = if first.is_some() { FIRST_OUTPUT } else { 0 }
            | if second.is_some() { SECOND_OUTPUT } else { 0 };
        Status::result(contracts_vm::resume(
            self.handle,
            answer.result,
            answer.gas,
            which,
            first.unwrap_or_default(),
            second.unwrap_or_default(),
            &mut self.buffer,
        ))?;
        let head = Head::read(&self.buffer).ok_or(Status::ShortBuffer)?;
        self.arrive(&head)
    }

    fn arrive(&mut self, head: &Head) -> Result<(), Status> {
        self.fetched.clear();
        if !matches!(head.kind, Kind::Call(_)) {
            // The host forgets what has ended.
            self.ended = true;
            return Ok(());
        }
        let inputs = head.inputs() as usize;
        if inputs > BUFFER - HEAD {
            self.fetched.resize(inputs, 0);
            Status::result(contracts_vm::fetch(self.handle, &mut self.fetched))?;
        }
        Ok(())
    }

    /// How far the contract came.
    ///
    /// # Errors
    /// [`Status::ShortBuffer`] if the host wrote what is no step: it is newer than the runtime.
    pub fn step(&self) -> Result<Step<'_>, Status> {
        let head = Head::read(&self.buffer).ok_or(Status::ShortBuffer)?;
        Ok(match head.kind {
            Kind::Done(_) => Step::Done { gas: head.gas },
            Kind::Trapped(trap) => Step::Trapped {
                trap,
                gas: head.gas,
            },
            Kind::Call(id) => Step::Call(SystemCall {
                id,
                arguments: head.arguments,
                gas: head.gas,
                room: head.room,
                lengths: head.lengths,
                bytes: if self.fetched.is_empty() {
                    self.buffer.get(HEAD..).unwrap_or_default()
                } else {
                    &self.fetched
                },
            }),
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.ended {
            contracts_vm::end(self.handle);
        }
    }
}
