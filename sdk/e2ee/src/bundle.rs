//! Prekey bundles: what a device publishes so that others can write to it while it is away.
//! X3DH rev. 1 §3.2, PQXDH rev. 3 §3.2.
//!
//! - **B1** A bundle holds the identity, one *signed prekey* and at most one *one-time prekey*.
//! - **B2** The signed prekey is an X25519 key with a number and the time it was made; in hybrid mode
//!   also an ML-KEM-768 key, which is the last resort of PQXDH: used when no one-time prekey is left.
//! - **B3** A one-time prekey is an X25519 key with a number; in hybrid mode also an ML-KEM-768 key. The
//!   relay gives each to one asker and forgets it.
//! - **B4** Each prekey is signed by the device over a text that names its use, then number, time (signed
//!   prekeys only), X25519 key, ML-KEM key (hybrid only), numbers little-endian. One-time X25519 keys are
//!   signed too, which X3DH does not ask for: a relay cannot slip in its own.
//! - **B5** [`Bundle::verify`] compares the identity with the one the caller has from the chain, checks
//!   every signature, refuses a bundle whose parts disagree about the mode, and refuses one whose signed
//!   prekey is older than one seen before. Only a [`VerifiedBundle`] starts a session.
//! - **B6** A relay can still withhold one-time prekeys or give the same twice. The first costs the
//!   one-time key's protection of the first messages, and shows
//!   ([`VerifiedBundle::uses_last_resort`]); the second is caught by the device, whose private key is
//!   gone after the first use ([`Error::PreKeyGone`]).
//!
//! Encoding: version byte, then SCALE of the fields in the order of the structs.

use crate::{
    Error, KemPublic, Mode,
    codec_bounds::{decode_versioned, encode_versioned},
    identity::{DeviceIdentity, IdentityPublic},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};

const SIGNED_DOMAIN: &[u8] = b"parlance-e2ee/1 signed prekey";
const ONE_TIME_DOMAIN: &[u8] = b"parlance-e2ee/1 one-time prekey";

/// The prekey that stays for a while (B2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedPreKey {
    /// Its number on the device.
    pub id: u32,
    /// When it was made, seconds since 1970 by the device's clock. Only compared with itself.
    pub created: u64,
    /// X25519.
    pub public: [u8; 32],
    /// ML-KEM-768, the last resort; absent in classical mode.
    pub kem: Option<KemPublic>,
    /// Ed25519 over [`Self::signed_bytes`].
    pub signature: [u8; 64],
}

impl SignedPreKey {
    pub(crate) fn new(
        identity: &DeviceIdentity,
        (id, created): (u32, u64),
        public: [u8; 32],
        kem: Option<KemPublic>,
    ) -> Self {
        let mut prekey = Self {
            id,
            created,
            public,
            kem,
            signature: [0; 64],
        };
        prekey.signature = identity.sign(&prekey.signed_bytes());
        prekey
    }

    /// What the signature covers (B4).
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = SIGNED_DOMAIN.to_vec();
        bytes.extend_from_slice(&self.id.to_le_bytes());
        bytes.extend_from_slice(&self.created.to_le_bytes());
        bytes.extend_from_slice(&self.public);
        bytes.extend(self.kem.iter().flat_map(|key| key.as_bytes()));
        bytes
    }
}

/// A prekey for one use (B3).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OneTimePreKey {
    /// Its number on the device.
    pub id: u32,
    /// X25519.
    pub public: [u8; 32],
    /// ML-KEM-768; absent in classical mode.
    pub kem: Option<KemPublic>,
    /// Ed25519 over [`Self::signed_bytes`].
    pub signature: [u8; 64],
}

impl OneTimePreKey {
    pub(crate) fn new(
        identity: &DeviceIdentity,
        id: u32,
        public: [u8; 32],
        kem: Option<KemPublic>,
    ) -> Self {
        let mut prekey = Self {
            id,
            public,
            kem,
            signature: [0; 64],
        };
        prekey.signature = identity.sign(&prekey.signed_bytes());
        prekey
    }

    /// What the signature covers (B4).
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = ONE_TIME_DOMAIN.to_vec();
        bytes.extend_from_slice(&self.id.to_le_bytes());
        bytes.extend_from_slice(&self.public);
        bytes.extend(self.kem.iter().flat_map(|key| key.as_bytes()));
        bytes
    }
}

/// What a relay hands to somebody who wants to write to a device (B1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Bundle {
    /// Hybrid or classical.
    pub mode: Mode,
    /// Whose it is, or claims to be.
    pub identity: IdentityPublic,
    /// The signed prekey.
    pub signed: SignedPreKey,
    /// A one-time prekey, while there are any.
    pub one_time: Option<OneTimePreKey>,
}

