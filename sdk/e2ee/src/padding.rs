//! Size classes: how long something is allowed to look.
//!
//! - **Z1** The classes are 512 bytes, 1 KiB, and from there on each power of two and one and a half times
//!   it, up to 64 KiB: fourteen sizes. Whoever sees a length learns four bits at most.
//! - **Z2** Padding stands inside the encryption: length (4 bytes, little-endian), content, zeros up to the
//!   class. Everything is authenticated before it is looked at, so a wrong length is a wrong sender, and
//!   a reader refuses lengths beyond the content and padding that is not zero.

use crate::{Error, limits::MAX_SEALED};
use alloc::vec::Vec;

/// The sizes, smallest first (Z1).
pub const SIZES: [usize; 14] = [
    512, 1_024, 1_536, 2_048, 3_072, 4_096, 6_144, 8_192, 12_288, 16_384, 24_576, 32_768, 49_152,
    MAX_SEALED,
];

const LENGTH: usize = 4;

/// The smallest size that holds `length` bytes.
pub fn class_for(length: usize) -> Option<usize> {
    SIZES.into_iter().find(|size| *size >= length)
}

/// Pads `content` to `size` bytes (Z2).
pub fn pad(content: &[u8], size: usize) -> Result<Vec<u8>, Error> {
    let limit = size.saturating_sub(LENGTH);
    let length = u32::try_from(content.len())
        .ok()
        .filter(|_| content.len() <= limit);
    let Some(length) = length else {
        return Err(Error::TooLong {
            what: "padded content",
            length: content.len(),
            limit,
        });
    };
    let mut padded = Vec::with_capacity(size);
    padded.extend_from_slice(&length.to_le_bytes());
    padded.extend_from_slice(content);
    padded.resize(size, 0);
    Ok(padded)
}

/// The content of padded bytes.
pub fn unpad(padded: &[u8]) -> Result<&[u8], Error> {
    let malformed = Error::Malformed { what: "padding" };
    let (length, rest) = padded.split_first_chunk::<LENGTH>().ok_or(malformed)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| malformed)?;
    let (content, zeros) = rest.split_at_checked(length).ok_or(malformed)?;
    if zeros.iter().fold(0, |all, byte| all | byte) != 0 {
        return Err(malformed);
    }
    Ok(content)
}

/// What padding takes beyond the content.
pub const fn overhead() -> usize {
    LENGTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn content_of_every_length_comes_back() {
        for length in 0..=508 {
            let content = vec![0xAB; length];
            let padded = pad(&content, 512).unwrap();
            assert_eq!(padded.len(), 512);
            assert_eq!(unpad(&padded).unwrap(), content);
        }
        assert!(pad(&[0; 509], 512).is_err());
    }

    #[test]
    fn a_wrong_length_or_padding_is_refused() {
        let mut padded = pad(b"content", 512).unwrap();
        padded[511] = 1;
        assert!(unpad(&padded).is_err());
        assert!(unpad(&[255, 255, 255, 255, 0]).is_err());
        assert!(unpad(&[1, 0, 0]).is_err());
    }

    #[test]
    fn sizes_rise_and_the_class_is_the_smallest_that_fits() {
        assert!(SIZES.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(class_for(0), Some(512));
        assert_eq!(class_for(512), Some(512));
        assert_eq!(class_for(513), Some(1_024));
        assert_eq!(class_for(MAX_SEALED + 1), None);
    }
}
