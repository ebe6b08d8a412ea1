//! Weights of `pallet_relay`.
//!
//! Layout of the benchmark generator. The values were derived by hand from the storage items each
//! function touches, from the figures of `pallet_accounts` for like calls, and from measured signatures
//! (about 30 to 60 microseconds each) and hashes; they are on the high side and are to be regenerated
//! on the machine that sets a chain's block limits, by `scripts/bench weights`.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(missing_docs, unused_imports)]

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight, constants::RocksDbWeight},
};

/// Weight functions needed for `pallet_relay`.
pub trait WeightInfo {
    fn register() -> Weight;
    fn update() -> Weight;
    fn retire() -> Weight;
    fn withdraw() -> Weight;
    fn resume() -> Weight;
    fn claim() -> Weight;
    fn open() -> Weight;
    fn collect() -> Weight;
    fn set_parameters() -> Weight;
    fn begin_period() -> Weight;
    fn renew_roster(n: u32) -> Weight;
}

/// Weights for `pallet_relay` with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register() -> Weight {
        measured::register::<T::DbWeight>()
    }
    fn update() -> Weight {
        measured::update::<T::DbWeight>()
    }
    fn retire() -> Weight {
        measured::retire::<T::DbWeight>()
    }
    fn withdraw() -> Weight {
        measured::withdraw::<T::DbWeight>()
    }
    fn resume() -> Weight {
        measured::resume::<T::DbWeight>()
    }
    fn claim() -> Weight {
        measured::claim::<T::DbWeight>()
    }
    fn open() -> Weight {
        measured::open::<T::DbWeight>()
    }
    fn collect() -> Weight {
        measured::collect::<T::DbWeight>()
    }
    fn set_parameters() -> Weight {
        measured::set_parameters::<T::DbWeight>()
    }
    fn begin_period() -> Weight {
        measured::begin_period::<T::DbWeight>()
    }
    fn renew_roster(n: u32) -> Weight {
        measured::renew_roster::<T::DbWeight>(n)
    }
}

// For tests.
impl WeightInfo for () {
    fn register() -> Weight {
        measured::register::<RocksDbWeight>()
    }
    fn update() -> Weight {
        measured::update::<RocksDbWeight>()
    }
    fn retire() -> Weight {
        measured::retire::<RocksDbWeight>()
    }
    fn withdraw() -> Weight {
        measured::withdraw::<RocksDbWeight>()
    }
    fn resume() -> Weight {
        measured::resume::<RocksDbWeight>()
    }
    fn claim() -> Weight {
        measured::claim::<RocksDbWeight>()
    }
    fn open() -> Weight {
        measured::open::<RocksDbWeight>()
    }
    fn collect() -> Weight {
        measured::collect::<RocksDbWeight>()
    }
    fn set_parameters() -> Weight {
        measured::set_parameters::<RocksDbWeight>()
    }
    fn begin_period() -> Weight {
        measured::begin_period::<RocksDbWeight>()
    }
    fn renew_roster(n: u32) -> Weight {
        measured::renew_roster::<RocksDbWeight>(n)
    }
}

/// What was derived, for any database.
mod measured {
    use super::*;

