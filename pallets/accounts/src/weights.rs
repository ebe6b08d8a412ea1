//! Weights of `pallet_accounts`.
//!
//! Layout of the benchmark generator. The values were derived by hand from the storage items each
//! function touches, from the SDK's figures for like calls, and from measured signatures (about 30
//! to 60 microseconds each) and hashes; they are on the high side and are to be regenerated on the
//! machine that sets a chain's block limits, by `scripts/bench weights`.

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(missing_docs, unused_imports)]

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight, constants::RocksDbWeight},
};

/// Weight functions needed for `pallet_accounts`.
pub trait WeightInfo {
    fn validate_work() -> Weight;
    fn validate_invitation() -> Weight;
    fn register() -> Weight;
    fn change_identity(n: u32) -> Weight;
    fn remove_identity() -> Weight;
    fn back_identity() -> Weight;
    fn invite(n: u32) -> Weight;
    fn revoke_invitations(n: u32) -> Weight;
    fn prune(a: u32, i: u32) -> Weight;
    fn buy_allowance() -> Weight;
    fn set_parameters() -> Weight;
    fn open_registration_period() -> Weight;
    fn open_allowance_period() -> Weight;
}

/// Weights for `pallet_accounts` with the runtime's own database weights.
pub struct SubstrateWeight<T>(PhantomData<T>);
impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn validate_work() -> Weight {
        measured::validate_work::<T::DbWeight>()
    }
    fn validate_invitation() -> Weight {
        measured::validate_invitation::<T::DbWeight>()
    }
    fn register() -> Weight {
        measured::register::<T::DbWeight>()
    }
    fn change_identity(n: u32) -> Weight {
        measured::change_identity::<T::DbWeight>(n)
    }
    fn remove_identity() -> Weight {
        measured::remove_identity::<T::DbWeight>()
    }
    fn back_identity() -> Weight {
        measured::back_identity::<T::DbWeight>()
    }
    fn invite(n: u32) -> Weight {
        measured::invite::<T::DbWeight>(n)
    }
    fn revoke_invitations(n: u32) -> Weight {
        measured::revoke_invitations::<T::DbWeight>(n)
    }
    fn prune(a: u32, i: u32) -> Weight {
        measured::prune::<T::DbWeight>(a, i)
    }
    fn buy_allowance() -> Weight {
        measured::buy_allowance::<T::DbWeight>()
    }
    fn set_parameters() -> Weight {
        measured::set_parameters::<T::DbWeight>()
    }
    fn open_registration_period() -> Weight {
        measured::open_registration_period::<T::DbWeight>()
    }
    fn open_allowance_period() -> Weight {
        measured::open_allowance_period::<T::DbWeight>()
    }
}

// For tests.
impl WeightInfo for () {
    fn validate_work() -> Weight {
        measured::validate_work::<RocksDbWeight>()
    }
    fn validate_invitation() -> Weight {
        measured::validate_invitation::<RocksDbWeight>()
    }
    fn register() -> Weight {
        measured::register::<RocksDbWeight>()
    }
    fn change_identity(n: u32) -> Weight {
        measured::change_identity::<RocksDbWeight>(n)
    }
    fn remove_identity() -> Weight {
        measured::remove_identity::<RocksDbWeight>()
    }
    fn back_identity() -> Weight {
        measured::back_identity::<RocksDbWeight>()
    }
    fn invite(n: u32) -> Weight {
        measured::invite::<RocksDbWeight>(n)
    }
    fn revoke_invitations(n: u32) -> Weight {
        measured::revoke_invitations::<RocksDbWeight>(n)
    }
    fn prune(a: u32, i: u32) -> Weight {
        measured::prune::<RocksDbWeight>(a, i)
    }
    fn buy_allowance() -> Weight {
        measured::buy_allowance::<RocksDbWeight>()
    }
    fn set_parameters() -> Weight {
        measured::set_parameters::<RocksDbWeight>()
    }
    fn open_registration_period() -> Weight {
        measured::open_registration_period::<RocksDbWeight>()
    }
    fn open_allowance_period() -> Weight {
        measured::open_allowance_period::<RocksDbWeight>()
    }
}

/// What was estimated, for any database.
mod measured {
    use super::*;

