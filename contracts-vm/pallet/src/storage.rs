//! What contracts store, and how it goes when they are gone.

use crate::{Config, DeletionQueue, DeletionQueueCounter, Pallet, TrieId, WeightInfo};
use frame_support::{
    storage::child,
    weights::{Weight, WeightMeter},
};
use sp_core::storage::ChildInfo;
use sp_io::KillStorageResult;

impl<T: Config> Pallet<T> {
    /// Leaves a contract's storage to be deleted in blocks that have time for it.
    pub(crate) fn queue_for_deletion(trie_id: TrieId) {
        DeletionQueueCounter::<T>::mutate(|queue| {
            DeletionQueue::<T>::insert(queue.insert_counter, trie_id);
            queue.insert_counter = queue.insert_counter.wrapping_add(1);
        });
    }

    /// Deletes as much as the weight allows. What is not finished goes on in a later block: a call removes only what is in
    /// the database and not what the block itself has written, so each block goes on with what is left.
    pub(crate) fn delete_queued(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::delete_begin()).is_err() {
            return;
        }
        let mut queue = DeletionQueueCounter::<T>::get();
        let per_key = T::WeightInfo::delete_key();
        let mut keys = keys_within(meter.remaining(), per_key);
        let budget = keys;
        while keys > 0 && queue.delete_counter != queue.insert_counter {
            let Some(trie_id) = DeletionQueue::<T>::get(queue.delete_counter) else {
                break;
            };
            let trie = ChildInfo::new_default(&trie_id);
            #[allow(deprecated, reason = "the other form of it does not keep to the limit")]
            let outcome = child::kill_storage(&trie, Some(keys));
            match outcome {
                KillStorageResult::SomeRemaining(removed) => {
                    keys = keys.saturating_sub(removed);
                    break;
                }
                KillStorageResult::AllRemoved(removed) => {
                    keys = keys.saturating_sub(removed.max(1));
                    DeletionQueue::<T>::remove(queue.delete_counter);
                    queue.delete_counter = queue.delete_counter.wrapping_add(1);
                }
            }
        }
        DeletionQueueCounter::<T>::put(queue);
        let used = budget.saturating_sub(keys);
        meter.consume(per_key.saturating_mul(used.into()));
    }
}

/// How many keys a weight suffices for.
fn keys_within(weight: Weight, per_key: Weight) -> u32 {
    let keys = weight.checked_div_per_component(&per_key);
    u32::try_from(keys.unwrap_or_default()).unwrap_or(u32::MAX)
}
