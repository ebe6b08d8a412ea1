//! Weights of `pallet_issuance`, measured by `scripts/bench weights` on 2026-11-25: do not edit.
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

/// Weight functions needed for `pallet_issuance`.
pub trait WeightInfo {
    fn settle() -> Weight;
    fn mint() -> Weight;
    fn note_active() -> Weight;
    fn release(n: u32, ) -> Weight;
    fn pay_pool() -> Weight;
    fn prune_inactive(n: u32, ) -> Weight;
    fn set_listing() -> Weight;
    fn set_splits() -> Weight;
    fn set_fee_rule() -> Weight;
}

/// Weights for `pallet_issuance` with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn settle() -> Weight {
        measured::settle::<T::DbWeight>()
    }
    fn mint() -> Weight {
        measured::mint::<T::DbWeight>()
    }
    fn note_active() -> Weight {
        measured::note_active::<T::DbWeight>()
    }
    fn release(n: u32, ) -> Weight {
        measured::release::<T::DbWeight>(n, )
    }
    fn pay_pool() -> Weight {
        measured::pay_pool::<T::DbWeight>()
    }
    fn prune_inactive(n: u32, ) -> Weight {
        measured::prune_inactive::<T::DbWeight>(n, )
    }
    fn set_listing() -> Weight {
        measured::set_listing::<T::DbWeight>()
    }
    fn set_splits() -> Weight {
        measured::set_splits::<T::DbWeight>()
    }
    fn set_fee_rule() -> Weight {
        measured::set_fee_rule::<T::DbWeight>()
    }
}

// For tests.
impl WeightInfo for () {
    fn settle() -> Weight {
        measured::settle::<RocksDbWeight>()
    }
    fn mint() -> Weight {
        measured::mint::<RocksDbWeight>()
    }
    fn note_active() -> Weight {
        measured::note_active::<RocksDbWeight>()
    }
    fn release(n: u32, ) -> Weight {
        measured::release::<RocksDbWeight>(n, )
    }
    fn pay_pool() -> Weight {
        measured::pay_pool::<RocksDbWeight>()
    }
    fn prune_inactive(n: u32, ) -> Weight {
        measured::prune_inactive::<RocksDbWeight>(n, )
    }
    fn set_listing() -> Weight {
        measured::set_listing::<RocksDbWeight>()
    }
    fn set_splits() -> Weight {
        measured::set_splits::<RocksDbWeight>()
    }
    fn set_fee_rule() -> Weight {
        measured::set_fee_rule::<RocksDbWeight>()
    }
}

/// What was measured, for any database.
mod measured {
    use super::*;

