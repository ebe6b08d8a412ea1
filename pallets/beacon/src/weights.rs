//! Weights of `pallet_beacon`.
//!
//! Derived by hand, in the layout of the generator, until `scripts/bench weights` replaces this file
//! with measured figures. What was assumed: verifying a VRF proof and hashing the output is about 150 us
//! of native curve arithmetic (two double multiplications, two hashes to the group, four decompressions)
//! and takes less than three times that in Wasm; a hash of 100 bytes takes under 1 us; and a single
//! storage item of 32 bytes needs a trie proof of 1,517 bytes.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(missing_docs)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};

/// Weight functions needed for `pallet_beacon`.
pub trait WeightInfo {
    fn contribute() -> Weight;
    fn rotate() -> Weight;
}

/// Weights for `pallet_beacon` with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: `Beacon::Owed` (r:1 w:1)
    /// Storage: `Beacon::Mix` (r:1 w:1)
    /// Storage: the slot leader (r:2 w:0)
    fn contribute() -> Weight {
        Weight::from_parts(400_000_000, 3034)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }
    /// Storage: `Beacon::CurrentSeed` (r:1 w:1)
    /// Storage: `Beacon::Mix` (r:1 w:1)
    /// Storage: `Beacon::CurrentEpoch` (r:0 w:1)
    /// Storage: `Beacon::History` (r:0 w:1)
    fn rotate() -> Weight {
        Weight::from_parts(15_000_000, 1517)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }
}

// For tests.
impl WeightInfo for () {
    fn contribute() -> Weight {
        Weight::from_parts(400_000_000, 3034)
            .saturating_add(RocksDbWeight::get().reads(4_u64))
            .saturating_add(RocksDbWeight::get().writes(2_u64))
    }
    fn rotate() -> Weight {
        Weight::from_parts(15_000_000, 1517)
            .saturating_add(RocksDbWeight::get().reads(2_u64))
            .saturating_add(RocksDbWeight::get().writes(4_u64))
    }
}
