//! The header: how a passphrase leads to the keys.
//!
//! - **H1** Layout: `PLST`; format (2 bytes); the store's identifier (16 random bytes); Argon2id memory in
//!   KiB, passes, lanes (4 bytes each); salt (16 random bytes); nonce (24 random bytes); the master key
//!   (32 random bytes) in XChaCha20-Poly1305 (48 bytes). Integers little-endian.
//! - **H2** The wrapping key is Argon2id (RFC 9106, version 0x13) of the passphrase's bytes and the salt.
//!   Associated data is all that stands before the nonce, so parameters cannot be exchanged.
//! - **H3** The parameters stand in the header. [`Kdf::default`] is the second recommendation of RFC 9106
//!   §4: 64 MiB, three passes, four lanes, what a telephone can do. Opening with stronger ones wraps the
//!   master key anew; the weaker header may stay in a free page until that is used again or the store renewed.
//! - **H4** Another passphrase comes with another master key, under which everything is encrypted anew (R1): who
//!   has an old copy of the file and the old passphrase keeps what that copy says, and opens nothing else.
//! - **H5** Keys of the store are HMAC-SHA-256 of a label under the master key: one hides keys, one seals
//!   rows.
//! - **H6** Parameters of a header are bounded before any memory is taken.

use crate::{
    Error,
    error::damaged,
    limits::{FORMAT, MAX_KDF_LANES, MAX_KDF_MEMORY, MAX_KDF_PASSES},
};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const MAGIC: [u8; 4] = *b"PLST";
const BEFORE_NONCE: usize = 4 + 2 + 16 + 12 + 16;
const NONCE: usize = 24;
const LENGTH: usize = BEFORE_NONCE + NONCE + 32 + 16;

/// The store's master key; wiped when it is dropped.
pub(crate) type MasterKey = Zeroizing<[u8; 32]>;

/// What a guess of the passphrase costs (H3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kdf {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Kdf {
    fn default() -> Self {
        Self {
            memory_kib: 64 * 1024,
            passes: 3,
            lanes: 4,
        }
    }
}

impl Kdf {
    fn params(self) -> Result<Params, Error> {
        let Self {
            memory_kib,
            passes,
            lanes,
        } = self;
        let bad = Error::BadKdf {
            memory_kib,
            passes,
            lanes,
        };
        if memory_kib > MAX_KDF_MEMORY || passes > MAX_KDF_PASSES || lanes > MAX_KDF_LANES {
            return Err(bad);
        }
        Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| bad)
    }

    /// Whether a guess costs less than with `other`.
    pub(crate) fn is_weaker_than(self, other: Self) -> bool {
        let cost = |kdf: Self| u64::from(kdf.memory_kib) * u64::from(kdf.passes);
        cost(self) < cost(other)
    }

    fn wrapping_key(self, passphrase: &[u8], salt: &[u8; 16]) -> Result<MasterKey, Error> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params()?);
        let mut key = MasterKey::default();
        argon2
            .hash_password_into(passphrase, salt, key.as_mut_slice())
            .map_err(|_| Error::BadKdf {
                memory_kib: self.memory_kib,
                passes: self.passes,
                lanes: self.lanes,
            })?;
        Ok(key)
    }
}

/// A header as it is in the file (H1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: [u8; 16],
    pub(crate) kdf: Kdf,
    salt: [u8; 16],
    nonce: [u8; NONCE],
    wrapped: [u8; 48],
}

impl Header {
    /// Wraps `master` under a passphrase.
    pub(crate) fn wrap(
        id: [u8; 16],
        kdf: Kdf,
        passphrase: &[u8],
        master: &MasterKey,
    ) -> Result<Self, Error> {
        let mut header = Self {
            id,
            kdf,
            salt: random()?,
            nonce: random()?,
            wrapped: [0; 48],
        };
        let key = kdf.wrapping_key(passphrase, &header.salt)?;
        let bound = header.before_nonce();
        let payload = Payload {
            msg: master.as_slice(),
            aad: &bound,
        };
        let wrapped = XChaCha20Poly1305::new((&*key).into())
            .encrypt((&header.nonce).into(), payload)
            .expect("fails only beyond 256 GiB");
        header.wrapped.copy_from_slice(&wrapped);
        Ok(header)
    }

    /// The master key.
    pub(crate) fn unwrap(&self, passphrase: &[u8]) -> Result<MasterKey, Error> {
        let key = self.kdf.wrapping_key(passphrase, &self.salt)?;
        let bound = self.before_nonce();
        let payload = Payload {
            msg: &self.wrapped,
            aad: &bound,
        };
        let plain = XChaCha20Poly1305::new((&*key).into())
            .decrypt((&self.nonce).into(), payload)
            .map(Zeroizing::new)
            .map_err(|_| Error::WrongPassphrase)?;
        let mut master = MasterKey::default();
        master.copy_from_slice(&plain);
        Ok(master)
    }

