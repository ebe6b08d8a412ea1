//! All bounds of a store in one place.

/// Version of the format: of the header, of the keys and of the rows.
pub const FORMAT: u16 = 1;

/// Longest name of a table, bytes.
pub const MAX_TABLE_NAME: usize = 64;

/// Parts of a key.
pub const MAX_PARTS: usize = 8;

/// Longest part of a key, bytes.
pub const MAX_PART: usize = 1_024;

/// Longest value, bytes.
pub const MAX_VALUE: usize = 64 * 1024 * 1024;

/// Most rows that one scan returns.
pub const MAX_PAGE: usize = 10_000;

/// Values that have a key of their own at the same time.
pub const MAX_PASSING: u32 = 1 << 20;

/// Rows and keys of a whole store unless [`Options`](crate::Options) say otherwise, bytes.
pub const DEFAULT_MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Memory that the database keeps pages in, bytes.
pub(crate) const CACHE: usize = 16 * 1024 * 1024;

/// Rows that a renewal writes between two commits, bytes (R6).
pub(crate) const RENEWAL_BATCH: u64 = 8 * 1024 * 1024;

/// Argon2id memory that is accepted, KiB: more than any device of today gives to one application.
pub(crate) const MAX_KDF_MEMORY: u32 = 2 * 1024 * 1024;

/// Argon2id passes that are accepted.
pub(crate) const MAX_KDF_PASSES: u32 = 64;

/// Argon2id lanes that are accepted.
pub(crate) const MAX_KDF_LANES: u32 = 16;
