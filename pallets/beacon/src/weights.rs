//! Weights of `pallet_beacon`, measured by `scripts/bench weights` on 2026-11-25: do not edit.
//!
//! Processor: AMD EPYC. Steps 20, repeat 10, Wasm execution Compiled,
//! chain Some("dev"), database cache 1024 MiB, worst-case map of 1000000 entries.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(missing_docs, unused_imports)]

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight, constants::RocksDbWeight},
};

/// Weight functions needed for `pallet_beacon`.
pub trait WeightInfo {
    fn contribute() -> Weight;
    fn rotate() -> Weight;
}

/// Weights for `pallet_beacon` with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn contribute() -> Weight {
        measured::contribute::<T::DbWeight>()
    }
    fn rotate() -> Weight {
        measured::rotate::<T::DbWeight>()
    }
}

// For tests.
impl WeightInfo for () {
    fn contribute() -> Weight {
        measured::contribute::<RocksDbWeight>()
    }
    fn rotate() -> Weight {
        measured::rotate::<RocksDbWeight>()
    }
}

/// What was measured, for any database.
mod measured {
    use super::*;

    // Storage: `Vdpos::LastLeader` (r:1 w:0)
    // Proof: `Vdpos::LastLeader` (`max_values`: Some(1), `max_size`: Some(73), added: 568, mode: `MaxEncodedLen`)
    // Storage: `Beacon::Owed` (r:1 w:1)
    // Proof: `Beacon::Owed` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
    // Storage: `Beacon::Mix` (r:1 w:1)
    // Proof: `Beacon::Mix` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
    // Recorded proof: 441 bytes. Fastest run: 629_464 ns.
    pub fn contribute<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(679_446_000, 1558)
            .saturating_add(D::get().reads(3_u64))
            .saturating_add(D::get().writes(2_u64))
    }

    // Storage: `Beacon::CurrentSeed` (r:1 w:1)
    // Proof: `Beacon::CurrentSeed` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
    // Storage: `Beacon::Mix` (r:1 w:1)
    // Proof: `Beacon::Mix` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
    // Storage: `Beacon::CurrentEpoch` (r:0 w:1)
    // Proof: `Beacon::CurrentEpoch` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
    // Storage: `Beacon::History` (r:0 w:1)
    // Proof: `Beacon::History` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Recorded proof: 173 bytes. Fastest run: 15_558 ns.
    pub fn rotate<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(27_380_000, 1517)
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().writes(4_u64))
    }
}
