//! Weights of `pallet_vdpos`.
//!
//! Derived by hand from the storage operations of each call. To be regenerated on reference hardware by
//! `scripts/bench weights`, which writes this file in the same layout.

#![cfg_attr(rustfmt, rustfmt_skip)]

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::{Weight, constants::RocksDbWeight}};

/// Weight functions needed for `pallet_vdpos`.
pub trait WeightInfo {
    /// `set_parameters`.
    fn set_parameters() -> Weight;
    /// `register`.
    fn register() -> Weight;
    /// `bond_more`.
    fn bond_more() -> Weight;
    /// `set_commission`.
    fn set_commission() -> Weight;
    /// `retire`.
    fn retire() -> Weight;
    /// `vote` for `n` names, by a voter with all names taken.
    fn vote(n: u32) -> Weight;
    /// `unvote`.
    fn unvote() -> Weight;
    /// `withdraw` of `c` chunks.
    fn withdraw(c: u32) -> Weight;
    /// `claim`.
    fn claim() -> Weight;
    /// `refresh`.
    fn refresh() -> Weight;
    /// `note_finalized`.
    fn note_finalized() -> Weight;
    /// Both reports, in a session of `v` members.
    fn report_equivocation(v: u32) -> Weight;
    /// Start of a block after `s` slots without one.
    fn note_slot(s: u32) -> Weight;
    /// Change of an epoch; the session pallet charges a whole block for it.
    fn rotate_epoch() -> Weight;
    /// Change of an era and an election with `v` voters; charged as above.
    fn rotate_era(v: u32) -> Weight;
}

