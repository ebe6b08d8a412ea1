//! Costs that every block pays, measured by `scripts/bench weights base`: do not edit.
//!
//! Processor: to be measured. Averages, in nanoseconds.

/// An empty block with its inherents.
pub const BASE_BLOCK_NANOS: u64 = 1_137_898;
/// A signed `System::remark` of no length, its signature check included.
pub const BASE_EXTRINSIC_NANOS: u64 = 166_795;
/// Reading a key of a state of 200,000 accounts, through the node's cache.
pub const READ_NANOS: u64 = 5_000;
/// Writing such a key, its part of the state's root included.
pub const WRITE_NANOS: u64 = 20_000;
