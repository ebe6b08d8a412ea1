//! Tests, one file per topic.

pub mod mock;
mod people;
mod world;

mod claims;
mod facts;
mod faults;
mod invariants;
mod openings;
mod payout;
mod registration;
mod rosters;
mod simulation;
mod weights;
