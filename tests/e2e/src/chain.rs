//! Extrinsics, storage, constants and events through `subxt`.
//!
//! Everything is looked up by name in the metadata that the node serves, so nothing here goes
//! stale when the runtime changes, and a renamed call fails with its name.

use std::str::FromStr;

use anyhow::{Context, Result, anyhow};
use subxt::{
    OfflineClient, OnlineClient, OnlineClientAtBlock, SubstrateConfig,
    config::{
        DefaultExtrinsicParamsBuilder,
        substrate::{H256, SpecVersionForRange},
    },
    dynamic::{At, Value},
    ext::scale_value::Composite,
    tx::DynamicPayload,
    utils::AccountId32,
};
use subxt_signer::{SecretUri, sr25519::Keypair};

use crate::{facts, rpc::Rpc};

/// Units of one token.
pub const TOKEN: u128 = 1_000_000_000_000;

/// A call whose arguments are values without types of their own.
pub type Call = DynamicPayload<Composite<()>>;

/// The chain as it stands after one block.
pub type State = OnlineClientAtBlock<SubstrateConfig>;

/// A client of one node.
#[derive(Clone)]
pub struct Chain {
    api: OnlineClient<SubstrateConfig>,
}

/// An event of an extrinsic.
#[derive(Clone, Debug)]
pub struct Event {
    /// Pallet and name, joined by a dot.
    pub name: String,
    /// Fields.
    pub fields: Value<()>,
}

impl Event {
    fn read(event: &subxt::events::Event<'_, SubstrateConfig>) -> Result<Self> {
        Ok(Self {
            name: format!("{}.{}", event.pallet_name(), event.event_name()),
            fields: Value::without_context(
                event.decode_fields_unchecked_as::<Composite<()>>()?.into(),
            ),
        })
    }

    /// A field by its name.
    pub fn field(&self, name: &str) -> Result<&Value<()>> {
        self.fields
            .at(name)
            .with_context(|| format!("{} has no field {name}", self.name))
    }
}

/// An extrinsic that succeeded in a final block.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// What it emitted.
    pub events: Vec<Event>,
}

impl Receipt {
    /// The first event of that name, for example `Balances.Transfer`.
    pub fn event(&self, name: &str) -> Result<&Event> {
        self.events
            .iter()
            .find(|event| event.name == name)
            .with_context(|| {
                let names: Vec<&str> = self
                    .events
                    .iter()
                    .map(|event| event.name.as_str())
                    .collect();
                format!("no {name} among {names:?}")
            })
    }
}

/// Key pair of a secret such as `//Alice`.
pub fn key(suri: &str) -> Result<Keypair> {
    let uri = SecretUri::from_str(suri).map_err(|error| anyhow!("{suri}: {error}"))?;
    Keypair::from_uri(&uri).map_err(|error| anyhow!("{suri}: {error}"))
}

/// Account of a key pair.
pub fn account(key: &Keypair) -> AccountId32 {
    key.public_key().to_account_id()
}

/// A call with its arguments in order.
pub fn call(pallet: &str, name: &str, arguments: Vec<Value<()>>) -> Call {
    subxt::dynamic::tx(pallet, name, Composite::unnamed(arguments))
}

/// An account as a value.
pub fn id(account: &AccountId32) -> Value<()> {
    Value::from_bytes(account.0)
}

/// An account as an address of a call.
pub fn address(account: &AccountId32) -> Value<()> {
    Value::unnamed_variant("Id", [id(account)])
}

/// An absent option.
pub fn none() -> Value<()> {
    Value::unnamed_variant("None", [])
}

/// A present option.
pub fn some(value: Value<()>) -> Value<()> {
    Value::unnamed_variant("Some", [value])
}

/// Parts per thousand as the runtime's parts per billion.
pub fn per_mille(parts: u128) -> Value<()> {
    Value::u128(parts * 1_000_000)
}

/// The call with which an operator publishes session keys that its node made, with the proof that it
/// holds them: the answer of `author_rotateKeysWithOwner`.
pub fn set_keys(keys: &[u8], proof: &[u8]) -> Call {
    let parts = keys.chunks(32).map(Value::from_bytes);
    call(
        "Session",
        "set_keys",
        vec![Value::unnamed_composite(parts), Value::from_bytes(proof)],
    )
}

