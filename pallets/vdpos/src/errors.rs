//! Why calls fail.

use frame_support::pallet_macros::pallet_section;

/// Errors.
#[pallet_section]
mod errors {
    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// The rules contradict each other or the bounds of the runtime.
        InvalidParameters,
        /// The account is a candidate already.
        AlreadyCandidate,
        /// The account is not a candidate.
        NotCandidate,
        /// There is no room for another candidate.
        TooManyCandidates,
        /// The bond is less than a candidate needs.
        BondTooSmall,
        /// Register session keys first, with `session.setKeys`.
        NoSessionKeys,
        /// The commission is above the greatest allowed.
        CommissionTooHigh,
        /// The commission rises by more than an era allows.
        CommissionRisesTooFast,
        /// The candidate has retired.
        Retired,
        /// Everything behind this candidate was slashed; it needs a new account.
        PoolExhausted,
        /// A vote has more names than are allowed.
        TooManyNames,
        /// A vote needs at least one name.
        NoNames,
        /// A name stands twice in the vote.
        DuplicateName,
        /// The vote has fewer tokens than an account must have.
        StakeTooSmall,
        /// The account has no vote.
        NotVoter,
        /// More tokens than the vote has.
        NotEnoughStake,
        /// Too many withdrawals and moves are under way; withdraw some first, or wait.
        TooManyChunks,
        /// Nothing is ready to be withdrawn.
        NothingToWithdraw,
        /// Nothing is there to be claimed.
        NothingToClaim,
        /// The candidate still makes blocks or is next in line.
        StillInLine,
        /// The list of voters did not take the change.
        ListUnavailable,
        /// Finality was noted in this block before.
        FinalityNotedBefore,
        /// A block above the parent cannot be final.
        FinalityAhead,
        /// The headers do not prove that one key sealed two blocks for one slot.
        InvalidEquivocationProof,
        /// The key was not a producer's at that time, or the time is too long ago.
        InvalidKeyOwnershipProof,
        /// This fault was reported before.
        DuplicateReport,
    }
}
