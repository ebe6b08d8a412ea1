//! Accounts of several people: a payment needs the approval of so many of them (`pallet-multisig`).
//!
//! Each owner states the whole payment, not a hash of it, so that nobody approves what they cannot read.
//! The first approval opens it and takes a deposit, the last one makes it and returns the deposit.

use codec::Encode;
use parlance_primitives::AccountId;
use sp_crypto_hashing::blake2_256;

use crate::{
    chain::{
        call::{Call, Multisig, Weight},
        keys,
        state::OpenCall,
    },
    light::{Head, Light, LightError},
    node::Node,
};

/// Most owners.
pub const MAX_OWNERS: usize = 100;
/// Domain of addresses of shared accounts.
const DOMAIN: &[u8; 16] = b"modlpy/utilisuba";
/// What a shared payment may compute: several times what one takes.
const LIMIT: Weight = Weight {
    ref_time: 2_000_000_000,
    proof_size: 100_000,
};

/// Why these people share no account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SharedError {
    /// Too few or too many.
    #[error("a shared account has 2 to {MAX_OWNERS} different owners, not {count}")]
    BadOwners {
        /// How many different ones.
        count: usize,
    },
    /// A number of approvals that is impossible.
    #[error("between 2 and {owners} of the owners must agree, not {threshold}")]
    BadThreshold {
        /// How many were asked for.
        threshold: u16,
        /// How many owners there are.
        owners: usize,
    },
    /// Not an owner.
    #[error("you are none of the owners: name all the others, and use the data folder of an owner")]
    NotAnOwner,
    /// Not open.
    #[error(
        "no such payment is open: check receiver, amount, owners and the number that must agree"
    )]
    NotOpen,
    /// Approved already.
    #[error("you have approved this payment: {missing} more must")]
    Approved {
        /// Approvals that are missing.
        missing: u16,
    },
    /// Opened by somebody else.
    #[error("only who opened a payment can take it back: {depositor} did")]
    NotYours {
        /// Address of who did.
        depositor: String,
    },
}

/// An account of several people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedAccount {
    owners: Vec<AccountId>,
    threshold: u16,
}

impl SharedAccount {
    /// Of these owners, `threshold` of whom must agree. Order and repetition do not matter.
    pub fn new(mut owners: Vec<AccountId>, threshold: u16) -> Result<Self, SharedError> {
        owners.sort();
        owners.dedup();
        let count = owners.len();
        if !(2..=MAX_OWNERS).contains(&count) {
            return Err(SharedError::BadOwners { count });
        }
        if threshold < 2 || usize::from(threshold) > count {
            return Err(SharedError::BadThreshold {
                threshold,
                owners: count,
            });
        }
        Ok(Self { owners, threshold })
    }

    /// Its account.
    pub fn account(&self) -> AccountId {
        AccountId::new(blake2_256(&(DOMAIN, &self.owners, self.threshold).encode()))
    }

    /// Approvals that suffice.
    pub fn threshold(&self) -> u16 {
        self.threshold
    }

    /// The payment that waits, if it does. Proven.
    pub async fn open_call<N: Node>(
        &self,
        light: &Light<N>,
        head: &Head,
        call: &Call,
    ) -> Result<Option<OpenCall>, LightError> {
        let key = keys::multisig(&self.account(), &call.hash());
        light.value(head, &key, "the open payment").await
    }

    /// Approval of `call` by `owner`: it opens what is not open, and makes it when it is the last.
    pub fn approve(
        &self,
        owner: &AccountId,
        call: Call,
        open: Option<&OpenCall>,
    ) -> Result<Call, SharedError> {
        let others = self.others(owner)?;
        if let Some(open) = open.filter(|open| open.approvals.contains(owner)) {
            let given = u16::try_from(open.approvals.len()).unwrap_or(u16::MAX);
            let missing = self.threshold.saturating_sub(given);
            return Err(SharedError::Approved { missing });
        }
        Ok(Call::Multisig(Multisig::AsMulti {
            threshold: self.threshold,
            others,
            opened: open.map(|open| open.when),
            call: Box::new(call),
            limit: LIMIT,
        }))
    }

