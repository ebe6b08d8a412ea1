//! Deposits for storage.
//!
//! What a contract stores is paid for by a deposit, which the origin of the transaction pays and gets when the contract
//! stores less. It is held on the contract's account.
//!
//! - D1. The record of a contract ([`ContractInfo`](crate::ContractInfo)) changes at once, the balances once at the end: refunds
//!   first, so that they can pay for charges.
//! - D2. What a call did that was undone, is forgotten with it.
//! - D3. A call's own limit holds for it and all the calls within it; it is looked at when the call ends.
//! - D4. Root pays no deposits and gets none.

use crate::{
    BalanceOf, Config, Error, Event, HoldReason, Origin, Pallet, primitives::StorageDeposit,
};
use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::{
        Get,
        fungible::{Inspect, MutateHold},
        tokens::{Fortitude, Precision, Preservation, Restriction, WithdrawConsequence},
    },
};
use sp_runtime::{
    DispatchError,
    traits::{Saturating, Zero},
};

type Deposit<T> = StorageDeposit<BalanceOf<T>>;

/// The deposits of one call and the calls within it.
pub struct Deposits<T: Config> {
    limit: BalanceOf<T>,
    /// Whether the limit is this call's own, and not what its caller has left.
    own_limit: bool,
    total: Deposit<T>,
    /// What is to be moved, for each contract.
    pending: BTreeMap<T::AccountId, Deposit<T>>,
}

impl<T: Config> Deposits<T> {
    /// For a transaction.
    pub fn new(limit: BalanceOf<T>) -> Self {
        Deposits {
            limit,
            own_limit: true,
            total: Deposit::<T>::default(),
            pending: BTreeMap::new(),
        }
    }

    /// For a call within. A limit of zero stands for what is left.
    pub fn nested(&self, limit: BalanceOf<T>) -> Self {
        let available = self.total.available(self.limit);
        let own_limit = !limit.is_zero() && limit < available;
        Deposits {
            own_limit,
            ..Self::new(if own_limit { limit } else { available })
        }
    }

    /// A contract stores more or less.
    pub fn charge(&mut self, contract: &T::AccountId, amount: &Deposit<T>) {
        self.total = self.total.saturating_add(amount);
        self.owe(contract, amount);
    }

    /// Counts what has moved already.
    pub fn paid(&mut self, amount: &Deposit<T>) {
        self.total = self.total.saturating_add(amount);
    }

    /// Something is to be moved that is counted already, or is not to be.
    pub fn owe(&mut self, contract: &T::AccountId, amount: &Deposit<T>) {
        if amount.is_zero() {
            return;
        }
        let pending = self.pending.entry(contract.clone()).or_default();
        *pending = pending.saturating_add(amount);
    }

    /// A call within has succeeded.
    pub fn absorb(&mut self, nested: Self) {
        self.total = self.total.saturating_add(&nested.total);
        for (contract, amount) in &nested.pending {
            self.owe(contract, amount);
        }
    }

    /// Whether the limit has held (D3).
    ///
    /// # Errors
    /// If it has not.
    pub fn enforce(&self) -> Result<(), DispatchError> {
        let within = !self.own_limit || self.total.charge_or_zero() <= self.limit;
        ensure!(within, Error::<T>::StorageDepositLimitExhausted);
        Ok(())
    }

    /// Moves the balances (D1, D4).
    ///
    /// # Errors
    /// If the origin cannot pay.
    pub fn settle(self, origin: &Origin<T>) -> Result<Deposit<T>, DispatchError> {
        let Origin::Signed(origin) = origin else {
            return Ok(Deposit::<T>::default());
        };
        for (contract, amount) in &self.pending {
            if let StorageDeposit::Refund(amount) = amount {
                release::<T>(contract, origin, *amount)?;
            }
        }
        for (contract, amount) in &self.pending {
            if let StorageDeposit::Charge(amount) = amount {
                hold::<T>(origin, contract, *amount)?;
            }
        }
        Ok(self.total)
    }
}

/// The limit of deposits for a transaction of this origin, which needs `leftover` for something else.
///
/// # Errors
/// If it cannot pay what it allows.
pub fn limit_of<T: Config>(
    origin: &Origin<T>,
    limit: Option<BalanceOf<T>>,
    leftover: BalanceOf<T>,
) -> Result<BalanceOf<T>, DispatchError> {
    let Origin::Signed(origin) = origin else {
        return Ok(limit.unwrap_or_else(T::DefaultDepositLimit::get));
    };
    let most = T::Currency::reducible_balance(origin, Preservation::Preserve, Fortitude::Polite)
        .saturating_sub(leftover)
        .saturating_sub(T::Currency::minimum_balance());
    let limit = limit.unwrap_or_else(|| most.min(T::DefaultDepositLimit::get()));
    let can = T::Currency::can_withdraw(origin, limit) == WithdrawConsequence::Success;
    ensure!(
        limit <= most && can,
        Error::<T>::StorageDepositNotEnoughFunds
    );
    Ok(limit)
}

fn hold<T: Config>(
    origin: &T::AccountId,
    contract: &T::AccountId,
    amount: BalanceOf<T>,
) -> Result<(), DispatchError> {
    if amount.is_zero() {
        return Ok(());
    }
    T::Currency::transfer_and_hold(
        &HoldReason::StorageDepositReserve.into(),
        origin,
        contract,
        amount,
        Precision::Exact,
        Preservation::Preserve,
        Fortitude::Polite,
    )?;
    Pallet::<T>::deposit_event(Event::StorageDepositTransferredAndHeld {
        from: origin.clone(),
        to: contract.clone(),
        amount,
    });
    Ok(())
}

/// Pays a deposit back, as much of it as is held.
///
/// # Errors
/// If the balances do not allow for it.
pub fn release<T: Config>(
    contract: &T::AccountId,
    to: &T::AccountId,
    amount: BalanceOf<T>,
) -> Result<(), DispatchError> {
    if amount.is_zero() {
        return Ok(());
    }
    let moved = T::Currency::transfer_on_hold(
        &HoldReason::StorageDepositReserve.into(),
        contract,
        to,
        amount,
        Precision::BestEffort,
        Restriction::Free,
        Fortitude::Polite,
    )?;
    Pallet::<T>::deposit_event(Event::StorageDepositTransferredAndReleased {
        from: contract.clone(),
        to: to.clone(),
        amount: moved,
    });
    Ok(())
}