    // Storage: `System::BlockHash` (r:2 w:0)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::CurrentGate` (r:1 w:0)
    // Storage: `Accounts::Standings` (r:1 w:0)
    // Storage: `Accounts::Sizes` (r:1 w:0)
    pub fn validate_work<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(300_000_000, 3593)
            .saturating_add(D::get().reads(5_u64))
            .saturating_add(D::get().writes(0_u64))
    }

    // Storage: `System::BlockHash` (r:2 w:0)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::CurrentGate` (r:1 w:0)
    // Storage: `Accounts::Invitations` (r:1 w:0)
    // Storage: `Accounts::Standings` (r:1 w:0)
    // Storage: `Accounts::Sizes` (r:1 w:0)
    pub fn validate_invitation<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(260_000_000, 3593)
            .saturating_add(D::get().reads(7_u64))
            .saturating_add(D::get().writes(0_u64))
    }

    // Storage: `Accounts::Invitations` (r:1 w:1)
    // Storage: `Accounts::Standings` (r:1 w:2)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::CurrentGate` (r:1 w:1)
    // Storage: `System::Account` (r:1 w:1)
    // Storage: `Accounts::Identities` (r:0 w:1)
    pub fn register<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(45_000_000, 6000)
            .saturating_add(D::get().reads(7_u64))
            .saturating_add(D::get().writes(7_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::Standings` (r:1 w:1)
    // Storage: `Accounts::Identities` (r:1 w:1)
    // Storage: `System::BlockHash` (r:1 w:0)
    pub fn change_identity<D: Get<RuntimeDbWeight>>(n: u32) -> Weight {
        Weight::from_parts(40_000_000, 4800)
            .saturating_add(Weight::from_parts(240_000_000, 0).saturating_mul(n.into()))
            .saturating_add(D::get().reads(4_u64))
            .saturating_add(D::get().writes(2_u64))
    }

    // Storage: `Accounts::Standings` (r:1 w:1)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Storage: `System::Account` (r:1 w:1)
    // Storage: `Accounts::Identities` (r:1 w:1)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Storage: `Accounts::Purchases` (r:0 w:1)
    pub fn remove_identity<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(65_000_000, 4800)
            .saturating_add(D::get().reads(5_u64))
            .saturating_add(D::get().writes(6_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::Standings` (r:1 w:1)
    // Storage: `System::Account` (r:1 w:1)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    pub fn back_identity<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(60_000_000, 3758)
            .saturating_add(D::get().reads(5_u64))
            .saturating_add(D::get().writes(4_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::Standings` (r:1 w:1)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Storage: `Accounts::Invitations` (r:64 w:64)
    pub fn invite<D: Get<RuntimeDbWeight>>(n: u32) -> Weight {
        Weight::from_parts(22_000_000, 3593)
            .saturating_add(Weight::from_parts(7_000_000, 2563).saturating_mul(n.into()))
            .saturating_add(D::get().reads(3_u64))
            .saturating_add(D::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(D::get().writes(2_u64))
            .saturating_add(D::get().writes(1_u64.saturating_mul(n.into())))
    }

    // Storage: `Accounts::Standings` (r:1 w:1)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Storage: `Accounts::Invitations` (r:64 w:64)
    pub fn revoke_invitations<D: Get<RuntimeDbWeight>>(n: u32) -> Weight {
        Weight::from_parts(22_000_000, 3593)
            .saturating_add(Weight::from_parts(9_000_000, 2563).saturating_mul(n.into()))
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(D::get().writes(2_u64))
            .saturating_add(D::get().writes(1_u64.saturating_mul(n.into())))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Storage: `Accounts::Standings` (r:80 w:80)
    // Storage: `System::Account` (r:40 w:40)
    // Storage: `Balances::Holds` (r:40 w:40)
    // Storage: `Accounts::Identities` (r:40 w:40)
    // Storage: `Accounts::Purchases` (r:0 w:40)
    // Storage: `Accounts::Invitations` (r:40 w:40)
    pub fn prune<D: Get<RuntimeDbWeight>>(a: u32, i: u32) -> Weight {
        Weight::from_parts(20_000_000, 3593)
            .saturating_add(Weight::from_parts(75_000_000, 6200).saturating_mul(a.into()))
            .saturating_add(Weight::from_parts(18_000_000, 5100).saturating_mul(i.into()))
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().reads(4_u64.saturating_mul(a.into())))
            .saturating_add(D::get().reads(2_u64.saturating_mul(i.into())))
            .saturating_add(D::get().writes(1_u64))
            .saturating_add(D::get().writes(5_u64.saturating_mul(a.into())))
            .saturating_add(D::get().writes(2_u64.saturating_mul(i.into())))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::Standings` (r:1 w:1)
    // Storage: `System::Account` (r:1 w:1)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Storage: `Accounts::Purchases` (r:1 w:1)
    // Storage: Where the payment goes (r:2 w:2)
    pub fn buy_allowance<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(110_000_000, 4800)
            .saturating_add(D::get().reads(8_u64))
            .saturating_add(D::get().writes(7_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:0 w:1)
    pub fn set_parameters<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(9_000_000, 0)
            .saturating_add(D::get().reads(0_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::CurrentGate` (r:1 w:1)
    pub fn open_registration_period<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(12_000_000, 1800)
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Storage: `Accounts::Allowances` (r:1 w:1)
    // Storage: `Accounts::Sizes` (r:1 w:0)
    // Storage: Loads of three resources (r:3 w:0)
    pub fn open_allowance_period<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(16_000_000, 1800)
            .saturating_add(D::get().reads(6_u64))
            .saturating_add(D::get().writes(1_u64))
    }
}
