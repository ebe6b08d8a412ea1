//! A relay's books: what its senders and recipients signed, and what it does with it on chain.
//!
//! Everything here is a function of its arguments and of what a [`Store`] keeps: no clock, no socket, no
//! randomness. A host hands in tickets and receipts as they come, and the chain's [`Agenda`] at each
//! block; it gets back what to submit. Rules of the chain: [`parlance_primitives::relay`].
//!
//! # Rules
//!
//! - **C1 latest.** Of each sender, and of each recipient, the last signature of a period is kept: the one
//!   over the most bytes. A ticket or receipt that counts for less, or for nothing, is not kept.
//! - **C2 judged.** Nothing is kept that the chain would call false or in doubt: the same functions judge it
//!   when it comes, and the account again before the claim.
//! - **C3 order of writing.** What came is written before it is counted on ([`Books::flush`]); which leaves a
//!   claim has is written, and on the disk, before the claim is handed out. A process that is killed at any
//!   moment builds the same trees again, or has claimed nothing.
//! - **C4 sealed.** With its first claim a period is closed: nothing comes into its trees any more.
//! - **C5 time.** A claim is made in the first half of its window, an opening in the first half of what is left
//!   for it, at a block drawn from a hash of relay and period, so that relays do not all come at once. Either is
//!   handed out again after a while until the agenda says that it is done ([`schedule`]).
//! - **C6 giving up.** What the chain takes no more is forgotten and said ([`GivenUp`]); so is a claim of
//!   trees that are not these, which a second host with the same key has made.
//! - **C7 bounds.** [`MOST_LEAVES`] in a tree, the largest; [`MOST_KEPT`] of a kind in a period. A journal that has more
//!   than twice as many records as count is written anew, however often one account signs. Periods go when the
//!   chain is final about them.
//! - **C8 no surplus.** Receipts count no more than tickets, which is all that is paid: what is over is cut from the largest, down to one
//!   level. A recipient may sign for as much as it likes, at no cost. Were that taken at its word, nearly all positions would be drawn from
//!   its one leaf: it would say how fast the relay is, and revoking its device would put the whole claim in doubt.
//! - **C9 pushed.** A receipt counts no more than what the relay knows to have delivered to the device ([`Pushed`]): since it began to count
//!   in this run of it, on top of what the same device's receipts counted by then. So a recipient that signs for more has its word cut, and a
//!   relay that is started again loses nothing of what it had counted.

pub mod schedule;

mod books;
mod files;
mod leaves;
mod period;
mod plan;
mod store;

pub use books::*;
pub use files::*;
pub use leaves::*;
pub use period::{MOST_KEPT, MOST_LEAVES};
pub use plan::*;
pub use store::*;

#[doc(no_inline)]
pub use parlance_primitives::relay::Agenda;
