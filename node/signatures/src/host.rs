//! The runtime's signature checks, with the cache in front.
//!
//! The functions bear the names and versions of the SDK's and replace them by name. What they do not
//! find they compute by calling the SDK's own functions, so a check without the cache is the SDK's check.
//!
//! Not here: ECDSA. Accounts with such keys are checked by recovering a key from the signature
//! (`secp256k1_ecdsa_recover_compressed`), which returns a value and not a yes; it is the cheapest of
//! the three and the rarest.

use super::{
    cache,
    cache::{Fingerprint, Scheme},
};
use sp_core::{ed25519, sr25519};
use sp_runtime_interface::{
    pass_by::{PassFatPointerAndRead, PassPointerAndRead},
    runtime_interface,
};
use sp_wasm_interface::ExtendedHostFunctions;

/// All that the runtime may call: the SDK's functions, with ours in their places.
pub type HostFunctions =
    ExtendedHostFunctions<sp_io::SubstrateHostFunctions, crypto::HostFunctions>;

/// As `sr25519_verify` of the SDK.
pub fn sr25519_is_good(
    signature: &sr25519::Signature,
    message: &[u8],
    public: &sr25519::Public,
) -> bool {
    sp_io::crypto::sr25519_verify(signature, message, public)
}

/// As `ed25519_verify` of the SDK.
pub fn ed25519_is_good(
    signature: &ed25519::Signature,
    message: &[u8],
    public: &ed25519::Public,
) -> bool {
    sp_io::crypto::ed25519_verify(signature, message, public)
}

/// Name of a check by [`sr25519_is_good`].
pub fn sr25519_fingerprint(
    signature: &sr25519::Signature,
    message: &[u8],
    public: &sr25519::Public,
) -> Fingerprint {
    Fingerprint::of(
        Scheme::Sr25519,
        signature.as_ref(),
        public.as_ref(),
        message,
    )
}

/// Name of a check by [`ed25519_is_good`].
pub fn ed25519_fingerprint(
    signature: &ed25519::Signature,
    message: &[u8],
    public: &ed25519::Public,
) -> Fingerprint {
    Fingerprint::of(
        Scheme::Ed25519,
        signature.as_ref(),
        public.as_ref(),
        message,
    )
}

fn sr25519_cached(
    signature: &sr25519::Signature,
    message: &[u8],
    public: &sr25519::Public,
) -> bool {
    cache().verify(sr25519_fingerprint(signature, message, public), || {
        sr25519_is_good(signature, message, public)
    })
}

fn ed25519_cached(
    signature: &ed25519::Signature,
    message: &[u8],
    public: &ed25519::Public,
) -> bool {
    // Where a chain asks for the verifier that the SDK had in its early days, the same signature may
    // have another answer. We never ask for it; should somebody, the cache keeps out of it.
    let early_days = sp_externalities::with_externalities(|mut externalities| {
        use sp_externalities::ExternalitiesExt;
        externalities.extension::<sp_io::UseDalekExt>().is_some()
    });
    if early_days == Some(true) {
        return ed25519_is_good(signature, message, public);
    }
    cache().verify(ed25519_fingerprint(signature, message, public), || {
        ed25519_is_good(signature, message, public)
    })
}

/// Names and shapes must be those of the SDK's interface `Crypto`, which the exported names come from.
#[runtime_interface(no_tracing)]
#[allow(
    dead_code,
    unexpected_cfgs,
    reason = "what the macro makes for runtimes is not used here"
)]
pub trait Crypto {
    /// As the SDK's.
    fn ed25519_verify(
        sig: PassPointerAndRead<&ed25519::Signature, 64>,
        msg: PassFatPointerAndRead<&[u8]>,
        pub_key: PassPointerAndRead<&ed25519::Public, 32>,
    ) -> bool {
        ed25519_cached(sig, msg, pub_key)
    }

