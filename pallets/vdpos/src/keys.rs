//! Whose key it was: the records that a report of a fault is checked against.
//!
//! Keys that an operator registers take force two sessions later, and the ones before stay in force until
//! then. So the registered keys do not say who signed what, and a proof made from them could be undone by
//! registering others. These records hold the keys **in force**:
//!
//! - **K1.** A session that starts with another set, or with other keys of the same set, writes both down as
//!   a roster. The record of each epoch names the roster in force.
//! - **K2.** Who seals slots in an epoch without being in its session, because it came in from standby,
//!   stands in the record of the epoch with the slot key it brings.
//! - **K3.** A key has one owner in a session. The session pallet lets a key be registered once, and all
//!   keys of a set are read in the same moment. A stand-in whose key is in force for somebody else gets no
//!   slots. From session to session a key may change hands; each owner answers for its own sessions,
//!   and who takes over a key that somebody else knows takes over the risk.
//! - **K4.** A proof of ownership names a session and how many members it had. The records know both. The
//!   number is in it because the pallets that weigh a fault read it there, so it has to be the true one.
//! - **K5.** A roster goes with the last epoch that names it. Until then its members answer, whatever they
//!   register, wherever they stand.
//!
//! A roster keeps fingerprints of all session keys, not only of those that can commit faults today: their
//! length does not depend on the kind of key, and an upgrade of the set of keys leaves old rosters readable.

use crate::{AuraId, Config, CurrentEpoch, CurrentEra, Epochs, OldestEpoch, Pallet, Rosters};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    BoundedVec, defensive_assert,
    traits::{ConstU32, KeyOwnerProofSystem},
};
use parlance_primitives::vdpos::Index;
use scale_info::TypeInfo;
use sp_consensus_aura::Slot;
use sp_runtime::{KeyTypeId, RuntimeAppPublic, traits::OpaqueKeys};
use sp_session::{GetSessionNumber, GetValidatorCount, ValidatorCount};
use sp_staking::SessionIndex;

/// Most session keys of one operator.
pub const MAX_KEYS: u32 = 8;

/// Blake2 hash of the type of a key and the key.
pub type Fingerprint = [u8; 32];

/// The fingerprint of a key.
pub fn fingerprint(id: KeyTypeId, key: &[u8]) -> Fingerprint {
    sp_io::hashing::blake2_256(&(id, key).encode())
}

/// A super node of a session and the keys it has in force.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Member<AccountId> {
    /// The operator.
    pub account: AccountId,
    /// Fingerprints of its keys, in the order of the runtime's session keys.
    pub keys: BoundedVec<Fingerprint, ConstU32<MAX_KEYS>>,
}

impl<AccountId> Member<AccountId> {
    /// An operator with its session keys.
    pub fn new<Keys: OpaqueKeys>(account: AccountId, keys: &Keys) -> Self {
        let ids = Keys::key_ids();
        defensive_assert!(
            ids.len() <= MAX_KEYS as usize,
            "a runtime has no more kinds of session keys than a roster has room for"
        );
        let prints = ids.iter().map(|id| fingerprint(*id, keys.get_raw(*id)));
        Self {
            account,
            keys: BoundedVec::truncate_from(prints.collect()),
        }
    }
}

/// Proof that a key had an owner in a session: where the records have it (K4).
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct KeyOwnerProof {
    /// The session.
    pub session: SessionIndex,
    /// Members of the session.
    pub validator_count: ValidatorCount,
}

impl GetSessionNumber for KeyOwnerProof {
    fn session(&self) -> SessionIndex {
        self.session
    }
}

impl GetValidatorCount for KeyOwnerProof {
    fn validator_count(&self) -> ValidatorCount {
        self.validator_count
    }
}

impl<T: Config, Key: AsRef<[u8]>> KeyOwnerProofSystem<(KeyTypeId, Key)> for Pallet<T> {
    type Proof = KeyOwnerProof;
    type IdentificationTuple = (T::AccountId, ());

    /// Proves that a key is in force now.
    fn prove((id, key): (KeyTypeId, Key)) -> Option<KeyOwnerProof> {
        let now = CurrentEpoch::<T>::get().index;
        Self::prove_membership(id, key.as_ref(), now, now)
    }

