//! All bounds of the protocol in one place. What a peer can make this side keep is bounded by these and
//! nothing else.

/// The ALPN of QUIC that names this protocol and its major version.
pub const ALPN: &[u8] = b"bimp/1";

/// The minor version that this build speaks.
pub const MINOR: u16 = 0;

/// Longest frame, bytes, without the four bytes of its length.
pub const MAX_FRAME: usize = 128 * 1024;

/// What a frame takes of the receiver's memory beyond its bytes: charged with each counted frame, so that many
/// small ones are not cheaper to send than to keep.
pub const FRAME_COST: usize = 64;

/// The most that one frame can cost of the credit.
pub const MAX_COST: usize = MAX_FRAME + FRAME_COST;

/// The smallest window a side may offer: two frames of the largest size, so that credit that is given back in
/// halves of a window never falls below one frame (Q4).
pub const MIN_WINDOW: u32 = 2 * MAX_COST as u32;

/// The window that a side offers unless it was told another one, bytes.
pub const WINDOW: u32 = 4 * MAX_COST as u32;

/// The most credit that may be outstanding, bytes. More is a violation.
pub const MAX_CREDIT: u64 = 1 << 30;

/// Requests that a side leaves unanswered at the same time, unless it was told another number.
pub const MAX_REQUESTS: u16 = 128;

/// Longest ticket, bytes; the bound of the envelope (rule V1 of the encryption core).
pub const MAX_TICKET: usize = 512;

/// Longest sealed part of an envelope, bytes.
pub const MAX_SEALED: usize = 64 * 1024;

/// The lengths that a sealed part or a group's ciphertext may have (rule Z1 of the encryption core).
pub const SIZES: [usize; 14] = [
    512, 1_024, 1_536, 2_048, 3_072, 4_096, 6_144, 8_192, 12_288, 16_384, 24_576, 32_768, 49_152,
    MAX_SEALED,
];

/// Longest envelope: version, mailbox, ticket and sealed part with their lengths.
pub const MAX_ENVELOPE: usize = 1 + 32 + 2 + MAX_TICKET + 4 + MAX_SEALED;

/// Longest ciphertext of a group. An MLS message is longer than its padded frame and has no size class.
pub const MAX_GROUP_CIPHERTEXT: usize = 68 * 1024;

/// Longest stored message, a text on its way to a group: kind, group, position, ciphertext, mentioned, everybody,
/// signature.
pub const MAX_MESSAGE: usize =
    1 + 32 + 8 + 4 + MAX_GROUP_CIPHERTEXT + 2 + 32 * MAX_MENTIONS + 1 + 64;

/// Longest part of a prekey bundle that stays, or of a group's last key package, bytes.
pub const MAX_PREKEY_HEAD: usize = 4_096;

/// Longest one-time prekey or key package, bytes.
pub const MAX_PREKEY: usize = 4_096;

/// One-time prekeys in one request.
pub const MAX_PREKEYS: usize = 64;

/// Message ids in one request.
pub const MAX_IDS: usize = 256;

/// Mailboxes that a message of a group names as mentioned; more is `everybody`.
pub const MAX_MENTIONS: usize = 64;

/// Members of a group.
pub const MAX_MEMBERS: usize = 512;

/// Relays of a group that a record names.
pub const MAX_GROUP_RELAYS: usize = 8;

/// Longest part of a handshake, bytes.
pub const MAX_PART: usize = 64 * 1024;

/// Parts of a handshake: 8 MiB, which is what a group of [`MAX_MEMBERS`] may need.
pub const MAX_PARTS: usize = 128;

/// Records with their handshakes in one answer.
pub const MAX_ORDERED: usize = 64;

/// Records in one message between relays.
pub const MAX_RECORDS: usize = 256;

/// Entries, or keys of entries, in one message between relays.
pub const MAX_ENTRIES: usize = 512;

/// Ranges in one message of reconciliation.
pub const MAX_RANGES: usize = 128;

/// Items in one range of reconciliation.
pub const MAX_ITEMS: usize = 64;

/// Devices of an account.
pub const MAX_DEVICES: usize = 8;

/// Longest presence record, bytes.
pub const MAX_PRESENCE: usize = 512;

/// Longest text of a closing frame, bytes.
pub const MAX_REASON: usize = 128;
