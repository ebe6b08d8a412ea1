//! Running contracts: calls within calls.
//!
//! - X1. Every call has a storage layer of its own. It is kept if the contract returned, and undone if it trapped or said
//!   that it reverts; with it go its events, its deposits and what it transferred.
//! - X2. A contract is called while it is being called only if everyone on the way from it allowed that. A contract whose
//!   constructor has not returned is not there yet.
//! - X3. What a callee uses is paid by the caller, also when it is undone.
//! - X4. A trap of a callee is an answer to its caller. What keeps a callee from even beginning is one, too, if the caller
//!   could not know it; otherwise the caller traps.

use crate::{
    BalanceOf, Config, Error, Event, Origin, Pallet, PristineCode,
    frame::Frame,
    primitives::ExecReturnValue,
    syscalls::{self, Stop},
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    storage::{TransactionOutcome, with_transaction},
    traits::{Get, Time, fungible::Mutate, tokens::Preservation},
};
use frame_system::pallet_prelude::BlockNumberFor;
use parlance_vm_interface::{Answer, EntryPoint, MAX_DEPTH, Session, Status, Step, wire::Trap};
use sp_runtime::{DispatchError, traits::Zero};

/// Whose error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorOrigin {
    /// The callee did not even begin.
    Caller,
    /// The callee ran.
    Callee,
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecError {
    /// Why.
    pub error: DispatchError,
    /// Whose error it is.
    pub origin: ErrorOrigin,
}

impl<E: Into<DispatchError>> From<E> for ExecError {
    fn from(error: E) -> Self {
        ExecError {
            error: error.into(),
            origin: ErrorOrigin::Caller,
        }
    }
}

/// What a call gave.
pub type ExecResult = Result<ExecReturnValue, ExecError>;

/// A contract that is being called.
struct Active<T: Config> {
    account: T::AccountId,
    entry: EntryPoint,
    /// Whether whom it calls may come back.
    allows_reentry: bool,
}

/// A transaction that runs contracts.
pub struct Stack<'a, T: Config> {
    /// Who began it.
    pub origin: Origin<T>,
    /// The time.
    pub now: <T::Time as Time>::Moment,
    /// The block.
    pub block_number: BlockNumberFor<T>,
    /// What contracts say for debugging, if anybody listens.
    pub debug: Option<&'a mut Vec<u8>>,
    active: Vec<Active<T>>,
}

impl<'a, T: Config> Stack<'a, T> {
    /// A transaction of this origin.
    pub fn new(origin: Origin<T>, debug: Option<&'a mut Vec<u8>>) -> Self {
        Stack {
            origin,
            now: T::Time::now(),
            block_number: frame_system::Pallet::<T>::block_number(),
            debug,
            active: Vec::new(),
        }
    }

    /// Whether the contract's constructor is running.
    pub fn constructs(&self, account: &T::AccountId) -> bool {
        self.active
            .iter()
            .any(|active| active.account == *account && active.entry == EntryPoint::Deploy)
    }

    /// How often a contract is being called.
    pub fn times(&self, account: &T::AccountId) -> usize {
        let same = |active: &&Active<T>| active.account == *account;
        self.active.iter().filter(same).count()
    }

    /// Says whether whom the running contract calls may come back to it.
    pub fn allow_reentry(&mut self, allowed: bool) {
        if let Some(active) = self.active.last_mut() {
            active.allows_reentry = allowed;
        }
    }

    /// Whether a contract may be called now (X2).
    ///
    /// # Errors
    /// If not.
    pub fn may_enter(&self, account: &T::AccountId) -> Result<(), DispatchError> {
        ensure!(!self.constructs(account), Error::<T>::ContractNotFound);
        let denied = |active: &Active<T>| active.account == *account && !active.allows_reentry;
        ensure!(
            !self.active.iter().any(denied),
            Error::<T>::ReentranceDenied
        );
        Ok(())
    }

    /// Runs a call, in a storage layer of its own (X1). Whoever called takes back the frame's gas in any case, and its
    /// deposits if it succeeded.
    pub fn run(&mut self, frame: &mut Frame<T>) -> ExecResult {
        ensure!(
            self.active.len() < MAX_DEPTH as usize,
            ExecError::from(Error::<T>::MaxCallDepthReached)
        );
        self.active.push(Active {
            account: frame.account.clone(),
            entry: frame.entry,
            allows_reentry: true,
        });
        let outcome = with_transaction(|| {
            let result = self.run_within(frame);
            if result.as_ref().is_ok_and(|value| !value.did_revert()) {
                TransactionOutcome::Commit(Ok::<_, DispatchError>(result))
            } else {
                TransactionOutcome::Rollback(Ok(result))
            }
        });
        self.active.pop();
        outcome?
    }

