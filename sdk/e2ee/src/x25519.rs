//! X25519 (RFC 7748) key pairs.

use crate::{
    Error,
    secret::{Secret, wipes_on_drop},
};
use codec::{Decode, Encode, Error as CodecError, Input, Output};
use core::fmt;
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};

/// A private key with its public key. The private key wipes itself.
#[derive(Clone)]
pub struct KeyPair {
    secret: StaticSecret,
    public: [u8; 32],
}

impl KeyPair {
    /// Draws 32 bytes.
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::from_secret(StaticSecret::random_from_rng(rng))
    }

    pub fn from_bytes(secret: &Secret<32>) -> Self {
        Self::from_secret(StaticSecret::from(*secret.bytes()))
    }

    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The shared secret with `their` key. Refused are keys of small order, which would make it known to
    /// everybody, and encodings other than the canonical one: X25519 reads several as the same key, and
    /// with them a first message could be played again under another handshake number.
    pub fn agree(&self, their: &[u8; 32], what: &'static str) -> Result<Secret<32>, Error> {
        if !is_canonical(their) {
            return Err(Error::WeakKey { what });
        }
        let shared = self.secret.diffie_hellman(&PublicKey::from(*their));
        if !shared.was_contributory() {
            return Err(Error::WeakKey { what });
        }
        Ok(Secret::new(shared.to_bytes()))
    }

    fn from_secret(secret: StaticSecret) -> Self {
        let public = PublicKey::from(&secret).to_bytes();
        Self { secret, public }
    }
}

/// Whether this is the encoding of a number below 2^255 - 19. Of public keys only: not constant in time.
fn is_canonical(public: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = public;
    match last {
        0x00..=0x7E => true,
        0x7F => *first < 0xED || middle.iter().any(|byte| *byte != 0xFF),
        _ => false,
    }
}

wipes_on_drop! { KeyPair { secret: [secret], open: [public] } }

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

impl Encode for KeyPair {
    fn size_hint(&self) -> usize {
        32
    }

    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        dest.write(self.secret.as_bytes());
    }
}

impl Decode for KeyPair {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        Ok(Self::from_bytes(&Secret::decode(input)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rng::rng;

    #[test]
    fn both_sides_agree() {
        let (a, b) = (
            KeyPair::generate(&mut rng(1)),
            KeyPair::generate(&mut rng(2)),
        );
        assert_eq!(
            a.agree(b.public(), "b").unwrap(),
            b.agree(a.public(), "a").unwrap()
        );
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        let pair = KeyPair::generate(&mut rng(1));
        let mut one = [0; 32];
        one[0] = 1;
        for weak in [[0; 32], one] {
            assert_eq!(
                pair.agree(&weak, "key"),
                Err(Error::WeakKey { what: "key" })
            );
        }
    }

    #[test]
    fn a_second_encoding_of_a_key_is_refused() {
        let (a, b) = (
            KeyPair::generate(&mut rng(1)),
            KeyPair::generate(&mut rng(2)),
        );
        let mut other = *b.public();
        other[31] |= 0x80;
        assert_eq!(a.agree(&other, "key"), Err(Error::WeakKey { what: "key" }));
        // 9 + p.
        let mut base = [0xFF; 32];
        (base[0], base[31]) = (0xED + 9, 0x7F);
        assert_eq!(a.agree(&base, "key"), Err(Error::WeakKey { what: "key" }));
        base[0] = 0xEC;
        assert!(is_canonical(&base));
    }

    #[test]
    fn a_pair_survives_its_encoding() {
        let pair = KeyPair::generate(&mut rng(1));
        let back = KeyPair::decode(&mut &pair.encode()[..]).unwrap();
        assert_eq!(back.public(), pair.public());
    }
}
