//! The error that a node reads when a block's inherents do not check.

use codec::{Decode, Encode};
use sp_inherents::IsFatalError;

/// What is wrong with a block, seen from its inherents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum InherentError {
    /// The block carries no contribution of its author.
    Missing,
}

impl IsFatalError for InherentError {
    fn is_fatal_error(&self) -> bool {
        true
    }
}
