//! The runtime of the tests and a chain to drive it: slots pass, leaders make blocks or do not.

use crate as pallet_vdpos;
// By name: a glob would bring `crate::core` in, and macros mean the other `core`.
use crate::{
    Active, AuraId, Config, CurrentEpoch, CurrentEra, EquivocationReportSystem, Event,
    GenesisConfig, HoldReason, KeyOwnerProof, NoExposure, OperatorKeys, Parameters, Schedule,
    Seats,
};
use frame_support::{
    PalletId, derive_impl, parameter_types,
    traits::{
        ConstU32, ConstU64, OnFinalize, OnInitialize,
        fungible::{Inspect, Mutate, hold::Inspect as _},
    },
};
use frame_system::EnsureRoot;
use parlance_primitives::{
    Balance, UNIT,
    issuance::Share,
    traits::{Emission, ServiceFacts},
};
use sp_consensus_aura::{Slot, digests::CompatibleDigestItem, sr25519::AuthorityPair};
use sp_core::{Pair, crypto::key_types::AURA};
use sp_runtime::{
    BuildStorage, Digest, DigestItem, Perbill, impl_opaque_keys,
    testing::{Header, TestXt},
    traits::{ConvertInto, OpaqueKeys},
};
use std::collections::{BTreeMap, BTreeSet};

pub type AccountId = u64;
pub type Block = frame_system::mocking::MockBlock<Test>;

/// Operators have accounts from here on; they own slot keys made from their number.
pub const OPERATORS: AccountId = 1;
/// Voters have accounts from here on.
pub const VOTERS: AccountId = 1_000;
pub const SLOT_MS: u64 = 2_000;
pub const DEPOSIT: Balance = parlance_primitives::EXISTENTIAL_DEPOSIT;
pub const BOND: Balance = 1_000 * UNIT;
pub const ENDOWMENT: Balance = 1_000_000 * UNIT;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Timestamp: pallet_timestamp,
        Balances: pallet_balances,
        VoterList: pallet_bags_list,
        Vdpos: pallet_vdpos,
        Authorship: pallet_authorship,
        Session: pallet_session,
        Historical: pallet_session::historical,
        Grandpa: pallet_grandpa,
        Offences: pallet_offences,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {
    type OnTimestampSet = Vdpos;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ExistentialDeposit;
    type AccountStore = System;
}

parameter_types! {
    pub const ExistentialDeposit: Balance = DEPOSIT;
    pub const Thresholds: &'static [u64] = &[1_000_000, 10_000_000, 100_000_000, 10_000_000_000];
    pub const Pot: PalletId = PalletId(*b"prl/vpos");
    pub const KeyDeposit: Balance = 0;
    /// What an era releases.
    pub static Release: Balance = 1_000 * UNIT;
    pub static Available: Balance = 0;
    pub static Minted: Balance = 0;
    /// Parts of the best relay that operators relayed.
    pub static Relayed: BTreeMap<AccountId, Perbill> = BTreeMap::new();
}

impl pallet_bags_list::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type ScoreProvider = Vdpos;
    type BagThresholds = Thresholds;
    type MaxAutoRebagPerBlock = ConstU32<0>;
    type Score = u64;
}

impl_opaque_keys! {
    pub struct SessionKeys {
        pub aura: Vdpos,
        pub grandpa: Grandpa,
    }
}

/// Keys as the session pallet keeps them.
pub struct Keys;

impl OperatorKeys<AccountId> for Keys {
    fn has_keys(who: &AccountId) -> bool {
        pallet_session::NextKeys::<Test>::contains_key(who)
    }

    fn slot_key(who: &AccountId) -> Option<AuraId> {
        pallet_session::NextKeys::<Test>::get(who).and_then(|keys| keys.get(AURA))
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn give_keys(who: &AccountId) {
        pallet_session::NextKeys::<Test>::insert(who, session_keys(*who));
    }
}

/// Releases [`Release`] per settlement and mints real tokens.
pub struct Faucet;

impl Emission<AccountId, Balance> for Faucet {
    fn settle() {
        Available::set(Release::get());
    }

    fn available(share: Share) -> Balance {
        assert_eq!(share, Share::Production);
        Available::get()
    }

    fn mint(_share: Share, who: &AccountId, amount: Balance) -> Balance {
        let amount = amount.min(Available::get());
        let Ok(minted) = Balances::mint_into(who, amount) else {
            return 0;
        };
        Available::mutate(|available| *available -= minted);
        Minted::mutate(|sum| *sum += minted);
        minted
    }
}

pub struct Facts;

impl ServiceFacts<AccountId> for Facts {
    fn relayed(operator: &AccountId) -> Option<Perbill> {
        Relayed::get().get(operator).copied()
    }

