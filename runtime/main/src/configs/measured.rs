//! Costs that every block pays, measured by `scripts/bench weights base`: do not edit.
//!
//! Processor: AMD EPYC. Averages, in nanoseconds.

/// An empty block with its inherents.
pub const BASE_BLOCK_NANOS: u64 = 1_625_486;
/// A signed `System::remark` of no length, its signature check included.
pub const BASE_EXTRINSIC_NANOS: u64 = 118_020;
/// Reading a key of a state of 200,000 accounts that is in no cache of the node.
pub const READ_NANOS: u64 = 19_571;
/// Writing such a key together with others, its part of the state's root included.
pub const WRITE_NANOS: u64 = 30_840;
