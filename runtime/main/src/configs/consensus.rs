//! Consensus: VDPoS, beacon, issuance, sessions, finality, offences.

use crate::*;
use frame_support::{
    PalletId, parameter_types,
    traits::{ConstU32, ConstU64, KeyOwnerProofSystem},
};
use frame_system::EnsureRoot;
use parlance_primitives::{AccountId, DAYS, MILLI};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::crypto::KeyTypeId;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};
use sp_session::MembershipProof;

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

    fn owner(key: &AuraId) -> Option<AccountId> {
        pallet_session::Pallet::<Runtime>::key_owner(
            sp_core::crypto::key_types::AURA,
            AsRef::<[u8]>::as_ref(key),
        )
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
    type Facts = ();
    type OperatorKeys = SessionKeysOfOperators;
    type KeyOwnerProof = MembershipProof;
    type EquivocationReportSystem =
        pallet_vdpos::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
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
    type KeyOwnerProof = MembershipProof;
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

/// The SDK's default weights of pallet-grandpa.
pub type GrandpaWeights = ();

impl pallet_authority_discovery::Config for Runtime {
    type MaxAuthorities = MaxProducers;
}

/// Proves that a key belonged to a super node, for the client's reports.
pub fn prove_ownership<Key: codec::Encode + Clone>(
    id: KeyTypeId,
    key: Key,
) -> Option<MembershipProof>
where
    Historical: KeyOwnerProofSystem<(KeyTypeId, Key), Proof = MembershipProof>,
{
    Historical::prove((id, key))
}
