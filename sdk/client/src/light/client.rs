//! The light client around the pure verification: what is asked of the node, and when an answer counts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codec::{Decode, DecodeAll};
use parlance_primitives::{BlockNumber, Hash, Moment, light::Header};
use serde_json::{Value, json};
use sp_consensus_grandpa::{AuthorityList, SetId};
use sp_runtime::traits::Header as _;

use super::{
    Checkpoint, CheckpointError, LightError, MAX_AGE, MAX_LEAD,
    finality::{self, Finalised},
    proof::{self, ProvenState},
};
use crate::{
    chain::keys,
    node::{Node, NodeError, as_hex, hex_bytes},
};

/// Most proofs in a row for one step forward: at a mebibyte each that is years of sets.
const MAX_STEPS: usize = 64;

/// What to begin from (L1).
#[derive(Clone, Debug)]
pub enum Trust {
    /// From this checkpoint.
    Checkpoint(Checkpoint),
    /// From the first block of the chain, whose hash is known. The node must have its state.
    Genesis(Hash),
    /// From what the node says now, unproven.
    FirstUse,
}

/// The newest final block, proven and fresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its height.
    pub number: BlockNumber,
    /// Its hash.
    pub hash: Hash,
    /// Root of its state.
    pub state_root: Hash,
    /// Hash of the block before.
    pub parent: Hash,
    /// Its time: milliseconds since 1970.
    pub time: Moment,
}

/// A client that keeps one header and one set of voters, and believes a node what it proves.
pub struct Light<N> {
    node: N,
    trusted: Checkpoint,
}

impl<N: Node> Light<N> {
    /// Begins, with a node that must be on the trusted chain.
    pub async fn begin(node: N, trust: Trust) -> Result<Self, LightError> {
        let stated = genesis_of(&node).await?;
        let wanted = match &trust {
            Trust::Checkpoint(checkpoint) => checkpoint.genesis,
            Trust::Genesis(hash) => *hash,
            Trust::FirstUse => stated,
        };
        if wanted != stated {
            let found = stated;
            return Err(CheckpointError::OtherChain { wanted, found }.into());
        }
        let trusted = match trust {
            Trust::Checkpoint(checkpoint) => checkpoint,
            Trust::Genesis(genesis) => Checkpoint {
                finalised: from_genesis(&node, genesis).await?,
                genesis,
            },
            Trust::FirstUse => Checkpoint {
                genesis: wanted,
                finalised: from_newest(&node).await?,
            },
        };
        Ok(Self { node, trusted })
    }

    /// The node that is asked.
    pub fn node(&self) -> &N {
        &self.node
    }

