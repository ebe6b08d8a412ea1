//! What a light client asks a node for: headers, each with the votes that make it final.
//!
//! The node's method `parlance_finality(start)` answers with an encoded [`FinalityProof`] that leads from
//! the final block `start` towards the newest final block: one [`Fragment`] for each block in which the
//! set of voters changed, then one for the newest block that the node can prove. Who knows the set that
//! votes after `start` checks the first fragment with it, takes the next set out of that header's digest,
//! and goes on. A proof that would be longer than [`MAX_PROOF`] stops early and is not complete: the
//! client asks again from the last header.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use sp_consensus_grandpa::GrandpaJustification;
use sp_runtime::{generic, traits::BlakeTwo256};

use crate::BlockNumber;

/// Header of a block of the main chain.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;

/// Bytes after which a proof stops, unless its first fragment alone is longer.
pub const MAX_PROOF: usize = 1 << 20;

/// A header and the votes for it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(Debug))]
pub struct Fragment {
    /// The header.
    pub header: Header,
    /// More than two thirds of the set that votes on this block.
    pub justification: GrandpaJustification<Header>,
}

/// The way from one final block to a later one.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cfg_attr(feature = "std", derive(Debug))]
pub struct FinalityProof {
    /// In ascending order of height.
    pub fragments: Vec<Fragment>,
    /// Whether the last fragment is the newest that the node has.
    pub complete: bool,
}

impl FinalityProof {
    /// Leaves out what lies beyond `limit` bytes. At least one fragment stays, so that the client gets on.
    pub fn shorten(&mut self, limit: usize) {
        let mut length = 0_usize;
        let mut within = |fragment: &Fragment| {
            length = length.saturating_add(fragment.encoded_size());
            length <= limit
        };
        let fitting = self
            .fragments
            .iter()
            .map_while(|one| within(one).then_some(()))
            .count();
        let kept = fitting.max(1);
        if kept < self.fragments.len() {
            self.fragments.truncate(kept);
            self.complete = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sp_consensus_grandpa::Commit;
    use sp_runtime::traits::Header as _;

    fn fragment(number: BlockNumber) -> Fragment {
        let header = Header::new(
            number,
            Default::default(),
            Default::default(),
            Default::default(),
            Default::default(),
        );
        let commit = Commit::<Header> {
            target_hash: header.hash(),
            target_number: number,
            precommits: Vec::new(),
        };
        let justification = GrandpaJustification {
            round: 1,
            commit,
            votes_ancestries: Vec::new(),
        };
        Fragment {
            header,
            justification,
        }
    }

    fn proof(count: BlockNumber) -> FinalityProof {
        FinalityProof {
            fragments: (1..=count).map(fragment).collect(),
            complete: true,
        }
    }

    #[test]
    fn a_short_proof_stays_whole() {
        let mut short = proof(3);
        short.shorten(MAX_PROOF);
        assert_eq!(short, proof(3));
    }

    #[test]
    fn a_long_proof_is_cut_and_says_so() {
        let mut long = proof(10);
        let size = fragment(1).encoded_size();
        long.shorten(4 * size);
        assert_eq!((long.fragments.len(), long.complete), (4, false));
        assert_eq!(long.fragments, proof(4).fragments);
    }

    #[test]
    fn one_fragment_always_stays() {
        let mut long = proof(2);
        long.shorten(1);
        assert_eq!((long.fragments.len(), long.complete), (1, false));
        let mut empty = proof(0);
        empty.shorten(1);
        assert!(empty.complete);
    }
}
