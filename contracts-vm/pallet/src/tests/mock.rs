//! A runtime of balances, time and contracts, on a host with the VM.

use crate::{Code, ContractResult, ExecReturnValue, InstantiateReturnValue};
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU32, ConstU64, ConstU128},
    weights::Weight,
};
use frame_system::{EnsureSigned, EventRecord};
use parlance_vm_host::{Vm, engine::Engine};
use parlance_vm_prepare::Rules;
use sp_core::H256;
use sp_runtime::{
    AccountId32, BuildStorage, DispatchError, Perbill,
    traits::{Convert, IdentityLookup},
};
use std::sync::Arc;

pub type Balance = u128;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Balances: pallet_balances,
        Contracts: crate,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = AccountId32;
    type Lookup = IdentityLookup<AccountId32>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {
    type MinimumPeriod = ConstU64<1>;
}

/// The least that an account has.
pub const MINIMUM: Balance = 100;
/// The price of a byte that is stored.
pub const PER_BYTE: Balance = 10;
/// The price of a value that is stored.
pub const PER_ITEM: Balance = 1_000;

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<MINIMUM>;
    type AccountStore = System;
    type RuntimeHoldReason = RuntimeHoldReason;
}

pub struct OneForOne;
impl Convert<Weight, Balance> for OneForOne {
    fn convert(weight: Weight) -> Balance {
        weight.ref_time().into()
    }
}

parameter_types! {
    pub Lockup: Perbill = Perbill::from_percent(10);
}

impl crate::Config for Test {
    type Time = Timestamp;
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type WeightPrice = OneForOne;
    type WeightInfo = ();
    type Schedule = ();
    type DepositPerByte = ConstU128<PER_BYTE>;
    type DepositPerItem = ConstU128<PER_ITEM>;
    type DefaultDepositLimit = ConstU128<10_000_000>;
    type CodeHashLockupDepositPercent = Lockup;
    type AddressGenerator = crate::DefaultAddressGenerator;
    type MaxCodeLen = ConstU32<{ 16 * 1024 }>;
    type MaxStorageKeyLen = ConstU32<128>;
    type MaxDelegateDependencies = ConstU32<2>;
    type MaxDebugBufferLen = ConstU32<4096>;
    type UploadOrigin = EnsureSigned<AccountId32>;
    type InstantiateOrigin = EnsureSigned<AccountId32>;
    type Environment = ();
    type ApiVersion = ();
}

pub const ALICE: AccountId32 = AccountId32::new([1; 32]);
pub const BOB: AccountId32 = AccountId32::new([2; 32]);
pub const CHARLIE: AccountId32 = AccountId32::new([3; 32]);
/// What Alice and Bob begin with. Charlie has no account.
pub const ENDOWMENT: Balance = 100_000_000;
/// Enough gas for anything that ends.
pub const GAS: Weight = Weight::from_parts(100_000_000_000, 10_000_000);

/// The engine under test. With the feature `compiled`, the compiler.
fn engine() -> Arc<dyn Engine> {
    #[cfg(feature = "compiled")]
    return Arc::new(
        parlance_vm_host::engine::Compiled::new(
            &Rules::V1,
            parlance_vm_host::engine::Compiler::Cranelift,
            Vm::instances(1),
        )
        .unwrap(),
    );
    #[cfg(not(feature = "compiled"))]
    Arc::new(parlance_vm_host::engine::Interpreter::new(&Rules::V1))
}

/// A chain with its first block begun.
pub fn chain() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig {
            balances: vec![(ALICE, ENDOWMENT), (BOB, ENDOWMENT)],
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .unwrap();
    let mut chain = sp_io::TestExternalities::new(storage);
    chain.register_extension(Vm::new(engine(), None, 16, 1).extension());
    chain.execute_with(|| System::set_block_number(1));
    chain
}

pub fn keeper() -> Vec<u8> {
    wat::parse_str(include_str!("../../fixtures/keeper.wat")).unwrap()
}

pub fn agent() -> Vec<u8> {
    wat::parse_str(include_str!("../../fixtures/agent.wat")).unwrap()
}

pub fn hash_of(code: &[u8]) -> H256 {
    H256(sp_io::hashing::blake2_256(code))
}

type Record = EventRecord<RuntimeEvent, H256>;
pub type Made =
    ContractResult<Result<InstantiateReturnValue<AccountId32>, DispatchError>, Balance, Record>;
pub type Called = ContractResult<Result<ExecReturnValue, DispatchError>, Balance, Record>;

/// Alice makes a contract, and sends it a value.
pub fn make_with(code: Vec<u8>, value: Balance, data: &[u8]) -> Made {
    let code = Code::Upload(code);
    Contracts::bare_instantiate(
        ALICE,
        value,
        GAS,
        None,
        code,
        data.to_vec(),
        Vec::new(),
        false,
    )
}

/// Alice makes a contract.
pub fn make(code: Vec<u8>) -> AccountId32 {
    make_with(code, 0, &[]).result.unwrap().account_id
}

/// Somebody calls a contract, and sends it a value.
pub fn call_as(who: AccountId32, contract: &AccountId32, value: Balance, data: &[u8]) -> Called {
    Contracts::bare_call(who, contract.clone(), value, GAS, None, data.to_vec(), true)
}

/// Alice calls a contract.
pub fn call(contract: &AccountId32, data: &[u8]) -> Called {
    call_as(ALICE, contract, 0, data)
}

/// Alice calls a contract, which returns this.
pub fn returned(contract: &AccountId32, data: &[u8]) -> Vec<u8> {
    let value = call(contract, data).result.unwrap();
    assert!(!value.did_revert());
    value.data
}

/// One byte, and what comes behind it.
pub fn op(op: u8, rest: &[u8]) -> Vec<u8> {
    [&[op], rest].concat()
}

/// The balance that is free.
pub fn free(who: &AccountId32) -> Balance {
    Balances::free_balance(who)
}

/// The balance that is held.
pub fn held(who: &AccountId32) -> Balance {
    use frame_support::traits::fungible::InspectHold;
    Balances::total_balance_on_hold(who)
}

/// The pallet's events since the last time, and no others.
pub fn events() -> Vec<crate::Event<Test>> {
    let all = System::events();
    System::reset_events();
    all.into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Contracts(event) => Some(event),
            _ => None,
        })
        .collect()
}
