//! What nobody should send, and the clear error that each gets.

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    chain::{self, Chain, TOKEN, account, address, call, id, key, per_mille},
    facts,
    harness::{Group, Stage},
    node::{Node, Setup, panicked},
    rpc::{Rpc, scribble},
    wait::seconds,
};
use serde_json::{Value as Json, json};
use subxt::dynamic::Value;
use subxt_signer::sr25519::Keypair;

const RPC: &str = "garbage on the RPC port gets an error each, and the node lives";
const PEERS: &str = "garbage on the peer port changes nothing";
const BYTES: &str = "malformed extrinsics are refused with a reason";
const CHAIN: &str = "a transaction signed for another chain is refused";
const NONCE: &str = "a transaction sent twice is refused";
const LIMITS: &str = "votes and commissions over their limits are refused by name";
const NAME: &str = "an unknown chain name is named in the error";

pub fn group() -> Group {
    Group {
        name: "bad_input",
        scenarios: &[NAME, RPC, PEERS, BYTES, CHAIN, NONCE, LIMITS],
        run: |stage| Box::pin(run(stage)),
    }
}

async fn run(stage: &Stage) -> Result<()> {
    stage.scenario(NAME, unknown_chain(stage)).await?;
    let setup = Setup::alone("fast-1", "//Alice");
    let mut node = Node::prepare(&stage.binary, stage.directory("node")?, setup).await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    let chain = Chain::connect(&node.url()).await?;
    let rpc = node.rpc();
    stage.scenario(RPC, garbage_rpc(&mut node)).await?;
    stage.scenario(PEERS, garbage_peer(&mut node)).await?;
    stage.scenario(BYTES, malformed(&chain, &rpc)).await?;
    stage.scenario(CHAIN, another_chain(&chain, &rpc)).await?;
    stage.scenario(NONCE, sent_twice(&chain, &rpc)).await?;
    stage.scenario(LIMITS, over_limits(&chain, &mut node)).await
}

async fn unknown_chain(stage: &Stage) -> Result<()> {
    let output = stage
        .binary
        .run(&["--chain", "nosuchchain", "--tmp"])
        .await?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!output.status.success(), "an unknown chain was accepted");
    ensure!(
        text.contains("nosuchchain"),
        "the error does not name the chain: {text}"
    );
    ensure!(!panicked(&text), "it panicked: {text}");
    Ok(())
}

async fn garbage_rpc(node: &mut Node) -> Result<()> {
    let rpc = node.rpc();
    let huge = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#,
        "a".repeat(20 << 20)
    );
    let batch: Vec<Json> = (0..500)
        .map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "no_such"}))
        .collect();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("half an object", b"{".to_vec()),
        ("null", b"null".to_vec()),
        ("no UTF-8", Noise(7).bytes(4096)),
        ("zero bytes", vec![0; 4096]),
        ("100,000 open brackets", vec![b'['; 100_000]),
        ("a deep request", deep_request(100_000)),
        ("20 MiB", huge.into_bytes()),
        (
            "500 unknown methods",
            Json::Array(batch).to_string().into_bytes(),
        ),
        ("an unknown method", request("no_such_method", json!([]))),
        (
            "parameters of the wrong type",
            request("chain_getBlockHash", json!([{"a": [[]]}])),
        ),
        (
            "a hash that is none",
            request("chain_getHeader", json!(["0x1234"])),
        ),
        (
            "an unknown block",
            request(
                "state_getMetadata",
                json!([format!("0x{}", "ab".repeat(32))]),
            ),
        ),
        (
            "an unknown runtime call",
            request("state_call", json!(["No_such_call", "0x"])),
        ),
        (
            "an account that is none",
            request("parlance_claimable", json!(["nobody"])),
        ),
    ];
    for (what, body) in bodies {
        let answer = rpc
            .post(&body)
            .await
            .with_context(|| format!("sending {what}"))?;
        let refused = answer.status >= 400 || is_error(&answer.body);
        ensure!(refused, "{what} got HTTP {} {}", answer.status, answer.body);
    }
    rpc.scribble(&Noise(11).bytes(1 << 16)).await?;
    rpc.scribble(b"GET /metrics HTTP/9.9\r\n\r\n").await?;
    lives(node).await
}

async fn garbage_peer(node: &mut Node) -> Result<()> {
    for seed in 1..=8 {
        scribble(node.p2p_port(), &Noise(seed).bytes(1 << 14)).await?;
    }
    lives(node).await
}

