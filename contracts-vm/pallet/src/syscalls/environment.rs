//! Who, when, how much.

use super::{Reply, ReturnCode, Served, decode, input, length, may_write, number, short, write};
use crate::{
    BalanceOf, CodeHash, Config, ContractInfoOf, Error, Event, Nonce, Origin, costs::Cost,
    exec::Stack, frame::Frame,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{
    ensure,
    traits::{
        Get,
        fungible::Inspect,
        tokens::{Fortitude, Preservation},
    },
    weights::Weight,
};
use parlance_vm_abi::id;
use parlance_vm_interface::SystemCall;
use sp_core::H256;
use sp_runtime::traits::Convert;

pub(super) fn serve<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
) -> Served {
    let bytes = match call.id {
        id::CALLER => frame.caller.account()?.encode(),
        id::ADDRESS => frame.account.encode(),
        id::VALUE_TRANSFERRED => frame.value.encode(),
        id::NOW => stack.now.encode(),
        id::BLOCK_NUMBER => stack.block_number.encode(),
        id::MINIMUM_BALANCE => T::Currency::minimum_balance().encode(),
        id::GAS_LEFT => frame.gas.left().ref_time().encode(),
        id::WEIGHT_TO_FEE => {
            let gas = call.arguments.first().copied().unwrap_or_default();
            T::WeightPrice::convert(Weight::from_parts(gas, 0)).encode()
        }
        id::BALANCE => {
            frame.charge(Cost::LookUp)?;
            let spendable: BalanceOf<T> = T::Currency::reducible_balance(
                &frame.account,
                Preservation::Preserve,
                Fortitude::Polite,
            );
            spendable.encode()
        }
        id::OWN_CODE_HASH => {
            // The contract's, also while other code runs in it.
            frame.charge(Cost::LookUp)?;
            let info = ContractInfoOf::<T>::get(&frame.account);
            info.ok_or(Error::<T>::ContractNotFound)?.code_hash.encode()
        }
        _ => return answered(stack, frame, call),
    };
    write(frame, call, bytes)
}

/// Calls that answer with a number.
fn answered<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
) -> Served {
    match call.id {
        id::IS_CONTRACT => {
            frame.charge(Cost::LookUp)?;
            let account = decode::<T, T::AccountId>(input(call, 0)?)?;
            let is = ContractInfoOf::<T>::contains_key(&account) && !stack.constructs(&account);
            Ok(number(is.into()))
        }
        id::CODE_HASH => {
            frame.charge(Cost::LookUp)?;
            let account = decode::<T, T::AccountId>(input(call, 0)?)?;
            let info = ContractInfoOf::<T>::get(&account);
            match info.filter(|_| !stack.constructs(&account)) {
                Some(info) => {
                    let hash: CodeHash<T> = info.code_hash;
                    write(frame, call, hash.encode())
                }
                None => Ok(ReturnCode::KeyNotFound.into()),
            }
        }
        id::CALLER_IS_ORIGIN => Ok(number((frame.caller == stack.origin).into())),
        id::CALLER_IS_ROOT => Ok(number((frame.caller == Origin::Root).into())),
        id::INSTANTIATION_NONCE => {
            frame.charge(Cost::LookUp)?;
            Ok(Reply {
                result: Nonce::<T>::get(),
                ..Reply::default()
            })
        }
        id::DEPOSIT_EVENT => deposit_event(frame, call),
        id::DEBUG_MESSAGE => debug_message(stack, frame, call),
        _ => Err(Error::<T>::SystemCallNotSupported.into()),
    }
}

/// An event of the contract's own.
fn deposit_event<T: Config>(frame: &mut Frame<T>, call: &SystemCall<'_>) -> Served {
    may_write(frame)?;
    let (topics, data) = (input(call, 0)?, input(call, 1)?);
    // The topics come as a vector: its length, and 32 bytes each.
    let count = length(topics) / 32;
    frame.charge(Cost::Event(count, length(data)))?;
    short::<T>(data)?;
    ensure!(
        count <= T::Schedule::get().event_topics,
        Error::<T>::TooManyTopics
    );
    let topics = match topics {
        [] => Vec::new(),
        topics => decode::<T, Vec<H256>>(topics)?,
    };
    let event = Event::<T>::ContractEmitted {
        contract: frame.account.clone(),
        data: data.to_vec(),
    };
    let event = <T as frame_system::Config>::RuntimeEvent::from(event);
    frame_system::Pallet::<T>::deposit_event_indexed(&topics, event);
    Ok(Reply::default())
}

/// A message for whoever debugs. It changes nothing, and what is too much of it is dropped.
fn debug_message<T: Config>(
    stack: &mut Stack<'_, T>,
    frame: &mut Frame<T>,
    call: &SystemCall<'_>,
) -> Served {
    let message = input(call, 0)?;
    frame.charge(Cost::Copy(length(message)))?;
    if let (Some(debug), Ok(_)) = (&mut stack.debug, core::str::from_utf8(message)) {
        let room = (T::MaxDebugBufferLen::get() as usize).saturating_sub(debug.len());
        if message.len() <= room {
            debug.extend_from_slice(message);
        }
    }
    // The same with and without a listener: what a dry run shows is what the chain does.
    Ok(ReturnCode::Success.into())
}
