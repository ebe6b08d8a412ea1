//! A network of relays, each a process of its own on the loopback interface.

use crate::clients::{Device, PLACES, device_key};
use parlance_bimp::{Account, RelayId};
use parlance_endpoint::{RelayAddress, SecretKey};
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
};

pub const GENESIS: [u8; 32] = [42; 32];

fn hex(bytes: [u8; 32]) -> String {
    hex::encode(bytes)
}

/// Ports that are free now.
fn ports(count: usize) -> Vec<u16> {
    let sockets: Vec<UdpSocket> = (0..count)
        .map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
        .collect();
    let ports = sockets.iter().map(|it| it.local_addr().unwrap().port());
    ports.collect()
}

pub struct Network {
    folder: tempfile::TempDir,
    pub relays: Vec<RelayAddress>,
    metrics: Vec<SocketAddr>,
    children: Vec<Option<Child>>,
}

impl Network {
    /// Relays with accounts of one device each, all started.
    pub fn start(relays: usize, accounts: &[Device]) -> Self {
        let limits = json!({
            "per_address": 500, "handshakes_per_address": 500, "per_peer": 64, "authenticate_seconds": 2,
        });
        Self::start_with(relays, accounts, &limits)
    }

    /// The same with bounds for connections.
    pub fn start_with(relays: usize, accounts: &[Device], limits: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (udp, tcp) = (ports(relays), ports(relays));
        let keys: Vec<SecretKey> = (0..relays)
            .map(|n| SecretKey::from_bytes(&[n as u8 + 1; 32]))
            .collect();
        let address = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let records: Vec<RelayAddress> = (0..relays)
            .map(|n| RelayAddress {
                relay: RelayId([PLACES[n]; 32]),
                key: keys[n].public(),
                addresses: vec![address(udp[n])],
            })
            .collect();
        let listed: Vec<_> = records
            .iter()
            .map(|it| {
                json!({
                    "id": hex(it.relay.0), "key": hex(*it.key.as_bytes()), "addresses": it.addresses, "quality": 1,
                })
            })
            .collect();
        let accounts: Vec<_> = accounts
            .iter()
            .map(|it| {
                let Account(account) = it.account;
                let key = hex(*device_key(it).public().as_bytes());
                json!({ "id": hex(account), "devices": [{ "number": it.number, "key": key }] })
            })
            .collect();
        let network = json!({
            "genesis": hex(GENESIS), "relays": listed, "accounts": accounts, "tickets": "not checked",
        });
        std::fs::write(folder.path().join("network.json"), network.to_string()).unwrap();
        for n in 0..relays {
            let config = json!({
                "key": format!("{n}.key"), "listen": [address(udp[n])], "data": format!("{n}"), "limit_mib": 512,
                "network": "network.json", "metrics": address(tcp[n]),
                "connections": limits,
            });
            let config_file = folder.path().join(format!("{n}.json"));
            std::fs::write(config_file, config.to_string()).unwrap();
            let key = hex(keys[n].to_bytes());
            std::fs::write(folder.path().join(format!("{n}.key")), key).unwrap();
        }
        let mut network = Self {
            folder,
            relays: records,
            metrics: tcp.into_iter().map(address).collect(),
            children: (0..relays).map(|_| None).collect(),
        };
        for n in 0..relays {
            network.restart(n);
        }
        network
    }

    /// Changes what is on record.
    pub fn change(&self, change: impl FnOnce(&mut Value)) {
        let path = self.folder.path().join("network.json");
        let mut records = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut records);
        // In one step: a relay reads it whenever it likes.
        let new = self.folder.path().join("new.json");
        std::fs::write(&new, records.to_string()).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    /// Memory that a relay's process has, bytes.
    pub fn memory(&self, n: usize) -> u64 {
        let id = self.children[n].as_ref().unwrap().id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kilobytes.parse::<u64>().unwrap() << 10
    }

    fn log(&self, n: usize) -> PathBuf {
        self.folder.path().join(format!("{n}.log"))
    }

    fn log_file(&self, n: usize) -> File {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        options.open(self.log(n)).unwrap()
    }

    pub fn restart(&mut self, n: usize) {
        assert!(self.children[n].is_none(), "relay {n} runs");
        let child = Command::new(env!("CARGO_BIN_EXE_parlance-relay"))
            .arg("--config")
            .arg(self.folder.path().join(format!("{n}.json")))
            .stdout(Stdio::null())
            .stderr(self.log_file(n))
            .spawn()
            .unwrap();
        self.children[n] = Some(child);
    }

    /// SIGKILL.
    pub fn kill(&mut self, n: usize) {
        let mut child = self.children[n].take().unwrap();
        assert_eq!(child.try_wait().unwrap(), None, "{}", self.said(n));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM.
    pub fn terminate(&mut self, n: usize) -> ExitStatus {
        let mut child = self.children[n].take().unwrap();
        let sent = Command::new("kill").arg(child.id().to_string()).status();
        assert!(sent.unwrap().success());
        child.wait().unwrap()
    }

    /// What a relay said.
    pub fn said(&self, n: usize) -> String {
        std::fs::read_to_string(self.log(n)).unwrap()
    }

    /// One of a relay's figures.
    pub async fn figure(&self, n: usize, name: &str) -> u64 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = tokio::net::TcpStream::connect(self.metrics[n])
            .await
            .unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let line = text.lines().find_map(|line| {
            let rest = line.strip_prefix("parlance_relay_")?;
            rest.strip_prefix(name)?.strip_prefix(' ')
        });
        line.unwrap_or_else(|| panic!("{name} in {text}"))
            .parse()
            .unwrap()
    }

    /// None of those that should run has ended by itself.
    pub fn assert_running(&mut self) {
        for n in 0..self.children.len() {
            if let Some(child) = &mut self.children[n] {
                let ended = child.try_wait().unwrap();
                assert_eq!(ended, None, "relay {n} ended:\n{}", self.said(n));
            }
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in self.children.iter_mut().flatten() {
            // It may have ended, and then this test fails for that.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
