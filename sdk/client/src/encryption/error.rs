//! Why nothing is encrypted.

use parlance_primitives::AccountId;
use sp_core::crypto::Ss58Codec;

/// Why nothing is encrypted, or no session begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptionError {
    /// The block that the records were proven under is not of the present any more (R1).
    #[error(
        "the devices were proven {age} s ago, which is not the present any more: look again before you \
         encrypt"
    )]
    Expired {
        /// Age of the block in seconds.
        age: u64,
    },
    /// The clock went back behind the block.
    #[error(
        "the devices were proven {ahead} s ahead of this device's clock: set the clock, and look again"
    )]
    ClockBehind {
        /// Seconds.
        ahead: u64,
    },
    /// Made for another device (R8).
    #[error("these recipients are those of another device: look with the device that encrypts")]
    OtherDevice,
    /// An older record than one that was taken over (R8).
    #[error(
        "the record of {} that was looked up is older than one that was taken over: look again",
        .account.to_ss58check()
    )]
    Older {
        /// Whose.
        account: AccountId,
    },
    /// Without a device (R6).
    #[error(
        "{} has no identity, so nothing can be encrypted for it: they have to register one",
        .account.to_ss58check()
    )]
    NoIdentity {
        /// Who.
        account: AccountId,
    },
    /// Looked up before this program took these sessions.
    #[error("{} was not looked up with these sessions: look before you encrypt", .account.to_ss58check())]
    NotLookedUp {
        /// Who.
        account: AccountId,
    },
    /// Nobody whose record was looked up.
    #[error("device {device} is not one of these recipients: look its account up first")]
    NoRecipient {
        /// The address: account and number.
        device: String,
    },
    /// Not on the own record (R3).
    #[error(
        "this device is not on the record of its account, or with other keys: it was revoked, or never \
         added; nothing is encrypted. Add it with 'device add' from a device that is on record"
    )]
    Revoked,
    /// Two devices with one number (R4).
    #[error(
        "two devices of {} have the same number {number}, so a text could go to the wrong one: one of them has to \
         take new keys ('identity rotate')",
        .account.to_ss58check()
    )]
    SameNumber {
        /// Whose.
        account: AccountId,
        /// The number.
        number: u32,
    },
    /// Not by the device, or not what it has published last (R7).
    #[error(
        "the prekeys that were given for device {device} are not used: {cause}. Whoever gave them out may lie: ask \
         another relay"
    )]
    Prekeys {
        /// The address: account and number.
        device: String,
        /// What is wrong with them.
        cause: parlance_e2ee::Error,
    },
    /// A stored state of another device.
    #[error(
        "the stored sessions are those of another device: restore the backup that belongs to this one"
    )]
    OtherState,
    /// The core refuses.
    #[error(transparent)]
    Core(#[from] parlance_e2ee::Error),
}
