//! Running contracts from outside: for transactions, and for dry runs.

use crate::{
    AddressGenerator, BalanceOf, Code, CodeHash, CodeUploadResult, CodeUploadReturnValue, Config,
    ContractAccessError, ContractExecResult, ContractInfoOf, ContractInstantiateResult,
    ContractResult, Determinism, Error, EventRecordOf, GetStorageResult, InstantiateReturnValue,
    Origin, Pallet,
    deposits::{Deposits, limit_of},
    exec::{ExecResult, Stack},
    frame::Frame,
    gas::GasMeter,
    primitives::{ExecReturnValue, StorageDeposit},
    syscalls,
};
use alloc::vec::Vec;
use frame_support::{
    dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo, PostDispatchInfo},
    storage::{TransactionOutcome, with_transaction},
    weights::Weight,
};
use sp_runtime::{DispatchError, traits::Saturating};

/// What a transaction that runs a contract gave.
pub(crate) struct Outcome<T: Config, R> {
    pub result: Result<R, DispatchError>,
    pub gas: GasMeter,
    pub deposit: StorageDeposit<BalanceOf<T>>,
}

impl<T: Config> Outcome<T, ExecReturnValue> {
    /// The result of an extrinsic: a contract that reverts makes it fail. It pays for the gas that was used.
    pub(crate) fn dispatched(self, base: Weight) -> DispatchResultWithPostInfo {
        let post_info = PostDispatchInfo {
            actual_weight: Some(self.gas.consumed().saturating_add(base)),
            pays_fee: Default::default(),
        };
        match self.result {
            Ok(value) if value.did_revert() => Err(DispatchErrorWithPostInfo {
                post_info,
                error: Error::<T>::ContractReverted.into(),
            }),
            Ok(_) => Ok(post_info),
            Err(error) => Err(DispatchErrorWithPostInfo { post_info, error }),
        }
    }
}

/// What a transaction is begun with.
pub(crate) struct Begin<'a, T: Config> {
    pub origin: Origin<T>,
    pub value: BalanceOf<T>,
    pub gas_limit: Weight,
    pub deposit_limit: Option<BalanceOf<T>>,
    pub debug: Option<&'a mut Vec<u8>>,
}

