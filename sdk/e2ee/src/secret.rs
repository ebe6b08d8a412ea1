//! Key material that wipes itself, compares in constant time and never prints.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode, Error as CodecError, Input, Output};
use core::fmt;
use ed25519_dalek::SigningKey;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use x25519_dalek::StaticSecret;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What wipes every secret in it when it is dropped. Each type says so by [`wipes_on_drop`], which checks it.
pub trait Wipes {}

/// Compiles for what wipes itself.
pub const fn assert_wipes<T: Wipes>(_: &T) {}

impl<T: Wipes> Wipes for Option<T> {}
impl<T: Wipes> Wipes for Box<T> {}
impl<T: Wipes> Wipes for Vec<T> {}
impl<K, T: Wipes> Wipes for BTreeMap<K, T> {}
impl<const N: usize> Wipes for Secret<N> {}
impl Wipes for SigningKey {}
impl Wipes for StaticSecret {}

/// Of these the code that wipes is derived, or another crate's.
const _: () = {
    const fn says_so<T: ZeroizeOnDrop>() {}
    says_so::<Secret<32>>();
    says_so::<SigningKey>();
    says_so::<StaticSecret>();
};

/// Says that a type wipes its secrets, and has the compiler check it: every field is named, as a secret, which must
/// wipe itself, or as open to anybody. A field that is added to the type and not here does not compile.
macro_rules! wipes_on_drop {
    ($type:ident { secret: [$($secret:tt),+], open: [$($open:ident),*] }) => {
        impl zeroize::ZeroizeOnDrop for $type {}
        impl crate::secret::Wipes for $type {}
        const _: fn(&$type) = |whole| {
            let $type { $($secret: _,)+ $($open: _,)* } = whole;
            $(crate::secret::assert_wipes(&whole.$secret);)+
        };
    };
}
pub(crate) use wipes_on_drop;

/// `N` secret bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    pub fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    pub fn zero() -> Self {
        Self([0; N])
    }

    pub fn random<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut secret = Self::zero();
        rng.fill_bytes(&mut secret.0);
        secret
    }

    pub fn bytes(&self) -> &[u8; N] {
        &self.0
    }

    pub fn bytes_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }

    /// `M` bytes from `at` on; the callers' lengths are constants that fit.
    pub fn part<const M: usize>(&self, at: usize) -> Secret<M> {
        let mut part = Secret::<M>::zero();
        for (to, from) in part.0.iter_mut().zip(self.0.iter().skip(at)) {
            *to = *from;
        }
        part
    }
}

impl<const N: usize> ConstantTimeEq for Secret<N> {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.0.ct_eq(&other.0)
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>")
    }
}

impl<const N: usize> Encode for Secret<N> {
    fn size_hint(&self) -> usize {
        N
    }

    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        dest.write(&self.0);
    }
}

impl<const N: usize> Decode for Secret<N> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let mut secret = Self::zero();
        input.read(&mut secret.0)?;
        Ok(secret)
    }
}

/// Appends without leaving a copy behind: a vector that grows by itself frees its old memory unwiped.
pub fn push_wiping<T: Clone + Zeroize>(items: &mut Vec<T>, item: T) {
    if items.len() == items.capacity() {
        let mut larger = Vec::with_capacity(items.len().saturating_mul(2).max(8));
        larger.extend(items.iter().cloned());
        items.zeroize();
        *items = larger;
    }
    items.push(item);
}

/// Takes an item out without leaving a copy behind in the slot that becomes free.
pub fn remove_wiping<T: Clone + Zeroize>(items: &mut Vec<T>, index: usize) -> Option<T> {
    let item = items.get(index)?.clone();
    if let Some(rest) = items.get_mut(index..) {
        rest.rotate_left(1);
    }
    if let Some(last) = items.last_mut() {
        last.zeroize();
    }
    items.pop();
    Some(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", Secret::new([7u8; 32])), "Secret<32>");
    }

    #[test]
    fn zeroize_wipes_every_byte() {
        let mut secret = Secret::new([0xAA; 64]);
        secret.zeroize();
        assert_eq!(secret.bytes(), &[0; 64]);
    }

    #[test]
    fn a_part_is_the_bytes_from_there_on() {
        let mut bytes = [0u8; 96];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = index as u8;
        }
        let part = Secret::new(bytes).part::<32>(64);
        assert_eq!(part.bytes()[..], bytes[64..]);
    }

    #[test]
    fn growing_keeps_order_and_content() {
        let mut items: Vec<Secret<32>> = Vec::new();
        for index in 0..50u8 {
            push_wiping(&mut items, Secret::new([index; 32]));
        }
        assert!(
            items
                .iter()
                .enumerate()
                .all(|(i, s)| s.bytes()[0] as usize == i)
        );
        assert_eq!(remove_wiping(&mut items, 10), Some(Secret::new([10; 32])));
        assert_eq!(remove_wiping(&mut items, 49), None);
        let left: Vec<u8> = items.iter().map(|s| s.bytes()[0]).collect();
        assert_eq!(left, (0..50).filter(|i| *i != 10).collect::<Vec<u8>>());
    }
}
