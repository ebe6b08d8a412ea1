//! Key derivation: HKDF-SHA-256 (RFC 5869) and the chain step of the Double Ratchet.

use crate::secret::Secret;
use hkdf::HkdfExtract;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// Derives `N` bytes (at most 8,160) from the concatenation of `material`.
pub fn hkdf<const N: usize>(salt: &[u8], material: &[&[u8]], info: &[u8]) -> Secret<N> {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in material {
        extract.input_ikm(part);
    }
    let (mut key, expand) = extract.finalize();
    let mut output = Secret::<N>::zero();
    expand
        .expand(info, output.bytes_mut())
        .expect("HKDF-SHA-256 gives up to 255 * 32 bytes, the callers ask for at most 96");
    key.as_mut_slice().zeroize();
    output
}

/// One step of a sending or receiving chain: the next chain key and this message's key.
/// Double Ratchet rev. 4 §5.2: HMAC under the chain key, constants 0x02 and 0x01.
pub fn chain_step(chain: &Secret<32>) -> (Secret<32>, Secret<32>) {
    let mac = keyed(chain.bytes());
    (
        finish(mac.clone().chain_update([0x02])),
        finish(mac.chain_update([0x01])),
    )
}

/// HMAC-SHA-256 of the concatenation of `parts`.
pub fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Secret<32> {
    let mut mac = keyed(key);
    for part in parts {
        mac.update(part);
    }
    finish(mac)
}

/// SHA-256 of the concatenation of `parts`.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn finish(mac: Hmac<Sha256>) -> Secret<32> {
    let mut output = mac.finalize().into_bytes();
    let mut secret = Secret::zero();
    secret.bytes_mut().copy_from_slice(&output);
    output.as_mut_slice().zeroize();
    secret
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869, appendix A.1.
    #[test]
    fn hkdf_agrees_with_its_rfc() {
        let salt: std::vec::Vec<u8> = (0x00..=0x0c).collect();
        let info: std::vec::Vec<u8> = (0xf0..=0xf9).collect();
        let key = hkdf::<42>(&salt, &[&[0x0b; 11], &[0x0b; 11]], &info);
        assert_eq!(
            hex::encode(key.bytes()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
    }

    /// RFC 4231, test case 2, shows that the pieces are one message.
    #[test]
    fn hmac_agrees_with_its_rfc() {
        let mut key = [0u8; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = hmac(&key, &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            hex::encode(tag.bytes()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_chain_step_gives_two_different_keys() {
        let (next, message) = chain_step(&Secret::new([3; 32]));
        assert_ne!(next, message);
        assert_ne!(next, Secret::new([3; 32]));
    }
}