    fn check_proof(
        (id, key): (KeyTypeId, Key),
        proof: KeyOwnerProof,
    ) -> Option<Self::IdentificationTuple> {
        let (owner, count) = Self::key_owner(proof.session, id, key.as_ref())?;
        (count == proof.validator_count).then_some((owner, ()))
    }
}

impl<T: Config> Pallet<T> {
    /// Who had a key in force in `session`, and how many members the session had. `None` when nobody
    /// had it or when faults of the session cannot be reported any more.
    pub fn key_owner(
        session: SessionIndex,
        id: KeyTypeId,
        key: &[u8],
    ) -> Option<(T::AccountId, ValidatorCount)> {
        let record = Epochs::<T>::get(session)?;
        if !Self::is_answerable(record.era, CurrentEra::<T>::get().index) {
            return None;
        }
        let roster = Rosters::<T>::get(record.roster)?;
        let count = roster.len() as ValidatorCount;
        let print = fingerprint(id, key);
        let member = roster.into_iter().find(|one| one.keys.contains(&print));
        let stand_in = || {
            let mut seats = record.stand_ins.into_iter();
            seats.find(|seat| id == AuraId::ID && AsRef::<[u8]>::as_ref(&seat.key) == key)
        };
        let owner = member
            .map(|member| member.account)
            .or_else(|| stand_in().map(|seat| seat.account))?;
        Some((owner, count))
    }

    /// Proof that a key was in force in one of the sessions from `first` to `last`, the latest if in
    /// several. Stand-ins are found in session `last` only. Reads one roster after the other, so it is
    /// for clients, not for calls.
    pub fn prove_membership(
        id: KeyTypeId,
        key: &[u8],
        first: SessionIndex,
        last: SessionIndex,
    ) -> Option<KeyOwnerProof> {
        let mut session = last.min(CurrentEpoch::<T>::get().index);
        while session >= first {
            if let Some((_, validator_count)) = Self::key_owner(session, id, key) {
                return Some(KeyOwnerProof {
                    session,
                    validator_count,
                });
            }
            // The sessions since the roster was written have the same members.
            session = Epochs::<T>::get(session)?.roster.checked_sub(1)?;
        }
        None
    }

    /// Proof of whose slot key `key` was for blocks of `slot`: in the epoch of the slot, or in the one
    /// before, under whose schedule the first block of an epoch is made. Reads some ten epochs, so it is for
    /// clients, not for calls.
    pub fn prove_slot_key(slot: Slot, key: &AuraId) -> Option<KeyOwnerProof> {
        let epoch = Self::epoch_of(slot)?;
        [Some(epoch), epoch.checked_sub(1)]
            .into_iter()
            .flatten()
            .filter(|session| Self::may_answer_for(*session, slot))
            .find_map(|session| Self::prove_membership(AuraId::ID, key.as_ref(), session, session))
    }

    /// Writes down the set that starts with `session`, if it is another one or has other keys than the
    /// one before. Returns the session whose roster is in force.
    pub(crate) fn enrol(session: Index, starting: Option<Vec<Member<T::AccountId>>>) -> Index {
        match starting {
            Some(members) => {
                Rosters::<T>::insert(session, BoundedVec::truncate_from(members));
                session
            }
            None => {
                Epochs::<T>::get(session.saturating_sub(1)).map_or(session, |before| before.roster)
            }
        }
    }

    /// Forgets a roster when `next`, the epoch after the last forgotten one, does not need it.
    pub(crate) fn forget_roster(roster: Index, next: Index) {
        if Epochs::<T>::get(next).is_none_or(|next| next.roster != roster) {
            Rosters::<T>::remove(roster);
        }
    }

    /// The last epoch that began at or before `slot`, among those that are kept.
    fn epoch_of(slot: Slot) -> Option<Index> {
        // Epochs below `low` have begun by then, those from `high` on have not.
        let mut low = OldestEpoch::<T>::get();
        let mut high = CurrentEpoch::<T>::get().index.saturating_add(1);
        while low < high {
            let middle = low.saturating_add(high.saturating_sub(low) / 2);
            if Epochs::<T>::get(middle).is_some_and(|epoch| epoch.start <= slot) {
                low = middle.saturating_add(1);
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }
}
