//! System, time and the limits of a block.

use super::measured;
use crate::*;
use frame_support::{
    derive_impl,
    dispatch::DispatchClass,
    parameter_types,
    traits::{ConstU32, ConstU64},
    weights::{
        RuntimeDbWeight, Weight,
        constants::{WEIGHT_REF_TIME_PER_MILLIS, WEIGHT_REF_TIME_PER_NANOS},
    },
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::Perbill;

/// Execution time that one block may take. The Aura worker proposes for two thirds of a slot of 2 s; the rest
/// carries the block to the others, who need as long to import it before the next slot ends. Measured against
/// weights in docs/decisions/0009-batches.md.
pub const MAXIMUM_BLOCK_WEIGHT: Weight =
    Weight::from_parts(1_400 * WEIGHT_REF_TIME_PER_MILLIS, u64::MAX);
/// Part of a block that ordinary transactions may fill; the rest is for operational calls.
pub const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(90);

parameter_types! {
    pub const BlockHashCount: BlockNumber = 4_096;
    pub const Version: RuntimeVersion = VERSION;
    /// Cost of state access.
    pub const DbWeight: RuntimeDbWeight = RuntimeDbWeight {
        read: measured::READ_NANOS * WEIGHT_REF_TIME_PER_NANOS,
        write: measured::WRITE_NANOS * WEIGHT_REF_TIME_PER_NANOS,
    };
    pub RuntimeBlockWeights: BlockWeights = BlockWeights::builder()
        .base_block(Weight::from_parts(measured::BASE_BLOCK_NANOS * WEIGHT_REF_TIME_PER_NANOS, 0))
        .for_class(DispatchClass::all(), |weights| {
            weights.base_extrinsic =
                Weight::from_parts(measured::BASE_EXTRINSIC_NANOS * WEIGHT_REF_TIME_PER_NANOS, 0);
        })
        .for_class(DispatchClass::Normal, |weights| {
            weights.max_total = Some(NORMAL_DISPATCH_RATIO * MAXIMUM_BLOCK_WEIGHT);
        })
        .for_class(DispatchClass::Operational, |weights| {
            weights.max_total = Some(MAXIMUM_BLOCK_WEIGHT);
            weights.reserved =
                Some(MAXIMUM_BLOCK_WEIGHT - NORMAL_DISPATCH_RATIO * MAXIMUM_BLOCK_WEIGHT);
        })
        .avg_block_initialization(Perbill::from_percent(5))
        .build_or_panic();
    pub RuntimeBlockLength: BlockLength = BlockLength::builder()
        .max_length(5 * 1024 * 1024)
        .modify_max_length_for_class(DispatchClass::Normal, |length| {
            *length = NORMAL_DISPATCH_RATIO * *length;
        })
        .build();
    pub const SS58Prefix: u16 = 42;
}

/// Calls that accounts may make: all but `Session::purge_keys`.
///
/// A super node without keys leaves the finality set at the next epoch, so that operators who purge
/// together would leave a set with nobody in it. Keys are replaced with `set_keys`; an operator that
/// wants to leave retires first, and the election does the rest.
pub struct KeepsSessionKeys;

impl frame_support::traits::Contains<RuntimeCall> for KeepsSessionKeys {
    fn contains(call: &RuntimeCall) -> bool {
        !matches!(
            call,
            RuntimeCall::Session(pallet_session::Call::purge_keys { .. })
        )
    }
}

/// What the extensions of a transaction cost beyond [`measured::BASE_EXTRINSIC_NANOS`], which was measured
/// with a transaction that carries all of them: only the sender's account, which is another one in each
/// transaction and was the same in all of the measured ones. The SDK's own weights would charge their work
/// a second time.
pub struct WithinBaseExtrinsic;

impl frame_system::ExtensionsWeightInfo for WithinBaseExtrinsic {
    fn check_genesis() -> Weight {
        Weight::zero()
    }

    fn check_mortality_mortal_transaction() -> Weight {
        Weight::zero()
    }

    fn check_mortality_immortal_transaction() -> Weight {
        Weight::zero()
    }

    fn check_non_zero_sender() -> Weight {
        Weight::zero()
    }

    fn check_nonce() -> Weight {
        DbWeight::get().reads_writes(1, 1)
    }

    fn check_spec_version() -> Weight {
        Weight::zero()
    }

    fn check_tx_version() -> Weight {
        Weight::zero()
    }

    fn check_weight() -> Weight {
        Weight::zero()
    }

    fn weight_reclaim() -> Weight {
        Weight::zero()
    }
}

impl pallet_transaction_payment::WeightInfo for WithinBaseExtrinsic {
    /// `dev`, on which the base was measured, does not count its users.
    fn charge_transaction_payment() -> Weight {
        Issuance::note_active_weight()
    }
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type BaseCallFilter = KeepsSessionKeys;
    type Block = Block;
    type BlockWeights = RuntimeBlockWeights;
    type BlockLength = RuntimeBlockLength;
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::AccountIdLookup<AccountId, ()>;
    type Nonce = Nonce;
    type Hash = Hash;
    type BlockHashCount = BlockHashCount;
    type DbWeight = DbWeight;
    type ExtensionsWeightInfo = WithinBaseExtrinsic;
    type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
    type Version = Version;
    type AccountData = pallet_balances::AccountData<Balance>;
    type OnKilledAccount = Issuance;
    type SS58Prefix = SS58Prefix;
    type MaxConsumers = ConstU32<64>;
}

impl pallet_timestamp::Config for Runtime {
    type Moment = Moment;
    type OnTimestampSet = Vdpos;
    type MinimumPeriod = ConstU64<{ SLOT_DURATION / 2 }>;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Runtime
where
    RuntimeCall: From<LocalCall>,
{
    type Extrinsic = UncheckedExtrinsic;
    type RuntimeCall = RuntimeCall;
}

impl<LocalCall> frame_system::offchain::CreateBare<LocalCall> for Runtime
where
    RuntimeCall: From<LocalCall>,
{
    fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
        UncheckedExtrinsic::new_bare(call)
    }
}
