//! ML-KEM-768 (FIPS 203) keys and ciphertexts. The only file that knows the crate behind it.

use crate::{
    Error,
    limits::{KEM_CIPHERTEXT, KEM_PUBLIC},
    secret::Secret,
};
use alloc::boxed::Box;
use codec::{Decode, Encode, Error as CodecError, Input, Output};
use core::fmt;
use ml_kem::{Decapsulate, DecapsulationKey768, EncapsulationKey768, KeyExport};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

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
        let key = EncapsulationKey768::new((&*self.0).into())
            .map_err(|_| Error::WeakKey { what: "ML-KEM key" })?;
        let mut seed = Secret::<32>::random(rng);
        let (ciphertext, mut shared) = key.encapsulate_deterministic(seed.bytes().into());
        seed.zeroize();
        let secret = Secret::new(shared.into());
        shared.as_mut_slice().zeroize();
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
pub struct KemSecret(Box<DecapsulationKey768>);

impl KemSecret {
    /// Draws 64 bytes.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_seed(&Secret::random(rng))
    }

    pub fn from_seed(seed: &Secret<64>) -> Self {
        Self(Box::new(DecapsulationKey768::from_seed(
            (*seed.bytes()).into(),
        )))
    }

    pub fn public(&self) -> KemPublic {
        KemPublic(Box::new(self.0.encapsulation_key().to_bytes().into()))
    }

    /// The shared secret. A forged ciphertext gives one that nobody else knows (implicit rejection).
    pub fn decapsulate(&self, ciphertext: &KemCiphertext) -> Secret<32> {
        let mut shared = self.0.decapsulate((&*ciphertext.0).into());
        let secret = Secret::new(shared.into());
        shared.as_mut_slice().zeroize();
        secret
    }

    pub fn seed(&self) -> Secret<64> {
        let mut seed = self
            .0
            .to_seed()
            .expect("every key here is made from a seed");
        let secret = Secret::new(seed.into());
        seed.as_mut_slice().zeroize();
        secret
    }
}

impl ZeroizeOnDrop for KemSecret {}

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
    fn a_key_is_a_function_of_its_seed() {
        let secret = KemSecret::generate(&mut rng(1));
        let again = KemSecret::from_seed(&secret.seed());
        assert_eq!(secret.public(), again.public());
        assert_ne!(secret.public(), KemSecret::generate(&mut rng(2)).public());
    }
}