    /// What is trusted by now, to be kept (L7).
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.trusted
    }

    /// Hash of the chain's first block.
    pub fn genesis(&self) -> Hash {
        self.trusted.genesis
    }

    /// Follows the node to its newest final block, which must be fresh at `now` (L2, L4, L5), from a header
    /// whose voters still answer for it (L8).
    pub async fn head(&mut self, now: SystemTime) -> Result<Head, LightError> {
        self.trusted.check_age(now)?;
        self.follow().await?;
        let header = &self.trusted.finalised.header;
        let (number, hash) = self.trusted.finalised.block();
        let mut head = Head {
            number,
            hash,
            state_root: header.state_root,
            parent: header.parent_hash,
            time: 0,
        };
        head.time =
            self.value(&head, &keys::now(), "the time")
                .await?
                .ok_or(LightError::Unknown {
                    what: "the time",
                    block: number,
                })?;
        fresh(head.time, now)?;
        Ok(head)
    }

    /// A value by its key, decoded; `None` when the chain has none. Proven either way.
    pub async fn value<T: Decode>(
        &self,
        head: &Head,
        key: &[u8],
        what: &'static str,
    ) -> Result<Option<T>, LightError> {
        let found = self.values(head, &[key.to_vec()], what).await?;
        let Some(Some(bytes)) = found.into_iter().next() else {
            return Ok(None);
        };
        T::decode_all(&mut bytes.as_slice())
            .map(Some)
            .map_err(|_| LightError::Unknown {
                what,
                block: head.number,
            })
    }

    /// Values by their keys, in their order, in one proof.
    pub async fn values(
        &self,
        head: &Head,
        keys: &[Vec<u8>],
        what: &'static str,
    ) -> Result<Vec<Option<Vec<u8>>>, LightError> {
        prove(
            &self.node,
            (head.number, head.hash),
            head.state_root,
            keys,
            what,
        )
        .await
    }

    /// The block before, on the way back from a head: verified by its hash (L2).
    pub async fn parent_of(&self, head: &Head) -> Result<Head, LightError> {
        let header = header(&self.node, head.parent).await?;
        if header.number().checked_add(1) != Some(head.number) {
            return Err(LightError::WrongHeader { hash: head.parent });
        }
        Ok(Head {
            number: *header.number(),
            hash: head.parent,
            state_root: header.state_root,
            parent: header.parent_hash,
            time: head.time,
        })
    }

    /// Transactions of a block, verified against its header.
    pub async fn body(&self, head: &Head) -> Result<Vec<Vec<u8>>, LightError> {
        const METHOD: &str = "chain_getBlock";
        let malformed = || NodeError::Malformed {
            method: METHOD,
            expected: "a block",
        };
        let answer = self.node.request(METHOD, vec![json!(head.hash)]).await?;
        let header: Header =
            serde_json::from_value(answer["block"]["header"].clone()).map_err(|_| malformed())?;
        if header.hash() != head.hash {
            return Err(LightError::WrongHeader { hash: head.hash });
        }
        let list = answer["block"]["extrinsics"]
            .as_array()
            .ok_or_else(malformed)?;
        let extrinsics = list
            .iter()
            .map(|one| hex_bytes(METHOD, "a block", one))
            .collect::<Result<Vec<_>, _>>()?;
        if proof::extrinsics_root(extrinsics.clone()) != header.extrinsics_root {
            let number = head.number;
            return Err(LightError::WrongBody { number });
        }
        Ok(extrinsics)
    }

    async fn follow(&mut self) -> Result<(), LightError> {
        const METHOD: &str = "parlance_finality";
        let limit = finality::MAX_PROOF;
        for _ in 0..MAX_STEPS {
            let (number, hash) = self.trusted.finalised.block();
            let answer = match self.node.request(METHOD, vec![json!(hash)]).await {
                Err(NodeError::Refused { message, .. }) if message.contains("start block") => {
                    return Err(LightError::UnknownBlock { number, hash });
                }
                other => other?,
            };
            let proof = hex_bytes(METHOD, "a proof of finality", &answer)?;
            if proof.len() > limit {
                return Err(LightError::TooLong {
                    what: "proof of finality",
                    length: proof.len(),
                    limit,
                });
            }
            if self.trusted.finalised.follow(&proof)? {
                break;
            }
        }
        Ok(())
    }
}

/// Whether a block of that time is the present (L4).
pub(crate) fn fresh(time: Moment, now: SystemTime) -> Result<(), LightError> {
    let time = UNIX_EPOCH
        .checked_add(Duration::from_millis(time))
        .unwrap_or(UNIX_EPOCH);
    match now.duration_since(time) {
        Ok(age) if age > MAX_AGE => Err(LightError::Stale {
            behind: age.as_secs(),
        }),
        Err(lead) if lead.duration() > MAX_LEAD => Err(LightError::ClockBehind {
            ahead: lead.duration().as_secs(),
        }),
        _ => Ok(()),
    }
}

/// What the node states as the chain's first block.
async fn genesis_of<N: Node>(node: &N) -> Result<Hash, LightError> {
    const METHOD: &str = "chain_getBlockHash";
    let answer = node.request(METHOD, vec![json!(0)]).await?;
    serde_json::from_value(answer).map_err(|_| {
        let expected = "a hash";
        NodeError::Malformed {
            method: METHOD,
            expected,
        }
        .into()
    })
}

