//! Accounts without tokens: their keys, their registration, their devices.
//!
//! Made of the words in `parlance_primitives` alone, as a client makes them, and sent as bytes.

use anyhow::{Context, Result};
use parlance_primitives::{
    AccountId, BlockNumber, Hash, Signature,
    accounts::{
        DeviceId, DeviceKeys, Guard, MAX_SOLUTION, Possession, Registration, Version,
        device_statement, invitation_statement, registration_statement, registration_transaction,
        work_challenge,
    },
    puzzle::{Puzzle, Solver},
};
use serde_json::{Value as Json, json};
use sp_core::{Pair, ed25519, sr25519};
use subxt::dynamic::Value;

use crate::{
    chain::{Call, call},
    facts::unhex,
    rpc::{Rpc, RpcError},
    wait::{seconds, until},
};

/// Answer of `parlance_registrationRequirements`, and the chain it is for.
#[derive(Clone, Copy, Debug)]
pub struct Requirements {
    /// Hash of block 0.
    pub genesis: Hash,
    /// Block to anchor to.
    pub anchor: BlockNumber,
    /// Its hash.
    pub anchor_hash: Hash,
    /// Blocks for which it is good.
    pub anchor_window: BlockNumber,
    /// Shape of the puzzle.
    pub puzzle: Puzzle,
    /// Solutions to try on average.
    pub difficulty: u32,
    /// Registrations by work that the period still takes.
    pub work_room: u32,
}

/// What a registration takes now.
pub async fn requirements(rpc: &Rpc) -> Result<Requirements> {
    let genesis = rpc.call("chain_getBlockHash", json!([0])).await?;
    let answer = rpc
        .call("parlance_registrationRequirements", json!([]))
        .await?;
    let field = |value: &Json, name: &str| {
        let number = value[name].as_u64().and_then(|n| u32::try_from(n).ok());
        number.with_context(|| format!("no number {name} in {value}"))
    };
    let shape = |name| field(&answer["puzzle"], name).map(|number| number as u8);
    Ok(Requirements {
        genesis: hash(&genesis)?,
        anchor: field(&answer, "anchor")?,
        anchor_hash: hash(&answer["anchorHash"])?,
        anchor_window: field(&answer, "anchorWindow")?,
        puzzle: Puzzle {
            bits: shape("bits")?,
            levels: shape("levels")?,
        },
        difficulty: field(&answer, "difficulty")?,
        work_room: field(&answer, "workRoom")?,
    })
}

/// Secrets of a device.
pub struct Device {
    signing: ed25519::Pair,
    endpoint: ed25519::Pair,
    agreement: [u8; 32],
}

impl Device {
    fn of(suri: &str) -> Result<Self> {
        let pair = |part: &str| ed25519_pair(&format!("{suri}//{part}"));
        Ok(Self {
            signing: pair("signing")?,
            endpoint: pair("endpoint")?,
            // The chain wants no more of it than that it is no point of small order.
            agreement: pair("agreement")?.public().0,
        })
    }

    /// Its public keys.
    pub fn keys(&self) -> DeviceKeys {
        DeviceKeys {
            signing: self.signing.public(),
            agreement: self.agreement,
            endpoint: self.endpoint.public(),
        }
    }

    /// Its name.
    pub fn id(&self) -> DeviceId {
        DeviceId::of(&self.signing.public())
    }

    /// The secret of the signing key, for clients in other languages.
    pub fn seed(&self) -> [u8; 32] {
        self.signing.seed()
    }

    /// Signs with the signing key.
    pub fn signs(&self, statement: &[u8]) -> ed25519::Signature {
        self.signing.sign(statement)
    }

    fn proof(&self, genesis: &Hash, account: &AccountId, base: Version) -> Possession {
        let statement = device_statement(genesis, account, base, &self.keys());
        Possession {
            signing: self.signing.sign(&statement),
            endpoint: self.endpoint.sign(&statement),
        }
    }
}

/// Somebody with a key and no tokens.
pub struct Newcomer {
    /// Secret of the account, for signed transactions.
    pub suri: String,
    pair: sr25519::Pair,
}

impl Newcomer {
    /// Whoever has the secret `suri`.
    pub fn of(suri: &str) -> Result<Self> {
        let pair = sr25519::Pair::from_string(suri, None)
            .map_err(|error| anyhow::anyhow!("{suri}: {error:?}"))?;
        Ok(Self {
            suri: suri.to_owned(),
            pair,
        })
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        self.pair.public().into()
    }

    /// A device of theirs.
    pub fn device(&self, name: &str) -> Result<Device> {
        Device::of(&format!("{}//{name}", self.suri))
    }

