//! The proof of work of registrations: Equihash, verified in microseconds, solved only with memory.
//!
//! Why this function, and its figures: `docs/decisions/0006-registration.md`. From A. Biryukov and
//! D. Khovratovich, "Equihash: Asymmetric Proof-of-Work Based on the Generalized Birthday Problem"
//! (NDSS 2016).
//!
//! # Specification
//!
//! For `n` bits and `k` levels let `c = n / (k + 1)`.
//!
//! 1. **Seed.** `seed = blake2_256(challenge ++ nonce)`, the nonce as 8 bytes, little-endian. The
//!    challenge binds chain, recent block and account ([`crate::accounts::work_challenge`]).
//! 2. **Leaf.** Leaf `i` (`i < 2^(c+1)`) is the first `n` bits of the half `i mod 2` of
//!    `blake2_256(seed ++ i / 2)`, the number as 4 bytes, little-endian. Bits count from the most
//!    significant.
//! 3. **Solution.** `2^k` different indices, as the leaves of a full binary tree. At height `h` the
//!    XOR of the leaves below a node starts with `h * c` zero bits; at the root all `n` bits are
//!    zero.
//! 4. **Order.** The first index below a left child is less than the first below its sibling: a set
//!    of indices that solves the puzzle does so in one order only.
//! 5. **Encoding.** Indices one after the other, `c + 1` bits each, most significant bit first; the
//!    rest of the last byte is zero.
//! 6. **Work.** `ticket = blake2_256(seed ++ solution)`, its first 8 bytes little-endian. The work
//!    shown is `(2^64 - 1) / max(ticket, 1)`; a solution meets difficulty `d` when it shows `d` or
//!    more, which one in `d` does.

mod solver;
pub mod vector;

#[cfg(test)]
mod tests;

pub use solver::{Proof, Solver};

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_crypto_hashing::blake2_256;

/// Longest solution of a puzzle, in bytes.
pub const MAX_SOLUTION: u32 = 128;

/// Shape of the puzzle: among `2^(n/(k+1) + 1)` hashes of `n` bits find `2^k` whose XOR is zero,
/// colliding in `n/(k+1)` bits at each level of a binary tree.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Puzzle {
    /// `n`.
    pub bits: u8,
    /// `k`.
    pub levels: u8,
}

/// The puzzle of the public chains: 2^21 hashes of 120 bits, 32 of which make a solution of 84
/// bytes.
pub const PUBLIC: Puzzle = Puzzle {
    bits: 120,
    levels: 5,
};

/// Why a proof is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The puzzle's shape is out of range.
    Shape,
    /// The solution is of another length, or its padding is not zero.
    Encoding,
    /// A node of the tree does not collide.
    Collision,
    /// Siblings stand in the wrong order.
    Order,
    /// An index occurs twice.
    Repetition,
}

/// The sizes that follow from a puzzle's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    bits: u32,
    levels: u32,
    step: u32,
}

impl Shape {
    /// The sizes, or nothing for shapes that this module does not serve: hashes of at most 128 bits
    /// in equal steps of 4 to 20 bits, at two to five levels.
    pub fn new(puzzle: Puzzle) -> Option<Self> {
        let (bits, levels) = (u32::from(puzzle.bits), u32::from(puzzle.levels));
        let parts = levels.checked_add(1)?;
        let step = bits.checked_div(parts)?;
        let whole = step.checked_mul(parts) == Some(bits);
        (bits <= 128 && (2..=5).contains(&levels) && (4..=20).contains(&step) && whole)
            .then_some(Self { bits, levels, step })
    }

    /// Levels of the tree.
    pub const fn levels(self) -> u32 {
        self.levels
    }

    /// Bits that collide at each level.
    pub const fn step(self) -> u32 {
        self.step
    }

    /// Number of leaves to choose from.
    pub const fn leaves(self) -> u32 {
        1 << (self.step + 1)
    }

    /// Number of indices in a solution.
    pub const fn indices(self) -> usize {
        1 << self.levels
    }

    /// Bytes of a solution.
    pub const fn solution_len(self) -> usize {
        (self.indices() * (self.step as usize + 1)).div_ceil(8)
    }