    // Storage: `Issuance::Terms` (r:1 w:0)
    // Proof: `Issuance::Terms` (`max_values`: Some(1), `max_size`: Some(105), added: 600, mode: `MaxEncodedLen`)
    // Storage: `Timestamp::Now` (r:1 w:0)
    // Proof: `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Ledger` (r:1 w:1)
    // Proof: `Issuance::Ledger` (`max_values`: Some(1), `max_size`: Some(96), added: 591, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Clock` (r:1 w:1)
    // Proof: `Issuance::Clock` (`max_values`: Some(1), `max_size`: Some(40), added: 535, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Activity` (r:1 w:1)
    // Proof: `Issuance::Activity` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Available` (r:1 w:1)
    // Proof: `Issuance::Available` (`max_values`: Some(1), `max_size`: Some(64), added: 559, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Splits` (r:1 w:0)
    // Proof: `Issuance::Splits` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Recorded proof: 397 bytes. Fastest run: 28_373 ns.
    pub fn settle<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(44_823_000, 1590)
            .saturating_add(D::get().reads(7_u64))
            .saturating_add(D::get().writes(4_u64))
    }

    // Storage: `Issuance::Ledger` (r:1 w:1)
    // Proof: `Issuance::Ledger` (`max_values`: Some(1), `max_size`: Some(96), added: 591, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Available` (r:1 w:1)
    // Proof: `Issuance::Available` (`max_values`: Some(1), `max_size`: Some(64), added: 559, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Terms` (r:1 w:0)
    // Proof: `Issuance::Terms` (`max_values`: Some(1), `max_size`: Some(105), added: 600, mode: `MaxEncodedLen`)
    // Recorded proof: 416 bytes. Fastest run: 38_803 ns.
    pub fn mint<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(42_089_000, 1590)
            .saturating_add(D::get().reads(3_u64))
            .saturating_add(D::get().writes(2_u64))
    }

    // Storage: `Issuance::Terms` (r:1 w:0)
    // Proof: `Issuance::Terms` (`max_values`: Some(1), `max_size`: Some(105), added: 600, mode: `MaxEncodedLen`)
    // Storage: `Timestamp::Now` (r:1 w:0)
    // Proof: `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Activity` (r:1 w:1)
    // Proof: `Issuance::Activity` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Ledger` (r:1 w:1)
    // Proof: `Issuance::Ledger` (`max_values`: Some(1), `max_size`: Some(96), added: 591, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Clock` (r:1 w:1)
    // Proof: `Issuance::Clock` (`max_values`: Some(1), `max_size`: Some(40), added: 535, mode: `MaxEncodedLen`)
    // Storage: `Issuance::LastActiveDay` (r:1 w:1)
    // Proof: `Issuance::LastActiveDay` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
    // Recorded proof: 395 bytes. Fastest run: 24_876 ns.
    pub fn note_active<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(27_491_000, 3517)
            .saturating_add(D::get().reads(6_u64))
            .saturating_add(D::get().writes(4_u64))
    }

    // Storage: `Issuance::Vestings` (r:1 w:1)
    // Proof: `Issuance::Vestings` (`max_values`: None, `max_size`: Some(553), added: 3028, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Listing` (r:1 w:0)
    // Proof: `Issuance::Listing` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
    // Storage: `Timestamp::Now` (r:1 w:0)
    // Proof: `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // `n` was varied from 1 to 8.
    // Recorded proof: 443 bytes + 63 per `n`. Fastest run: 72_124 ns.
    pub fn release<D: Get<RuntimeDbWeight>>(n: u32, ) -> Weight {
        Weight::from_parts(79_602_688, 4018)
            .saturating_add(Weight::from_parts(520_715, 0).saturating_mul(n.into()))
            .saturating_add(D::get().reads(5_u64))
            .saturating_add(D::get().writes(3_u64))
    }

    // Storage: `Issuance::Terms` (r:1 w:0)
    // Proof: `Issuance::Terms` (`max_values`: Some(1), `max_size`: Some(105), added: 600, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Ledger` (r:1 w:1)
    // Proof: `Issuance::Ledger` (`max_values`: Some(1), `max_size`: Some(96), added: 591, mode: `MaxEncodedLen`)
    // Recorded proof: 329 bytes. Fastest run: 44_863 ns.
    pub fn pay_pool<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(52_398_000, 1590)
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Issuance::Activity` (r:1 w:0)
    // Proof: `Issuance::Activity` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Issuance::LastActiveDay` (r:100 w:100)
    // Proof: `Issuance::LastActiveDay` (`max_values`: None, `max_size`: Some(52), added: 2527, mode: `MaxEncodedLen`)
    // `n` was varied from 0 to 100.
    // Recorded proof: 234 bytes + 57 per `n`. Fastest run: 12_493 ns.
    pub fn prune_inactive<D: Get<RuntimeDbWeight>>(n: u32, ) -> Weight {
        Weight::from_parts(29_364_161, 1497)
            .saturating_add(Weight::from_parts(7_791_222, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 2527).saturating_mul(n.into()))
            .saturating_add(D::get().reads(1_u64))
            .saturating_add(D::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(D::get().writes(0_u64))
            .saturating_add(D::get().writes(1_u64.saturating_mul(n.into())))
    }

    // Storage: `Issuance::Listing` (r:1 w:1)
    // Proof: `Issuance::Listing` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
    // Storage: `Timestamp::Now` (r:1 w:0)
    // Proof: `Timestamp::Now` (`max_values`: Some(1), `max_size`: Some(8), added: 503, mode: `MaxEncodedLen`)
    // Recorded proof: 173 bytes. Fastest run: 16_962 ns.
    pub fn set_listing<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(21_540_000, 1493)
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Issuance::Splits` (r:0 w:1)
    // Proof: `Issuance::Splits` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Recorded proof: 0 bytes. Fastest run: 9_869 ns.
    pub fn set_splits<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(14_056_000, 0)
            .saturating_add(D::get().reads(0_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Issuance::Fees` (r:0 w:1)
    // Proof: `Issuance::Fees` (`max_values`: Some(1), `max_size`: Some(33), added: 528, mode: `MaxEncodedLen`)
    // Recorded proof: 0 bytes. Fastest run: 10_129 ns.
    pub fn set_fee_rule<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(19_226_000, 0)
            .saturating_add(D::get().reads(0_u64))
            .saturating_add(D::get().writes(1_u64))
    }
}
