//! A small chain with voters whose keys the tests have.

use std::ops::Range;

use codec::Encode;
use parlance_primitives::{
    BlockNumber, Hash,
    light::{FinalityProof, Fragment, Header},
};
use sp_consensus_grandpa::{
    AuthorityId, AuthorityList, AuthorityPair, Commit, ConsensusLog, GRANDPA_ENGINE_ID,
    GrandpaJustification, Precommit, ScheduledChange, SetId, localized_payload,
};
use sp_core::{Blake2Hasher, Pair};
use sp_runtime::{Digest, generic::DigestItem, traits::Header as _};

use sp_trie::{
    LayoutV1, MemoryDB, Recorder, Trie as _, TrieDBBuilder, TrieDBMutBuilder, TrieMut as _,
};

use super::finality::Finalised;

const ROUND: u64 = 1;
/// Slot of the first block, 1,800,000,000 seconds after 1970.
pub const FIRST_SLOT: u64 = 900_000_000;

/// A set of voters.
#[derive(Clone)]
pub struct Voters(Vec<AuthorityPair>);

impl Voters {
    /// With keys from these seeds.
    pub fn new(seeds: Range<u8>) -> Self {
        Self(
            seeds
                .map(|seed| AuthorityPair::from_seed(&[seed; 32]))
                .collect(),
        )
    }

    /// Their public keys, each of weight one.
    pub fn list(&self) -> AuthorityList {
        let id = |pair: &AuthorityPair| AuthorityId::from(pair.public());
        self.0.iter().map(|pair| (id(pair), 1)).collect()
    }

    /// As a change to them.
    pub fn change(&self, delay: BlockNumber) -> ScheduledChange<BlockNumber> {
        ScheduledChange {
            next_authorities: self.list(),
            delay,
        }
    }
}

/// Headers from a genesis block on.
pub struct ChainOf {
    headers: Vec<Header>,
    first: AuthorityList,
}

impl ChainOf {
    /// Only its genesis block, with state that nobody reads.
    pub fn new(voters: &Voters) -> Self {
        Self::with_state(voters, Hash::zero())
    }

    /// Only its genesis block.
    pub fn with_state(voters: &Voters, state_root: Hash) -> Self {
        let genesis = Header::new(0, Hash::zero(), state_root, Hash::zero(), Digest::default());
        Self {
            headers: vec![genesis],
            first: voters.list(),
        }
    }

    /// What a client trusts at first.
    pub fn finalised(&self) -> Finalised {
        Finalised {
            header: self.headers[0].clone(),
            set_id: 0,
            authorities: self.first.clone(),
        }
    }

    /// The last header.
    pub fn tip(&self) -> &Header {
        &self.headers[self.headers.len() - 1]
    }

    /// So many blocks more.
    pub fn grow(&mut self, count: usize) {
        (0..count).for_each(|_| self.push(Hash::zero(), Hash::zero(), Digest::default()));
    }

    /// So many blocks more, unlike those of another chain.
    pub fn grow_from(&mut self, count: usize, mark: u8) {
        (0..count)
            .for_each(|_| self.push(Hash::zero(), Hash::repeat_byte(mark), Digest::default()));
    }

    /// A block with that state.
    pub fn grow_to(&mut self, state_root: Hash) {
        self.push(state_root, Hash::zero(), Digest::default());
    }

    /// A block that announces voters.
    pub fn announce(&mut self, voters: &Voters) {
        self.grow_with(ConsensusLog::ScheduledChange(voters.change(0)));
    }

    /// A block with a log entry of GRANDPA.
    pub fn grow_with(&mut self, log: ConsensusLog<BlockNumber>) {
        let item = DigestItem::Consensus(GRANDPA_ENGINE_ID, log.encode());
        self.push(Hash::zero(), Hash::zero(), Digest { logs: vec![item] });
    }

    /// Hash of the block at that height.
    pub fn hash_of(&self, height: usize) -> Hash {
        self.headers[height].hash()
    }

    /// Every block but the first has a slot, which tells its time.
    fn push(&mut self, state_root: Hash, extrinsics_root: Hash, mut digest: Digest) {
        let (number, parent) = (self.headers.len() as BlockNumber, self.tip().hash());
        let slot = FIRST_SLOT + u64::from(number);
        let item = DigestItem::PreRuntime(*b"aura", slot.encode());
        digest.logs.insert(0, item);
        let header = Header::new(number, extrinsics_root, state_root, parent, digest);
        self.headers.push(header);
    }

    /// Votes of the first `count` voters for the tip.
    pub fn proof(&self, voters: &Voters, set_id: SetId, count: usize) -> FinalityProof {
        let tip = *self.tip().number();
        self.proof_of(voters, set_id, tip, &vec![tip; count])
    }

    /// Proof for block `target`, with votes for the blocks of `votes`, one voter each.
    pub fn proof_of(
        &self,
        voters: &Voters,
        set_id: SetId,
        target: BlockNumber,
        votes: &[BlockNumber],
    ) -> FinalityProof {
        let vote = |(pair, number): (&AuthorityPair, &BlockNumber)| {
            let precommit = Precommit::<Header> {
                target_hash: self.headers[*number as usize].hash(),
                target_number: *number,
            };
            let message = finality_grandpa::Message::Precommit(precommit.clone());
            finality_grandpa::SignedPrecommit {
                precommit,
                signature: pair.sign(&localized_payload(ROUND, set_id, &message)),
                id: pair.public(),
            }
        };
        let highest = votes.iter().max().copied().unwrap_or(target);
        let header = self.headers[target as usize].clone();
        let commit = Commit::<Header> {
            target_hash: header.hash(),
            target_number: target,
            precommits: voters.0.iter().zip(votes).map(vote).collect(),
        };
        let above = target as usize + 1..highest as usize + 1;
        let justification = GrandpaJustification {
            round: ROUND,
            commit,
            votes_ancestries: self.headers[above].to_vec(),
        };
        FinalityProof {
            fragments: vec![Fragment {
                header,
                justification,
            }],
            complete: true,
        }
    }
}

/// A state that proofs can be taken from.
pub struct State {
    nodes: MemoryDB<Blake2Hasher>,
    root: Hash,
}

impl State {
    /// With these entries.
    pub fn new(entries: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Self {
        let (mut nodes, mut root) = (MemoryDB::default(), Hash::zero());
        {
            let mut trie =
                TrieDBMutBuilder::<LayoutV1<Blake2Hasher>>::new(&mut nodes, &mut root).build();
            for (key, value) in entries {
                trie.insert(&key, &value).unwrap();
            }
        }
        Self { nodes, root }
    }

    /// Its root.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// Nodes that prove the values of `keys`.
    pub fn prove(&self, keys: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut recorder = Recorder::<LayoutV1<Blake2Hasher>>::new();
        {
            let trie = TrieDBBuilder::<LayoutV1<Blake2Hasher>>::new(&self.nodes, &self.root)
                .with_recorder(&mut recorder)
                .build();
            for key in keys {
                trie.get(key).unwrap();
            }
        }
        recorder
            .drain()
            .into_iter()
            .map(|record| record.data)
            .collect()
    }
}
