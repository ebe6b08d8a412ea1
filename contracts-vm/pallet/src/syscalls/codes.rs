//! Other code for the running contract, and code that it depends on.

use super::{Reply, Served, calls::code, decode, input, may_write};
use crate::{
    CodeHash, Config, ContractInfo, ContractInfoOf, Error, Event, Pallet, StorageDeposit,
    costs::Cost, frame::Frame,
};
use frame_support::ensure;
use parlance_vm_abi::id;
use parlance_vm_interface::SystemCall;
use sp_runtime::DispatchError;

pub(super) fn serve<T: Config>(frame: &mut Frame<T>, call: &SystemCall<'_>) -> Served {
    may_write(frame)?;
    frame.charge(Cost::Instantiate)?;
    let hash = decode::<T, CodeHash<T>>(input(call, 0)?)?;
    match call.id {
        id::SET_CODE_HASH => code::<T>(set(frame, hash)).map(Reply::from),
        id::LOCK_DELEGATE_DEPENDENCY => lock(frame, hash).map(|()| Reply::default()),
        _ => unlock(frame, hash).map(|()| Reply::default()),
    }
}

/// Changes the record of the running contract.
fn change<T: Config, R>(
    frame: &Frame<T>,
    by: impl FnOnce(&mut ContractInfo<T>) -> Result<R, DispatchError>,
) -> Result<R, DispatchError> {
    ContractInfoOf::<T>::try_mutate(&frame.account, |info| {
        by(info.as_mut().ok_or(Error::<T>::ContractNotFound)?)
    })
}

/// Gives the contract other code, from the next call on.
fn set<T: Config>(frame: &mut Frame<T>, new_code_hash: CodeHash<T>) -> Result<(), DispatchError> {
    let code = Pallet::<T>::use_code(new_code_hash)?;
    let (old_code_hash, deposit) = change(frame, |info| {
        let old = core::mem::replace(&mut info.code_hash, new_code_hash);
        Ok((old, info.set_base_deposit(&code)))
    })?;
    Pallet::<T>::leave_code(old_code_hash);
    frame.deposits.charge(&frame.account, &deposit);
    Pallet::<T>::deposit_event(Event::ContractCodeUpdated {
        contract: frame.account.clone(),
        new_code_hash,
        old_code_hash,
    });
    Ok(())
}

/// Code that the contract delegates to is not to be removed.
fn lock<T: Config>(frame: &mut Frame<T>, code_hash: CodeHash<T>) -> Result<(), super::Stop> {
    let code = Pallet::<T>::use_code(code_hash)?;
    let deposit = code.share();
    change(frame, |info| {
        ensure!(
            info.code_hash != code_hash,
            Error::<T>::CannotAddSelfAsDelegateDependency
        );
        let before = info.delegate_dependencies.try_insert(code_hash, deposit);
        let before = before.map_err(|_| Error::<T>::MaxDelegateDependenciesReached)?;
        ensure!(
            before.is_none(),
            Error::<T>::DelegateDependencyAlreadyExists
        );
        Ok(())
    })?;
    let charge = StorageDeposit::Charge(deposit);
    frame.deposits.charge(&frame.account, &charge);
    Ok(())
}

/// It may be removed again.
fn unlock<T: Config>(frame: &mut Frame<T>, code_hash: CodeHash<T>) -> Result<(), super::Stop> {
    let deposit = change(frame, |info| {
        let removed = info.delegate_dependencies.remove(&code_hash);
        removed.ok_or_else(|| Error::<T>::DelegateDependencyNotFound.into())
    })?;
    Pallet::<T>::leave_code(code_hash);
    let refund = StorageDeposit::Refund(deposit);
    frame.deposits.charge(&frame.account, &refund);
    Ok(())
}
