//! Tables and keys, and what of them stands in the file.
//!
//! - **K1** A key is a list of parts; each is bytes or a number. A *prefix* is a key whose parts are the
//!   first parts of others.
//! - **K2** In the file a key is: 16 bytes for the table; then per part a byte 1 and 16 bytes for bytes, or
//!   a byte 2 and the number (8 bytes, big-endian).
//! - **K3** The 16 bytes for bytes are HMAC-SHA-256 under the store's key for keys, cut, of a label, the
//!   table's name, and the encoding of all parts up to and including this one. So equal parts look equal
//!   only behind equal prefixes in one table, and a prefix is a prefix in the file too. 128 bits make a
//!   collision improbable; a row carries its key inside, so that one would be noticed.
//! - **K4** The order of byte parts in the file is that of their HMACs: any, but fixed until a renewal. Numbers
//!   keep their order and *stand readable*: use them for what counts up within a prefix (the n-th message of a
//!   conversation), which tells no more than the number of rows, and never for times or identifiers.

use crate::{
    Error,
    error::damaged,
    header::MasterKey,
    limits::{MAX_PART, MAX_PARTS, MAX_TABLE_NAME},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A table's name. Tables need no declaration; an empty one does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table(&'static str);

impl Table {
    /// What the store itself keeps; no other table has an empty name.
    pub(crate) const RESERVED: Self = Self("");

    /// A table of that name, at most [`MAX_TABLE_NAME`] bytes. Names are part of the format of whoever uses
    /// the store: a renamed table is another table.
    ///
    /// # Panics
    ///
    /// If the name is empty or too long; in a constant that is an error of the compiler.
    pub const fn new(name: &'static str) -> Self {
        assert!(
            !name.is_empty() && name.len() <= MAX_TABLE_NAME,
            "the table's name is empty or too long"
        );
        Self(name)
    }
}

/// A part of a key (K1).
#[derive(Clone, Debug, PartialEq, Eq, Zeroize)]
enum Part {
    Bytes(Vec<u8>),
    Number(u64),
}

/// A key, or a prefix of keys (K1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Key(Vec<Part>);

impl Key {
    /// The key without parts: the prefix of all keys of a table.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// A key of one part.
    pub fn of(part: impl AsRef<[u8]>) -> Self {
        Self::root().part(part)
    }

    /// This key with a part behind.
    #[must_use]
    pub fn part(mut self, part: impl AsRef<[u8]>) -> Self {
        self.0.push(Part::Bytes(part.as_ref().to_vec()));
        self
    }

    /// This key with a number behind: ordered, and readable in the file (K4).
    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.0.push(Part::Number(number));
        self
    }

    /// The bytes at that place, if bytes stand there.
    pub fn bytes_at(&self, place: usize) -> Option<&[u8]> {
        match self.0.get(place)? {
            Part::Bytes(bytes) => Some(bytes),
            Part::Number(_) => None,
        }
    }

    /// The number at that place, if one stands there.
    pub fn number_at(&self, place: usize) -> Option<u64> {
        match self.0.get(place)? {
            Part::Bytes(_) => None,
            Part::Number(number) => Some(*number),
        }
    }

    /// The number of parts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is the [`root`](Self::root).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `prefix`'s parts are its first.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// Unambiguous bytes: per part a kind, a length and the content.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        check(self.0.len(), MAX_PARTS, "a key")?;
        let mut bytes = Vec::with_capacity(self.0.iter().map(Part::encoded_len).sum());
        for part in &self.0 {
            part.encode_to(&mut bytes)?;
        }
        Ok(bytes)
    }

    pub(crate) fn decode(mut bytes: &[u8]) -> Result<Self, Error> {
        let wrong = || damaged("a key that is none");
        let mut key = Self::root();
        while let Some((kind, rest)) = bytes.split_first() {
            let (part, rest) = match kind {
                1 => {
                    let (length, rest) = rest.split_first_chunk().ok_or_else(wrong)?;
                    let length = usize::from(u16::from_le_bytes(*length));
                    let (part, rest) = rest.split_at_checked(length).ok_or_else(wrong)?;
                    (Part::Bytes(part.to_vec()), rest)
                }
                2 => {
                    let (number, rest) = rest.split_first_chunk().ok_or_else(wrong)?;
                    (Part::Number(u64::from_be_bytes(*number)), rest)
                }
                _ => return Err(wrong()),
            };
            key.0.push(part);
            bytes = rest;
        }
        Ok(key)
    }
}

impl Part {
    fn encoded_len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => 3 + bytes.len(),
            Self::Number(_) => 9,
        }
    }

    fn encode_to(&self, to: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Bytes(bytes) => {
                let length = check(bytes.len(), MAX_PART, "a part of a key")?;
                to.push(1);
                to.extend_from_slice(&length.to_le_bytes());
                to.extend_from_slice(bytes);
            }
            Self::Number(number) => {
                to.push(2);
                to.extend_from_slice(&number.to_be_bytes());
            }
        }
        Ok(())
    }
}

