//! Safety numbers: sixty digits by which two people see that nobody sits between them.
//! The construction is that of Signal's numeric fingerprint, over an account instead of one key.
//!
//! - **F1** An account's *fingerprint* is SHA-512, repeated 5,200 times: first over a domain text, the
//!   account and the identities of its devices in ascending order; then each time over the result before
//!   and the same bytes. Repetition makes searching for a look-alike key dearer; a device more or less
//!   changes it, and both users are told.
//! - **F2** Its digits: the first 30 bytes as six numbers of 5 bytes, big-endian, modulo 100,000.
//! - **F3** The safety number is both sides' digits, the smaller first: both read the same sixty digits.
//! - **F4** To compare by camera, each side shows both fingerprints, 32 bytes each
//!   ([`scannable`]), and checks what it reads in constant time ([`matches()`]).
//!
//! The crate is apart from `parlance-e2ee`, which re-exports it, so that a program which shows and compares
//! numbers takes no curves and no ratchet along. A device's identity is its 64 bytes: signing key, then
//! agreement key.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

use alloc::{string::String, vec::Vec};
use core::fmt::Write;
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

const DOMAIN: &[u8] = b"parlance-e2ee/1 fingerprint";
const ROUNDS: u32 = 5_200;

/// The fingerprint of an account and its devices (F1), cut to 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// `devices` in any order.
    pub fn new(account: &[u8; 32], devices: impl IntoIterator<Item = [u8; 64]>) -> Self {
        let mut sorted: Vec<[u8; 64]> = devices.into_iter().collect();
        sorted.sort_unstable();
        let mut subject = DOMAIN.to_vec();
        subject.extend_from_slice(account);
        subject.extend(sorted.iter().flatten());
        let mut hash = Sha512::digest(&subject);
        for _ in 1..ROUNDS {
            hash = Sha512::new()
                .chain_update(hash)
                .chain_update(&subject)
                .finalize();
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(&hash[..32]);
        Self(fingerprint)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Thirty digits in six groups (F2).
    fn digits(&self) -> String {
        let mut digits = String::with_capacity(36);
        for group in self.0.chunks_exact(5) {
            let number = group
                .iter()
                .fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
            write!(digits, "{:05} ", number % 100_000).expect("writing to a string does not fail");
        }
        digits.truncate(35);
        digits
    }
}

/// The sixty digits of two accounts in twelve groups of five, the same from either side (F3).
pub fn safety_number(one: &Fingerprint, other: &Fingerprint) -> String {
    let (one, other) = (one.digits(), other.digits());
    let (first, second) = if one <= other {
        (one, other)
    } else {
        (other, one)
    };
    let mut number = first;
    number.push(' ');
    number.push_str(&second);
    number
}

/// What a side shows to a camera: its own fingerprint, then the peer's (F4).
pub fn scannable(own: &Fingerprint, peer: &Fingerprint) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&own.0);
    bytes[32..].copy_from_slice(&peer.0);
    bytes
}

/// Whether what the peer shows is the two of us (F4).
pub fn matches(own: &Fingerprint, peer: &Fingerprint, scanned: &[u8]) -> bool {
    scannable(peer, own).ct_eq(scanned).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(seed: u8, count: u8) -> Vec<[u8; 64]> {
        (0..count).map(|number| [seed * 16 + number; 64]).collect()
    }

    fn account(seed: u8, count: u8) -> Fingerprint {
        Fingerprint::new(&[seed; 32], devices(seed, count))
    }

    #[test]
    fn both_sides_read_the_same_sixty_digits() {
        let (a, b) = (account(1, 1), account(2, 3));
        let number = safety_number(&a, &b);
        assert_eq!(number, safety_number(&b, &a));
        assert_eq!(number.chars().filter(char::is_ascii_digit).count(), 60);
        assert_eq!(number.split(' ').count(), 12);
    }

    #[test]
    fn order_of_devices_does_not_matter_but_each_device_does() {
        let fingerprint = account(1, 3);
        let mut reversed = devices(1, 3);
        reversed.reverse();
        assert_eq!(Fingerprint::new(&[1; 32], reversed.clone()), fingerprint);
        reversed.pop();
        assert_ne!(Fingerprint::new(&[1; 32], reversed), fingerprint);
        assert_ne!(Fingerprint::new(&[2; 32], devices(1, 3)), fingerprint);
    }

    #[test]
    fn scanning_accepts_the_peer_and_nobody_else() {
        let (a, b, c) = (account(1, 1), account(2, 1), account(3, 1));
        assert!(matches(&a, &b, &scannable(&b, &a)));
        assert!(!matches(&a, &b, &scannable(&c, &a)));
        assert!(!matches(&a, &b, &scannable(&a, &b)));
        assert!(!matches(&a, &b, b"short"));
    }
}
