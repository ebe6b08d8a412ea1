//! A solution of the public puzzle, for other implementations, tests and benchmarks. It shows a
//! work of at least one; `cargo run --example solve -- --vector` finds it again.

/// The challenge of the newcomer in the benchmark of registrations.
pub const CHALLENGE: [u8; 32] = [
    211, 182, 48, 38, 28, 8, 174, 170, 103, 202, 177, 128, 37, 16, 173, 76, 133, 3, 175, 62, 19,
    198, 24, 240, 134, 130, 90, 21, 95, 21, 227, 208,
];
/// The nonce.
pub const NONCE: u64 = 0;
/// The solution.
pub const SOLUTION: [u8; 84] = [
    26, 100, 162, 56, 49, 13, 68, 100, 153, 217, 11, 156, 166, 108, 41, 171, 77, 101, 126, 154, 90,
    95, 239, 221, 200, 38, 102, 153, 151, 69, 71, 190, 10, 115, 121, 188, 47, 151, 111, 62, 88,
    213, 36, 213, 110, 162, 96, 20, 202, 39, 61, 7, 194, 221, 196, 151, 204, 16, 185, 157, 104,
    115, 64, 46, 69, 52, 42, 151, 174, 199, 61, 124, 50, 100, 164, 55, 82, 14, 246, 92, 62, 221,
    166, 90,
];
