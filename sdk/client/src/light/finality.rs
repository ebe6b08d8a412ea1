//! Verification of finality (L2), pure: a set of voters and a proof in, the next set and header out.
//!
//! - **F1** Every vote of a justification is signed by a member of the set, for the set's number and the
//!   justification's round.
//! - **F2** The votes give the commit's target more than two thirds of the set's weight by GRANDPA's rules
//!   (`finality_grandpa::validate_commit`), along the ancestry that the justification brings with it.
//! - **F3** The commit's target is the header that the proof shows.
//! - **F4** Heights ascend. A fragment of the trusted header itself is passed over.
//! - **F5** A header whose digest announces a set without delay ends its own set's time: the announced set
//!   has the next number.

use std::collections::HashMap;

use codec::DecodeAll;
use finality_grandpa::{Chain, Error as GrandpaError, voter_set::VoterSet};
use parlance_primitives::{
    BlockNumber, Hash,
    light::{FinalityProof, Fragment, Header},
};
use sp_consensus_grandpa::{
    AuthorityId, AuthorityList, ConsensusLog, GRANDPA_ENGINE_ID, GrandpaJustification, SetId,
    check_message_signature,
};
use sp_runtime::{generic::DigestItem, traits::Header as _};

/// Longest encoded proof. A node stops at a quarter of it.
pub const MAX_PROOF: usize = 4 * parlance_primitives::light::MAX_PROOF;
/// Most voters in a set: the chain elects 101 at most.
pub const MAX_VOTERS: usize = 1_024;

/// Why a proof shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FinalityError {
    /// Not an encoded proof.
    #[error("these bytes are no proof of finality")]
    Malformed,
    /// The trusted set cannot vote.
    #[error("the set of voters {set_id} is empty or too large")]
    BadSet {
        /// Number of the set.
        set_id: SetId,
    },
    /// A fragment lies below what is known to be final.
    #[error("block {shown} is shown where block {known} is final already")]
    Backwards {
        /// What is shown.
        shown: BlockNumber,
        /// What is known.
        known: BlockNumber,
    },
    /// Another block at a height that is final.
    #[error("another block {number} is shown than the one that is final: this is another chain")]
    Fork {
        /// The height.
        number: BlockNumber,
    },
    /// The votes are for another block than the header.
    #[error("the votes shown for block {number} are for another block")]
    WrongTarget {
        /// The header's height.
        number: BlockNumber,
    },
    /// A vote by somebody who is not in the set.
    #[error("a vote for block {number} is by somebody who is not in set {set_id}")]
    Stranger {
        /// The header's height.
        number: BlockNumber,
        /// Number of the set.
        set_id: SetId,
    },
    /// A signature does not verify.
    #[error(
        "the signature of a vote for block {number} is forged, or made for another set than {set_id}"
    )]
    Forged {
        /// The header's height.
        number: BlockNumber,
        /// Number of the set.
        set_id: SetId,
    },
    /// The votes do not carry the block.
    #[error("the votes for block {number} are not more than two thirds of set {set_id}")]
    TooFewVotes {
        /// The header's height.
        number: BlockNumber,
        /// Number of the set.
        set_id: SetId,
    },
    /// A change of the set that this chain does not make.
    #[error(
        "block {number} changes the voters in a way that cannot be followed: get a newer checkpoint from \
         somebody you trust"
    )]
    UnknownChange {
        /// The header's height.
        number: BlockNumber,
    },
}

/// What is known to be final, and who votes on what comes after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finalised {
    /// The newest final header that is known.
    pub header: Header,
    /// Number of the set that votes on later blocks.
    pub set_id: SetId,
    /// That set.
    pub authorities: AuthorityList,
}

impl Finalised {
    /// Height and hash.
    pub fn block(&self) -> (BlockNumber, Hash) {
        (*self.header.number(), self.header.hash())
    }

    /// Follows an encoded proof. Returns whether the node has no newer block. On an error nothing changed.
    pub fn follow(&mut self, proof: &[u8]) -> Result<bool, FinalityError> {
        if proof.len() > MAX_PROOF {
            return Err(FinalityError::Malformed);
        }
        let proof =
            FinalityProof::decode_all(&mut &*proof).map_err(|_| FinalityError::Malformed)?;
        let mut next = self.clone();
        for fragment in proof.fragments {
            next.step(fragment)?;
        }
        // A proof that leads nowhere and promises more would be asked for again for ever.
        if !proof.complete && next.header.number() == self.header.number() {
            return Err(FinalityError::Malformed);
        }
        *self = next;
        Ok(proof.complete)
    }

    /// Takes one fragment in.
    fn step(&mut self, fragment: Fragment) -> Result<(), FinalityError> {
        let Fragment {
            header,
            justification,
        } = fragment;
        let (number, hash) = (*header.number(), header.hash());
        let (known, known_hash) = self.block();
        if number == known {
            return if hash == known_hash {
                Ok(())
            } else {
                Err(FinalityError::Fork { number })
            };
        }
        if number < known {
            return Err(FinalityError::Backwards {
                shown: number,
                known,
            });
        }
        verify(
            &justification,
            (number, hash),
            self.set_id,
            &self.authorities,
        )?;
        if let Some(authorities) = announced(&header)? {
            self.authorities = authorities;
            self.set_id = self.set_id.saturating_add(1);
        }
        self.header = header;
        Ok(())
    }
}

