//! Why calls fail.

use frame_support::pallet_macros::pallet_section;

/// Errors.
#[pallet_section]
mod errors {
    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// The account is no relay: register it first.
        UnknownRelay,
        /// The account is a relay already: update it.
        AlreadyRegistered,
        /// There are as many relays as there may be: wait until one leaves.
        Full,
        /// The capacity is none, or more than any network carries.
        NoSuchCapacity,
        /// The relay is leaving: withdraw its bond and register it anew.
        Leaving,
        /// The relay is not leaving: let it retire first.
        NotLeaving,
        /// The bond still answers for what the relay did: wait until it is free.
        StillBound,
        /// The relay is not dormant, so there is nothing to resume.
        NotDormant,
        /// Claims are taken for the period before the running one only.
        WrongPeriod,
        /// The period's window for claims is over: claim for the next.
        WindowClosed,
        /// The relay has claimed for this period.
        AlreadyClaimed,
        /// The relay was not in the period's roster.
        NotInRoster,
        /// The relay has as many open claims as it may: open them.
        TooManyClaims,
        /// A tree counts more bytes than any network carries.
        TooMuch,
        /// The relay has no open claim for this period.
        NoClaim,
        /// The time for opening this claim is over.
        TooLate,
        /// The seed that draws this claim's positions is not there yet: wait for its epoch.
        NotDrawn,
        /// The opening ends too early or does not decode: send all of it.
        OpeningTruncated,
        /// A half has a larger sum than the whole: build the tree anew.
        OpeningSumsDisagree,
        /// The opening is deeper than any tree: build the tree anew.
        OpeningTooDeep,
        /// The opening is of another tree than the claim's.
        OpeningNotCommitted,
        /// A position lies outside of the tree.
        OpeningNoPosition,
        /// Bytes follow the opening: send nothing else.
        OpeningLeftOver,
        /// The rules contradict each other or the bounds of the runtime.
        InvalidParameters,
    }

    impl<T> From<Malformed> for Error<T> {
        fn from(malformed: Malformed) -> Self {
            match malformed {
                Malformed::Truncated => Self::OpeningTruncated,
                Malformed::SumsDisagree => Self::OpeningSumsDisagree,
                Malformed::TooDeep => Self::OpeningTooDeep,
                Malformed::NotCommitted => Self::OpeningNotCommitted,
                Malformed::NoPosition => Self::OpeningNoPosition,
                Malformed::LeftOver => Self::OpeningLeftOver,
            }
        }
    }
}
