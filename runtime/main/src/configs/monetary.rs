//! Money: balances, fees, assets, vesting.

use crate::{configs::fees, *};
use frame_support::{
    parameter_types,
    traits::{AsEnsureOriginWithArg, ConstU32, VariantCountOf, WithdrawReasons},
    weights::{ConstantMultiplier, Weight},
};
use frame_system::{EnsureRoot, EnsureSigned};
use pallet_transaction_payment::{FungibleAdapter, OnChargeTransaction, TxCreditHold};
use parlance_primitives::{EXISTENTIAL_DEPOSIT, MILLI, UNIT};
use sp_runtime::{
    traits::{ConvertInto, DispatchInfoOf, PostDispatchInfoOf},
    transaction_validity::TransactionValidityError,
};

parameter_types! {
    pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
    pub const AssetDeposit: Balance = 10 * UNIT;
    pub const AssetAccountDeposit: Balance = 10 * MILLI;
    pub const MetadataDepositBase: Balance = UNIT;
    pub const MetadataDepositPerByte: Balance = 10 * MILLI;
    pub const ApprovalDeposit: Balance = 10 * MILLI;
    pub const MinVestedTransfer: Balance = UNIT;
    pub UnvestedFundsAllowedWithdrawReasons: WithdrawReasons =
        WithdrawReasons::except(WithdrawReasons::TRANSFER | WithdrawReasons::RESERVE);
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
    type Balance = Balance;
    type DustRemoval = ();
    type ExistentialDeposit = ExistentialDeposit;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ConstU32<50>;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type DoneSlashHandler = ();
}

/// Takes fees as FRAME's adapter does and notes the payer: as active today, which is what the release
/// schedule of `bitchat` counts, and as somebody with tokens, whose identity owes its deposit. A payer is
/// the one fact about use that cannot be had for nothing.
pub struct NotesPayer<Inner>(core::marker::PhantomData<Inner>);

impl<Inner: TxCreditHold<Runtime>> TxCreditHold<Runtime> for NotesPayer<Inner> {
    type Credit = Inner::Credit;
}

impl<Inner: OnChargeTransaction<Runtime>> OnChargeTransaction<Runtime> for NotesPayer<Inner> {
    type Balance = Inner::Balance;
    type LiquidityInfo = Inner::LiquidityInfo;

    fn withdraw_fee(
        who: &AccountId,
        call: &RuntimeCall,
        info: &DispatchInfoOf<RuntimeCall>,
        fee_with_tip: Self::Balance,
        tip: Self::Balance,
    ) -> Result<Self::LiquidityInfo, TransactionValidityError> {
        let withdrawn = Inner::withdraw_fee(who, call, info, fee_with_tip, tip)?;
        Issuance::note_active(who);
        // Happens once in an identity's life: the block makes room for it then, and no other transaction
        // is weighed for it.
        let deposit = Accounts::note_payer(who);
        if deposit != Weight::zero() {
            System::register_extra_weight_unchecked(deposit, info.class);
        }
        Ok(withdrawn)
    }

    fn can_withdraw_fee(
        who: &AccountId,
        call: &RuntimeCall,
        info: &DispatchInfoOf<RuntimeCall>,
        fee_with_tip: Self::Balance,
        tip: Self::Balance,
    ) -> Result<(), TransactionValidityError> {
        Inner::can_withdraw_fee(who, call, info, fee_with_tip, tip)
    }

    fn correct_and_deposit_fee(
        who: &AccountId,
        info: &DispatchInfoOf<RuntimeCall>,
        post_info: &PostDispatchInfoOf<RuntimeCall>,
        corrected_fee_with_tip: Self::Balance,
        tip: Self::Balance,
        withdrawn: Self::LiquidityInfo,
    ) -> Result<(), TransactionValidityError> {
        Inner::correct_and_deposit_fee(who, info, post_info, corrected_fee_with_tip, tip, withdrawn)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn endow_account(who: &AccountId, amount: Self::Balance) {
        Inner::endow_account(who, amount)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn minimum_balance() -> Self::Balance {
        Inner::minimum_balance()
    }
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction =
        NotesPayer<FungibleAdapter<Balances, pallet_issuance::DealWithFees<Runtime>>>;
    type OperationalFeeMultiplier = frame_support::traits::ConstU8<5>;
    type WeightToFee = ConstantMultiplier<Balance, fees::PerPicosecond>;
    type LengthToFee = ConstantMultiplier<Balance, fees::PerByte>;
    type FeeMultiplierUpdate =
        pallet_transaction_payment::ConstFeeMultiplier<configs::monetary::FeeMultiplier>;
    type WeightInfo = configs::system::WithinBaseExtrinsic;
}

parameter_types! {
    pub FeeMultiplier: pallet_transaction_payment::Multiplier =
        <pallet_transaction_payment::Multiplier as sp_runtime::traits::One>::one();
}

impl pallet_skip_feeless_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
}

impl pallet_assets::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type Balance = Balance;
    type RemoveItemsLimit = ConstU32<1_000>;
    type AssetId = u32;
    type AssetIdParameter = codec::Compact<u32>;
    type ReserveData = ();
    type Currency = Balances;
    type CreateOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
    type ForceOrigin = EnsureRoot<AccountId>;
    type AssetDeposit = AssetDeposit;
    type AssetAccountDeposit = AssetAccountDeposit;
    type MetadataDepositBase = MetadataDepositBase;
    type MetadataDepositPerByte = MetadataDepositPerByte;
    type ApprovalDeposit = ApprovalDeposit;
    type StringLimit = ConstU32<50>;
    type Freezer = ();
    type Holder = ();
    type Extra = ();
    type CallbackHandle = ();
    type AssetIdAllocator = ();
    type WeightInfo = pallet_assets::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = ();
}

impl pallet_vesting::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type Currency = Balances;
    type BlockNumberToBalance = ConvertInto;
    type MinVestedTransfer = MinVestedTransfer;
    type WeightInfo = pallet_vesting::weights::SubstrateWeight<Runtime>;
    type UnvestedFundsAllowedWithdrawReasons = UnvestedFundsAllowedWithdrawReasons;
    type BlockNumberProvider = System;
    const MAX_VESTING_SCHEDULES: u32 = 28;
}
