//! SCALE with bounds: every length is checked before anything is allocated for it.

use alloc::{vec, vec::Vec};
use codec::{Compact, Decode, Encode, Error as CodecError, Input, Output};
use core::fmt;

/// More than a bound allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{length} bytes or items, the limit is {limit}: send it in parts")]
pub struct TooLong {
    /// How many there are.
    pub length: usize,
    /// How many there may be.
    pub limit: usize,
}

/// At most `MAX` bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bounded<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bounded<MAX> {
    /// Takes `bytes` if they fit.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, TooLong> {
        let bytes = bytes.into();
        if bytes.len() > MAX {
            return Err(TooLong {
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

/// The length only: contents are long, and no log has a use for them.
impl<const MAX: usize> fmt::Debug for Bounded<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
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
        if input.remaining_len()?.is_some_and(|left| left < length) {
            return Err("bytes end early".into());
        }
        let mut bytes = vec![0; length];
        input.read(&mut bytes)?;
        Ok(Self(bytes))
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
    pub fn new(items: Vec<T>) -> Result<Self, TooLong> {
        if items.len() > MAX {
            return Err(TooLong {
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

    /// The items, owned.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T: Encode, const MAX: usize> Encode for List<T, MAX> {
    fn size_hint(&self) -> usize {
        self.0.size_hint()
    }

    fn encode_to<O: Output + ?Sized>(&self, dest: &mut O) {
        self.0.encode_to(dest);
    }
}

impl<T: Decode, const MAX: usize> Decode for List<T, MAX> {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let length = read_length(input, MAX)?;
        // An item takes a byte at least, so a length that is not there allocates nothing.
        if input.remaining_len()?.is_some_and(|left| left < length) {
            return Err("a list ends early".into());
        }
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(T::decode(input)?);
        }
        Ok(Self(items))
    }
}

fn read_length<I: Input>(input: &mut I, max: usize) -> Result<usize, CodecError> {
    let length = usize::try_from(Compact::<u32>::decode(input)?.0)
        .map_err(|_| CodecError::from("length"))?;
    if length > max {
        return Err("longer than its bound".into());
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_bound_is_refused() {
        let bytes = Bounded::<100>::new(vec![1; 100]).unwrap().encode();
        assert!(Bounded::<100>::decode(&mut &bytes[..]).is_ok());
        assert!(Bounded::<99>::decode(&mut &bytes[..]).is_err());
        let items = List::<u8, 3>::new(vec![1, 2, 3]).unwrap().encode();
        assert!(List::<u8, 3>::decode(&mut &items[..]).is_ok());
        assert!(List::<u8, 2>::decode(&mut &items[..]).is_err());
        assert_eq!(
            Bounded::<2>::new(vec![0; 3]),
            Err(TooLong {
                length: 3,
                limit: 2
            })
        );
    }

    #[test]
    fn a_length_that_is_not_there_is_refused() {
        let mut bytes = Compact(1_000_000u32).encode();
        bytes.push(0);
        assert!(Bounded::<2_000_000>::decode(&mut &bytes[..]).is_err());
        assert!(List::<u64, 2_000_000>::decode(&mut &bytes[..]).is_err());
    }
}
