//! Handing a transaction to a node. That a node took it proves nothing; what follows is watched on the
//! chain.

use serde_json::json;

use crate::node::{Node, NodeError, as_hex};

/// Code of JSON-RPC for a transaction that is not valid now.
const INVALID: i32 = 1010;
/// Code for one that a validator cannot judge.
const UNKNOWN: i32 = 1011;
/// Code for one that was handed in before.
const KNOWN: i32 = 1013;
/// Code for one that is banned for a while.
const BANNED: i32 = 1012;

/// Why a node does not take a transaction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// No answer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// It is not valid.
    #[error("the chain does not take the transaction: {reason}: {remedy}")]
    Rejected {
        /// The node's words.
        reason: String,
        /// What helps.
        remedy: &'static str,
    },
}

/// Hands it in. One that the node has already counts as taken.
pub async fn submit<N: Node>(node: &N, transaction: &[u8]) -> Result<(), SubmitError> {
    let answer = node
        .request("author_submitExtrinsic", vec![as_hex(transaction)])
        .await;
    match answer {
        Ok(hash) if hash.is_string() => Ok(()),
        Ok(_) => Err(NodeError::Malformed {
            method: "author_submitExtrinsic",
            expected: "a hash",
        }
        .into()),
        Err(NodeError::Refused { code: KNOWN, .. }) => Ok(()),
        Err(NodeError::Refused {
            code: INVALID | UNKNOWN | BANNED,
            message,
            ..
        }) => Err(SubmitError::Rejected {
            remedy: remedy(&message),
            reason: message,
        }),
        Err(other) => Err(other.into()),
    }
}

/// What helps against a refusal: first the ways that `pallet-accounts` refuses registrations.
fn remedy(reason: &str) -> &'static str {
    const REMEDIES: [(&str, &str); 12] = [
        ("Custom error: 3", "make new keys"),
        (
            "Custom error: 4",
            "the puzzle got harder meanwhile, register again",
        ),
        (
            "Custom error: 5",
            "the account has an identity, change that one",
        ),
        (
            "Custom error: 6",
            "the invitation was taken, revoked, or has expired, ask for another",
        ),
        (
            "Custom error: 7",
            "this period takes no more, wait for the next one or use an invitation",
        ),
        (
            "Custom error: 8",
            "there are too many identities without deposit, use an invitation",
        ),
        (
            "ayment",
            "get tokens for the fee; a change of an identity is free a few times a day, and only when it \
             succeeds",
        ),
        (
            "some fees",
            "get tokens for the fee; a change of an identity is free a few times a day, and only when it \
             succeeds",
        ),
        (
            "outdated",
            "another transaction of this account came first, begin again",
        ),
        ("ancient birth block", "it is too old, begin again"),
        (
            "bad signature",
            "it was signed for another chain or runtime, or with another key: begin again on this chain",
        ),
        ("exhaust", "the block is full, try again"),
    ];
    let known = REMEDIES
        .iter()
        .find(|(words, _)| reason.contains(words))
        .map(|(_, remedy)| *remedy);
    known.unwrap_or("begin again; if it is refused again, see what the node's operator says")
}

/// The bytes of a transaction as JSON, for files.
pub(crate) fn to_json(bytes: &[u8]) -> serde_json::Value {
    json!(format!("0x{}", hex::encode(bytes)))
}
