//! Code: uploaded once, run by many contracts.

use crate::{
    BalanceOf, CodeHash, CodeInfo, CodeInfoOf, Config, Determinism, Error, Event, HoldReason,
    Pallet, PristineCode,
};
use alloc::vec::Vec;
use frame_support::{
    ensure,
    traits::{Get, fungible::MutateHold, tokens::Precision},
};
use parlance_vm_interface::session::check;
use sp_core::H256;
use sp_runtime::{DispatchError, DispatchResult, traits::Saturating};

/// Bytes of the reason why code is refused.
const REASON: usize = 512;

impl<T: Config> Pallet<T> {
    /// Uploads code, and says its hash and what is newly held for it. Code that is there already costs nothing. `debug`
    /// gets the reason if it is refused.
    pub(crate) fn upload(
        owner: T::AccountId,
        code: Vec<u8>,
        limit: Option<BalanceOf<T>>,
        determinism: Determinism,
        debug: Option<&mut Vec<u8>>,
    ) -> Result<(CodeHash<T>, BalanceOf<T>), DispatchError> {
        ensure!(
            determinism == Determinism::Enforced,
            Error::<T>::Indeterministic
        );
        let rules = T::Schedule::get().rules;
        let code_len = u32::try_from(code.len()).map_err(|_| Error::<T>::CodeTooLarge)?;
        let code = crate::CodeVec::<T>::try_from(code).map_err(|_| Error::<T>::CodeTooLarge)?;
        let hash = sp_io::hashing::blake2_256(&code);
        let code_hash = H256(hash);
        if CodeInfoOf::<T>::contains_key(code_hash) {
            return Ok((code_hash, Default::default()));
        }

        let mut reason = [0; REASON];
        if check(hash, &code, rules, &mut reason).is_err() {
            if let Some(debug) = debug {
                debug.extend(reason.into_iter().take_while(|byte| *byte != 0));
            }
            return Err(Error::<T>::CodeRejected.into());
        }

        // Two records: the code, and who paid for it.
        let deposit = T::DepositPerByte::get()
            .saturating_mul(code_len.into())
            .saturating_add(T::DepositPerItem::get().saturating_mul(2_u32.into()));
        ensure!(
            limit.is_none_or(|limit| deposit <= limit),
            Error::<T>::StorageDepositLimitExhausted
        );
        let reason = HoldReason::CodeUploadDepositReserve.into();
        T::Currency::hold(&reason, &owner, deposit)
            .map_err(|_| Error::<T>::StorageDepositNotEnoughFunds)?;
        let info = CodeInfo {
            owner: owner.clone(),
            deposit,
            refcount: 0,
            determinism,
            code_len,
            rules,
        };
        PristineCode::<T>::insert(code_hash, code);
        CodeInfoOf::<T>::insert(code_hash, info);
        Self::deposit_event(Event::CodeStored {
            code_hash,
            deposit_held: deposit,
            uploader: owner,
        });
        Ok((code_hash, deposit))
    }

    /// Removes code that no contract runs, and pays its deposit back.
    pub(crate) fn remove(owner: &T::AccountId, code_hash: CodeHash<T>) -> DispatchResult {
        let info = CodeInfoOf::<T>::get(code_hash).ok_or(Error::<T>::CodeNotFound)?;
        ensure!(info.refcount == 0, Error::<T>::CodeInUse);
        ensure!(info.owner == *owner, DispatchError::BadOrigin);
        let reason = HoldReason::CodeUploadDepositReserve.into();
        T::Currency::release(&reason, owner, info.deposit, Precision::BestEffort)?;
        PristineCode::<T>::remove(code_hash);
        CodeInfoOf::<T>::remove(code_hash);
        Self::deposit_event(Event::CodeRemoved {
            code_hash,
            deposit_released: info.deposit,
            remover: owner.clone(),
        });
        Ok(())
    }

    /// One more contract runs this code.
    pub(crate) fn use_code(code_hash: CodeHash<T>) -> Result<CodeInfo<T>, DispatchError> {
        CodeInfoOf::<T>::try_mutate(code_hash, |info| {
            let info = info.as_mut().ok_or(Error::<T>::CodeNotFound)?;
            info.increment();
            Ok(info.clone())
        })
    }

    /// One contract less runs it.
    pub(crate) fn leave_code(code_hash: CodeHash<T>) {
        CodeInfoOf::<T>::mutate(code_hash, |info| {
            if let Some(info) = info {
                info.decrement();
            }
        });
    }
}