/// Verifies that a set made a block final (F1 to F3).
pub fn verify(
    justification: &GrandpaJustification<Header>,
    target: (BlockNumber, Hash),
    set_id: SetId,
    authorities: &AuthorityList,
) -> Result<(), FinalityError> {
    let (number, hash) = target;
    let commit = &justification.commit;
    if (commit.target_number, commit.target_hash) != (number, hash) {
        return Err(FinalityError::WrongTarget { number });
    }
    let voters = voters(set_id, authorities)?;
    // Two votes of one voter may stand in a commit: an equivocation counts for both.
    if commit.precommits.len() > voters.len().get().saturating_mul(2) {
        return Err(FinalityError::Malformed);
    }
    for vote in &commit.precommits {
        if !voters.contains(&vote.id) {
            return Err(FinalityError::Stranger { number, set_id });
        }
        let message = finality_grandpa::Message::Precommit(vote.precommit.clone());
        let signed = check_message_signature(
            &message,
            &vote.id,
            &vote.signature,
            justification.round,
            set_id,
        );
        if !signed.is_valid() {
            return Err(FinalityError::Forged { number, set_id });
        }
    }
    let ancestry = Ancestry::of(&justification.votes_ancestries);
    match finality_grandpa::validate_commit(commit, &voters, &ancestry) {
        Ok(result) if result.is_valid() => Ok(()),
        _ => Err(FinalityError::TooFewVotes { number, set_id }),
    }
}

/// A set as GRANDPA's rules want it.
fn voters(
    set_id: SetId,
    authorities: &AuthorityList,
) -> Result<VoterSet<AuthorityId>, FinalityError> {
    let bad = FinalityError::BadSet { set_id };
    if authorities.len() > MAX_VOTERS {
        return Err(bad);
    }
    VoterSet::new(authorities.iter().cloned()).ok_or(bad)
}

/// The set that a header announces (F5).
pub fn announced(header: &Header) -> Result<Option<AuthorityList>, FinalityError> {
    let unknown = FinalityError::UnknownChange {
        number: *header.number(),
    };
    let mut found = None;
    for item in header.digest().logs() {
        let DigestItem::Consensus(GRANDPA_ENGINE_ID, log) = item else {
            continue;
        };
        match ConsensusLog::<BlockNumber>::decode_all(&mut log.as_slice()) {
            Ok(ConsensusLog::ScheduledChange(change)) if change.delay == 0 && found.is_none() => {
                voters(0, &change.next_authorities).map_err(|_| unknown.clone())?;
                found = Some(change.next_authorities);
            }
            // The chain never pauses its voters; a client that does not understand must not go on.
            _ => return Err(unknown),
        }
    }
    Ok(found)
}

/// Headers that a justification brings along, by hash.
struct Ancestry(HashMap<Hash, Hash>);

impl Ancestry {
    fn of(headers: &[Header]) -> Self {
        Self(
            headers
                .iter()
                .map(|header| (header.hash(), *header.parent_hash()))
                .collect(),
        )
    }
}

