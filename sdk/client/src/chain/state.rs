//! Values of the chain's state as a client decodes them.

use codec::{Compact, Decode};
use parlance_primitives::{AccountId, Balance, BlockNumber, EXISTENTIAL_DEPOSIT, Nonce};

/// An account: `System.Account`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
pub struct AccountState {
    /// Transactions that it has sent.
    pub nonce: Nonce,
    /// Modules that need the account's balance to stay.
    pub consumers: u32,
    /// Reasons for it to exist: a balance.
    pub providers: u32,
    /// Reasons for it to exist without a balance: an identity.
    pub sufficients: u32,
    /// What it holds.
    pub data: Holdings,
}

/// What an account holds, in units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Decode)]
pub struct Holdings {
    /// What can be spent, but for what is frozen.
    pub free: Balance,
    /// On hold: deposits, bonds, stakes.
    pub reserved: Balance,
    /// Part of the balance that must not leave, such as vesting tokens.
    pub frozen: Balance,
    /// Flags of the pallet.
    flags: u128,
}

impl AccountState {
    /// What a payment may take at most if the account is to live on, before fees.
    pub fn spendable(&self) -> Balance {
        let frozen = self.data.frozen.saturating_sub(self.data.reserved);
        let least = if self.providers > 0 || self.data.free > 0 {
            EXISTENTIAL_DEPOSIT
        } else {
            0
        };
        self.data.free.saturating_sub(frozen.max(least))
    }
}

/// The runtime that made a state: `System.LastRuntimeUpgrade`.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub struct RuntimeVersion {
    /// Number of the runtime.
    pub spec_version: Compact<u32>,
    /// Name of the chain's kind.
    pub spec_name: String,
}

/// Head of `Accounts.CurrentGate`; what follows is not needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Difficulty of a registration whose anchor lies in the running period.
    pub difficulty: u32,
}

impl Decode for Gate {
    fn decode<I: codec::Input>(input: &mut I) -> Result<Self, codec::Error> {
        let (_period, difficulty) = <(u32, u32)>::decode(input)?;
        while input.remaining_len()?.is_some_and(|left| left > 0) {
            input.read_byte()?;
        }
        Ok(Self { difficulty })
    }
}

/// Place of a transaction in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, codec::Encode, Decode)]
pub struct Timepoint {
    /// Height of the block.
    pub height: BlockNumber,
    /// Place in the block.
    pub index: u32,
}

/// A call that waits for approvals: `Multisig.Multisigs`.
#[derive(Clone, Debug, PartialEq, Eq, Decode)]
pub struct OpenCall {
    /// The first approval.
    pub when: Timepoint,
    /// Deposit of who opened it.
    pub deposit: Balance,
    /// Who opened it.
    pub depositor: AccountId,
    /// Who has approved so far.
    pub approvals: Vec<AccountId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::{DecodeAll, Encode};
    use parlance_primitives::UNIT;

    fn account(free: Balance, reserved: Balance, frozen: Balance) -> AccountState {
        AccountState {
            providers: 1,
            data: Holdings {
                free,
                reserved,
                frozen,
                flags: 0,
            },
            ..AccountState::default()
        }
    }

    #[test]
    fn an_account_is_decoded_as_the_runtime_encodes_it() {
        use pallet_balances::AccountData;
        let data = AccountData::<Balance> {
            free: 7 * UNIT,
            reserved: 2,
            frozen: 3,
            flags: Default::default(),
        };
        let info = frame_system::AccountInfo::<Nonce, _> {
            nonce: 5,
            consumers: 1,
            providers: 1,
            sufficients: 2,
            data,
        };
        let read = AccountState::decode_all(&mut info.encode().as_slice()).unwrap();
        assert_eq!((read.nonce, read.sufficients), (5, 2));
        assert_eq!(
            (read.data.free, read.data.reserved, read.data.frozen),
            (7 * UNIT, 2, 3)
        );
    }

    #[test]
    fn what_is_frozen_or_keeps_the_account_alive_is_not_spent() {
        assert_eq!(account(UNIT, 0, 0).spendable(), UNIT - EXISTENTIAL_DEPOSIT);
        assert_eq!(account(UNIT, 0, UNIT / 2).spendable(), UNIT / 2);
        // What is on hold counts towards what is frozen.
        assert_eq!(account(UNIT, UNIT / 4, UNIT / 2).spendable(), 3 * UNIT / 4);
        assert_eq!(account(0, 0, 0).spendable(), 0);
        assert_eq!(AccountState::default().spendable(), 0);
    }

    #[test]
    fn the_gate_is_decoded_as_the_pallet_encodes_it() {
        let gate = pallet_accounts::core::gate::Gate {
            period: 3,
            difficulty: 77,
            previous: 66,
            block: 5,
            ..Default::default()
        };
        let read = Gate::decode_all(&mut gate.encode().as_slice()).unwrap();
        assert_eq!(read.difficulty, 77);
    }

    #[test]
    fn the_runtime_version_is_decoded_as_the_runtime_encodes_it() {
        let upgrade = frame_system::LastRuntimeUpgradeInfo::from(parlance_runtime::VERSION);
        let read = RuntimeVersion::decode_all(&mut upgrade.encode().as_slice()).unwrap();
        assert_eq!(read.spec_version.0, parlance_runtime::VERSION.spec_version);
        assert_eq!(read.spec_name, parlance_runtime::VERSION.spec_name);
        assert_eq!(
            crate::chain::TRANSACTION_VERSION,
            parlance_runtime::VERSION.transaction_version
        );
    }
}
