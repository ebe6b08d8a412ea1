//! The files of a static network, as `parlance-relay` reads them.

use crate::people::Person;
use anyhow::Context;
use parlance_bimp::RelayId;
use parlance_endpoint::{PublicKey, RelayAddress};
use parlance_relay_testbed::{Plan, plan::RECORDS};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

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
    /// The first of the UDP ports; figures are shown at TCP ports 200 above them.
    #[arg(long, default_value_t = 24_433)]
    port: u16,
    /// Leave the relays their own limits for connections, which are too tight for a load that comes from one address.
    #[arg(long)]
    own_limits: bool,
}

/// Writes the records, and for each relay its key and configuration.
pub fn prepare(options: &Options) -> anyhow::Result<()> {
    let ports = |above: u16| -> anyhow::Result<Vec<SocketAddr>> {
        let ports = (0..options.relays).map(|n| {
            let port = options.port.checked_add(above);
            let port = port.and_then(|port| port.checked_add(n.into()));
            let port = port.context("the ports end at 65535: begin with a lower one")?;
            anyhow::Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        });
        ports.collect()
    };
    let people = (0..options.accounts).map(Person::of);
    let plan = Plan {
        places: places(options.relays),
        listen: ports(0)?,
        // At the port of `listen` a relay passes packets on over TCP.
        metrics: ports(200)?,
        devices: people.map(|person| person.device).collect(),
        limits: match options.own_limits {
            true => json!({}),
            false => of_one_address(),
        },
        limit_mib: 16_384,
    };
    Ok(plan.write(&options.folder)?)
}

/// First bytes of relays that are spread over the ring.
pub fn places(relays: u8) -> Vec<u8> {
    let step = 255 / relays.max(1);
    let places = (0..relays).map(|n| n.saturating_mul(step).saturating_add(7));
    places.collect()
}

/// Limits for a load that comes from one address.
pub fn of_one_address() -> Value {
    json!({ "per_address": 20_000, "handshakes_per_address": 20_000, "device_requests": 20_000 })
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
