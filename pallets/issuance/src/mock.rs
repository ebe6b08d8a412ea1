//! A runtime of balances, timestamps and issuance.

use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU32, ConstU64, ConstU128, Hooks},
};
use frame_system::EnsureRoot;
use parlance_primitives::{Balance, Moment, UNIT, traits::Emission};
use sp_runtime::{BuildStorage, traits::IdentityLookup};

use crate::{
    GenesisConfig,
    core::allocation::{Economy, Role},
    core::calendar::Date,
};

pub type AccountId = u64;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Balances: pallet_balances,
        Issuance: crate,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = AccountId;
    type Lookup = IdentityLookup<AccountId>;
    type AccountData = pallet_balances::AccountData<Balance>;
    type OnKilledAccount = Issuance;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {
    type MinimumPeriod = ConstU64<1>;
}

pub const LEAST: Balance = UNIT / 1_000;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<LEAST>;
    type AccountStore = System;
}

parameter_types! {
    pub static BlockAuthor: Option<AccountId> = Some(AUTHOR);
}

impl crate::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Time = Timestamp;
    type AdminOrigin = EnsureRoot<AccountId>;
    type Author = BlockAuthor;
    type MaxSchedules = ConstU32<4>;
    type WeightInfo = ();
}

/// Author of every block, unless a test says otherwise.
pub const AUTHOR: AccountId = 7;
/// Somebody with 1,000 tokens in the chains of [`ext`].
pub const ALICE: AccountId = 1;
/// Longest step of the clock in the chains of [`ext`]: twelve hours, two eras.
pub const MAX_STEP: Moment = 12 * 60 * 60 * 1_000;

/// Account of a role.
pub fn account_of(role: Role) -> AccountId {
    100 + role as u64
}

/// 31 January 2028, 09:30 UTC: a month's last day in a leap year.
pub fn listing() -> Moment {
    Date {
        year: 2028,
        month: 1,
        day: 31,
    }
    .midnight()
        + 9 * 3_600_000
        + 30 * 60_000
}

/// A chain without an economy.
pub fn empty() -> sp_io::TestExternalities {
    build(GenesisConfig::default(), &[])
}

/// A chain of an economy in which ALICE owns 1,000 tokens of its first allocation.
pub fn ext(economy: &Economy) -> sp_io::TestExternalities {
    let mut economy = economy.clone();
    let gift = 1_000 * UNIT;
    economy.schedule = smaller(economy.schedule, gift);
    let genesis = GenesisConfig {
        listing: Some(listing()),
        ..GenesisConfig::of(&economy, MAX_STEP, account_of)
    };
    build(genesis, &[(ALICE, gift)])
}

/// Gives part of the pool away, so that genesis and pool still are the cap.
fn smaller(
    schedule: crate::core::schedule::Schedule,
    gift: Balance,
) -> crate::core::schedule::Schedule {
    use crate::core::schedule::Schedule::*;
    match schedule {
        Halving { total, period_ms } => Halving {
            total: total - gift,
            period_ms,
        },
        ActiveUsers {
            pool,
            base,
            per_user,
            cap,
        } => ActiveUsers {
            pool: pool - gift,
            base,
            per_user,
            cap,
        },
    }
}

/// A chain of a genesis.
pub fn build(
    genesis: GenesisConfig<Test>,
    balances: &[(AccountId, Balance)],
) -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: balances.to_vec(),
            ..Default::default()
        },
        issuance: genesis,
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Sets the clock, forwards or backwards.
pub fn at(now: Moment) {
    pallet_timestamp::Now::<Test>::put(now);
}

/// Makes the first block at `now`.
pub fn first_block(now: Moment) {
    at(now);
    Issuance::on_finalize(1);
}

/// Settles at `now` and returns what became available.
pub fn settle_at(now: Moment) -> Balance {
    at(now);
    <Issuance as Emission<_, _>>::settle();
    crate::Available::<Test>::get().total()
}

/// Runs `test` and checks every invariant after it.
pub fn run(mut ext: sp_io::TestExternalities, test: impl FnOnce()) {
    ext.execute_with(|| {
        test();
        Issuance::check_invariants().unwrap();
    });
}
