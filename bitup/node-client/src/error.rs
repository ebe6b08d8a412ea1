//! Why something was not done on the chain.

use crate::{
    contracts::CallError, metadata::MetadataError, rpc::RpcError, transaction::TransactionError,
};
use bitup_abi::CodecError;

/// Why a contract was not made, called or asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The node.
    #[error(transparent)]
    Node(#[from] RpcError),
    /// The chain's metadata.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A value.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The chain's calls.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The chain's transactions.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The contract has no such call.
    #[error("`{contract}` has no `{name}`; it has {known}")]
    NoCall {
        /// The contract.
        contract: String,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// Tokens for a call that takes none.
    #[error("`{0}` takes no tokens; leave `--value` out")]
    NotPayable(String),
    /// The contract fails.
    #[error("the contract fails with {0}; nothing was sent")]
    Reverted(String),
    /// The chain refuses.
    #[error("the chain refuses: {reason}{said}; nothing was sent")]
    Refused {
        /// Why.
        reason: String,
        /// What was said for debugging, behind `: `.
        said: String,
    },
    /// The transaction failed in a block.
    #[error(
        "the transaction failed in block {block}: {reason}; the fee is paid, all else is undone"
    )]
    Failed {
        /// The block.
        block: String,
        /// Why.
        reason: String,
    },
    /// It came into no block.
    #[error(
        "the transaction {0} came into no block in time; ask the chain for what it did before you send it again"
    )]
    NotIncluded(String),
    /// The answer holds no address.
    #[error("the chain made a contract and did not say where; look at the events of block {0}")]
    NoAddress(String),
}
