//! Answering system calls, by their ids.
//!
//! - S1. The price is charged before anything is done.
//! - S2. What contracts may not know in advance is a return code; what they could have known, traps.
//! - S3. Bytes that contracts hand in are decoded to their end, never deeper than a type is.
//!
//! | module | what |
//! | --- | --- |
//! | `storage` | the contract's own storage |
//! | `calls` | calls, transfers, making and removing contracts |
//! | `codes` | other code for the contract, and code that it depends on |
//! | `environment` | who, when, how much |
//! | `crypto` | hashes and signatures |

mod calls;
mod codes;
mod crypto;
mod environment;
pub(crate) mod storage;

use crate::{
    Config, Error,
    costs::Cost,
    exec::Stack,
    frame::Frame,
    primitives::{ExecReturnValue, ReturnFlags},
};
use alloc::vec::Vec;
use codec::DecodeAll;
use frame_support::{ensure, traits::Get};
use parlance_vm_abi::{MAX_OUTPUTS, id};
use parlance_vm_interface::SystemCall;
use sp_runtime::DispatchError;

/// What a system call gives back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The result, if it has one.
    pub result: u64,
    /// What is written.
    pub outputs: [Option<Vec<u8>>; MAX_OUTPUTS],
}

/// Why a contract does not go on.
#[derive(Debug)]
pub enum Stop {
    /// It returned.
    Return(ExecReturnValue),
    /// It traps.
    Trap(DispatchError),
}

impl<E: Into<DispatchError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Trap(error.into())
    }
}

/// What serving a call gives.
pub(crate) type Served = Result<Reply, Stop>;

/// The codes that system calls answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ReturnCode {
    /// All went well.
    Success = 0,
    /// The callee trapped; what it did is undone.
    CalleeTrapped = 1,
    /// The callee returned and undid what it did.
    CalleeReverted = 2,
    /// There is no value with this key.
    KeyNotFound = 3,
    /// The transfer failed.
    TransferFailed = 5,
    /// There is no code with this hash.
    CodeNotFound = 7,
    /// There is no contract at this account.
    NotCallable = 8,
    /// The signature has no key.
    EcdsaRecoveryFailed = 11,
    /// The signature is not good.
    Sr25519VerifyFailed = 12,
}

impl From<ReturnCode> for Reply {
    fn from(code: ReturnCode) -> Self {
        number(code as u32)
    }
}

/// A reply that is a number.
pub(crate) fn number(result: u32) -> Reply {
    Reply {
        result: result.into(),
        ..Reply::default()
    }
}

/// Stands for "none" where a length is.
pub(crate) const SENTINEL: u32 = u32::MAX;

/// Answers a system call.
///
/// # Errors
/// If the contract does not go on.
pub fn serve<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
) -> Served {
    frame.charge(Cost::SystemCall)?;
    match call.id {
        of if (id::SET_STORAGE_V0..=id::TAKE_STORAGE).contains(&of) => storage::serve(frame, call),
        of if (id::TRANSFER..=id::TERMINATE_V1).contains(&of) => calls::serve(stack, frame, call),
        of if (id::HASH_SHA2_256..=id::HASH_BLAKE2_128).contains(&of) => crypto::serve(frame, call),
        id::SET_CODE_HASH | id::LOCK_DELEGATE_DEPENDENCY | id::UNLOCK_DELEGATE_DEPENDENCY => {
            codes::serve(frame, call)
        }
        id::INPUT => {
            let input = frame.input.take().ok_or(Error::<T>::InputForwarded)?;
            write(frame, call, input)
        }
        id::RETURN => returned(frame, call),
        id::ECDSA_RECOVER | id::ECDSA_TO_ETH_ADDRESS | id::SR25519_VERIFY => {
            crypto::serve(frame, call)
        }
        // Of the rent that there once was; the price of keeping it callable is an answer that means nothing.
        id::SET_RENT_ALLOWANCE_V0 | id::SET_RENT_ALLOWANCE_V1 => Ok(Reply::default()),
        id::CALL_CHAIN_EXTENSION => Err(Error::<T>::NoChainExtension.into()),
        id::RANDOM_V0
        | id::RANDOM_V1
        | id::TOMBSTONE_DEPOSIT
        | id::RESTORE_TO_V0
        | id::RESTORE_TO_V1
        | id::RENT_ALLOWANCE
        | id::CALL_RUNTIME => Err(Error::<T>::SystemCallNotSupported.into()),
        _ => environment::serve(stack, frame, call),
    }
}

/// `seal_return`: flags and data.
fn returned<T: Config>(frame: &mut Frame<T>, call: &SystemCall<'_>) -> Served {
    let data = input(call, 0)?;
    frame.charge(Cost::Copy(length(data)))?;
    let flags = ReturnFlags::from_bits(call.argument(0)).ok_or(Error::<T>::InvalidCallFlags)?;
    Err(Stop::Return(ExecReturnValue {
        flags,
        data: data.to_vec(),
    }))
}

/// An input that the call has by its table. There is always one; if there is none, the contract's pointer said so.
pub(crate) fn input<'a>(call: &SystemCall<'a>, place: usize) -> Result<&'a [u8], DispatchError> {
    call.input(place)
        .ok_or(DispatchError::Other("a system call without its input"))
}

/// The length of bytes out of a contract's memory, which is smaller than that.
pub(crate) fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// A value that a contract handed in.
pub(crate) fn decode<T: Config, V: DecodeAll>(mut bytes: &[u8]) -> Result<V, DispatchError> {
    V::decode_all(&mut bytes).map_err(|_| Error::<T>::DecodingFailed.into())
}

/// Bytes for an output, if they fit it.
pub(crate) fn output<T: Config>(
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
    place: usize,
    bytes: Vec<u8>,
) -> Result<Option<Vec<u8>>, DispatchError> {
    let len = length(&bytes);
    frame.charge(Cost::Copy(len))?;
    // No room: the contract wants none, or its pointer is bad, which the VM sees when it writes.
    let fits = call
        .room
        .get(place)
        .copied()
        .flatten()
        .is_none_or(|room| len <= room);
    ensure!(fits, Error::<T>::OutputBufferTooSmall);
    Ok(Some(bytes))
}

/// A reply that is bytes for the first output.
pub(crate) fn write<T: Config>(
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
    bytes: Vec<u8>,
) -> Served {
    let first = output(frame, call, 0, bytes)?;
    Ok(Reply {
        outputs: [first, None],
        ..Reply::default()
    })
}

/// Refuses what changes something if nothing may be changed.
pub(crate) fn may_write<T: Config>(frame: &Frame<T>) -> Result<(), DispatchError> {
    ensure!(!frame.read_only, Error::<T>::StateChangeDenied);
    Ok(())
}

/// Refuses a value that is longer than values are.
pub(crate) fn short<T: Config>(bytes: &[u8]) -> Result<u32, DispatchError> {
    let len = length(bytes);
    ensure!(
        len <= T::Schedule::get().payload_len,
        Error::<T>::ValueTooLarge
    );
    Ok(len)
}