/// Runs the outermost call, and settles its deposits.
fn run<T: Config, R>(
    begin: Begin<'_, T>,
    frame: impl FnOnce(&Begin<'_, T>, &mut GasMeter, Deposits<T>) -> Result<Frame<T>, DispatchError>,
    give: impl FnOnce(T::AccountId, ExecReturnValue) -> R,
) -> Outcome<T, R> {
    let mut gas = GasMeter::new(begin.gas_limit);
    let mut deposit = StorageDeposit::<BalanceOf<T>>::default();
    let limit = limit_of::<T>(&begin.origin, begin.deposit_limit, begin.value);
    let made = limit.and_then(|limit| frame(&begin, &mut gas, Deposits::new(limit)));
    let mut frame = match made {
        Ok(frame) => frame,
        Err(error) => {
            return Outcome {
                result: Err(error),
                gas,
                deposit,
            };
        }
    };
    let mut stack = Stack::new(begin.origin, begin.debug);
    let result = with_transaction(|| {
        let output: ExecResult = stack.run(&mut frame);
        let keep = output.as_ref().is_ok_and(|value| !value.did_revert());
        if !keep {
            return TransactionOutcome::Rollback(Ok::<_, DispatchError>(
                output.map_err(|error| error.error),
            ));
        }
        let deposits = core::mem::replace(&mut frame.deposits, Deposits::new(Default::default()));
        match deposits.settle(&stack.origin) {
            Ok(settled) => {
                deposit = settled;
                TransactionOutcome::Commit(Ok(output.map_err(|error| error.error)))
            }
            Err(error) => TransactionOutcome::Rollback(Ok(Err(error))),
        }
    });
    let account = frame.account;
    Outcome {
        result: result
            .and_then(|result| result)
            .map(|value| give(account, value)),
        gas: frame.gas,
        deposit,
    }
}

impl<T: Config> Pallet<T> {
    /// Calls a contract.
    pub(crate) fn run_call(
        begin: Begin<'_, T>,
        dest: T::AccountId,
        data: Vec<u8>,
    ) -> Outcome<T, ExecReturnValue> {
        run(
            begin,
            |begin, gas, deposits| {
                let caller = begin.origin.clone();
                Frame::call(caller, dest, begin.value, data, gas, deposits, false)
            },
            |_, value| value,
        )
    }

    /// Makes a contract.
    pub(crate) fn run_instantiate(
        begin: Begin<'_, T>,
        code_hash: CodeHash<T>,
        data: Vec<u8>,
        salt: &[u8],
    ) -> Outcome<T, InstantiateReturnValue<T::AccountId>> {
        run(
            begin,
            |begin, gas, deposits| {
                let caller = begin.origin.account()?.clone();
                Frame::instantiate(caller, code_hash, begin.value, data, salt, gas, deposits)
            },
            |account_id, result| InstantiateReturnValue { result, account_id },
        )
    }

    /// Calls a contract, as the runtime API does. What it does is kept if the caller does not undo it.
    pub fn bare_call(
        origin: T::AccountId,
        dest: T::AccountId,
        value: BalanceOf<T>,
        gas_limit: Weight,
        storage_deposit_limit: Option<BalanceOf<T>>,
        data: Vec<u8>,
        collect_events: bool,
    ) -> ContractExecResult<BalanceOf<T>, EventRecordOf<T>> {
        let mut debug_message = Vec::new();
        let begin = Begin {
            origin: Origin::Signed(origin),
            value,
            gas_limit,
            deposit_limit: storage_deposit_limit,
            debug: Some(&mut debug_message),
        };
        let outcome = Self::run_call(begin, dest, data);
        Self::contract_result(outcome, debug_message, collect_events)
    }

    /// Makes a contract, as the runtime API does. What it does is kept if the caller does not undo it.
    #[allow(clippy::too_many_arguments, reason = "those of the runtime API")]
    pub fn bare_instantiate(
        origin: T::AccountId,
        value: BalanceOf<T>,
        gas_limit: Weight,
        storage_deposit_limit: Option<BalanceOf<T>>,
        code: Code<CodeHash<T>>,
        data: Vec<u8>,
        salt: Vec<u8>,
        collect_events: bool,
    ) -> ContractInstantiateResult<T::AccountId, BalanceOf<T>, EventRecordOf<T>> {
        let mut debug_message = Vec::new();
        let uploaded = match code {
            Code::Existing(hash) => Ok((hash, Default::default())),
            Code::Upload(code) => Self::upload(
                origin.clone(),
                code,
                storage_deposit_limit,
                Determinism::Enforced,
                Some(&mut debug_message),
            ),
        };
        let outcome = match uploaded {
            Err(error) => Outcome {
                result: Err(error),
                gas: GasMeter::default(),
                deposit: Default::default(),
            },
            Ok((code_hash, upload)) => {
                let begin = Begin {
                    origin: Origin::Signed(origin),
                    value,
                    gas_limit,
                    deposit_limit: storage_deposit_limit.map(|limit| limit.saturating_sub(upload)),
                    debug: Some(&mut debug_message),
                };
                let mut outcome = Self::run_instantiate(begin, code_hash, data, &salt);
                outcome.deposit = outcome
                    .deposit
                    .saturating_add(&StorageDeposit::Charge(upload));
                outcome
            }
        };
        Self::contract_result(outcome, debug_message, collect_events)
    }

    /// Uploads code, as the runtime API does.
    ///
    /// # Errors
    /// As the extrinsic.
    pub fn bare_upload_code(
        origin: T::AccountId,
        code: Vec<u8>,
        storage_deposit_limit: Option<BalanceOf<T>>,
        determinism: Determinism,
    ) -> CodeUploadResult<CodeHash<T>, BalanceOf<T>> {
        let (code_hash, deposit) =
            Self::upload(origin, code, storage_deposit_limit, determinism, None)?;
        Ok(CodeUploadReturnValue { code_hash, deposit })
    }

    /// Reads a value out of a contract's storage.
    ///
    /// # Errors
    /// If there is no such contract, or no such key.
    pub fn get_storage(address: T::AccountId, key: Vec<u8>) -> GetStorageResult {
        let info = ContractInfoOf::<T>::get(address).ok_or(ContractAccessError::DoesntExist)?;
        syscalls::storage::read(&info, &key).map_err(|_| ContractAccessError::KeyDecodingFailed)
    }

    /// The account that a contract will have.
    pub fn contract_address(
        deployer: &T::AccountId,
        code_hash: &CodeHash<T>,
        data: &[u8],
        salt: &[u8],
    ) -> Option<T::AccountId> {
        T::AddressGenerator::contract_address(deployer, code_hash, data, salt)
    }

    fn contract_result<R>(
        outcome: Outcome<T, R>,
        debug_message: Vec<u8>,
        collect_events: bool,
    ) -> ContractResult<Result<R, DispatchError>, BalanceOf<T>, EventRecordOf<T>> {
        let events = collect_events.then(|| {
            frame_system::Pallet::<T>::read_events_no_consensus()
                .map(|record| *record)
                .collect()
        });
        let gas_consumed = outcome.gas.consumed();
        ContractResult {
            gas_consumed,
            gas_required: gas_consumed,
            storage_deposit: outcome.deposit,
            debug_message,
            result: outcome.result,
            events,
        }
    }
}
