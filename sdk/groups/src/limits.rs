//! All bounds of groups in one place.

/// Version of every encoding of this crate.
pub const VERSION: u8 = 1;

/// Version of an invitation whose tree is in the relays' order.
pub const SPLIT: u8 = 2;

/// New devices times members from which on the tree goes into the relays' order once, and not to each new device:
/// about half a megabyte in all.
pub const SHARED_FROM: usize = 400;

/// Devices in a group.
pub const MAX_MEMBERS: usize = 500;

/// Earlier epochs whose messages still open. Their secrets are kept that long, which is what a thief of the
/// device gets beyond the present.
pub const MAX_PAST_EPOCHS: usize = 4;

/// Messages of one sender that may come late within an epoch; their keys are kept.
pub const MAX_LATE: u32 = 256;

/// Messages of one sender that may be missing before one that opens.
pub const MAX_SKIP: u32 = 2_000;

/// Epochs that a message may be ahead of this device and still be kept. As many as [`MAX_PAST_EPOCHS`], which is how
/// far a device reads handshakes before it looks into its mailbox again.
pub const MAX_AHEAD: u64 = MAX_PAST_EPOCHS as u64;

/// Messages that wait for their commit, per group and epoch.
pub const MAX_EARLY: usize = 250;

/// What these messages take together, bytes, per group and epoch.
pub const MAX_EARLY_BYTES: usize = 1024 * 1024;

/// Identifiers remembered per group and sender, to show a text once that was encrypted twice.
pub const MAX_SEEN: usize = 256;

/// Texts of a group that wait for the relays to confirm them.
pub const MAX_UNSENT: usize = 1_000;

/// Key packages whose private keys a device keeps.
pub const MAX_KEY_PACKAGES: usize = 200;

/// Longest application message that is read, bytes: the largest size class, and what MLS adds.
pub const MAX_MESSAGE: usize = 68 * 1024;

/// Longest handshake, tree, invitation or group information, bytes: one that adds [`MAX_MEMBERS`] with hybrid keys.
pub const MAX_HANDSHAKE: usize = 8 * 1024 * 1024;

/// Longest key package, bytes.
pub const MAX_KEY_PACKAGE: usize = 16 * 1024;

/// Groups kept in memory; others are read again when they are used.
pub const MAX_LOADED: usize = 16;

/// How long a key package may be used after it was made, seconds: what openmls accepts at most.
pub const KEY_PACKAGE_LIFETIME: u64 = 84 * 24 * 3_600;

/// How much clocks may differ when a key package is new, seconds.
pub const CLOCK_MARGIN: u64 = 3_600;
