//! Governance basics: referenda of all holders, treasury, parameters; `sudo` where a spec gives it a key.

use crate::*;
use alloc::borrow::Cow;
use frame_support::{
    PalletId, derive_impl,
    dynamic_params::{dynamic_pallet_params, dynamic_params},
    parameter_types,
    traits::{
        AsEnsureOriginWithArg, ConstU32, EitherOf, EnsureOriginWithArg, EqualPrivilegeOnly,
        LinearStoragePrice,
        fungible::HoldConsideration,
        tokens::{PayFromAccount, UnityAssetBalanceConversion},
    },
    weights::Weight,
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess, EnsureSigned};
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};
use parlance_primitives::{DAYS, HOURS, MINUTES, UNIT};
use sp_runtime::{FixedI64, Perbill, Permill, str_array, traits::IdentityLookup};

/// Origins that only a referendum on their own track can have.
#[frame_support::pallet]
pub mod origins {
    use frame_support::pallet_prelude::*;

    /// No configuration of its own.
    #[pallet::config]
    pub trait Config: frame_system::Config {}

    /// Holds no state.
    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// Origins beyond root.
    #[pallet::origin]
    #[derive(
        PartialEq, Eq, Clone, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, MaxEncodedLen,
    )]
    pub enum Origin {
        /// May spend from the treasury.
        Treasurer,
    }
}

impl origins::Config for Runtime {}

/// Passes for the treasurer's origin; success is the most that one spend may be.
pub struct EnsureTreasurer;

impl frame_support::traits::EnsureOrigin<RuntimeOrigin> for EnsureTreasurer {
    type Success = Balance;

    fn try_origin(origin: RuntimeOrigin) -> Result<Balance, RuntimeOrigin> {
        match &origin.caller {
            OriginCaller::Origins(origins::Origin::Treasurer) => Ok(MaxTreasurerSpend::get()),
            _ => Err(origin),
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
        Ok(origins::Origin::Treasurer.into())
    }
}

parameter_types! {
    pub const TreasuryId: PalletId = PalletId(*b"prl/trsy");
    pub TreasuryAccount: AccountId = Treasury::account_id();
    pub const MaxTreasurerSpend: Balance = 100_000 * UNIT;
    pub const SpendPeriod: BlockNumber = 7 * DAYS;
    pub const PayoutPeriod: BlockNumber = 30 * DAYS;
    pub const NoBurn: Permill = Permill::zero();
    pub const SubmissionDeposit: Balance = 100 * UNIT;
    pub const UndecidingTimeout: BlockNumber = 14 * DAYS;
    pub const AlarmInterval: BlockNumber = 1;
    pub const VoteLockingPeriod: BlockNumber = 7 * DAYS;
    pub MaximumSchedulerWeight: Weight =
        Perbill::from_percent(60) * configs::system::MAXIMUM_BLOCK_WEIGHT;
    pub const PreimageHoldReason: RuntimeHoldReason =
        RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
    pub const PreimageDepositBase: Balance = configs::accounts::deposit(2, 64);
    pub const PreimageDepositPerByte: Balance = configs::accounts::deposit(0, 1);
    pub const RootSpend: Balance = Balance::MAX;
}

impl pallet_preimage::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type ManagerOrigin = EnsureRoot<AccountId>;
    type Consideration = HoldConsideration<
        AccountId,
        Balances,
        PreimageHoldReason,
        LinearStoragePrice<PreimageDepositBase, PreimageDepositPerByte, Balance>,
    >;
}

impl pallet_scheduler::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeOrigin = RuntimeOrigin;
    type PalletsOrigin = OriginCaller;
    type RuntimeCall = RuntimeCall;
    type MaximumWeight = MaximumSchedulerWeight;
    type ScheduleOrigin = EnsureRoot<AccountId>;
    type OriginPrivilegeCmp = EqualPrivilegeOnly;
    type MaxScheduledPerBlock = ConstU32<50>;
    type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
    type Preimages = Preimage;
    type BlockNumberProvider = System;
}

/// The two tracks: changes of the chain itself, and spending.
pub struct Tracks;

/// Id of the track whose referenda act as root.
pub const ROOT_TRACK: u16 = 0;
/// Id of the track whose referenda spend from the treasury.
pub const TREASURER_TRACK: u16 = 1;

const TRACKS: [Track<u16, Balance, BlockNumber>; 2] = [
    Track {
        id: ROOT_TRACK,
        info: TrackInfo {
            name: str_array("root"),
            max_deciding: 2,
            decision_deposit: 10_000 * UNIT,
            prepare_period: 2 * HOURS,
            decision_period: 14 * DAYS,
            confirm_period: DAYS,
            min_enactment_period: DAYS,
            min_approval: Curve::make_reciprocal(
                4,
                28,
                FixedI64::from_rational(80, 100),
                FixedI64::from_rational(50, 100),
                FixedI64::from_rational(100, 100),
            ),
            min_support: Curve::make_linear(
                14,
                14,
                FixedI64::from_rational(5, 1_000),
                FixedI64::from_rational(25, 100),
            ),
        },
    },
    Track {
        id: TREASURER_TRACK,
        info: TrackInfo {
            name: str_array("treasurer"),
            max_deciding: 10,
            decision_deposit: 1_000 * UNIT,
            prepare_period: 30 * MINUTES,
            decision_period: 14 * DAYS,
            confirm_period: DAYS,
            min_enactment_period: HOURS,
            min_approval: Curve::make_reciprocal(
                4,
                28,
                FixedI64::from_rational(80, 100),
                FixedI64::from_rational(50, 100),
                FixedI64::from_rational(100, 100),
            ),
            min_support: Curve::make_linear(
                14,
                14,
                FixedI64::from_rational(1, 1_000),
                FixedI64::from_rational(10, 100),
            ),
        },
    },
];

