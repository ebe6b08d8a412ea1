//! What the pallet stores, and the parameters it obeys.

use crate::{
    Config,
    core::accumulator::{self, PerUnit},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    BoundedVec, CloneNoBound, DebugNoBound, DefaultNoBound, EqNoBound, PartialEqNoBound,
};
use parlance_primitives::{Balance, vdpos::Index};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_arithmetic::{Rounding, helpers_128bit::multiply_by_rational_with_rounding};
use sp_consensus_aura::Slot;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_runtime::{
    FixedPointNumber, FixedU128, Perbill,
    traits::{One, Zero},
};

/// A pool that kept less than this part of its tokens takes no votes any more: shares bought at a lower
/// price would leave 128 bits. A candidate gets there only by losing everything.
pub const EXHAUSTED: FixedU128 = FixedU128::from_inner(1_000_000_000);

/// Rules that governance may change. Genesis sets them, `set_parameters` replaces them.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameters {
    /// Slots in an epoch, and in one round of the schedule.
    pub epoch_slots: u32,
    /// Epochs in an era.
    pub epochs_per_era: u32,
    /// Least size that the election asks for.
    pub min_set: u32,
    /// Greatest size that the election asks for. It never asks for more nodes than an epoch has slots.
    pub max_set: u32,
    /// Size that the first election asks for.
    pub initial_set: u32,
    /// Least bond of a candidate that may be elected.
    pub candidate_bond: Balance,
    /// Greatest commission.
    pub max_commission: Perbill,
    /// Most that a commission may rise from one era to the next.
    pub max_commission_rise: Perbill,
    /// Full eras that tokens stay answerable after they left.
    pub unbonding_eras: u32,
    /// Eras after which a vote that nobody recast weighs half; 0: votes do not age.
    pub vote_half_life_eras: u32,
    /// Full eras for which a banned candidate is shut out.
    pub ban_eras: u32,
    /// Eras with a strike that lead to a ban.
    pub strikes_to_ban: u32,
}

impl Parameters {
    /// The rules of the public chains: slots of 2 s, epochs of 10 minutes, eras of 6 hours.
    pub fn public() -> Self {
        Self {
            epoch_slots: 300,
            epochs_per_era: 36,
            min_set: 4,
            max_set: 101,
            initial_set: 21,
            candidate_bond: 1_000 * parlance_primitives::UNIT,
            max_commission: Perbill::from_percent(20),
            max_commission_rise: Perbill::from_percent(5),
            unbonding_eras: 28,
            vote_half_life_eras: 1_461,
            ban_eras: 10,
            strikes_to_ban: 3,
        }
    }

    /// The rules of `dev` and `local`: epochs of a minute, eras of three.
    pub fn development() -> Self {
        Self {
            epoch_slots: 30,
            epochs_per_era: 3,
            min_set: 1,
            max_set: 21,
            initial_set: 4,
            ..Self::public()
        }
    }

    /// A size within the bounds, and within the slots of an epoch.
    pub fn bounded_size(&self, size: u32) -> u32 {
        let highest = self.max_set.min(self.epoch_slots).max(1);
        size.clamp(self.min_set.min(highest), highest)
    }

    /// Whether the rules can work together within the bounds of the runtime.
    pub fn are_valid<T: Config>(&self) -> bool {
        use frame_support::traits::Get;
        self.epoch_slots >= 1
            && self.epoch_slots <= T::MaxScheduleSlots::get()
            && self.epochs_per_era >= 1
            && self.min_set >= 1
            && self.min_set <= self.initial_set
            && self.initial_set <= self.max_set
            && self.max_set <= T::MaxProducers::get()
            // A commission of everything leaves voters nothing, and stands for whatever is above it too.
            && self.max_commission < Perbill::one()
            && self.unbonding_eras >= 1
            && self.strikes_to_ban >= 1
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Self::public()
    }
}

/// An operator that stands for election, from `register` until its bond is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Candidate {
    /// Tokens of its own on hold.
    pub bond: Balance,
    /// Part of the pay that the operator keeps.
    pub commission: Perbill,
    /// Commission from the next era on, if it is to change.
    pub announced: Option<Perbill>,
    /// Pay that the operator may claim.
    pub reward: Balance,
    /// Moving average of its service.
    pub average: Perbill,
    /// Eras in which it was struck out, less the clean ones since.
    pub strikes: u32,
    /// First era for which it may be elected.
    pub banned_until: Index,
    /// Era from which a retired operator may take its bond back.
    pub leaves: Option<Index>,
}

