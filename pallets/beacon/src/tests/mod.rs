//! One file per topic; `invariants` holds the properties over random histories.

mod bias;
mod contribution;
mod history;
mod inherent;
mod invariants;
mod rotation;
