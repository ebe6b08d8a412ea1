//! The handshake: the first shared secret of two devices, one of them away.
//! X3DH rev. 1 §3.3-3.4 (classical), PQXDH rev. 3 §3.3-3.4 (hybrid).
//!
//! Alice has Bob's [`VerifiedBundle`]: identity key `IKB`, signed prekey `SPKB`, perhaps a one-time prekey
//! `OPKB`, in hybrid mode an ML-KEM-768 key `PQB` (of the one-time prekey, else of the signed prekey).
//!
//! - **H1** Alice draws an ephemeral X25519 key `EKA` and computes `DH1 = DH(IKA, SPKB)`,
//!   `DH2 = DH(EKA, IKB)`, `DH3 = DH(EKA, SPKB)` and, with a one-time prekey, `DH4 = DH(EKA, OPKB)`. In
//!   hybrid mode she then encapsulates to `PQB`: ciphertext `CT`, secret `SS`.
//! - **H2** A Diffie-Hellman result that does not depend on both keys is refused, and so is a public key in
//!   another encoding than the canonical one (32 bytes, little-endian, below 2^255 - 19), here and in the
//!   ratchet: otherwise changing a bit that X25519 ignores would make a new handshake number of an old one.
//! - **H3** The secret is HKDF-SHA-256 with a salt of 32 zero bytes over
//!   `0xFF*32 || DH1 || DH2 || DH3 [|| DH4] [|| SS]`. Info and length: classical
//!   `parlance-e2ee/1 X3DH`, 32 bytes, the root key. Hybrid
//!   `parlance-e2ee/1 PQXDH X25519 SHA-256 ML-KEM-768`, 96 bytes: root key, first header key of Alice,
//!   first header key of Bob (Double Ratchet rev. 4 §4.2: `SK`, `shared_hka`, `shared_nhkb`).
//! - **H4** Associated data, authenticated with every message of the session. Classical, as X3DH has it:
//!   `IKA || IKB || context`, identities as in I2. Hybrid: SHA-256 over a domain text, the header (H5) as
//!   encoded, `IKB`, `SPKB`, a byte 1 and `OPKB` or a byte 0, `PQB`, and the context. `context` is what
//!   the application binds, such as the names of both accounts; both sides must give the same.
//! - **H5** Alice sends the header with her messages until Bob answers: `IKA`, `EKA`, numbers of the
//!   signed and one-time prekey, `CT`. Bob computes the same from his private keys.
//! - **H6** The number of a handshake is the first 16 bytes of SHA-256 over a domain text and the header.
//!   It tells sessions apart and catches replays (P4, P5).
//! - **H7** Bob compares `IKA` with the identity on the chain before he computes anything.
//!
//! Who breaks X25519 later still lacks `SS`; who breaks ML-KEM still lacks the `DH`s. Authentication rests
//! on X25519 alone, as in PQXDH: an attacker must break it *before* the handshake to pose as somebody.

use crate::{
    Error, KemCiphertext, KemPublic, VerifiedBundle,
    identity::{DeviceIdentity, IdentityPublic},
    kdf,
    limits::MAX_CONTEXT,
    prekeys::{HandshakeId, PreKeyStore},
    secret::Secret,
    x25519::KeyPair,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use rand_core::CryptoRng;

/// Info of the classical key derivation (H3).
pub const CLASSICAL_INFO: &[u8] = b"parlance-e2ee/1 X3DH";
/// Info of the hybrid key derivation (H3).
pub const HYBRID_INFO: &[u8] = b"parlance-e2ee/1 PQXDH X25519 SHA-256 ML-KEM-768";

const TRANSCRIPT_DOMAIN: &[u8] = b"parlance-e2ee/1 transcript";
const NUMBER_DOMAIN: &[u8] = b"parlance-e2ee/1 handshake number";

/// Which protocols are spoken; see the table in the crate's document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Mode {
    /// X3DH and the plain Double Ratchet.
    #[codec(index = 0)]
    Classical,
    /// PQXDH, Double Ratchet with header encryption, KEM ratchet.
    #[codec(index = 1)]
    Hybrid,
}

/// What Alice sends so that Bob can compute the secret (H5).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HandshakeHeader {
    /// `IKA`.
    pub identity: IdentityPublic,
    /// `EKA`.
    pub ephemeral: [u8; 32],
    /// Number of `SPKB`.
    pub signed_id: u32,
    /// Number of `OPKB`.
    pub one_time_id: Option<u32>,
    /// `CT`; absent in classical mode.
    pub kem_ciphertext: Option<KemCiphertext>,
}

