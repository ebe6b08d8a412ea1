//! A node that lies: a JSON-RPC server in front of a real node, which hands everything on and changes what
//! it is told to change.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, Result};
use codec::{DecodeAll, Encode};
use jsonrpsee::{
    RpcModule,
    server::{Server, ServerHandle},
    types::{ErrorObjectOwned, Params},
};
use parlance_primitives::accounts::Identity;
use serde_json::{Value, json};

use crate::{facts::unhex, rpc::Rpc};

/// What a client asks of a node.
const METHODS: [&str; 7] = [
    "author_submitExtrinsic",
    "chain_getBlock",
    "chain_getBlockHash",
    "chain_getFinalizedHead",
    "chain_getHeader",
    "parlance_finality",
    "state_getReadProof",
];

/// What is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    #[default]
    None,
    /// One byte in the last node of each storage proof: a forged value.
    ForgedValue,
    /// A device of an identity has keys of the liar's; the record is as well-formed as the true one.
    ForgedRecord,
    /// Storage proofs of another key than was asked for: somebody else's balance or identity.
    OtherKey(String),
    /// Storage proofs lack a node: something is withheld.
    Withheld,
    /// One byte of the votes for a block.
    ForgedVote,
    /// Finality of long ago: the answer to the very first question.
    OldFinality(String),
    /// The genesis hash of another chain.
    OtherChain,
    /// A transaction that the block does not have, in place of the last one.
    OtherBody,
    /// Transactions are taken and thrown away.
    Swallow,
}

/// The server.
pub struct Liar {
    state: Arc<State>,
    url: String,
    _server: ServerHandle,
}

/// What it is told, and what came of it.
#[derive(Default)]
struct State {
    lie: Mutex<Lie>,
    records: AtomicUsize,
}

