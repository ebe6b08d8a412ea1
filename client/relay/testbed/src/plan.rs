//! The files of a static network, as `parlance-relay` reads them.

use crate::device::{Device, GENESIS};
use parlance_bimp::RelayId;
use parlance_endpoint::{RelayAddress, SecretKey};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::{Path, PathBuf},
};

/// Where a network's records lie.
pub const RECORDS: &str = "network.json";

/// Why there are no files.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written ({cause}): check the folder and its rights", path.display())]
pub struct PlanError {
    /// Which.
    path: PathBuf,
    /// What the system says.
    cause: std::io::Error,
}

/// What a network is to be.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The first byte of each relay's place; the others are alike.
    pub places: Vec<u8>,
    /// Where each listens for UDP.
    pub listen: Vec<SocketAddr>,
    /// Where each shows its figures.
    pub metrics: Vec<SocketAddr>,
    /// Devices on record, one of an account.
    pub devices: Vec<Device>,
    /// Bounds for connections, as in a relay's configuration.
    pub limits: Value,
    /// What each may store, MiB.
    pub limit_mib: u64,
}

impl Plan {
    /// The relays, as the records name them.
    pub fn relays(&self) -> Vec<RelayAddress> {
        let relays = self.places.iter().zip(&self.listen).zip(1..);
        relays
            .map(|((place, listen), n)| RelayAddress {
                relay: RelayId([*place; 32]),
                key: key(n).public(),
                addresses: vec![*listen],
            })
            .collect()
    }

    /// Writes the records, and for each relay its key and configuration. Data that is there stays.
    pub fn write(&self, folder: &Path) -> Result<(), PlanError> {
        let failed = |path: &Path, cause| PlanError {
            path: path.to_path_buf(),
            cause,
        };
        std::fs::create_dir_all(folder).map_err(|cause| failed(folder, cause))?;
        let write = |name: String, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|cause| failed(&path, cause))
        };
        write(RECORDS.to_owned(), self.records().to_string())?;
        let places = self.listen.iter().zip(&self.metrics);
        for (n, (listen, metrics)) in (0..).zip(places) {
            let config = json!({
                "key": format!("{n}.key"), "listen": [listen], "data": format!("{n}"),
                "limit_mib": self.limit_mib, "network": RECORDS, "metrics": metrics,
                "connections": self.limits,
            });
            write(format!("{n}.json"), config.to_string())?;
            let secret = key(n + 1).to_bytes();
            write(format!("{n}.key"), hex::encode(secret))?;
        }
        Ok(())
    }

    fn records(&self) -> Value {
        let relays = self.relays();
        let relays = relays.iter().map(|it| {
            json!({
                "id": hex::encode(it.relay.0), "key": hex::encode(it.key.as_bytes()),
                "addresses": it.addresses, "quality": 1,
            })
        });
        let accounts = self.devices.iter().map(|it| {
            let key = hex::encode(it.key().public().as_bytes());
            json!({
                "id": hex::encode(it.account.0), "devices": [{ "number": it.number, "key": key }],
            })
        });
        json!({
            "genesis": hex::encode(GENESIS), "relays": relays.collect::<Vec<_>>(),
            "accounts": accounts.collect::<Vec<_>>(), "tickets": "not checked",
        })
    }
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

/// Addresses of the loopback interface whose ports are free now, for UDP.
pub fn free_ports(count: usize) -> std::io::Result<Vec<SocketAddr>> {
    let bind = |_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let sockets: Vec<UdpSocket> = (0..count).map(bind).collect::<Result<_, _>>()?;
    sockets.iter().map(UdpSocket::local_addr).collect()
}
