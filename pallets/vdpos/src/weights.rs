//! Weights of `pallet_vdpos`, measured by `scripts/bench weights` on 2026-11-30: do not edit.
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

/// Weight functions needed for `pallet_vdpos`.
pub trait WeightInfo {
    fn set_parameters() -> Weight;
    fn register() -> Weight;
    fn bond_more() -> Weight;
    fn set_commission() -> Weight;
    fn retire() -> Weight;
    fn vote(n: u32, ) -> Weight;
    fn unvote() -> Weight;
    fn withdraw(c: u32, ) -> Weight;
    fn claim() -> Weight;
    fn refresh() -> Weight;
    fn note_finalized() -> Weight;
    fn report_equivocation(v: u32, ) -> Weight;
    fn note_slot(s: u32, ) -> Weight;
    fn rotate_epoch() -> Weight;
    fn rotate_era(v: u32, ) -> Weight;
}

/// Weights for `pallet_vdpos` with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn set_parameters() -> Weight {
        measured::set_parameters::<T::DbWeight>()
    }
    fn register() -> Weight {
        measured::register::<T::DbWeight>()
    }
    fn bond_more() -> Weight {
        measured::bond_more::<T::DbWeight>()
    }
    fn set_commission() -> Weight {
        measured::set_commission::<T::DbWeight>()
    }
    fn retire() -> Weight {
        measured::retire::<T::DbWeight>()
    }
    fn vote(n: u32, ) -> Weight {
        measured::vote::<T::DbWeight>(n, )
    }
    fn unvote() -> Weight {
        measured::unvote::<T::DbWeight>()
    }
    fn withdraw(c: u32, ) -> Weight {
        measured::withdraw::<T::DbWeight>(c, )
    }
    fn claim() -> Weight {
        measured::claim::<T::DbWeight>()
    }
    fn refresh() -> Weight {
        measured::refresh::<T::DbWeight>()
    }
    fn note_finalized() -> Weight {
        measured::note_finalized::<T::DbWeight>()
    }
    fn report_equivocation(v: u32, ) -> Weight {
        measured::report_equivocation::<T::DbWeight>(v, )
    }
    fn note_slot(s: u32, ) -> Weight {
        measured::note_slot::<T::DbWeight>(s, )
    }
    fn rotate_epoch() -> Weight {
        measured::rotate_epoch::<T::DbWeight>()
    }
    fn rotate_era(v: u32, ) -> Weight {
        measured::rotate_era::<T::DbWeight>(v, )
    }
}

// For tests.
impl WeightInfo for () {
    fn set_parameters() -> Weight {
        measured::set_parameters::<RocksDbWeight>()
    }
    fn register() -> Weight {
        measured::register::<RocksDbWeight>()
    }
    fn bond_more() -> Weight {
        measured::bond_more::<RocksDbWeight>()
    }
    fn set_commission() -> Weight {
        measured::set_commission::<RocksDbWeight>()
    }
    fn retire() -> Weight {
        measured::retire::<RocksDbWeight>()
    }
    fn vote(n: u32, ) -> Weight {
        measured::vote::<RocksDbWeight>(n, )
    }
    fn unvote() -> Weight {
        measured::unvote::<RocksDbWeight>()
    }
    fn withdraw(c: u32, ) -> Weight {
        measured::withdraw::<RocksDbWeight>(c, )
    }
    fn claim() -> Weight {
        measured::claim::<RocksDbWeight>()
    }
    fn refresh() -> Weight {
        measured::refresh::<RocksDbWeight>()
    }
    fn note_finalized() -> Weight {
        measured::note_finalized::<RocksDbWeight>()
    }
    fn report_equivocation(v: u32, ) -> Weight {
        measured::report_equivocation::<RocksDbWeight>(v, )
    }
    fn note_slot(s: u32, ) -> Weight {
        measured::note_slot::<RocksDbWeight>(s, )
    }
    fn rotate_epoch() -> Weight {
        measured::rotate_epoch::<RocksDbWeight>()
    }
    fn rotate_era(v: u32, ) -> Weight {
        measured::rotate_era::<RocksDbWeight>(v, )
    }
}

/// What was measured, for any database.
mod measured {
    use super::*;

