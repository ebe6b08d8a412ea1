//! What the relay is paid by: tickets and receipts are judged when they come ([`Judge`]), receipts are held against what was delivered, and
//! the best of each device goes to the worker ([`till`]).

mod delivered;
pub mod inbox;
mod judge;
mod receipts;
mod tickets;
pub mod till;

#[cfg(test)]
mod tests;

pub use judge::{Facts, Judge, Payee, Unanswered};
pub use tickets::{Known, Now};
