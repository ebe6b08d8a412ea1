//! Two devices that find each other behind translators of addresses: the program of `tests/nat/run`.
//!
//! ```text
//! nat key SEED                      the public key of a secret one: 32 bytes, hexadecimal, both
//! nat wait PLACE.json HERE.json     says where it is, in HERE.json, and answers who dials
//! nat dial PLACE.json THERE.json    dials who is in THERE.json
//! ```
//!
//! `PLACE.json` says who this is and which relay it is at: `{"seed", "account", "genesis", "relay": {"id", "key", "address"}}`. What was found
//! out is one JSON object on standard output.

use anyhow::{Context, bail};
use parlance_bimp::{Account, Answer, Credential, Observe, Observed, RelayId, Request};
use parlance_endpoint::{
    Client, Endpoint, Fallback, Identity, Options, Outgoing, Path, PublicKey, RelayAddress,
    SecretKey, Session, Whereabouts,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    net::SocketAddr,
    path::Path as File,
    time::{Duration, Instant},
};

/// Until the fallback relay has answered, and until somebody is there.
const BEGIN: Duration = Duration::from_secs(15);
/// How long a direct way is waited for.
const DIRECT: Duration = Duration::from_secs(10);
/// For everything.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Place {
    seed: String,
    account: String,
    genesis: String,
    relay: Relay,
}

#[derive(Deserialize)]
struct Relay {
    id: String,
    key: String,
    address: SocketAddr,
}

#[derive(Serialize, Deserialize)]
struct There {
    key: String,
    addresses: Vec<SocketAddr>,
    fallback: Option<String>,
}

struct Device {
    account: Account,
    key: SecretKey,
}

impl Identity for Device {
    fn credential(&self) -> Credential {
        let account = self.account;
        Credential::Device { account, device: 0 }
    }

    fn sign(&self, statement: &[u8]) -> [u8; 64] {
        self.key.sign(statement).to_bytes()
    }
}

fn bytes(text: &str) -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).with_context(|| format!("{text} is not 32 bytes"))?;
    Ok(bytes)
}

fn read<T: for<'de> Deserialize<'de>>(path: &str) -> anyhow::Result<T> {
    let text = std::fs::read(path).with_context(|| path.to_owned())?;
    serde_json::from_slice(&text).with_context(|| path.to_owned())
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["key", seed] = arguments.as_slice() {
        let key = SecretKey::from_bytes(&bytes(seed)?).public();
        println!("{}", hex::encode(key.as_bytes()));
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let run = async {
            match arguments.as_slice() {
                ["wait", place, here] => wait(read(place)?, here).await,
                ["dial", place, there] => dial(read(place)?, read(there)?).await,
                _ => bail!("say 'key SEED', 'wait PLACE HERE' or 'dial PLACE THERE'"),
            }
        };
        tokio::time::timeout(LIMIT, run).await?
    })
}

/// At its relay, as a device is: connected, seen from outside, reachable through the fallback.
async fn arrive(place: &Place, accepts: bool) -> anyhow::Result<(Endpoint, Session)> {
    let key = SecretKey::from_bytes(&bytes(&place.seed)?);
    let mut options = Options::dialling(key.clone());
    options.fallback = true;
    options.accepts = accepts;
    options.timings.connect = BEGIN;
    options.timings.accept = BEGIN;
    let endpoint = Endpoint::bind(options).await?;
    let relay = RelayAddress {
        relay: RelayId(bytes(&place.relay.id)?),
        key: PublicKey::from_bytes(&bytes(&place.relay.key)?)?,
        addresses: vec![place.relay.address],
    };
    let account = Account(bytes(&place.account)?);
    let device = Device { account, key };
    let genesis = bytes(&place.genesis)?;
    let session = Client::connect(&endpoint, &relay, genesis, &device).await?;
    match session.client.request(Request::Observe(Observe {})).await? {
        Answer::Observe(Observed {
            address: Some(seen),
        }) => endpoint.seen_at(SocketAddr::from(seen)).await,
        other => bail!("the relay does not say where it sees this device: {other:?}"),
    }
    let fallback = Fallback::beside(&place.relay.address.to_string())?;
    endpoint.stay_at(None, Some(&fallback)).await;
    let began = Instant::now();
    while endpoint.whereabouts().fallback.is_none() {
        if began.elapsed() > BEGIN {
            bail!("the fallback relay does not answer");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok((endpoint, session))
}

async fn wait(place: Place, here: &str) -> anyhow::Result<()> {
    let (endpoint, _session) = arrive(&place, true).await?;
    let at = endpoint.whereabouts();
    let there = There {
        key: hex::encode(at.key.as_bytes()),
        addresses: at.addresses,
        fallback: at.fallback.map(|it| it.to_string()),
    };
    // Whoever waits for it finds all of it.
    let part = format!("{here}.part");
    std::fs::write(&part, serde_json::to_vec(&there)?)?;
    std::fs::rename(&part, File::new(here))?;
    let incoming = endpoint.accept().await.context("the endpoint is closed")?;
    let mut channel = incoming.accept().await?;
    channel.set_window(64 << 10);
    let mut out = Outgoing::default();
    while let Ok(Some(words)) = channel.reader.read().await {
        out.fill().extend_from_slice(&words);
        if out.send_all(&mut channel.writer).await.is_err() {
            break;
        }
    }
    println!("{}", json!({"addresses": there.addresses}));
    Ok(())
}

async fn dial(place: Place, there: There) -> anyhow::Result<()> {
    let (endpoint, _session) = arrive(&place, false).await?;
    let peer = Whereabouts {
        key: PublicKey::from_bytes(&bytes(&there.key)?)?,
        addresses: there.addresses,
        fallback: there.fallback.map(|url| url.parse()).transpose()?,
    };
    let began = Instant::now();
    let mut channel = endpoint.dial_peer(&peer).await?;
    let connected = began.elapsed();
    let mut out = Outgoing::default();
    out.fill().push(1);
    out.send_all(&mut channel.writer).await?;
    channel.reader.read().await?.context("it hung up")?;
    let first_byte = began.elapsed();
    let first = channel.path();
    let mut direct = None;
    while direct.is_none() && began.elapsed() < DIRECT {
        if matches!(channel.path(), Some(Path::Direct(_))) {
            direct = Some(began.elapsed());
        } else {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    // The way that was found carries something.
    let again = Instant::now();
    out.fill().push(2);
    out.send_all(&mut channel.writer).await?;
    channel.reader.read().await?.context("it hung up")?;
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    println!(
        "{}",
        json!({
            "connected_ms": milliseconds(connected),
            "first_byte_ms": milliseconds(first_byte),
            "first_path": way(first.as_ref()),
            "direct_ms": direct.map(milliseconds),
            "path": way(channel.path().as_ref()),
            "round_trip_ms": milliseconds(again.elapsed()),
        })
    );
    channel.close(Duration::from_secs(1)).await;
    Ok(())
}

fn way(path: Option<&Path>) -> &'static str {
    match path {
        Some(Path::Direct(_)) => "direct",
        Some(Path::Relayed(_)) => "relay",
        None => "none",
    }
}
