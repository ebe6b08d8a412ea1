//! The light client: what a node says is believed once it is proven, and not before.
//!
//! # Rules
//!
//! - **L1** *Trust* begins with a [`Checkpoint`]: a header that is final, and the set of voters that makes
//!   the blocks after it final, with the set's number. It comes from a file that somebody trusted hands
//!   out, out of the genesis state of a chain whose genesis hash is known, or, when the user says so, from
//!   the first node that is asked.
//! - **L2** *Finality.* A header counts when more than two thirds of the current set signed for it or for
//!   descendants of it, in the rules of GRANDPA ([`finality`]). The next set is the one that the digest of
//!   such a header announces. Changes with a delay and forced changes are refused: this chain makes none.
//! - **L3** *State.* A value counts when a Merkle proof leads to it from the state root of the newest
//!   header of L2, and so does its absence ([`proof`]). A proof with a node too few or changed proves
//!   nothing, and nobody can tell which: both are [`LightError::Unproven`].
//! - **L4** *Time.* The time of the newest header is read by L3 from the state. A header older than
//!   [`MAX_AGE`] by the device's clock is refused as stale, and one from the future as a wrong clock.
//! - **L5** *No way back.* A head is never replaced by a lower one, in memory or on disk.
//! - **L6** *Bounds.* Answers, proofs, sets and headers have limits; what exceeds them is refused before
//!   it is decoded.
//! - **L7** *What is kept* is the checkpoint of L1, moved forward: one header and one set.
//! - **L8** *No old voters.* Whoever voted more than [`MAX_CHECKPOINT_AGE`] ago has the tokens back that answered
//!   for it, and old keys sign anything. A checkpoint older than that by its header's slot is refused,
//!   whether it comes from a file or was kept; trust has to begin anew.
//!
//! What this cannot know: a majority of more than a third of the set that signs two histories, which is
//! slashed and visible to others; and what a node leaves out that nobody asks for.

mod checkpoint;
mod client;
mod error;
pub mod finality;
pub mod proof;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use checkpoint::{Checkpoint, CheckpointError};
pub(crate) use client::fresh;
pub use client::{Head, Light, Trust};
pub use error::LightError;

use std::time::Duration;

/// Age of the newest header up to which it is taken for the present (L4).
pub const MAX_AGE: Duration = Duration::from_secs(120);
/// How far a header may lie ahead of the device's clock (L4).
pub const MAX_LEAD: Duration = Duration::from_secs(30);
/// Age up to which a checkpoint is begun from (L8): the unbonding period of the public chains.
pub const MAX_CHECKPOINT_AGE: Duration = Duration::from_secs(7 * 24 * 3_600);