impl HandshakeHeader {
    /// The number of this handshake (H6).
    pub(crate) fn id(&self) -> HandshakeId {
        let hash = kdf::sha256(&[NUMBER_DOMAIN, &self.encode()]);
        let mut id = HandshakeId::default();
        id.copy_from_slice(&hash[..16]);
        id
    }
}

/// What both sides have after the handshake.
pub(crate) struct Agreement {
    pub root: Secret<32>,
    /// First header keys of Alice and of Bob; zeros in classical mode.
    pub header_keys: (Secret<32>, Secret<32>),
    pub associated_data: Vec<u8>,
}

/// Alice's side. Draws 32 bytes for `EKA`, in hybrid mode 32 more for the encapsulation.
pub(crate) fn initiate<R: CryptoRng + ?Sized>(
    identity: &DeviceIdentity,
    bundle: &VerifiedBundle,
    context: &[u8],
    rng: &mut R,
) -> Result<(Agreement, HandshakeHeader), Error> {
    let bundle = bundle.bundle();
    let (signed, one_time) = (&bundle.signed, bundle.one_time.as_ref());
    let ephemeral = KeyPair::generate(rng);
    let mut secrets = Vec::with_capacity(5);
    secrets.push(identity.agree(&signed.public, "signed prekey")?);
    secrets.push(ephemeral.agree(&bundle.identity.agreement, "identity key")?);
    secrets.push(ephemeral.agree(&signed.public, "signed prekey")?);
    if let Some(key) = one_time {
        secrets.push(ephemeral.agree(&key.public, "one-time prekey")?);
    }
    let kem_key = one_time.map_or(signed.kem.as_ref(), |key| key.kem.as_ref());
    let kem_ciphertext = match kem_key {
        Some(key) => {
            let (ciphertext, secret) = key.encapsulate(rng)?;
            secrets.push(secret);
            Some(ciphertext)
        }
        None => None,
    };
    let header = HandshakeHeader {
        identity: identity.public(),
        ephemeral: *ephemeral.public(),
        signed_id: signed.id,
        one_time_id: one_time.map(|key| key.id),
        kem_ciphertext,
    };
    let transcript = Transcript {
        header: &header,
        responder: bundle.identity,
        signed: &signed.public,
        one_time: one_time.map(|key| &key.public),
        kem_key,
        context,
    };
    let agreement = derive(&secrets, &transcript)?;
    Ok((agreement, header))
}

/// Bob's side. `peer` is Alice's identity on the chain (H7).
pub(crate) fn respond(
    identity: &DeviceIdentity,
    prekeys: &PreKeyStore,
    peer: &IdentityPublic,
    context: &[u8],
    header: &HandshakeHeader,
) -> Result<(Agreement, KeyPair), Error> {
    if header.identity != *peer {
        return Err(Error::IdentityMismatch);
    }
    let (signed, one_time) = prekeys.find(header)?;
    let mut secrets = Vec::with_capacity(5);
    secrets.push(
        signed
            .pair
            .agree(&header.identity.agreement, "identity key")?,
    );
    secrets.push(identity.agree(&header.ephemeral, "ephemeral key")?);
    secrets.push(signed.pair.agree(&header.ephemeral, "ephemeral key")?);
    if let Some(key) = one_time {
        secrets.push(key.pair.agree(&header.ephemeral, "ephemeral key")?);
    }
    let kem_secret = one_time.map_or(signed.kem.as_ref(), |key| key.kem.as_ref());
    if let (Some(key), Some(ciphertext)) = (kem_secret, &header.kem_ciphertext) {
        secrets.push(key.decapsulate(ciphertext));
    }
    let kem_key = kem_secret.map(|key| key.public());
    let transcript = Transcript {
        header,
        responder: identity.public(),
        signed: signed.pair.public(),
        one_time: one_time.map(|key| key.pair.public()),
        kem_key: kem_key.as_ref(),
        context,
    };
    Ok((derive(&secrets, &transcript)?, signed.pair.clone()))
}

struct Transcript<'a> {
    header: &'a HandshakeHeader,
    responder: IdentityPublic,
    signed: &'a [u8; 32],
    one_time: Option<&'a [u8; 32]>,
    kem_key: Option<&'a KemPublic>,
    context: &'a [u8],
}

