//! Tests, one file per topic.

mod active_users;
mod fees;
mod genesis;
mod invariants;
mod long_run;
mod minting;
mod pool;
mod settlement;
mod vesting;
mod weights;
