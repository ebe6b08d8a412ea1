//! A runtime of balances and relays, with people, a beacon and a schedule that tests direct.

use codec::Encode;
use frame_support::{
    PalletId, derive_impl, parameter_types,
    traits::{ConstU32, ConstU128, Get, Hooks, fungible::Mutate},
};
use frame_system::EnsureRoot;
use parlance_primitives::{
    AccountId, Balance, BlockNumber, MILLI, UNIT,
    accounts::DeviceId,
    issuance::Share,
    relay::{Correspondents, DayAllowance, DeviceStanding, Pace, Seed, Seeds},
    traits::Emission,
};
use sp_core::ed25519;
use sp_runtime::{BuildStorage, Perbill, traits::IdentityLookup};
use std::{cell::RefCell, collections::BTreeMap};

use crate::{GenesisConfig, Parameters};

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Balances: pallet_balances,
        Relays: crate,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlockU32<Test>;
    type Nonce = u32;
    type AccountId = AccountId;
    type Lookup = IdentityLookup<AccountId>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

/// Least balance of an account.
pub const LEAST: Balance = UNIT / 1_000;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<LEAST>;
    type AccountStore = System;
}

/// Blocks in a period, and in which of the next one relays may claim.
pub const PERIOD: BlockNumber = 10;
pub const WINDOW: BlockNumber = 5;
/// Periods in a day, in a roster, for openings, in an era of the schedule.
pub const DAY: u32 = 24;
pub const ROSTER: u32 = 12;
pub const OPENING: u32 = 4;
pub const ERA: u32 = 12;
/// Periods for which pay waits.
pub const KEPT: u32 = 30;
/// Blocks in an epoch of the beacon.
pub const EPOCH: BlockNumber = 20;
/// Most relays.
pub const MOST: u32 = 24;

/// What is known of somebody.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub devices: Vec<ed25519::Public>,
    pub left: Vec<DeviceId>,
    pub since: BlockNumber,
    pub allowance: DayAllowance,
    pub mailbox_epoch: u32,
    /// How often it provably used the network.
    pub uses: u32,
}

thread_local! {
    static PEOPLE: RefCell<BTreeMap<AccountId, Known>> = const { RefCell::new(BTreeMap::new()) };
}

/// People, as `pallet-accounts` knows them.
pub struct People;

impl People {
    pub fn put(who: &AccountId, known: Known) {
        PEOPLE.with_borrow_mut(|people| people.insert(who.clone(), known));
    }

    pub fn get(who: &AccountId) -> Option<Known> {
        PEOPLE.with_borrow(|people| people.get(who).cloned())
    }

    pub fn change(who: &AccountId, change: impl FnOnce(&mut Known)) {
        PEOPLE.with_borrow_mut(|people| {
            if let Some(known) = people.get_mut(who) {
                change(known);
            }
        });
    }

    pub fn forget(who: &AccountId) {
        PEOPLE.with_borrow_mut(|people| people.remove(who));
    }
}

impl Correspondents<AccountId> for People {
    fn device(who: &AccountId, device: DeviceId, at: BlockNumber) -> DeviceStanding {
        let Some(known) = Self::get(who).filter(|known| known.since <= at) else {
            return DeviceStanding::Left;
        };
        let found = known.devices.iter().find(|key| DeviceId::of(key) == device);
        match found {
            Some(key) => DeviceStanding::OnRecord(*key),
            None if known.left.contains(&device) => DeviceStanding::Left,
            None => DeviceStanding::Stranger,
        }
    }

    fn allowance(who: &AccountId, at: BlockNumber) -> DayAllowance {
        let today = System::block_number() / (PERIOD * DAY);
        DayAllowance {
            firm: at / (PERIOD * DAY) == today,
            ..Self::get(who)
                .map(|known| known.allowance)
                .unwrap_or_default()
        }
    }

    fn mailbox_epoch(who: &AccountId) -> Option<u32> {
        Self::get(who).map(|known| known.mailbox_epoch)
    }

    fn note_use(who: &AccountId) {
        Self::change(who, |known| known.uses += 1);
    }

    fn price() -> Balance {
        Price::get()
    }
}

/// One seed per epoch, by its number.
pub struct Beacon;

impl Beacon {
    pub fn seed(epoch: u64) -> Seed {
        sp_crypto_hashing::blake2_256(&(b"seed", epoch, Salt::get()).encode())
    }
}

impl Seeds for Beacon {
    fn epoch() -> u64 {
        Forced::get().unwrap_or(u64::from(System::block_number() / EPOCH))
    }

    fn seed_from(epoch: u64) -> Option<Seed> {
        (epoch <= Self::epoch()).then(|| Self::seed(epoch))
    }
}

parameter_types! {
    /// Makes the seeds of one test other than those of another.
    pub static Salt: u64 = 0;
    /// Set by benchmarks, which do not make blocks.
    pub static Forced: Option<u64> = None;
    /// Price of a mebibyte.
    pub static Price: Balance = MILLI / 100;
    /// What the schedule releases for relays per era.
    pub static Release: Balance = 1_200 * UNIT;
    /// What may be minted.
    pub static Available: Balance = 0;
    /// What was minted.
    pub static Minted: Balance = 0;
    /// What was released and never minted.
    pub static Lapsed: Balance = 0;
    pub const Pot: PalletId = PalletId(*b"prl/rlay");
}