impl Transcript<'_> {
    /// H4.
    fn associated_data(&self) -> Vec<u8> {
        let Some(kem_key) = self.kem_key else {
            let mut data = self.header.identity.to_bytes().to_vec();
            data.extend_from_slice(&self.responder.to_bytes());
            data.extend_from_slice(self.context);
            return data;
        };
        let one_time: &[u8] = self.one_time.map_or(&[], |key| key);
        kdf::sha256(&[
            TRANSCRIPT_DOMAIN,
            &self.header.encode(),
            &self.responder.to_bytes(),
            self.signed,
            &[u8::from(self.one_time.is_some())],
            one_time,
            kem_key.as_bytes(),
            self.context,
        ])
        .to_vec()
    }
}

/// H3.
fn derive(secrets: &[Secret<32>], transcript: &Transcript<'_>) -> Result<Agreement, Error> {
    if transcript.context.len() > MAX_CONTEXT {
        let length = transcript.context.len();
        return Err(Error::TooLong {
            what: "context",
            length,
            limit: MAX_CONTEXT,
        });
    }
    let mut material: Vec<&[u8]> = Vec::with_capacity(6);
    material.push(&[0xFF; 32]);
    material.extend(secrets.iter().map(|secret| secret.bytes().as_slice()));
    let associated_data = transcript.associated_data();
    Ok(if transcript.kem_key.is_none() {
        let root = kdf::hkdf::<32>(&[0; 32], &material, CLASSICAL_INFO);
        Agreement {
            root,
            header_keys: (Secret::zero(), Secret::zero()),
            associated_data,
        }
    } else {
        let keys = kdf::hkdf::<96>(&[0; 32], &material, HYBRID_INFO);
        Agreement {
            root: keys.part(0),
            header_keys: (keys.part(32), keys.part(64)),
            associated_data,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rng::rng;

    fn pair(mode: Mode, one_time: usize) -> (DeviceIdentity, DeviceIdentity, PreKeyStore) {
        let mut rng = rng(5);
        let (a, b) = (
            DeviceIdentity::generate(&mut rng),
            DeviceIdentity::generate(&mut rng),
        );
        let mut store = PreKeyStore::new(mode, 1, &mut rng);
        store.replenish(one_time, &mut rng);
        (a, b, store)
    }

    #[test]
    fn both_sides_agree_in_every_mode_with_and_without_a_one_time_prekey() {
        for mode in [Mode::Classical, Mode::Hybrid] {
            for one_time in [0, 1] {
                let (a, b, store) = pair(mode, one_time);
                let bundle = store.publish(&b).bundle(0).verify(&b.public(), 0).unwrap();
                let (ours, header) = initiate(&a, &bundle, b"context", &mut rng(6)).unwrap();
                let (theirs, _) = respond(&b, &store, &a.public(), b"context", &header).unwrap();
                assert_eq!(ours.root, theirs.root);
                assert_eq!(ours.header_keys, theirs.header_keys);
                assert_eq!(ours.associated_data, theirs.associated_data);
                let (other, _) = respond(&b, &store, &a.public(), b"Context", &header).unwrap();
                assert_ne!(ours.associated_data, other.associated_data);
            }
        }
    }

    #[test]
    fn a_hybrid_header_without_its_ciphertext_is_refused() {
        let (a, b, store) = pair(Mode::Hybrid, 1);
        let bundle = store.publish(&b).bundle(0).verify(&b.public(), 0).unwrap();
        let (_, mut header) = initiate(&a, &bundle, b"", &mut rng(6)).unwrap();
        header.kem_ciphertext = None;
        let result = respond(&b, &store, &a.public(), b"", &header).map(|_| ());
        assert_eq!(result, Err(Error::ModeMismatch));
    }

    #[test]
    fn the_sender_must_be_who_the_chain_says() {
        let (a, b, store) = pair(Mode::Hybrid, 1);
        let bundle = store.publish(&b).bundle(0).verify(&b.public(), 0).unwrap();
        let (_, header) = initiate(&a, &bundle, b"", &mut rng(6)).unwrap();
        let result = respond(&b, &store, &b.public(), b"", &header).map(|_| ());
        assert_eq!(result, Err(Error::IdentityMismatch));
    }

    #[test]
    fn a_context_beyond_its_bound_is_refused() {
        let (a, b, store) = pair(Mode::Classical, 0);
        let bundle = store.publish(&b).bundle(0).verify(&b.public(), 0).unwrap();
        let result = initiate(&a, &bundle, &[0; MAX_CONTEXT + 1], &mut rng(6)).map(|_| ());
        assert!(matches!(
            result,
            Err(Error::TooLong {
                what: "context",
                ..
            })
        ));
    }
}
