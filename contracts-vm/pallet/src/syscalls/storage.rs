//! The contract's own storage.

use super::{ReturnCode, SENTINEL, Served, Stop, input, length, may_write, number, short, write};
use crate::{
    Config, ContractInfoOf, Error,
    costs::Cost,
    frame::Frame,
    syscalls::Reply,
    types::{Difference, fixed_key, variable_key},
};
use alloc::vec::Vec;
use frame_support::{storage::child, traits::Get};
use parlance_vm_abi::id;
use parlance_vm_interface::SystemCall;
use sp_runtime::DispatchError;

pub(super) fn serve<T: Config>(frame: &mut Frame<T>, call: &SystemCall<'_>) -> Served {
    let key = match call.id {
        id::SET_STORAGE_V0
        | id::SET_STORAGE_V1
        | id::CLEAR_STORAGE_V0
        | id::GET_STORAGE_V0
        | id::CONTAINS_STORAGE_V0 => fixed_key(input(call, 0)?),
        _ => variable_key::<T>(input(call, 0)?)?,
    };
    match call.id {
        id::SET_STORAGE_V0 => set(frame, call, &key).map(|_| Reply::default()),
        id::SET_STORAGE_V1 | id::SET_STORAGE_V2 => set(frame, call, &key).map(number),
        id::CLEAR_STORAGE_V0 => clear(frame, &key).map(|_| Reply::default()),
        id::CLEAR_STORAGE_V1 => clear(frame, &key).map(number),
        id::CONTAINS_STORAGE_V0 | id::CONTAINS_STORAGE_V1 => {
            frame.charge(Cost::Read(0))?;
            Ok(number(child::len(&frame.child, &key).unwrap_or(SENTINEL)))
        }
        id::GET_STORAGE_V0 | id::GET_STORAGE_V1 => {
            let longest = T::Schedule::get().payload_len;
            frame.charge(Cost::Read(longest))?;
            match child::get_raw(&frame.child, &key) {
                Some(value) => write(frame, call, value),
                None => Ok(ReturnCode::KeyNotFound.into()),
            }
        }
        id::TAKE_STORAGE => {
            may_write(frame)?;
            frame.charge(Cost::Read(T::Schedule::get().payload_len))?;
            frame.charge(Cost::Write(0))?;
            let Some(value) = child::get_raw(&frame.child, &key) else {
                return Ok(ReturnCode::KeyNotFound.into());
            };
            child::kill(&frame.child, &key);
            account(frame, Some(length(&value)), None)?;
            write(frame, call, value)
        }
        _ => Err(Error::<T>::SystemCallNotSupported.into()),
    }
}

/// Sets a value, and says how long the one before it was.
fn set<T: Config>(frame: &mut Frame<T>, call: &SystemCall<'_>, key: &[u8]) -> Result<u32, Stop> {
    may_write(frame)?;
    let value: &[u8] = input(call, 1)?;
    let len = length(value);
    frame.charge(Cost::Write(len))?;
    short::<T>(value)?;
    let before = child::len(&frame.child, key);
    child::put_raw(&frame.child, key, value);
    account(frame, before, Some(len))?;
    Ok(before.unwrap_or(SENTINEL))
}

/// Removes a value, and says how long it was.
fn clear<T: Config>(frame: &mut Frame<T>, key: &[u8]) -> Result<u32, Stop> {
    may_write(frame)?;
    frame.charge(Cost::Write(0))?;
    let before = child::len(&frame.child, key);
    child::kill(&frame.child, key);
    account(frame, before, None)?;
    Ok(before.unwrap_or(SENTINEL))
}

/// Takes note of a write in the contract's record, and in what the transaction pays.
fn account<T: Config>(
    frame: &mut Frame<T>,
    before: Option<u32>,
    after: Option<u32>,
) -> Result<(), DispatchError> {
    let difference = Difference::of_write(before, after);
    if difference.is_none() {
        return Ok(());
    }
    let amount = ContractInfoOf::<T>::try_mutate(&frame.account, |info| {
        let info = info.as_mut().ok_or(Error::<T>::ContractNotFound)?;
        Ok::<_, DispatchError>(info.account(&difference))
    })?;
    frame.deposits.charge(&frame.account, &amount);
    Ok(())
}

/// What lies under a key of a contract's storage, for whoever asks from outside.
pub(crate) fn read<T: Config>(
    info: &crate::ContractInfo<T>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, DispatchError> {
    Ok(child::get_raw(&info.child(), &variable_key::<T>(key)?))
}