impl Liar {
    /// Starts one in front of `node`.
    pub async fn start(node: Rpc) -> Result<Self> {
        let server = Server::builder().build("127.0.0.1:0").await?;
        let url = format!("ws://{}", server.local_addr()?);
        let state = Arc::new(State::default());
        let mut module = RpcModule::new((node, state.clone()));
        for method in METHODS {
            module.register_async_method(method, move |params, context, _| {
                let asked = asked(params);
                async move { answer(method, asked?, &context.0, &context.1).await }
            })?;
        }
        Ok(Self {
            state,
            url,
            _server: server.start(module),
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many records it has forged so far.
    pub fn forged_records(&self) -> usize {
        self.state.records.load(Ordering::SeqCst)
    }

    /// What it changes from now on.
    pub fn tell(&self, lie: Lie) -> Result<()> {
        *self
            .state
            .lie
            .lock()
            .map_err(|_| anyhow::anyhow!("a request panicked"))? = lie;
        Ok(())
    }
}

fn asked(params: Params<'static>) -> Result<Vec<Value>, ErrorObjectOwned> {
    params.parse()
}

async fn answer(
    method: &'static str,
    mut asked: Vec<Value>,
    node: &Rpc,
    state: &State,
) -> Result<Value, ErrorObjectOwned> {
    let lie = state
        .lie
        .lock()
        .map_err(|_| broken("a request panicked"))?
        .clone();
    if let (Lie::OtherKey(key), "state_getReadProof") = (&lie, method) {
        asked[0] = json!([key]);
    }
    if let (Lie::OldFinality(hash), "parlance_finality") = (&lie, method) {
        asked[0] = json!(hash);
    }
    if (&lie, method) == (&Lie::Swallow, "author_submitExtrinsic") {
        return Ok(json!(format!("0x{}", "00".repeat(32))));
    }
    let honest = node
        .outcome(method, Value::Array(asked))
        .await
        .map_err(|error| broken(&format!("{error:#}")))?
        .map_err(|error| {
            let code = i32::try_from(error.code).unwrap_or(-32603);
            ErrorObjectOwned::owned(code, error.message, Some(error.data))
        })?;
    let said =
        change(method, &lie, honest.clone()).map_err(|error| broken(&format!("{error:#}")))?;
    if lie == Lie::ForgedRecord && said != honest {
        state.records.fetch_add(1, Ordering::SeqCst);
    }
    Ok(said)
}

fn broken(why: &str) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(-32603, why, None::<()>)
}

fn change(method: &str, lie: &Lie, mut honest: Value) -> Result<Value> {
    match (lie, method) {
        (Lie::ForgedValue, "state_getReadProof") => {
            let nodes = honest["proof"].as_array_mut().context("no proof")?;
            let longest = nodes
                .iter_mut()
                .max_by_key(|node| node.as_str().map_or(0, str::len))
                .context("an empty proof")?;
            *longest = json!(with_other_byte(longest, |length| length / 2)?);
        }
        (Lie::ForgedRecord, "state_getReadProof") => {
            let nodes = honest["proof"].as_array_mut().context("no proof")?;
            for node in nodes {
                if let Some(forged) = with_other_device(node) {
                    *node = json!(forged);
                }
            }
        }
        (Lie::Withheld, "state_getReadProof") => {
            let nodes = honest["proof"].as_array_mut().context("no proof")?;
            nodes.pop();
        }
        (Lie::ForgedVote, "parlance_finality") => {
            // The tail: signature and voter of the last vote, the list of ancestors, the flag.
            honest = json!(with_other_byte(&honest, |length| length.saturating_sub(60))?);
        }
        (Lie::OtherChain, "chain_getBlockHash") => {
            honest = json!(format!("0x{}", "ab".repeat(32)));
        }
        (Lie::OtherBody, "chain_getBlock") => {
            let list = honest["block"]["extrinsics"].as_array_mut();
            let last = list.and_then(|list| list.last_mut()).context("no body")?;
            *last = json!(with_other_byte(last, |length| length - 1)?);
        }
        _ => {}
    }
    Ok(honest)
}

/// A record whose first device has other keys, where the node of a proof is one.
fn with_other_device(node: &Value) -> Option<String> {
    let bytes = unhex(node.as_str()?).ok()?;
    let mut record = Identity::decode_all(&mut bytes.as_slice()).ok()?;
    let device = record.devices.iter_mut().next()?;
    device.keys.signing.0 = [0x66; 32];
    device.keys.agreement = [0x77; 32];
    Some(subxt::utils::to_hex(record.encode()))
}

/// A hex string with one bit of one byte changed.
fn with_other_byte(value: &Value, place: impl FnOnce(usize) -> usize) -> Result<String> {
    let mut bytes = unhex(value.as_str().context("no hex")?)?;
    let at = place(bytes.len());
    *bytes.get_mut(at).context("too short to change")? ^= 1;
    Ok(subxt::utils::to_hex(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_primitives::accounts::{Device, DeviceKeys, NO_HISTORY};
    use sp_core::ed25519;

    #[test]
    fn a_forged_record_is_well_formed() {
        let keys = DeviceKeys {
            signing: ed25519::Public::from_raw([1; 32]),
            agreement: [2; 32],
            endpoint: ed25519::Public::from_raw([3; 32]),
        };
        let record = Identity {
            version: 7,
            mailbox_epoch: 0,
            devices: vec![Device { keys, since: 7 }].try_into().unwrap(),
            revoked: Default::default(),
            history: NO_HISTORY,
        };
        let node = subxt::utils::to_hex(record.encode());
        let proof = json!({"at": "0x00", "proof": ["0x0102", node]});
        let forged = change("state_getReadProof", &Lie::ForgedRecord, proof).unwrap();
        assert_eq!(forged["proof"][0], "0x0102");
        let bytes = unhex(forged["proof"][1].as_str().unwrap()).unwrap();
        let read = Identity::decode_all(&mut bytes.as_slice()).unwrap();
        assert_eq!((read.version, read.devices.len()), (7, 1));
        assert_ne!(read.devices[0].keys.signing, keys.signing);
        assert_eq!(read.devices[0].keys.endpoint, keys.endpoint);
    }

    #[test]
    fn a_lie_changes_what_it_is_about_and_nothing_else() {
        let proof = json!({"at": "0x00", "proof": ["0x0102", "0x030405"]});
        let forged = change("state_getReadProof", &Lie::ForgedValue, proof.clone()).unwrap();
        assert_eq!(forged["proof"], json!(["0x0102", "0x030505"]));
        let withheld = change("state_getReadProof", &Lie::Withheld, proof.clone()).unwrap();
        assert_eq!(withheld["proof"], json!(["0x0102"]));
        let other = change("state_getReadProof", &Lie::ForgedVote, proof.clone()).unwrap();
        assert_eq!(other, proof);
    }
}
