//! Verification of storage proofs (L3), pure, and of a block's body.

use parlance_primitives::Hash;
use sp_core::Blake2Hasher;
use sp_trie::{
    EMPTY_PREFIX, HashDBT as _, LayoutV0, LayoutV1, MemoryDB, StorageProof, TrieConfiguration,
    read_trie_value,
};

/// Most bytes of a proof. A proof of a few values in a state of millions takes some 10 KiB; the events of
/// a full block are the longest value that is ever proven.
pub const MAX_PROOF: usize = 4 << 20;

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Beyond [`MAX_PROOF`].
    #[error("the proof has {length} bytes, the limit is {MAX_PROOF}")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// It does not lead from the root to the key: changed, incomplete, or for another state.
    #[error("the proof does not lead from the state root to the value")]
    Incomplete,
}

/// The part of a state that a proof shows.
pub struct ProvenState {
    nodes: MemoryDB<Blake2Hasher>,
    root: Hash,
}

impl ProvenState {
    /// From the nodes of a proof and the state root of a header.
    pub fn new(root: Hash, nodes: Vec<Vec<u8>>) -> Result<Self, ProofError> {
        let length = nodes.iter().map(Vec::len).sum();
        if length > MAX_PROOF {
            return Err(ProofError::TooLong { length });
        }
        let nodes: MemoryDB<Blake2Hasher> = StorageProof::new(nodes).into_memory_db();
        if !nodes.contains(&root, EMPTY_PREFIX) {
            return Err(ProofError::Incomplete);
        }
        Ok(Self { nodes, root })
    }

    /// The value of a key, or that it has none. Either is proven.
    pub fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ProofError> {
        read_trie_value::<LayoutV1<Blake2Hasher>, _>(&self.nodes, &self.root, key, None, None)
            .map_err(|_| ProofError::Incomplete)
    }
}

/// Root of a block's transactions, as its header states it.
pub fn extrinsics_root(extrinsics: Vec<Vec<u8>>) -> Hash {
    LayoutV0::<Blake2Hasher>::ordered_trie_root(extrinsics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::testing::State;

    fn state() -> State {
        State::new((0..200_u32).map(|n| (n.to_le_bytes().to_vec(), vec![n as u8; 40])))
    }

    #[test]
    fn presence_and_absence_are_proven() {
        let state = state();
        let (there, absent) = (7_u32.to_le_bytes(), 1_000_u32.to_le_bytes());
        let proof = ProvenState::new(state.root(), state.prove(&[&there, &absent])).unwrap();
        assert_eq!(proof.value(&there), Ok(Some(vec![7; 40])));
        assert_eq!(proof.value(&absent), Ok(None));
    }

    #[test]
    fn what_the_proof_does_not_reach_is_not_absent() {
        let state = state();
        let proof = ProvenState::new(state.root(), state.prove(&[&7_u32.to_le_bytes()])).unwrap();
        assert_eq!(
            proof.value(&170_u32.to_le_bytes()),
            Err(ProofError::Incomplete)
        );
    }

    #[test]
    fn every_changed_bit_and_every_missing_node_is_noticed() {
        let state = state();
        let key = 99_u32.to_le_bytes();
        let nodes = state.prove(&[&key]);
        for (place, node) in nodes.iter().enumerate() {
            let mut fewer = nodes.clone();
            fewer.remove(place);
            assert!(read(state.root(), fewer, &key).is_err(), "without {place}");
            for byte in 0..node.len() {
                let mut changed = nodes.clone();
                changed[place][byte] ^= 1;
                assert!(
                    read(state.root(), changed, &key).is_err(),
                    "node {place}, byte {byte}"
                );
            }
        }
    }

    #[test]
    fn a_proof_for_another_state_is_none() {
        let (state, other) = (state(), State::new([(vec![1], vec![2])]));
        assert_eq!(
            read(other.root(), state.prove(&[&[1]]), &[1]),
            Err(ProofError::Incomplete)
        );
    }

    #[test]
    fn a_proof_without_end_is_refused_unread() {
        let length = MAX_PROOF + 1;
        assert_eq!(
            read(Hash::zero(), vec![vec![0; length]], &[1]),
            Err(ProofError::TooLong { length })
        );
    }

    fn read(root: Hash, nodes: Vec<Vec<u8>>, key: &[u8]) -> Result<Option<Vec<u8>>, ProofError> {
        ProvenState::new(root, nodes)?.value(key)
    }
}