/// Releases per era.
pub struct Schedule;

impl Emission<AccountId, Balance> for Schedule {
    fn settle() {
        Lapsed::mutate(|lapsed| *lapsed += Available::get());
        Available::set(Release::get());
    }

    fn available(share: Share) -> Balance {
        assert_eq!(share, Share::Relay);
        Available::get()
    }

    fn mint(share: Share, who: &AccountId, amount: Balance) -> Balance {
        let amount = amount.min(Self::available(share));
        let Ok(minted) = Balances::mint_into(who, amount) else {
            return 0;
        };
        Available::mutate(|available| *available -= minted);
        Minted::mutate(|sum| *sum += minted);
        minted
    }
}

impl Pace for Schedule {
    fn periods_left() -> u32 {
        ERA - Relays::period() % ERA
    }
}

/// Lengths by the calendar of genesis, as the runtime answers them.
pub struct PeriodLength;

impl Get<BlockNumber> for PeriodLength {
    fn get() -> BlockNumber {
        crate::CurrentCalendar::<Test>::get().period
    }
}

/// The same for rosters.
pub struct RosterPeriods;

impl Get<u32> for RosterPeriods {
    fn get() -> u32 {
        crate::CurrentCalendar::<Test>::get().roster
    }
}

impl crate::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Correspondents = People;
    type Seeds = Beacon;
    type Emission = Schedule;
    type Pace = Schedule;
    type AdminOrigin = EnsureRoot<AccountId>;
    type PotId = Pot;
    type PeriodLength = PeriodLength;
    type PeriodsPerDay = ConstU32<DAY>;
    type RosterPeriods = RosterPeriods;
    type OpeningPeriods = ConstU32<OPENING>;
    type KeptPeriods = ConstU32<KEPT>;
    type MaxRelays = ConstU32<MOST>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Stage;
}

/// What other pallets answer in benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub struct Stage;

#[cfg(feature = "runtime-benchmarks")]
impl crate::BenchmarkHelper<AccountId> for Stage {
    fn correspondent(who: &AccountId, signing: ed25519::Public) {
        let known = Known {
            devices: vec![signing],
            allowance: DayAllowance {
                free: u64::MAX,
                bought: u64::MAX,
                backed: true,
                firm: true,
            },
            ..Default::default()
        };
        People::put(who, known);
    }

    fn begin_epoch(epoch: u64) {
        Forced::set(Some(epoch));
    }

    fn release(amount: Balance) {
        Available::set(amount);
    }
}

/// Small numbers, so that tests meet every bound. A sender's cap is 40,000 bytes.
pub fn parameters() -> Parameters {
    Parameters {
        bond: 100 * UNIT,
        bond_per_gibibyte: 10 * UNIT,
        slash: Perbill::from_percent(50),
        unbonding: PERIOD * (2 * ROSTER + OPENING + 2),
        claim_window: WINDOW,
        rate: Perbill::from_percent(50),
        most_per_relay: Perbill::from_percent(100),
        burst: 4,
        most_free: 720_000,
        most_free_newcomer: 0,
        fan_out: Perbill::from_percent(10),
    }
}

/// A chain whose block 1 has begun.
pub fn new_test_ext() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        relays: GenesisConfig {
            parameters: parameters(),
            calendar: crate::Calendar {
                period: PERIOD,
                roster: ROSTER,
            },
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    PEOPLE.with_borrow_mut(BTreeMap::clear);
    Salt::set(0);
    Forced::set(None);
    Price::set(MILLI / 100);
    Release::set(1_200 * UNIT);
    Available::set(0);
    Minted::set(0);
    Lapsed::set(0);
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.register_extension(sp_keystore::KeystoreExt::new(
        sp_keystore::testing::MemoryKeystore::new(),
    ));
    ext.execute_with(|| start_block(1));
    ext
}

/// Runs `test` on a chain that has just started, and checks the invariants after it.
pub fn run(test: impl FnOnce()) {
    new_test_ext().execute_with(|| {
        test();
        Relays::check_invariants().unwrap();
    });
}

fn start_block(number: BlockNumber) {
    System::set_block_number(number);
    System::reset_events();
    if number == 1 || number.is_multiple_of(PERIOD * ERA) {
        Schedule::settle();
    }
    Relays::on_initialize(number);
}

/// The block under construction.
pub fn now() -> BlockNumber {
    System::block_number()
}

/// Makes so many blocks.
pub fn pass(blocks: BlockNumber) {
    for _ in 0..blocks {
        start_block(now() + 1);
    }
}

/// Makes blocks up to and with the first of `period`, if it has not begun.
pub fn pass_to(period: u32) {
    while Relays::period() < period {
        pass(1);
    }
}

/// What the pallet deposited in this block.
pub fn events() -> Vec<crate::Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Relays(event) => Some(event),
            _ => None,
        })
        .collect()
}
