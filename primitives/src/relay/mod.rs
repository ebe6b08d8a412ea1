//! Words of Proof of Relay: what senders and recipients sign, what a relay commits to, and how the chain
//! checks it. Why it is so, what it costs in bytes and what each attack earns:
//! `docs/decisions/0017-proof-of-relay.md`.
//!
//! Everything here is a function of its arguments: no clock, no state, no randomness of its own. Relay,
//! client and chain run the same code.
//!
//! # Rules
//!
//! - **R1 period.** Time is cut into periods of a fixed number of blocks. Tickets, receipts and claims
//!   name their period and are worth nothing in another one.
//! - **R2 ticket.** A sender's device signs how many bytes its account has sent through one relay in
//!   the period so far, and how fast it was ([`ticket_statement`]). The count is the account's: whichever device signs, it
//!   goes on from the last ticket, which the relay shows. The relay keeps the last one.
//! - **R3 ingress.** A ticket counts only at the [`INGRESS`] relays that [`ingress_places`] draws for
//!   sender and period, and only up to the sender's [`cap`].
//! - **R4 receipt.** A recipient's device signs how many bytes one relay has delivered to its account
//!   in the period so far, those of group fan-out apart, and how fast ([`receipt_statement`]). A
//!   receipt counts only at the [`MAILBOX`] relays that are nearest to the recipient's mailbox
//!   ([`is_near`]).
//! - **R5 fan-out.** A delivery out of a group's fan-out counts for a part of its bytes, in the ticket
//!   of the sender and in the receipts alike.
//! - **R6 trees.** A relay commits to two trees, one of tickets and one of receipts ([`Tree`]). An
//!   account has one leaf in a tree, for its place follows from its name ([`place_of`]).
//! - **R7 claim.** A claim is both roots with their sums. What counts is the smaller sum: a byte needs
//!   a ticket and a receipt.
//! - **R8 challenge.** A later seed of the beacon draws [`DRAWS`] positions among the bytes of each
//!   tree ([`positions`]); the relay opens the leaves that cover them ([`Tree::open`], [`verify`]).
//! - **R9 judgement.** A leaf is proven, false, or in doubt ([`check_ticket`], [`check_receipt`]).
//!   False is what the relay could have known when it claimed. In doubt is what the chain cannot judge
//!   any more, because an identity has changed since. One false leaf makes the claim void; a draw in doubt
//!   takes twice its part of the sum ([`credited`]).
//!
//! # What is signed
//!
//! A domain followed by what it is about, without lengths or padding; integers are little-endian,
//! accounts and hashes their 32 bytes. Signatures are Ed25519, by the signing key of a device that the
//! account has on record. The bytes are fixed by a test.
//!
//! | statement | bytes |
//! | --- | --- |
//! | [`ticket_statement`] | `"parlance/ticket/1"`, genesis, period (4), relay, sender, bytes (8), latency class (1) |
//! | [`receipt_statement`] | `"parlance/receipt/1"`, genesis, period (4), relay, recipient, mailbox epoch (4), direct bytes (8), fanned bytes (8), latency class (1) |
//!
//! # How trees are hashed
//!
//! A hash is the first [`HASH`] bytes of BLAKE2b-256. A tree is binary: at depth `d` an account is on
//! the left when bit `d` of its place, most significant first, is zero. A part without an account has
//! the hash of zeros, a part with one account is that account's leaf, and any other is
//! `"parlance/relay-branch/1"`, hash and sum of the left, hash and sum of the right. A leaf is hashed as
//! `"parlance/ticket-leaf/1"` or `"parlance/receipt-leaf/1"` and its encoding.
//!
//! # How an opening is written
//!
//! From the root down, for parts that hold a drawn position: compact `0` and the leaf, or compact
//! `left + 1`, where `left` is the sum of the left half, then the left half and the right half. A half
//! without a drawn position is its hash alone, or nothing when its sum is zero. Sums are never written
//! twice: the right half has what the left one leaves.

mod api;
mod check;
mod leaf;
mod opening;
mod service;
mod sets;
mod tree;

#[cfg(test)]
mod tests;

pub use api::*;
pub use check::*;
pub use leaf::*;
pub use opening::*;
pub use service::*;
pub use sets::*;
pub use tree::*;

/// Number of a period: height of a block over the length of a period.
pub type Period = u32;

/// A seed of the beacon.
pub type Seed = [u8; 32];

/// Relays through which a sender may send in a period.
pub const INGRESS: usize = 3;
/// Relays that keep a mailbox.
pub const MAILBOX: usize = 5;
/// Positions drawn in each of the two trees of a claim: sixteen in all.
pub const DRAWS: usize = 8;
/// Most bytes that a tree may sum up to: more than any network carries in a period, and far enough
/// from the end of 64 bits that sums are exact.
pub const MAX_BYTES: u64 = 1 << 60;
/// Most levels of a tree. Accounts with random names never come near; who makes up names that agree in
/// more bits gets one of them left out.
pub const MAX_DEPTH: u32 = 48;
/// Longest opening in bytes: with the transaction around it 8 KiB.
pub const MAX_OPENING: u32 = 8_000;
