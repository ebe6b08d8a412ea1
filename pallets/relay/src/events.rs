//! What the pallet deposits in a block's events.

use frame_support::pallet_macros::pallet_section;

/// Events.
#[pallet_section]
mod events {
    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A relay was registered.
        Registered {
            /// Its account.
            relay: T::AccountId,
            /// Bytes that it can carry in a period.
            capacity: u64,
            /// What is held, in units.
            bond: Balance,
        },
        /// A relay has another endpoint or capacity.
        Updated {
            /// Its account.
            relay: T::AccountId,
            /// Bytes that it can carry in a period.
            capacity: u64,
            /// What is held, in units.
            bond: Balance,
        },
        /// A relay leaves.
        Retired {
            /// Its account.
            relay: T::AccountId,
            /// Block from which on its bond is free.
            free_from: BlockNumber,
        },
        /// A relay is gone, and its bond was released.
        Withdrawn {
            /// Its account.
            relay: T::AccountId,
            /// What was released, in units.
            bond: Balance,
        },
        /// A relay was silent for a whole roster, so the next does not have it.
        Dormant {
            /// Its account.
            relay: T::AccountId,
        },
        /// A dormant relay is there again; the next roster has it.
        Resumed {
            /// Its account.
            relay: T::AccountId,
        },
        /// Another roster holds from this period on.
        RosterRenewed {
            /// Its number.
            number: u32,
            /// How many relays it has.
            relays: u32,
            /// Bytes that they can carry in a period.
            capacity: u64,
        },
        /// A relay claimed.
        Claimed {
            /// Its account.
            relay: T::AccountId,
            /// The period.
            period: Period,
            /// Bytes of its tickets.
            tickets: u64,
            /// Bytes of its receipts.
            receipts: u64,
        },
        /// A claim was proven.
        Proven {
            /// The relay's account.
            relay: T::AccountId,
            /// The period.
            period: Period,
            /// Bytes that count.
            bytes: u64,
            /// Its speed, in thousandths.
            speed: u16,
            /// Draws of both trees that were in doubt.
            doubts: u32,
        },
        /// A claim was void, because nobody opened it in time.
        Silent {
            /// The relay's account.
            relay: T::AccountId,
            /// The period.
            period: Period,
        },
        /// A claim was void, because a leaf was false.
        Falsified {
            /// The relay's account.
            relay: T::AccountId,
            /// The period.
            period: Period,
            /// Which of its trees.
            side: Side,
            /// Why the leaf was false.
            fault: Fault,
            /// What was taken of the bond and burnt, in units.
            slashed: Balance,
        },
        /// A period was closed: what it pays is fixed.
        PeriodClosed {
            /// The period.
            period: Period,
            /// Bytes proven.
            bytes: u64,
            /// What was minted for it, in units.
            minted: Balance,
            /// What it pays, in units.
            payable: Balance,
        },
        /// A relay was paid for a period.
        Paid {
            /// Its account.
            relay: T::AccountId,
            /// The period.
            period: Period,
            /// How much, in units.
            amount: Balance,
        },
        /// Governance set new rules.
        ParametersSet {
            /// The rules.
            parameters: Parameters,
        },
    }
}
