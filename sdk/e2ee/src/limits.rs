//! All bounds of the protocol in one place. What a peer can send is bounded by these and nothing else.

/// Version of every encoding of this crate.
pub const VERSION: u8 = 1;

/// Longest plaintext of one message, bytes. Leaves room in the largest size class of
/// [`crate::padding`] for everything around it.
pub const MAX_PLAINTEXT: usize = 60 * 1024;

/// Longest ciphertext of one message body, bytes: the plaintext, and padding and tag of either mode.
pub const MAX_BODY: usize = MAX_PLAINTEXT + 48;

/// Longest encrypted header, bytes: both KEM values and the tag.
pub const MAX_HEADER: usize = 32 + 4 + 4 + 1 + KEM_PUBLIC + 1 + KEM_CIPHERTEXT + TAG;

/// Message keys kept for messages that have not arrived, over all chains of a session. The oldest go out.
pub const MAX_SKIPPED_KEYS: usize = 2_000;

/// Chains with kept message keys. Each costs one trial decryption of a header that no newer key opens.
pub const MAX_SKIPPED_CHAINS: usize = 256;

/// Message keys that one message may make the receiver derive and keep, per chain.
pub const MAX_SKIP: u32 = 1_000;

/// Longest context that is bound into a handshake, bytes.
pub const MAX_CONTEXT: usize = 1_024;

/// One-time prekeys that a store keeps.
pub const MAX_ONE_TIME_PREKEYS: usize = 256;

/// First messages remembered per signed prekey so that a replay is recognised.
pub const MAX_REPLAY_LOG: usize = 4_096;

/// Devices of an account.
pub const MAX_DEVICES: usize = 8;

/// Sessions kept with one device of a peer: the active one and earlier ones for late messages.
pub const MAX_SESSIONS_PER_DEVICE: usize = 8;

/// Accounts that a device keeps sessions with.
pub const MAX_CONTACTS: usize = 16_384;

/// Longest ticket that rides on an envelope, bytes.
pub const MAX_TICKET: usize = 512;

/// Longest sealed part of an envelope: the largest size class.
pub const MAX_SEALED: usize = 64 * 1024;

/// Largest encrypted state that is read, bytes.
pub const MAX_STATE: usize = 256 * 1024 * 1024;

/// ML-KEM-768 encapsulation key, bytes.
pub const KEM_PUBLIC: usize = 1_184;

/// ML-KEM-768 ciphertext, bytes.
pub const KEM_CIPHERTEXT: usize = 1_088;

/// Tag of XChaCha20-Poly1305, bytes.
pub const TAG: usize = 16;

/// Nonce of XChaCha20-Poly1305, bytes.
pub const NONCE: usize = 24;
