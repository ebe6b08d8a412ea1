//! A network of relays, each a process of its own on the loopback interface, in a folder that goes with it.

use crate::clients::{Device, PLACES};
use parlance_endpoint::RelayAddress;
pub use parlance_relay_testbed::GENESIS;
use parlance_relay_testbed::{Network as Processes, Plan, free_ports};
use serde_json::{Value, json};
use std::{path::Path, process::ExitStatus};

pub struct Network {
    /// Dropped first, so that nobody writes into the folder any more.
    processes: Processes,
    pub relays: Vec<RelayAddress>,
    _folder: tempfile::TempDir,
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
        let mut listen = free_ports(2 * relays).unwrap();
        let plan = Plan {
            places: PLACES[..relays].to_vec(),
            metrics: listen.split_off(relays),
            listen,
            devices: accounts.to_vec(),
            limits: limits.clone(),
            limit_mib: 512,
        };
        let binary = Path::new(env!("CARGO_BIN_EXE_parlance-relay"));
        Self {
            processes: Processes::start(binary, folder.path(), &plan).unwrap(),
            relays: plan.relays(),
            _folder: folder,
        }
    }

    /// Changes what is on record.
    pub fn change(&self, change: impl FnOnce(&mut Value)) {
        self.processes.change(change).unwrap();
    }

    /// Memory that a relay's process has, bytes.
    pub fn memory(&self, n: usize) -> u64 {
        self.processes.memory(n).unwrap()
    }

    pub fn restart(&mut self, n: usize) {
        self.processes.restart(n).unwrap();
    }

    /// SIGKILL.
    pub fn kill(&mut self, n: usize) {
        self.processes.kill(n).unwrap();
    }

    /// SIGTERM.
    pub fn terminate(&mut self, n: usize) -> ExitStatus {
        self.processes.terminate(n).unwrap()
    }

    /// What a relay said.
    pub fn said(&self, n: usize) -> String {
        self.processes.said(n)
    }

    /// One of a relay's figures.
    pub async fn figure(&self, n: usize, name: &str) -> u64 {
        self.processes.figure(n, name).await.unwrap()
    }

    /// None of those that should run has ended by itself.
    pub fn assert_running(&mut self) {
        self.processes.check_all().unwrap();
    }
}
