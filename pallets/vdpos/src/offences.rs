//! Faults: two blocks in one slot, and whatever else the offences pallet hands over (GRANDPA's
//! equivocations).
//!
//! # Who answers
//!
//! A report shows two headers with one slot, sealed by one key, and names the session in which the key
//! was somebody's: the epoch that the slot belongs to or the one before (the first block of an epoch is
//! made under the schedule before). Whose it was stands in the records of `keys`, not in what is
//! registered now, so that nobody escapes by changing its keys after a fault, or right before one. GRANDPA's
//! reports are checked against the same records. Epochs are kept for as long as stakes unbond.
//!
//! # How much
//!
//! `min((3k / n)^2, 1)` of what is at stake, with k of n offenders at the same time: one node that was
//! run twice by mistake loses little, a third of the set together loses everything. Not less than
//! [`MINIMUM_SLASH`]: in a large set the formula gives a lone attacker almost nothing to lose (0.09 % of
//! 101 nodes). Faults of one era do not add up, the worst of them counts: a node that runs twice does so
//! in each of its slots until somebody looks, and that is one mistake.
//!
//! # Whose money
//!
//! The bond first, then the tokens behind the candidate in proportion. What is slashed is burnt. The
//! offender is shut out like one with too many strikes.

use crate::{
    AuraId, Call, Candidates, Config, CurrentEra, Epochs, Error, Event, HeaderFor, KeyOwnerProof,
    LOG_TARGET, Pallet, Pools, Slashed, scale,
};
use alloc::{boxed::Box, vec, vec::Vec};
use frame_support::{pallet_prelude::*, traits::KeyOwnerProofSystem};
use parlance_primitives::{
    traits::SlotLeader,
    vdpos::{Index, SlotEquivocation, slot_of},
};
use sp_consensus_aura::{Slot, digests::CompatibleDigestItem, sr25519::AuthoritySignature};
use sp_runtime::{
    DispatchError, FixedU128, PerThing, Perbill, RuntimeAppPublic, Saturating,
    traits::{Convert, Header},
};
use sp_staking::{
    SessionIndex,
    offence::{
        Kind, Offence, OffenceDetails, OffenceReportSystem, OnOffenceHandler, ReportOffence,
    },
};

/// Least part of the stake that a fault costs.
pub const MINIMUM_SLASH: Perbill = Perbill::from_percent(5);

/// Full identification of a validator: its account is enough, because units and not a snapshot of
/// backers say who pays.
pub struct NoExposure;

impl<AccountId> Convert<AccountId, Option<()>> for NoExposure {
    fn convert(_: AccountId) -> Option<()> {
        Some(())
    }
}

/// Two blocks in one slot, as the offences pallet takes it.
pub struct EquivocationOffence<Offender> {
    /// The slot.
    pub slot: Slot,
    /// Session in which the key was the offender's.
    pub session_index: SessionIndex,
    /// Members of that session.
    pub validator_set_count: u32,
    /// Whose key it was.
    pub offender: Offender,
}

impl<Offender: Clone> Offence<Offender> for EquivocationOffence<Offender> {
    const ID: Kind = *b"vdpos:equivocati";
    type Slot = Slot;

    fn offenders(&self) -> Vec<Offender> {
        vec![self.offender.clone()]
    }

    fn session_index(&self) -> SessionIndex {
        self.session_index
    }

    fn validator_set_count(&self) -> u32 {
        self.validator_set_count
    }

    fn slot(&self) -> Slot {
        self.slot
    }

    fn slash_fraction(&self, offenders_count: u32) -> Perbill {
        let threefold = offenders_count.saturating_mul(3);
        Perbill::from_rational(threefold, self.validator_set_count.max(1)).square()
    }
}

/// Checks reports and hands them to `R`; `L` is how many blocks a report may wait in the pool.
pub struct EquivocationReportSystem<T, R, L>(core::marker::PhantomData<(T, R, L)>);

/// A report: the proof of the fault, and of whose key it was.
type Evidence<T> = (SlotEquivocation<HeaderFor<T>>, KeyOwnerProof);
/// How the offences pallet knows a producer.
type Offender<T> = (<T as frame_system::Config>::AccountId, ());

