//! What the pallet deposits in a block's events.

use frame_support::pallet_macros::pallet_section;

/// Events. Names, fields and order are what contract tools know.
#[pallet_section]
mod events {
    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A contract was made, and its constructor has returned.
        Instantiated {
            /// Who made it.
            deployer: T::AccountId,
            /// Its account.
            contract: T::AccountId,
        },
        /// A contract removed itself.
        Terminated {
            /// Its account.
            contract: T::AccountId,
            /// Who got what it had.
            beneficiary: T::AccountId,
        },
        /// Code was uploaded.
        CodeStored {
            /// Its hash.
            code_hash: T::Hash,
            /// What is held for it, in units.
            deposit_held: BalanceOf<T>,
            /// On whose account.
            uploader: T::AccountId,
        },
        /// A contract's own event.
        ContractEmitted {
            /// The contract.
            contract: T::AccountId,
            /// What it says, in its own encoding.
            data: Vec<u8>,
        },
        /// Code was removed.
        CodeRemoved {
            /// Its hash.
            code_hash: T::Hash,
            /// What is held no more, in units.
            deposit_released: BalanceOf<T>,
            /// Who removed it.
            remover: T::AccountId,
        },
        /// A contract has other code now.
        ContractCodeUpdated {
            /// The contract.
            contract: T::AccountId,
            /// The code it has now.
            new_code_hash: T::Hash,
            /// The code it had.
            old_code_hash: T::Hash,
        },
        /// A contract was called, and has returned.
        Called {
            /// Who called.
            caller: Origin<T>,
            /// The contract.
            contract: T::AccountId,
        },
        /// A contract ran other code on its own storage.
        DelegateCalled {
            /// The contract.
            contract: T::AccountId,
            /// The code.
            code_hash: CodeHash<T>,
        },
        /// A deposit for storage was paid, and is held on the contract's account.
        StorageDepositTransferredAndHeld {
            /// Who paid.
            from: T::AccountId,
            /// The contract.
            to: T::AccountId,
            /// Units.
            amount: BalanceOf<T>,
        },
        /// A deposit for storage was paid back.
        StorageDepositTransferredAndReleased {
            /// The contract.
            from: T::AccountId,
            /// Who got it.
            to: T::AccountId,
            /// Units.
            amount: BalanceOf<T>,
        },
    }
}
