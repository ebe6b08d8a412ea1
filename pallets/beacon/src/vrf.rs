//! Checking one contribution. Pure: no storage, no origin.

use parlance_primitives::beacon::{Contribution, OUTPUT_CONTEXT, transcript};
use sp_consensus_aura::{Slot, sr25519::AuthorityId};
use sp_core::{
    crypto::VrfPublic,
    sr25519::{self, vrf::VrfSignature},
};

/// The output bytes of `contribution` if `key` made it for `slot` from `seed`, else `None`.
///
/// The bytes depend on the pre-output, the input and the key, never on the proof: a proof may be made
/// in many ways, but they all prove the same output.
pub(crate) fn output(
    seed: &[u8; 32],
    slot: Slot,
    key: &AuthorityId,
    contribution: &Contribution,
) -> Option<[u8; 32]> {
    let public: &sr25519::Public = key.as_ref();
    let input = transcript(seed, slot);
    let signature = VrfSignature::from(contribution.clone());
    public
        .vrf_verify(&input.clone().into_sign_data(), &signature)
        .then(|| {
            public
                .make_bytes(OUTPUT_CONTEXT, &input, &signature.pre_output)
                .ok()
        })
        .flatten()
}
