//! Consensus: VDPoS, beacon, issuance, sessions, finality, offences.

use crate::*;
use frame_support::{
    PalletId, parameter_types,
    traits::{ConstU32, ConstU64},
};
use frame_system::EnsureRoot;
use parlance_primitives::{AccountId, DAYS, MILLI};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};

parameter_types! {
    pub const MaxProducers: u32 = 101;
    pub const VdposPot: PalletId = PalletId(*b"prl/vpos");
    /// Evidence is accepted for as long as stake unbonds.
    pub const ReportLongevity: u64 = 7 * DAYS as u64;
    pub const KeyDeposit: Balance = 100 * MILLI;
    pub const BagThresholds: &'static [u64] = &BAG_THRESHOLDS;
}

/// Upper bounds of the voter list's bags: powers of two of a token's vote weight, so that a voter moves
/// only when its stake doubles or halves.
pub const BAG_THRESHOLDS: [u64; 64] = {
    let mut bags = [u64::MAX; 64];
    let mut i = 0;
    while i < 63 {
        bags[i] = 1 << (i + 1);
        i += 1;
    }
    bags
};

impl pallet_bags_list::Config<pallet_bags_list::Instance1> for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = pallet_bags_list::weights::SubstrateWeight<Runtime>;
    type ScoreProvider = Vdpos;
    type BagThresholds = BagThresholds;
    type MaxAutoRebagPerBlock = ConstU32<0>;
    type Score = u64;
}

/// Session keys of operators, as pallet-session keeps them.
pub struct SessionKeysOfOperators;

impl pallet_vdpos::OperatorKeys<AccountId> for SessionKeysOfOperators {
    fn has_keys(who: &AccountId) -> bool {
        pallet_session::NextKeys::<Runtime>::contains_key(who)
    }

    fn slot_key(who: &AccountId) -> Option<AuraId> {
        pallet_session::NextKeys::<Runtime>::get(who)
            .and_then(|keys| keys.get(sp_core::crypto::key_types::AURA))
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn give_keys(who: &AccountId) {
        let keys = SessionKeys::generate(&codec::Encode::encode(who), None).keys;
        <pallet_session::Pallet<Runtime> as pallet_session::SessionInterface>::set_keys(who, keys)
            .expect("keys that were made a moment ago belong to nobody else; qed");
    }
}

impl pallet_vdpos::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type VoterList = VoterList;
    type Emission = Issuance;
    type Seed = Beacon;
    type Facts = Relay;
    type OperatorKeys = SessionKeysOfOperators;
    type EquivocationReportSystem =
        pallet_vdpos::EquivocationReportSystem<Self, Offences, ReportLongevity>;
    type AdminOrigin = EnsureRoot<AccountId>;
    type PotId = VdposPot;
    type SlotDuration = ConstU64<SLOT_DURATION>;
    type MaxCandidates = ConstU32<256>;
    type MaxVotes = ConstU32<16>;
    type MaxProducers = MaxProducers;
    type MaxStandby = ConstU32<20>;
    type MaxElectingVoters = ConstU32<512>;
    type MaxScheduleSlots = ConstU32<1_024>;
    type MaxUnlocking = ConstU32<32>;
    type WeightInfo = pallet_vdpos::weights::SubstrateWeight<Runtime>;
}

impl pallet_beacon::Config for Runtime {
    type Leader = Vdpos;
    type WeightInfo = pallet_beacon::weights::SubstrateWeight<Runtime>;
}

/// Author of the block under execution.
pub struct Author;

impl frame_support::traits::Get<Option<AccountId>> for Author {
    fn get() -> Option<AccountId> {
        Authorship::author()
    }
}

impl pallet_issuance::Config for Runtime {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Time = Timestamp;
    type AdminOrigin = EnsureRoot<AccountId>;
    type Author = Author;
    type MaxSchedules = ConstU32<8>;
    type WeightInfo = pallet_issuance::weights::SubstrateWeight<Runtime>;
}

impl pallet_authorship::Config for Runtime {
    type FindAuthor = Vdpos;
    type EventHandler = ();
}

impl pallet_session::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = Vdpos;
    type NextSessionRotation = Vdpos;
    type SessionManager = pallet_session::historical::NoteHistoricalRoot<Self, Vdpos>;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type Keys = SessionKeys;
    type DisablingStrategy = ();
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type KeyDeposit = KeyDeposit;
}

impl pallet_session::historical::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type FullIdentification = ();
    type FullIdentificationOf = pallet_vdpos::NoExposure;
}

impl pallet_offences::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
    type OnOffenceHandler = Vdpos;
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = configs::consensus::GrandpaWeights;
    type MaxAuthorities = MaxProducers;
    type MaxNominators = ConstU32<512>;
    type MaxSetIdSessionEntries = ConstU64<2_048>;
    type KeyOwnerProof = pallet_vdpos::KeyOwnerProof;
    // Not the historical pallet: it proves the keys that are registered, and those can be changed after a
    // fault. The records of VDPoS have the keys that were in force.
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, Offences, Vdpos, ReportLongevity>;
}

/// The SDK's default weights of pallet-grandpa.
pub type GrandpaWeights = ();

impl pallet_authority_discovery::Config for Runtime {
    type MaxAuthorities = MaxProducers;
}

/// Proves that a key belonged to a member of a GRANDPA set, in some session of the set.
pub fn prove_finality_key(
    set: sp_consensus_grandpa::SetId,
    key: &sp_consensus_grandpa::AuthorityId,
) -> Option<pallet_vdpos::KeyOwnerProof> {
    let last_session = |set| pallet_grandpa::SetIdSession::<Runtime>::get(set);
    let first = match set.checked_sub(1) {
        Some(before) => last_session(before)?.saturating_add(1),
        None => 0,
    };
    let id = sp_consensus_grandpa::KEY_TYPE;
    Vdpos::prove_membership(id, key.as_ref(), first, last_session(set)?)
}
