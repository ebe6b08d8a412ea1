//! The plan of the supply, free of FRAME: what is released when, to which share, and to whom at genesis.
//!
//! Everything here is integer arithmetic on values. The pallet keeps the state and asks this module what
//! it means; the pictures and tables of `docs/economy.md` are drawn by asking the same functions.

pub mod allocation;
pub mod amount;
pub mod calendar;
pub mod clock;
pub mod ledger;
pub mod schedule;
pub mod split;
pub mod vesting;
