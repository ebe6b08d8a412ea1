//! States at rest: versioned and encrypted.
//!
//! - **E1** Layout: the four bytes `PLE2`, version (2 bytes, little-endian), kind (1 byte), nonce (24 random
//!   bytes), then XChaCha20-Poly1305 of the SCALE encoding under the caller's key. Associated data: the
//!   first seven bytes.
//! - **E2** Version and kind are read before anything is decrypted: a newer version and another kind each
//!   say so. They are authenticated too, so changing them makes it unreadable, not misread.
//! - **E3** A restored state is checked against what a state can be; a decoder never trusts its input more
//!   because it was encrypted.
//! - **E4** Encodings of secrets are wiped; their buffers have their final size from the start, so no
//!   smaller copy stays behind.
//! - **E5** An old state that still opens is genuine but old. This layer cannot know; see S4.

use crate::{
    Device, Error, PreKeyStore, Session, aead,
    codec_bounds::decode_exact,
    identity::DeviceIdentity,
    limits::{MAX_STATE, NONCE},
    secret::{Secret, wipes_on_drop},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::fmt;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Version of the layout and of every state's encoding.
pub const STATE_VERSION: u16 = 1;

const MAGIC: [u8; 4] = *b"PLE2";
const HEAD: usize = 7;

/// The key that states are encrypted under. Wipes itself. The key store of the application derives it,
/// such as with Argon2id from a passphrase.
#[derive(Clone)]
pub struct StateKey(Secret<32>);

impl StateKey {
    /// From 32 bytes that are uniformly random or derived by a password hash.
    pub fn new(key: [u8; 32]) -> Self {
        Self(Secret::new(key))
    }
}

impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey")
    }
}

wipes_on_drop! { StateKey { secret: [0], open: [] } }

/// What can be stored. Sealed: these four.
pub trait Storable: private::Kind + Sized {
    /// Encrypts the state under `key`.
    fn export<R: CryptoRng + ?Sized>(&self, key: &StateKey, rng: &mut R) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(HEAD + NONCE);
        sealed.extend_from_slice(&MAGIC);
        sealed.extend_from_slice(&STATE_VERSION.to_le_bytes());
        sealed.push(Self::KIND);
        let nonce = aead::random_nonce(rng);
        let mut plain = Zeroizing::new(Vec::with_capacity(self.encoded_size()));
        self.encode_to(&mut *plain);
        let ciphertext = aead::seal(&key.0, &nonce, &sealed, &plain);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        sealed
    }

    /// Restores a state.
    fn import(key: &StateKey, sealed: &[u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed { what: Self::NAME };
        if sealed.len() > MAX_STATE {
            return Err(Error::TooLong {
                what: Self::NAME,
                length: sealed.len(),
                limit: MAX_STATE,
            });
        }
        let (head, rest) = sealed.split_first_chunk::<HEAD>().ok_or(malformed)?;
        let [m0, m1, m2, m3, v0, v1, kind] = *head;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(malformed);
        }
        let found = u16::from_le_bytes([v0, v1]);
        if found != STATE_VERSION {
            let (what, supported) = (Self::NAME, STATE_VERSION);
            return Err(Error::UnsupportedVersion {
                what,
                found,
                supported,
            });
        }
        if kind != Self::KIND {
            return Err(malformed);
        }
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(malformed)?;
        let plain = aead::open(&key.0, nonce, head, ciphertext)
            .map_err(|_| Error::DoesNotOpen { what: Self::NAME })?;
        decode_exact(&plain, Self::NAME)
    }
}

mod private {
    use super::{Decode, Encode};

    pub trait Kind: Encode + Decode {
        const KIND: u8;
        const NAME: &'static str;
    }
}

macro_rules! storable {
    ($($type:ty: $kind:literal, $name:literal;)*) => {
        $(
            impl private::Kind for $type {
                const KIND: u8 = $kind;
                const NAME: &'static str = $name;
            }
            impl Storable for $type {}
        )*
    };
}

storable! {
    DeviceIdentity: 1, "stored identity";
    PreKeyStore: 2, "stored prekeys";
    Session: 3, "stored session";
    Device: 4, "stored device";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, test_rng::rng};

    fn stored() -> (StateKey, PreKeyStore, Vec<u8>) {
        let mut rng = rng(1);
        let key = StateKey::new([7; 32]);
        let mut store = PreKeyStore::new(Mode::Hybrid, 9, &mut rng);
        store.replenish(2, &mut rng);
        let sealed = store.export(&key, &mut rng);
        (key, store, sealed)
    }

    #[test]
    fn a_state_comes_back() {
        let (key, store, sealed) = stored();
        assert_eq!(
            PreKeyStore::import(&key, &sealed).unwrap().encode(),
            store.encode()
        );
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_an_error() {
        let (key, _, sealed) = stored();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 0x40;
            assert!(PreKeyStore::import(&key, &changed).is_err(), "byte {index}");
            assert!(
                PreKeyStore::import(&key, &sealed[..index]).is_err(),
                "cut {index}"
            );
        }
    }

    #[test]
    fn wrong_key_version_and_kind_say_so() {
        let (key, _, mut sealed) = stored();
        assert_eq!(
            PreKeyStore::import(&StateKey::new([8; 32]), &sealed).map(|_| ()),
            Err(Error::DoesNotOpen {
                what: "stored prekeys"
            })
        );
        assert_eq!(
            DeviceIdentity::import(&key, &sealed).map(|_| ()),
            Err(Error::Malformed {
                what: "stored identity"
            })
        );
        sealed[4] = 2;
        assert_eq!(
            PreKeyStore::import(&key, &sealed).map(|_| ()),
            Err(Error::UnsupportedVersion {
                what: "stored prekeys",
                found: 2,
                supported: 1
            })
        );
    }

    #[test]
    fn no_secret_is_readable_in_it() {
        let mut rng = rng(1);
        let identity = DeviceIdentity::generate(&mut rng);
        let sealed = identity.export(&StateKey::new([7; 32]), &mut rng);
        let plain = identity.encode();
        assert!(
            !sealed
                .windows(8)
                .any(|window| plain.windows(8).any(|secret| secret == window))
        );
    }

    #[test]
    fn what_holds_secrets_wipes_them() {
        // What the types of this crate say here, `wipes_on_drop` has checked field by field; the rest is the word
        // of the crates behind it.
        fn wipes<T: zeroize::ZeroizeOnDrop>() {}
        wipes::<StateKey>();
        wipes::<DeviceIdentity>();
        wipes::<PreKeyStore>();
        wipes::<Session>();
        wipes::<Device>();
        wipes::<crate::ratchet::Ratchet>();
        wipes::<crate::secret::Secret<32>>();
        wipes::<crate::x25519::KeyPair>();
        wipes::<crate::kem::KemSecret>();
        wipes::<x25519_dalek::StaticSecret>();
        wipes::<ed25519_dalek::SigningKey>();
        wipes::<chacha20poly1305::XChaCha20Poly1305>();
    }
}
