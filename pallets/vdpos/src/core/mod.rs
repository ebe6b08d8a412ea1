//! The rules of VDPoS as pure functions: no storage, no clock, no runtime.
//!
//! The pallet around this module keeps the facts and calls these functions; nothing in here knows of
//! blocks or accounts. The documentation of each module **is** the specification: every rule has a
//! name, and code and tests cite it.
//!
//! | module | rules | what it decides |
//! | --- | --- | --- |
//! | [`schedule`] | S1 to S8 | which node owns which slot of a round |
//! | [`quality`] | Q1 to Q6 | how well a node served, and what that makes of its backing |
//! | [`set_size`] | N1 to N5 | how many nodes the next election asks for |
//! | [`votes`] | V1 to V3 | what a vote is worth as it ages, and how it is shared between names |
//! | [`accumulator`] | A1 to A5 | what each voter earned, without a loop over voters |
//! | [`election`] | E1 to E6 | who is elected, with which backing |
//!
//! All arithmetic is on integers. Where a result has to be rounded, the rule says in whose favour.

pub mod accumulator;
pub mod election;
pub mod quality;
pub mod schedule;
pub mod set_size;
pub mod votes;

#[cfg(test)]
mod worked_example;
