//! Tests, one file per topic.

pub mod mock;
mod people;

mod allowances;
mod backing;
mod devices;
mod gate;
mod identity;
mod invariants;
mod invitations;
mod proofs;
mod purchase;
mod registration;
mod simulation;
mod state_bound;
mod weights;
