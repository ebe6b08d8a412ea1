//! Calls, transfers, making and removing contracts.

use super::{Reply, ReturnCode, Served, Stop, decode, input, length, may_write, output};
use crate::{
    BalanceOf, CodeHash, Config, Error, Origin,
    costs::Cost,
    exec::{ErrorOrigin, ExecError, ExecResult, Stack, transfer},
    frame::Frame,
    primitives::ExecReturnValue,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{ensure, weights::Weight};
use parlance_vm_abi::{CallId, id};
use parlance_vm_interface::SystemCall;
use sp_runtime::{DispatchError, traits::Zero};

/// The callee gets the caller's own input, which is gone then.
const FORWARD_INPUT: u32 = 1;
/// The same, and it stays.
const CLONE_INPUT: u32 = 2;
/// What the callee returns, the caller returns.
const TAIL_CALL: u32 = 4;
/// The callee may come back.
const ALLOW_REENTRY: u32 = 8;
/// The callee may change nothing.
const READ_ONLY: u32 = 16;

pub(super) fn serve<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
) -> Served {
    match call.id {
        id::TRANSFER => {
            may_write(frame)?;
            frame.charge(Cost::Transfer)?;
            let to = decode::<T, T::AccountId>(input(call, 0)?)?;
            let value = decode::<T, BalanceOf<T>>(input(call, 1)?)?;
            code::<T>(transfer::<T>(&frame.account, &to, value)).map(Reply::from)
        }
        id::CALL_V0 | id::CALL_V1 | id::CALL_V2 => contract(stack, frame, call),
        id::DELEGATE_CALL => delegate(stack, frame, call),
        id::INSTANTIATE_V0 | id::INSTANTIATE_V1 | id::INSTANTIATE_V2 => {
            instantiate(stack, frame, call)
        }
        id::TERMINATE_V0 | id::TERMINATE_V1 => {
            may_write(frame)?;
            frame.charge(Cost::Terminate)?;
            let beneficiary = decode::<T, T::AccountId>(input(call, 0)?)?;
            stack.terminate(frame, &beneficiary)?;
            Err(Stop::Return(ExecReturnValue::default()))
        }
        _ => Err(Error::<T>::SystemCallNotSupported.into()),
    }
}

/// What became of something that may fail for reasons a contract cannot know (S2).
pub(super) fn code<T: Config>(result: Result<(), DispatchError>) -> Result<ReturnCode, Stop> {
    let Err(error) = result else {
        return Ok(ReturnCode::Success);
    };
    let known: [(DispatchError, ReturnCode); 3] = [
        (
            Error::<T>::TransferFailed.into(),
            ReturnCode::TransferFailed,
        ),
        (Error::<T>::CodeNotFound.into(), ReturnCode::CodeNotFound),
        (Error::<T>::ContractNotFound.into(), ReturnCode::NotCallable),
    ];
    let found = known.into_iter().find(|(known, _)| error == *known);
    found.map(|(_, code)| code).ok_or(Stop::Trap(error))
}

/// What a call within the call says to its caller.
fn answer<T: Config>(result: &ExecResult) -> Result<ReturnCode, Stop> {
    match result {
        Ok(value) if value.did_revert() => Ok(ReturnCode::CalleeReverted),
        Ok(_) => Ok(ReturnCode::Success),
        Err(ExecError {
            origin: ErrorOrigin::Callee,
            ..
        }) => Ok(ReturnCode::CalleeTrapped),
        Err(ExecError { error, .. }) => code::<T>(Err(*error)),
    }
}

/// What the callee gets.
fn handed<T: Config>(
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
    place: usize,
    flags: u32,
) -> Result<Vec<u8>, DispatchError> {
    let data = if flags & CLONE_INPUT != 0 {
        frame.input.clone().ok_or(Error::<T>::InputForwarded)?
    } else if flags & FORWARD_INPUT != 0 {
        frame.input.take().ok_or(Error::<T>::InputForwarded)?
    } else {
        input(call, place)?.to_vec()
    };
    frame.charge(Cost::Copy(length(&data)))?;
    Ok(data)
}

/// Runs a call within the call, and takes back what is left of its gas.
fn nest<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    gas: Weight,
    made: impl FnOnce(
        &mut Stack<'_, T>,
        &Frame<T>,
        &mut crate::gas::GasMeter,
    ) -> Result<Frame<T>, DispatchError>,
) -> (ExecResult, Option<T::AccountId>) {
    let mut meter = frame.gas.nested(gas);
    let result = match made(stack, frame, &mut meter) {
        Err(error) => (Err(error.into()), None),
        Ok(mut callee) => {
            let result = stack.run(&mut callee);
            meter = callee.gas;
            if result.as_ref().is_ok_and(|value| !value.did_revert()) {
                frame.deposits.absorb(callee.deposits);
            }
            (result, Some(callee.account))
        }
    };
    frame.gas.absorb(meter);
    result
}

/// What the callee returned, for the output at a place of the table.
fn returned<T: Config>(
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
    place: usize,
    result: ExecResult,
) -> Result<Option<Vec<u8>>, DispatchError> {
    match result {
        Ok(value) => output(frame, call, place, value.data),
        Err(_) => Ok(None),
    }
}