    fn stored(_: &AccountId) -> Option<Perbill> {
        None
    }
}

impl Config for Test {
    type Currency = Balances;
    type RuntimeHoldReason = RuntimeHoldReason;
    type VoterList = VoterList;
    type Emission = Faucet;
    type Seed = ();
    type Facts = Facts;
    type OperatorKeys = Keys;
    type EquivocationReportSystem = EquivocationReportSystem<Self, Offences, ConstU64<1_000>>;
    type AdminOrigin = EnsureRoot<AccountId>;
    type PotId = Pot;
    type SlotDuration = ConstU64<SLOT_MS>;
    type MaxCandidates = ConstU32<128>;
    type MaxVotes = ConstU32<16>;
    type MaxProducers = ConstU32<101>;
    type MaxStandby = ConstU32<20>;
    type MaxElectingVoters = ConstU32<64>;
    type MaxScheduleSlots = ConstU32<1_024>;
    type MaxUnlocking = ConstU32<8>;
    type WeightInfo = ();
}

impl pallet_authorship::Config for Test {
    type FindAuthor = Vdpos;
    type EventHandler = ();
}

impl pallet_session::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = Vdpos;
    type NextSessionRotation = Vdpos;
    type SessionManager = pallet_session::historical::NoteHistoricalRoot<Self, Vdpos>;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type Keys = SessionKeys;
    type DisablingStrategy = ();
    type WeightInfo = ();
    type Currency = Balances;
    type KeyDeposit = KeyDeposit;
}

impl pallet_session::historical::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type FullIdentification = ();
    type FullIdentificationOf = NoExposure;
}

impl pallet_grandpa::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<101>;
    type MaxNominators = ConstU32<16>;
    type MaxSetIdSessionEntries = ConstU64<1_000>;
    type KeyOwnerProof = KeyOwnerProof;
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, Offences, Vdpos, ConstU64<1_000>>;
}

impl pallet_offences::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
    type OnOffenceHandler = Vdpos;
}

impl<C> frame_system::offchain::CreateTransactionBase<C> for Test
where
    RuntimeCall: From<C>,
{
    type RuntimeCall = RuntimeCall;
    type Extrinsic = TestXt<RuntimeCall, ()>;
}

impl<C> frame_system::offchain::CreateBare<C> for Test
where
    RuntimeCall: From<C>,
{
    fn create_bare(call: Self::RuntimeCall) -> Self::Extrinsic {
        TestXt::new_bare(call)
    }
}

