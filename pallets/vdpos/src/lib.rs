#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod core;
pub mod weights;

mod election;
mod errors;
mod events;
mod genesis;
mod inherent;
mod keys;
mod ledger;
mod offences;
mod payout;
mod queries;
mod session;
mod slots;
mod types;
mod unbonding;

#[cfg(any(feature = "try-runtime", test))]
mod invariants;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod tests;

pub use keys::{Fingerprint, KeyOwnerProof, MAX_KEYS, Member, fingerprint};
pub use offences::{EquivocationOffence, EquivocationReportSystem, MINIMUM_SLASH, NoExposure};
pub use pallet::*;
pub use slots::expanded;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;

/// Target of this pallet's log lines.
const LOG_TARGET: &str = "runtime::vdpos";

/// Session keys of operators, wherever the runtime keeps them.
pub trait OperatorKeys<AccountId> {
    /// Whether `who` has registered a full set of session keys.
    fn has_keys(who: &AccountId) -> bool;
    /// The key with which `who` seals its slots.
    fn slot_key(who: &AccountId) -> Option<AuraId>;
    /// Registers keys for `who`, so that a benchmark can make it a candidate.
    #[cfg(feature = "runtime-benchmarks")]
    fn give_keys(who: &AccountId);
}

// Through `HeaderProvider`: the way through the block's own type would make the call contain itself.
pub use frame_system::pallet_prelude::HeaderFor;

