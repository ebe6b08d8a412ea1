//! Hashes that were made before.
//!
//! The functions are pure, so that a remembered value is the value. FRAME hashes few things many times: the names of
//! pallets and of their storage, and the accounts that a transaction touches.

/// Number of places, a power of two.
const PLACES: usize = 64;
/// Longest input that is remembered, in bytes. Names are shorter, accounts have 32.
const LONGEST: usize = 32;

#[derive(Clone, Copy)]
struct Place {
    /// Length of the input; larger than any when the place is free.
    length: usize,
    input: [u8; LONGEST],
    hash: [u8; 16],
}

/// Remembers hashes of 128 bits.
pub struct Memo([Place; PLACES]);

impl Memo {
    /// Remembers nothing.
    pub const fn new() -> Self {
        Self(
            [Place {
                length: usize::MAX,
                input: [0; LONGEST],
                hash: [0; 16],
            }; PLACES],
        )
    }

    /// `function(input)`, by memory where it is remembered.
    pub fn hash(&mut self, input: &[u8], function: impl FnOnce(&[u8]) -> [u8; 16]) -> [u8; 16] {
        if input.len() > LONGEST {
            return function(input);
        }
        let place = &mut self.0[place_of(input)];
        if place.length != input.len() || place.input[..input.len()] != *input {
            place.hash = function(input);
            place.length = input.len();
            place.input[..input.len()].copy_from_slice(input);
        }
        place.hash
    }
}

impl Default for Memo {
    fn default() -> Self {
        Self::new()
    }
}

/// By the ends of the input, in which names and accounts differ.
fn place_of(input: &[u8]) -> usize {
    let end = |bytes: &mut dyn Iterator<Item = &u8>| {
        bytes
            .take(8)
            .fold(0u64, |word, byte| word << 8 | u64::from(*byte))
    };
    let ends = end(&mut input.iter()) ^ end(&mut input.iter().rev()).rotate_left(13);
    let mixed = (ends ^ input.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize % PLACES
}
