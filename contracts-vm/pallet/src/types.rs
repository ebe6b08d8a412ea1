//! What the pallet keeps. In the metadata these types go by the paths that tools know.

use crate::{BalanceOf, CodeHash, Config, Determinism, Error, Origin, StorageDeposit, TrieId};
use codec::{Decode, Encode, MaxEncodedLen};
use core::marker::PhantomData;
use frame_support::{
    BoundedBTreeMap, CloneNoBound, DebugNoBound, DefaultNoBound, EqNoBound, PartialEqNoBound,
    traits::Get,
};
use frame_system::RawOrigin;
use scale_info::TypeInfo;
use sp_core::storage::ChildInfo;
use sp_runtime::{
    DispatchError, FixedPointNumber, FixedU128,
    traits::{Saturating, Zero},
};

impl<T: Config> Origin<T> {
    /// The account.
    ///
    /// # Errors
    /// If it is Root, which has none.
    pub fn account(&self) -> Result<&T::AccountId, DispatchError> {
        match self {
            Origin::Signed(account) => Ok(account),
            Origin::Root => Err(DispatchError::RootNotAllowed),
        }
    }

    /// The origin of an extrinsic.
    ///
    /// # Errors
    /// If it is neither signed nor Root.
    pub fn of_runtime(
        origin: <T as frame_system::Config>::RuntimeOrigin,
    ) -> Result<Self, DispatchError> {
        match origin.into() {
            Ok(RawOrigin::Root) => Ok(Origin::Root),
            Ok(RawOrigin::Signed(account)) => Ok(Origin::Signed(account)),
            _ => Err(DispatchError::BadOrigin),
        }
    }
}

/// Code that a contract depends on, and the deposit for each.
pub type Dependencies<T> =
    BoundedBTreeMap<CodeHash<T>, BalanceOf<T>, <T as Config>::MaxDelegateDependencies>;

/// A contract. Its storage is a trie of its own.
#[derive(
    CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
#[scale_info(replace_segment("types", "storage"))]
pub struct ContractInfo<T: Config> {
    /// Where its storage is.
    pub trie_id: TrieId,
    /// Its code.
    pub code_hash: CodeHash<T>,
    /// Bytes of the values it stores.
    pub storage_bytes: u32,
    /// Values it stores.
    pub storage_items: u32,
    /// The deposit for the bytes.
    pub storage_byte_deposit: BalanceOf<T>,
    /// The deposit for the values.
    pub storage_item_deposit: BalanceOf<T>,
    /// The deposit for being there.
    pub storage_base_deposit: BalanceOf<T>,
    /// Other code that it depends on, which cannot be removed meanwhile, and the deposits for that.
    pub delegate_dependencies: Dependencies<T>,
}

/// What a contract stores more, and less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Bytes more.
    pub bytes_added: u32,
    /// Bytes less.
    pub bytes_removed: u32,
    /// Values more.
    pub items_added: u32,
    /// Values less.
    pub items_removed: u32,
}

impl Difference {
    /// From a value of one length to a value of another.
    pub fn of_write(old: Option<u32>, new: Option<u32>) -> Self {
        let (before, after) = (old.unwrap_or_default(), new.unwrap_or_default());
        Difference {
            bytes_added: after.saturating_sub(before),
            bytes_removed: before.saturating_sub(after),
            items_added: u32::from(old.is_none() && new.is_some()),
            items_removed: u32::from(old.is_some() && new.is_none()),
        }
    }

    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Difference::default()
    }
}

/// Charges for what is added, and pays back the share of what is removed: prices may have changed in between.
fn change<B>(
    amount: &mut u32,
    deposit: &mut B,
    added: u32,
    removed: u32,
    price: B,
) -> StorageDeposit<B>
where
    B: frame_support::traits::tokens::Balance + sp_runtime::FixedPointOperand,
{
    let charge = price.saturating_mul(added.into());
    let share = FixedU128::checked_from_rational(removed, *amount)
        .unwrap_or_default()
        .min(FixedU128::from_u32(1));
    let refund = share.saturating_mul_int(*deposit);
    *amount = amount.saturating_add(added).saturating_sub(removed);
    *deposit = deposit.saturating_add(charge).saturating_sub(refund);
    StorageDeposit::Charge(charge).saturating_add(&StorageDeposit::Refund(refund))
}

impl<T: Config> ContractInfo<T> {
    /// A contract that stores nothing yet.
    pub fn new(trie_id: TrieId, code_hash: CodeHash<T>) -> Self {
        ContractInfo {
            trie_id,
            code_hash,
            storage_bytes: 0,
            storage_items: 0,
            storage_byte_deposit: Zero::zero(),
            storage_item_deposit: Zero::zero(),
            storage_base_deposit: Zero::zero(),
            delegate_dependencies: Default::default(),
        }
    }