    /// As the SDK's, for runtimes of long ago. It stands here because versions must be complete.
    fn sr25519_verify(
        sig: PassPointerAndRead<&sr25519::Signature, 64>,
        msg: PassFatPointerAndRead<&[u8]>,
        pub_key: PassPointerAndRead<&sr25519::Public, 32>,
    ) -> bool {
        sr25519::Pair::verify_deprecated(sig, msg, pub_key)
    }

    /// As the SDK's.
    #[version(2)]
    fn sr25519_verify(
        sig: PassPointerAndRead<&sr25519::Signature, 64>,
        msg: PassFatPointerAndRead<&[u8]>,
        pub_key: PassPointerAndRead<&sr25519::Public, 32>,
    ) -> bool {
        sr25519_cached(sig, msg, pub_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_core::Pair;
    use sp_io::hashing::blake2_256;
    use sp_wasm_interface::HostFunctions as _;
    use std::collections::BTreeMap;

    /// Functions that must be ours.
    const OVERRIDDEN: [&str; 3] = [
        "ext_crypto_ed25519_verify_version_1",
        "ext_crypto_sr25519_verify_version_1",
        "ext_crypto_sr25519_verify_version_2",
    ];

    #[test]
    fn our_functions_have_the_sdks_names_and_shapes_and_nothing_else_changes() {
        let functions = |list: Vec<&'static dyn sp_wasm_interface::Function>| {
            list.into_iter()
                .map(|function| (function.name().to_owned(), function.signature()))
                .collect::<Vec<_>>()
        };
        let sdk: BTreeMap<_, _> = functions(sp_io::SubstrateHostFunctions::host_functions())
            .into_iter()
            .collect();
        let ours = functions(crypto::HostFunctions::host_functions());
        let mut names: Vec<_> = ours.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, OVERRIDDEN);
        for (name, signature) in &ours {
            assert_eq!(sdk.get(name), Some(signature), "{name}");
        }
        let together = functions(HostFunctions::host_functions());
        assert_eq!(together.len(), sdk.len(), "each function once");
        assert_eq!(together.into_iter().collect::<BTreeMap<_, _>>(), sdk);
    }

    /// A signature check with its three inputs, some of them spoilt.
    struct Case {
        signature: [u8; 64],
        message: Vec<u8>,
        public: [u8; 32],
    }

    /// `length` bytes that look random and are the same in every run.
    fn noise(of: &[u8], length: usize) -> Vec<u8> {
        (0_u32..)
            .flat_map(|block| blake2_256(&[of, &block.to_le_bytes()].concat()))
            .take(length)
            .collect()
    }

    fn array<const N: usize>(of: &[u8]) -> [u8; N] {
        noise(of, N)
            .try_into()
            .expect("noise has the length asked for")
    }

