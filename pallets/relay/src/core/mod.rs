//! The rules, free of FRAME: what a period's work is worth, who gets which part, and health. What is
//! signed and proven is [`parlance_primitives::relay`].
//!
//! Everything here is integer arithmetic on values. The chain, its tests and the simulations run the
//! same functions.

pub mod health;
pub mod pay;
