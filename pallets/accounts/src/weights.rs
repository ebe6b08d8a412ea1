//! Weights of `pallet_accounts`, measured by `scripts/bench weights` on 2026-11-25: do not edit.
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

/// Weight functions needed for `pallet_accounts`.
pub trait WeightInfo {
    fn validate_work() -> Weight;
    fn validate_invitation() -> Weight;
    fn register() -> Weight;
    fn change_identity(n: u32, ) -> Weight;
    fn remove_identity() -> Weight;
    fn back_identity() -> Weight;
    fn invite(n: u32, ) -> Weight;
    fn revoke_invitations(n: u32, ) -> Weight;
    fn prune(a: u32, i: u32, ) -> Weight;
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
    fn change_identity(n: u32, ) -> Weight {
        measured::change_identity::<T::DbWeight>(n, )
    }
    fn remove_identity() -> Weight {
        measured::remove_identity::<T::DbWeight>()
    }
    fn back_identity() -> Weight {
        measured::back_identity::<T::DbWeight>()
    }
    fn invite(n: u32, ) -> Weight {
        measured::invite::<T::DbWeight>(n, )
    }
    fn revoke_invitations(n: u32, ) -> Weight {
        measured::revoke_invitations::<T::DbWeight>(n, )
    }
    fn prune(a: u32, i: u32, ) -> Weight {
        measured::prune::<T::DbWeight>(a, i, )
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
    fn change_identity(n: u32, ) -> Weight {
        measured::change_identity::<RocksDbWeight>(n, )
    }
    fn remove_identity() -> Weight {
        measured::remove_identity::<RocksDbWeight>()
    }
    fn back_identity() -> Weight {
        measured::back_identity::<RocksDbWeight>()
    }
    fn invite(n: u32, ) -> Weight {
        measured::invite::<RocksDbWeight>(n, )
    }
    fn revoke_invitations(n: u32, ) -> Weight {
        measured::revoke_invitations::<RocksDbWeight>(n, )
    }
    fn prune(a: u32, i: u32, ) -> Weight {
        measured::prune::<RocksDbWeight>(a, i, )
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

/// What was measured, for any database.
mod measured {
    use super::*;

    // Storage: `System::BlockHash` (r:2 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentGate` (r:1 w:0)
    // Proof: `Accounts::CurrentGate` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Standings` (r:1 w:0)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:0)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Recorded proof: 420 bytes. Fastest run: 214_419 ns.
    pub fn validate_work<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(232_242_000, 6028)
            .saturating_add(D::get().reads(6_u64))
            .saturating_add(D::get().writes(0_u64))
    }

    // Storage: `System::BlockHash` (r:2 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentGate` (r:1 w:0)
    // Proof: `Accounts::CurrentGate` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Invitations` (r:1 w:0)
    // Proof: `Accounts::Invitations` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Standings` (r:1 w:0)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:0)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Recorded proof: 699 bytes. Fastest run: 238_896 ns.
    pub fn validate_invitation<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(262_509_000, 6028)
            .saturating_add(D::get().reads(7_u64))
            .saturating_add(D::get().writes(0_u64))
    }

    // Storage: `Accounts::Invitations` (r:1 w:1)
    // Proof: `Accounts::Invitations` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Standings` (r:1 w:2)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentGate` (r:1 w:1)
    // Proof: `Accounts::CurrentGate` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Identities` (r:0 w:1)
    // Proof: `Accounts::Identities` (`max_values`: None, `max_size`: Some(1210), added: 3685, mode: `MaxEncodedLen`)
    // Recorded proof: 657 bytes. Fastest run: 73_477 ns.
    pub fn register<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(110_085_000, 3593)
            .saturating_add(D::get().reads(6_u64))
            .saturating_add(D::get().writes(7_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Standings` (r:1 w:1)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Identities` (r:1 w:1)
    // Proof: `Accounts::Identities` (`max_values`: None, `max_size`: Some(1210), added: 3685, mode: `MaxEncodedLen`)
    // Storage: `System::BlockHash` (r:1 w:0)
    // Proof: `System::BlockHash` (`max_values`: None, `max_size`: Some(44), added: 2519, mode: `MaxEncodedLen`)
    // `n` was varied from 1 to 16.
    // Recorded proof: 749 bytes. Fastest run: 312_092 ns.
    pub fn change_identity<D: Get<RuntimeDbWeight>>(n: u32, ) -> Weight {
        Weight::from_parts(162_621_197, 4675)
            .saturating_add(Weight::from_parts(225_481_202, 0).saturating_mul(n.into()))
            .saturating_add(D::get().reads(4_u64))
            .saturating_add(D::get().writes(2_u64))
    }

    // Storage: `Accounts::Standings` (r:1 w:1)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Identities` (r:1 w:1)
    // Proof: `Accounts::Identities` (`max_values`: None, `max_size`: Some(1210), added: 3685, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Purchases` (r:0 w:1)
    // Proof: `Accounts::Purchases` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Recorded proof: 786 bytes. Fastest run: 88_255 ns.
    pub fn remove_identity<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(92_272_000, 4675)
            .saturating_add(D::get().reads(5_u64))
            .saturating_add(D::get().writes(5_u64))
    }

    // Storage: `Accounts::Standings` (r:1 w:1)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:1 w:1)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Recorded proof: 622 bytes. Fastest run: 97_091 ns.
    pub fn back_identity<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(103_954_000, 3622)
            .saturating_add(D::get().reads(5_u64))
            .saturating_add(D::get().writes(4_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Standings` (r:1 w:1)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Invitations` (r:64 w:64)
    // Proof: `Accounts::Invitations` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // `n` was varied from 1 to 64.
    // Recorded proof: 478 bytes. Fastest run: 55_804 ns.
    pub fn invite<D: Get<RuntimeDbWeight>>(n: u32, ) -> Weight {
        Weight::from_parts(73_386_116, 3555)
            .saturating_add(Weight::from_parts(6_410_755, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 2559).saturating_mul(n.into()))
            .saturating_add(D::get().reads(3_u64))
            .saturating_add(D::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(D::get().writes(2_u64))
            .saturating_add(D::get().writes(1_u64.saturating_mul(n.into())))
    }

    // Storage: `Accounts::Invitations` (r:64 w:64)
    // Proof: `Accounts::Invitations` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Standings` (r:1 w:1)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // `n` was varied from 1 to 64.
    // Recorded proof: 319 bytes + 85 per `n`. Fastest run: 45_024 ns.
    pub fn revoke_invitations<D: Get<RuntimeDbWeight>>(n: u32, ) -> Weight {
        Weight::from_parts(30_302_717, 3555)
            .saturating_add(Weight::from_parts(16_353_043, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(0, 2559).saturating_mul(n.into()))
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().reads(1_u64.saturating_mul(n.into())))
            .saturating_add(D::get().writes(2_u64))
            .saturating_add(D::get().writes(1_u64.saturating_mul(n.into())))
    }

    // Storage: `Accounts::Standings` (r:41 w:41)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Invitations` (r:40 w:40)
    // Proof: `Accounts::Invitations` (`max_values`: None, `max_size`: Some(84), added: 2559, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `System::Account` (r:40 w:40)
    // Proof: `System::Account` (`max_values`: None, `max_size`: Some(128), added: 2603, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:40 w:40)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // `a` was varied from 0 to 40.
    // `i` was varied from 0 to 40.
    // Recorded proof: 597 bytes + 165 per `a` + 86 per `i`. Fastest run: 561_567 ns.
    pub fn prune<D: Get<RuntimeDbWeight>>(a: u32, i: u32, ) -> Weight {
        Weight::from_parts(662_085_000, 2977)
            .saturating_add(Weight::from_parts(82_079_804, 0).saturating_mul(a.into()))
            .saturating_add(Weight::from_parts(8_637_901, 0).saturating_mul(i.into()))
            .saturating_add(Weight::from_parts(0, 2632).saturating_mul(a.into()))
            .saturating_add(Weight::from_parts(0, 2559).saturating_mul(i.into()))
            .saturating_add(D::get().reads(3_u64))
            .saturating_add(D::get().reads(3_u64.saturating_mul(a.into())))
            .saturating_add(D::get().reads(1_u64.saturating_mul(i.into())))
            .saturating_add(D::get().writes(2_u64))
            .saturating_add(D::get().writes(3_u64.saturating_mul(a.into())))
            .saturating_add(D::get().writes(1_u64.saturating_mul(i.into())))
    }

    // Storage: `Accounts::Standings` (r:1 w:1)
    // Proof: `Accounts::Standings` (`max_values`: None, `max_size`: Some(90), added: 2565, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `Balances::Holds` (r:1 w:1)
    // Proof: `Balances::Holds` (`max_values`: None, `max_size`: Some(157), added: 2632, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:1)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Purchases` (r:1 w:1)
    // Proof: `Accounts::Purchases` (`max_values`: None, `max_size`: Some(120), added: 2595, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Terms` (r:1 w:0)
    // Proof: `Issuance::Terms` (`max_values`: Some(1), `max_size`: Some(105), added: 600, mode: `MaxEncodedLen`)
    // Storage: `Issuance::Ledger` (r:1 w:1)
    // Proof: `Issuance::Ledger` (`max_values`: Some(1), `max_size`: Some(96), added: 591, mode: `MaxEncodedLen`)
    // Recorded proof: 741 bytes. Fastest run: 139_830 ns.
    pub fn buy_allowance<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(168_975_000, 3622)
            .saturating_add(D::get().reads(7_u64))
            .saturating_add(D::get().writes(5_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:1)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Recorded proof: 261 bytes. Fastest run: 16_281 ns.
    pub fn set_parameters<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(21_992_000, 1677)
            .saturating_add(D::get().reads(1_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `Accounts::CurrentGate` (r:1 w:1)
    // Proof: `Accounts::CurrentGate` (`max_values`: Some(1), `max_size`: Some(32), added: 527, mode: `MaxEncodedLen`)
    // Recorded proof: 313 bytes. Fastest run: 13_064 ns.
    pub fn open_registration_period<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(16_832_000, 1677)
            .saturating_add(D::get().reads(2_u64))
            .saturating_add(D::get().writes(1_u64))
    }

    // Storage: `Accounts::CurrentParameters` (r:1 w:0)
    // Proof: `Accounts::CurrentParameters` (`max_values`: Some(1), `max_size`: Some(192), added: 687, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Sizes` (r:1 w:0)
    // Proof: `Accounts::Sizes` (`max_values`: Some(1), `max_size`: Some(16), added: 511, mode: `MaxEncodedLen`)
    // Storage: `Accounts::Allowances` (r:1 w:1)
    // Proof: `Accounts::Allowances` (`max_values`: Some(1), `max_size`: Some(100), added: 595, mode: `MaxEncodedLen`)
    // Recorded proof: 295 bytes. Fastest run: 8_746 ns.
    pub fn open_allowance_period<D: Get<RuntimeDbWeight>>() -> Weight {
        Weight::from_parts(9_648_000, 1677)
            .saturating_add(D::get().reads(3_u64))
            .saturating_add(D::get().writes(1_u64))
    }
}
