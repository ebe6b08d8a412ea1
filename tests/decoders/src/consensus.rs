//! What other nodes send of consensus: headers, contributions to the beacon, reports of faults.

use crate::{
    Target,
    chain::{self, OPEN_SLOT, on_chain},
    decoded,
};
use codec::{Decode, Encode};
use pallet_vdpos::KeyOwnerProof;
use parlance_primitives::{
    Hash,
    beacon::Contribution,
    traits::EpochSeed,
    vdpos::{OpaqueKeyOwnershipProof, SlotEquivocation, slot_of},
};
use parlance_runtime::{
    Beacon, Executive, Header, Runtime, RuntimeCall, RuntimeOrigin, System, UncheckedExtrinsic,
    Vdpos,
};
use sp_consensus_aura::{
    AURA_ENGINE_ID, Slot,
    digests::CompatibleDigestItem,
    sr25519::{AuthorityId, AuthoritySignature},
};
use sp_core::{Pair, crypto::ByteArray, ed25519};
use sp_runtime::{
    Digest, DigestItem, RuntimeAppPublic, traits::Header as _,
    transaction_validity::TransactionSource,
};

/// The header of a block, and the slot that it claims.
pub const HEADER: Target = Target {
    name: "header",
    seeds: headers,
    run: header,
};

/// Two headers and whose key sealed them: believed only if they prove what they say.
pub const EQUIVOCATION: Target = Target {
    name: "equivocation",
    seeds: equivocations,
    run: equivocation,
};

/// A contribution to the beacon: whatever its proof looks like, it mixes in the one output that the author
/// can have.
pub const CONTRIBUTION: Target = Target {
    name: "contribution",
    seeds: contributions,
    run: contribution,
};

type Report = (SlotEquivocation<Header>, OpaqueKeyOwnershipProof);

fn header(bytes: &[u8]) {
    let Some(header) = decoded::<Header>(bytes) else {
        return;
    };
    if let Some(slot) = slot_of(&header) {
        let claims = |item: &DigestItem| {
            item.as_pre_runtime()
                .is_some_and(|(id, data)| id == AURA_ENGINE_ID && data.starts_with(&slot.encode()))
        };
        assert!(header.digest().logs().iter().any(claims));
    }
}

fn equivocation(bytes: &[u8]) {
    let Some((proof, ownership)) = decoded::<Report>(bytes) else {
        return;
    };
    let Some(key_owner_proof) = ownership.decode::<KeyOwnerProof>() else {
        return;
    };
    let proven = is_proven(&proof);
    let report = pallet_vdpos::Call::report_equivocation_unsigned {
        equivocation_proof: Box::new(proof),
        key_owner_proof,
    };
    let extrinsic = UncheckedExtrinsic::new_bare(RuntimeCall::Vdpos(report));
    let valid = on_chain(|| {
        let (source, parent) = (TransactionSource::Local, System::parent_hash());
        Executive::validate_transaction(source, extrinsic.clone(), parent).is_ok()
    });
    assert!(proven || !valid, "a report of nothing is believed");
    let done = on_chain(|| matches!(Executive::apply_extrinsic(extrinsic), Ok(Ok(()))));
    assert_eq!(done, valid, "pool and block disagree on a report");
}

/// Whether the offender sealed two different blocks for the slot, found out apart from the pallet.
fn is_proven(proof: &SlotEquivocation<Header>) -> bool {
    let sealed = |header: &Header| {
        let mut unsealed = header.clone();
        let Some(DigestItem::Seal(AURA_ENGINE_ID, seal)) = unsealed.digest_mut().logs.pop() else {
            return None;
        };
        let signature = AuthoritySignature::decode(&mut &seal[..]).ok()?;
        let hash = unsealed.hash();
        proof
            .offender
            .verify(&hash.as_bytes(), &signature)
            .then_some(hash)
    };
    let of_slot = |header: &Header| slot_of(header) == Some(proof.slot);
    let (first, second) = (&proof.first_header, &proof.second_header);
    let hashes = (sealed(first), sealed(second));
    of_slot(first) && of_slot(second) && matches!(hashes, (Some(one), Some(two)) if one != two)
}

fn contribution(bytes: &[u8]) {
    let Some(contribution) = decoded::<Contribution>(bytes) else {
        return;
    };
    let mixed = |contribution| {
        on_chain(|| {
            let done = Beacon::contribute(RuntimeOrigin::none(), contribution);
            done.is_ok().then(pallet_beacon::Mix::<Runtime>::get)
        })
    };
    if let Some(mix) = mixed(contribution) {
        let genuine = on_chain(|| chain::contribution(&Beacon::current(), OPEN_SLOT));
        assert_eq!(
            Some(mix),
            mixed(genuine),
            "an author has a choice of outputs"
        );
    }
}

/// A block of `slot` by the key of `seed`; `mark` makes it another one.
fn sealed_header(seed: &str, slot: u64, mark: u8) -> Header {
    let logs = vec![DigestItem::PreRuntime(
        AURA_ENGINE_ID,
        Slot::from(slot).encode(),
    )];
    let (root, body, parent) = (Hash::repeat_byte(mark), Hash::zero(), Hash::repeat_byte(3));
    let mut header = Header::new(2, body, root, parent, Digest { logs });
    let seal = AuthoritySignature::from(chain::secret(seed).sign(header.hash().as_bytes()));
    header.digest_mut().push(DigestItem::aura_seal(seal));
    header
}