    fn before_nonce(&self) -> [u8; BEFORE_NONCE] {
        let mut bytes = [0; BEFORE_NONCE];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[6..22].copy_from_slice(&self.id);
        bytes[22..26].copy_from_slice(&self.kdf.memory_kib.to_le_bytes());
        bytes[26..30].copy_from_slice(&self.kdf.passes.to_le_bytes());
        bytes[30..34].copy_from_slice(&self.kdf.lanes.to_le_bytes());
        bytes[34..].copy_from_slice(&self.salt);
        bytes
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        [&self.before_nonce()[..], &self.nonce, &self.wrapped].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = || damaged("the header is none");
        let rest = bytes.strip_prefix(&MAGIC).ok_or_else(wrong)?;
        let (format, _) = rest.split_first_chunk().ok_or_else(wrong)?;
        match u16::from_le_bytes(*format) {
            FORMAT => {}
            0 => return Err(wrong()),
            found => {
                return Err(Error::NewerFormat {
                    found,
                    supported: FORMAT,
                });
            }
        }
        let bytes: &[u8; LENGTH] = bytes.try_into().map_err(|_| wrong())?;
        let header = Self {
            id: array(bytes, 6),
            kdf: Kdf {
                memory_kib: u32::from_le_bytes(array(bytes, 22)),
                passes: u32::from_le_bytes(array(bytes, 26)),
                lanes: u32::from_le_bytes(array(bytes, 30)),
            },
            salt: array(bytes, 34),
            nonce: array(bytes, BEFORE_NONCE),
            wrapped: array(bytes, BEFORE_NONCE + NONCE),
        };
        header.kdf.params().map_err(|_| wrong())?;
        Ok(header)
    }
}

fn array<const N: usize>(bytes: &[u8; LENGTH], from: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[from..from + N]);
    array
}

/// A key of the store for one purpose (H5).
pub(crate) fn derive(master: &MasterKey, purpose: &[u8]) -> MasterKey {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(master.as_slice()).expect("HMAC takes every length");
    mac.update(b"parlance-store/1 ");
    mac.update(purpose);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KDF: Kdf = Kdf {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    fn header() -> (Header, MasterKey) {
        let master = Zeroizing::new([9; 32]);
        let header = Header::wrap([1; 16], KDF, b"passphrase", &master).unwrap();
        (header, master)
    }

    #[test]
    fn the_right_passphrase_gives_the_master_key() {
        let (header, master) = header();
        let header = Header::decode(&header.encode()).unwrap();
        assert_eq!(header.unwrap(b"passphrase").unwrap(), master);
        for wrong in [&b"Passphrase"[..], b"", b"passphrase "] {
            assert!(matches!(header.unwrap(wrong), Err(Error::WrongPassphrase)));
        }
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_refused() {
        let (header, _) = header();
        let bytes = header.encode();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            // A bit of the parameters may ask for more work than this test has time for.
            let Ok(decoded) = Header::decode(&changed) else {
                continue;
            };
            if !decoded.kdf.is_weaker_than(Kdf { passes: 9, ..KDF }) {
                continue;
            }
            assert!(decoded.unwrap(b"passphrase").is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(Header::decode(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn a_newer_format_says_so_and_wild_parameters_take_no_memory() {
        let (header, _) = header();
        let mut newer = header.encode();
        newer[4] = 2;
        newer.push(0);
        assert!(matches!(
            Header::decode(&newer),
            Err(Error::NewerFormat {
                found: 2,
                supported: 1
            })
        ));
        let mut wild = header.encode();
        wild[22..34].fill(0xFF);
        assert!(matches!(Header::decode(&wild), Err(Error::Damaged { .. })));
    }

    /// Computed by the reference implementation (argon2-cffi), with the same version and no secret or
    /// associated data.
    #[test]
    fn the_wrapping_key_is_argon2id() {
        let vectors: [(&[u8], &[u8; 16], Kdf, &str); 2] = [
            (
                b"password",
                b"somesaltsomesalt",
                Kdf {
                    memory_kib: 64,
                    passes: 2,
                    lanes: 1,
                },
                "1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1",
            ),
            (
                b"correct horse",
                b"0123456789abcdef",
                Kdf {
                    memory_kib: 256,
                    passes: 3,
                    lanes: 4,
                },
                "51211ec791a404f8bc89576f7326f09ac81c0651ff478db0bd7ce51ddfb7201d",
            ),
        ];
        for (passphrase, salt, kdf, expected) in vectors {
            let key = kdf.wrapping_key(passphrase, salt).unwrap();
            assert_eq!(hex::encode(key.as_slice()), expected);
        }
    }

    #[test]
    fn derived_keys_differ_by_purpose() {
        let master = Zeroizing::new([9; 32]);
        assert_ne!(derive(&master, b"a"), derive(&master, b"b"));
        assert_ne!(
            derive(&master, b"a"),
            derive(&Zeroizing::new([8; 32]), b"a")
        );
    }
}
