//! The bytes are libcrux's, whichever of the two makes or reads them.

use super::*;
use crate::Suite;

const LENGTHS: [usize; 12] = [0, 1, 31, 32, 33, 55, 56, 63, 64, 65, 127, 1_000];
const ALL: [HashType; 3] = [HashType::Sha2_256, HashType::Sha2_384, HashType::Sha2_512];

fn bytes(length: usize, mark: u8) -> Vec<u8> {
    (0..length)
        .map(|n| (n as u8).wrapping_mul(31) ^ mark)
        .collect()
}

/// What both compute, for data of a length.
fn computed(crypto: &impl OpenMlsCrypto, hash: HashType, length: usize) -> Vec<Vec<u8>> {
    let (data, key) = (bytes(length, 1), bytes(length, 2));
    let prk = bytes(crypto.hash(hash, &[]).unwrap().len(), 3);
    let secrets = [
        crypto.hmac(hash, &key, &data),
        crypto.hkdf_extract(hash, &key, &data),
        crypto.hkdf_expand(hash, &prk, &data, length),
    ];
    let mut all = vec![crypto.hash(hash, &data).unwrap()];
    all.extend(secrets.map(|secret| secret.unwrap().as_slice().to_vec()));
    all
}

#[test]
fn hashes_are_libcruxs() {
    let crypto = Crypto::new().unwrap();
    for hash in ALL {
        for length in LENGTHS {
            let theirs = computed(&crypto.libcrux, hash, length);
            assert_eq!(computed(&crypto, hash, length), theirs, "{length}");
        }
    }
}

#[test]
fn what_libcrux_refuses_is_refused() {
    let crypto = Crypto::new().unwrap();
    let refused = |prk: &[u8], length| {
        let expanded = crypto.hkdf_expand(HashType::Sha2_256, prk, b"info", length);
        let libcrux = &crypto.libcrux;
        let theirs = libcrux.hkdf_expand(HashType::Sha2_256, prk, b"info", length);
        assert_eq!(expanded.as_ref().err(), theirs.as_ref().err());
        expanded.is_err()
    };
    assert!(refused(&[1; 31], 32));
    assert!(refused(&[1; 32], 255 * 32 + 1));
    assert!(!refused(&[1; 32], 255 * 32));
}

/// Under short and long information, and the same long one again, whose hash is kept.
#[test]
fn each_opens_what_the_other_sealed() {
    let crypto = Crypto::new().unwrap();
    let libcrux = &crypto.libcrux;
    let (short, long) = (LONG - 100, LONG + 100);
    for suite in [Suite::Hybrid, Suite::Classical] {
        let config = || suite.to_mls().hpke_config();
        let pair = crypto.derive_hpke_keypair(config(), &[7; 32]).unwrap();
        let (public, private) = (&pair.public[..], &pair.private[..]);
        for (length, mark) in [(0, 1), (short, 1), (long, 1), (long, 1), (long, 2)] {
            let info = bytes(length, mark);
            let other = bytes(length + 1, mark);
            let both = [
                crypto.hpke_seal(config(), public, &info, b"aad", b"secrets"),
                libcrux.hpke_seal(config(), public, &info, b"aad", b"secrets"),
            ];
            for sealed in both.map(Result::unwrap) {
                let opened = crypto.hpke_open(config(), &sealed, private, &info, b"aad");
                assert_eq!(opened.unwrap(), b"secrets");
                let opened = libcrux.hpke_open(config(), &sealed, private, &info, b"aad");
                assert_eq!(opened.unwrap(), b"secrets");
                let opened = crypto.hpke_open(config(), &sealed, private, &other, b"aad");
                assert_eq!(opened, Err(CryptoError::HpkeDecryptionError));
            }
        }
    }
}

/// Sealing keeps it, and every seal under it opens.
#[test]
fn long_information_is_hashed_once_and_forgotten() {
    assert_eq!(extract(&[], b"material"), extract(&[0], b"material"));
    let crypto = Crypto::new().unwrap();
    let config = || Suite::Hybrid.to_mls().hpke_config();
    let pair = crypto.derive_hpke_keypair(config(), &[7; 32]).unwrap();
    let info = bytes(LONG, 1);
    let sealed = [1, 2].map(|mark| {
        let sealed = crypto.hpke_seal(config(), &pair.public, &info, b"", &[mark]);
        EXTRACTED.with_borrow(|(kept, extracted)| {
            assert!(kept.ends_with(&info));
            assert_eq!(*extracted, extract(&[], kept));
        });
        sealed.unwrap()
    });
    for (mark, sealed) in [1, 2].into_iter().zip(&sealed) {
        let opened = crypto
            .libcrux
            .hpke_open(config(), sealed, &pair.private, &info, b"");
        assert_eq!(opened, Ok(vec![mark]));
    }
    Crypto::forget();
    EXTRACTED.with_borrow(|(kept, _)| assert_eq!(kept.capacity(), 0));
}