    /// Zeroes behind the hash in a word of 128 bits.
    const fn mask(self) -> u128 {
        u128::MAX << (128 - self.bits)
    }
}

/// The seed of an attempt.
pub fn seed(challenge: &[u8; 32], nonce: u64) -> [u8; 32] {
    let mut input = [0; 40];
    input[..32].copy_from_slice(challenge);
    input[32..].copy_from_slice(&nonce.to_le_bytes());
    blake2_256(&input)
}

/// The work that a proof shows.
///
/// Costs a bad proof two hashes in nearly all cases, a good one `2^k + 1`.
///
/// # Errors
/// What is wrong with it.
pub fn work(
    puzzle: Puzzle,
    challenge: &[u8; 32],
    nonce: u64,
    solution: &[u8],
) -> Result<u64, Flaw> {
    let shape = Shape::new(puzzle).ok_or(Flaw::Shape)?;
    let mut indices = unpack(shape, solution).ok_or(Flaw::Encoding)?;
    let seed = seed(challenge, nonce);
    if fold(shape, &seed, &indices)? != 0 {
        return Err(Flaw::Collision);
    }
    indices.sort_unstable();
    if indices.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Flaw::Repetition);
    }
    Ok(work_of(&seed, solution))
}

/// The work that a solution shows by its ticket alone.
fn work_of(seed: &[u8; 32], solution: &[u8]) -> u64 {
    let mut input = Vec::with_capacity(solution.len().saturating_add(32));
    input.extend(seed);
    input.extend(solution);
    let hash = blake2_256(&input);
    let mut ticket = [0; 8];
    ticket.copy_from_slice(&hash[..8]);
    u64::MAX / u64::from_le_bytes(ticket).max(1)
}

/// Both leaves of a hash, at the upper end of their words.
fn leaves(shape: Shape, seed: &[u8; 32], pair: u32) -> [u128; 2] {
    let mut input = [0; 36];
    input[..32].copy_from_slice(seed);
    input[32..].copy_from_slice(&pair.to_le_bytes());
    let hash = blake2_256(&input);
    let mut halves = [[0; 16]; 2];
    halves[0].copy_from_slice(&hash[..16]);
    halves[1].copy_from_slice(&hash[16..]);
    halves.map(|half| u128::from_be_bytes(half) & shape.mask())
}

/// XOR of the leaves below a node without the bits that collided, left child first: recursion is as
/// deep as the tree, at most five levels.
fn fold(shape: Shape, seed: &[u8; 32], indices: &[u32]) -> Result<u128, Flaw> {
    if let [index] = indices {
        return Ok(leaves(shape, seed, index >> 1)[(index & 1) as usize]);
    }
    let (left, right) = indices.split_at(indices.len() / 2);
    if left.first() >= right.first() {
        return Err(Flaw::Order);
    }
    let node = fold(shape, seed, left)? ^ fold(shape, seed, right)?;
    if node >> (128 - shape.step) != 0 {
        return Err(Flaw::Collision);
    }
    Ok(node << shape.step)
}

/// Indices of an encoded solution.
fn unpack(shape: Shape, solution: &[u8]) -> Option<Vec<u32>> {
    if solution.len() != shape.solution_len() {
        return None;
    }
    let width = shape.step + 1;
    let mut indices = Vec::with_capacity(shape.indices());
    let (mut word, mut filled) = (0u64, 0);
    for byte in solution {
        word = (word << 8) | u64::from(*byte);
        filled += 8;
        while filled >= width && indices.len() < shape.indices() {
            filled -= width;
            indices.push(((word >> filled) as u32) & ((1 << width) - 1));
        }
        word &= (1 << filled) - 1;
    }
    (word == 0).then_some(indices)
}

/// Encodes indices.
fn pack(shape: Shape, indices: &[u32]) -> Vec<u8> {
    let width = shape.step + 1;
    let mut bytes = Vec::with_capacity(shape.solution_len());
    let (mut word, mut filled) = (0u64, 0);
    for index in indices {
        word = (word << width) | u64::from(*index);
        filled += width;
        while filled >= 8 {
            filled -= 8;
            bytes.push((word >> filled) as u8);
        }
        word &= (1 << filled) - 1;
    }
    if filled > 0 {
        bytes.push((word << (8 - filled)) as u8);
    }
    bytes
}
