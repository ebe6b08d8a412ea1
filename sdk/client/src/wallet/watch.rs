//! What became of a transaction, proven.
//!
//! - **W1** The proven nonce of the sender tells that a transaction of that number is in the chain: only the
//!   sender can make one. From the head that shows it, headers lead back, each verified by its child's hash
//!   of it, to the block before which the nonce was lower: the transaction is in that block.
//! - **W2** Its place is found in the block's body, which is verified against the header. Another
//!   transaction of the same number there means that this one is void for ever.
//! - **W3** How it ended stands in the block's proven events.
//! - **W4** A transaction whose life is over while the nonce is lower is not in the chain and never will be.
//!
//! So a node can delay an answer, and no more: it can neither feign an end nor hide one for longer than
//! the transaction's life.

use std::time::{Duration, SystemTime};

use parlance_primitives::{AccountId, BlockNumber, Hash};

use super::{Seen, account};
use crate::{
    chain::{
        events::{Outcome, outcome, reason},
        keys,
        transaction::{LIFE, Signed, Unsigned},
    },
    light::{Head, Light, LightError},
    node::Node,
};

/// Pause between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(400);

/// Why there is no end, or a bad one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// No proven answer.
    #[error(transparent)]
    Light(#[from] LightError),
    /// It did not do what it says.
    #[error(
        "the transaction is in block {block} and failed: {reason}; the fee was paid, nothing else changed"
    )]
    Failed {
        /// The block.
        block: BlockNumber,
        /// Why.
        reason: String,
    },
    /// The events do not say how it ended.
    #[error(
        "the transaction is in block {block}, but its events do not say beyond doubt how it ended: look at \
         the balances"
    )]
    Unclear {
        /// The block.
        block: BlockNumber,
    },
    /// Another one took its number.
    #[error(
        "another transaction of this account took number {nonce}: this one is void; begin again"
    )]
    Replaced {
        /// The number.
        nonce: u32,
    },
    /// Its life is over.
    #[error("the transaction is not in the chain, and can no longer enter it: begin again")]
    Expired,
}

/// Where a transaction is in the chain.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Included {
    /// Hash of the transaction.
    pub transaction: Hash,
    /// Height of the block.
    pub block: BlockNumber,
    /// Hash of the block.
    pub block_hash: Hash,
    /// Place in the block.
    pub index: u32,
}

/// Waits until a transaction is final, and proves how it ended.
pub async fn watch<N: Node>(
    light: &mut Light<N>,
    sent: (&Unsigned, &Signed),
    seen: Seen<'_>,
) -> Result<Included, WatchError> {
    let (unsigned, signed) = sent;
    let mut height = None;
    loop {
        let head = light.head(SystemTime::now()).await?;
        if height != Some(head.number) {
            height = Some(head.number);
            seen(head.number);
            if nonce(light, &head, &unsigned.account).await? > unsigned.nonce {
                return locate(light, head, unsigned, signed).await;
            }
            if head.number >= unsigned.expires() {
                return Err(WatchError::Expired);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn nonce<N: Node>(light: &Light<N>, head: &Head, who: &AccountId) -> Result<u32, LightError> {
    Ok(account(light, head, who).await?.nonce)
}

/// Finds block, place and end of a transaction whose number is used at `head` (W1 to W3).
async fn locate<N: Node>(
    light: &Light<N>,
    head: Head,
    unsigned: &Unsigned,
    signed: &Signed,
) -> Result<Included, WatchError> {
    let mut block = head;
    for _ in 0..*LIFE.end() {
        let parent = light.parent_of(&block).await?;
        if nonce(light, &parent, &unsigned.account).await? <= unsigned.nonce {
            return conclude(light, &block, unsigned, signed).await;
        }
        // No block before the one that the transaction names can have it.
        if parent.number <= unsigned.from {
            break;
        }
        block = parent;
    }
    let nonce = unsigned.nonce;
    Err(WatchError::Replaced { nonce })
}

async fn conclude<N: Node>(
    light: &Light<N>,
    block: &Head,
    unsigned: &Unsigned,
    signed: &Signed,
) -> Result<Included, WatchError> {
    let body = light.body(block).await?;
    let place = body.iter().position(|one| *one == signed.0);
    let Some(index) = place.and_then(|place| u32::try_from(place).ok()) else {
        let nonce = unsigned.nonce;
        return Err(WatchError::Replaced { nonce });
    };
    let what = "the events";
    let found = light.values(block, &[keys::events()], what).await?;
    let events = found.into_iter().flatten().next().unwrap_or_default();
    let number = block.number;
    match outcome(&events, index) {
        Outcome::Done => Ok(Included {
            transaction: signed.hash(),
            block: number,
            block_hash: block.hash,
            index,
        }),
        Outcome::Failed(error) => Err(WatchError::Failed {
            block: number,
            reason: reason(&error),
        }),
        Outcome::Unclear => Err(WatchError::Unclear { block: number }),
    }
}