    // Storage: `Vdpos::CurrentParameters` (r:0 w:1)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Recorded proof: 0 bytes. Fastest run: 5_608 ns.
    pub fn set_parameters<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(6_469_000, 0)
            .saturating_add(D::get().reads(0_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Session::NextKeys` (r:1 w:0)
    // Proof: `Session::NextKeys` (`max_values`: None, `max_size`: None, mode: `Measured`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Candidates` (r:1 w:1)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CounterForCandidates` (r:1 w:1)
    // Proof: `Vdpos::CounterForCandidates` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Pools` (r:1 w:1)
    // Proof: `Vdpos::Pools` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Recorded proof: 857 bytes. Fastest run: 99_187 ns.
    pub fn register<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(130_153_000, 4322)
            .saturating_add(D::get().reads(7_u64))
            .saturating_add(D::get().writes(5_u64))
    }

    // Storage: `Vdpos::Candidates` (r:1 w:1)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Recorded proof: 520 bytes. Fastest run: 68_973 ns.
    pub fn bond_more<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(88_421_000, 3622)
            .saturating_add(D::get().reads(3_u64))
            .saturating_add(D::get().writes(3_u64))
    }

    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Candidates` (r:1 w:1)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Recorded proof: 399 bytes. Fastest run: 30_686 ns.
    pub fn set_commission<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(44_956_000, 3563)
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Vdpos::Candidates` (r:1 w:1)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEra` (r:1 w:0)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Planned` (r:1 w:0)
    // Proof: `Vdpos::Planned` (`max_values`: Some(1), `max_size`: Some(6013), added: 6508, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Recorded proof: 435 bytes. Fastest run: 35_883 ns.
    pub fn retire<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(48_352_000, 7498)
            .saturating_add(D::get().reads(4_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Vdpos::Candidates` (r:16 w:0)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Pools` (r:32 w:32)
    // Proof: `Vdpos::Pools` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Voters` (r:1 w:1)
    // Proof: `Vdpos::Voters` (`max_values`: None, `max_size`: Some(1341), added: 3816, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEra` (r:1 w:0)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Planned` (r:1 w:0)
    // Proof: `Vdpos::Planned` (`max_values`: Some(1), `max_size`: Some(6013), added: 6508, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Unbonding` (r:1 w:1)
    // Proof: `Vdpos::Unbonding` (`max_values`: None, `max_size`: Some(33001), added: 35476, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListNodes` (r:1 w:1)
    // Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
    // Storage: `VoterList::Lock` (r:1 w:0)
    // Proof: `VoterList::Lock` (`max_values`: Some(1), `max_size`: Some(0), added: 495, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListBags` (r:2 w:2)
    // Proof: `VoterList::ListBags` (`max_values`: None, `max_size`: Some(82), added: 2557, mode: `MaxEncodedLen`)
    // `n` was varied from 1 to 16.
    // Recorded proof: 5048 bytes + 133 per `n`. Fastest run: 373_023 ns.
    pub fn vote<D: Get<RuntimeDbWeight>>(n: u32, ) -> Weight {
        Weight::from_parts(427_488_702, 42510)
            .saturating_add(Weight::from_parts(13_099_109, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 2595).saturating_mul(n.into()))
            .saturating_add(D::get().reads(27_u64))
            .saturating_add(D::get().reads(2_u64.saturating_mul(n.into())))
            .saturating_add(D::get().writes(23_u64))
            .saturating_add(D::get().writes(1_u64.saturating_mul(n.into())))
    }

    // Storage: `Vdpos::Voters` (r:1 w:1)
    // Proof: `Vdpos::Voters` (`max_values`: None, `max_size`: Some(1341), added: 3816, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Pools` (r:16 w:16)
    // Proof: `Vdpos::Pools` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEra` (r:1 w:0)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Planned` (r:1 w:0)
    // Proof: `Vdpos::Planned` (`max_values`: Some(1), `max_size`: Some(6013), added: 6508, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Unbonding` (r:1 w:1)
    // Proof: `Vdpos::Unbonding` (`max_values`: None, `max_size`: Some(33001), added: 35476, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListNodes` (r:1 w:1)
    // Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
    // Storage: `VoterList::Lock` (r:1 w:0)
    // Proof: `VoterList::Lock` (`max_values`: Some(1), `max_size`: Some(0), added: 495, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListBags` (r:2 w:2)
    // Proof: `VoterList::ListBags` (`max_values`: None, `max_size`: Some(82), added: 2557, mode: `MaxEncodedLen`)
    // Recorded proof: 3813 bytes. Fastest run: 282_929 ns.
    pub fn unvote<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(327_135_000, 42510)
            .saturating_add(D::get().reads(27_u64))
            .saturating_add(D::get().writes(23_u64))
    }

    // Storage: `Vdpos::CurrentEra` (r:1 w:0)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Candidates` (r:17 w:0)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Unbonding` (r:1 w:1)
    // Proof: `Vdpos::Unbonding` (`max_values`: None, `max_size`: Some(33001), added: 35476, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Voters` (r:1 w:1)
    // Proof: `Vdpos::Voters` (`max_values`: None, `max_size`: Some(1341), added: 3816, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Pools` (r:16 w:16)
    // Proof: `Vdpos::Pools` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListNodes` (r:1 w:1)
    // Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `VoterList::Lock` (r:1 w:0)
    // Proof: `VoterList::Lock` (`max_values`: Some(1), `max_size`: Some(0), added: 495, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListBags` (r:2 w:2)
    // Proof: `VoterList::ListBags` (`max_values`: None, `max_size`: Some(82), added: 2557, mode: `MaxEncodedLen`)
    // `c` was varied from 1 to 32.
    // Recorded proof: 5152 bytes + 1030 per `c`. Fastest run: 375_557 ns.
    pub fn withdraw<D: Get<RuntimeDbWeight>>(c: u32, ) -> Weight {
        Weight::from_parts(338_245_591, 44731)
            .saturating_add(Weight::from_parts(66_103_124, 0).saturating_mul(c.into()))
            .saturating_add(D::get().reads(43_u64))
            .saturating_add(D::get().writes(23_u64))
    }

    // Storage: `Vdpos::Voters` (r:1 w:1)
    // Proof: `Vdpos::Voters` (`max_values`: None, `max_size`: Some(1341), added: 3816, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Pools` (r:16 w:16)
    // Proof: `Vdpos::Pools` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:2 w:2)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListNodes` (r:1 w:1)
    // Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEra` (r:1 w:0)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `VoterList::Lock` (r:1 w:0)
    // Proof: `VoterList::Lock` (`max_values`: Some(1), `max_size`: Some(0), added: 495, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Candidates` (r:1 w:1)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Recorded proof: 4464 bytes. Fastest run: 242_679 ns.
    pub fn claim<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(251_794_000, 42510)
            .saturating_add(D::get().reads(25_u64))
            .saturating_add(D::get().writes(22_u64))
    }