impl TracksInfo<Balance, BlockNumber> for Tracks {
    type Id = u16;
    type RuntimeOrigin = <RuntimeOrigin as frame_support::traits::OriginTrait>::PalletsOrigin;

    fn tracks() -> impl Iterator<Item = Cow<'static, Track<u16, Balance, BlockNumber>>> {
        TRACKS.iter().map(Cow::Borrowed)
    }

    fn track_for(origin: &Self::RuntimeOrigin) -> Result<u16, ()> {
        match origin {
            OriginCaller::system(frame_system::RawOrigin::Root) => Ok(ROOT_TRACK),
            OriginCaller::Origins(origins::Origin::Treasurer) => Ok(TREASURER_TRACK),
            _ => Err(()),
        }
    }
}

impl pallet_conviction_voting::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type Polls = Referenda;
    type MaxTurnout =
        frame_support::traits::tokens::currency::ActiveIssuanceOf<Balances, AccountId>;
    type MaxVotes = ConstU32<256>;
    type VoteLockingPeriod = VoteLockingPeriod;
    type BlockNumberProvider = System;
    type VotingHooks = ();
}

impl pallet_referenda::Config for Runtime {
    type RuntimeCall = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_referenda::weights::SubstrateWeight<Runtime>;
    type Scheduler = Scheduler;
    type Currency = Balances;
    type SubmitOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
    type CancelOrigin = EnsureRoot<AccountId>;
    type KillOrigin = EnsureRoot<AccountId>;
    type Slash = Treasury;
    type Votes = Balance;
    type Tally = pallet_conviction_voting::TallyOf<Runtime>;
    type SubmissionDeposit = SubmissionDeposit;
    type MaxQueued = ConstU32<100>;
    type UndecidingTimeout = UndecidingTimeout;
    type AlarmInterval = AlarmInterval;
    type Tracks = Tracks;
    type Preimages = Preimage;
    type BlockNumberProvider = System;
}

impl pallet_treasury::Config for Runtime {
    type Currency = Balances;
    type RejectOrigin = EnsureRoot<AccountId>;
    type RuntimeEvent = RuntimeEvent;
    type SpendPeriod = SpendPeriod;
    type Burn = NoBurn;
    type PalletId = TreasuryId;
    type BurnDestination = ();
    type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
    type SpendFunds = ();
    type MaxApprovals = ConstU32<100>;
    type SpendOrigin = EitherOf<EnsureRootWithSuccess<AccountId, RootSpend>, EnsureTreasurer>;
    type AssetKind = ();
    type Beneficiary = AccountId;
    type BeneficiaryLookup = IdentityLookup<AccountId>;
    type Paymaster = PayFromAccount<Balances, TreasuryAccount>;
    type BalanceConverter = UnityAssetBalanceConversion;
    type PayoutPeriod = PayoutPeriod;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = ();
    type BlockNumberProvider = System;
}

/// Figures that a referendum may change without a new runtime.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic {
    use super::*;

    /// Figures of the fee schedule.
    #[dynamic_pallet_params]
    #[codec(index = 0)]
    pub mod fees {
        /// Price of a byte in a block, in units of the token.
        #[codec(index = 0)]
        pub static PerByte: Balance = crate::configs::fees::PER_BYTE;
        /// Price of a picosecond of execution, in units of the token.
        #[codec(index = 1)]
        pub static PerPicosecond: Balance = crate::configs::fees::PER_PICOSECOND;
    }
}

/// Root alone changes parameters.
pub struct ParametersOrigin;

impl EnsureOriginWithArg<RuntimeOrigin, RuntimeParametersKey> for ParametersOrigin {
    type Success = ();

    fn try_origin(origin: RuntimeOrigin, _key: &RuntimeParametersKey) -> Result<(), RuntimeOrigin> {
        frame_system::ensure_root(origin.clone()).map_err(|_| origin)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn try_successful_origin(_key: &RuntimeParametersKey) -> Result<RuntimeOrigin, ()> {
        Ok(RuntimeOrigin::root())
    }
}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
    fn default() -> Self {
        RuntimeParameters::Fees(dynamic::fees::Parameters::PerByte(
            dynamic::fees::PerByte,
            Some(10 * parlance_primitives::MICRO),
        ))
    }
}

#[derive_impl(pallet_parameters::config_preludes::TestDefaultConfig)]
impl pallet_parameters::Config for Runtime {
    type AdminOrigin = ParametersOrigin;
    type WeightInfo = ();
}

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}