    // Storage: Relay::Relays (r:1 w:1)
    // Storage: Relay::CounterForRelays (r:1 w:1)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    // Storage: Balances::Holds (r:1 w:1)
    // Storage: the beacon's epoch (r:1 w:0)
    pub fn register<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(60_000_000, 6000)
            .saturating_add(D::get().reads(5_u64))
            .saturating_add(D::get().writes(3_u64))
    }

    // Storage: Relay::Relays (r:1 w:1)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    // Storage: Balances::Holds (r:1 w:1)
    pub fn update<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(60_000_000, 6000)
            .saturating_add(D::get().reads(3_u64))
            .saturating_add(D::get().writes(2_u64))
    }

    // Storage: Relay::Relays (r:1 w:1)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    pub fn retire<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(20_000_000, 4200)
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: Relay::Relays (r:1 w:1)
    // Storage: Relay::CounterForRelays (r:1 w:1)
    // Storage: Relay::Names (r:0 w:1)
    // Storage: Relay::Periods (r:16 w:16)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    // Storage: System::Account (r:2 w:2)
    // Storage: Balances::Holds (r:1 w:1)
    pub fn withdraw<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(900_000_000, 50000)
            .saturating_add(D::get().reads(37_u64))
            .saturating_add(D::get().writes(38_u64))
    }

    // Storage: Relay::Relays (r:1 w:1)
    pub fn resume<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(20_000_000, 4200)
            .saturating_add(D::get().reads(1_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: Relay::Relays (r:1 w:1)
    // Storage: Relay::Rosters (r:1 w:0)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    // Storage: Relay::Periods (r:16 w:16)
    // Storage: System::Account (r:2 w:2)
    // Storage: the beacon's epoch (r:1 w:0)
    pub fn claim<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(900_000_000, 75000)
            .saturating_add(D::get().reads(25_u64))
            .saturating_add(D::get().writes(19_u64))
    }

    // Storage: Relay::Relays (r:1 w:1)
    // Storage: Relay::Periods (r:17 w:17)
    // Storage: Relay::Rosters (r:1 w:0)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    // Storage: Relay::CurrentNetwork (r:1 w:1)
    // Storage: System::BlockHash (r:1 w:0)
    // Storage: System::Account (r:2 w:2)
    // Storage: the beacon's seed (r:2 w:0)
    // Storage: of sixteen accounts identity, allowance and note of use (r:80 w:16)
    pub fn open<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(4_000_000_000, 200000)
            .saturating_add(D::get().reads(110_u64))
            .saturating_add(D::get().writes(50_u64))
    }

    // Storage: Relay::Relays (r:1 w:1)
    // Storage: Relay::Periods (r:16 w:16)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    // Storage: System::Account (r:2 w:2)
    pub fn collect<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(900_000_000, 50000)
            .saturating_add(D::get().reads(21_u64))
            .saturating_add(D::get().writes(19_u64))
    }

    // Storage: Relay::CurrentParameters (r:0 w:1)
    // Storage: Relay::CurrentCalendar (r:1 w:0)
    pub fn set_parameters<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(20_000_000, 1500)
            .saturating_add(D::get().reads(1_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: Relay::Periods (r:2 w:3)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    // Storage: Relay::CurrentCalendar (r:1 w:0)
    // Storage: Relay::CurrentNetwork (r:1 w:1)
    // Storage: Relay::Carry (r:1 w:1)
    // Storage: Relay::CounterForRelays (r:1 w:0)
    // Storage: System::Account (r:1 w:1)
    // Storage: Balances::TotalIssuance (r:1 w:1)
    // Storage: issuance's books (r:4 w:2)
    // Storage: the parameters of accounts (r:1 w:0)
    // Storage: the beacon's epoch, seed and history (r:3 w:0)
    // Storage: the era, the epoch and the slot (r:3 w:0)
    pub fn begin_period<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(150_000_000, 16000)
            .saturating_add(D::get().reads(20_u64))
            .saturating_add(D::get().writes(9_u64))
    }

    // Storage: Relay::Relays (r:n w:n)
    // Storage: Relay::Names (r:n w:n)
    // Storage: Relay::Rosters (r:1 w:2)
    // Storage: Relay::CurrentParameters (r:1 w:0)
    // Storage: Relay::CurrentNetwork (r:1 w:1)
    pub fn renew_roster<D: Get<RuntimeDbWeight>>(n: u32) -> Weight {
        Weight::from_parts(60_000_000, 25000)
            .saturating_add(Weight::from_parts(15_000_000, 3_500).saturating_mul(n.into()))
            .saturating_add(D::get().reads(4_u64))
            .saturating_add(D::get().writes(3_u64))
            .saturating_add(D::get().reads(2_u64).saturating_mul(n.into()))
            .saturating_add(D::get().writes(2_u64).saturating_mul(n.into()))
    }
}
