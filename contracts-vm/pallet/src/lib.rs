#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod api;
pub mod primitives;
pub mod weights;

mod address;
mod code;
mod costs;
mod deposits;
mod errors;
mod events;
mod exec;
mod frame;
mod gas;
mod lifecycle;
mod queries;
mod storage;
mod syscalls;
mod types;

#[cfg(any(feature = "try-runtime", test))]
mod invariants;
#[cfg(test)]
mod tests;

pub use address::{AddressGenerator, DefaultAddressGenerator};
pub use api::*;
pub use pallet::*;
pub use primitives::*;
pub use types::{CodeInfo, ContractInfo, DeletionQueueManager, Schedule};
pub use weights::WeightInfo;

use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use frame_support::{
    BoundedVec, CloneNoBound, DebugNoBound, DefaultNoBound, EqNoBound, PartialEqNoBound,
    pallet_macros::import_section,
    traits::{ConstU32, Time, fungible::Inspect},
};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;

type CodeHash<T> = <T as frame_system::Config>::Hash;
type TrieId = BoundedVec<u8, ConstU32<128>>;
type BalanceOf<T> =
    <<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
type CodeVec<T> = BoundedVec<u8, <T as Config>::MaxCodeLen>;
type EventRecordOf<T> = frame_system::EventRecord<
    <T as frame_system::Config>::RuntimeEvent,
    <T as frame_system::Config>::Hash,
>;

// These stand here because tools look for their paths in the metadata: the crate and the name.

/// Who begins a transaction that runs a contract.
#[derive(
    CloneNoBound,
    DebugNoBound,
    PartialEqNoBound,
    EqNoBound,
    Encode,
    Decode,
    DecodeWithMemTracking,
    TypeInfo,
)]
#[scale_info(skip_type_params(T))]
pub enum Origin<T: Config> {
    /// The chain itself.
    Root,
    /// An account; also a contract that calls.
    Signed(T::AccountId),
}

/// A type in the metadata, and nothing else.
#[derive(DefaultNoBound, Encode, Decode, TypeInfo)]
pub struct EnvironmentType<T>(PhantomData<T>);

/// The types that contracts of this chain are built with: tools compare them with those of the contract.
#[derive(DefaultNoBound, Encode, Decode, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct Environment<T: Config> {
    account_id: EnvironmentType<T::AccountId>,
    balance: EnvironmentType<BalanceOf<T>>,
    hash: EnvironmentType<<T as frame_system::Config>::Hash>,
    hasher: EnvironmentType<<T as frame_system::Config>::Hashing>,
    timestamp: EnvironmentType<<<T as Config>::Time as Time>::Moment>,
    block_number: EnvironmentType<BlockNumberFor<T>>,
}

/// The version of the surface of system calls.
#[derive(Clone, Copy, Debug, Encode, Decode, TypeInfo)]
pub struct ApiVersion(u16);

impl Default for ApiVersion {
    fn default() -> Self {
        ApiVersion(4)
    }
}

