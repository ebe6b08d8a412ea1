//! The rules, free of FRAME: puzzle, difficulty and room, allowances, identities.
//!
//! Everything here is integer arithmetic on values. The pallet keeps the state and asks this module
//! what it means; simulations, the command line's solver and the chain all run the same functions.

pub mod allowance;
pub mod gate;
pub mod identity;
pub mod purchase;
pub mod puzzle;
pub mod standing;
pub mod tally;
