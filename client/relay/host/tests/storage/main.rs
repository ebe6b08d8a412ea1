//! The disk of a relay: what was committed is there, whatever happens to process, power and platter.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod full;
mod killed;
mod model;
mod same;
mod torn;
