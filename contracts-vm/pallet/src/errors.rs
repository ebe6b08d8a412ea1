//! Why calls fail.

use frame_support::pallet_macros::pallet_section;

/// Errors.
#[pallet_section]
mod errors {
    /// Why a call failed. Names are what contract tools know.
    #[pallet::error]
    pub enum Error<T> {
        /// A schedule that is no one's.
        InvalidSchedule,
        /// Flags of a call that are unknown, or do not go together.
        InvalidCallFlags,
        /// The gas did not reach: raise the gas limit.
        OutOfGas,
        /// The contract gave a buffer that is too small for what was to be written: enlarge it.
        OutputBufferTooSmall,
        /// A transfer failed: the sender has too little, or the receiver would not exist.
        TransferFailed,
        /// Contracts call one another too deep.
        MaxCallDepthReached,
        /// There is no contract at this account.
        ContractNotFound,
        /// The code is longer than allowed.
        CodeTooLarge,
        /// There is no code with this hash: upload it.
        CodeNotFound,
        /// Code without a record of who paid for it.
        CodeInfoNotFound,
        /// The contract pointed outside its memory.
        OutOfBounds,
        /// Bytes that the contract handed in are not what they should be.
        DecodingFailed,
        /// The contract trapped.
        ContractTrapped,
        /// A value is longer than allowed.
        ValueTooLarge,
        /// A contract cannot remove itself while it is called twice over.
        TerminatedWhileReentrant,
        /// The contract gave its input away before: clone it when forwarding.
        InputForwarded,
        /// A subject that is too long.
        RandomSubjectTooLong,
        /// An event with more topics than allowed.
        TooManyTopics,
        /// This chain has no chain extension.
        NoChainExtension,
        /// This chain does not speak XCM.
        XCMDecodeFailed,
        /// There is a contract at this account already: choose another salt.
        DuplicateContract,
        /// A constructor cannot remove its contract.
        TerminatedInConstructor,
        /// The contract is being called already, and its caller did not allow to come back.
        ReentranceDenied,
        /// A call that may only read tried to change something.
        StateChangeDenied,
        /// The origin cannot pay the deposit for storage.
        StorageDepositNotEnoughFunds,
        /// The deposit for storage would be above its limit: raise it.
        StorageDepositLimitExhausted,
        /// Contracts use the code: it cannot be removed.
        CodeInUse,
        /// The contract undid all it did, and said so.
        ContractReverted,
        /// The code is no contract: a dry run says why.
        CodeRejected,
        /// Code that is not the same on every machine.
        Indeterministic,
        /// The contracts' storage is being migrated: try again later.
        MigrationInProgress,
        /// There is nothing to migrate.
        NoMigrationPerformed,
        /// The contract depends on as much other code as it may.
        MaxDelegateDependenciesReached,
        /// The contract does not depend on this code.
        DelegateDependencyNotFound,
        /// The contract depends on this code already.
        DelegateDependencyAlreadyExists,
        /// A contract depends on its own code anyway.
        CannotAddSelfAsDelegateDependency,
        /// There is no more transient storage.
        OutOfTransientStorage,
        /// A system call that this chain has not.
        SystemCallNotSupported,
    }
}