async fn malformed(chain: &Chain, rpc: &Rpc) -> Result<()> {
    let mut samples: Vec<Vec<u8>> = (1..=100u64)
        .map(|seed| Noise(seed).bytes(usize::try_from(seed * seed % 700).unwrap_or(1)))
        .collect();
    let alice = key("//Alice")?;
    let transfer = transfer("//Bob", TOKEN)?;
    let nonce = chain.nonce(&account(&alice)).await?;
    let valid = chain.signed(&transfer, &alice, nonce).await?;
    samples.extend(
        (1..valid.len())
            .step_by(9)
            .map(|length| valid[..length].to_vec()),
    );
    // Flips behind the length prefix; one of them hits the version, others the signature or call.
    samples.extend((2..valid.len()).step_by(11).map(|at| {
        let mut flipped = valid.clone();
        flipped[at] ^= 0x55;
        flipped
    }));
    for sample in samples {
        let error = rpc
            .refusal("author_submitExtrinsic", json!([hex(&sample)]))
            .await?;
        ensure!(!error.message.is_empty(), "no reason for {}", hex(&sample));
    }
    let untouched = chain.nonce(&account(&alice)).await?;
    ensure!(untouched == nonce, "a malformed extrinsic ran");
    Ok(())
}

async fn another_chain(chain: &Chain, rpc: &Rpc) -> Result<()> {
    let bob = key("//Bob")?;
    let nonce = chain.nonce(&account(&bob)).await?;
    let foreign = chain
        .signed_for([9; 32], &transfer("//Dave", TOKEN)?, &bob, nonce)
        .await?;
    let error = rpc
        .refusal("author_submitExtrinsic", json!([hex(&foreign)]))
        .await?;
    ensure!(
        error.to_string().contains("bad signature"),
        "the reason is {error}"
    );

    // The same bytes with this chain's genesis pass, so it was the genesis that was refused.
    let own = chain.api().genesis_hash().0;
    let native = chain
        .signed_for(own, &transfer("//Dave", TOKEN)?, &bob, nonce)
        .await?;
    rpc.call("author_submitExtrinsic", json!([hex(&native)]))
        .await?;
    Ok(())
}

async fn sent_twice(chain: &Chain, rpc: &Rpc) -> Result<()> {
    let charlie = key("//Charlie")?;
    let nonce = chain.nonce(&account(&charlie)).await?;
    let bytes = hex(&chain
        .signed(&transfer("//Dave", TOKEN)?, &charlie, nonce)
        .await?);
    rpc.call("author_submitExtrinsic", json!([bytes])).await?;
    parlance_e2e::wait::until("the transfer is final", seconds(60), || async {
        Ok((chain.nonce(&account(&charlie)).await? > nonce).then_some(()))
    })
    .await?;
    let error = rpc
        .refusal("author_submitExtrinsic", json!([bytes]))
        .await?;
    let text = error.to_string().to_lowercase();
    ensure!(
        ["outdated", "banned", "already"]
            .iter()
            .any(|word| text.contains(word)),
        "the reason is {error}"
    );
    Ok(())
}