/// A deposit limit that a contract gives, or none.
fn deposit_limit<T: Config>(bytes: Option<&[u8]>) -> Result<BalanceOf<T>, DispatchError> {
    bytes.map_or(Ok(Zero::zero()), decode::<T, BalanceOf<T>>)
}

fn contract<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
) -> Served {
    frame.charge(Cost::Nest)?;
    let wide = |place: usize| call.arguments.get(place).copied().unwrap_or_default();
    // Flags, gas, deposit limit, places of value and data.
    let (flags, gas, limit, value, data) = match call.id {
        id::CALL_V0 => (ALLOW_REENTRY, (wide(2), 0), None, 1, 2),
        id::CALL_V1 => (call.argument(0), (wide(2), 0), None, 1, 2),
        _ => (call.argument(0), (wide(2), wide(3)), call.input(1), 2, 3),
    };
    let known = FORWARD_INPUT | CLONE_INPUT | TAIL_CALL | ALLOW_REENTRY | READ_ONLY;
    ensure!(flags & !known == 0, Error::<T>::InvalidCallFlags);
    let callee = decode::<T, T::AccountId>(input(call, 0)?)?;
    let value = decode::<T, BalanceOf<T>>(input(call, value)?)?;
    let limit = deposit_limit::<T>(limit)?;
    let read_only = frame.read_only || flags & READ_ONLY != 0;
    if !value.is_zero() {
        ensure!(!read_only, Error::<T>::StateChangeDenied);
        frame.charge(Cost::Transfer)?;
    }
    let data = handed(frame, call, data, flags)?;

    stack.allow_reentry(flags & ALLOW_REENTRY != 0);
    let gas = Weight::from_parts(gas.0, gas.1);
    let (result, _) = nest(stack, frame, gas, |stack, frame, meter| {
        stack.may_enter(&callee)?;
        let caller = Origin::Signed(frame.account.clone());
        let deposits = frame.deposits.nested(limit);
        Frame::call(caller, callee, value, data, meter, deposits, read_only)
    });
    stack.allow_reentry(true);
    conclude(frame, call, flags, result)
}

fn delegate<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
) -> Served {
    frame.charge(Cost::Nest)?;
    let flags = call.argument(0);
    let known = FORWARD_INPUT | CLONE_INPUT | TAIL_CALL;
    ensure!(flags & !known == 0, Error::<T>::InvalidCallFlags);
    let hash = decode::<T, CodeHash<T>>(input(call, 0)?)?;
    let data = handed(frame, call, 1, flags)?;
    let (result, _) = nest(stack, frame, Weight::zero(), |_, frame, meter| {
        let deposits = frame.deposits.nested(Zero::zero());
        Frame::delegate(frame, hash, data, meter, deposits)
    });
    conclude(frame, call, flags, result)
}

/// The reply to a call or a delegate call.
fn conclude<T: Config>(
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
    flags: u32,
    result: ExecResult,
) -> Served {
    let code = answer::<T>(&result)?;
    match result {
        Ok(value) if flags & TAIL_CALL != 0 => Err(Stop::Return(value)),
        result => {
            let first = returned(frame, call, 0, result)?;
            Ok(Reply {
                outputs: [first, None],
                ..Reply::from(code)
            })
        }
    }
}

/// Where the inputs of an instantiation are, and its limits: they differ by version.
fn places(id: CallId) -> (usize, usize, usize) {
    match id {
        id::INSTANTIATE_V2 => (2, 3, 4),
        _ => (1, 2, 3),
    }
}

fn instantiate<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
) -> Served {
    may_write(frame)?;
    frame.charge(Cost::Nest)?;
    frame.charge(Cost::Instantiate)?;
    let wide = |place: usize| call.arguments.get(place).copied().unwrap_or_default();
    let (gas, limit) = match call.id {
        id::INSTANTIATE_V0 => ((wide(2), 0), None),
        id::INSTANTIATE_V1 => ((wide(1), 0), None),
        _ => ((wide(1), wide(2)), call.input(1)),
    };
    let (value, data, salt) = places(call.id);
    let hash = decode::<T, CodeHash<T>>(input(call, 0)?)?;
    let value = decode::<T, BalanceOf<T>>(input(call, value)?)?;
    let limit = deposit_limit::<T>(limit)?;
    let data = handed(frame, call, data, 0)?;
    let salt = input(call, salt)?;
    // Both are hashed for the account.
    frame.charge(Cost::Hash(length(&data).saturating_add(length(salt))))?;

    let gas = Weight::from_parts(gas.0, gas.1);
    let (result, account) = nest(stack, frame, gas, |_, frame, meter| {
        let deposits = frame.deposits.nested(limit);
        let caller = frame.account.clone();
        Frame::instantiate(caller, hash, value, data, salt, meter, deposits)
    });
    let code = answer::<T>(&result)?;
    let first = match account {
        Some(account) if code == ReturnCode::Success => output(frame, call, 0, account.encode())?,
        _ => None,
    };
    let second = returned(frame, call, 1, result)?;
    Ok(Reply {
        outputs: [first, second],
        ..Reply::from(code)
    })
}
