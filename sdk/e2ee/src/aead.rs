//! Authenticated encryption of both modes.
//!
//! Hybrid: XChaCha20-Poly1305 with a random 24-byte nonce. Message keys are used once, so a fixed nonce
//! would do, until somebody restores an old backup and the same key meets another text; a random nonce
//! makes that harmless. It needs no special processor instructions to be fast and constant in time.
//!
//! Classical: the scheme of Double Ratchet rev. 4 §5.2. HKDF-SHA-256 with a salt of zeros stretches the
//! message key to 80 bytes: AES-256 key, HMAC key, IV. AES-256-CBC with PKCS#7 padding, then
//! HMAC-SHA-256 over associated data and ciphertext, 32 bytes, appended. Encrypt-then-MAC: the padding
//! is looked at only after the tag was found right.

use crate::{
    kdf,
    limits::{NONCE, TAG},
    secret::Secret,
};
use aes::Aes256;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use alloc::vec::Vec;
use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A ciphertext that does not belong to key, nonce and associated data.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAuthentic;

pub fn random_nonce<R: CryptoRng + ?Sized>(rng: &mut R) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    nonce
}

pub fn seal(key: &Secret<32>, nonce: &[u8; NONCE], data: &[u8], plaintext: &[u8]) -> Vec<u8> {
    XChaCha20Poly1305::new(key.bytes().into())
        .encrypt(
            nonce.into(),
            Payload {
                msg: plaintext,
                aad: data,
            },
        )
        .expect("fails only beyond 256 GiB")
}

pub fn open(
    key: &Secret<32>,
    nonce: &[u8; NONCE],
    data: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    if ciphertext.len() < TAG {
        return Err(NotAuthentic);
    }
    XChaCha20Poly1305::new(key.bytes().into())
        .decrypt(
            nonce.into(),
            Payload {
                msg: ciphertext,
                aad: data,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| NotAuthentic)
}

/// Info of the HKDF that stretches a classical message key.
pub const CLASSICAL_INFO: &[u8] = b"parlance-e2ee/1 classical message";

pub fn seal_classical(key: &Secret<32>, data: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let keys = ClassicalKeys::from(key);
    let mut output =
        cbc::Encryptor::<Aes256>::new(keys.encryption.bytes().into(), keys.iv.bytes().into())
            .encrypt_padded_vec::<Pkcs7>(plaintext);
    let tag = kdf::hmac(keys.authentication.bytes(), &[data, &output]);
    output.extend_from_slice(tag.bytes());
    output
}

pub fn open_classical(
    key: &Secret<32>,
    data: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let (ciphertext, tag) = ciphertext.split_last_chunk::<32>().ok_or(NotAuthentic)?;
    let keys = ClassicalKeys::from(key);
    let expected = kdf::hmac(keys.authentication.bytes(), &[data, ciphertext]);
    if !bool::from(expected.bytes().ct_eq(tag)) {
        return Err(NotAuthentic);
    }
    cbc::Decryptor::<Aes256>::new(keys.encryption.bytes().into(), keys.iv.bytes().into())
        .decrypt_padded_vec::<Pkcs7>(ciphertext)
        .map(Zeroizing::new)
        .map_err(|_| NotAuthentic)
}

struct ClassicalKeys {
    encryption: Secret<32>,
    authentication: Secret<32>,
    iv: Secret<16>,
}

impl From<&Secret<32>> for ClassicalKeys {
    fn from(key: &Secret<32>) -> Self {
        let keys = kdf::hkdf::<80>(&[0; 32], &[key.bytes()], CLASSICAL_INFO);
        Self {
            encryption: keys.part(0),
            authentication: keys.part(32),
            iv: keys.part(64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn every_changed_bit_is_noticed_in_both_modes() {
        let key = Secret::new([5; 32]);
        let nonce = [6; NONCE];
        let sealed = seal(&key, &nonce, b"data", b"some plaintext");
        let classical = seal_classical(&key, b"data", b"some plaintext");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&key, &nonce, b"data", &changed), Err(NotAuthentic));
        }
        for bit in 0..classical.len() * 8 {
            let mut changed = classical.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open_classical(&key, b"data", &changed), Err(NotAuthentic));
        }
        assert_eq!(open(&key, &nonce, b"Data", &sealed), Err(NotAuthentic));
        assert_eq!(open_classical(&key, b"Data", &classical), Err(NotAuthentic));
    }

    #[test]
    fn every_length_comes_back() {
        let key = Secret::new([5; 32]);
        for length in 0..70 {
            let text = vec![length as u8; length];
            let sealed = seal(&key, &[1; NONCE], b"", &text);
            assert_eq!(*open(&key, &[1; NONCE], b"", &sealed).unwrap(), text);
            let sealed = seal_classical(&key, b"", &text);
            assert_eq!(*open_classical(&key, b"", &sealed).unwrap(), text);
        }
    }

    #[test]
    fn short_input_is_an_error() {
        let key = Secret::new([5; 32]);
        for length in 0..48 {
            assert!(open(&key, &[1; NONCE], b"", &vec![0; length]).is_err());
            assert!(open_classical(&key, b"", &vec![0; length]).is_err());
        }
    }
}
