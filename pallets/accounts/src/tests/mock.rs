//! A runtime with real transactions: balances, fees, fees that are skipped, and calls that
//! authorise themselves.

use frame_support::{
    derive_impl, parameter_types,
    storage::with_transaction_unchecked,
    traits::{ConstU32, ConstU64, ConstU128, Hooks},
    weights::{IdentityFee, Weight},
};
use frame_system::EnsureRoot;
use pallet_skip_feeless_payment::SkipCheckIfFeeless;
use pallet_transaction_payment::{
    ChargeTransactionPayment, FungibleAdapter, OnChargeTransaction, TxCreditHold,
};
use parlance_primitives::{
    AccountId, Balance, BlockNumber, Hash, Signature, UNIT,
    accounts::{Load, NetworkLoad, Resource, ServicePayment},
    puzzle::Puzzle,
};
use sp_runtime::{
    ApplyExtrinsicResult, BuildStorage, MultiAddress, Perbill, TransactionOutcome,
    generic::{self, Era},
    traits::{
        AccountIdLookup, BlakeTwo256, DispatchInfoOf, Header as _, IdentifyAccount,
        PostDispatchInfoOf, Verify,
    },
    transaction_validity::{TransactionSource, TransactionValidity, TransactionValidityError},
};
use std::cell::RefCell;

use crate::{
    GenesisConfig, Parameters,
    core::{
        allowance::Bounds,
        gate::{DifficultyRule, Room},
    },
};

pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
pub type TxExtension = (
    frame_system::CheckNonZeroSender<Test>,
    frame_system::CheckSpecVersion<Test>,
    frame_system::CheckTxVersion<Test>,
    frame_system::CheckGenesis<Test>,
    frame_system::CheckMortality<Test>,
    frame_system::CheckNonce<Test>,
    frame_system::CheckWeight<Test>,
    SkipCheckIfFeeless<Test, ChargeTransactionPayment<Test>>,
);
pub type Transaction =
    generic::UncheckedExtrinsic<MultiAddress<AccountId, ()>, RuntimeCall, Signature, TxExtension>;
pub type Block = generic::Block<Header, Transaction>;
pub type Executive = frame_executive::Executive<
    Test,
    Block,
    frame_system::ChainContext<Test>,
    Test,
    AllPalletsWithSystem,
>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Balances: pallet_balances,
        TransactionPayment: pallet_transaction_payment,
        SkipFeeless: pallet_skip_feeless_payment,
        Accounts: crate,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type Nonce = u32;
    type AccountId = AccountId;
    type Lookup = AccountIdLookup<AccountId, ()>;
    type AccountData = pallet_balances::AccountData<Balance>;
    type BlockHashCount = ConstU32<64>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {
    type MinimumPeriod = ConstU64<1>;
}

/// Least balance of an account.
pub const LEAST: Balance = UNIT / 1_000;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<LEAST>;
    type AccountStore = System;
}

/// Takes fees and then the deposit of whoever pays one, as the runtime's path of fees does.
pub struct NotesPayers<Inner>(std::marker::PhantomData<Inner>);

impl<Inner: TxCreditHold<Test>> TxCreditHold<Test> for NotesPayers<Inner> {
    type Credit = Inner::Credit;
}

impl<Inner: OnChargeTransaction<Test>> OnChargeTransaction<Test> for NotesPayers<Inner> {
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
        let class = info.class;
        System::register_extra_weight_unchecked(Accounts::note_payer(who), class);
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

impl pallet_transaction_payment::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = NotesPayers<FungibleAdapter<Balances, ()>>;
    type OperationalFeeMultiplier = frame_support::traits::ConstU8<5>;
    type WeightToFee = IdentityFee<Balance>;
    type LengthToFee = IdentityFee<Balance>;
    type FeeMultiplierUpdate = ();
    type WeightInfo = ();
}

impl pallet_skip_feeless_payment::Config for Test {
    type RuntimeEvent = RuntimeEvent;
}

thread_local! {
    static LOADS: RefCell<[Load; 3]> = const { RefCell::new([Load { capacity: 0, used: 0 }; 3]) };
}

/// What the network carries, as tests say.
pub struct Network;

impl Network {
    pub fn carries(resource: Resource, capacity: u64, used: u64) {
        LOADS.with_borrow_mut(|loads| loads[resource.index()] = Load { capacity, used });
    }
}

impl NetworkLoad for Network {
    fn load(resource: Resource) -> Load {
        LOADS.with_borrow(|loads| loads[resource.index()])
    }
}