impl Bundle {
    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode_versioned(self)
    }

    /// Decodes; says nothing about whether it is genuine.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        decode_versioned(bytes, "prekey bundle")
    }

    /// Checks everything (B5). `identity` is the device's identity on the chain; `newest` the largest
    /// [`SignedPreKey::created`] that the caller has seen from this device, 0 if none.
    pub fn verify(self, identity: &IdentityPublic, newest: u64) -> Result<VerifiedBundle, Error> {
        if self.identity != *identity {
            return Err(Error::IdentityMismatch);
        }
        let hybrid = self.mode == Mode::Hybrid;
        let one_time_hybrid = self
            .one_time
            .as_ref()
            .map_or(hybrid, |key| key.kem.is_some());
        if self.signed.kem.is_some() != hybrid || one_time_hybrid != hybrid {
            return Err(Error::ModeMismatch);
        }
        identity.verify(
            &self.signed.signed_bytes(),
            &self.signed.signature,
            "signed prekey",
        )?;
        if let Some(key) = &self.one_time {
            identity.verify(&key.signed_bytes(), &key.signature, "one-time prekey")?;
        }
        if self.signed.created < newest {
            return Err(Error::StaleBundle {
                found: self.signed.created,
                newest,
            });
        }
        Ok(VerifiedBundle(self))
    }
}

/// A bundle that belongs to the identity it was asked for.
#[derive(Clone, Debug)]
pub struct VerifiedBundle(Bundle);

impl VerifiedBundle {
    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.0
    }

    /// Whether no one-time prekey was left (B6). The first messages are then as safe as the signed prekey,
    /// until the peer's first answer.
    pub fn uses_last_resort(&self) -> bool {
        self.0.one_time.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PreKeyStore, test_rng::rng};

    fn bundle(mode: Mode) -> (DeviceIdentity, Bundle) {
        let mut rng = rng(3);
        let identity = DeviceIdentity::generate(&mut rng);
        let mut store = PreKeyStore::new(mode, 100, &mut rng);
        store.replenish(1, &mut rng);
        let bundle = store.publish(&identity).bundle(0);
        (identity, bundle)
    }

    #[test]
    fn a_genuine_bundle_verifies_and_survives_its_encoding() {
        for mode in [Mode::Hybrid, Mode::Classical] {
            let (identity, bundle) = bundle(mode);
            assert_eq!(Bundle::from_bytes(&bundle.to_bytes()).unwrap(), bundle);
            assert!(
                !bundle
                    .verify(&identity.public(), 100)
                    .unwrap()
                    .uses_last_resort()
            );
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (identity, bundle) = bundle(Mode::Classical);
        let bytes = bundle.to_bytes();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let result = Bundle::from_bytes(&changed).and_then(|b| b.verify(&identity.public(), 0));
            assert!(result.is_err(), "byte {index}");
        }
    }

    #[test]
    fn a_changed_kem_key_is_noticed() {
        let (identity, bundle) = bundle(Mode::Hybrid);
        let mut swapped = bundle.clone();
        swapped.signed.kem = bundle.one_time.as_ref().and_then(|key| key.kem.clone());
        assert_eq!(
            swapped.verify(&identity.public(), 0).map(|_| ()),
            Err(Error::BadSignature {
                what: "signed prekey"
            })
        );
    }

    #[test]
    fn a_relay_cannot_strip_the_kem_keys() {
        let (identity, mut bundle) = bundle(Mode::Hybrid);
        bundle.signed.kem = None;
        bundle.one_time = None;
        let stripped = bundle.clone();
        assert_eq!(
            stripped.verify(&identity.public(), 0).map(|_| ()),
            Err(Error::ModeMismatch)
        );
        bundle.mode = Mode::Classical;
        assert_eq!(
            bundle.verify(&identity.public(), 0).map(|_| ()),
            Err(Error::BadSignature {
                what: "signed prekey"
            })
        );
    }

    #[test]
    fn an_older_bundle_than_seen_is_refused() {
        let (identity, bundle) = bundle(Mode::Hybrid);
        assert_eq!(
            bundle.verify(&identity.public(), 101).map(|_| ()),
            Err(Error::StaleBundle {
                found: 100,
                newest: 101
            })
        );
    }

    #[test]
    fn another_identity_is_refused() {
        let (_, bundle) = bundle(Mode::Hybrid);
        let other = DeviceIdentity::generate(&mut rng(9)).public();
        assert_eq!(
            bundle.verify(&other, 0).map(|_| ()),
            Err(Error::IdentityMismatch)
        );
    }
}