impl<T: Config, R, L> EquivocationReportSystem<T, R, L> {
    /// The offence that `evidence` proves.
    fn offence(evidence: Evidence<T>) -> Result<EquivocationOffence<Offender<T>>, Error<T>> {
        let (proof, ownership) = evidence;
        let (slot, key) = (proof.slot, proof.offender.clone());
        let KeyOwnerProof {
            session: session_index,
            validator_count: validator_set_count,
        } = ownership;
        if !Pallet::<T>::may_answer_for(session_index, slot) {
            return Err(Error::<T>::InvalidKeyOwnershipProof);
        }
        let offender = Pallet::<T>::check_proof((AuraId::ID, key), ownership)
            .ok_or(Error::<T>::InvalidKeyOwnershipProof)?;
        ensure!(is_equivocation(proof), Error::<T>::InvalidEquivocationProof);
        Ok(EquivocationOffence {
            slot,
            session_index,
            validator_set_count,
            offender,
        })
    }
}

impl<T, R, L> OffenceReportSystem<Option<T::AccountId>, Evidence<T>>
    for EquivocationReportSystem<T, R, L>
where
    T: Config + pallet_authorship::Config + frame_system::offchain::CreateBare<Call<T>>,
    R: ReportOffence<T::AccountId, Offender<T>, EquivocationOffence<Offender<T>>>,
    L: Get<u64>,
{
    type Longevity = L;

    fn publish_evidence(evidence: Evidence<T>) -> Result<(), ()> {
        let (proof, key_owner_proof) = evidence;
        let call = Call::report_equivocation_unsigned {
            equivocation_proof: Box::new(proof),
            key_owner_proof,
        };
        let extrinsic = T::create_bare(call.into());
        let sent =
            frame_system::offchain::SubmitTransaction::<T, Call<T>>::submit_transaction(extrinsic);
        match sent {
            Ok(()) => log::info!(target: LOG_TARGET, "reported two blocks in one slot"),
            Err(()) => log::error!(target: LOG_TARGET, "the pool refused a report"),
        }
        sent
    }

    fn check_evidence(evidence: Evidence<T>) -> Result<(), TransactionValidityError> {
        let offence = Self::offence(evidence).map_err(|_| InvalidTransaction::BadProof)?;
        if R::is_known_offence(&[offence.offender], &offence.slot) {
            return Err(InvalidTransaction::Stale.into());
        }
        Ok(())
    }

    fn process_evidence(
        reporter: Option<T::AccountId>,
        evidence: Evidence<T>,
    ) -> Result<(), DispatchError> {
        let offence = Self::offence(evidence)?;
        let reporter = reporter.or_else(pallet_authorship::Pallet::<T>::author);
        R::report_offence(reporter.into_iter().collect(), offence)
            .map_err(|_| Error::<T>::DuplicateReport)?;
        Ok(())
    }
}

/// Whether the headers are two different blocks that the offender sealed for the slot.
pub(crate) fn is_equivocation<H: Header>(proof: SlotEquivocation<H>) -> bool {
    let SlotEquivocation {
        offender,
        slot,
        first_header,
        second_header,
    } = proof;
    let sealed = |mut header: H| {
        if slot_of(&header) != Some(slot) {
            return None;
        }
        let seal = header.digest_mut().pop()?;
        let signature: AuthoritySignature = seal.as_aura_seal()?;
        let unsealed = header.hash();
        offender
            .verify(&unsealed.as_ref(), &signature)
            .then_some(unsealed)
    };
    match (sealed(first_header), sealed(second_header)) {
        (Some(first), Some(second)) => first != second,
        _ => false,
    }
}

impl<T: Config> Pallet<T> {
    /// Whether members of session `session` may have had `slot`, in the past that is not forgotten.
    pub(crate) fn may_answer_for(session: SessionIndex, slot: Slot) -> bool {
        let Some(record) = Epochs::<T>::get(session) else {
            return false;
        };
        let began = record.start <= slot && slot <= Self::slot();
        let over = Epochs::<T>::get(session.saturating_add(2)).is_some_and(|two| two.start <= slot);
        began && !over && Self::is_answerable(record.era, CurrentEra::<T>::get().index)
    }

    /// Puts a report into the node's pool: what the runtime API calls.
    pub fn submit_unsigned_equivocation_report(
        proof: SlotEquivocation<HeaderFor<T>>,
        key_owner_proof: KeyOwnerProof,
    ) -> Option<()> {
        T::EquivocationReportSystem::publish_evidence((proof, key_owner_proof)).ok()
    }