impl Candidate {
    /// A newcomer: its service counts as good until facts say otherwise.
    pub fn new(bond: Balance, commission: Perbill) -> Self {
        Self {
            bond,
            commission,
            announced: None,
            reward: 0,
            average: Perbill::one(),
            strikes: 0,
            banned_until: 0,
            leaves: None,
        }
    }
}

/// The tokens behind one candidate, counted in units. A unit is bought at the price `remaining`, so a
/// slash is one multiplication whoever is in the pool, and pay per unit stays fair after it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Pool {
    /// Units of the votes in force: they earn and they answer for faults.
    pub units: u128,
    /// Units of tokens that left and are not out yet: they answer for faults only.
    pub trailing: u128,
    /// What a token that was there from the start is worth after all slashes.
    pub remaining: FixedU128,
    /// Pay per unit since the start.
    pub rewards: PerUnit,
    /// Pay handed to the pool and not yet credited to a voter.
    pub outstanding: Balance,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            units: 0,
            trailing: 0,
            remaining: FixedU128::one(),
            rewards: Default::default(),
            outstanding: 0,
        }
    }
}

impl Pool {
    /// Tokens of the votes in force.
    pub fn earning(&self) -> Balance {
        tokens_of(self.units, self.remaining)
    }

    /// Tokens that a slash can reach.
    pub fn at_risk(&self) -> Balance {
        tokens_of(self.units.saturating_add(self.trailing), self.remaining)
    }

    /// Whether nobody has a stake in it.
    pub fn is_empty(&self) -> bool {
        self.units.is_zero() && self.trailing.is_zero()
    }
}

/// Tokens behind one candidate since the pool stood at `entry`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Stake<AccountId> {
    /// The candidate.
    pub candidate: AccountId,
    /// Tokens, as of `entry`.
    pub tokens: Balance,
    /// `Pool::remaining` when `tokens` was last true.
    pub entry: FixedU128,
}

impl<AccountId> Stake<AccountId> {
    /// Units of the pool that this stake is.
    pub fn units(&self) -> u128 {
        units_of(self.tokens, self.entry)
    }

    /// What is left of it when the pool stands at `remaining`.
    pub fn value(&self, remaining: FixedU128) -> Balance {
        if self.entry == remaining {
            return self.tokens;
        }
        scale(self.tokens, remaining.into_inner(), self.entry.into_inner())
    }
}

/// One name of a vote.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Vote<AccountId> {
    /// Candidate and tokens.
    pub stake: Stake<AccountId>,
    /// `Pool::rewards` up to which pay has been credited.
    pub paid_to: PerUnit,
}

impl<AccountId> Vote<AccountId> {
    /// Pay since the last credit.
    pub fn earned(&self, pool: &Pool) -> Balance {
        accumulator::earned(self.stake.units(), pool.rewards, self.paid_to)
    }
}

/// One voter.
#[derive(
    CloneNoBound,
    PartialEqNoBound,
    EqNoBound,
    DebugNoBound,
    DefaultNoBound,
    Encode,
    Decode,
    MaxEncodedLen,
    TypeInfo,
)]
#[codec(mel_bound(T: Config))]
#[scale_info(skip_type_params(T))]
pub struct Voter<T: Config> {
    /// Its names, in the order it gave them.
    pub votes: BoundedVec<Vote<T::AccountId>, T::MaxVotes>,
    /// Era in which it last voted; the weight of the vote halves with its age.
    pub cast: Index,
    /// Pay that it may claim.
    pub credited: Balance,
}

impl<T: Config> Voter<T> {
    /// Tokens that it votes with, as of the last settlement.
    pub fn tokens(&self) -> Balance {
        self.votes
            .iter()
            .fold(0, |sum, vote| sum.saturating_add(vote.stake.tokens))
    }
}

/// Stakes that left their pools together.
#[derive(
    CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[codec(mel_bound(T: Config))]
#[scale_info(skip_type_params(T))]
pub struct Chunk<T: Config> {
    /// Era from which it may be withdrawn.
    pub matures: Index,
    /// Whether the tokens become free. If not they went on to other names and only the answer for
    /// faults of the old ones lingers.
    pub releases: bool,
    /// The stakes.
    pub parts: BoundedVec<Stake<T::AccountId>, T::MaxVotes>,
}