/// Weights for `pallet_vdpos` using the Substrate node and recommended hardware.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Storage: `Vdpos::CurrentParameters` (r:0 w:1)
    fn set_parameters() -> Weight {
        Weight::from_parts(9_000_000, 1500)
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
    /// Storage: `Session::NextKeys` (r:1), `Vdpos::Candidates` (r:2 w:2), `Vdpos::Pools` (r:1 w:1), `Vdpos::CurrentParameters` (r:1), `Balances::Holds` (r:1 w:1), `System::Account` (r:1 w:1)
    fn register() -> Weight {
        Weight::from_parts(75_000_000, 9000)
            .saturating_add(T::DbWeight::get().reads(8_u64))
            .saturating_add(T::DbWeight::get().writes(5_u64))
    }
    /// Storage: `Vdpos::Candidates` (r:1 w:1), `Balances::Holds` (r:1 w:1), `System::Account` (r:1 w:1)
    fn bond_more() -> Weight {
        Weight::from_parts(55_000_000, 6000)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(3_u64))
    }
    /// Storage: `Vdpos::Candidates` (r:1 w:1), `Vdpos::CurrentParameters` (r:1)
    fn set_commission() -> Weight {
        Weight::from_parts(20_000_000, 4000)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
    /// Storage: `Vdpos::Candidates` (r:1 w:1), `Vdpos::CurrentEra`, `Vdpos::Planned`, `Vdpos::CurrentParameters` (r:3)
    fn retire() -> Weight {
        Weight::from_parts(25_000_000, 12000)
            .saturating_add(T::DbWeight::get().reads(4_u64))
            .saturating_add(T::DbWeight::get().writes(1_u64))
    }
    /// Storage: 16 old names: `Vdpos::Pools` (r:16 w:16); per new name `Vdpos::Candidates` (r:1), `Vdpos::Pools` (r:1 w:1); `Vdpos::Voters`, `Vdpos::Unbonding`, `Balances::Holds`, `System::Account`, `VoterList` (r:10 w:12)
    fn vote(n: u32) -> Weight {
        Weight::from_parts(420_000_000, 140000)
            .saturating_add(Weight::from_parts(14_000_000, 5200).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().writes(1_u64.saturating_mul(n.into())))
            .saturating_add(T::DbWeight::get().reads(26_u64))
            .saturating_add(T::DbWeight::get().writes(28_u64))
    }
    /// Storage: 16 names: `Vdpos::Pools` (r:16 w:16); `Vdpos::Voters`, `Vdpos::Unbonding`, `Balances::Holds`, `System::Account`, `VoterList` (r:13 w:10)
    fn unvote() -> Weight {
        Weight::from_parts(380_000_000, 110000)
            .saturating_add(T::DbWeight::get().reads(29_u64))
            .saturating_add(T::DbWeight::get().writes(26_u64))
    }
    /// Storage: 16 names: `Vdpos::Pools` (r:16 w:16); per chunk 16 x `Vdpos::Pools` (r:1 w:1) and `Vdpos::Candidates` (r:1); `Vdpos::Voters`, `Vdpos::Unbonding`, `Vdpos::Candidates`, `Vdpos::Active` and successors, `Balances::Holds`, `System::Account`, `VoterList`
    fn withdraw(c: u32) -> Weight {
        Weight::from_parts(420_000_000, 130000)
            .saturating_add(Weight::from_parts(260_000_000, 42000).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads(32_u64.saturating_mul(c.into())))
            .saturating_add(T::DbWeight::get().writes(16_u64.saturating_mul(c.into())))
            .saturating_add(T::DbWeight::get().reads(38_u64))
            .saturating_add(T::DbWeight::get().writes(34_u64))
    }
    /// Storage: 16 names: `Vdpos::Pools` (r:16 w:16); `Vdpos::Voters`, `Vdpos::Candidates`, `System::Account` (r:2 w:2), `VoterList` (r:9 w:8)
    fn claim() -> Weight {
        Weight::from_parts(330_000_000, 70000)
            .saturating_add(T::DbWeight::get().reads(29_u64))
            .saturating_add(T::DbWeight::get().writes(27_u64))
    }
    /// Storage: 16 names: `Vdpos::Pools` (r:16 w:16); `Vdpos::Voters`, `Balances::Holds`, `VoterList` (r:11 w:9)
    fn refresh() -> Weight {
        Weight::from_parts(300_000_000, 66000)
            .saturating_add(T::DbWeight::get().reads(27_u64))
            .saturating_add(T::DbWeight::get().writes(25_u64))
    }
    /// Storage: `Vdpos::FinalityNotedAt` (r:1 w:1), `Vdpos::Lags` (r:1 w:1)
    fn note_finalized() -> Weight {
        Weight::from_parts(14_000_000, 3000)
            .saturating_add(T::DbWeight::get().reads(2_u64))
            .saturating_add(T::DbWeight::get().writes(2_u64))
    }
    /// Storage: two signatures; `Vdpos::Epochs` (r:3), `Offences` (r:3 w:3), `Vdpos::Slashed`, `Vdpos::Candidates`, `Vdpos::Pools`, `Balances::Holds`, `System::Account`; in the running session `Session::NextKeys` (r:v)
    fn report_equivocation(v: u32) -> Weight {
        Weight::from_parts(420_000_000, 30000)
            .saturating_add(Weight::from_parts(900_000, 2700).saturating_mul(v.into()))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(v.into())))
            .saturating_add(T::DbWeight::get().reads(22_u64))
            .saturating_add(T::DbWeight::get().writes(16_u64))
    }
    /// Storage: `Vdpos::LastLeader`, `Vdpos::Tally` (r:2 w:2), `Vdpos::Schedule`, `Vdpos::Seats` (r:2)
    fn note_slot(s: u32) -> Weight {
        Weight::from_parts(26_000_000, 14000)
            .saturating_add(Weight::from_parts(40_000, 0).saturating_mul(s.into()))
            .saturating_add(T::DbWeight::get().reads(5_u64))
            .saturating_add(T::DbWeight::get().writes(4_u64))
    }
    /// Storage: 101 producers: `Vdpos::EraService`, `Vdpos::Candidates` (r:2 w:1 each), `Session::NextKeys` (r:202)
    fn rotate_epoch() -> Weight {
        Weight::from_parts(7_000_000_000, 400000)
            .saturating_add(T::DbWeight::get().reads(540_u64))
            .saturating_add(T::DbWeight::get().writes(140_u64))
    }
    /// Storage: 256 candidates: `Vdpos::Candidates`, `Vdpos::Pools`, `Session::NextKeys` (r:3 each); per voter `VoterList::ListNodes`, `Vdpos::Voters` (r:2); 101 producers paid and judged
    fn rotate_era(v: u32) -> Weight {
        Weight::from_parts(40_000_000_000, 1200000)
            .saturating_add(Weight::from_parts(120_000_000, 4200).saturating_mul(v.into()))
            .saturating_add(T::DbWeight::get().reads(2_u64.saturating_mul(v.into())))
            .saturating_add(T::DbWeight::get().reads(1600_u64))
            .saturating_add(T::DbWeight::get().writes(520_u64))
    }
}

