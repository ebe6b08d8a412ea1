//! A slow interpreter that counts. For tests only.
//!
//! It executes a contract's Wasm as it was written, instruction by instruction as the specification says, and adds up
//! what each one costs. What is written into prepared code is tested against it: the same outcome, the same memory, and
//! exactly as much gas as was counted here. It shares no line with the preparation or with an engine.
//!
//! It knows what contracts may contain: integers, one memory, one table, functions with one result at the most. A module
//! is to be valid; anything else is an error or, at worst, a panic of a test.

#![forbid(unsafe_code)]

#[cfg(feature = "generate")]
pub mod generate;
#[cfg(feature = "generate")]
pub mod idioms;
mod machine;
mod module;
mod numeric;

pub use machine::{Count, Host, Machine, Stop};
pub use module::Module;

#[cfg(test)]
mod tests;
