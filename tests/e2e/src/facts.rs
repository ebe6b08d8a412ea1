//! Typed answers of the node's own methods and of those of the SDK that scenarios need.

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use codec::Decode;
use serde_json::{Value, json};
use subxt::utils::AccountId32;

use crate::rpc::Rpc;

/// Prefix of the digest item in which an author claims its slot, in hex: pre-runtime, engine
/// `aura`, and the length of what follows.
const SLOT_CLAIM: &str = "0x066175726120";

/// A block by number and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Height.
    pub number: u64,
    /// Hash in hex.
    pub hash: String,
}

/// Where a candidate stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Makes blocks.
    Active,
    /// Next in line.
    Standby,
    /// Without a place.
    Waiting,
    /// Shut out until that era.
    Banned(u64),
}

/// One entry of `parlance_producers`.
#[derive(Clone, Debug)]
pub struct Producer {
    /// Operator.
    pub account: AccountId32,
    /// Standing.
    pub standing: Standing,
    /// Bond of its own.
    pub bond: u128,
    /// Backing by the last election.
    pub backing: u128,
    /// Slots of one round of the schedule.
    pub slots: u64,
    /// Blocks made in the running epoch.
    pub made: u64,
    /// Slots that have passed in the running epoch.
    pub expected: u64,
}

/// Answer of `parlance_progress`.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Running epoch.
    pub epoch: u64,
    /// Running era.
    pub era: u64,
    /// Slots in an epoch.
    pub epoch_length: u64,
    /// Epochs in an era.
    pub epochs_per_era: u64,
}

/// Number of connected peers.
pub async fn peers(rpc: &Rpc) -> Result<u64> {
    let health = rpc.call("system_health", json!([])).await?;
    health["peers"]
        .as_u64()
        .with_context(|| format!("no peers in {health}"))
}

/// The best block.
pub async fn best(rpc: &Rpc) -> Result<Block> {
    let hash = text(&rpc.call("chain_getBlockHash", json!([])).await?)?;
    Ok(Block {
        number: number_of(rpc, &hash).await?,
        hash,
    })
}

/// The last final block.
pub async fn finalized(rpc: &Rpc) -> Result<Block> {
    let hash = text(&rpc.call("chain_getFinalizedHead", json!([])).await?)?;
    Ok(Block {
        number: number_of(rpc, &hash).await?,
        hash,
    })
}

/// Hash of the block of that height on the best chain, `None` above its head.
pub async fn hash_at(rpc: &Rpc, number: u64) -> Result<Option<String>> {
    let hash = rpc.call("chain_getBlockHash", json!([number])).await?;
    Ok(hash.as_str().map(str::to_owned))
}

/// Slot that the block of that hash claims.
pub async fn slot_of(rpc: &Rpc, hash: &str) -> Result<u64> {
    let header = header(rpc, hash).await?;
    let logs = header["digest"]["logs"]
        .as_array()
        .context("a header without digest")?;
    let claim = logs
        .iter()
        .filter_map(Value::as_str)
        .find_map(|log| log.strip_prefix(SLOT_CLAIM))
        .with_context(|| format!("no slot claimed in {header}"))?;
    Ok(u64::from_le_bytes(bytes::<8>(claim)?))
}

/// The schedule that `AuraApi` answers in the state of `hash` (best when `None`): key by slot,
/// repeating.
pub async fn schedule(rpc: &Rpc, hash: Option<&str>) -> Result<Vec<[u8; 32]>> {
    let mut params = vec![json!("AuraApi_authorities"), json!("0x")];
    params.extend(hash.map(|hash| json!(hash)));
    let encoded = text(&rpc.call("state_call", Value::Array(params)).await?)?;
    let raw = unhex(&encoded)?;
    Vec::<[u8; 32]>::decode(&mut raw.as_slice()).context("authorities that do not decode")
}

/// Key that made the block of that hash.
pub async fn author_of(rpc: &Rpc, hash: &str) -> Result<[u8; 32]> {
    let slot = slot_of(rpc, hash).await?;
    let parent = text(&header(rpc, hash).await?["parentHash"])?;
    let schedule = schedule(rpc, Some(&parent)).await?;
    let place = slot
        .checked_rem(schedule.len() as u64)
        .context("an empty schedule")?;
    Ok(schedule[place as usize])
}

/// Every candidate.
pub async fn producers(rpc: &Rpc) -> Result<Vec<Producer>> {
    let answer = rpc.call("parlance_producers", json!([])).await?;
    answer
        .as_array()
        .context("producers are no list")?
        .iter()
        .map(producer)
        .collect()
}