fn seed_of(number: u64) -> [u8; 32] {
    let mut seed = [7u8; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    seed
}

/// Slot key made from a number; an operator starts with the one of its account.
pub fn key_of(number: u64) -> AuthorityPair {
    AuthorityPair::from_seed(&seed_of(number))
}

/// Finality key made from the same number.
pub fn finality_key_of(number: u64) -> sp_consensus_grandpa::AuthorityPair {
    sp_consensus_grandpa::AuthorityPair::from_seed(&seed_of(number))
}

/// All session keys made from a number.
pub fn session_keys(number: u64) -> SessionKeys {
    SessionKeys {
        aura: key_of(number).public(),
        grandpa: finality_key_of(number).public(),
    }
}

/// A genesis state to shape.
pub struct Genesis {
    pub parameters: Parameters,
    /// Bonds of operators 1, 2, 3 ...
    pub bonds: Vec<Balance>,
    pub commission: Perbill,
    pub votes: Vec<(AccountId, Vec<AccountId>, Balance)>,
}

impl Genesis {
    /// `operators` with the least bond and without commission, `set` of them wanted; epochs of 20 slots,
    /// eras of 3 epochs.
    pub fn new(operators: usize, set: u32) -> Self {
        Self {
            parameters: Parameters {
                epoch_slots: 20,
                epochs_per_era: 3,
                min_set: set,
                max_set: set,
                initial_set: set,
                unbonding_eras: 2,
                vote_half_life_eras: 10,
                ..Parameters::public()
            },
            bonds: vec![BOND; operators],
            commission: Perbill::zero(),
            votes: vec![],
        }
    }

    pub fn build(self) -> sp_io::TestExternalities {
        Release::set(1_000 * UNIT);
        Available::set(0);
        Minted::set(0);
        Relayed::set(BTreeMap::new());
        let operators: Vec<AccountId> = (OPERATORS..).take(self.bonds.len()).collect();
        // A few more operators with keys and money that are no candidates, and voters.
        let keyed = OPERATORS..OPERATORS + self.bonds.len() as u64 + 5;
        let balances = keyed
            .clone()
            .chain(VOTERS..VOTERS + 200)
            .map(|who| (who, ENDOWMENT))
            .collect();
        let candidates = operators
            .iter()
            .zip(&self.bonds)
            .map(|(who, bond)| (*who, *bond, self.commission))
            .collect();
        let keys = keyed.map(|who| (who, who, session_keys(who))).collect();
        let storage = RuntimeGenesisConfig {
            balances: pallet_balances::GenesisConfig {
                balances,
                ..Default::default()
            },
            vdpos: GenesisConfig {
                parameters: self.parameters,
                candidates,
                votes: self.votes,
            },
            session: pallet_session::GenesisConfig {
                keys,
                ..Default::default()
            },
            ..Default::default()
        };
        let mut externalities: sp_io::TestExternalities = storage.build_storage().unwrap().into();
        let keystore = sp_keystore::testing::MemoryKeystore::new();
        externalities.register_extension(sp_keystore::KeystoreExt::new(keystore));
        externalities
    }

    /// Runs `test` on a chain that has just started, and checks the invariants after it.
    pub fn run(self, test: impl FnOnce(&mut Chain)) {
        self.build().execute_with(|| {
            let mut chain = Chain::default();
            assert_invariants();
            test(&mut chain);
            assert_invariants();
        });
    }
}

/// Drives the runtime slot by slot.
pub struct Chain {
    /// Slot of the last block, made or missed.
    pub slot: u64,
    /// Operators that make no blocks.
    pub silent: BTreeSet<AccountId>,
    /// Blocks by operator.
    pub made: BTreeMap<AccountId, u32>,
    /// Whether authors state that the parent is final.
    pub final_parent: bool,
    pub last_header: Option<Header>,
}

impl Default for Chain {
    fn default() -> Self {
        // The first slot is no multiple of anything.
        Self {
            slot: 1_000_003,
            silent: BTreeSet::new(),
            made: BTreeMap::new(),
            final_parent: true,
            last_header: None,
        }
    }
}

impl Chain {
    /// Owner of a slot by the state as it is.
    pub fn owner(slot: u64) -> AccountId {
        let schedule = Schedule::<Test>::get();
        let seat = schedule[(slot % schedule.len() as u64) as usize];
        Seats::<Test>::get()[seat as usize].account
    }

    /// Lets one slot pass; returns whether there is a block in it.
    pub fn pass_slot(&mut self) -> bool {
        self.slot += 1;
        let owner = Self::owner(self.slot);
        if self.silent.contains(&owner) {
            return false;
        }
        *self.made.entry(owner).or_default() += 1;
        self.block(self.slot, || {});
        true
    }

    /// Makes the block of `slot` with `content`.
    pub fn block(&mut self, slot: u64, content: impl FnOnce()) {
        self.slot = slot;
        let number = System::block_number() + 1;
        let digest = Digest {
            logs: vec![pre_digest(slot)],
        };
        System::reset_events();
        let parent = self
            .last_header
            .as_ref()
            .map(Header::hash)
            .unwrap_or_default();
        System::initialize(&number, &parent, &digest);
        <AllPalletsWithSystem as OnInitialize<u64>>::on_initialize(number);
        Timestamp::set(RuntimeOrigin::none(), slot * SLOT_MS).unwrap();
        if self.final_parent {
            Vdpos::note_finalized(RuntimeOrigin::none(), number - 1).unwrap();
        }
        content();
        <AllPalletsWithSystem as OnFinalize<u64>>::on_finalize(number);
        self.last_header = Some(System::finalize());
    }

    pub fn pass_slots(&mut self, slots: u32) {
        for _ in 0..slots {
            self.pass_slot();
        }
    }

    /// Runs until the first block of the next epoch is made.
    pub fn next_epoch(&mut self) {
        let epoch = CurrentEpoch::<Test>::get().index;
        while CurrentEpoch::<Test>::get().index == epoch {
            self.pass_slot();
        }
    }

    pub fn next_epochs(&mut self, epochs: u32) {
        for _ in 0..epochs {
            self.next_epoch();
        }
    }

    /// Runs until the first block of the next era is made.
    pub fn next_era(&mut self) {
        let era = CurrentEra::<Test>::get().index;
        while CurrentEra::<Test>::get().index == era {
            self.pass_slot();
        }
    }

    pub fn next_eras(&mut self, eras: u32) {
        for _ in 0..eras {
            self.next_era();
        }
    }
}

pub fn pre_digest(slot: u64) -> DigestItem {
    <DigestItem as CompatibleDigestItem<()>>::aura_pre_digest(Slot::from(slot))
}

pub fn assert_invariants() {
    Vdpos::check_invariants().unwrap();
    let pot = Balances::total_balance(&Vdpos::pot());
    assert_eq!(
        pot,
        Vdpos::promised(),
        "the pot is what it owes and the carry, to the last unit"
    );
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub fn names(names: &[AccountId]) -> Vec<AccountId> {
    names.to_vec()
}

pub fn active() -> Vec<AccountId> {
    let mut list: Vec<_> = Active::<Test>::get()
        .iter()
        .map(|one| one.account)
        .collect();
    list.sort();
    list
}

/// Slots per round of the running schedule.
pub fn slots_of(who: AccountId) -> usize {
    let seats = Seats::<Test>::get();
    let seat = seats.iter().position(|seat| seat.account == who);
    Schedule::<Test>::get()
        .iter()
        .filter(|number| Some(**number as usize) == seat)
        .count()
}

pub fn stake_on_hold(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Vote.into(), &who)
}

pub fn bond_on_hold(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::CandidateBond.into(), &who)
}

pub fn events() -> Vec<Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Vdpos(event) => Some(event),
            _ => None,
        })
        .collect()
}

/// Gives `who` the keys made from another number, as far as they are free; whether they were.
pub fn rekey(who: AccountId, number: u64) -> bool {
    use pallet_session::SessionInterface;
    <Session as SessionInterface>::set_keys(&who, session_keys(number)).is_ok()
}
