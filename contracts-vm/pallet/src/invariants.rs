//! The rules that hold after every block.

use crate::{
    CodeInfoOf, Config, ContractInfoOf, DeletionQueue, DeletionQueueCounter, Pallet, PristineCode,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::ensure;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Checks every rule.
    ///
    /// # Errors
    /// The first broken rule, in words.
    pub(crate) fn check_invariants() -> Result<(), DispatchError> {
        let mut users = BTreeMap::new();
        let mut tries = BTreeSet::new();
        for (account, info) in ContractInfoOf::<T>::iter() {
            let dependencies = info.delegate_dependencies.keys().copied();
            for code_hash in dependencies.chain([info.code_hash]) {
                let count: &mut u64 = users.entry(code_hash).or_default();
                *count = count.saturating_add(1);
            }
            ensure!(
                tries.insert(info.trie_id),
                "two contracts have the same storage"
            );
            ensure!(
                frame_system::Pallet::<T>::account_exists(&account),
                "a contract without an account"
            );
        }
        for (hash, info) in CodeInfoOf::<T>::iter() {
            ensure!(
                users.remove(&hash).unwrap_or_default() == info.refcount,
                "code with another number of users than it says"
            );
            let code = PristineCode::<T>::get(hash).ok_or("a record of code without the code")?;
            ensure!(
                code.len() == info.code_len as usize,
                "code of another length than its record says"
            );
        }
        ensure!(users.is_empty(), "a contract without code");
        ensure!(
            PristineCode::<T>::iter_keys().all(|hash| CodeInfoOf::<T>::contains_key(hash)),
            "code without a record"
        );
        let queue = DeletionQueueCounter::<T>::get();
        let mut queued = 0_u32;
        for (place, trie_id) in DeletionQueue::<T>::iter() {
            let from = place.wrapping_sub(queue.delete_counter);
            let len = queue.insert_counter.wrapping_sub(queue.delete_counter);
            ensure!(from < len, "an entry outside the queue of deletions");
            ensure!(
                !tries.contains(&trie_id),
                "storage that is in use is to be deleted"
            );
            queued = queued.saturating_add(1);
        }
        let len = queue.insert_counter.wrapping_sub(queue.delete_counter);
        ensure!(queued == len, "the queue of deletions has a hole");
        Ok(())
    }
}
