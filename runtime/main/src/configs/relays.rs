//! Relays: who is known to them, which seeds challenge them, how their share is spread.

use crate::*;
use frame_support::{
    PalletId, parameter_types,
    traits::{ConstU32, Get},
};
use frame_system::EnsureRoot;
use parlance_primitives::{
    DAYS,
    accounts::{DeviceId, Identities, Resource},
    relay::{Correspondents, DayAllowance, DeviceStanding, Pace, Seed, Seeds},
    traits::SlotLeader,
};
use sp_runtime::SaturatedConversion;

/// Periods after that of a claim in which it may be opened. A period is half an epoch, so the epoch after
/// the claim's has ended after four; one more is left for the opening itself.
pub const OPENING_PERIODS: u32 = 5;
/// Periods for which pay waits: a day on the public chains.
pub const KEPT_PERIODS: u32 = 288;

parameter_types! {
    pub const RelayPot: PalletId = PalletId(*b"prl/rlay");
}

/// Blocks in a period, by the network's calendar.
pub struct PeriodLength;

impl Get<BlockNumber> for PeriodLength {
    fn get() -> BlockNumber {
        pallet_relay::CurrentCalendar::<Runtime>::get().period
    }
}

/// Periods in a day, which is the period of allowances.
pub struct PeriodsPerDay;

impl Get<u32> for PeriodsPerDay {
    fn get() -> u32 {
        DAYS.checked_div(PeriodLength::get()).unwrap_or(0)
    }
}

/// Periods in a roster, by the network's calendar.
pub struct RosterPeriods;

impl Get<u32> for RosterPeriods {
    fn get() -> u32 {
        pallet_relay::CurrentCalendar::<Runtime>::get().roster
    }
}

/// Senders and recipients: identities.
pub struct People;

impl Correspondents<AccountId> for People {
    fn device(who: &AccountId, device: DeviceId, at: BlockNumber) -> DeviceStanding {
        let standing = pallet_accounts::Standings::<Runtime>::get(who);
        let (Some(identity), Some(standing)) = (Accounts::identity(who), standing) else {
            return DeviceStanding::Left;
        };
        if standing.registered > at || standing.is_expired(System::block_number()) {
            return DeviceStanding::Left;
        }
        if let Some(found) = identity.devices.iter().find(|one| one.id() == device) {
            return DeviceStanding::OnRecord(found.keys.signing);
        }
        let revoked_since = identity
            .revoked
            .iter()
            .any(|one| one.device == device && one.version > at);
        // Others may have fallen out of the list, so that it says nothing about this one.
        let is_incomplete = identity.revoked.is_full()
            && identity
                .revoked
                .first()
                .is_some_and(|oldest| oldest.version > at);
        if revoked_since || is_incomplete {
            DeviceStanding::Left
        } else {
            DeviceStanding::Stranger
        }
    }

    fn allowance(who: &AccountId, at: BlockNumber) -> DayAllowance {
        let day = at.checked_div(DAYS).unwrap_or(0);
        DayAllowance {
            free: Accounts::free_allowance(who, Resource::Relayed, day),
            bought: Accounts::bought_allowance(who, Resource::Relayed, day),
            backed: pallet_accounts::Standings::<Runtime>::get(who)
                .is_some_and(|standing| standing.is_backed()),
            firm: day == <Accounts as Identities<AccountId>>::period(),
        }
    }

    fn mailbox_epoch(who: &AccountId) -> Option<u32> {
        <Accounts as Identities<AccountId>>::mailbox_epoch(who)
    }

    fn note_use(who: &AccountId) {
        <Accounts as Identities<AccountId>>::note_use(who);
    }

    fn price() -> Balance {
        pallet_accounts::CurrentParameters::<Runtime>::get().price(Resource::Relayed)
    }
}

/// Seeds of the beacon.
pub struct BeaconSeeds;