impl Chain<Hash, BlockNumber> for Ancestry {
    fn ancestry(&self, base: Hash, block: Hash) -> Result<Vec<Hash>, GrandpaError> {
        let mut route = Vec::new();
        let mut current = block;
        while current != base {
            current = *self.0.get(&current).ok_or(GrandpaError::NotDescendent)?;
            route.push(current);
        }
        // The base itself is no part of the way.
        route.pop();
        Ok(route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::testing::{ChainOf, Voters};
    use codec::Encode;

    fn start(voters: &Voters) -> Finalised {
        ChainOf::new(voters).finalised()
    }

    #[test]
    fn more_than_two_thirds_make_a_block_final() {
        let voters = Voters::new(0..4);
        let mut chain = ChainOf::new(&voters);
        let mut client = chain.finalised();
        chain.grow(5);
        let proof = chain.proof(&voters, 0, 3);
        assert_eq!(client.follow(&proof.encode()), Ok(true));
        assert_eq!(client.header, *chain.tip());
    }

    #[test]
    fn two_thirds_alone_do_not() {
        let voters = Voters::new(0..3);
        let mut chain = ChainOf::new(&voters);
        let mut client = chain.finalised();
        chain.grow(1);
        let proof = chain.proof(&voters, 0, 2);
        let refused = Err(FinalityError::TooFewVotes {
            number: 1,
            set_id: 0,
        });
        assert_eq!(client.follow(&proof.encode()), refused);
        assert_eq!(client, start(&voters), "a refused proof changed something");
    }

    #[test]
    fn votes_for_descendants_count_for_their_ancestor() {
        let voters = Voters::new(0..4);
        let mut chain = ChainOf::new(&voters);
        let mut client = chain.finalised();
        chain.grow(4);
        let proof = chain.proof_of(&voters, 0, 2, &[2, 3, 4]);
        assert_eq!(client.follow(&proof.encode()), Ok(true));
        assert_eq!(client.block().0, 2);

        let mut torn = chain.proof_of(&voters, 0, 2, &[2, 3, 4]);
        torn.fragments[0].justification.votes_ancestries.remove(0);
        let mut client = start(&voters);
        assert!(client.follow(&torn.encode()).is_err());
    }

    #[test]
    fn the_set_changes_where_a_header_says_so() {
        let (first, second) = (Voters::new(0..4), Voters::new(10..17));
        let mut chain = ChainOf::new(&first);
        let mut client = chain.finalised();
        chain.grow(3);
        chain.announce(&second);
        let mut proof = chain.proof(&first, 0, 3);
        chain.grow(2);
        proof.fragments.extend(chain.proof(&second, 1, 5).fragments);
        assert_eq!(client.follow(&proof.encode()), Ok(true));
        assert_eq!((client.set_id, client.block().0), (1, 6));
        assert_eq!(client.authorities, second.list());

        chain.grow(1);
        let by_the_old = chain.proof(&first, 0, 4);
        let refused = Err(FinalityError::Stranger {
            number: 7,
            set_id: 1,
        });
        assert_eq!(client.follow(&by_the_old.encode()), refused);
    }

    #[test]
    fn a_signature_for_another_set_or_round_or_block_is_none() {
        let voters = Voters::new(0..4);
        let mut chain = ChainOf::new(&voters);
        chain.grow(2);
        let forged = Err(FinalityError::Forged {
            number: 2,
            set_id: 0,
        });
        let another_set = chain.proof(&voters, 7, 4);
        assert_eq!(start(&voters).follow(&another_set.encode()), forged);

        let mut another_round = chain.proof(&voters, 0, 4);
        another_round.fragments[0].justification.round += 1;
        assert_eq!(start(&voters).follow(&another_round.encode()), forged);

        let mut another_header = chain.proof(&voters, 0, 4);
        another_header.fragments[0].header.state_root = Hash::repeat_byte(9);
        assert_eq!(
            start(&voters).follow(&another_header.encode()),
            Err(FinalityError::WrongTarget { number: 2 })
        );
    }

    #[test]
    fn one_voter_does_not_count_twice() {
        let voters = Voters::new(0..4);
        let mut chain = ChainOf::new(&voters);
        chain.grow(1);
        let mut proof = chain.proof(&voters, 0, 2);
        let precommits = &mut proof.fragments[0].justification.commit.precommits;
        precommits.extend(precommits.clone());
        assert!(matches!(
            start(&voters).follow(&proof.encode()),
            Err(FinalityError::TooFewVotes { .. })
        ));
    }

    #[test]
    fn there_is_no_way_back_and_no_second_chain() {
        let voters = Voters::new(0..4);
        let mut chain = ChainOf::new(&voters);
        chain.grow(2);
        let early = chain.proof(&voters, 0, 4);
        chain.grow(2);
        let mut client = start(&voters);
        let late = chain.proof(&voters, 0, 4);
        assert_eq!(client.follow(&late.encode()), Ok(true));
        assert_eq!(
            client.follow(&early.encode()),
            Err(FinalityError::Backwards { shown: 2, known: 4 })
        );
        assert_eq!(client.follow(&late.encode()), Ok(true), "the same again");

        let mut other = ChainOf::new(&voters);
        other.grow_from(4, 1);
        assert_eq!(
            client.follow(&other.proof(&voters, 0, 4).encode()),
            Err(FinalityError::Fork { number: 4 })
        );
    }

    #[test]
    fn a_change_that_is_not_understood_stops_the_client() {
        let voters = Voters::new(0..4);
        for log in [
            ConsensusLog::ForcedChange(0, voters.change(0)),
            ConsensusLog::ScheduledChange(voters.change(3)),
            ConsensusLog::Pause(1),
        ] {
            let mut chain = ChainOf::new(&voters);
            chain.grow_with(log);
            assert_eq!(
                start(&voters).follow(&chain.proof(&voters, 0, 4).encode()),
                Err(FinalityError::UnknownChange { number: 1 })
            );
        }
    }

    #[test]
    fn a_proof_that_leads_nowhere_does_not_keep_the_client_busy() {
        let voters = Voters::new(0..4);
        let empty = FinalityProof {
            fragments: Vec::new(),
            complete: false,
        };
        assert_eq!(
            start(&voters).follow(&empty.encode()),
            Err(FinalityError::Malformed)
        );
    }

    #[test]
    fn changed_and_cut_proofs_are_errors_and_no_panic() {
        let voters = Voters::new(0..4);
        let mut chain = ChainOf::new(&voters);
        chain.grow(3);
        let bytes = chain.proof_of(&voters, 0, 2, &[2, 2, 3]).encode();
        for index in 0..bytes.len() {
            let mut client = start(&voters);
            assert!(client.follow(&bytes[..index]).is_err(), "cut at {index}");
            let mut changed = bytes.clone();
            changed[index] ^= 0x10;
            let accepted = client.follow(&changed).is_ok();
            let flag = index + 1 == bytes.len();
            assert!(!accepted || flag, "byte {index} may be changed");
        }
    }
}
