//! Merkle-sum trees by account, and their openings.

use alloc::vec::Vec;
use codec::{Compact, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::Range;
use scale_info::TypeInfo;
use sp_crypto_hashing::blake2_256;

use super::{DRAWS, Leaf, MAX_BYTES, MAX_DEPTH, Period, Seed};

/// Bytes of a hash in trees. Two trees of one root take 2^96 hashes to find, for a gain of one period's
/// pay of one relay; eight bytes less than a whole hash keep an opening within its bound.
pub const HASH: usize = 24;

/// Hash of a part of a tree.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct NodeHash(pub [u8; HASH]);

impl NodeHash {
    /// Hash of a part without an account.
    pub const EMPTY: Self = Self([0; HASH]);

    /// The first bytes of BLAKE2b-256.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; HASH];
        hash.copy_from_slice(&blake2_256(bytes)[..HASH]);
        Self(hash)
    }

    /// Hash of a part with two halves.
    pub(super) fn of_halves(left: &Root, right: &Root) -> Self {
        Self::of(&(b"parlance/relay-branch/1", left, right).encode())
    }
}

/// Hash and sum of a tree or of a part of one.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Root {
    /// Its hash.
    pub hash: NodeHash,
    /// Sum of the bytes that its leaves count.
    pub bytes: u64,
}

/// Which of a claim's trees.
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
pub enum Side {
    /// That of tickets.
    Tickets,
    /// That of receipts.
    Receipts,
}

/// The positions that a seed draws in a tree (R8), in ascending order; one may come twice. Position `i`
/// is the first 16 bytes, big-endian, of
/// `BLAKE2b-256("parlance/relay-challenge/1", seed, period, relay, side, root, i)`, modulo the sum.
pub fn positions<AccountId: Encode>(
    seed: &Seed,
    period: Period,
    relay: &AccountId,
    side: Side,
    root: &Root,
) -> [u64; DRAWS] {
    let mut drawn = [0; DRAWS];
    for (index, position) in (0u8..).zip(&mut drawn) {
        let hash = blake2_256(
            &(
                b"parlance/relay-challenge/1",
                seed,
                period,
                relay,
                side,
                root,
                index,
            )
                .encode(),
        );
        let number = super::sets::first_16(&hash);
        // A tree that counts nothing has no position; whoever checks refuses it before.
        *position = number.checked_rem(root.bytes.into()).unwrap_or(0) as u64;
    }
    drawn.sort_unstable();
    drawn
}

/// Whether a place is on the right at a depth.
pub(super) const fn is_right(place: u128, depth: u32) -> bool {
    place.rotate_left(depth.saturating_add(1)) & 1 == 1
}

/// Why leaves do not make a tree. The relay leaves one out and tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeError {
    /// The leaf at this index, in the order given, counts nothing.
    CountsNothing(usize),
    /// Two leaves have the same account, or accounts whose places agree in [`MAX_DEPTH`] bits: leave
    /// out the one at this index, in the order of places.
    TooClose(usize),
    /// The sum passes [`MAX_BYTES`].
    TooMuch,
}

impl core::fmt::Display for TreeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::CountsNothing(index) => {
                write!(f, "leaf {index} counts no byte: leave it out")
            }
            Self::TooClose(index) => write!(
                f,
                "the leaf at place {index} is of the account before it, or too close to it: leave one out"
            ),
            Self::TooMuch => write!(f, "the leaves count more than {MAX_BYTES} bytes"),
        }
    }
}

impl core::error::Error for TreeError {}

/// A tree as the relay keeps it (R6).
#[derive(Clone, Debug)]
pub struct Tree<L> {
    /// In the order of places.
    leaves: Vec<L>,
    places: Vec<u128>,
    /// Sum of the leaves before each, and of all.
    sums: Vec<u64>,
}

impl<L: Leaf> Tree<L> {
    /// The tree of these leaves, in any order.
    ///
    /// # Errors
    /// When they do not make one.
    pub fn new(leaves: Vec<L>) -> Result<Self, TreeError> {
        if let Some(index) = leaves.iter().position(|leaf| leaf.counted() == 0) {
            return Err(TreeError::CountsNothing(index));
        }
        let mut placed: Vec<_> = leaves
            .into_iter()
            .map(|leaf| (leaf.place(), leaf))
            .collect();
        placed.sort_by_key(|(place, _)| *place);
        let (places, leaves): (Vec<u128>, Vec<L>) = placed.into_iter().unzip();
        let too_close = |pair: &[u128]| (pair[0] ^ pair[1]).leading_zeros() >= MAX_DEPTH;
        if let Some(index) = places.windows(2).position(too_close) {
            return Err(TreeError::TooClose(index.saturating_add(1)));
        }
        let mut sums = Vec::with_capacity(leaves.len().saturating_add(1));
        let mut sum: u64 = 0;
        sums.push(sum);
        for leaf in &leaves {
            sum = sum
                .checked_add(leaf.counted())
                .filter(|sum| *sum <= MAX_BYTES)
                .ok_or(TreeError::TooMuch)?;
            sums.push(sum);
        }
        Ok(Self {
            leaves,
            places,
            sums,
        })
    }

    /// Its leaves in the order of their places.
    pub fn leaves(&self) -> &[L] {
        &self.leaves
    }

    /// What the relay commits to.
    pub fn root(&self) -> Root {
        self.part(0..self.leaves.len(), 0)
    }

    /// The opening of the leaves that cover `positions`, which are in ascending order and less than
    /// the sum; positions beyond it are passed over.
    pub fn open(&self, positions: &[u64]) -> Vec<u8> {
        let end = self.sum(&(0..self.leaves.len()));
        let inside = positions.partition_point(|position| *position < end);
        let mut out = Vec::new();
        if inside > 0 {
            self.write(0..self.leaves.len(), 0, &positions[..inside], &mut out);
        }
        out
    }

    fn sum(&self, range: &Range<usize>) -> u64 {
        self.sums[range.end].saturating_sub(self.sums[range.start])
    }

    /// The halves of a part at a depth.
    fn halves(&self, range: &Range<usize>, depth: u32) -> (Range<usize>, Range<usize>) {
        let left = self.places[range.clone()].partition_point(|place| !is_right(*place, depth));
        let middle = range.start.saturating_add(left);
        (range.start..middle, middle..range.end)
    }

    fn part(&self, range: Range<usize>, depth: u32) -> Root {
        let hash = match range.len() {
            0 => NodeHash::EMPTY,
            1 => self.leaves[range.start].hash(),
            _ => {
                let (left, right) = self.halves(&range, depth);
                let below = depth.saturating_add(1);
                NodeHash::of_halves(&self.part(left, below), &self.part(right, below))
            }
        };
        Root {
            hash,
            bytes: self.sum(&range),
        }
    }

    fn write(&self, range: Range<usize>, depth: u32, positions: &[u64], out: &mut Vec<u8>) {
        if range.len() == 1 {
            Compact(0u64).encode_to(out);
            self.leaves[range.start].encode_to(out);
            return;
        }
        let (left, right) = self.halves(&range, depth);
        Compact(self.sum(&left).saturating_add(1)).encode_to(out);
        let middle = self.sums[right.start];
        let (in_left, in_right) =
            positions.split_at(positions.partition_point(|position| *position < middle));
        for (half, inside) in [(left, in_left), (right, in_right)] {
            if half.is_empty() {
                continue;
            }
            let below = depth.saturating_add(1);
            if inside.is_empty() {
                self.part(half, below).hash.encode_to(out);
            } else {
                self.write(half, below, inside, out);
            }
        }
    }
}
