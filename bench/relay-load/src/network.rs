//! The files of a static network, as `parlance-relay` reads them.

use crate::people::Person;
use anyhow::Context;
use parlance_bimp::RelayId;
use parlance_endpoint::{PublicKey, RelayAddress, SecretKey};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Where a network's files lie.
const RECORDS: &str = "network.json";
/// The first block's hash, to which authentications are bound.
pub const GENESIS: [u8; 32] = [42; 32];

/// What is prepared.
#[derive(clap::Args)]
pub struct Options {
    /// Where to write; made if it is not there.
    #[arg(long)]
    folder: PathBuf,
    /// How many relays.
    #[arg(long, default_value_t = 5)]
    relays: u8,
    /// How many accounts, of one device each.
    #[arg(long)]
    accounts: u32,
    /// The first of the UDP ports; figures are shown at TCP ports with the same numbers.
    #[arg(long, default_value_t = 24_433)]
    port: u16,
    /// Leave the relays their own limits for connections, which are too tight for a load that comes from one address.
    #[arg(long)]
    own_limits: bool,
}

/// Writes the records, and for each relay its key and configuration.
pub fn prepare(options: &Options) -> anyhow::Result<()> {
    let folder = &options.folder;
    std::fs::create_dir_all(folder)?;
    let mut relays = Vec::new();
    for n in 0..options.relays {
        let key = SecretKey::from_bytes(&[n.saturating_add(1); 32]);
        let port = options.port.checked_add(n.into());
        let port = port.context("the ports end at 65535: begin with a lower one")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        // Spread over the ring.
        let step = 255 / options.relays.max(1);
        relays.push(json!({
            "id": hex::encode([n.saturating_mul(step).saturating_add(7); 32]),
            "key": hex::encode(key.public().as_bytes()), "addresses": [address], "quality": 1,
        }));
        let limits = match options.own_limits {
            true => json!({}),
            false => {
                json!({ "per_address": 20_000, "handshakes_per_address": 20_000, "device_requests": 20_000 })
            }
        };
        let config = json!({
            "key": format!("{n}.key"), "listen": [address], "data": format!("{n}"), "limit_mib": 16_384,
            "network": RECORDS, "metrics": address, "connections": limits,
        });
        std::fs::write(folder.join(format!("{n}.json")), config.to_string())?;
        std::fs::write(folder.join(format!("{n}.key")), hex::encode(key.to_bytes()))?;
    }
    let accounts: Vec<Value> = (0..options.accounts)
        .map(|n| {
            let person = Person::of(n);
            let key = hex::encode(person.public().as_bytes());
            json!({ "id": hex::encode(person.account.0), "devices": [{ "number": 0, "key": key }] })
        })
        .collect();
    let records = json!({
        "genesis": hex::encode(GENESIS), "relays": relays, "accounts": accounts, "tickets": "not checked",
    });
    std::fs::write(folder.join(RECORDS), records.to_string())?;
    Ok(())
}

/// The relays of a folder.
pub fn relays(folder: &Path) -> anyhow::Result<Vec<RelayAddress>> {
    let path = folder.join(RECORDS);
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let records: Value = serde_json::from_slice(&bytes)?;
    let relays = records["relays"].as_array().context("no relays")?;
    relays.iter().map(relay).collect()
}

fn relay(record: &Value) -> anyhow::Result<RelayAddress> {
    let bytes = |name: &str| -> anyhow::Result<[u8; 32]> {
        let mut bytes = [0; 32];
        let text = record[name].as_str().context("no text")?;
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(bytes)
    };
    Ok(RelayAddress {
        relay: RelayId(bytes("id")?),
        key: PublicKey::from_bytes(&bytes("key")?)?,
        addresses: serde_json::from_value(record["addresses"].clone())?,
    })
}