    /// Its storage.
    pub fn child(&self) -> ChildInfo {
        ChildInfo::new_default(&self.trie_id)
    }

    /// All that is held for it.
    pub fn total_deposit(&self) -> BalanceOf<T> {
        let own = self
            .storage_base_deposit
            .saturating_add(self.storage_byte_deposit)
            .saturating_add(self.storage_item_deposit);
        self.delegate_dependencies
            .values()
            .fold(own, |sum, deposit| sum.saturating_add(*deposit))
    }

    /// Takes note of what it stores more or less, and says what that costs.
    pub fn account(&mut self, difference: &Difference) -> StorageDeposit<BalanceOf<T>> {
        let bytes = change(
            &mut self.storage_bytes,
            &mut self.storage_byte_deposit,
            difference.bytes_added,
            difference.bytes_removed,
            T::DepositPerByte::get(),
        );
        let items = change(
            &mut self.storage_items,
            &mut self.storage_item_deposit,
            difference.items_added,
            difference.items_removed,
            T::DepositPerItem::get(),
        );
        bytes.saturating_add(&items)
    }

    /// Sets the deposit for being there, and says by how much it changes: for the record itself, and a share of the
    /// deposit for its code.
    pub fn set_base_deposit(&mut self, code: &CodeInfo<T>) -> StorageDeposit<BalanceOf<T>> {
        let bytes = u32::try_from(self.encoded_size()).unwrap_or(u32::MAX);
        let record = T::DepositPerByte::get()
            .saturating_mul(bytes.into())
            .saturating_add(T::DepositPerItem::get());
        let share = code.share();
        let (before, after) = (self.storage_base_deposit, record.saturating_add(share));
        self.storage_base_deposit = after;
        StorageDeposit::Charge(after).saturating_add(&StorageDeposit::Refund(before))
    }
}

/// Who paid for code, and who uses it.
#[derive(
    CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[codec(mel_bound())]
#[scale_info(skip_type_params(T))]
#[scale_info(replace_segment("types", "wasm"))]
pub struct CodeInfo<T: Config> {
    /// Who uploaded it, and may remove it.
    pub owner: T::AccountId,
    /// What is held for it.
    #[codec(compact)]
    pub deposit: BalanceOf<T>,
    /// Contracts that run it or depend on it.
    #[codec(compact)]
    pub refcount: u64,
    /// Always enforced.
    pub determinism: Determinism,
    /// Its length, in bytes.
    pub code_len: u32,
    /// The version of the VM's rules that it was accepted by, and runs by.
    pub rules: u16,
}

impl<T: Config> CodeInfo<T> {
    /// What a contract that depends on it holds for that.
    pub fn share(&self) -> BalanceOf<T> {
        T::CodeHashLockupDepositPercent::get().mul_ceil(self.deposit)
    }

    /// One more contract runs it.
    pub fn increment(&mut self) {
        self.refcount = self.refcount.saturating_add(1);
    }

    /// One contract less.
    pub fn decrement(&mut self) {
        self.refcount = self.refcount.saturating_sub(1);
    }
}

/// Where the queue of storage to be deleted begins and ends.
#[derive(CloneNoBound, DefaultNoBound, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(T))]
#[scale_info(replace_segment("types", "storage"))]
pub struct DeletionQueueManager<T: Config> {
    /// The place of the next to be added.
    pub insert_counter: u32,
    /// The place of the next to be deleted.
    pub delete_counter: u32,
    _config: PhantomData<T>,
}

/// What contracts cost and may have, besides the VM's own rules.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[scale_info(replace_segment("types", "schedule"))]
pub struct Schedule {
    /// The version of the VM's rules that new code is held against.
    pub rules: u16,
    /// What one unit of the VM's gas is worth, in picoseconds of the machine. At least one.
    pub gas_ref_time: u64,
    /// Topics of one event.
    pub event_topics: u32,
    /// Bytes of one event, of one stored value.
    pub payload_len: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            rules: 1,
            // For the slower of the engines, until prices are measured in a runtime: see decision 20.
            gas_ref_time: 2_000,
            event_topics: 4,
            payload_len: 16 * 1024,
        }
    }
}

/// A key of a contract's storage, as it lies in its trie.
///
/// # Errors
/// If it is longer than keys are.
pub fn variable_key<T: Config>(key: &[u8]) -> Result<alloc::vec::Vec<u8>, DispatchError> {
    use frame_support::{Blake2_128Concat, StorageHasher as _};
    frame_support::ensure!(
        key.len() <= T::MaxStorageKeyLen::get() as usize,
        Error::<T>::DecodingFailed
    );
    Ok(Blake2_128Concat::hash(key))
}

/// A key of 32 bytes, as it lies in the trie.
pub fn fixed_key(key: &[u8]) -> alloc::vec::Vec<u8> {
    sp_io::hashing::blake2_256(key).to_vec()
}
