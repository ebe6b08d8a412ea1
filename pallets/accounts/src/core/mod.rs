//! The rules, free of FRAME: difficulty and room, allowances, identities. The puzzle is
//! [`parlance_primitives::puzzle`].
//!
//! Everything here is integer arithmetic on values. The pallet keeps the state and asks this module
//! what it means; simulations and the chain run the same functions.

pub mod allowance;
pub mod gate;
pub mod identity;
pub mod purchase;
pub mod standing;
pub mod tally;
