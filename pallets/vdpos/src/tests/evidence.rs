//! Faults as evidence, and reports of them.

use super::mock::*;
use crate::KeyOwnerProof;
use codec::{Decode, Encode};
use frame_support::dispatch::DispatchResultWithPostInfo;
use parlance_primitives::vdpos::SlotEquivocation;
use sp_consensus_aura::{
    Slot,
    digests::CompatibleDigestItem,
    sr25519::{AuthorityPair, AuthoritySignature},
};
use sp_consensus_grandpa::{AuthorityId as FinalityKey, KEY_TYPE, SetId, localized_payload};
use sp_core::{H256, Pair};
use sp_runtime::{Digest, DigestItem, testing::Header, traits::Header as _};

/// Two votes on finality in one round.
pub type DoubleVote = sp_consensus_grandpa::EquivocationProof<H256, u64>;

/// A block of `slot` by `key`; `nonce` makes it another one.
pub fn header(key: &AuthorityPair, slot: u64, nonce: u8) -> Header {
    let digest = Digest {
        logs: vec![pre_digest(slot)],
    };
    let state = H256::repeat_byte(nonce);
    let mut header = Header::new(7, H256::zero(), state, H256::zero(), digest);
    let seal: AuthoritySignature = key.sign(header.hash().as_ref());
    header.digest_mut().push(DigestItem::aura_seal(seal));
    header
}

/// Two blocks of `slot` by `key`.
pub fn equivocation(key: &AuthorityPair, slot: u64) -> SlotEquivocation<Header> {
    SlotEquivocation {
        offender: key.public(),
        slot: Slot::from(slot),
        first_header: header(key, slot, 1),
        second_header: header(key, slot, 2),
    }
}

/// Two prevotes by `key` in one round of a set.
pub fn double_vote(
    key: &sp_consensus_grandpa::AuthorityPair,
    set: SetId,
    round: u64,
) -> DoubleVote {
    // As they travel: the crate of the votes is none of this pallet's. Prevotes have number 0.
    let vote = |block: u8| {
        let target = (H256::repeat_byte(block), 7u64);
        let payload = localized_payload(round, set, &(0u8, target));
        (target, key.sign(&payload))
    };
    let proof = (set, 0u8, round, key.public(), vote(1), vote(2));
    DoubleVote::decode(&mut &proof.encode()[..]).expect("this is how a proof travels")
}

/// What a client asks for: proof of whose key it was in a set, as the runtime makes it.
pub fn finality_ownership(set: SetId, key: &FinalityKey) -> Option<KeyOwnerProof> {
    let last_session = |set| pallet_grandpa::SetIdSession::<Test>::get(set);
    let first = match set.checked_sub(1) {
        Some(before) => last_session(before)? + 1,
        None => 0,
    };
    Vdpos::prove_membership(KEY_TYPE, key.as_ref(), first, last_session(set)?)
}

pub fn report(
    proof: SlotEquivocation<Header>,
    ownership: KeyOwnerProof,
) -> DispatchResultWithPostInfo {
    Vdpos::report_equivocation(signed(VOTERS), Box::new(proof), ownership)
}

pub fn report_votes(proof: DoubleVote, ownership: KeyOwnerProof) -> DispatchResultWithPostInfo {
    Grandpa::report_equivocation(signed(VOTERS), Box::new(proof), ownership)
}