/// The pallet. What it deposits and what it refuses stand in files of their own.
#[import_section(events::events)]
#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        AddressGenerator, ApiVersion, BalanceOf, CodeHash, CodeInfo, CodeVec, ContractInfo,
        DeletionQueueManager, Determinism, Environment, Origin, Schedule, TrieId, WeightInfo,
        queries::{Begin, Outcome},
    };
    use alloc::vec::Vec;
    use codec::HasCompact;
    use core::fmt::Debug;
    use frame_support::{
        pallet_prelude::*,
        traits::{
            Time,
            fungible::{Inspect, Mutate, MutateHold},
        },
        weights::WeightMeter,
    };
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_runtime::{
        Perbill,
        traits::{Convert, Saturating, StaticLookup},
    };

    /// Version of the storage layout: that of the layout which tools know.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(16);

    /// The pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime provides.
    #[pallet::config]
    pub trait Config: frame_system::Config<Hash = H256> {
        /// The time that contracts are told.
        type Time: Time;
        /// The native token.
        type Currency: Inspect<Self::AccountId>
            + Mutate<Self::AccountId>
            + MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// What a weight costs, for contracts that ask.
        type WeightPrice: Convert<Weight, BalanceOf<Self>>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
        /// What contracts cost and may have.
        #[pallet::constant]
        type Schedule: Get<Schedule>;
        /// The deposit for a byte of storage, in units.
        #[pallet::constant]
        type DepositPerByte: Get<BalanceOf<Self>>;
        /// The deposit for a value of storage, in units.
        #[pallet::constant]
        type DepositPerItem: Get<BalanceOf<Self>>;
        /// The limit of deposits where a transaction gives none, in units.
        #[pallet::constant]
        type DefaultDepositLimit: Get<BalanceOf<Self>>;
        /// The share of its code's deposit that a contract holds, too.
        #[pallet::constant]
        type CodeHashLockupDepositPercent: Get<Perbill>;
        /// Accounts of contracts.
        type AddressGenerator: AddressGenerator<Self>;
        /// The most bytes of code; no more than the VM's rules allow.
        #[pallet::constant]
        type MaxCodeLen: Get<u32>;
        /// The most bytes of a key of storage.
        #[pallet::constant]
        type MaxStorageKeyLen: Get<u32>;
        /// Other code that a contract may depend on, at the most.
        #[pallet::constant]
        type MaxDelegateDependencies: Get<u32>;
        /// The most bytes of messages for debugging.
        #[pallet::constant]
        type MaxDebugBufferLen: Get<u32>;
        /// Who may upload code.
        type UploadOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Self::AccountId>;
        /// Who may make contracts.
        type InstantiateOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Self::AccountId>;
        /// The types that contracts are built with, for tools.
        #[pallet::constant]
        type Environment: Get<Environment<Self>>;
        /// The version of the surface of system calls, for tools.
        #[pallet::constant]
        type ApiVersion: Get<ApiVersion>;
    }

    /// Why this pallet holds tokens.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// For code, on the account that uploaded it.
        CodeUploadDepositReserve,
        /// For storage, on the contract's account.
        StorageDepositReserve,
    }

    /// Code as it was uploaded. Paid by its deposit; goes when its owner removes it.
    #[pallet::storage]
    pub type PristineCode<T: Config> = StorageMap<_, Identity, CodeHash<T>, CodeVec<T>>;

    /// Who paid for code, and who uses it. Comes and goes with it.
    #[pallet::storage]
    pub type CodeInfoOf<T: Config> = StorageMap<_, Identity, CodeHash<T>, CodeInfo<T>>;

    /// How many contracts have been made. One value.
    #[pallet::storage]
    pub type Nonce<T: Config> = StorageValue<_, u64, ValueQuery>;

    /// Contracts. Paid by their deposits; go when they terminate.
    #[pallet::storage]
    pub type ContractInfoOf<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, ContractInfo<T>>;

    /// Storage of contracts that are gone. Goes bit by bit in blocks with time to spare.
    #[pallet::storage]
    pub type DeletionQueue<T: Config> = StorageMap<_, Twox64Concat, u32, TrieId>;

    /// Where that queue begins and ends. One value.
    #[pallet::storage]
    pub type DeletionQueueCounter<T: Config> = StorageValue<_, DeletionQueueManager<T>, ValueQuery>;

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_block: BlockNumberFor<T>, limit: Weight) -> Weight {
            let mut meter = WeightMeter::with_limit(limit);
            Self::delete_queued(&mut meter);
            meter.consumed()
        }

        fn integrity_test() {
            let schedule = T::Schedule::get();
            assert!(
                schedule.gas_ref_time > 0,
                "gas that is worth nothing never runs out"
            );
            assert!(
                T::MaxStorageKeyLen::get() >= 36,
                "contracts of the known languages have keys of 36 bytes"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::check_invariants()
        }
    }

    /// Calls, at the places where tools know them. What stood at 0 to 2, calls of before weights had two parts, and at 9,
    /// the migration, this chain never had.
    #[pallet::call]
    impl<T: Config> Pallet<T>
    where
        <BalanceOf<T> as HasCompact>::Type: Clone + Eq + PartialEq + Debug + TypeInfo + Encode,
    {
        /// Uploads code. The deposit for it is held until it is removed; code that is there costs nothing.
        ///
        /// Origin: [`Config::UploadOrigin`]. Errors: [`Error::CodeTooLarge`], [`Error::CodeRejected`],
        /// [`Error::Indeterministic`], [`Error::StorageDepositLimitExhausted`], [`Error::StorageDepositNotEnoughFunds`].
        /// Events: [`Event::CodeStored`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::upload_code(code.len() as u32))]
        pub fn upload_code(
            origin: OriginFor<T>,
            code: Vec<u8>,
            storage_deposit_limit: Option<<BalanceOf<T> as HasCompact>::Type>,
            determinism: Determinism,
        ) -> DispatchResult {
            let origin = T::UploadOrigin::ensure_origin(origin)?;
            let limit = storage_deposit_limit.map(Into::into);
            Self::upload(origin, code, limit, determinism, None).map(drop)
        }

        /// Removes code that no contract runs. Its deposit goes back.
        ///
        /// Origin: signed, who uploaded it. Errors: [`Error::CodeNotFound`], [`Error::CodeInUse`]. Events:
        /// [`Event::CodeRemoved`].
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::remove_code())]
        pub fn remove_code(
            origin: OriginFor<T>,
            code_hash: CodeHash<T>,
        ) -> DispatchResultWithPostInfo {
            let origin = ensure_signed(origin)?;
            Self::remove(&origin, code_hash)?;
            Ok(Pays::No.into())
        }

        /// Gives a contract other code.
        ///
        /// Origin: Root. Errors: [`Error::ContractNotFound`], [`Error::CodeNotFound`]. Events:
        /// [`Event::ContractCodeUpdated`].
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::set_code())]
        pub fn set_code(
            origin: OriginFor<T>,
            dest: <T::Lookup as StaticLookup>::Source,
            code_hash: CodeHash<T>,
        ) -> DispatchResult {
            ensure_root(origin)?;
            let dest = T::Lookup::lookup(dest)?;
            ContractInfoOf::<T>::try_mutate(&dest, |info| {
                let info = info.as_mut().ok_or(Error::<T>::ContractNotFound)?;
                Self::use_code(code_hash)?;
                Self::leave_code(info.code_hash);
                Self::deposit_event(Event::ContractCodeUpdated {
                    contract: dest.clone(),
                    new_code_hash: code_hash,
                    old_code_hash: info.code_hash,
                });
                info.code_hash = code_hash;
                Ok(())
            })
        }

        /// Calls a contract, and sends it `value`.
        ///
        /// Origin: signed, or Root, which sends nothing and pays no deposits. Errors: [`Error::ContractNotFound`],
        /// [`Error::OutOfGas`], [`Error::ContractTrapped`], [`Error::ContractReverted`], deposits, and those that the
        /// contract meets. Events: [`Event::Called`], and the contract's.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::call().saturating_add(*gas_limit))]
        pub fn call(
            origin: OriginFor<T>,
            dest: <T::Lookup as StaticLookup>::Source,
            #[pallet::compact] value: BalanceOf<T>,
            gas_limit: Weight,
            storage_deposit_limit: Option<<BalanceOf<T> as HasCompact>::Type>,
            data: Vec<u8>,
        ) -> DispatchResultWithPostInfo {
            let begin = Begin {
                origin: Origin::of_runtime(origin)?,
                value,
                gas_limit,
                deposit_limit: storage_deposit_limit.map(Into::into),
                debug: None,
            };
            let dest = T::Lookup::lookup(dest)?;
            Self::run_call(begin, dest, data).dispatched(T::WeightInfo::call())
        }

        /// Uploads code and makes a contract of it: both, or nothing.
        ///
        /// Origin: [`Config::UploadOrigin`] and [`Config::InstantiateOrigin`]. Errors and events: as
        /// [`upload_code`](Pallet::upload_code) and [`instantiate`](Pallet::instantiate).
        #[pallet::call_index(7)]
        #[pallet::weight(
            T::WeightInfo::instantiate_with_code(code.len() as u32, data.len() as u32, salt.len() as u32)
                .saturating_add(*gas_limit)
        )]
        pub fn instantiate_with_code(
            origin: OriginFor<T>,
            #[pallet::compact] value: BalanceOf<T>,
            gas_limit: Weight,
            storage_deposit_limit: Option<<BalanceOf<T> as HasCompact>::Type>,
            code: Vec<u8>,
            data: Vec<u8>,
            salt: Vec<u8>,
        ) -> DispatchResultWithPostInfo {
            let uploader = T::UploadOrigin::ensure_origin(origin.clone())?;
            let instantiator = T::InstantiateOrigin::ensure_origin(origin)?;
            let base = T::WeightInfo::instantiate_with_code(
                code.len() as u32,
                data.len() as u32,
                salt.len() as u32,
            );
            let limit: Option<BalanceOf<T>> = storage_deposit_limit.map(Into::into);
            let (code_hash, deposit) =
                Self::upload(uploader, code, limit, Determinism::Enforced, None)?;
            let begin = Begin {
                origin: Origin::Signed(instantiator),
                value,
                gas_limit,
                deposit_limit: limit.map(|limit| limit.saturating_sub(deposit)),
                debug: None,
            };
            Self::make(begin, code_hash, data, salt, base)
        }

        /// Makes a contract of code that is there, and sends it `value`. Its account is known before: see
        /// [`DefaultAddressGenerator`](crate::DefaultAddressGenerator).
        ///
        /// Origin: [`Config::InstantiateOrigin`]. Errors: [`Error::CodeNotFound`], [`Error::DuplicateContract`], and those
        /// of [`call`](Pallet::call). Events: [`Event::Instantiated`], and the contract's.
        #[pallet::call_index(8)]
        #[pallet::weight(
            T::WeightInfo::instantiate(data.len() as u32, salt.len() as u32)
                .saturating_add(*gas_limit)
        )]
        pub fn instantiate(
            origin: OriginFor<T>,
            #[pallet::compact] value: BalanceOf<T>,
            gas_limit: Weight,
            storage_deposit_limit: Option<<BalanceOf<T> as HasCompact>::Type>,
            code_hash: CodeHash<T>,
            data: Vec<u8>,
            salt: Vec<u8>,
        ) -> DispatchResultWithPostInfo {
            let instantiator = T::InstantiateOrigin::ensure_origin(origin)?;
            let base = T::WeightInfo::instantiate(data.len() as u32, salt.len() as u32);
            let begin = Begin {
                origin: Origin::Signed(instantiator),
                value,
                gas_limit,
                deposit_limit: storage_deposit_limit.map(Into::into),
                debug: None,
            };
            Self::make(begin, code_hash, data, salt, base)
        }
    }

    impl<T: Config> Pallet<T> {
        fn make(
            begin: Begin<'_, T>,
            code_hash: CodeHash<T>,
            data: Vec<u8>,
            salt: Vec<u8>,
            base: Weight,
        ) -> DispatchResultWithPostInfo {
            let outcome = Self::run_instantiate(begin, code_hash, data, &salt);
            Outcome::<T, _> {
                result: outcome.result.map(|made| made.result),
                gas: outcome.gas,
                deposit: outcome.deposit,
            }
            .dispatched(base)
        }
    }
}