/// Makes new session keys in the node for `owner`; returns the keys and the proof.
pub async fn new_keys(rpc: &Rpc, owner: &AccountId32) -> Result<(Vec<u8>, Vec<u8>)> {
    let owner = subxt::utils::to_hex(owner.0);
    let made = rpc
        .call("author_rotateKeysWithOwner", serde_json::json!([owner]))
        .await?;
    let part = |name: &str| {
        facts::unhex(
            made[name]
                .as_str()
                .with_context(|| format!("no {name} in {made}"))?,
        )
    };
    Ok((part("keys")?, part("proof")?))
}

/// The first number inside a value, however many newtypes are around it.
pub fn number(value: &Value<()>) -> Result<u128> {
    let mut inner = value.clone();
    loop {
        if let Some(number) = inner.as_u128() {
            return Ok(number);
        }
        inner = inner
            .at(0)
            .cloned()
            .with_context(|| format!("{value} is no number"))?;
    }
}

/// The account inside a value.
pub fn account_in(value: &Value<()>) -> Result<AccountId32> {
    let raw: [u8; 32] = bytes_in(value)
        .try_into()
        .map_err(|_| anyhow!("{value} is no account"))?;
    Ok(AccountId32(raw))
}

/// All bytes inside a value, in order.
pub fn bytes_in(value: &Value<()>) -> Vec<u8> {
    let mut found = Vec::new();
    collect_bytes(value, &mut found);
    found
}

impl Chain {
    /// Connects over WebSocket.
    pub async fn connect(url: &str) -> Result<Self> {
        let api = OnlineClient::<SubstrateConfig>::from_insecure_url(url)
            .await
            .with_context(|| format!("connecting to {url}"))?;
        Ok(Self { api })
    }

    /// The client underneath.
    pub fn api(&self) -> &OnlineClient<SubstrateConfig> {
        &self.api
    }

    /// Signs with the next nonce, submits, and waits until the extrinsic has succeeded in a final
    /// block.
    pub async fn submit(&self, call: &Call, signer: &Keypair) -> Result<Receipt> {
        let what = format!("{}.{}", call.pallet_name(), call.call_name());
        let progress = self
            .now()
            .await?
            .transactions()
            .sign_and_submit_then_watch_default(call, signer)
            .await
            .with_context(|| format!("submitting {what}"))?;
        let events = progress
            .wait_for_finalized_success()
            .await
            .with_context(|| format!("running {what}"))?;
        let events = events
            .iter()
            .map(|event| Event::read(&event?))
            .collect::<Result<_>>()
            .with_context(|| format!("events of {what}"))?;
        Ok(Receipt { events })
    }

    /// Submits a call that must be refused, at the pool or when it runs, and returns the reason.
    pub async fn refusal(&self, call: &Call, signer: &Keypair) -> Result<String> {
        match self.submit(call, signer).await {
            Ok(_) => Err(anyhow!(
                "{}.{} succeeded",
                call.pallet_name(),
                call.call_name()
            )),
            Err(error) => Ok(format!("{error:#}")),
        }
    }

    /// A signed extrinsic for the nonce given, ready to be submitted by other means.
    pub async fn signed(&self, call: &Call, signer: &Keypair, nonce: u64) -> Result<Vec<u8>> {
        let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
            .nonce(nonce)
            .build();
        let mut transactions = self.now().await?.transactions();
        let signed = transactions.create_signed(call, signer, params).await?;
        Ok(signed.encoded().to_vec())
    }