    /// Lets a report into the pool if it comes from this node, so that only authors can put reports
    /// into blocks, and if it is sound and new.
    pub(crate) fn validate_report(
        source: TransactionSource,
        call: &Call<T>,
    ) -> TransactionValidity {
        let Call::report_equivocation_unsigned {
            equivocation_proof, ..
        } = call
        else {
            return InvalidTransaction::Call.into();
        };
        if !matches!(
            source,
            TransactionSource::Local | TransactionSource::InBlock
        ) {
            return InvalidTransaction::Call.into();
        }
        Self::check_report(call)?;
        ValidTransaction::with_tag_prefix("VdposEquivocation")
            .priority(TransactionPriority::MAX)
            .and_provides((equivocation_proof.offender.clone(), equivocation_proof.slot))
            .longevity(<T::EquivocationReportSystem as OffenceReportSystem<_, _>>::Longevity::get())
            .propagate(false)
            .build()
    }

    /// Checks an unsigned report.
    pub(crate) fn check_report(call: &Call<T>) -> Result<(), TransactionValidityError> {
        let Call::report_equivocation_unsigned {
            equivocation_proof,
            key_owner_proof,
        } = call
        else {
            return Err(InvalidTransaction::Call.into());
        };
        let evidence = ((**equivocation_proof).clone(), key_owner_proof.clone());
        T::EquivocationReportSystem::check_evidence(evidence)
    }

    /// Slashes `fraction` of what is at stake behind `who`, less what faults of that era cost already.
    pub(crate) fn slash(who: &T::AccountId, fraction: Perbill, era: Index) {
        let before = Slashed::<T>::get(era, who);
        if fraction <= before {
            return;
        }
        Slashed::<T>::insert(era, who, fraction);
        // `before` is gone from the stake, so the rest is relative to what it left.
        let whole = Perbill::one().deconstruct();
        let more = fraction.saturating_sub(before).deconstruct();
        let left = before.left_from_one().deconstruct();

        let mut pool = Pools::<T>::get(who).unwrap_or_default();
        let candidate = Candidates::<T>::get(who);
        let bond = candidate.as_ref().map_or(0, |candidate| candidate.bond);
        let at_risk = pool.at_risk();
        let total = bond.saturating_add(at_risk);
        // Rounded against the offender.
        let due = if more == left || left == 0 || fraction.deconstruct() == whole {
            total
        } else {
            scale(total, more.into(), left.into())
                .saturating_add(1)
                .min(total)
        };
        let from_bond = due.min(bond);
        let from_votes = due.saturating_sub(from_bond);

        if let Some(mut candidate) = candidate {
            candidate.bond = bond.saturating_sub(from_bond);
            Candidates::<T>::insert(who, candidate);
            Self::burn_bond(who, from_bond);
        }
        if from_votes > 0 {
            let rest = at_risk.saturating_sub(from_votes);
            let remaining = scale(pool.remaining.into_inner(), rest, at_risk);
            pool.remaining = FixedU128::from_inner(remaining);
            Pools::<T>::insert(who, pool);
        }
        Self::deposit_event(Event::OffenderSlashed {
            candidate: who.clone(),
            era,
            fraction,
            bond: from_bond,
            backing: from_votes,
        });
    }
}

impl<T: Config> OnOffenceHandler<T::AccountId, Offender<T>, Weight> for Pallet<T> {
    fn on_offence(
        offenders: &[OffenceDetails<T::AccountId, Offender<T>>],
        fractions: &[Perbill],
        session: SessionIndex,
    ) -> Weight {
        let Some(record) = Epochs::<T>::get(session) else {
            log::warn!(target: LOG_TARGET, "an offence of forgotten session {session}");
            return T::DbWeight::get().reads(1);
        };
        let now = CurrentEra::<T>::get().index;
        if !Self::is_answerable(record.era, now) {
            return T::DbWeight::get().reads(3);
        }
        for (details, fraction) in offenders.iter().zip(fractions) {
            let who = &details.offender.0;
            Self::slash(who, (*fraction).max(MINIMUM_SLASH), record.era);
            Self::ban(who);
        }
        let count = offenders.len() as u64;
        T::DbWeight::get().reads_writes(3 + 6 * count, 5 * count)
    }
}
