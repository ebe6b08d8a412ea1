//! Whether somebody has paid what they say they have.
//!
//! - **V1** A claim names transaction, block, payer, receiver and amount. From a proven head, headers lead back to that block, each verified by its child's
//!   hash of it. Its transactions are verified against its header.
//! - **V2** The one with that hash must be a payment by that payer to that receiver of exactly that amount: it is decoded, not believed.
//! - **V3** It must have ended well, by the block's proven events. Nodes throw old states away, and with them the proof: who looks too late needs a node that
//!   keeps them.
//! - **V4** A payment counts once, for the first message that told of it
//!   ([`keep_received`](crate::vault::Vault::keep_received)).

use codec::{Compact, Decode, DecodeAll};
use parlance_primitives::{AccountId, Balance, BlockNumber, Hash, Nonce};
use sp_crypto_hashing::blake2_256;
use sp_runtime::{MultiAddress, MultiSignature, generic::Era};

use crate::{
    chain::{
        amount::Amount,
        call::{Balances, Call},
        events::{Outcome, outcome, reason},
        keys,
        transaction::SIGNED,
    },
    light::{Head, Light, LightError},
    node::Node,
};

/// Blocks that are walked back at most.
const MAX_BACK: BlockNumber = 4_096;

/// What somebody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who paid.
    pub from: AccountId,
    /// Whom.
    pub to: AccountId,
    /// How much, units.
    pub amount: Balance,
    /// Hash of the transaction.
    pub transaction: Hash,
    /// Height of the block that has it.
    pub block: BlockNumber,
}

/// Why it is not so, or not proven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// No proven answer.
    #[error("{0}: the payment is not proven; a node that keeps old states can prove it")]
    Light(#[from] LightError),
    /// The block is not final.
    #[error("block {block} is not final yet, the newest that is has number {head}: wait")]
    NotFinal {
        /// The block of the payment.
        block: BlockNumber,
        /// The newest.
        head: BlockNumber,
    },
    /// Too far back.
    #[error(
        "the payment is in block {block}, more than {MAX_BACK} blocks ago, and is not looked for: compare your balance"
    )]
    TooOld {
        /// The block of the payment.
        block: BlockNumber,
    },
    /// It is not there.
    #[error("block {block} has no such transaction: nothing was paid by it, ask who wrote this")]
    NotThere {
        /// The block that was named.
        block: BlockNumber,
    },
    /// It is something else.
    #[error(
        "the transaction is no payment of {amount} tokens from them to you: nothing of that kind was paid, ask who wrote this"
    )]
    Another {
        /// What was claimed.
        amount: Amount,
    },
    /// It failed.
    #[error("the transaction is in block {block} and failed: {reason}; nothing was paid")]
    Failed {
        /// The block.
        block: BlockNumber,
        /// Why.
        reason: String,
    },
    /// The events do not say how it ended.
    #[error(
        "the events of block {block} do not say beyond doubt how the payment ended: compare your balance"
    )]
    Unclear {
        /// The block.
        block: BlockNumber,
    },
}

/// Proves a claim under a head (V1 to V3).
pub async fn prove<N: Node>(
    light: &Light<N>,
    head: &Head,
    claim: &Claim,
) -> Result<(), ClaimError> {
    let block = claim.block;
    let back = match head.number.checked_sub(block) {
        None => {
            let head = head.number;
            return Err(ClaimError::NotFinal { block, head });
        }
        Some(back) if back > MAX_BACK => return Err(ClaimError::TooOld { block }),
        Some(back) => back,
    };
    let mut at = None;
    for _ in 0..back {
        at = Some(light.parent_of(at.as_ref().unwrap_or(head)).await?);
    }
    let at = at.as_ref().unwrap_or(head);
    let body = light.body(at).await?;
    let is_it = |one: &Vec<u8>| Hash::from(blake2_256(one)) == claim.transaction;
    let place = body.iter().position(is_it);
    let found = place.and_then(|place| Some((u32::try_from(place).ok()?, body.get(place)?)));
    let Some((index, transaction)) = found else {
        return Err(ClaimError::NotThere { block });
    };
    let paid = (claim.from.clone(), claim.to.clone(), claim.amount);
    if payment(transaction) != Some(paid) {
        let amount = Amount(claim.amount);
        return Err(ClaimError::Another { amount });
    }
    let events = light.values(at, &[keys::events()], "the events").await?;
    let events = events.into_iter().flatten().next().unwrap_or_default();
    match outcome(&events, index) {
        Outcome::Done => Ok(()),
        Outcome::Failed(error) => Err(ClaimError::Failed {
            block,
            reason: reason(&error),
        }),
        Outcome::Unclear => Err(ClaimError::Unclear { block }),
    }
}

/// Payer, receiver and amount of a transaction, if it is a signed payment and nothing else.
pub fn payment(transaction: &[u8]) -> Option<(AccountId, AccountId, Balance)> {
    type Head = (
        u8,
        MultiAddress<AccountId, ()>,
        MultiSignature,
        (Era, Compact<Nonce>, Compact<Balance>, u8),
    );
    let inner = Vec::<u8>::decode_all(&mut &*transaction).ok()?;
    let mut rest = inner.as_slice();
    let (version, from, _, _) = Head::decode(&mut rest).ok()?;
    let Call::Balances(Balances::TransferKeepAlive { to, amount }) = Call::from_bytes(rest).ok()?
    else {
        return None;
    };
    match (version, from, to) {
        (SIGNED, MultiAddress::Id(from), MultiAddress::Id(to)) => Some((from, to, amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::transaction::{Signed, Unsigned};
    use parlance_primitives::UNIT;
    use sp_core::{Pair, sr25519};

    fn signed(call: Call) -> (AccountId, Signed) {
        let key = sr25519::Pair::from_seed(&[1; 32]);
        let unsigned = Unsigned {
            account: key.public().into(),
            call,
            nonce: 70,
            tip: 5,
            spec_version: 3,
            genesis: Hash::repeat_byte(1),
            from: 1_000,
            from_hash: Hash::repeat_byte(2),
            life: 64,
        };
        (unsigned.account.clone(), unsigned.sign(&key))
    }

    #[test]
    fn a_payment_is_read_off_the_transaction_and_nothing_else_is_one() {
        let to = AccountId::new([9; 32]);
        let (from, paid) = signed(Call::transfer(&to, 3 * UNIT));
        assert_eq!(payment(&paid.0), Some((from, to, 3 * UNIT)));
        let (_, other) = signed(Call::Accounts(crate::chain::call::Accounts::RemoveIdentity));
        assert_eq!(payment(&other.0), None);
        for cut in 0..paid.0.len() {
            assert_eq!(payment(&paid.0[..cut]), None);
        }
        let longer = [paid.0.as_slice(), &[0]].concat();
        assert_eq!(payment(&longer), None);
        // Not signed, but otherwise the same.
        let mut unsigned = paid.0;
        let version = unsigned.iter().position(|byte| *byte == SIGNED).unwrap();
        unsigned[version] = 4;
        assert_eq!(payment(&unsigned), None);
    }
}
