//! Reading an opening against what was committed to.

use alloc::vec::Vec;
use codec::{Compact, Decode};

use super::{Leaf, MAX_BYTES, MAX_DEPTH, NodeHash, Root, tree::is_right};

/// Why bytes are no opening of a commitment. It says nothing about the leaves: another opening may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// They end too early, or a part of them does not decode.
    Truncated,
    /// A sum is more than what it is a part of.
    SumsDisagree,
    /// They go deeper than [`MAX_DEPTH`].
    TooDeep,
    /// They hash to something else than what was committed to.
    NotCommitted,
    /// The commitment counts nothing, or more than [`MAX_BYTES`], or a position lies beyond it.
    NoPosition,
    /// Bytes are left over.
    LeftOver,
}

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the opening ends too early or does not decode: send all of it",
            Self::SumsDisagree => "a half has a larger sum than the whole: build the tree anew",
            Self::TooDeep => "the opening is deeper than any tree: build the tree anew",
            Self::NotCommitted => "the opening is of another tree than the claim's",
            Self::NoPosition => "a position lies outside of the tree: draw the positions anew",
            Self::LeftOver => "bytes follow the opening: send nothing else",
        })
    }
}

impl core::error::Error for Malformed {}

/// A leaf that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<L> {
    /// The leaf.
    pub leaf: L,
    /// How many of the positions it covers; at least one.
    pub draws: u32,
    /// Bytes for which it stands in the tree.
    pub bytes: u64,
    /// Whether it stands where its account belongs.
    pub in_place: bool,
}

/// Reads the opening of `positions`, in ascending order, from the front of `bytes`. The leaves come in
/// the order of the tree and cover every position; each is as the relay committed to it, which does not
/// mean that it is true.
///
/// # Errors
/// When the bytes are no such opening.
pub fn verify<L: Leaf>(
    root: &Root,
    positions: &[u64],
    bytes: &mut &[u8],
) -> Result<Vec<Opened<L>>, Malformed> {
    let ends_inside = positions.last().is_some_and(|last| *last < root.bytes);
    if !ends_inside || root.bytes > MAX_BYTES || !positions.is_sorted() {
        return Err(Malformed::NoPosition);
    }
    let all = *bytes;
    let mut reader = Reader {
        bytes: all,
        opened: Vec::with_capacity(positions.len()),
    };
    let hash = reader.part(root.bytes, 0, positions, Way::default())?;
    if hash != root.hash {
        return Err(Malformed::NotCommitted);
    }
    *bytes = reader.bytes;
    Ok(reader.opened)
}

/// The turns from the root to a part.
#[derive(Clone, Copy, Default)]
struct Way {
    depth: u32,
    /// The turns, right is one, the first in the most significant bit.
    turns: u128,
}

impl Way {
    fn left(self) -> Result<Self, Malformed> {
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(Malformed::TooDeep);
        }
        Ok(Self { depth, ..self })
    }

    fn right(self) -> Result<Self, Malformed> {
        let turns = self.turns | (1u128 << 127).wrapping_shr(self.depth);
        Self { turns, ..self }.left()
    }

    fn leads_to(self, place: u128) -> bool {
        (0..self.depth).all(|depth| is_right(place, depth) == is_right(self.turns, depth))
    }
}

struct Reader<'a, L> {
    bytes: &'a [u8],
    opened: Vec<Opened<L>>,
}

impl<L: Leaf> Reader<'_, L> {
    fn read<Part: Decode>(&mut self) -> Result<Part, Malformed> {
        Part::decode(&mut self.bytes).map_err(|_| Malformed::Truncated)
    }

    /// The hash of a part that has `bytes`, the first of them at `base`.
    fn part(
        &mut self,
        bytes: u64,
        base: u64,
        positions: &[u64],
        way: Way,
    ) -> Result<NodeHash, Malformed> {
        if bytes == 0 {
            return Ok(NodeHash::EMPTY);
        }
        if positions.is_empty() {
            return self.read();
        }
        let Compact(mark) = self.read::<Compact<u64>>()?;
        let Some(left) = mark.checked_sub(1) else {
            return self.leaf(bytes, positions, way);
        };
        let right = bytes.checked_sub(left).ok_or(Malformed::SumsDisagree)?;
        let middle = base.saturating_add(left);
        let (in_left, in_right) =
            positions.split_at(positions.partition_point(|position| *position < middle));
        let halves = (
            Root {
                hash: self.part(left, base, in_left, way.left()?)?,
                bytes: left,
            },
            Root {
                hash: self.part(right, middle, in_right, way.right()?)?,
                bytes: right,
            },
        );
        Ok(NodeHash::of_halves(&halves.0, &halves.1))
    }

    fn leaf(&mut self, bytes: u64, positions: &[u64], way: Way) -> Result<NodeHash, Malformed> {
        let before = self.bytes;
        let leaf: L = self.read()?;
        // One encoding for one leaf: a second one would give its bytes a second hash.
        let taken = before.len().saturating_sub(self.bytes.len());
        if leaf.encoded_size() != taken {
            return Err(Malformed::Truncated);
        }
        let hash = leaf.hash();
        self.opened.push(Opened {
            draws: positions.len() as u32,
            bytes,
            in_place: way.leads_to(leaf.place()),
            leaf,
        });
        Ok(hash)
    }
}
