//! The host functions. What each number means is said in [`wire`](crate::wire) and [`status`](crate::status);
//! [`Session`](crate::Session) is what a runtime should use.

#[cfg(not(substrate_runtime))]
use crate::{
    EntryPoint, Fault, MachineExt, Status,
    machine::{Begin, Resume},
};
use sp_runtime_interface::{
    pass_by::{PassFatPointerAndRead, PassFatPointerAndWrite, PassPointerAndReadCopy},
    runtime_interface,
};

/// The first output is written.
pub const FIRST_OUTPUT: u32 = 1;
/// The second output is written.
pub const SECOND_OUTPUT: u32 = 2;

/// The bytes of a vector as it lies in storage: its length in SCALE's compact form goes before it. `None` if it is
/// another.
#[cfg(not(substrate_runtime))]
fn stored_vector(value: &[u8]) -> Option<&[u8]> {
    let first = *value.first()?;
    let (len, skip) = match first & 3 {
        0 => (u32::from(first) >> 2, 1),
        1 => {
            let head = value.get(..2)?.try_into().ok()?;
            (u32::from(u16::from_le_bytes(head)) >> 2, 2)
        }
        2 => {
            let head = value.get(..4)?.try_into().ok()?;
            (u32::from_le_bytes(head) >> 2, 4)
        }
        // Longer than a gigabyte.
        _ => return None,
    };
    let bytes = value.get(skip..)?;
    (bytes.len() == len as usize).then_some(bytes)
}

/// What goes back to the runtime; what does not, stops here (I2).
#[cfg(not(substrate_runtime))]
fn answer(result: Result<(), Fault>) -> u32 {
    match result {
        Ok(()) => 0,
        Err(Fault::Status(status)) => Status::number(Err(status)),
        Err(Fault::CodeWanted) => Status::number(Err(Status::NoCode)),
        Err(Fault::Machine(reason)) => panic!("the contract VM failed on this machine: {reason}"),
    }
}

#[cfg(not(substrate_runtime))]
fn machine(extension: Option<&mut MachineExt>) -> &mut MachineExt {
    extension.expect(
        "the contract VM is not among the externalities; register it with the extensions factory of the client",
    )
}

/// The contract VM on the host.
#[runtime_interface(no_tracing)]
#[allow(
    missing_docs,
    unexpected_cfgs,
    unsafe_code,
    clippy::too_many_arguments,
    reason = "what the macro makes of it"
)]
pub trait ContractsVm {
    /// Whether `code` is a contract by the rules of a version. `reason` gets why not, in UTF-8, cut where it ends.
    /// Gives a status.
    fn check(
        &mut self,
        code_hash: PassPointerAndReadCopy<[u8; 32], 32>,
        code: PassFatPointerAndRead<&[u8]>,
        rules: u32,
        reason: PassFatPointerAndWrite<&mut [u8]>,
    ) -> u32 {
        use sp_externalities::ExternalitiesExt as _;
        let Ok(rules) = u16::try_from(rules) else {
            return Status::number(Err(Status::UnknownRules));
        };
        answer(machine(self.extension::<MachineExt>()).check(code_hash, code, rules, reason))
    }

    /// Starts the contract whose code is stored, as a vector in SCALE, under the key `code_key`; which must be a function of
    /// the hash, because it is only looked at when the code is not at hand. Gives a status, and the first step.
    fn start(
        &mut self,
        code_hash: PassPointerAndReadCopy<[u8; 32], 32>,
        code_key: PassFatPointerAndRead<&[u8]>,
        rules: u32,
        entry: u32,
        gas: u64,
        step: PassFatPointerAndWrite<&mut [u8]>,
    ) -> u32 {
        use sp_externalities::ExternalitiesExt as _;
        let (Ok(rules), Some(entry)) = (u16::try_from(rules), EntryPoint::of_number(entry)) else {
            return Status::number(Err(Status::BadArgument));
        };
        let begin = Begin {
            code_hash,
            rules,
            entry,
            gas,
        };
        match machine(self.extension::<MachineExt>()).start(begin, None, step) {
            Err(Fault::CodeWanted) => (),
            other => return answer(other),
        }
        let stored = self.storage(code_key);
        let Some(code) = stored.as_deref().and_then(stored_vector) else {
            return Status::number(Err(Status::NoCode));
        };
        answer(machine(self.extension::<MachineExt>()).start(begin, Some(code), step))
    }

    /// Answers the call that an execution stands at. `which` says which outputs are written. Gives a status, and the
    /// next step.
    fn resume(
        &mut self,
        session: u32,
        result: u64,
        gas: u64,
        which: u32,
        first: PassFatPointerAndRead<&[u8]>,
        second: PassFatPointerAndRead<&[u8]>,
        step: PassFatPointerAndWrite<&mut [u8]>,
    ) -> u32 {
        use sp_externalities::ExternalitiesExt as _;
        let outputs = [
            (which & FIRST_OUTPUT != 0).then_some(first),
            (which & SECOND_OUTPUT != 0).then_some(second),
        ];
        let reply = Resume {
            result,
            gas,
            outputs,
        };
        answer(machine(self.extension::<MachineExt>()).resume(session, reply, step))
    }

    /// Brings the inputs that were too long for the buffer of the step. Gives a status.
    fn fetch(&mut self, session: u32, inputs: PassFatPointerAndWrite<&mut [u8]>) -> u32 {
        use sp_externalities::ExternalitiesExt as _;
        answer(machine(self.extension::<MachineExt>()).fetch(session, inputs))
    }

    /// Ends an execution. Nothing happens if there is none.
    fn end(&mut self, session: u32) {
        use sp_externalities::ExternalitiesExt as _;
        machine(self.extension::<MachineExt>()).end(session);
    }
}

#[cfg(test)]
mod tests {
    use super::stored_vector;

    #[test]
    fn a_stored_vector_is_read_in_each_of_its_forms() {
        let with_head = |head: &[u8], len: usize| [head, &vec![7; len]].concat();
        for (head, len) in [
            (vec![0], 0),
            (vec![63 << 2], 63),
            ((64_u16 << 2 | 1).to_le_bytes().to_vec(), 64),
            ((16_383_u16 << 2 | 1).to_le_bytes().to_vec(), 16_383),
            ((16_384_u32 << 2 | 2).to_le_bytes().to_vec(), 16_384),
        ] {
            let value = with_head(&head, len);
            assert_eq!(stored_vector(&value).map(<[u8]>::len), Some(len));
            assert_eq!(stored_vector(&with_head(&head, len + 1)), None);
            if len > 0 {
                assert_eq!(stored_vector(&with_head(&head, len - 1)), None);
            }
        }
        assert_eq!(stored_vector(&[]), None);
        assert_eq!(stored_vector(&[1]), None);
        assert_eq!(stored_vector(&[3, 0, 0, 0, 0]), None);
    }
}