    // Storage: `Vdpos::Voters` (r:1 w:1)
    // Proof: `Vdpos::Voters` (`max_values`: None, `max_size`: Some(1341), added: 3816, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Pools` (r:16 w:16)
    // Proof: `Vdpos::Pools` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListNodes` (r:1 w:1)
    // Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEra` (r:1 w:0)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `VoterList::Lock` (r:1 w:0)
    // Proof: `VoterList::Lock` (`max_values`: Some(1), `max_size`: Some(0), added: 495, mode: `MaxEncodedLen`)
    // Recorded proof: 3740 bytes. Fastest run: 195_360 ns.
    pub fn refresh<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(205_134_000, 42510)
            .saturating_add(D::get().reads(23_u64))
            .saturating_add(D::get().writes(20_u64))
    }

    // Storage: `Vdpos::FinalityNotedAt` (r:1 w:1)
    // Proof: `Vdpos::FinalityNotedAt` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Lags` (r:1 w:1)
    // Proof: `Vdpos::Lags` (`max_values`: Some(1), `max_size`: Some(128), added: 623, mode: `MaxEncodedLen`)
    // Recorded proof: 206 bytes. Fastest run: 7_632 ns.
    pub fn note_finalized<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(8_512_000, 1613)
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().writes(2_u64))
    }

    // Storage: `Vdpos::Epochs` (r:1 w:0)
    // Proof: `Vdpos::Epochs` (`max_values`: None, `max_size`: Some(6494), added: 8969, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEra` (r:1 w:0)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Rosters` (r:1 w:0)
    // Proof: `Vdpos::Rosters` (`max_values`: None, `max_size`: Some(29203), added: 31678, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Slashed` (r:1 w:1)
    // Proof: `Vdpos::Slashed` (`max_values`: None, `max_size`: Some(56), added: 2531, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Pools` (r:1 w:1)
    // Proof: `Vdpos::Pools` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Candidates` (r:1 w:1)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // `v` was varied from 1 to 101.
    // Recorded proof: 1831 bytes + 303 per `v`. Fastest run: 211_233 ns.
    pub fn report_equivocation<D: Get<RuntimeDbWeight>>(v: u32, ) -> Weight {
        Weight::from_parts(239_849_815, 32668)
            .saturating_add(Weight::from_parts(387_743, 0).saturating_mul(v.into()))
            .saturating_add(D::get().reads(9_u64))
            .saturating_add(D::get().writes(5_u64))
    }

    // Storage: `Vdpos::LastLeader` (r:1 w:1)
    // Proof: `Vdpos::LastLeader` (`max_values`: Some(1), `max_size`: Some(73), added: 568, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Schedule` (r:1 w:0)
    // Proof: `Vdpos::Schedule` (`max_values`: Some(1), `max_size`: Some(2050), added: 2545, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Tally` (r:1 w:1)
    // Proof: `Vdpos::Tally` (`max_values`: Some(1), `max_size`: Some(810), added: 1305, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Seats` (r:1 w:0)
    // Proof: `Vdpos::Seats` (`max_values`: Some(1), `max_size`: Some(6466), added: 6961, mode: `MaxEncodedLen`)
    // `s` was varied from 0 to 1023.
    // Recorded proof: 9722 bytes. Fastest run: 33_770 ns.
    pub fn note_slot<D: Get<RuntimeDbWeight>>(_s: u32, ) -> Weight {
        Weight::from_parts(47_245_373, 7951)
            .saturating_add(D::get().reads(4_u64))
            .saturating_add(D::get().writes(2_u64))
    }

    // Storage: `Vdpos::Lags` (r:1 w:0)
    // Proof: `Vdpos::Lags` (`max_values`: Some(1), `max_size`: Some(128), added: 623, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Tally` (r:1 w:1)
    // Proof: `Vdpos::Tally` (`max_values`: Some(1), `max_size`: Some(810), added: 1305, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Seats` (r:1 w:1)
    // Proof: `Vdpos::Seats` (`max_values`: Some(1), `max_size`: Some(6466), added: 6961, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::EraService` (r:101 w:101)
    // Proof: `Vdpos::EraService` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEra` (r:1 w:0)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Active` (r:1 w:1)
    // Proof: `Vdpos::Active` (`max_values`: Some(1), `max_size`: Some(5052), added: 5547, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Candidates` (r:121 w:20)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Standby` (r:1 w:1)
    // Proof: `Vdpos::Standby` (`max_values`: Some(1), `max_size`: Some(961), added: 1456, mode: `MaxEncodedLen`)
    // Storage: `Session::NextKeys` (r:101 w:0)
    // Proof: `Session::NextKeys` (`max_values`: None, `max_size`: None, mode: `Measured`)
    // Storage: `Vdpos::CurrentEpoch` (r:1 w:1)
    // Proof: `Vdpos::CurrentEpoch` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::LastLeader` (r:1 w:0)
    // Proof: `Vdpos::LastLeader` (`max_values`: Some(1), `max_size`: Some(73), added: 568, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::OldestEpoch` (r:1 w:0)
    // Proof: `Vdpos::OldestEpoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Epochs` (r:1 w:1)
    // Proof: `Vdpos::Epochs` (`max_values`: None, `max_size`: Some(6494), added: 8969, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::LastLag` (r:0 w:1)
    // Proof: `Vdpos::LastLag` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Schedule` (r:0 w:1)
    // Proof: `Vdpos::Schedule` (`max_values`: Some(1), `max_size`: Some(2050), added: 2545, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Rosters` (r:0 w:1)
    // Proof: `Vdpos::Rosters` (`max_values`: None, `max_size`: Some(29203), added: 31678, mode: `MaxEncodedLen`)
    // Recorded proof: 38647 bytes. Fastest run: 1_960_927 ns.
    pub fn rotate_epoch<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(2_192_590_000, 312323)
            .saturating_add(D::get().reads(334_u64))
            .saturating_add(D::get().writes(130_u64))
    }

    // Storage: `Vdpos::Lags` (r:1 w:0)
    // Proof: `Vdpos::Lags` (`max_values`: Some(1), `max_size`: Some(128), added: 623, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Tally` (r:1 w:1)
    // Proof: `Vdpos::Tally` (`max_values`: Some(1), `max_size`: Some(810), added: 1305, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Seats` (r:1 w:1)
    // Proof: `Vdpos::Seats` (`max_values`: Some(1), `max_size`: Some(6466), added: 6961, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::EraService` (r:102 w:101)
    // Proof: `Vdpos::EraService` (`max_values`: None, `max_size`: Some(48), added: 2523, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEra` (r:1 w:1)
    // Proof: `Vdpos::CurrentEra` (`max_values`: Some(1), `max_size`: Some(12), added: 507, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Active` (r:1 w:1)
    // Proof: `Vdpos::Active` (`max_values`: Some(1), `max_size`: Some(5052), added: 5547, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentParameters` (r:1 w:0)
    // Proof: `Vdpos::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(60), added: 555, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Candidates` (r:257 w:101)
    // Proof: `Vdpos::Candidates` (`max_values`: None, `max_size`: Some(98), added: 2573, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Standby` (r:1 w:1)
    // Proof: `Vdpos::Standby` (`max_values`: Some(1), `max_size`: Some(961), added: 1456, mode: `MaxEncodedLen`)
    // Storage: `Session::NextKeys` (r:256 w:0)
    // Proof: `Session::NextKeys` (`max_values`: None, `max_size`: None, mode: `Measured`)
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
    // Storage: `Vdpos::Carry` (r:1 w:1)
    // Proof: `Vdpos::Carry` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Pools` (r:256 w:101)
    // Proof: `Vdpos::Pools` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::CurrentEpoch` (r:1 w:1)
    // Proof: `Vdpos::CurrentEpoch` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::LastLeader` (r:1 w:0)
    // Proof: `Vdpos::LastLeader` (`max_values`: Some(1), `max_size`: Some(73), added: 568, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Planned` (r:1 w:1)
    // Proof: `Vdpos::Planned` (`max_values`: Some(1), `max_size`: Some(6013), added: 6508, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::OldestEpoch` (r:1 w:0)
    // Proof: `Vdpos::OldestEpoch` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Epochs` (r:1 w:1)
    // Proof: `Vdpos::Epochs` (`max_values`: None, `max_size`: Some(6494), added: 8969, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::TargetSize` (r:1 w:1)
    // Proof: `Vdpos::TargetSize` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListBags` (r:34 w:0)
    // Proof: `VoterList::ListBags` (`max_values`: None, `max_size`: Some(82), added: 2557, mode: `MaxEncodedLen`)
    // Storage: `VoterList::ListNodes` (r:512 w:0)
    // Proof: `VoterList::ListNodes` (`max_values`: None, `max_size`: Some(154), added: 2629, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Voters` (r:512 w:0)
    // Proof: `Vdpos::Voters` (`max_values`: None, `max_size`: Some(1341), added: 3816, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::LastLag` (r:0 w:1)
    // Proof: `Vdpos::LastLag` (`max_values`: Some(1), `max_size`: Some(4), added: 499, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Schedule` (r:0 w:1)
    // Proof: `Vdpos::Schedule` (`max_values`: Some(1), `max_size`: Some(2050), added: 2545, mode: `MaxEncodedLen`)
    // Storage: `Vdpos::Rosters` (r:0 w:1)
    // Proof: `Vdpos::Rosters` (`max_values`: None, `max_size`: Some(29203), added: 31678, mode: `MaxEncodedLen`)
    // `v` was varied from 1 to 512.
    // Recorded proof: 167770 bytes + 872 per `v`. Fastest run: 9_033_171 ns.
    pub fn rotate_era<D: Get<RuntimeDbWeight>>(v: u32, ) -> Weight {
        Weight::from_parts(10_065_154_491, 793586)
            .saturating_add(Weight::from_parts(80_247_246, 0).saturating_mul(v.into()))
            .saturating_add(Weight::from_parts(0, 3816).saturating_mul(v.into()))
            .saturating_add(D::get().reads(959_u64))
            .saturating_add(D::get().reads(2_u64.saturating_mul(v.into())))
            .saturating_add(D::get().writes(320_u64))
    }
}
