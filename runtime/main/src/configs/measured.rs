//! Costs that every block pays, measured by `scripts/bench weights base`: do not edit.
//!
//! Processor: AMD EPYC. Averages, in nanoseconds.

/// An empty block with its inherents.
pub const BASE_BLOCK_NANOS: u64 = 1_477_592;
/// A signed `System::remark` of no length, its signature check included.
pub const BASE_EXTRINSIC_NANOS: u64 = 82_650;
/// Reading a key of a state of 200,000 accounts that is in no cache of the node.
pub const READ_NANOS: u64 = 14_222;
/// Writing such a key together with others, its part of the state's root included.
pub const WRITE_NANOS: u64 = 28_391;
