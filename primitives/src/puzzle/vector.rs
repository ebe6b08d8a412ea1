//! A solution of the public puzzle, for other implementations, tests and benchmarks. It shows a
//! work of at least one; `cargo run --example solve -- --vector` finds it again.

/// The challenge of the newcomer in the benchmark of registrations.
pub const CHALLENGE: [u8; 32] = [
    239, 17, 24, 189, 23, 31, 62, 37, 121, 45, 251, 75, 120, 28, 149, 3, 148, 118, 79, 220, 132,
    39, 201, 243, 157, 181, 182, 115, 45, 172, 174, 120,
];
/// The nonce.
pub const NONCE: u64 = 0;
/// The solution.
pub const SOLUTION: [u8; 84] = [
    1, 186, 72, 229, 111, 79, 39, 62, 179, 206, 2, 8, 99, 226, 105, 141, 173, 242, 14, 141, 88, 13,
    189, 157, 201, 193, 228, 250, 121, 250, 230, 181, 111, 120, 85, 23, 211, 195, 210, 31, 178,
    210, 4, 107, 121, 245, 213, 202, 196, 172, 187, 189, 132, 10, 250, 205, 132, 207, 44, 186, 57,
    102, 44, 51, 217, 58, 91, 217, 238, 240, 229, 224, 192, 212, 128, 75, 114, 157, 22, 36, 195,
    190, 32, 3,
];
