//! What the pallet deposits in a block's events.

use frame_support::pallet_macros::pallet_section;

/// Events.
#[pallet_section]
mod events {
    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account has an identity.
        Registered {
            /// The account.
            who: T::AccountId,
            /// The way by which it came.
            lane: Lane,
            /// Who invited it.
            inviter: Option<T::AccountId>,
        },
        /// An identity changed; also deposited for its first version.
        Changed {
            /// The account.
            who: T::AccountId,
            /// The new version.
            version: Version,
            /// What changed, in order.
            entries: Entries,
            /// The history with these entries.
            history: [u8; 32],
        },
        /// An identity was removed: by its owner, or because it expired.
        Removed {
            /// The account.
            who: T::AccountId,
            /// Its last version.
            version: Version,
            /// Whether it expired.
            expired: bool,
        },
        /// The deposit of an identity was taken; it does not expire any more.
        Backed {
            /// The account.
            who: T::AccountId,
            /// How much is held, in units.
            amount: Balance,
        },
        /// Invitations were given.
        Invited {
            /// Who gave them.
            inviter: T::AccountId,
            /// Their keys.
            keys: InvitationKeys,
            /// Block from which on they are void.
            expires: BlockNumber,
        },
        /// Invitations were taken back.
        InvitationsRevoked {
            /// Who had given them.
            inviter: T::AccountId,
            /// Their keys.
            keys: InvitationKeys,
        },
        /// Allowance was bought.
        AllowanceBought {
            /// Who pays.
            who: T::AccountId,
            /// For what.
            resource: Resource,
            /// Bytes per period.
            bytes: u64,
            /// Last period.
            until: u32,
            /// What it cost, in units.
            price: Balance,
        },
        /// Another difficulty holds from now on.
        DifficultyChanged {
            /// Solutions that have to be tried on average.
            difficulty: u32,
        },
        /// Governance set new rules.
        ParametersSet {
            /// The rules.
            parameters: Parameters,
        },
    }
}
