//! Bounds of contents (C4).

use crate::limits::MAX_PLAINTEXT;

/// Longest body, bytes.
pub const MAX_BODY: usize = MAX_PLAINTEXT - 64;
/// Longest text, bytes of UTF-8.
pub const MAX_TEXT: usize = 48 * 1_024;
/// Longest reaction, bytes of UTF-8: an emoji with all its modifiers.
pub const MAX_REACTION: usize = 64;
/// Messages in a receipt.
pub const MAX_RECEIPTS: usize = 1_024;
/// People mentioned in a text.
pub const MAX_MENTIONS: usize = 512;
/// Longest file name, bytes of UTF-8.
pub const MAX_NAME: usize = 512;
/// Longest media type, bytes.
pub const MAX_MEDIA_TYPE: usize = 128;
/// Longest preview picture, bytes.
pub const MAX_PREVIEW: usize = 32 * 1_024;
/// Longest note of a payment, bytes of UTF-8.
pub const MAX_NOTE: usize = 1_024;
/// Longest call signal, bytes.
pub const MAX_SIGNAL: usize = 32 * 1_024;
/// Extensions of a content.
pub const MAX_EXTENSIONS: usize = 64;
/// Longest piece of a history, bytes.
pub const MAX_PIECE: usize = 48 * 1_024;
/// Longest piece of a file, bytes: with what stands around it, it fills the largest size class.
pub const MAX_FILE_PIECE: usize = 59 * 1_024;
/// Gaps that one question for pieces names.
pub const MAX_GAPS: usize = 64;
/// Places where a file is.
pub const MAX_SOURCES: usize = 8;
/// Longest name of such a place, bytes.
pub const MAX_SOURCE: usize = 256;
