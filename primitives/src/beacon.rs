//! Words of the beacon: each author proves one VRF output per slot, the runtime mixes them.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_consensus_slots::Slot;
use sp_core::sr25519::vrf::{VrfPreOutput, VrfProof, VrfSignData, VrfSignature, VrfTranscript};
use sp_inherents::InherentIdentifier;

/// Identifier of the inherent that carries a [`Contribution`].
pub const INHERENT_IDENTIFIER: InherentIdentifier = *b"beaconVR";
/// Domain of the VRF transcript.
pub const TRANSCRIPT_LABEL: &[u8] = b"parlance/beacon/v1";
/// Domain under which an output becomes bytes.
pub const OUTPUT_CONTEXT: &[u8] = b"parlance/beacon/output/v1";

/// One author's contribution for one slot: the VRF output and the proof that it is the only one possible.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Contribution {
    /// VRF pre-output.
    pub pre_output: VrfPreOutput,
    /// Proof that the author's slot key made `pre_output` from [`transcript`].
    pub proof: VrfProof,
}

// 96 bytes, no heap: nothing to track.
impl DecodeWithMemTracking for Contribution {}

impl From<VrfSignature> for Contribution {
    fn from(signature: VrfSignature) -> Self {
        Self {
            pre_output: signature.pre_output,
            proof: signature.proof,
        }
    }
}

impl From<Contribution> for VrfSignature {
    fn from(contribution: Contribution) -> Self {
        Self {
            pre_output: contribution.pre_output,
            proof: contribution.proof,
        }
    }
}

/// What the author of `slot` signs in the epoch with this seed. Nothing in it is the author's choice.
pub fn transcript(epoch_seed: &[u8; 32], slot: Slot) -> VrfTranscript {
    VrfTranscript::new(
        TRANSCRIPT_LABEL,
        &[(b"epoch seed", epoch_seed), (b"slot", &slot.to_le_bytes())],
    )
}

/// [`transcript`] in the form that keystores sign.
pub fn sign_data(epoch_seed: &[u8; 32], slot: Slot) -> VrfSignData {
    transcript(epoch_seed, slot).into()
}

sp_api::decl_runtime_apis! {
    /// What a block author needs to contribute, and anybody to follow the beacon.
    pub trait BeaconApi {
        /// Seed of the running epoch, as the next block's author must use it.
        fn epoch_seed() -> [u8; 32];
    }
}
