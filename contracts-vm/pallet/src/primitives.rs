//! What the runtime API answers. Shapes and names are what contract tools know.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::weights::Weight;
use scale_info::TypeInfo;
use sp_runtime::{
    DispatchError,
    traits::{Saturating, Zero},
};

/// What a call or an instantiation gave, with what it cost.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ContractResult<R, Balance, EventRecord> {
    /// The weight that was used.
    pub gas_consumed: Weight,
    /// The limit that is needed for the same: more than was used where calls set limits of their own.
    pub gas_required: Weight,
    /// The deposit for storage that was paid or got back. Nothing moves if the result is an error.
    pub storage_deposit: StorageDeposit<Balance>,
    /// What the contract said for debugging, and why code was refused: UTF-8.
    pub debug_message: Vec<u8>,
    /// What came out.
    pub result: R,
    /// Events of the block so far, if they were asked for.
    pub events: Option<Vec<EventRecord>>,
}

/// What a call gave.
pub type ContractExecResult<Balance, EventRecord> =
    ContractResult<Result<ExecReturnValue, DispatchError>, Balance, EventRecord>;

/// What an instantiation gave.
pub type ContractInstantiateResult<AccountId, Balance, EventRecord> =
    ContractResult<Result<InstantiateReturnValue<AccountId>, DispatchError>, Balance, EventRecord>;

/// What an upload gave.
pub type CodeUploadResult<CodeHash, Balance> =
    Result<CodeUploadReturnValue<CodeHash, Balance>, DispatchError>;

/// A value out of a contract's storage.
pub type GetStorageResult = Result<Option<Vec<u8>>, ContractAccessError>;

/// Why a contract's storage cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum ContractAccessError {
    /// There is no contract at this account.
    DoesntExist,
    /// The key is longer than keys are.
    KeyDecodingFailed,
    /// The storage is being migrated.
    MigrationInProgress,
}

/// How a contract returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ReturnFlags {
    bits: u32,
}

impl ReturnFlags {
    /// All that the contract did is undone.
    pub const REVERT: ReturnFlags = ReturnFlags { bits: 1 };

    /// The flags of a number. `None` if it has bits that mean nothing.
    pub fn from_bits(bits: u32) -> Option<Self> {
        (bits & !Self::REVERT.bits == 0).then_some(ReturnFlags { bits })
    }
}

/// What a contract returned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ExecReturnValue {
    /// How.
    pub flags: ReturnFlags,
    /// What, in the contract's own encoding.
    pub data: Vec<u8>,
}

impl ExecReturnValue {
    /// Whether the contract undid what it did.
    pub fn did_revert(&self) -> bool {
        self.flags == ReturnFlags::REVERT
    }
}

/// A contract that was made.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct InstantiateReturnValue<AccountId> {
    /// What its constructor returned.
    pub result: ExecReturnValue,
    /// Its account.
    pub account_id: AccountId,
}

/// Code that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct CodeUploadReturnValue<CodeHash, Balance> {
    /// Its hash.
    pub code_hash: CodeHash,
    /// What is held for it. Nothing, if it was there.
    pub deposit: Balance,
}

/// Code to make a contract of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Code<Hash> {
    /// A Wasm module.
    Upload(Vec<u8>),
    /// The hash of code that is there.
    Existing(Hash),
}

/// Whether code must be the same on every machine. It always must, here.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(replace_segment("primitives", "wasm"))]
pub enum Determinism {
    /// It must.
    Enforced,
    /// It need not. Refused.
    Relaxed,
}

/// A deposit for storage: paid, or got back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum StorageDeposit<Balance> {
    /// Got back.
    Refund(Balance),
    /// Paid.
    Charge(Balance),
}

impl<Balance: Zero> Default for StorageDeposit<Balance> {
    fn default() -> Self {
        Self::Charge(Zero::zero())
    }
}

impl<Balance: Zero + Saturating + Ord + Copy> StorageDeposit<Balance> {
    /// What is paid; nothing if something comes back.
    pub fn charge_or_zero(&self) -> Balance {
        match self {
            Self::Charge(amount) => *amount,
            Self::Refund(_) => Zero::zero(),
        }
    }

    /// Whether nothing moves.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Charge(amount) | Self::Refund(amount) => amount.is_zero(),
        }
    }

    /// The other way round.
    pub fn negated(&self) -> Self {
        match self {
            Self::Charge(amount) => Self::Refund(*amount),
            Self::Refund(amount) => Self::Charge(*amount),
        }
    }

    /// Both together.
    pub fn saturating_add(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Charge(one), Self::Charge(two)) => Self::Charge(one.saturating_add(*two)),
            (Self::Refund(one), Self::Refund(two)) => Self::Refund(one.saturating_add(*two)),
            (Self::Charge(charge), Self::Refund(refund))
            | (Self::Refund(refund), Self::Charge(charge)) => {
                if charge >= refund {
                    Self::Charge(charge.saturating_sub(*refund))
                } else {
                    Self::Refund(refund.saturating_sub(*charge))
                }
            }
        }
    }

    /// What of a limit is left after it.
    pub fn available(&self, limit: Balance) -> Balance {
        match self {
            Self::Charge(amount) => limit.saturating_sub(*amount),
            Self::Refund(amount) => limit.saturating_add(*amount),
        }
    }
}
