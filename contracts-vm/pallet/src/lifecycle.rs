//! How contracts come and go.

use crate::{
    Config, ContractInfo, ContractInfoOf, Error, Event, HoldReason, Nonce, Origin, Pallet, TrieId,
    deposits, exec::Stack, frame::Frame, primitives::StorageDeposit,
};
use codec::Encode;
use frame_support::{
    ensure,
    traits::{
        fungible::{Inspect, InspectHold, Mutate},
        tokens::{Fortitude, Preservation},
    },
};
use parlance_vm_interface::EntryPoint;
use sp_runtime::{DispatchError, traits::Hash};

impl<T: Config> Stack<'_, T> {
    /// Makes the record of a new contract, and its account.
    pub(crate) fn found(&self, frame: &mut Frame<T>) -> Result<(), DispatchError> {
        let origin = self.origin.account()?;
        let nonce = Nonce::<T>::mutate(|nonce| {
            *nonce = nonce.wrapping_add(1);
            *nonce
        });
        let trie_id = T::Hashing::hash(&(&frame.account, nonce).encode());
        let trie_id = TrieId::try_from(trie_id.as_ref().to_vec());
        let trie_id = trie_id.map_err(|_| DispatchError::Exhausted)?;
        let mut info = ContractInfo::<T>::new(trie_id, frame.code_hash);
        frame.child = info.child();

        let minimum = T::Currency::minimum_balance();
        T::Currency::transfer(origin, &frame.account, minimum, Preservation::Preserve)
            .map_err(|_| Error::<T>::StorageDepositNotEnoughFunds)?;
        frame_system::Pallet::<T>::inc_consumers(&frame.account)?;
        frame.deposits.paid(&StorageDeposit::Charge(minimum));

        let code = Pallet::<T>::use_code(frame.code_hash)?;
        let base = info.set_base_deposit(&code);
        frame.deposits.charge(&frame.account, &base);
        ContractInfoOf::<T>::insert(&frame.account, info);
        Ok(())
    }

    /// Removes the running contract: its deposits go to the origin, the rest to `beneficiary`.
    pub fn terminate(
        &mut self,
        frame: &mut Frame<T>,
        beneficiary: &T::AccountId,
    ) -> Result<(), DispatchError> {
        ensure!(
            frame.entry != EntryPoint::Deploy,
            Error::<T>::TerminatedInConstructor
        );
        ensure!(
            self.times(&frame.account) == 1,
            Error::<T>::TerminatedWhileReentrant
        );
        let account = &frame.account;
        let info = ContractInfoOf::<T>::take(account).ok_or(Error::<T>::ContractNotFound)?;
        Pallet::<T>::queue_for_deletion(info.trie_id.clone());
        Pallet::<T>::leave_code(info.code_hash);
        for code_hash in info.delegate_dependencies.keys() {
            Pallet::<T>::leave_code(*code_hash);
        }

        // What is held moves now. What this transaction was still to move for the contract, in this call or in one before
        // it, is taken back, so that nothing is moved to or from an account that is gone.
        let reason = HoldReason::StorageDepositReserve.into();
        let held = T::Currency::balance_on_hold(&reason, account);
        let to = match &self.origin {
            Origin::Signed(origin) => origin,
            Origin::Root => beneficiary,
        };
        deposits::release::<T>(account, to, held)?;
        let all = StorageDeposit::Refund(info.total_deposit());
        let still = all.saturating_add(&StorageDeposit::Charge(held));
        frame.deposits.paid(&all);
        frame.deposits.owe(account, &still);

        frame_system::Pallet::<T>::dec_consumers(account);
        let rest =
            T::Currency::reducible_balance(account, Preservation::Expendable, Fortitude::Polite);
        T::Currency::transfer(account, beneficiary, rest, Preservation::Expendable)
            .map_err(|_| Error::<T>::TransferFailed)?;
        Pallet::<T>::deposit_event(Event::Terminated {
            contract: account.clone(),
            beneficiary: beneficiary.clone(),
        });
        Ok(())
    }
}
