//! Weights of `pallet_issuance`.
//!
//! Layout of the benchmark generator. The values were derived by hand from the storage items each
//! function touches and from the SDK's figures for like calls; they are on the high side and are to be
//! regenerated on the machine that sets a chain's block limits, by `scripts/bench weights`.

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{Weight, constants::RocksDbWeight},
};

/// Weight functions needed for `pallet_issuance`.
pub trait WeightInfo {
    /// What a pallet that calls `Emission::settle` spends.
    fn settle() -> Weight;
    /// What a pallet that calls `Emission::mint` spends.
    fn mint() -> Weight;
    /// What `Pallet::note_active` spends at most.
    fn note_active() -> Weight;
    /// `release` of an account with `n` vestings.
    fn release(n: u32) -> Weight;
    /// `pay_pool`, and `Pallet::repay_pool`.
    fn pay_pool() -> Weight;
    /// `prune_inactive` of `n` accounts.
    fn prune_inactive(n: u32) -> Weight;
    /// `set_listing`.
    fn set_listing() -> Weight;
    /// `set_splits`.
    fn set_splits() -> Weight;
    /// `set_fee_rule`.
    fn set_fee_rule() -> Weight;
}

/// Weights with the runtime's own costs of the database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: `Issuance::Terms` (r:1 w:0)
    /// Storage: `Issuance::Ledger` (r:1 w:1)
    /// Storage: `Issuance::Clock` (r:1 w:1)
    /// Storage: `Issuance::Activity` (r:1 w:1)
    /// Storage: `Issuance::Available` (r:1 w:1)
    /// Storage: `Issuance::Splits` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    fn settle() -> Weight {
        Weight::from_parts(14_000_000, 1489)
            .saturating_add(T::DbWeight::get().reads(7_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }
    /// Storage: `Issuance::Ledger` (r:1 w:1)
    /// Storage: `Issuance::Available` (r:1 w:1)
    /// Storage: `Issuance::Terms` (r:1 w:0)
    /// Storage: `System::Account` (r:1 w:1)
    fn mint() -> Weight {
        Weight::from_parts(24_000_000, 3628)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }
    /// Storage: `Issuance::Terms` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `Issuance::Activity` (r:1 w:1)
    /// Storage: `Issuance::Ledger` (r:1 w:1)
    /// Storage: `Issuance::Clock` (r:1 w:1)
    /// Storage: `Issuance::LastActiveDay` (r:1 w:1)
    fn note_active() -> Weight {
        Weight::from_parts(13_000_000, 3552)
            .saturating_add(T::DbWeight::get().reads(6_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }
    /// Storage: `Issuance::Vestings` (r:1 w:1)
    /// Storage: `Issuance::Listing` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `Balances::Holds` (r:1 w:1)
    /// Storage: `System::Account` (r:1 w:1)
    /// The range of component `n` is `[1, MaxSchedules]`.
    fn release(n: u32) -> Weight {
        Weight::from_parts(42_000_000, 3628)
            .saturating_add(Weight::from_parts(900_000, 60).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }
    /// Storage: `System::Account` (r:1 w:1)
    /// Storage: `Issuance::Terms` (r:1 w:0)
    /// Storage: `Issuance::Ledger` (r:1 w:1)
    fn pay_pool() -> Weight {
        Weight::from_parts(26_000_000, 3628)
            .saturating_add(T::DbWeight::get().reads(3_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }
    /// Storage: `Issuance::Activity` (r:1 w:0)
    /// Storage: `Issuance::LastActiveDay` (r:100 w:100)
    /// The range of component `n` is `[0, 100]`.
    fn prune_inactive(n: u32) -> Weight {
        Weight::from_parts(4_000_000, 1489)
            .saturating_add(Weight::from_parts(3_600_000, 2_527).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(n.into()))
            .saturating_add(T::DbWeight::get().writes(n.into()))
            .saturating_add(T::DbWeight::get().reads(1_u64))
    }
    /// Storage: `Issuance::Listing` (r:1 w:1)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    fn set_listing() -> Weight {
        Weight::from_parts(9_000_000, 1489)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
    /// Storage: `Issuance::Splits` (r:0 w:1)
    fn set_splits() -> Weight {
        Weight::from_parts(7_000_000, 1489)
            .saturating_add(T::DbWeight::get().reads(0_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
    /// Storage: `Issuance::Fees` (r:0 w:1)
    fn set_fee_rule() -> Weight {
        Weight::from_parts(7_000_000, 1489)
            .saturating_add(T::DbWeight::get().reads(0_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
}

// For tests.
impl WeightInfo for () {
    /// Storage: `Issuance::Terms` (r:1 w:0)
    /// Storage: `Issuance::Ledger` (r:1 w:1)
    /// Storage: `Issuance::Clock` (r:1 w:1)
    /// Storage: `Issuance::Activity` (r:1 w:1)
    /// Storage: `Issuance::Available` (r:1 w:1)
    /// Storage: `Issuance::Splits` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    fn settle() -> Weight {
        Weight::from_parts(14_000_000, 1489)
            .saturating_add(RocksDbWeight::get().reads(7_u64))
            .saturating_add(RocksDbWeight::get().writes(4_u64))
    }
    /// Storage: `Issuance::Ledger` (r:1 w:1)
    /// Storage: `Issuance::Available` (r:1 w:1)
    /// Storage: `Issuance::Terms` (r:1 w:0)
    /// Storage: `System::Account` (r:1 w:1)
    fn mint() -> Weight {
        Weight::from_parts(24_000_000, 3628)
            .saturating_add(RocksDbWeight::get().reads(4_u64))
            .saturating_add(RocksDbWeight::get().writes(3_u64))
    }
    /// Storage: `Issuance::Terms` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `Issuance::Activity` (r:1 w:1)
    /// Storage: `Issuance::Ledger` (r:1 w:1)
    /// Storage: `Issuance::Clock` (r:1 w:1)
    /// Storage: `Issuance::LastActiveDay` (r:1 w:1)
    fn note_active() -> Weight {
        Weight::from_parts(13_000_000, 3552)
            .saturating_add(RocksDbWeight::get().reads(6_u64))
            .saturating_add(RocksDbWeight::get().writes(4_u64))
    }
    /// Storage: `Issuance::Vestings` (r:1 w:1)
    /// Storage: `Issuance::Listing` (r:1 w:0)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    /// Storage: `Balances::Holds` (r:1 w:1)
    /// Storage: `System::Account` (r:1 w:1)
    /// The range of component `n` is `[1, MaxSchedules]`.
    fn release(n: u32) -> Weight {
        Weight::from_parts(42_000_000, 3628)
            .saturating_add(Weight::from_parts(900_000, 60).saturating_mul(n.into()))
            .saturating_add(RocksDbWeight::get().reads(5_u64))
            .saturating_add(RocksDbWeight::get().writes(3_u64))
    }
    /// Storage: `System::Account` (r:1 w:1)
    /// Storage: `Issuance::Terms` (r:1 w:0)
    /// Storage: `Issuance::Ledger` (r:1 w:1)
    fn pay_pool() -> Weight {
        Weight::from_parts(26_000_000, 3628)
            .saturating_add(RocksDbWeight::get().reads(3_u64))
            .saturating_add(RocksDbWeight::get().writes(2_u64))
    }
    /// Storage: `Issuance::Activity` (r:1 w:0)
    /// Storage: `Issuance::LastActiveDay` (r:100 w:100)
    /// The range of component `n` is `[0, 100]`.
    fn prune_inactive(n: u32) -> Weight {
        Weight::from_parts(4_000_000, 1489)
            .saturating_add(Weight::from_parts(3_600_000, 2_527).saturating_mul(n.into()))
            .saturating_add(RocksDbWeight::get().reads(n.into()))
            .saturating_add(RocksDbWeight::get().writes(n.into()))
            .saturating_add(RocksDbWeight::get().reads(1_u64))
    }
    /// Storage: `Issuance::Listing` (r:1 w:1)
    /// Storage: `Timestamp::Now` (r:1 w:0)
    fn set_listing() -> Weight {
        Weight::from_parts(9_000_000, 1489)
            .saturating_add(RocksDbWeight::get().reads(2_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }
    /// Storage: `Issuance::Splits` (r:0 w:1)
    fn set_splits() -> Weight {
        Weight::from_parts(7_000_000, 1489)
            .saturating_add(RocksDbWeight::get().reads(0_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }
    /// Storage: `Issuance::Fees` (r:0 w:1)
    fn set_fee_rule() -> Weight {
        Weight::from_parts(7_000_000, 1489)
            .saturating_add(RocksDbWeight::get().reads(0_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }
}