    /// Work that meets the requirements.
    pub fn work(&self, needs: &Requirements) -> Result<Guard> {
        let challenge = work_challenge(&needs.genesis, &needs.anchor_hash, &self.account());
        let mut solver = Solver::new(needs.puzzle).context("a puzzle that is not served")?;
        let proof = solver
            .search(&challenge, needs.difficulty, 0, |_| true)
            .context("no proof")?;
        let length = proof.solution.len();
        Ok(Guard::Work {
            nonce: proof.nonce,
            solution: proof
                .solution
                .try_into()
                .map_err(|_| anyhow::anyhow!("{length} bytes, not {MAX_SOLUTION} at most"))?,
        })
    }

    /// The invitation whose secret is `suri`.
    pub fn invitation(&self, suri: &str, genesis: &Hash) -> Result<Guard> {
        let secret = ed25519_pair(suri)?;
        Ok(Guard::Invitation {
            key: secret.public(),
            signature: secret.sign(&invitation_statement(genesis, &self.account())),
        })
    }

    /// The transaction that registers them with the device `phone`.
    pub fn registers(&self, needs: &Requirements, guard: &Guard) -> Result<Vec<u8>> {
        let phone = self.device("phone")?;
        let account = self.account();
        let statement =
            registration_statement(&needs.genesis, &needs.anchor_hash, &account, &phone.keys());
        let registration = Registration {
            possession: phone.proof(&needs.genesis, &account, needs.anchor),
            keys: phone.keys(),
            anchor: needs.anchor,
            account,
        };
        let signature = Signature::from(self.pair.sign(&statement));
        Ok(registration_transaction(&registration, guard, &signature))
    }

    /// Registers by work and waits until that is final.
    pub async fn settles(&self, rpc: &Rpc) -> Result<Json> {
        let needs = requirements(rpc).await?;
        let transaction = self.registers(&needs, &self.work(&needs)?)?;
        self.sends(rpc, &transaction).await
    }

    /// Sends a registration and waits until it is final; returns the identity.
    pub async fn sends(&self, rpc: &Rpc, transaction: &[u8]) -> Result<Json> {
        submit(rpc, transaction)
            .await?
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        until("the registration is final", seconds(60), || {
            self.identity(rpc)
        })
        .await
    }

    /// The identity in the last final state.
    pub async fn identity(&self, rpc: &Rpc) -> Result<Option<Json>> {
        let head = rpc.call("chain_getFinalizedHead", json!([])).await?;
        let answer = rpc
            .call("parlance_identity", json!([self.account(), head]))
            .await?;
        Ok((!answer.is_null()).then_some(answer))
    }

    /// The call with which `device` joins the identity, whose version is `base`.
    pub fn joins(&self, device: &Device, genesis: &Hash, base: Version) -> Call {
        let proof = device.proof(genesis, &self.account(), base);
        let change = Value::named_variant(
            "Add",
            [
                ("keys", keys_value(&device.keys())),
                ("possession", possession_value(&proof)),
            ],
        );
        changes(base, change)
    }
}

/// The call that revokes a device, by its id.
pub fn revokes(id: &[u8], base: Version) -> Call {
    let change = Value::named_variant("Revoke", [("device", Value::from_bytes(id))]);
    changes(base, change)
}

/// The call that gives an invitation whose secret is `suri`.
pub fn invites(suri: &str) -> Result<Call> {
    let key = Value::from_bytes(ed25519_pair(suri)?.public().0);
    let keys = Value::unnamed_composite([key]);
    Ok(call("Accounts", "invite", vec![keys]))
}

/// Hands a transaction to the pool of a node.
pub async fn submit(rpc: &Rpc, transaction: &[u8]) -> Result<std::result::Result<Json, RpcError>> {
    let hex = subxt::utils::to_hex(transaction);
    rpc.outcome("author_submitExtrinsic", json!([hex])).await
}

fn changes(base: Version, change: Value<()>) -> Call {
    let list = Value::unnamed_composite([change]);
    let base = Value::u128(base.into());
    call("Accounts", "change_identity", vec![base, list])
}

fn keys_value(keys: &DeviceKeys) -> Value<()> {
    Value::named_composite([
        ("signing", Value::from_bytes(keys.signing.0)),
        ("agreement", Value::from_bytes(keys.agreement)),
        ("endpoint", Value::from_bytes(keys.endpoint.0)),
    ])
}

fn possession_value(proof: &Possession) -> Value<()> {
    Value::named_composite([
        ("signing", Value::from_bytes(proof.signing.0)),
        ("endpoint", Value::from_bytes(proof.endpoint.0)),
    ])
}

fn ed25519_pair(suri: &str) -> Result<ed25519::Pair> {
    ed25519::Pair::from_string(suri, None).map_err(|error| anyhow::anyhow!("{suri}: {error:?}"))
}

fn hash(value: &Json) -> Result<Hash> {
    let text = value
        .as_str()
        .with_context(|| format!("{value} is no hash"))?;
    let bytes: [u8; 32] = unhex(text)?
        .try_into()
        .map_err(|_| anyhow::anyhow!("{text} is no hash"))?;
    Ok(Hash::from(bytes))
}
