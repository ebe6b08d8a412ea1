//! Encryption of files.
//!
//! - **W1** A file has a key of its own, 32 random bytes that encrypt nothing else. So its ciphertext may lie with anybody: at relays, or on
//!   nodes of the storage network.
//! - **W2** It is cut into *chunks* of [`CHUNK`] bytes; the last one is shorter, and an empty file has one of no bytes. Each is sealed by
//!   XChaCha20-Poly1305. The nonce is the chunk's number (8 bytes, little-endian), 1 for the last chunk and 0 for others (1 byte), and
//!   zeros: chunks cannot be exchanged, repeated, or left away at the end (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
//!   Vizár, 2015). The associated data is [`DATA`].
//! - **W3** The ciphertext is the sealed chunks, one behind the other. The file's *identifier* is its BLAKE3 hash, whose tree lets whoever
//!   keeps it prove a part of it.
//! - **W4** Each chunk can be opened alone. A file is whole when its ciphertext has the identifier and every chunk opens.

use crate::{Error, aead, limits::NONCE, limits::TAG, secret::Secret};
use alloc::vec::Vec;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Bytes of a chunk before encryption (W2).
pub const CHUNK: usize = 64 * 1_024;
/// Bytes of a chunk after it.
pub const SEALED_CHUNK: usize = CHUNK + TAG;
/// Associated data of every chunk.
pub const DATA: &[u8] = b"parlance-e2ee/1 file";

/// Chunks of a file of `length` bytes.
pub fn chunks(length: u64) -> u64 {
    length.div_ceil(CHUNK as u64).max(1)
}

/// Bytes of its ciphertext; none where numbers end.
pub fn sealed_length(length: u64) -> Option<u64> {
    chunks(length).checked_mul(TAG as u64)?.checked_add(length)
}

/// A new key (W1).
pub fn new_key<R: CryptoRng + ?Sized>(rng: &mut R) -> [u8; 32] {
    let mut key = [0; 32];
    rng.fill_bytes(&mut key);
    key
}

/// The identifier of a ciphertext, whose parts come in their order (W3).
pub fn identifier<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The ciphertext of a file.
pub fn seal(key: &[u8; 32], file: &[u8]) -> Vec<u8> {
    let key = Secret::new(*key);
    let last = chunks(file.len() as u64).saturating_sub(1);
    let mut sealed = Vec::new();
    for number in 0..=last {
        let from = usize::try_from(number).unwrap_or(usize::MAX);
        let from = from.saturating_mul(CHUNK).min(file.len());
        let to = from.saturating_add(CHUNK).min(file.len());
        let chunk = file.get(from..to).unwrap_or_default();
        sealed.extend(aead::seal(
            &key,
            &nonce(number, number == last),
            DATA,
            chunk,
        ));
    }
    sealed
}

/// One chunk of a file of `length` bytes (W4).
///
/// # Errors
///
/// [`Error::DoesNotOpen`]: the bytes are not that chunk.
pub fn open_chunk(
    key: &[u8; 32],
    length: u64,
    number: u64,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let wrong = Error::DoesNotOpen { what: "file" };
    let last = chunks(length).saturating_sub(1);
    let expected = match number.cmp(&last) {
        core::cmp::Ordering::Less => CHUNK as u64,
        core::cmp::Ordering::Equal => length.saturating_sub(last.saturating_mul(CHUNK as u64)),
        core::cmp::Ordering::Greater => return Err(wrong),
    };
    if sealed.len() as u64 != expected.saturating_add(TAG as u64) {
        return Err(wrong);
    }
    let nonce = nonce(number, number == last);
    aead::open(&Secret::new(*key), &nonce, DATA, sealed).map_err(|_| wrong)
}

/// A whole file of `length` bytes (W4).
///
/// # Errors
///
/// [`Error::DoesNotOpen`]: the bytes are not that file.
pub fn open(
    id: &[u8; 32],
    key: &[u8; 32],
    length: u64,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let wrong = Error::DoesNotOpen { what: "file" };
    if sealed_length(length) != Some(sealed.len() as u64) || identifier([sealed]) != *id {
        return Err(wrong);
    }
    let mut file = Zeroizing::new(Vec::with_capacity(sealed.len()));
    for (number, chunk) in (0..).zip(sealed.chunks(SEALED_CHUNK)) {
        file.extend_from_slice(&open_chunk(key, length, number, chunk)?);
    }
    Ok(file)
}

fn nonce(number: u64, last: bool) -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    let parts = number.to_le_bytes().into_iter().chain([u8::from(last)]);
    for (to, from) in nonce.iter_mut().zip(parts) {
        *to = from;
    }
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng;
    use std::vec;

    const KEY: [u8; 32] = [7; 32];

    fn file(length: usize) -> Vec<u8> {
        let mut file = vec![0; length];
        crate::test_rng::rng(length as u64).fill_bytes(&mut file);
        file
    }

    #[test]
    fn files_of_all_lengths_around_a_chunk_come_back() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5] {
            let file = file(length);
            let sealed = seal(&KEY, &file);
            assert_eq!(sealed_length(length as u64), Some(sealed.len() as u64));
            let id = identifier([sealed.as_slice()]);
            assert_eq!(id, identifier(sealed.chunks(1_000)));
            let opened = open(&id, &KEY, length as u64, &sealed).unwrap();
            assert_eq!(opened.as_slice(), file);
        }
    }

    #[test]
    fn a_chunk_opens_alone_in_its_place_only() {
        let length = 3 * CHUNK as u64;
        let sealed = seal(&KEY, &file(3 * CHUNK));
        let chunk = |number: usize| &sealed[number * SEALED_CHUNK..][..SEALED_CHUNK];
        for number in 0..3 {
            for place in 0..4 {
                let opens = open_chunk(&KEY, length, place, chunk(number)).is_ok();
                assert_eq!(opens, place == number as u64);
            }
        }
        // As the last chunk of a shorter file, and the other way around.
        assert!(open_chunk(&KEY, 2 * CHUNK as u64, 1, chunk(1)).is_err());
        assert!(open_chunk(&KEY, length + 1, 2, chunk(2)).is_err());
    }

    #[test]
    fn what_was_changed_cut_or_is_anothers_does_not_open() {
        let length = CHUNK as u64 + 9;
        let sealed = seal(&KEY, &file(CHUNK + 9));
        let id = identifier([sealed.as_slice()]);
        assert!(open(&id, &KEY, length, &sealed).is_ok());
        assert!(open(&id, &[8; 32], length, &sealed).is_err());
        assert!(open(&[0; 32], &KEY, length, &sealed).is_err());
        assert!(open(&id, &KEY, length - 1, &sealed).is_err());
        let cut = &sealed[..SEALED_CHUNK];
        assert!(open(&identifier([cut]), &KEY, CHUNK as u64, cut).is_err());
        for place in [0, SEALED_CHUNK - 1, SEALED_CHUNK, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            let id = identifier([changed.as_slice()]);
            assert!(open(&id, &KEY, length, &changed).is_err());
        }
    }

    #[test]
    fn a_length_that_no_file_has_is_no_panic() {
        assert_eq!(sealed_length(u64::MAX), None);
        assert!(open_chunk(&KEY, u64::MAX, u64::MAX, &[]).is_err());
        assert!(open(&[0; 32], &KEY, u64::MAX, &[]).is_err());
    }
}
