//! Why calls fail, and why a registration is not taken in.

use frame_support::pallet_macros::pallet_section;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

/// Errors.
#[pallet_section]
mod errors {
    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// The account has no identity: register one first.
        NoIdentity,
        /// The change was made for another version: read the identity and sign again.
        Stale,
        /// The identity has changed in this block already: send the next change later.
        ChangedThisBlock,
        /// The list of changes is empty.
        NothingToChange,
        /// There would be more than eight devices: revoke one in the same transaction.
        TooManyDevices,
        /// No device would be left: add one in the same transaction, or remove the identity.
        LastDevice,
        /// The identity has no such device.
        UnknownDevice,
        /// The identity has a device with that signing key.
        KnownDevice,
        /// A device with that signing key was revoked: make new keys.
        RevokedDevice,
        /// The agreement key has small order: make new keys.
        WeakKey,
        /// A signature of the new keys does not verify: sign for this account, chain and version.
        NoPossession,
        /// The identity has a deposit already.
        AlreadyBacked,
        /// The account's free balance does not cover the deposit.
        CannotBack,
        /// Only identities with a deposit may do that: hold tokens first.
        NotBacked,
        /// The account has given all invitations of this window, or as many are open.
        NoInvitationsLeft,
        /// An invitation with that key is open.
        KnownInvitation,
        /// The caller has given no invitation with that key that is still open.
        UnknownInvitation,
        /// Revoke the open invitations first.
        OpenInvitations,
        /// The identity is too young: its registration could be repeated. Wait until the anchor is
        /// void.
        TooYoung,
        /// A purchase adds to the running one: neither fewer bytes nor an earlier end, and
        /// something.
        NotAnExtension,
        /// The purchase reaches too far ahead.
        TooLong,
        /// The rules contradict each other or the bounds of the runtime.
        InvalidParameters,
    }

    impl<T> From<Refusal> for Error<T> {
        fn from(refusal: Refusal) -> Self {
            match refusal {
                Refusal::Stale => Self::Stale,
                Refusal::ChangedThisBlock => Self::ChangedThisBlock,
                Refusal::Nothing => Self::NothingToChange,
                Refusal::TooManyDevices => Self::TooManyDevices,
                Refusal::LastDevice => Self::LastDevice,
                Refusal::UnknownDevice => Self::UnknownDevice,
                Refusal::KnownDevice => Self::KnownDevice,
                Refusal::RevokedDevice => Self::RevokedDevice,
                Refusal::WeakKey => Self::WeakKey,
                Refusal::NoPossession => Self::NoPossession,
            }
        }
    }
}

/// Why a registration is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The anchor is no recent block of this chain.
    Anchor,
    /// The solution is none, or a signature does not verify.
    Proof,
    /// The agreement key has small order.
    WeakKey,
    /// The solution shows less work than the difficulty asks for.
    TooLittleWork,
    /// The account has an identity.
    AlreadyRegistered,
    /// There is no such invitation, or it is void.
    NoInvitation,
    /// This period takes no more of this kind.
    PeriodFull,
    /// There are as many identities without deposit of this kind as there may be.
    StandingFull,
    /// This block takes no more of this kind; the next may.
    BlockFull,
}

impl Rejection {
    /// Number by which clients tell them apart, in [`InvalidTransaction::Custom`].
    pub const fn code(self) -> u8 {
        match self {
            Self::Anchor => 1,
            Self::Proof => 2,
            Self::WeakKey => 3,
            Self::TooLittleWork => 4,
            Self::AlreadyRegistered => 5,
            Self::NoInvitation => 6,
            Self::PeriodFull => 7,
            Self::StandingFull => 8,
            Self::BlockFull => 9,
        }
    }
}

impl From<Rejection> for TransactionValidityError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            // The pool keeps it and the author tries it again in the next block.
            Rejection::BlockFull => InvalidTransaction::ExhaustsResources,
            Rejection::Anchor => InvalidTransaction::AncientBirthBlock,
            Rejection::Proof => InvalidTransaction::BadProof,
            other => InvalidTransaction::Custom(other.code()),
        }
        .into()
    }
}