    /// Takes back what `owner` opened; its deposit returns.
    pub fn cancel(
        &self,
        owner: &AccountId,
        call: &Call,
        open: Option<&OpenCall>,
    ) -> Result<Call, SharedError> {
        use sp_core::crypto::Ss58Codec;
        let others = self.others(owner)?;
        let open = open.ok_or(SharedError::NotOpen)?;
        if open.depositor != *owner {
            let depositor = open.depositor.to_ss58check();
            return Err(SharedError::NotYours { depositor });
        }
        Ok(Call::Multisig(Multisig::Cancel {
            threshold: self.threshold,
            others,
            opened: open.when,
            call_hash: call.hash(),
        }))
    }

    fn others(&self, owner: &AccountId) -> Result<Vec<AccountId>, SharedError> {
        if !self.owners.contains(owner) {
            return Err(SharedError::NotAnOwner);
        }
        let others = self.owners.iter().filter(|other| *other != owner);
        Ok(others.cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::state::Timepoint;
    use parlance_primitives::UNIT;

    fn someone(seed: u8) -> AccountId {
        AccountId::new([seed; 32])
    }

    fn open(approvals: &[u8]) -> OpenCall {
        OpenCall {
            when: Timepoint {
                height: 4,
                index: 1,
            },
            deposit: UNIT,
            depositor: someone(approvals[0]),
            approvals: approvals.iter().map(|seed| someone(*seed)).collect(),
        }
    }

    #[test]
    fn the_address_is_the_runtimes() {
        for (owners, threshold) in [(vec![3, 1, 2], 2), (vec![9, 8], 2), (vec![1, 1, 2, 5], 3)] {
            let owners: Vec<_> = owners.into_iter().map(someone).collect();
            let shared = SharedAccount::new(owners.clone(), threshold).unwrap();
            let mut sorted = owners;
            sorted.sort();
            sorted.dedup();
            let theirs = pallet_multisig::Pallet::<parlance_runtime::Runtime>::multi_account_id(
                &sorted, threshold,
            );
            assert_eq!(shared.account(), theirs);
        }
    }

    #[test]
    fn the_first_opens_and_the_second_closes() {
        let shared = SharedAccount::new(vec![someone(1), someone(2)], 2).unwrap();
        let call = Call::transfer(&someone(7), UNIT);
        let opened = |approval| match approval {
            Ok(Call::Multisig(Multisig::AsMulti { opened, others, .. })) => (opened, others),
            other => panic!("{other:?}"),
        };
        let first = shared.approve(&someone(1), call.clone(), None);
        assert_eq!(opened(first), (None, vec![someone(2)]));
        let waits = open(&[1]);
        let second = shared.approve(&someone(2), call.clone(), Some(&waits));
        assert_eq!(opened(second), (Some(waits.when), vec![someone(1)]));
        assert_eq!(
            shared.approve(&someone(1), call, Some(&waits)),
            Err(SharedError::Approved { missing: 1 })
        );
    }

    #[test]
    fn strangers_do_not_approve_and_do_not_cancel() {
        let shared = SharedAccount::new(vec![someone(1), someone(2)], 2).unwrap();
        let call = Call::transfer(&someone(7), UNIT);
        assert_eq!(
            shared.approve(&someone(3), call.clone(), None),
            Err(SharedError::NotAnOwner)
        );
        assert!(shared.cancel(&someone(1), &call, Some(&open(&[1]))).is_ok());
        assert!(matches!(
            shared.cancel(&someone(2), &call, Some(&open(&[1]))),
            Err(SharedError::NotYours { .. })
        ));
        assert_eq!(
            shared.cancel(&someone(1), &call, None),
            Err(SharedError::NotOpen)
        );
    }

    #[test]
    fn impossible_accounts_are_refused() {
        let owners = |count: u8| (0..count).map(someone).collect::<Vec<_>>();
        assert!(SharedAccount::new(owners(1), 1).is_err());
        assert!(SharedAccount::new(owners(101), 2).is_err());
        for threshold in [0, 1, 3] {
            assert!(SharedAccount::new(owners(2), threshold).is_err());
        }
    }
}