// For backwards compatibility and tests.
impl WeightInfo for () {
    /// Storage: `Vdpos::CurrentParameters` (r:0 w:1)
    fn set_parameters() -> Weight {
        Weight::from_parts(9_000_000, 1500)
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }
    /// Storage: `Session::NextKeys` (r:1), `Vdpos::Candidates` (r:2 w:2), `Vdpos::Pools` (r:1 w:1), `Vdpos::CurrentParameters` (r:1), `Balances::Holds` (r:1 w:1), `System::Account` (r:1 w:1)
    fn register() -> Weight {
        Weight::from_parts(75_000_000, 9000)
            .saturating_add(RocksDbWeight::get().reads(8_u64))
            .saturating_add(RocksDbWeight::get().writes(5_u64))
    }
    /// Storage: `Vdpos::Candidates` (r:1 w:1), `Balances::Holds` (r:1 w:1), `System::Account` (r:1 w:1)
    fn bond_more() -> Weight {
        Weight::from_parts(55_000_000, 6000)
            .saturating_add(RocksDbWeight::get().reads(4_u64))
            .saturating_add(RocksDbWeight::get().writes(3_u64))
    }
    /// Storage: `Vdpos::Candidates` (r:1 w:1), `Vdpos::CurrentParameters` (r:1)
    fn set_commission() -> Weight {
        Weight::from_parts(20_000_000, 4000)
            .saturating_add(RocksDbWeight::get().reads(2_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }
    /// Storage: `Vdpos::Candidates` (r:1 w:1), `Vdpos::CurrentEra`, `Vdpos::Planned`, `Vdpos::CurrentParameters` (r:3)
    fn retire() -> Weight {
        Weight::from_parts(25_000_000, 12000)
            .saturating_add(RocksDbWeight::get().reads(4_u64))
            .saturating_add(RocksDbWeight::get().writes(1_u64))
    }
    /// Storage: 16 old names: `Vdpos::Pools` (r:16 w:16); per new name `Vdpos::Candidates` (r:1), `Vdpos::Pools` (r:1 w:1); `Vdpos::Voters`, `Vdpos::Unbonding`, `Balances::Holds`, `System::Account`, `VoterList` (r:10 w:12)
    fn vote(n: u32) -> Weight {
        Weight::from_parts(420_000_000, 140000)
            .saturating_add(Weight::from_parts(14_000_000, 5200).saturating_mul(n.into()))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(n.into())))
            .saturating_add(RocksDbWeight::get().writes(1_u64.saturating_mul(n.into())))
            .saturating_add(RocksDbWeight::get().reads(26_u64))
            .saturating_add(RocksDbWeight::get().writes(28_u64))
    }
    /// Storage: 16 names: `Vdpos::Pools` (r:16 w:16); `Vdpos::Voters`, `Vdpos::Unbonding`, `Balances::Holds`, `System::Account`, `VoterList` (r:13 w:10)
    fn unvote() -> Weight {
        Weight::from_parts(380_000_000, 110000)
            .saturating_add(RocksDbWeight::get().reads(29_u64))
            .saturating_add(RocksDbWeight::get().writes(26_u64))
    }
    /// Storage: 16 names: `Vdpos::Pools` (r:16 w:16); per chunk 16 x `Vdpos::Pools` (r:1 w:1) and `Vdpos::Candidates` (r:1); `Vdpos::Voters`, `Vdpos::Unbonding`, `Vdpos::Candidates`, `Vdpos::Active` and successors, `Balances::Holds`, `System::Account`, `VoterList`
    fn withdraw(c: u32) -> Weight {
        Weight::from_parts(420_000_000, 130000)
            .saturating_add(Weight::from_parts(260_000_000, 42000).saturating_mul(c.into()))
            .saturating_add(RocksDbWeight::get().reads(32_u64.saturating_mul(c.into())))
            .saturating_add(RocksDbWeight::get().writes(16_u64.saturating_mul(c.into())))
            .saturating_add(RocksDbWeight::get().reads(38_u64))
            .saturating_add(RocksDbWeight::get().writes(34_u64))
    }
    /// Storage: 16 names: `Vdpos::Pools` (r:16 w:16); `Vdpos::Voters`, `Vdpos::Candidates`, `System::Account` (r:2 w:2), `VoterList` (r:9 w:8)
    fn claim() -> Weight {
        Weight::from_parts(330_000_000, 70000)
            .saturating_add(RocksDbWeight::get().reads(29_u64))
            .saturating_add(RocksDbWeight::get().writes(27_u64))
    }
    /// Storage: 16 names: `Vdpos::Pools` (r:16 w:16); `Vdpos::Voters`, `Balances::Holds`, `VoterList` (r:11 w:9)
    fn refresh() -> Weight {
        Weight::from_parts(300_000_000, 66000)
            .saturating_add(RocksDbWeight::get().reads(27_u64))
            .saturating_add(RocksDbWeight::get().writes(25_u64))
    }
    /// Storage: `Vdpos::FinalityNotedAt` (r:1 w:1), `Vdpos::Lags` (r:1 w:1)
    fn note_finalized() -> Weight {
        Weight::from_parts(14_000_000, 3000)
            .saturating_add(RocksDbWeight::get().reads(2_u64))
            .saturating_add(RocksDbWeight::get().writes(2_u64))
    }
    /// Storage: two signatures; `Vdpos::Epochs` (r:3), `Offences` (r:3 w:3), `Vdpos::Slashed`, `Vdpos::Candidates`, `Vdpos::Pools`, `Balances::Holds`, `System::Account`; in the running session `Session::NextKeys` (r:v)
    fn report_equivocation(v: u32) -> Weight {
        Weight::from_parts(420_000_000, 30000)
            .saturating_add(Weight::from_parts(900_000, 2700).saturating_mul(v.into()))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(v.into())))
            .saturating_add(RocksDbWeight::get().reads(22_u64))
            .saturating_add(RocksDbWeight::get().writes(16_u64))
    }
    /// Storage: `Vdpos::LastLeader`, `Vdpos::Tally` (r:2 w:2), `Vdpos::Schedule`, `Vdpos::Seats` (r:2)
    fn note_slot(s: u32) -> Weight {
        Weight::from_parts(26_000_000, 14000)
            .saturating_add(Weight::from_parts(40_000, 0).saturating_mul(s.into()))
            .saturating_add(RocksDbWeight::get().reads(5_u64))
            .saturating_add(RocksDbWeight::get().writes(4_u64))
    }
    /// Storage: 101 producers: `Vdpos::EraService`, `Vdpos::Candidates` (r:2 w:1 each), `Session::NextKeys` (r:202)
    fn rotate_epoch() -> Weight {
        Weight::from_parts(7_000_000_000, 400000)
            .saturating_add(RocksDbWeight::get().reads(540_u64))
            .saturating_add(RocksDbWeight::get().writes(140_u64))
    }
    /// Storage: 256 candidates: `Vdpos::Candidates`, `Vdpos::Pools`, `Session::NextKeys` (r:3 each); per voter `VoterList::ListNodes`, `Vdpos::Voters` (r:2); 101 producers paid and judged
    fn rotate_era(v: u32) -> Weight {
        Weight::from_parts(40_000_000_000, 1200000)
            .saturating_add(Weight::from_parts(120_000_000, 4200).saturating_mul(v.into()))
            .saturating_add(RocksDbWeight::get().reads(2_u64.saturating_mul(v.into())))
            .saturating_add(RocksDbWeight::get().reads(1600_u64))
            .saturating_add(RocksDbWeight::get().writes(520_u64))
    }
}