async fn over_limits(chain: &Chain, node: &mut Node) -> Result<()> {
    let (alice, dave) = (key("//Alice")?, key("//Dave")?);
    let name = id(&account(&alice));
    let many: Vec<_> = (0..17)
        .map(|index| Ok(id(&account(&key(&format!("//Name{index}"))?))))
        .collect::<Result<_>>()?;
    let vote = |names: Vec<Value>, stake: u128| {
        call(
            "Vdpos",
            "vote",
            vec![Value::unnamed_composite(names), Value::u128(stake)],
        )
    };
    let register = |commission: u128, bond: u128| {
        call(
            "Vdpos",
            "register",
            vec![per_mille(commission), Value::u128(bond)],
        )
    };
    let commission = |parts: u128| call("Vdpos", "set_commission", vec![per_mille(parts)]);
    let nobody = id(&account(&key("//Nobody")?));
    let votes = [
        ("no name", vote(vec![], 10 * TOKEN), "NoNames"),
        ("17 names", vote(many, 10 * TOKEN), "TooManyNames"),
        (
            "the same name twice",
            vote(vec![name.clone(), name.clone()], TOKEN),
            "DuplicateName",
        ),
        (
            "a name that is no candidate",
            vote(vec![nobody], TOKEN),
            "NotCandidate",
        ),
        (
            "more than the voter has",
            vote(vec![name.clone()], 1_000_000 * TOKEN),
            "unavailable",
        ),
        ("a stake of one unit", vote(vec![name], 1), "StakeTooSmall"),
        (
            "no session keys",
            register(50, 1_000 * TOKEN),
            "NoSessionKeys",
        ),
    ];
    for (what, call, reason) in votes {
        refused_as(chain, &call, &dave, what, reason).await?;
    }

    let (keys, proof) = chain::new_keys(&node.rpc(), &account(&dave)).await?;
    let stolen = chain::set_keys(&keys, &proof);
    refused_as(
        chain,
        &stolen,
        &key("//Eve")?,
        "keys proven for another",
        "InvalidProof",
    )
    .await?;
    chain.submit(&chain::set_keys(&keys, &proof), &dave).await?;
    for (what, call, reason) in [
        (
            "a bond of 999 tokens",
            register(50, 999 * TOKEN),
            "BondTooSmall",
        ),
        (
            "a commission of 21 %",
            register(210, 1_000 * TOKEN),
            "CommissionTooHigh",
        ),
        (
            "a commission of 200 %",
            register(2_000, 1_000 * TOKEN),
            "CommissionTooHigh",
        ),
    ] {
        refused_as(chain, &call, &dave, what, reason).await?;
    }
    let jump = "a rise from 10 % to 15.1 %";
    refused_as(
        chain,
        &commission(151),
        &alice,
        jump,
        "CommissionRisesTooFast",
    )
    .await?;
    for (what, parts) in [("20.1 %", 201), ("200 %", 2_000)] {
        refused_as(chain, &commission(parts), &alice, what, "CommissionTooHigh").await?;
    }
    lives(node).await
}

async fn refused_as(
    chain: &Chain,
    call: &chain::Call,
    signer: &Keypair,
    what: &str,
    reason: &str,
) -> Result<()> {
    let error = chain
        .refusal(call, signer)
        .await
        .with_context(|| what.to_owned())?;
    ensure!(
        error.contains(reason),
        "{what} is refused for another reason: {error}"
    );
    Ok(())
}

/// The node runs, makes and finalises blocks, and has not panicked.
async fn lives(node: &mut Node) -> Result<()> {
    node.must_run()?;
    let head = facts::best(&node.rpc()).await?;
    node.final_at_least(head.number + 1, seconds(60)).await?;
    node.must_not_have_panicked()
}

fn transfer(to: &str, amount: u128) -> Result<chain::Call> {
    let to = address(&account(&key(to)?));
    Ok(call(
        "Balances",
        "transfer_keep_alive",
        vec![to, Value::u128(amount)],
    ))
}

fn request(method: &str, params: Json) -> Vec<u8> {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        .to_string()
        .into_bytes()
}

fn deep_request(depth: usize) -> Vec<u8> {
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"chain_getBlockHash","params":[{open}{close}]}}"#)
        .into_bytes()
}

/// Whether a body is one JSON-RPC error, or a list of nothing else.
fn is_error(body: &str) -> bool {
    let described = |reply: &Json| {
        reply["error"]["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty())
    };
    match serde_json::from_str::<Json>(body) {
        Ok(Json::Array(replies)) => !replies.is_empty() && replies.iter().all(described),
        Ok(reply) => described(&reply),
        Err(_) => false,
    }
}

fn hex(bytes: &[u8]) -> String {
    subxt::utils::to_hex(bytes)
}

/// Reproducible noise (xorshift64); the number is its seed, never zero.
struct Noise(u64);

impl Noise {
    fn bytes(mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.to_le_bytes()[3]
        })
        .take(count)
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_no_error_and_an_error_must_speak() {
        assert!(is_error(
            r#"{"error":{"code":-32601,"message":"Method not found"}}"#
        ));
        assert!(!is_error(r#"{"error":{"code":-32601,"message":""}}"#));
        assert!(!is_error(r#"{"result":null}"#));
        assert!(!is_error("[]"));
        assert!(!is_error("teapot"));
    }

    #[test]
    fn noise_repeats_from_its_seed() {
        assert_eq!(Noise(3).bytes(64), Noise(3).bytes(64));
        assert_ne!(Noise(3).bytes(64), Noise(4).bytes(64));
    }
}