/// A header by its hash, which it must have.
async fn header<N: Node>(node: &N, hash: Hash) -> Result<Header, LightError> {
    const METHOD: &str = "chain_getHeader";
    let answer = node.request(METHOD, vec![json!(hash)]).await?;
    if answer.is_null() {
        return Err(LightError::WrongHeader { hash });
    }
    let header: Header = serde_json::from_value(answer).map_err(|_| NodeError::Malformed {
        method: METHOD,
        expected: "a header",
    })?;
    if header.hash() != hash {
        return Err(LightError::WrongHeader { hash });
    }
    Ok(header)
}

/// Values of a state by their keys, proven.
async fn prove<N: Node>(
    node: &N,
    (block, hash): (BlockNumber, Hash),
    root: Hash,
    keys: &[Vec<u8>],
    what: &'static str,
) -> Result<Vec<Option<Vec<u8>>>, LightError> {
    const METHOD: &str = "state_getReadProof";
    let names: Vec<Value> = keys.iter().map(as_hex).collect();
    let answer = node
        .request(METHOD, vec![Value::Array(names), json!(hash)])
        .await?;
    let malformed = || NodeError::Malformed {
        method: METHOD,
        expected: "a storage proof",
    };
    let nodes = answer["proof"]
        .as_array()
        .ok_or_else(malformed)?
        .iter()
        .map(|node| hex_bytes(METHOD, "a storage proof", node))
        .collect::<Result<Vec<_>, _>>()?;
    let unproven = |error: proof::ProofError| match error {
        proof::ProofError::TooLong { length } => LightError::TooLong {
            what: "storage proof",
            length,
            limit: proof::MAX_PROOF,
        },
        proof::ProofError::Incomplete => LightError::Unproven { what, block },
    };
    let state = ProvenState::new(root, nodes).map_err(unproven)?;
    keys.iter()
        .map(|key| state.value(key).map_err(unproven))
        .collect()
}

/// The first set of voters, out of the first block's state.
async fn from_genesis<N: Node>(node: &N, genesis: Hash) -> Result<Finalised, LightError> {
    let header = header(node, genesis).await?;
    if *header.number() != 0 {
        return Err(CheckpointError::NoGenesis { hash: genesis }.into());
    }
    match voters_in(node, header).await {
        Err(LightError::Node(NodeError::Refused { message, .. })) => {
            Err(CheckpointError::NoGenesisState { cause: message }.into())
        }
        other => other,
    }
}

/// What the node says is final now.
async fn from_newest<N: Node>(node: &N) -> Result<Finalised, LightError> {
    const METHOD: &str = "chain_getFinalizedHead";
    let answer = node.request(METHOD, Vec::new()).await?;
    let hash = serde_json::from_value(answer).map_err(|_| NodeError::Malformed {
        method: METHOD,
        expected: "a hash",
    })?;
    voters_in(node, header(node, hash).await?).await
}

/// The voters on blocks after `header`, out of its state: a change counts in the block that announces it.
async fn voters_in<N: Node>(node: &N, header: Header) -> Result<Finalised, LightError> {
    let (number, what) = (*header.number(), "the voters");
    let keys = [keys::voters(), keys::voters_number()];
    let found = prove(
        node,
        (number, header.hash()),
        header.state_root,
        &keys,
        what,
    )
    .await?;
    let unknown = || LightError::Unknown {
        what,
        block: number,
    };
    let mut found = found.into_iter().flatten();
    let (list, set) = (found.next(), found.next());
    let authorities = list
        .and_then(|bytes| AuthorityList::decode_all(&mut bytes.as_slice()).ok())
        .filter(|list| !list.is_empty() && list.len() <= finality::MAX_VOTERS)
        .ok_or_else(unknown)?;
    // The number is not stored before the first change.
    let set_id = match set {
        None => 0,
        Some(bytes) => SetId::decode_all(&mut bytes.as_slice()).map_err(|_| unknown())?,
    };
    Ok(Finalised {
        header,
        set_id,
        authorities,
    })
}