impl<T: Config> Chunk<T> {
    /// Tokens on hold for it.
    pub fn held(&self) -> Balance {
        if !self.releases {
            return 0;
        }
        self.parts
            .iter()
            .fold(0, |sum, part| sum.saturating_add(part.tokens))
    }
}

/// A super node of the running era.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Producer<AccountId> {
    /// The operator.
    pub account: AccountId,
    /// Backing by the election that put it in line.
    pub backing: Balance,
    /// Missed more than half its slots in the last epoch.
    pub failed: bool,
    /// Struck out with nobody there to replace it: it votes on finality but has no slots.
    pub benched: bool,
}

impl<AccountId> Producer<AccountId> {
    /// One that has just come in.
    pub fn new((account, backing): (AccountId, Balance)) -> Self {
        Self {
            account,
            backing,
            failed: false,
            benched: false,
        }
    }
}

/// Next in line, with its backing.
pub type Successor<AccountId> = (AccountId, Balance);

/// Result of an election that waits for its era.
#[derive(
    CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[codec(mel_bound(T: Config))]
#[scale_info(skip_type_params(T))]
pub struct Outcome<T: Config> {
    /// The super nodes, by backing.
    pub active: BoundedVec<Producer<T::AccountId>, T::MaxProducers>,
    /// The next in line, by backing.
    pub standby: BoundedVec<Successor<T::AccountId>, T::MaxStandby>,
}

/// Who may seal the slots of one index of the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
    /// The operator.
    pub account: AccountId,
    /// Its slot key in this epoch.
    pub key: AuraId,
}

/// Slot of the last block and who had to make it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Leader<AccountId> {
    /// The slot.
    pub slot: Slot,
    /// `None` only on a chain without producers, as benchmarks and empty genesis states are.
    pub seat: Option<Seat<AccountId>>,
}

/// Slots that a producer had and blocks that it made in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Service {
    /// Blocks.
    pub made: u32,
    /// Slots.
    pub expected: u32,
}

impl Service {
    /// Sum of two spans.
    pub fn plus(self, other: Self) -> Self {
        Self {
            made: self.made.saturating_add(other.made),
            expected: self.expected.saturating_add(other.expected),
        }
    }
}

/// The running epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Epoch {
    /// Counted from genesis; the session has the same index.
    pub index: Index,
    /// First slot.
    pub start: Slot,
    /// Slots in it.
    pub length: u32,
}

impl Epoch {
    /// First slot of the next epoch.
    pub fn end(&self) -> Slot {
        self.start.saturating_add(u64::from(self.length))
    }
}

/// The running era.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Era {
    /// Counted from genesis.
    pub index: Index,
    /// Its first epoch.
    pub first_epoch: Index,
    /// Epochs in it.
    pub epochs: u32,
}

impl Era {
    /// First epoch of the next era.
    pub fn end(&self) -> Index {
        self.first_epoch.saturating_add(self.epochs.max(1))
    }
}

/// What a report of a fault needs to know about an epoch that passed.
#[derive(
    CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[codec(mel_bound(T: Config))]
#[scale_info(skip_type_params(T))]
pub struct EpochRecord<T: Config> {
    /// Era it lay in.
    pub era: Index,
    /// Its first slot.
    pub start: Slot,
    /// Session whose roster was in force: the set and its keys.
    pub roster: Index,
    /// Seats whose key was not in the set of the session, because they came in from standby.
    pub stand_ins: BoundedVec<Seat<T::AccountId>, T::MaxProducers>,
}

/// `amount * numerator / denominator`, rounded down; 0 when there is nothing to divide by.
pub fn scale(amount: u128, numerator: u128, denominator: u128) -> u128 {
    if denominator.is_zero() {
        return 0;
    }
    multiply_by_rational_with_rounding(amount, numerator, denominator, Rounding::Down)
        .unwrap_or(u128::MAX)
}

/// Units that `tokens` buy when the pool stands at `price`.
pub fn units_of(tokens: Balance, price: FixedU128) -> u128 {
    scale(tokens, FixedU128::DIV, price.into_inner())
}

/// Tokens that `units` are worth when the pool stands at `price`.
pub fn tokens_of(units: u128, price: FixedU128) -> Balance {
    scale(units, price.into_inner(), FixedU128::DIV)
}