fn check(length: usize, limit: usize, what: &'static str) -> Result<u16, Error> {
    let too_long = Error::TooLong {
        what,
        length,
        limit,
    };
    match u16::try_from(length) {
        Ok(short) if length <= limit => Ok(short),
        _ => Err(too_long),
    }
}

/// Bytes that hide a table's name, or a part of a key.
pub(crate) const TAG: usize = 16;

/// Hides keys (K3). Wipes itself.
pub(crate) struct KeyHider(MasterKey);

impl KeyHider {
    pub(crate) fn new(key: MasterKey) -> Self {
        Self(key)
    }

    /// The key as it stands in the file (K2).
    pub(crate) fn hide(&self, table: Table, key: &Key) -> Result<Vec<u8>, Error> {
        let mut path = Vec::with_capacity(128);
        path.push(u8::try_from(table.0.len()).expect("Table::new bounds the name"));
        path.extend_from_slice(table.0.as_bytes());
        check(key.0.len(), MAX_PARTS, "a key")?;
        let mut hidden = Vec::with_capacity(TAG + key.0.len() * (1 + TAG));
        hidden.extend_from_slice(&self.tag(b"table", &path));
        for part in &key.0 {
            part.encode_to(&mut path)?;
            match part {
                Part::Bytes(_) => {
                    hidden.push(1);
                    hidden.extend_from_slice(&self.tag(b"part", &path));
                }
                Part::Number(number) => {
                    hidden.push(2);
                    hidden.extend_from_slice(&number.to_be_bytes());
                }
            }
        }
        path.zeroize();
        Ok(hidden)
    }

    fn tag(&self, label: &[u8], path: &[u8]) -> [u8; TAG] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice())
            .expect("HMAC takes keys of every length");
        mac.update(label);
        mac.update(&[0]);
        mac.update(path);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let (tag, _) = full.split_first_chunk().expect("32 bytes begin with 16");
        *tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: Table = Table::new("table");

    fn hide(table: Table, key: &Key) -> Vec<u8> {
        KeyHider::new([7; 32].into()).hide(table, key).unwrap()
    }

    fn any_key() -> impl Strategy<Value = Key> {
        let part = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40).prop_map(Part::Bytes),
            any::<u64>().prop_map(Part::Number),
        ];
        prop::collection::vec(part, 0..=MAX_PARTS).prop_map(Key)
    }

    proptest! {
        #[test]
        fn a_key_survives_its_encoding(key in any_key()) {
            prop_assert_eq!(Key::decode(&key.encode().unwrap()).unwrap(), key);
        }

        #[test]
        fn hidden_keys_begin_with_another_exactly_if_the_keys_do(a in any_key(), b in any_key()) {
            let hidden = hide(TABLE, &a).starts_with(&hide(TABLE, &b));
            prop_assert_eq!(hidden, a.starts_with(&b));
        }

        #[test]
        fn any_bytes_decode_or_are_damaged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(key) = Key::decode(&bytes) {
                // A key with too many or too long parts decodes, and is refused where it is used.
                if let Ok(encoded) = key.encode() {
                    prop_assert_eq!(encoded, bytes);
                }
            }
        }

        #[test]
        fn numbers_keep_their_order(a in any::<u64>(), b in any::<u64>()) {
            let place = |n| hide(TABLE, &Key::of("x").number(n));
            prop_assert_eq!(place(a).cmp(&place(b)), a.cmp(&b));
        }
    }

    #[test]
    fn equal_parts_look_different_in_other_places() {
        let tail = |table, key: &Key| hide(table, key)[hide(table, key).len() - TAG..].to_vec();
        let first = tail(TABLE, &Key::of("a").part("same"));
        assert_ne!(first, tail(TABLE, &Key::of("b").part("same")));
        assert_ne!(first, tail(Table::new("other"), &Key::of("a").part("same")));
        assert_ne!(first, tail(TABLE, &Key::of("same")));
        assert_eq!(first, tail(TABLE, &Key::of("a").part("same")));
    }

    #[test]
    fn long_keys_are_refused() {
        let hider = KeyHider::new([7; 32].into());
        let long = Key::of(vec![0; MAX_PART + 1]);
        assert!(matches!(
            hider.hide(TABLE, &long),
            Err(Error::TooLong { .. })
        ));
        let many = (0..=MAX_PARTS).fold(Key::root(), |key, n| key.number(n as u64));
        assert!(matches!(
            hider.hide(TABLE, &many),
            Err(Error::TooLong { .. })
        ));
    }
}
