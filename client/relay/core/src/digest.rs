//! Fingerprints of sets of entries.
//!
//! - **D1** The hash of an entry's state: SHA-256 of `"parlance/entry/1"`, mailbox, message id, expiry (8 bytes), deleted and
//!   mention (a byte each), the acknowledging devices (4 bytes each).
//! - **D2** The *sum* of a set: its hashes added as little-endian numbers modulo 2^256, and how many there are. Sums of
//!   ranges are added, entries come and go by addition and subtraction, so a mailbox's sum is always at hand. 256
//!   bits, because for shorter sums of chosen hashes others with the same sum can be found.
//! - **D3** The *fingerprint*: the first 16 bytes of SHA-256 of the sum and the count (8 bytes).

use parlance_bimp::id::hash;

/// The sum of a set of entries (D2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    words: [u64; 4],
    count: u64,
}

impl Sum {
    /// An entry comes.
    pub fn add(&mut self, hash: &[u8; 32]) {
        self.combine(&Self {
            words: words(hash),
            count: 1,
        });
    }

    /// An entry goes.
    pub fn subtract(&mut self, hash: &[u8; 32]) {
        let mut borrow = false;
        for (word, other) in self.words.iter_mut().zip(words(hash)) {
            let (value, first) = word.overflowing_sub(other);
            let (value, second) = value.overflowing_sub(u64::from(borrow));
            *word = value;
            borrow = first || second;
        }
        self.count = self.count.saturating_sub(1);
    }

    /// Another set comes, which has no entry in common with this one.
    pub fn combine(&mut self, other: &Self) {
        let mut carry = false;
        for (word, other) in self.words.iter_mut().zip(other.words) {
            let (value, first) = word.overflowing_add(other);
            let (value, second) = value.overflowing_add(u64::from(carry));
            *word = value;
            carry = first || second;
        }
        self.count = self.count.saturating_add(other.count);
    }

    /// How many entries.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// D3.
    pub fn fingerprint(&self) -> [u8; 16] {
        let mut bytes = [0; 40];
        let parts = self.words.iter().chain([&self.count]);
        for (place, word) in bytes.chunks_exact_mut(8).zip(parts) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&hash(&[&bytes])[..16]);
        fingerprint
    }
}

fn words(hash: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(hash.chunks_exact(8)) {
        let mut eight = [0; 8];
        eight.copy_from_slice(bytes);
        *word = u64::from_le_bytes(eight);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn order_and_detours_do_not_matter(hashes in prop::collection::vec(any::<[u8; 32]>(), 1..20), place: prop::sample::Index) {
            let (mut one, mut other) = (Sum::default(), Sum::default());
            hashes.iter().for_each(|hash| one.add(hash));
            let more = hashes[place.index(hashes.len())];
            other.add(&more);
            hashes.iter().rev().for_each(|hash| other.add(hash));
            prop_assert_ne!(one.fingerprint(), other.fingerprint());
            other.subtract(&more);
            prop_assert_eq!(one, other);
            let (first, second) = hashes.split_at(place.index(hashes.len()));
            let mut halves = [Sum::default(); 2];
            first.iter().for_each(|hash| halves[0].add(hash));
            second.iter().for_each(|hash| halves[1].add(hash));
            let [mut whole, rest] = halves;
            whole.combine(&rest);
            prop_assert_eq!(whole, one);
        }
    }
}