fn headers() -> Vec<Vec<u8>> {
    let mut many = sealed_header("//Bob", 7, 1);
    many.digest_mut()
        .push(DigestItem::RuntimeEnvironmentUpdated);
    many.digest_mut().push(DigestItem::Other(vec![1, 2, 3]));
    many.digest_mut()
        .push(DigestItem::Consensus(*b"FRNK", vec![1; 40]));
    [
        sealed_header("//Bob", OPEN_SLOT, 1),
        many,
        Header::new(
            0,
            Hash::zero(),
            Hash::zero(),
            Hash::zero(),
            Digest::default(),
        ),
    ]
    .iter()
    .map(Encode::encode)
    .collect()
}

/// The key of `seed` at work twice in a slot.
fn slot_equivocation(seed: &str) -> SlotEquivocation<Header> {
    let key = chain::secret(seed).public();
    SlotEquivocation {
        offender: AuthorityId::from_slice(key.as_slice()).expect("a key has the length of a key"),
        slot: Slot::from(OPEN_SLOT),
        first_header: sealed_header(seed, OPEN_SLOT, 1),
        second_header: sealed_header(seed, OPEN_SLOT, 2),
    }
}

fn owner_of(proof: &SlotEquivocation<Header>) -> Option<KeyOwnerProof> {
    on_chain(|| Vdpos::prove_slot_key(proof.slot, &proof.offender))
}

fn genuine(seed: &str) -> (SlotEquivocation<Header>, KeyOwnerProof) {
    let proof = slot_equivocation(seed);
    let owner = owner_of(&proof).expect("validators have their keys in force");
    (proof, owner)
}

fn equivocations() -> Vec<Vec<u8>> {
    let encoded = |(proof, owner): (SlotEquivocation<Header>, KeyOwnerProof)| {
        (proof, OpaqueKeyOwnershipProof::new(owner.encode())).encode()
    };
    let (charlie, owner) = genuine("//Charlie");
    let mut twice_the_same = charlie.clone();
    twice_the_same.second_header = twice_the_same.first_header.clone();
    let mut somebody_else = charlie;
    somebody_else.offender = slot_equivocation("//Dave").offender;
    vec![
        encoded(genuine("//Bob")),
        encoded((twice_the_same, owner.clone())),
        encoded((somebody_else, owner)),
    ]
}

fn contributions() -> Vec<Vec<u8>> {
    let of = |slot| on_chain(|| chain::contribution(&Beacon::current(), slot).encode());
    vec![of(OPEN_SLOT), of(OPEN_SLOT + 1)]
}

/// Calls that report faults in blocks and in votes on finality.
pub fn reports() -> Vec<RuntimeCall> {
    let (proof, key_owner_proof) = genuine("//Dave");
    let blocks = pallet_vdpos::Call::report_equivocation {
        equivocation_proof: Box::new(proof.clone()),
        key_owner_proof: key_owner_proof.clone(),
    };
    let unsigned = pallet_vdpos::Call::report_equivocation_unsigned {
        equivocation_proof: Box::new(proof),
        key_owner_proof: key_owner_proof.clone(),
    };
    let votes = pallet_grandpa::Call::report_equivocation_unsigned {
        equivocation_proof: Box::new(double_vote("//Dave")),
        key_owner_proof,
    };
    vec![
        RuntimeCall::Vdpos(blocks),
        RuntimeCall::Vdpos(unsigned),
        RuntimeCall::Grandpa(votes),
    ]
}

type DoubleVote = sp_consensus_grandpa::EquivocationProof<Hash, u32>;

/// Two prevotes by the key of `seed` in round 1 of the first set.
fn double_vote(seed: &str) -> DoubleVote {
    let key = ed25519::Pair::from_string(seed, None).expect("the seeds here are well-formed");
    let (set, round) = (0u64, 1u64);
    // As they travel: prevotes have number 0.
    let vote = |block: u8| {
        let target = (Hash::repeat_byte(block), 1u32);
        let payload = sp_consensus_grandpa::localized_payload(round, set, &(0u8, target));
        (target, key.sign(&payload))
    };
    let proof = (set, 0u8, round, key.public(), vote(1), vote(2));
    DoubleVote::decode(&mut &proof.encode()[..]).expect("this is how a proof travels")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_genuine_report_is_believed_and_the_others_are_not() {
        let believed = equivocations().into_iter().map(|bytes| {
            let (proof, owner) = Report::decode(&mut &bytes[..]).unwrap();
            let owner = owner.decode().unwrap();
            on_chain(|| {
                Vdpos::report_equivocation(
                    RuntimeOrigin::signed([9; 32].into()),
                    Box::new(proof),
                    owner,
                )
                .is_ok()
            })
        });
        assert_eq!(believed.collect::<Vec<_>>(), [true, false, false]);
    }

    #[test]
    fn the_genuine_contribution_counts_and_one_for_another_slot_does_not() {
        let counts = contributions().into_iter().map(|bytes| {
            let contribution = Contribution::decode(&mut &bytes[..]).unwrap();
            on_chain(|| Beacon::contribute(RuntimeOrigin::none(), contribution).is_ok())
        });
        assert_eq!(counts.collect::<Vec<_>>(), [true, false]);
    }
}
