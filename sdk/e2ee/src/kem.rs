//! ML-KEM-768 (FIPS 203) keys and ciphertexts. The only file that knows the crate behind it.

use crate::{
    Error,
    limits::{KEM_CIPHERTEXT, KEM_PUBLIC},
    secret::{Secret, Wipes, wipes_on_drop},
};
use alloc::boxed::Box;
use codec::{Decode, Encode, Error as CodecError, Input, Output};
use core::fmt;
use libcrux_ml_kem::mlkem768::{self, MlKem768Ciphertext, MlKem768PrivateKey, MlKem768PublicKey};
use rand_core::CryptoRng;
use zeroize::Zeroize;

/// An encapsulation key in its encoding. Whether it is a key at all shows when it is used.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct KemPublic(Box<[u8; KEM_PUBLIC]>);

impl KemPublic {
    /// The encoding of FIPS 203.
    pub fn as_bytes(&self) -> &[u8; KEM_PUBLIC] {
        &self.0
    }

    /// A fresh shared secret and the ciphertext that carries it. Draws 32 bytes.
    pub(crate) fn encapsulate<R: CryptoRng + ?Sized>(
        &self,
        rng: &mut R,
    ) -> Result<(KemCiphertext, Secret<32>), Error> {
        let key = MlKem768PublicKey::from(&*self.0);
        if !mlkem768::validate_public_key(&key) {
            return Err(Error::WeakKey { what: "ML-KEM key" });
        }
        let seed = Secret::<32>::random(rng);
        let (ciphertext, mut shared) = mlkem768::encapsulate(&key, *seed.bytes());
        let secret = Secret::new(shared);
        shared.zeroize();
        Ok((KemCiphertext(Box::new(ciphertext.into())), secret))
    }
}

impl From<[u8; KEM_PUBLIC]> for KemPublic {
    fn from(bytes: [u8; KEM_PUBLIC]) -> Self {
        Self(Box::new(bytes))
    }
}

impl fmt::Debug for KemPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KemPublic")
    }
}

/// A ciphertext in its encoding.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct KemCiphertext(Box<[u8; KEM_CIPHERTEXT]>);

impl KemCiphertext {
    /// The encoding of FIPS 203.
    pub fn as_bytes(&self) -> &[u8; KEM_CIPHERTEXT] {
        &self.0
    }
}

impl fmt::Debug for KemCiphertext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KemCiphertext")
    }
}

/// A decapsulation key, expanded; at rest it is its 64-byte seed. It wipes itself.
#[derive(Clone)]
pub struct KemSecret(Box<Expanded>);

#[derive(Clone)]
struct Expanded {
    seed: Secret<64>,
    private: Private,
    public: KemPublic,
}

/// The crate behind it wipes nothing, so this does.
#[derive(Clone)]
struct Private(MlKem768PrivateKey);

impl Zeroize for Private {
    fn zeroize(&mut self) {
        self.0[..MlKem768PrivateKey::len()].zeroize();
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl Wipes for Private {}

impl KemSecret {
    /// Draws 64 bytes.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_seed(&Secret::random(rng))
    }

    pub fn from_seed(seed: &Secret<64>) -> Self {
        let (private, public) = mlkem768::generate_key_pair(*seed.bytes()).into_parts();
        let private = Private(private);
        Self(Box::new(Expanded {
            seed: seed.clone(),
            private: private.clone(),
            public: KemPublic(Box::new(public.into())),
        }))
    }

    pub fn public(&self) -> KemPublic {
        self.0.public.clone()
    }

    /// The shared secret. A forged ciphertext gives one that nobody else knows (implicit rejection).
    pub fn decapsulate(&self, ciphertext: &KemCiphertext) -> Secret<32> {
        let ciphertext = MlKem768Ciphertext::from(&*ciphertext.0);
        let mut shared = mlkem768::decapsulate(&self.0.private.0, &ciphertext);
        let secret = Secret::new(shared);
        shared.zeroize();
        secret
    }

    pub fn seed(&self) -> Secret<64> {
        self.0.seed.clone()
    }
}

wipes_on_drop! { Expanded { secret: [seed, private], open: [public] } }
wipes_on_drop! { KemSecret { secret: [0], open: [] } }

impl fmt::Debug for KemSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KemSecret")
    }
}

impl Encode for KemSecret {
    fn size_hint(&self) -> usize {
        64
    }

    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        self.seed().encode_to(dest);
    }
}

impl Decode for KemSecret {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        Ok(Self::from_seed(&Secret::decode(input)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rng::rng;

    #[test]
    fn both_sides_get_the_same_secret() {
        let secret = KemSecret::generate(&mut rng(1));
        let (ciphertext, shared) = secret.public().encapsulate(&mut rng(2)).unwrap();
        assert_eq!(secret.decapsulate(&ciphertext), shared);
        let restored = KemSecret::decode(&mut &secret.encode()[..]).unwrap();
        assert_eq!(restored.decapsulate(&ciphertext), shared);
    }

    #[test]
    fn a_changed_ciphertext_gives_another_secret() {
        let secret = KemSecret::generate(&mut rng(1));
        let (mut ciphertext, shared) = secret.public().encapsulate(&mut rng(2)).unwrap();
        ciphertext.0[700] ^= 1;
        assert_ne!(secret.decapsulate(&ciphertext), shared);
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        assert_eq!(
            KemPublic::from([0xFF; KEM_PUBLIC])
                .encapsulate(&mut rng(1))
                .map(|_| ()),
            Err(Error::WeakKey { what: "ML-KEM key" })
        );
    }

    #[test]
    fn wiping_leaves_nothing_of_the_private_key() {
        let mut private = KemSecret::generate(&mut rng(1)).0.private.clone();
        assert!(private.0.as_slice().iter().any(|byte| *byte != 0));
        private.zeroize();
        assert!(private.0.as_slice().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_key_is_a_function_of_its_seed() {
        let secret = KemSecret::generate(&mut rng(1));
        let again = KemSecret::from_seed(&secret.seed());
        assert_eq!(secret.public(), again.public());
        assert_ne!(secret.public(), KemSecret::generate(&mut rng(2)).public());
    }
}