    /// The same, signed for a chain with another genesis.
    pub async fn signed_for(
        &self,
        genesis: [u8; 32],
        call: &Call,
        signer: &Keypair,
        nonce: u64,
    ) -> Result<Vec<u8>> {
        let now = self.now().await?;
        let spec_version = now.spec_version();
        let config = SubstrateConfig::builder()
            .set_genesis_hash(H256(genesis))
            .set_metadata_for_spec_versions([(spec_version, now.metadata())])
            .set_spec_version_for_block_ranges([SpecVersionForRange {
                block_range: 0..u64::MAX,
                spec_version,
                transaction_version: now.transaction_version(),
            }])
            .build();
        let offline = OfflineClient::new_with_config(config).at_block(now.block_number())?;
        let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
            .nonce(nonce)
            .immortal()
            .build();
        let signed = offline
            .transactions()
            .create_signable_offline(call, params)?
            .sign(signer)?;
        Ok(signed.encoded().to_vec())
    }

    /// Next nonce of an account in the last final state.
    pub async fn nonce(&self, account: &AccountId32) -> Result<u64> {
        Ok(self
            .now()
            .await?
            .transactions()
            .account_nonce(account)
            .await?)
    }

    /// A storage item in the last final state; `None` when there is nothing.
    pub async fn storage(
        &self,
        pallet: &str,
        entry: &str,
        keys: Vec<Value<()>>,
    ) -> Result<Option<Value<()>>> {
        fetch(&self.now().await?, pallet, entry, keys).await
    }

    /// A constant of a pallet.
    pub async fn constant(&self, pallet: &str, name: &str) -> Result<Value<()>> {
        let place = subxt::dynamic::constant::<Value<()>>(pallet, name);
        self.now()
            .await?
            .constants()
            .entry(place)
            .with_context(|| format!("constant {pallet}.{name}"))
    }

    /// Free balance in the last final state.
    pub async fn free(&self, account: &AccountId32) -> Result<u128> {
        self.free_in(self.now().await?, account).await
    }

    /// Free balance after the block of that height on the final chain.
    pub async fn free_at(&self, account: &AccountId32, number: u64) -> Result<u128> {
        self.free_in(self.api.at_block(number).await?, account)
            .await
    }

    /// The events of the block of that height on the final chain.
    pub async fn events_at(&self, number: u64) -> Result<Vec<Event>> {
        let block = self.api.at_block(number).await?;
        let events = block.events().fetch().await?;
        events.iter().map(|event| Event::read(&event?)).collect()
    }

    /// A client at the last final block.
    pub async fn now(&self) -> Result<State> {
        Ok(self.api.at_current_block().await?)
    }

    async fn free_in(&self, state: State, account: &AccountId32) -> Result<u128> {
        match fetch(&state, "System", "Account", vec![id(account)]).await? {
            None => Ok(0),
            Some(info) => number(
                info.at("data")
                    .at("free")
                    .context("an account without free balance")?,
            ),
        }
    }
}

async fn fetch(
    state: &State,
    pallet: &str,
    entry: &str,
    keys: Vec<Value<()>>,
) -> Result<Option<Value<()>>> {
    let place = subxt::dynamic::storage::<Vec<Value<()>>, Value<()>>(pallet, entry);
    let found = state
        .storage()
        .try_fetch(place, keys)
        .await
        .with_context(|| format!("reading {pallet}.{entry}"))?;
    Ok(match found {
        Some(value) => Some(value.decode()?),
        None => None,
    })
}

fn collect_bytes(value: &Value<()>, found: &mut Vec<u8>) {
    use subxt::ext::scale_value::ValueDef;
    match &value.value {
        ValueDef::Composite(composite) => {
            composite
                .values()
                .for_each(|inner| collect_bytes(inner, found));
        }
        ValueDef::Variant(variant) => {
            variant
                .values
                .values()
                .for_each(|inner| collect_bytes(inner, found));
        }
        _ => found.extend(value.as_u128().and_then(|number| u8::try_from(number).ok())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_below_newtypes() {
        let alice = account(&key("//Alice").unwrap());
        let wrapped = Value::unnamed_composite([id(&alice)]);
        assert_eq!(account_in(&wrapped).unwrap(), alice);
        assert!(account_in(&Value::u128(5)).is_err());
    }

    #[test]
    fn a_number_is_found_below_newtypes() {
        let wrapped = Value::unnamed_composite([Value::unnamed_composite([Value::u128(9)])]);
        assert_eq!(number(&wrapped).unwrap(), 9);
        assert!(number(&Value::string("nine")).is_err());
    }
}