/// Burns what is paid.
pub struct Burn;

impl ServicePayment<AccountId> for Burn {
    fn pay(who: &AccountId, amount: Balance) -> sp_runtime::DispatchResult {
        use frame_support::traits::{
            fungible::Mutate,
            tokens::{Fortitude, Precision, Preservation},
        };
        Balances::burn_from(
            who,
            amount,
            Preservation::Preserve,
            Precision::Exact,
            Fortitude::Polite,
        )?;
        Ok(())
    }
}

/// Solved in microseconds.
pub const PUZZLE: Puzzle = Puzzle {
    bits: 24,
    levels: 3,
};
pub const ANCHOR_WINDOW: BlockNumber = 20;
pub const REGISTRATION_PERIOD: BlockNumber = 30;
pub const ALLOWANCE_PERIOD: BlockNumber = 50;

parameter_types! {
    pub const SmallPuzzle: Puzzle = PUZZLE;
}

impl crate::Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Signer = <Signature as Verify>::Signer;
    type Signature = Signature;
    type Load = Network;
    type Payment = Burn;
    type AdminOrigin = EnsureRoot<AccountId>;
    type Puzzle = SmallPuzzle;
    type MaxAnchorWindow = ConstU32<ANCHOR_WINDOW>;
    type RegistrationPeriod = ConstU32<REGISTRATION_PERIOD>;
    type AllowancePeriod = ConstU32<ALLOWANCE_PERIOD>;
    type WeightInfo = ();
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = ();
}

/// Small numbers, so that tests meet every bound.
pub fn parameters() -> Parameters {
    Parameters {
        anchor_window: ANCHOR_WINDOW,
        difficulty: DifficultyRule {
            floor: 2,
            ceiling: 64,
            target: 3,
        },
        work: Room {
            per_block: 2,
            per_period: 8,
            standing: 20,
        },
        invitation: Room {
            per_block: 2,
            per_period: 10,
            standing: 15,
        },
        unused_lifetime: 100,
        used_lifetime: 200,
        deposit: 10 * UNIT,
        invitations: 3,
        invitation_window: 60,
        invitation_lifetime: 50,
        free_changes: 2,
        change_window: 40,
        newcomer_share: Perbill::from_percent(25),
        newcomer_pool: Perbill::from_percent(10),
        allowances: [
            Bounds {
                floor: 1_000,
                ceiling: 8_000,
            },
            Bounds {
                floor: 2_000,
                ceiling: 4_000,
            },
            Bounds {
                floor: 100,
                ceiling: 100_000,
            },
        ],
        prices: [UNIT, 2 * UNIT, 3 * UNIT],
        longest_purchase: 10,
    }
}

/// Hash of block `number`.
pub fn hash_of(number: BlockNumber) -> Hash {
    sp_crypto_hashing::blake2_256(&number.to_le_bytes()).into()
}

/// A chain whose block 1 has begun.
pub fn new_test_ext() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        accounts: GenesisConfig {
            parameters: parameters(),
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    for resource in Resource::ALL {
        Network::carries(resource, 0, 0);
    }
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
        Accounts::check_invariants().unwrap();
    });
}

fn start_block(number: BlockNumber) {
    let header = Header::new(
        number,
        Default::default(),
        Default::default(),
        hash_of(number - 1),
        Default::default(),
    );
    System::reset_events();
    System::initialize(header.number(), header.parent_hash(), header.digest());
    System::set_block_consumed_resources(Weight::zero(), 0);
    Accounts::on_initialize(number);
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

/// Makes blocks up to and with the start of `block`.
pub fn pass_to(block: BlockNumber) {
    pass(block - now());
}

/// What the pool of a node says at the end of this block.
pub fn offer(transaction: &Transaction) -> TransactionValidity {
    with_transaction_unchecked(|| {
        TransactionOutcome::Rollback(Executive::validate_transaction(
            TransactionSource::External,
            transaction.clone(),
            hash_of(now()),
        ))
    })
}

/// Puts a transaction into the block under construction.
pub fn include(transaction: Transaction) -> ApplyExtrinsicResult {
    Executive::apply_extrinsic(transaction)
}

/// The standard checks, for a sender with `nonce`.
pub fn extension(nonce: u32) -> TxExtension {
    (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        ChargeTransactionPayment::from(0).into(),
    )
}

/// The account of a public key.
pub fn account_of(key: impl IdentifyAccount<AccountId = AccountId>) -> AccountId {
    key.into_account()
}
