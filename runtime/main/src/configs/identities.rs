//! Identities: registration without tokens, devices, allowances.

use crate::*;
use frame_support::{parameter_types, traits::ConstU32};
use frame_system::EnsureRoot;
use parlance_primitives::{
    DAYS, MINUTES,
    accounts::ServicePayment,
    puzzle::{PUBLIC, Puzzle},
};
use sp_runtime::{DispatchResult, traits::Verify};

/// For how long an anchor may be good at most, and how long a period of registration lasts. Anchors
/// must not outlive the hashes that the chain keeps.
pub const REGISTRATION_PERIOD: BlockNumber = 10 * MINUTES;

parameter_types! {
    pub const RegistrationPuzzle: Puzzle = PUBLIC;
}

/// What users pay for services goes back to the mining pool, where the schedule takes it, and is burnt
/// where not.
pub struct ToMiningPool;

impl ServicePayment<AccountId> for ToMiningPool {
    fn pay(who: &AccountId, amount: Balance) -> DispatchResult {
        Issuance::repay_pool(who, amount)
    }
}

impl pallet_accounts::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Signer = <Signature as Verify>::Signer;
    type Signature = Signature;
    /// Of relays. No pallet of this runtime registers storage: allowances for it stand at their floors.
    type Load = Relay;
    type Payment = ToMiningPool;
    type AdminOrigin = EnsureRoot<AccountId>;
    type Puzzle = RegistrationPuzzle;
    type MaxAnchorWindow = ConstU32<REGISTRATION_PERIOD>;
    type RegistrationPeriod = ConstU32<REGISTRATION_PERIOD>;
    type AllowancePeriod = ConstU32<DAYS>;
    type WeightInfo = pallet_accounts::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = ();
}
