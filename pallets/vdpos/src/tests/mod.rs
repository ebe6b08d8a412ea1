//! Scenarios, one file per topic, on a runtime with real balances, voter list, sessions and offences.

mod candidates;
mod elections;
mod equivocation;
mod evidence;
mod faults;
mod finality;
mod invariants;
mod keys;
pub(crate) mod mock;
mod pay;
mod queries;
mod schedule;
mod simulation;
mod slashing;
mod votes;
mod weights;