    /// Good, slightly damaged and entirely random inputs.
    fn cases(sign: impl Fn([u8; 32], &[u8]) -> ([u8; 64], [u8; 32])) -> Vec<Case> {
        let mut cases = Vec::new();
        for round in 0..120_u8 {
            let mut message = noise(&[round, 1], usize::from(round) * 5);
            let (mut signature, mut public) = sign(array(&[round, 2]), &message);
            let bit = 1 << (round % 8);
            match round % 6 {
                0 | 1 => {}
                2 => signature[usize::from(round / 6) * 3] ^= bit,
                3 => public[usize::from(round / 6)] ^= bit,
                4 => message.push(0),
                _ => (signature, public) = (array(&[round, 3]), array(&[round, 4])),
            }
            cases.push(Case {
                signature,
                message,
                public,
            });
        }
        for filler in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            let (signature, public) = ([filler; 64], [filler; 32]);
            cases.push(Case {
                signature,
                message: Vec::new(),
                public,
            });
            let (signature, _) = sign([1; 32], b"message");
            cases.push(Case {
                signature,
                message: b"message".to_vec(),
                public,
            });
        }
        cases
    }

    /// Asks twice, so that the second answer may come from the cache, and in the form that the runtime's
    /// calls take.
    fn assert_same(cases: Vec<Case>, ours: impl Fn(&Case) -> bool, sdk: impl Fn(&Case) -> bool) {
        let mut good = 0;
        for (number, case) in cases.iter().enumerate() {
            let expected = sdk(case);
            good += usize::from(expected);
            for time in ["computed", "asked again"] {
                assert_eq!(ours(case), expected, "case {number}, {time}");
            }
        }
        assert!(good > 0 && good < cases.len(), "both answers occur");
    }

    #[test]
    fn sr25519_answers_are_the_sdks_for_good_bad_and_malformed_input() {
        let cases = cases(|seed, message| {
            let pair = sr25519::Pair::from_seed(&seed);
            (pair.sign(message).0, pair.public().0)
        });
        let parts = |case: &Case| {
            (
                sr25519::Signature::from_raw(case.signature),
                sr25519::Public::from_raw(case.public),
            )
        };
        assert_same(
            cases,
            |case| {
                let (signature, public) = parts(case);
                crypto::sr25519_verify(&signature, &case.message, &public)
            },
            |case| {
                let (signature, public) = parts(case);
                sp_io::crypto::sr25519_verify(&signature, &case.message, &public)
            },
        );
    }

    #[test]
    fn ed25519_answers_are_the_sdks_for_good_bad_and_malformed_input() {
        let cases = cases(|seed, message| {
            let pair = ed25519::Pair::from_seed(&seed);
            (pair.sign(message).0, pair.public().0)
        });
        let parts = |case: &Case| {
            (
                ed25519::Signature::from_raw(case.signature),
                ed25519::Public::from_raw(case.public),
            )
        };
        assert_same(
            cases,
            |case| {
                let (signature, public) = parts(case);
                crypto::ed25519_verify(&signature, &case.message, &public)
            },
            |case| {
                let (signature, public) = parts(case);
                sp_io::crypto::ed25519_verify(&signature, &case.message, &public)
            },
        );
    }

    #[test]
    fn one_keys_signature_is_not_good_for_another_scheme_or_key() {
        let pair = sr25519::Pair::from_seed(&[9; 32]);
        let signature = pair.sign(b"message");
        assert!(crypto::sr25519_verify(
            &signature,
            b"message",
            &pair.public()
        ));
        let other = sr25519::Pair::from_seed(&[8; 32]).public();
        assert!(!crypto::sr25519_verify(&signature, b"message", &other));
        let (raw, key) = (signature.0, pair.public().0);
        assert!(!crypto::ed25519_verify(
            &ed25519::Signature::from_raw(raw),
            b"message",
            &ed25519::Public::from_raw(key),
        ));
    }

    #[test]
    fn the_verifier_of_the_early_days_is_asked_each_time() {
        // Key and commitment are the neutral element; the commitment is written in a way that is not the
        // canonical one. Today's verifier accepts that, the early one did not.
        let mut neutral = [0_u8; 32];
        neutral[0] = 1;
        let public = ed25519::Public::from_raw(neutral);
        let mut raw = [0_u8; 64];
        raw[0] = 0xee;
        raw[1..31].fill(0xff);
        raw[31] = 0x7f;
        let signature = ed25519::Signature::from_raw(raw);
        assert!(crypto::ed25519_verify(&signature, b"any", &public));
        let mut early = sp_state_machine::BasicExternalities::default();
        early.register_extension(sp_io::UseDalekExt);
        for _ in 0..2 {
            let (ours, sdk) = early.execute_with(|| {
                (
                    crypto::ed25519_verify(&signature, b"any", &public),
                    sp_io::crypto::ed25519_verify(&signature, b"any", &public),
                )
            });
            assert_eq!((ours, sdk), (false, false));
        }
        assert!(
            crypto::ed25519_verify(&signature, b"any", &public),
            "and today's stays as it was"
        );
    }
}