impl Seeds for BeaconSeeds {
    fn epoch() -> u64 {
        pallet_beacon::CurrentEpoch::<Runtime>::get()
    }

    fn seed_from(epoch: u64) -> Option<Seed> {
        let running = Self::epoch();
        let remembered = running.saturating_sub(pallet_beacon::HISTORY.into());
        (epoch.max(remembered)..=running).find_map(Beacon::seed_of)
    }
}

/// Periods until the schedule is settled, which the first block of each era does. A period is taken to
/// last as many slots as it has blocks: where slots were missed, fewer close, and what the last ones
/// would have been paid lapses.
pub struct ErasOfProducers;

impl Pace for ErasOfProducers {
    fn periods_left() -> u32 {
        let era = pallet_vdpos::CurrentEra::<Runtime>::get();
        let epoch = pallet_vdpos::CurrentEpoch::<Runtime>::get();
        let later = u64::from(era.end().saturating_sub(epoch.index).saturating_sub(1))
            .saturating_mul(epoch.length.into());
        let end = (*epoch.end()).saturating_add(later);
        let left = end.saturating_sub(*<Vdpos as SlotLeader>::slot());
        let length = u64::from(PeriodLength::get()).max(1);
        left.div_ceil(length).max(1).saturated_into()
    }
}

impl pallet_relay::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Correspondents = People;
    type Seeds = BeaconSeeds;
    type Emission = Issuance;
    type Pace = ErasOfProducers;
    type AdminOrigin = EnsureRoot<AccountId>;
    type PotId = RelayPot;
    type PeriodLength = PeriodLength;
    type PeriodsPerDay = PeriodsPerDay;
    type RosterPeriods = RosterPeriods;
    type OpeningPeriods = ConstU32<OPENING_PERIODS>;
    type KeptPeriods = ConstU32<KEPT_PERIODS>;
    type MaxRelays = ConstU32<1_024>;
    type WeightInfo = pallet_relay::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Stage;
}

/// What other pallets answer in benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub struct Stage;

#[cfg(feature = "runtime-benchmarks")]
impl pallet_relay::BenchmarkHelper<AccountId> for Stage {
    fn correspondent(who: &AccountId, signing: sp_core::ed25519::Public) {
        use pallet_accounts::core::{
            purchase::Purchase,
            standing::{Backing, Standing},
        };
        use parlance_primitives::accounts::{Device, DeviceKeys, Identity, Lane, NO_HISTORY};
        let device = Device {
            keys: DeviceKeys {
                signing,
                agreement: [1; 32],
                endpoint: signing,
            },
            since: 0,
        };
        let identity = Identity {
            version: 0,
            mailbox_epoch: 0,
            devices: alloc::vec![device]
                .try_into()
                .expect("an identity has room for one device; qed"),
            revoked: Default::default(),
            history: NO_HISTORY,
        };
        pallet_accounts::Identities::<Runtime>::insert(who, identity);
        let standing = Standing {
            backing: Backing::Deposit {
                amount: parlance_primitives::UNIT,
            },
            ..Standing::new(Lane::Work, 0, DAYS)
        };
        pallet_accounts::Standings::<Runtime>::insert(who, standing);
        let bought = Purchase {
            bytes: 1 << 40,
            from: 0,
            until: u32::MAX,
            before: 0,
        };
        pallet_accounts::Purchases::<Runtime>::insert(who, [bought; 3]);
    }

    fn begin_epoch(epoch: u64) {
        let seed = [epoch as u8; 32];
        pallet_beacon::CurrentEpoch::<Runtime>::put(epoch);
        pallet_beacon::CurrentSeed::<Runtime>::put(seed);
        let place = (epoch % u64::from(pallet_beacon::HISTORY)) as u32;
        pallet_beacon::History::<Runtime>::insert(place, (epoch, seed));
    }

    fn release(amount: Balance) {
        pallet_issuance::Available::<Runtime>::mutate(|shares| shares.relay = amount);
    }
}
