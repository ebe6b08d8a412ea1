//! Rows: how a value stands in the file.
//!
//! - **W1** A row is a nonce (24 random bytes, new at each write), then XChaCha20-Poly1305 of: length of the
//!   key's encoding (4 bytes, little-endian), the encoding, length of the value (4 bytes), the value, zeros.
//! - **W2** The zeros fill up to a Padmé size (Nikitin et al., "Reducing Metadata Leakage from Encrypted
//!   Files and Communication with PURBs", 2019), at least 64 bytes: lengths leak O(log log n) bits and cost
//!   12 % at most.
//! - **W3** Associated data: a label, the store's identifier, the hidden key. A row that is moved to another
//!   key, table or store does not open.
//! - **W4** A row that opens but carries another key than the one it was found under is damaged.

use crate::{Error, error::damaged, header::MasterKey, key::Key, limits::MAX_VALUE};
use chacha20poly1305::{
    Tag, XChaCha20Poly1305,
    aead::{AeadInOut, KeyInit},
};
use zeroize::Zeroizing;

const NONCE: usize = 24;
const TAG: usize = 16;
const SMALLEST: usize = 64;
const LABEL: &[u8] = b"parlance-store/1 row";

/// A value; wiped when it is dropped.
pub type Value = Zeroizing<Vec<u8>>;

/// Seals rows. Its key wipes itself.
pub(crate) struct Sealer {
    cipher: XChaCha20Poly1305,
    id: [u8; 16],
}

impl Sealer {
    pub(crate) fn new(key: &MasterKey, id: [u8; 16]) -> Self {
        let cipher = XChaCha20Poly1305::new((&**key).into());
        Self { cipher, id }
    }

    pub(crate) fn seal(
        &self,
        hidden: &[u8],
        key: &Key,
        value: &[u8],
        nonce: [u8; NONCE],
    ) -> Result<Vec<u8>, Error> {
        if value.len() > MAX_VALUE {
            return Err(Error::TooLong {
                what: "a value",
                length: value.len(),
                limit: MAX_VALUE,
            });
        }
        let key = Zeroizing::new(key.encode()?);
        let size = padded(8 + key.len() + value.len());
        // Its final size from the start, so that no smaller copy of the value stays behind.
        let mut row = Vec::with_capacity(NONCE + size + TAG);
        row.extend_from_slice(&nonce);
        put(&mut row, &key);
        put(&mut row, value);
        row.resize(NONCE + size, 0);
        let (_, content) = row.split_at_mut(NONCE);
        let tag = self
            .cipher
            .encrypt_inout_detached((&nonce).into(), &self.bound(hidden), content.into())
            .expect("fails only beyond 256 GiB");
        row.extend_from_slice(&tag);
        Ok(row)
    }

    /// Key and value of a row.
    pub(crate) fn open(&self, hidden: &[u8], row: &[u8]) -> Result<(Key, Value), Error> {
        let wrong = || damaged("a row does not open");
        let (nonce, rest) = row.split_first_chunk::<NONCE>().ok_or_else(wrong)?;
        let (content, tag) = rest.split_last_chunk::<TAG>().ok_or_else(wrong)?;
        let mut content = Zeroizing::new(content.to_vec());
        let tag: &Tag = tag.into();
        self.cipher
            .decrypt_inout_detached(
                nonce.into(),
                &self.bound(hidden),
                content.as_mut_slice().into(),
                tag,
            )
            .map_err(|_| wrong())?;
        contents(&content)
    }

    /// The value of the row found under `key` (W4).
    pub(crate) fn open_as(&self, hidden: &[u8], key: &Key, row: &[u8]) -> Result<Value, Error> {
        let (found, value) = self.open(hidden, row)?;
        if found != *key {
            return Err(damaged("a row stands under another key"));
        }
        Ok(value)
    }

    fn bound(&self, hidden: &[u8]) -> Vec<u8> {
        [LABEL, &self.id, hidden].concat()
    }
}

/// Key and value of what stands in a row.
pub(crate) fn contents(plain: &[u8]) -> Result<(Key, Value), Error> {
    let wrong = || damaged("a row is not laid out as one");
    let (key, rest) = take(plain).ok_or_else(wrong)?;
    let (value, _) = take(rest).ok_or_else(wrong)?;
    Ok((Key::decode(key)?, Zeroizing::new(value.to_vec())))
}

fn put(row: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("keys and values are bounded far below 4 GiB");
    row.extend_from_slice(&length.to_le_bytes());
    row.extend_from_slice(bytes);
}

fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// The Padmé size (W2).
fn padded(length: usize) -> usize {
    let length = length.max(SMALLEST);
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - kept)) - 1;
    (length + mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer(id: u8) -> Sealer {
        Sealer::new(&Zeroizing::new([3; 32]), [id; 16])
    }

    #[test]
    fn every_length_comes_back() {
        let key = Key::of("key");
        for length in (0..300).chain([5_000, 70_000]) {
            let value = vec![0x5A; length];
            let row = sealer(1).seal(b"hidden", &key, &value, [4; NONCE]).unwrap();
            assert_eq!(
                *sealer(1).open_as(b"hidden", &key, &row).unwrap(),
                value,
                "{length}"
            );
        }
    }

    #[test]
    fn a_row_opens_only_where_it_was_written() {
        let key = Key::of("key");
        let row = sealer(1)
            .seal(b"hidden", &key, b"value", [4; NONCE])
            .unwrap();
        assert!(sealer(1).open_as(b"hidden", &key, &row).is_ok());
        assert!(sealer(2).open_as(b"hidden", &key, &row).is_err());
        assert!(sealer(1).open_as(b"Hidden", &key, &row).is_err());
        assert!(
            sealer(1)
                .open_as(b"hidden", &Key::of("other"), &row)
                .is_err()
        );
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_refused() {
        let key = Key::of("key");
        let row = sealer(1)
            .seal(b"hidden", &key, b"value", [4; NONCE])
            .unwrap();
        for bit in 0..row.len() * 8 {
            let mut changed = row.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(
                sealer(1).open(b"hidden", &changed),
                Err(Error::Damaged { .. })
            ));
        }
        for length in 0..row.len() {
            assert!(sealer(1).open(b"hidden", &row[..length]).is_err());
        }
    }

    proptest! {
        /// As if somebody who has the key had written it.
        #[test]
        fn contents_of_any_layout_are_taken_apart_or_damaged(
            changed in any::<prop::sample::Index>(),
            to in any::<u8>(),
            length in any::<prop::sample::Index>(),
        ) {
            let mut plain = Vec::new();
            put(&mut plain, &Key::of("conversation").number(7).encode().unwrap());
            put(&mut plain, b"value");
            let size = plain.len();
            plain[changed.index(size)] = to;
            plain.truncate(length.index(size + 1));
            match contents(&plain) {
                Ok((_, value)) => prop_assert!(value.len() <= size),
                Err(error) => prop_assert!(matches!(error, Error::Damaged { .. }), "{error}"),
            }
        }
    }

    #[test]
    fn lengths_are_coarse_and_never_more_than_an_eighth_too_long() {
        for length in SMALLEST..100_000 {
            let size = padded(length);
            assert!(
                size >= length && size - length <= length / 8,
                "{length}: {size}"
            );
        }
        let sizes: std::collections::BTreeSet<_> = (0..100_000).map(padded).collect();
        assert!(sizes.len() < 200, "{} sizes", sizes.len());
    }
}
