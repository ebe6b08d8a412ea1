//! The wallet: what an account holds, paying, signing without a network, and accounts of several people.

pub mod offline;
pub mod received;
pub mod shared;
mod watch;

pub use watch::{Included, WatchError, watch};

use parlance_primitives::{AccountId, Balance, BlockNumber};

use crate::{
    chain::{
        amount::Amount,
        call::Call,
        keys,
        state::{AccountState, RuntimeVersion},
        transaction::{LIFE, Unsigned},
    },
    light::{Head, Light, LightError},
    node::Node,
    submit::SubmitError,
};

/// Blocks for which a transaction counts that is sent at once: two minutes.
pub const SHORT_LIFE: u64 = 64;
/// Blocks for which one counts that is carried to another machine to be signed: more than an hour.
pub const LONG_LIFE: u64 = 2_048;

/// Why the wallet does not pay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// No proven answer.
    #[error(transparent)]
    Light(#[from] LightError),
    /// The node does not take it.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// What became of it.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// The account does not exist.
    #[error("the account {account} does not exist: it has neither tokens nor an identity")]
    NoAccount {
        /// Its address.
        account: String,
    },
    /// Not enough tokens.
    #[error(
        "{wanted} tokens are more than the {spendable} that can be paid: an account keeps 0.001 token, \
         and what is on hold or frozen stays"
    )]
    TooLittle {
        /// What was to be paid.
        wanted: Amount,
        /// What can be.
        spendable: Amount,
    },
    /// The chain has no version.
    #[error("the chain does not state its runtime's version: take a node of a Parlance chain")]
    NoVersion,
    /// A life that no transaction can have.
    #[error("a transaction counts for a power of two of blocks between 4 and 4096, not {life}")]
    BadLife {
        /// What was asked for.
        life: u64,
    },
}

/// What an account holds, proven; all zero when it does not exist.
pub async fn account<N: Node>(
    light: &Light<N>,
    head: &Head,
    who: &AccountId,
) -> Result<AccountState, LightError> {
    let found = light
        .value(head, &keys::account(who), "the balance")
        .await?;
    Ok(found.unwrap_or_default())
}

/// A transaction ready to be signed. Nonce, version and block are proven.
pub async fn prepare<N: Node>(
    light: &Light<N>,
    head: &Head,
    who: &AccountId,
    call: Call,
    life: u64,
) -> Result<Unsigned, WalletError> {
    if !life.is_power_of_two() || !LIFE.contains(&life) {
        return Err(WalletError::BadLife { life });
    }
    let state = account(light, head, who).await?;
    if state == AccountState::default() {
        use sp_core::crypto::Ss58Codec;
        let account = who.to_ss58check();
        return Err(WalletError::NoAccount { account });
    }
    let version: RuntimeVersion = light
        .value(head, &keys::runtime_version(), "the runtime's version")
        .await?
        .ok_or(WalletError::NoVersion)?;
    Ok(Unsigned {
        account: who.clone(),
        call,
        nonce: state.nonce,
        tip: 0,
        spec_version: version.spec_version.0,
        genesis: light.genesis(),
        from: head.number,
        from_hash: head.hash,
        life,
    })
}

/// A payment ready to be signed, which the account can afford but for the fee.
pub async fn prepare_payment<N: Node>(
    light: &Light<N>,
    head: &Head,
    who: &AccountId,
    (to, amount): (&AccountId, Balance),
    life: u64,
) -> Result<Unsigned, WalletError> {
    let spendable = account(light, head, who).await?.spendable();
    if amount > spendable {
        return Err(WalletError::TooLittle {
            wanted: Amount(amount),
            spendable: Amount(spendable),
        });
    }
    prepare(light, head, who, Call::transfer(to, amount), life).await
}

/// Heights that somebody who waits is told.
pub type Seen<'a> = &'a mut (dyn FnMut(BlockNumber) + Send);