    fn run_within(&mut self, frame: &mut Frame<T>) -> ExecResult {
        if frame.entry == EntryPoint::Deploy {
            self.found(frame)?;
        }
        if !frame.delegated {
            send::<T>(&frame.caller, &frame.account, frame.value)?;
        }
        let output = self.execute(frame).map_err(|error| ExecError {
            error,
            origin: ErrorOrigin::Callee,
        })?;
        if output.did_revert() {
            return Ok(output);
        }
        frame.deposits.enforce()?;
        let contract = frame.account.clone();
        Pallet::<T>::deposit_event(match (frame.entry, frame.delegated) {
            (EntryPoint::Deploy, _) => Event::Instantiated {
                deployer: frame.caller.account()?.clone(),
                contract,
            },
            (EntryPoint::Call, true) => Event::DelegateCalled {
                contract,
                code_hash: frame.code_hash,
            },
            (EntryPoint::Call, false) => Event::Called {
                caller: frame.caller.clone(),
                contract,
            },
        });
        Ok(output)
    }

    /// Runs the contract's code.
    fn execute(&mut self, frame: &mut Frame<T>) -> Result<ExecReturnValue, DispatchError> {
        let price = T::Schedule::get().gas_ref_time.max(1);
        let key = PristineCode::<T>::hashed_key_for(frame.code_hash);
        let mut fuel = frame.gas.fuel(price);
        let mut session =
            Session::start(frame.code_hash.0, &key, frame.code.rules, frame.entry, fuel)
                .map_err(status::<T>)?;
        loop {
            let reply = match session.step().map_err(status::<T>)? {
                Step::Done { gas } => {
                    frame.gas.burn(fuel, gas, price);
                    return Ok(ExecReturnValue::default());
                }
                Step::Trapped { trap, gas } => {
                    frame.gas.burn(fuel, gas, price);
                    return Err(match trap {
                        Trap::OutOfGas => Error::<T>::OutOfGas,
                        Trap::OutOfBounds => Error::<T>::OutOfBounds,
                        Trap::StackOverflow | Trap::Trapped => Error::<T>::ContractTrapped,
                    }
                    .into());
                }
                Step::Call(call) => {
                    frame.gas.burn(fuel, call.gas, price);
                    match syscalls::serve(self, frame, &call) {
                        Ok(reply) => reply,
                        Err(Stop::Return(value)) => return Ok(value),
                        Err(Stop::Trap(error)) => return Err(error),
                    }
                }
            };
            fuel = frame.gas.fuel(price);
            let [first, second] = &reply.outputs;
            session
                .resume(Answer {
                    result: reply.result,
                    gas: fuel,
                    outputs: [first.as_deref(), second.as_deref()],
                })
                .map_err(status::<T>)?;
        }
    }
}

/// What a status of the VM is to a transaction. What only a defect of the runtime can cause has no name of its own.
fn status<T: Config>(status: Status) -> DispatchError {
    match status {
        Status::TooDeep => Error::<T>::MaxCallDepthReached.into(),
        Status::NoCode => Error::<T>::CodeNotFound.into(),
        Status::Refused | Status::UnknownRules => Error::<T>::CodeRejected.into(),
        _ => DispatchError::Other("the contract VM was asked for what it cannot do"),
    }
}

/// Sends a value along with a call.
fn send<T: Config>(
    from: &Origin<T>,
    to: &T::AccountId,
    value: BalanceOf<T>,
) -> Result<(), DispatchError> {
    if value.is_zero() {
        return Ok(());
    }
    transfer::<T>(from.account()?, to, value)
}

/// Transfers a value.
///
/// # Errors
/// If the sender has too little, or the receiver would not exist.
pub fn transfer<T: Config>(
    from: &T::AccountId,
    to: &T::AccountId,
    value: BalanceOf<T>,
) -> Result<(), DispatchError> {
    if value.is_zero() || from == to {
        return Ok(());
    }
    T::Currency::transfer(from, to, value, Preservation::Preserve)
        .map(drop)
        .map_err(|_| Error::<T>::TransferFailed.into())
}
