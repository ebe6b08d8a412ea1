//! The identity of a device: two keys, both on the account's record on the chain.
//!
//! - **I1** A device has an Ed25519 signing key and an X25519 agreement key, drawn independently.
//! - **I2** Their public halves together, 64 bytes (signing, then agreement), are the device's identity.
//!   Everything that is bound to a device is bound to all 64 bytes.
//! - **I3** Who a device is comes from the account's record on the chain and from nowhere else: bundles
//!   and messages are compared with it, never believed.
//! - **I4** Signatures are verified strictly: canonical encodings only, no keys of small order.
//! - **I5** For protocols that have one key per identity (X3DH rev. 1 §2.4 with XEdDSA), a *linked*
//!   identity uses the same secret for both: the agreement key is the Montgomery form of the signing key.

use crate::{
    Error,
    secret::{Secret, wipes_on_drop},
    x25519::KeyPair,
};
use codec::{Decode, Encode, Error as CodecError, Input, Output};
use core::fmt;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand_core::CryptoRng;

/// What everybody may know of a device (I2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct IdentityPublic {
    /// Ed25519.
    pub signing: [u8; 32],
    /// X25519.
    pub agreement: [u8; 32],
}

impl IdentityPublic {
    /// Signing key, then agreement key.
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.signing);
        bytes[32..].copy_from_slice(&self.agreement);
        bytes
    }

    pub(crate) fn verify(
        &self,
        message: &[u8],
        signature: &[u8; 64],
        what: &'static str,
    ) -> Result<(), Error> {
        VerifyingKey::from_bytes(&self.signing)
            .and_then(|key| key.verify_strict(message, &Signature::from_bytes(signature)))
            .map_err(|_| Error::BadSignature { what })
    }
}

impl fmt::Debug for IdentityPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityPublic(")?;
        for byte in self.signing.iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("..)")
    }
}

/// The private keys of a device. They wipe themselves.
#[derive(Clone)]
pub struct DeviceIdentity {
    signing: SigningKey,
    agreement: KeyPair,
}

impl DeviceIdentity {
    /// New keys. Draws 32 bytes for the signing key, then 32 for the agreement key.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let seed = Secret::<32>::random(rng);
        Self {
            signing: SigningKey::from_bytes(seed.bytes()),
            agreement: KeyPair::generate(rng),
        }
    }

    /// Keys from a backup: the Ed25519 seed and the X25519 secret.
    pub fn from_secrets(signing_seed: &[u8; 32], agreement: &[u8; 32]) -> Self {
        Self {
            signing: SigningKey::from_bytes(signing_seed),
            agreement: KeyPair::from_bytes(&Secret::new(*agreement)),
        }
    }

    /// A linked identity (I5) from an Ed25519 seed.
    pub fn linked(signing_seed: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(signing_seed);
        let agreement = KeyPair::from_bytes(&Secret::new(signing.to_scalar_bytes()));
        Self { signing, agreement }
    }

    /// The public halves.
    pub fn public(&self) -> IdentityPublic {
        IdentityPublic {
            signing: self.signing.verifying_key().to_bytes(),
            agreement: *self.agreement.public(),
        }
    }

    /// Signs with the Ed25519 key. For relays and the chain; what is signed must start with a text that no
    /// other use has.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }

    pub(crate) fn agree(&self, their: &[u8; 32], what: &'static str) -> Result<Secret<32>, Error> {
        self.agreement.agree(their, what)
    }
}

wipes_on_drop! { DeviceIdentity { secret: [signing, agreement], open: [] } }

impl fmt::Debug for DeviceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DeviceIdentity")
            .field(&self.public())
            .finish()
    }
}

impl Encode for DeviceIdentity {
    fn size_hint(&self) -> usize {
        64
    }

    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        dest.write(self.signing.as_bytes());
        self.agreement.encode_to(dest);
    }
}

impl Decode for DeviceIdentity {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let seed = Secret::<32>::decode(input)?;
        let agreement = KeyPair::decode(input)?;
        Ok(Self {
            signing: SigningKey::from_bytes(seed.bytes()),
            agreement,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rng::rng;

    #[test]
    fn a_linked_identity_is_one_key_in_two_forms() {
        let identity = DeviceIdentity::linked(&[9; 32]);
        let public = identity.public();
        let montgomery = VerifyingKey::from_bytes(&public.signing)
            .unwrap()
            .to_montgomery();
        assert_eq!(montgomery.to_bytes(), public.agreement);
    }

    #[test]
    fn signatures_are_bound_to_identity_and_message() {
        let (a, b) = (
            DeviceIdentity::generate(&mut rng(1)),
            DeviceIdentity::generate(&mut rng(2)),
        );
        let signature = a.sign(b"message");
        assert_eq!(a.public().verify(b"message", &signature, "test"), Ok(()));
        for (identity, message) in [(&a, b"Message"), (&b, b"message")] {
            assert_eq!(
                identity.public().verify(message, &signature, "test"),
                Err(Error::BadSignature { what: "test" })
            );
        }
    }

    #[test]
    fn an_identity_survives_its_encoding() {
        let identity = DeviceIdentity::generate(&mut rng(1));
        let back = DeviceIdentity::decode(&mut &identity.encode()[..]).unwrap();
        assert_eq!(back.public(), identity.public());
    }
}
