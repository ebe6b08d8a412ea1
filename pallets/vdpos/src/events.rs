//! What the pallet deposits in a block's events.

use frame_support::pallet_macros::pallet_section;

/// Events.
#[pallet_section]
mod events {
    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Governance set new rules.
        ParametersSet {
            /// The rules.
            parameters: Parameters,
        },
        /// An operator stands for election.
        Registered {
            /// The operator.
            candidate: T::AccountId,
            /// Its bond.
            bond: Balance,
            /// Its commission.
            commission: Perbill,
        },
        /// A candidate added to its bond.
        BondIncreased {
            /// The candidate.
            candidate: T::AccountId,
            /// The bond now.
            bond: Balance,
        },
        /// A candidate takes another commission from the next era on.
        CommissionAnnounced {
            /// The candidate.
            candidate: T::AccountId,
            /// The commission.
            commission: Perbill,
        },
        /// A candidate does not stand any more.
        Retired {
            /// The candidate.
            candidate: T::AccountId,
            /// Era from which it may take its bond back.
            leaves: Index,
        },
        /// A retired candidate took its bond back.
        Left {
            /// The operator.
            candidate: T::AccountId,
            /// The bond.
            bond: Balance,
        },
        /// An account voted.
        Voted {
            /// The voter.
            voter: T::AccountId,
            /// Tokens behind the vote.
            stake: Balance,
            /// The names.
            names: Vec<T::AccountId>,
        },
        /// A voter takes tokens out of its vote.
        Unvoted {
            /// The voter.
            voter: T::AccountId,
            /// The tokens.
            amount: Balance,
            /// Era from which they may be withdrawn.
            matures: Index,
        },
        /// Tokens of a voter became free.
        Withdrawn {
            /// The voter.
            voter: T::AccountId,
            /// The tokens.
            amount: Balance,
        },
        /// A voter's or operator's pay was claimed.
        Claimed {
            /// Who got it.
            who: T::AccountId,
            /// How much.
            amount: Balance,
        },
        /// A voter paid its part of a slash.
        StakeSlashed {
            /// The voter.
            voter: T::AccountId,
            /// Tokens that were burnt.
            amount: Balance,
        },
        /// A candidate and those behind it were slashed.
        OffenderSlashed {
            /// The candidate.
            candidate: T::AccountId,
            /// Era of the fault.
            era: Index,
            /// Part of what was at stake.
            fraction: Perbill,
            /// Taken from the bond, burnt at once.
            bond: Balance,
            /// Taken from the votes behind it, burnt when each voter is next touched.
            backing: Balance,
        },
        /// A producer lost its slots for the rest of the era.
        Struck {
            /// The producer.
            candidate: T::AccountId,
            /// Who took its place.
            successor: Option<T::AccountId>,
        },
        /// A candidate is shut out.
        Banned {
            /// The candidate.
            candidate: T::AccountId,
            /// First era for which it may be elected again.
            until: Index,
        },
        /// An election was held.
        Elected {
            /// Era for which it holds.
            era: Index,
            /// Number of super nodes.
            active: u32,
            /// Number of those next in line.
            standby: u32,
        },
        /// An election had no result; the set stays as it is.
        ElectionFailed {
            /// Era for which it was held.
            era: Index,
        },
        /// An epoch began.
        EpochStarted {
            /// The epoch.
            epoch: Index,
            /// Its first slot.
            start: sp_consensus_aura::Slot,
        },
        /// An era was paid.
        EraPaid {
            /// The era.
            era: Index,
            /// What was minted for it.
            minted: Balance,
            /// What was credited; the rest waits for the next era.
            paid: Balance,
        },
    }
}
