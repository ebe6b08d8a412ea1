//! SCALE with bounds: every length is checked before anything is allocated for it.

use crate::{Error, limits::VERSION};
use alloc::{string::String, vec, vec::Vec};
use codec::{Compact, Decode, Encode, Error as CodecError, Input, Output};

/// At most `MAX` bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounded<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bounded<MAX> {
    /// Takes `bytes` if they fit. `what` names them in the error.
    pub fn new(bytes: Vec<u8>, what: &'static str) -> Result<Self, Error> {
        if bytes.len() > MAX {
            return Err(Error::TooLong {
                what,
                length: bytes.len(),
                limit: MAX,
            });
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, owned.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> Encode for Bounded<MAX> {
    fn size_hint(&self) -> usize {
        self.0.len().saturating_add(4)
    }

    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        self.0.encode_to(dest);
    }
}

impl<const MAX: usize> Decode for Bounded<MAX> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let length = read_length(input, MAX)?;
        let mut bytes = vec![0; length];
        input.read(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// At most `MAX` bytes of UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Takes `text` if it fits.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if text.len() > MAX {
            return Err(Error::TooLong {
                what: "text",
                length: text.len(),
                limit: MAX,
            });
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Encode for Text<MAX> {
    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        self.0.as_bytes().encode_to(dest);
    }
}

impl<const MAX: usize> Decode for Text<MAX> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let bytes = Bounded::<MAX>::decode(input)?.into_vec();
        String::from_utf8(bytes)
            .map(Self)
            .map_err(|_| CodecError::from("text is not UTF-8"))
    }
}

/// At most `MAX` items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> List<T, MAX> {
    /// Takes `items` if they are few enough.
    pub fn new(items: Vec<T>, what: &'static str) -> Result<Self, Error> {
        if items.len() > MAX {
            return Err(Error::TooLong {
                what,
                length: items.len(),
                limit: MAX,
            });
        }
        Ok(Self(items))
    }

    /// The items.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }
}

impl<T: Encode, const MAX: usize> Encode for List<T, MAX> {
    fn encode_to<O: Output + ?Sized>(&self, dest: &mut O) {
        self.0.encode_to(dest);
    }
}

impl<T: Decode, const MAX: usize> Decode for List<T, MAX> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        decode_list(input, MAX).map(Self)
    }
}

/// Reads a list of at most `max` items.
pub fn decode_list<T: Decode, I: Input>(input: &mut I, max: usize) -> Result<Vec<T>, CodecError> {
    let length: u32 = Compact::<u32>::decode(input)?.0;
    let length = usize::try_from(length).map_err(|_| CodecError::from("length"))?;
    if length > max {
        return Err("a list is longer than its bound".into());
    }
    let mut items = Vec::with_capacity(length);
    for _ in 0..length {
        items.push(T::decode(input)?);
    }
    Ok(items)
}

/// Decodes a `T` that takes up all of `bytes`.
pub fn decode_exact<T: Decode>(mut bytes: &[u8], what: &'static str) -> Result<T, Error> {
    let value = T::decode(&mut bytes).map_err(|_| Error::Malformed { what })?;
    if bytes.is_empty() {
        Ok(value)
    } else {
        Err(Error::Malformed { what })
    }
}

/// Decodes a version byte and a `T` after it that takes up the rest of `bytes`.
pub fn decode_versioned<T: Decode>(bytes: &[u8], what: &'static str) -> Result<T, Error> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => decode_exact(rest, what),
        Some((&found, _)) => Err(Error::UnsupportedVersion {
            what,
            found: u16::from(found),
            supported: u16::from(VERSION),
        }),
        None => Err(Error::Malformed { what }),
    }
}

/// The version byte and the encoding of `value`.
pub fn encode_versioned<T: Encode>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.size_hint().saturating_add(1));
    bytes.push(VERSION);
    value.encode_to(&mut bytes);
    bytes
}

fn read_length<I: Input>(input: &mut I, max: usize) -> Result<usize, CodecError> {
    let length = usize::try_from(Compact::<u32>::decode(input)?.0)
        .map_err(|_| CodecError::from("length"))?;
    if length > max {
        return Err("bytes are longer than their bound".into());
    }
    if input.remaining_len()?.is_some_and(|left| left < length) {
        return Err("bytes end early".into());
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_bound_is_refused_before_anything_is_read() {
        let bytes = Bounded::<100>::new(vec![1; 100], "test").unwrap().encode();
        assert!(decode_exact::<Bounded<100>>(&bytes, "test").is_ok());
        assert!(decode_exact::<Bounded<99>>(&bytes, "test").is_err());
    }

    #[test]
    fn a_length_that_is_not_there_is_refused() {
        let mut bytes = Compact(1_000_000u32).encode();
        bytes.push(0);
        assert!(decode_exact::<Bounded<2_000_000>>(&bytes, "test").is_err());
        assert!(decode_exact::<List<u64, 2_000_000>>(&bytes, "test").is_err());
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        assert_eq!(
            decode_exact::<u8>(&[1, 2], "byte"),
            Err(Error::Malformed { what: "byte" })
        );
    }

    #[test]
    fn another_version_says_so() {
        assert_eq!(
            decode_versioned::<u8>(&[9, 1], "byte"),
            Err(Error::UnsupportedVersion {
                what: "byte",
                found: 9,
                supported: 1
            })
        );
    }

    #[test]
    fn text_must_be_utf8() {
        assert!(decode_exact::<Text<10>>(&[8, 0xFF, 0xFE], "text").is_err());
        assert!(decode_exact::<Text<10>>(&[8, b'a', b'b'], "text").is_ok());
    }
}
