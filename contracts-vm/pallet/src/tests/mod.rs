//! Tests, one file per topic. Contracts are hand-written: see `fixtures`.

mod mock;

mod calls;
mod code;
mod deposits;
mod gas;
mod instantiation;
mod invariants;
mod nested;
mod surface;
mod weights;
