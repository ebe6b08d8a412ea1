//! Why an answer of a node is not believed.

use parlance_primitives::{BlockNumber, Hash};

use crate::{
    light::{checkpoint::CheckpointError, finality::FinalityError},
    node::NodeError,
};

/// Why there is no proven answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LightError {
    /// No answer at all.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The finality that the node shows is none.
    #[error("the node lies about which blocks are final ({0}): take another node")]
    Finality(#[from] FinalityError),
    /// A value that the node does not prove.
    #[error(
        "the node does not prove {what} in block {block}: the answer was changed, or part of it is \
         withheld; take another node"
    )]
    Unproven {
        /// What was asked.
        what: &'static str,
        /// In which block.
        block: BlockNumber,
    },
    /// A proven value that is none of the expected kind.
    #[error(
        "{what} in block {block} is proven, but has a form that this program does not know: update this \
         program"
    )]
    Unknown {
        /// What was asked.
        what: &'static str,
        /// In which block.
        block: BlockNumber,
    },
    /// The newest header is old.
    #[error(
        "the newest final block that the node shows is {behind} s old: the node is behind or holds \
         newer blocks back, take another node; or this device's clock is fast, set it"
    )]
    Stale {
        /// Age in seconds.
        behind: u64,
    },
    /// The newest header lies in the future.
    #[error("the newest final block is {ahead} s ahead of this device's clock: set the clock")]
    ClockBehind {
        /// Seconds.
        ahead: u64,
    },
    /// The node does not know a block that is final.
    #[error(
        "the node does not know block {number} ({hash:?}), which is final: it is behind, or on another \
         chain; wait, or take another node"
    )]
    UnknownBlock {
        /// Its height.
        number: BlockNumber,
        /// Its hash.
        hash: Hash,
    },
    /// A header that is not the one asked for.
    #[error("the node answers with another header than block {hash:?}: take another node")]
    WrongHeader {
        /// Which was asked for.
        hash: Hash,
    },
    /// A body that does not belong to its header.
    #[error(
        "the transactions that the node gives for block {number} are not those of its header: take another node"
    )]
    WrongBody {
        /// The block.
        number: BlockNumber,
    },
    /// An answer beyond the limit.
    #[error("the node's {what} has {length} bytes, the limit is {limit}: take another node")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// The chain is not the one that is trusted.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
