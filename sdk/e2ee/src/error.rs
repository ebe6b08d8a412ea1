//! Everything that can go wrong, each with its cause and what to do about it.
//!
//! No error carries key material or plaintext, and no operation that returns one has changed anything.

/// Why an operation was refused. The state it was called on is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes that are not an encoding of the named thing.
    #[error(
        "these bytes are not a {what}: discard them, and ask for them again if they are needed"
    )]
    Malformed {
        /// What was expected.
        what: &'static str,
    },
    /// An encoding of a version that this build does not speak.
    #[error(
        "version {found} of {what} is not spoken here (only {supported}): update this application"
    )]
    UnsupportedVersion {
        /// What was decoded.
        what: &'static str,
        /// The version that was found.
        found: u16,
        /// The newest version that is known.
        supported: u16,
    },
    /// More than the limit of [`crate::limits`].
    #[error(
        "{what} has {length} bytes or items, the limit is {limit}: send it as a file, or in parts"
    )]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A signature does not belong to the identity.
    #[error("the signature of the {what} is not by this identity: fetch it from another relay")]
    BadSignature {
        /// What was signed.
        what: &'static str,
    },
    /// A public key that would make the shared secret known to everybody, or that is no key at all.
    #[error("the {what} is not a usable public key: its owner must publish a new one")]
    WeakKey {
        /// Which key.
        what: &'static str,
    },
    /// A bundle or message claims another identity than the one the caller knows.
    #[error(
        "the identity is not the one on record: read the identity record again, and if it still differs, distrust the relay"
    )]
    IdentityMismatch,
    /// A bundle is older than one seen before.
    #[error(
        "the bundle is from {found}, one from {newest} was seen before: a relay replays it, ask another"
    )]
    StaleBundle {
        /// When this bundle's signed prekey was made.
        found: u64,
        /// The newest seen before.
        newest: u64,
    },
    /// A classical thing where a hybrid one is needed, or the reverse.
    #[error("hybrid and classical were mixed: both sides must use the same mode")]
    ModeMismatch,
    /// The private part of a prekey is no longer there: used, or rotated away.
    #[error(
        "the prekey of this first message is used up or retired: the sender must fetch a new bundle and write again"
    )]
    PreKeyGone,
    /// The same first message came a second time.
    #[error("this first message was accepted before: it is a duplicate or a replay, discard it")]
    ReplayedHandshake,
    /// The log that recognises replays for this signed prekey is full.
    #[error("the replay log of this signed prekey is full: rotate the prekeys and publish them")]
    ReplayLogFull,
    /// A first message for a session that does not exist here, handed to an existing session.
    #[error("this message belongs to another session: let the device choose the session")]
    WrongSession,
    /// No header key fits: not for this session, from before the keys kept, or forged.
    #[error(
        "no key of this session opens the header: it is for another session, too old, or forged"
    )]
    UnknownHeader,
    /// The key for this message is used, or was given up.
    #[error(
        "this message was decrypted before, or its key was dropped with the oldest: discard it"
    )]
    Duplicate,
    /// Too many messages are missing before this one.
    #[error(
        "{missing} messages are missing before this one, at most {limit} are bridged: write to the peer, its next turn starts anew"
    )]
    TooManySkipped {
        /// How many are missing.
        missing: u32,
        /// The bound.
        limit: u32,
    },
    /// The header opened, the body did not: damaged or forged.
    #[error("the message was changed on its way: ask the sender to send it again")]
    Forged,
    /// A chain has carried as many messages as a counter can count.
    #[error("this sending chain is used up: it goes on as soon as the peer has answered")]
    ChainExhausted,
    /// The peer broke the rules of the KEM ratchet (K3, K4).
    #[error("the peer's KEM ratchet is out of rule: start a new session with this device")]
    KemOutOfRule,
    /// A sealed thing does not open: wrong key, wrong recipient or changed bytes.
    #[error("the {what} does not open: wrong key, or its bytes were changed")]
    DoesNotOpen {
        /// What was sealed.
        what: &'static str,
    },
    /// A device that the account's record does not list.
    #[error("this device is not on its account's record: read the record again, then retry")]
    UnknownDevice,
    /// There is no session with this device.
    #[error("there is no session with this device: fetch its bundle and start one")]
    NoSession,
    /// Encrypted by this very device for itself.
    #[error("this device does not write to itself")]
    OwnDevice,
}