/// The pallet. What it deposits and what it refuses stand in files of their own.
#[import_section(events::events)]
#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        KeyOwnerProof, Member, OperatorKeys, WeightInfo,
        core::set_size::LagHistogram,
        types::{
            Candidate, Chunk, Epoch, EpochRecord, Era, Leader, Outcome, Parameters, Pool, Producer,
            Seat, Service, Successor, Voter,
        },
    };
    use alloc::{boxed::Box, vec::Vec};
    use frame_election_provider_support::SortedListProvider;
    use frame_support::inherent::{InherentData, InherentIdentifier};
    use frame_support::{
        PalletId,
        pallet_prelude::*,
        traits::fungible::{Inspect, Mutate, hold},
    };
    use frame_system::pallet_prelude::*;
    use parlance_primitives::{
        Balance,
        traits::{Emission, EpochSeed, ServiceFacts},
        vdpos::{Index, SlotEquivocation},
    };
    use sp_runtime::Perbill;
    use sp_staking::offence::OffenceReportSystem;

    use crate::HeaderFor;

    /// Version of the storage layout.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// The pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime provides.
    #[pallet::config]
    pub trait Config: frame_system::Config {
        /// The native token.
        type Currency: Inspect<Self::AccountId, Balance = Balance>
            + Mutate<Self::AccountId>
            + hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + hold::Mutate<Self::AccountId>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// Voters by weight. The score is the aged stake in millionths of a token.
        type VoterList: SortedListProvider<Self::AccountId, Score = u64>;
        /// Where the pay comes from.
        type Emission: Emission<Self::AccountId, Balance>;
        /// Seeds of the schedule.
        type Seed: EpochSeed;
        /// What else operators do for the network.
        type Facts: ServiceFacts<Self::AccountId>;
        /// Session keys of operators.
        type OperatorKeys: OperatorKeys<Self::AccountId>;
        /// Checks and handles reports of two blocks in one slot.
        type EquivocationReportSystem: OffenceReportSystem<
                Option<Self::AccountId>,
                (SlotEquivocation<HeaderFor<Self>>, KeyOwnerProof),
            >;
        /// Who may change the [`Parameters`].
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Name of the account that keeps pay until it is claimed.
        #[pallet::constant]
        type PotId: Get<PalletId>;
        /// Length of a slot in milliseconds.
        #[pallet::constant]
        type SlotDuration: Get<u64>;
        /// Most candidates at a time.
        #[pallet::constant]
        type MaxCandidates: Get<u32>;
        /// Most names in a vote.
        #[pallet::constant]
        type MaxVotes: Get<u32>;
        /// Most super nodes.
        #[pallet::constant]
        type MaxProducers: Get<u32>;
        /// Most candidates next in line.
        #[pallet::constant]
        type MaxStandby: Get<u32>;
        /// Most voters that an election reads, the heaviest first.
        #[pallet::constant]
        type MaxElectingVoters: Get<u32>;
        /// Most slots in a round of the schedule.
        #[pallet::constant]
        type MaxScheduleSlots: Get<u32>;
        /// Most withdrawals and moves of one voter that may be under way.
        #[pallet::constant]
        type MaxUnlocking: Get<u32>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Why tokens are on hold. Holds and not freezes: a freeze may overlap with others, and what is
    /// slashed from under one freeze would be missing under the next. A held token is held for one
    /// reason only, so a slash takes exactly what was at stake.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Bond of a candidate.
        CandidateBond,
        /// Tokens behind a vote, and until they are withdrawn.
        Vote,
    }

    /// Rules that governance may change. One value, set at genesis.
    #[pallet::storage]
    pub type CurrentParameters<T: Config> = StorageValue<_, Parameters, ValueQuery>;

    /// Candidates. Each pays with its bond, and goes when the bond is withdrawn; at most
    /// [`Config::MaxCandidates`].
    #[pallet::storage]
    pub type Candidates<T: Config> =
        CountedStorageMap<_, Twox64Concat, T::AccountId, Candidate, OptionQuery>;

    /// Tokens behind candidates. Paid by the candidate's bond, then by the stakes in it; goes when the
    /// candidate and all stakes are gone.
    #[pallet::storage]
    pub type Pools<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, Pool, OptionQuery>;

    /// Voters. Each pays with its stake, and goes when it has neither stake nor pay to claim.
    #[pallet::storage]
    pub type Voters<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, Voter<T>, OptionQuery>;

    /// Stakes on their way out, oldest first. Paid by the tokens still on hold; goes with `withdraw`.
    #[pallet::storage]
    pub type Unbonding<T: Config> = StorageMap<
        _,
        Twox64Concat,
        T::AccountId,
        BoundedVec<Chunk<T>, T::MaxUnlocking>,
        ValueQuery,
    >;

    /// Super nodes of the running era. One value, replaced by each era.
    #[pallet::storage]
    pub type Active<T: Config> =
        StorageValue<_, BoundedVec<Producer<T::AccountId>, T::MaxProducers>, ValueQuery>;

    /// Next in line, the first first. One value, replaced by each era.
    #[pallet::storage]
    pub type Standby<T: Config> =
        StorageValue<_, BoundedVec<Successor<T::AccountId>, T::MaxStandby>, ValueQuery>;

    /// Result of the election for the next era. One value, from the last epoch of an era to its end.
    #[pallet::storage]
    pub type Planned<T: Config> = StorageValue<_, Outcome<T>, OptionQuery>;

    /// Size that the last election asked for. One value.
    #[pallet::storage]
    pub type TargetSize<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// Producers of the running epoch with their keys. One value, replaced by each epoch.
    #[pallet::storage]
    pub type Seats<T: Config> =
        StorageValue<_, BoundedVec<Seat<T::AccountId>, T::MaxProducers>, ValueQuery>;

    /// One round of the running epoch: slot `s` belongs to the seat with number
    /// `Schedule[s % Schedule.len()]`. One value, replaced by each epoch.
    #[pallet::storage]
    pub type Schedule<T: Config> =
        StorageValue<_, BoundedVec<u16, T::MaxScheduleSlots>, ValueQuery>;

    /// What each seat did in the running epoch. One value, replaced by each epoch.
    #[pallet::storage]
    pub type Tally<T: Config> = StorageValue<_, BoundedVec<Service, T::MaxProducers>, ValueQuery>;

    /// Slot of the last block and its leader. One value.
    #[pallet::storage]
    pub type LastLeader<T: Config> = StorageValue<_, Leader<T::AccountId>, OptionQuery>;

    /// What each producer did in the epochs of this era that are over. At most
    /// [`Config::MaxProducers`] + [`Config::MaxStandby`] entries, emptied at the end of the era.
    #[pallet::storage]
    pub type EraService<T: Config> = StorageMap<_, Twox64Concat, T::AccountId, Service, ValueQuery>;

    /// The running epoch. One value.
    #[pallet::storage]
    pub type CurrentEpoch<T: Config> = StorageValue<_, Epoch, ValueQuery>;

    /// The running era. One value.
    #[pallet::storage]
    pub type CurrentEra<T: Config> = StorageValue<_, Era, ValueQuery>;

    /// Epochs for which faults may still be reported. Pruned from the old end, epoch by epoch, when
    /// their era has left the unbonding period.
    #[pallet::storage]
    pub type Epochs<T: Config> = StorageMap<_, Twox64Concat, Index, EpochRecord<T>, OptionQuery>;

    /// Oldest epoch in [`Epochs`]. One value.
    #[pallet::storage]
    pub type OldestEpoch<T: Config> = StorageValue<_, Index, ValueQuery>;

    /// Sets with the keys that were in force, by the session from which on they were. At most one per
    /// epoch in [`Epochs`], of at most [`Config::MaxProducers`] members. With 101 members and three keys
    /// each takes 13 KB: 0.4 MB under the public rules where only elections change the set (29 eras),
    /// 14 MB if somebody paid for a change of keys in every single epoch (1,044). Goes with the last epoch
    /// that names it.
    #[pallet::storage]
    pub type Rosters<T: Config> = StorageMap<
        _,
        Twox64Concat,
        Index,
        BoundedVec<Member<T::AccountId>, T::MaxProducers>,
        OptionQuery,
    >;

    /// Fractions for which faults of an era were slashed. One entry per offender and era, pruned with
    /// the last epoch of the era.
    #[pallet::storage]
    pub type Slashed<T: Config> =
        StorageDoubleMap<_, Twox64Concat, Index, Twox64Concat, T::AccountId, Perbill, ValueQuery>;

    /// Finality lags of the running epoch. One value, emptied by each epoch.
    #[pallet::storage]
    pub type Lags<T: Config> = StorageValue<_, LagHistogram, ValueQuery>;

    /// Median of the finality lags over the last full epoch. One value.
    #[pallet::storage]
    pub type LastLag<T: Config> = StorageValue<_, u32, OptionQuery>;

    /// Block in which finality was last noted. One value.
    #[pallet::storage]
    pub type FinalityNotedAt<T: Config> = StorageValue<_, BlockNumberFor<T>, OptionQuery>;

    /// Part of the pot that is nobody's yet: rounding remainders, and the deposit that keeps the pot's
    /// account alive. Joins the pay of the next era. One value.
    #[pallet::storage]
    pub type Carry<T: Config> = StorageValue<_, Balance, ValueQuery>;

    /// Candidates and votes at genesis. The first election is held while the genesis state is built,
    /// so this pallet must stand before the session pallet in the runtime.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The rules.
        pub parameters: Parameters,
        /// Operators with bond and commission. Their session keys come with the session's genesis.
        pub candidates: Vec<(T::AccountId, Balance, Perbill)>,
        /// Votes: voter, names, tokens.
        pub votes: Vec<(T::AccountId, Vec<T::AccountId>, Balance)>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            crate::genesis::build::<T>(self);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_now: BlockNumberFor<T>) -> Weight {
            match Self::slot_of_block() {
                Some(slot) => T::WeightInfo::note_slot(Self::note_slot(slot)),
                None => T::WeightInfo::note_slot(0),
            }
        }

        fn integrity_test() {
            assert!(T::SlotDuration::get() > 0, "a slot must last");
            assert!(
                T::MaxProducers::get() <= u32::from(u16::MAX),
                "seats are counted in 16 bits"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_now: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::check_invariants()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Replaces the rules. Lengths of epochs and eras change with the next one.
        ///
        /// Origin: [`Config::AdminOrigin`].
        /// Errors: [`Error::InvalidParameters`]. Events: [`Event::ParametersSet`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::set_parameters())]
        pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(parameters.are_valid::<T>(), Error::<T>::InvalidParameters);
            CurrentParameters::<T>::put(&parameters);
            Self::deposit_event(Event::ParametersSet { parameters });
            Ok(())
        }

        /// Stands for election with a bond and a commission. Session keys must be there.
        ///
        /// The commission travels as a compact number of billionths, as wallets know it from staking:
        /// they show a percentage, and every number decodes. More than a whole counts as a whole, which
        /// is always too high.
        ///
        /// Origin: signed, by the operator.
        /// Errors: [`Error::AlreadyCandidate`], [`Error::TooManyCandidates`],
        /// [`Error::NoSessionKeys`], [`Error::BondTooSmall`], [`Error::CommissionTooHigh`],
        /// [`Error::PoolExhausted`], too few free tokens. Events: [`Event::Registered`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(
            origin: OriginFor<T>,
            #[pallet::compact] commission: Perbill,
            #[pallet::compact] bond: Balance,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            ensure!(T::OperatorKeys::has_keys(&who), Error::<T>::NoSessionKeys);
            Self::do_register(&who, commission, bond)
        }

        /// Adds tokens to the bond.
        ///
        /// Origin: signed, by a candidate.
        /// Errors: [`Error::NotCandidate`], [`Error::Retired`], too few free tokens.
        /// Events: [`Event::BondIncreased`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::bond_more())]
        pub fn bond_more(
            origin: OriginFor<T>,
            #[pallet::compact] amount: Balance,
        ) -> DispatchResult {
            Self::do_bond_more(&ensure_signed(origin)?, amount)
        }

        /// Announces the commission from the next era on.
        ///
        /// Origin: signed, by a candidate.
        /// Errors: [`Error::NotCandidate`], [`Error::Retired`], [`Error::CommissionTooHigh`],
        /// [`Error::CommissionRisesTooFast`]. Events: [`Event::CommissionAnnounced`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::set_commission())]
        pub fn set_commission(
            origin: OriginFor<T>,
            #[pallet::compact] commission: Perbill,
        ) -> DispatchResult {
            Self::do_set_commission(&ensure_signed(origin)?, commission)
        }

        /// Stops standing for election. The candidate serves until the set changes; the bond answers
        /// for faults until it may be withdrawn.
        ///
        /// Origin: signed, by a candidate.
        /// Errors: [`Error::NotCandidate`], [`Error::Retired`]. Events: [`Event::Retired`].
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::retire())]
        pub fn retire(origin: OriginFor<T>) -> DispatchResult {
            Self::do_retire(&ensure_signed(origin)?)
        }

        /// Votes for up to [`Config::MaxVotes`] candidates with `stake` tokens in all, in place of what
        /// the account voted for before. Tokens that the new vote does not need begin to unbond.
        /// Tokens that move to other names back those at once and answer for faults of the old
        /// ones until the unbonding period is over.
        ///
        /// Origin: signed.
        /// Errors: [`Error::TooManyNames`], [`Error::NoNames`], [`Error::DuplicateName`],
        /// [`Error::NotCandidate`], [`Error::Retired`], [`Error::PoolExhausted`],
        /// [`Error::StakeTooSmall`], [`Error::TooManyChunks`], [`Error::ListUnavailable`], too few
        /// free tokens.
        /// Events: [`Event::Voted`], [`Event::Unvoted`], [`Event::StakeSlashed`].
        #[pallet::call_index(5)]
        // A list that is too long is refused before it is looked at; its bytes cost the fee of their length.
        #[pallet::weight(T::WeightInfo::vote((names.len() as u32).min(T::MaxVotes::get())))]
        pub fn vote(
            origin: OriginFor<T>,
            names: Vec<T::AccountId>,
            #[pallet::compact] stake: Balance,
        ) -> DispatchResult {
            Self::do_vote(&ensure_signed(origin)?, names, stake)
        }

        /// Takes tokens out of the vote, from all names in proportion. They earn nothing more, answer
        /// for faults until they mature, and become free with `withdraw`.
        ///
        /// Origin: signed, by a voter.
        /// Errors: [`Error::NotVoter`], [`Error::NotEnoughStake`], [`Error::StakeTooSmall`] (if less
        /// than the minimum but not nothing would stay), [`Error::TooManyChunks`],
        /// [`Error::ListUnavailable`]. Events: [`Event::Unvoted`], [`Event::StakeSlashed`].
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::unvote())]
        pub fn unvote(origin: OriginFor<T>, #[pallet::compact] amount: Balance) -> DispatchResult {
            Self::do_unvote(&ensure_signed(origin)?, amount)
        }

        /// Frees all that has matured: tokens taken out of the vote of `who`, and its bond if it is a
        /// retired candidate. Stakes answer for faults until this is called, and anybody may call it.
        ///
        /// Origin: signed, by anybody.
        /// Errors: [`Error::NothingToWithdraw`], [`Error::StillInLine`],
        /// [`Error::ListUnavailable`]. Events: [`Event::Withdrawn`], [`Event::Left`],
        /// [`Event::StakeSlashed`].
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::withdraw(T::MaxUnlocking::get()))]
        pub fn withdraw(origin: OriginFor<T>, who: T::AccountId) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let chunks = Self::do_withdraw(&who)?;
            Ok(Some(T::WeightInfo::withdraw(chunks)).into())
        }

        /// Pays out what the caller earned as a voter and as an operator.
        ///
        /// Origin: signed.
        /// Errors: [`Error::NothingToClaim`]. Events: [`Event::Claimed`], [`Event::StakeSlashed`].
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::claim())]
        pub fn claim(origin: OriginFor<T>) -> DispatchResult {
            Self::do_claim(&ensure_signed(origin)?)
        }

        /// Brings a voter up to date: credits its pay, burns its part of slashes, and moves it in the
        /// list of voters to where its age and its stake belong.
        ///
        /// Origin: signed, by anybody.
        /// Errors: [`Error::NotVoter`], [`Error::ListUnavailable`].
        /// Events: [`Event::StakeSlashed`].
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::refresh())]
        pub fn refresh(origin: OriginFor<T>, voter: T::AccountId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_refresh(&voter)
        }

        /// States the height that the author knows to be final: an inherent, at most once in a block.
        ///
        /// Origin: none.
        /// Errors: [`Error::FinalityNotedBefore`], [`Error::FinalityAhead`]. Events: none.
        #[pallet::call_index(10)]
        #[pallet::weight((T::WeightInfo::note_finalized(), DispatchClass::Mandatory))]
        pub fn note_finalized(
            origin: OriginFor<T>,
            #[pallet::compact] height: BlockNumberFor<T>,
        ) -> DispatchResult {
            ensure_none(origin)?;
            Self::do_note_finalized(height)
        }

        /// Reports two blocks that one key sealed for one slot. A valid report costs no fee.
        ///
        /// Origin: signed.
        /// Errors: [`Error::InvalidEquivocationProof`], [`Error::InvalidKeyOwnershipProof`],
        /// [`Error::DuplicateReport`]. Events: [`Event::OffenderSlashed`], [`Event::Banned`].
        #[pallet::call_index(11)]
        // Not by the count in the proof: that is the reporter's word until the proof is checked.
        #[pallet::weight(T::WeightInfo::report_equivocation(T::MaxProducers::get()))]
        pub fn report_equivocation(
            origin: OriginFor<T>,
            equivocation_proof: Box<SlotEquivocation<HeaderFor<T>>>,
            key_owner_proof: KeyOwnerProof,
        ) -> DispatchResultWithPostInfo {
            let reporter = ensure_signed(origin)?;
            T::EquivocationReportSystem::process_evidence(
                Some(reporter),
                (*equivocation_proof, key_owner_proof),
            )?;
            Ok(Pays::No.into())
        }

        /// The same as [`Call::report_equivocation`], unsigned and free, from a node that makes blocks.
        ///
        /// Origin: none, and only from the node's own pool or in a block.
        /// Errors and events: as [`Call::report_equivocation`].
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::report_equivocation(T::MaxProducers::get()))]
        pub fn report_equivocation_unsigned(
            origin: OriginFor<T>,
            equivocation_proof: Box<SlotEquivocation<HeaderFor<T>>>,
            key_owner_proof: KeyOwnerProof,
        ) -> DispatchResultWithPostInfo {
            ensure_none(origin)?;
            T::EquivocationReportSystem::process_evidence(
                None,
                (*equivocation_proof, key_owner_proof),
            )?;
            Ok(Pays::No.into())
        }
    }

    #[pallet::inherent]
    impl<T: Config> ProvideInherent for Pallet<T> {
        type Call = Call<T>;
        type Error = crate::inherent::InherentError;
        const INHERENT_IDENTIFIER: InherentIdentifier =
            parlance_primitives::vdpos::INHERENT_IDENTIFIER;

        fn create_inherent(data: &InherentData) -> Option<Self::Call> {
            crate::inherent::create::<T>(data)
        }

        fn is_inherent(call: &Self::Call) -> bool {
            matches!(call, Call::note_finalized { .. })
        }
    }

    #[allow(deprecated)]
    #[pallet::validate_unsigned]
    impl<T: Config> ValidateUnsigned for Pallet<T> {
        type Call = Call<T>;

        fn validate_unsigned(source: TransactionSource, call: &Self::Call) -> TransactionValidity {
            Self::validate_report(source, call)
        }

        fn pre_dispatch(call: &Self::Call) -> Result<(), TransactionValidityError> {
            match call {
                // An inherent: the call itself says what it takes, and reports have nothing to add.
                Call::note_finalized { .. } => Ok(()),
                _ => Self::check_report(call),
            }
        }
    }
}
