//! One call: what runs, for whom, with what.

use crate::{
    BalanceOf, CodeHash, CodeInfo, CodeInfoOf, Config, ContractInfoOf, Error, Origin, Pallet,
    costs::Cost, deposits::Deposits, gas::GasMeter,
};
use alloc::vec::Vec;
use parlance_vm_interface::EntryPoint;
use sp_core::storage::ChildInfo;
use sp_runtime::DispatchError;

/// One call.
pub struct Frame<T: Config> {
    /// Which function.
    pub entry: EntryPoint,
    /// Whose storage and balance.
    pub account: T::AccountId,
    /// Who called.
    pub caller: Origin<T>,
    /// What was sent along.
    pub value: BalanceOf<T>,
    /// What code runs.
    pub code_hash: CodeHash<T>,
    /// Whether the code is not the contract's own.
    pub delegated: bool,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// The contract's storage.
    pub child: ChildInfo,
    /// What it may use.
    pub gas: GasMeter,
    /// What it pays for storage.
    pub deposits: Deposits<T>,
    /// What was handed in. `None` when it was given away.
    pub input: Option<Vec<u8>>,
    /// What is known of the code.
    pub code: CodeInfo<T>,
}

impl<T: Config> Frame<T> {
    /// A call of a contract. It takes all of `gas`; if it does not come to be, what is left of it stays there.
    ///
    /// # Errors
    /// If there is none, or its gas does not reach for its code.
    pub fn call(
        caller: Origin<T>,
        dest: T::AccountId,
        value: BalanceOf<T>,
        input: Vec<u8>,
        gas: &mut GasMeter,
        deposits: Deposits<T>,
        read_only: bool,
    ) -> Result<Self, DispatchError> {
        let info = ContractInfoOf::<T>::get(&dest).ok_or(Error::<T>::ContractNotFound)?;
        let code = load::<T>(info.code_hash, gas)?;
        Ok(Frame {
            entry: EntryPoint::Call,
            account: dest,
            caller,
            value,
            code_hash: info.code_hash,
            delegated: false,
            read_only,
            child: info.child(),
            gas: core::mem::take(gas),
            deposits,
            input: Some(input),
            code,
        })
    }

    /// A call of other code on the storage of the contract that calls.
    ///
    /// # Errors
    /// If there is no such code, or the gas does not reach for it.
    pub fn delegate(
        caller: &Frame<T>,
        code_hash: CodeHash<T>,
        input: Vec<u8>,
        gas: &mut GasMeter,
        deposits: Deposits<T>,
    ) -> Result<Self, DispatchError> {
        let code = load::<T>(code_hash, gas)?;
        Ok(Frame {
            entry: EntryPoint::Call,
            account: caller.account.clone(),
            caller: caller.caller.clone(),
            value: caller.value,
            code_hash,
            delegated: true,
            read_only: caller.read_only,
            child: caller.child.clone(),
            gas: core::mem::take(gas),
            deposits,
            input: Some(input),
            code,
        })
    }

    /// The making of a contract.
    ///
    /// # Errors
    /// If there is no such code, if there is a contract at its account, or the gas does not reach.
    pub fn instantiate(
        caller: T::AccountId,
        code_hash: CodeHash<T>,
        value: BalanceOf<T>,
        input: Vec<u8>,
        salt: &[u8],
        gas: &mut GasMeter,
        deposits: Deposits<T>,
    ) -> Result<Self, DispatchError> {
        let code = load::<T>(code_hash, gas)?;
        let account = Pallet::<T>::contract_address(&caller, &code_hash, &input, salt);
        let account = account.filter(|account| !ContractInfoOf::<T>::contains_key(account));
        let account = account.ok_or(Error::<T>::DuplicateContract)?;
        Ok(Frame {
            entry: EntryPoint::Deploy,
            account,
            caller: Origin::Signed(caller),
            value,
            code_hash,
            delegated: false,
            read_only: false,
            // Set when its record is made.
            child: ChildInfo::new_default(&[]),
            gas: core::mem::take(gas),
            deposits,
            input: Some(input),
            code,
        })
    }

    /// Pays for something.
    ///
    /// # Errors
    /// If the gas does not reach.
    pub fn charge(&mut self, cost: Cost) -> Result<(), DispatchError> {
        let charged = self.gas.charge(cost.weight::<T>());
        charged.map_err(|_| Error::<T>::OutOfGas.into())
    }
}

/// The record of code, paid for as if it were in no cache.
fn load<T: Config>(
    code_hash: CodeHash<T>,
    gas: &mut GasMeter,
) -> Result<CodeInfo<T>, DispatchError> {
    let out_of_gas = |_| DispatchError::from(Error::<T>::OutOfGas);
    gas.charge(Cost::LookUp.weight::<T>()).map_err(out_of_gas)?;
    let code = CodeInfoOf::<T>::get(code_hash).ok_or(Error::<T>::CodeNotFound)?;
    let cost = Cost::Load(code.code_len).weight::<T>();
    gas.charge(cost).map_err(out_of_gas)?;
    Ok(code)
}