/// The candidate with that account.
pub async fn producer_of(rpc: &Rpc, account: &AccountId32) -> Result<Option<Producer>> {
    Ok(producers(rpc)
        .await?
        .into_iter()
        .find(|one| one.account == *account))
}

/// Running epoch and era.
pub async fn progress(rpc: &Rpc) -> Result<Progress> {
    let answer = rpc.call("parlance_progress", json!([])).await?;
    Ok(Progress {
        epoch: count(&answer, "epoch")?,
        era: count(&answer, "era")?,
        epoch_length: count(&answer, "epochLength")?,
        epochs_per_era: count(&answer, "epochsPerEra")?,
    })
}

/// What a voter could claim.
pub async fn claimable(rpc: &Rpc, account: &AccountId32) -> Result<u128> {
    amount(
        &rpc.call("parlance_claimable", json!([account.to_string()]))
            .await?,
    )
}

/// A balance in JSON: a number, or a string in decimal or hex.
pub fn amount(value: &Value) -> Result<u128> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        other => bail!("{other} is no balance"),
    };
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u128::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.with_context(|| format!("{text} is no balance"))
}

/// Bytes of a hex string with or without `0x`.
pub fn unhex(text: &str) -> Result<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        bail!("{text} is no hex string");
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).context("a digit that is no hex"))
        .collect()
}

async fn header(rpc: &Rpc, hash: &str) -> Result<Value> {
    let header = rpc.call("chain_getHeader", json!([hash])).await?;
    if header.is_null() {
        bail!("the node has no block {hash}");
    }
    Ok(header)
}

async fn number_of(rpc: &Rpc, hash: &str) -> Result<u64> {
    let number = text(&header(rpc, hash).await?["number"])?;
    u64::from_str_radix(number.trim_start_matches("0x"), 16).context("a number that is no hex")
}

fn producer(value: &Value) -> Result<Producer> {
    Ok(Producer {
        account: AccountId32::from_str(&text(&value["account"])?)
            .map_err(|error| anyhow::anyhow!("account {}: {error}", value["account"]))?,
        standing: standing(&value["standing"])?,
        bond: amount(&value["bond"])?,
        backing: amount(&value["backing"])?,
        slots: count(value, "slots")?,
        made: count(value, "made")?,
        expected: count(value, "expected")?,
    })
}

fn standing(value: &Value) -> Result<Standing> {
    match value {
        Value::String(name) => match name.to_lowercase().as_str() {
            "active" => Ok(Standing::Active),
            "standby" => Ok(Standing::Standby),
            "waiting" => Ok(Standing::Waiting),
            other => bail!("{other} is no standing"),
        },
        Value::Object(fields) => {
            let era = fields.values().next().and_then(Value::as_u64);
            Ok(Standing::Banned(
                era.with_context(|| format!("{value} is no standing"))?,
            ))
        }
        other => bail!("{other} is no standing"),
    }
}

fn count(value: &Value, field: &str) -> Result<u64> {
    value[field]
        .as_u64()
        .with_context(|| format!("no number {field} in {value}"))
}

fn text(value: &Value) -> Result<String> {
    Ok(value
        .as_str()
        .with_context(|| format!("{value} is no text"))?
        .to_owned())
}

fn bytes<const N: usize>(hex: &str) -> Result<[u8; N]> {
    let raw = unhex(hex)?;
    raw.try_into()
        .map_err(|raw: Vec<u8>| anyhow::anyhow!("{} bytes, not {N}", raw.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances_are_read_in_every_shape_that_nodes_write() {
        assert_eq!(amount(&json!(7)).unwrap(), 7);
        assert_eq!(
            amount(&json!("21000000000000000000")).unwrap(),
            21_000_000_000_000_000_000
        );
        assert_eq!(amount(&json!("0xff")).unwrap(), 255);
        assert!(amount(&json!([])).is_err());
    }

    #[test]
    fn hex_is_read_and_garbage_refused() {
        assert_eq!(unhex("0x00ff").unwrap(), [0, 255]);
        assert!(unhex("0x0").is_err());
        assert!(unhex("zz").is_err());
    }

    #[test]
    fn a_banned_standing_names_its_era() {
        assert_eq!(
            standing(&json!({"Banned": 12})).unwrap(),
            Standing::Banned(12)
        );
        assert_eq!(standing(&json!("Active")).unwrap(), Standing::Active);
        assert!(standing(&json!("King")).is_err());
    }
}
