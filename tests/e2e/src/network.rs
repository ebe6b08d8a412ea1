//! Several nodes of one chain on loopback.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::{
    node::{Binary, Node, Setup},
    wait::{seconds, until},
};

/// Secrets of the validators of `fast-N`, in the order of the genesis.
const SURIS: [&str; 6] = [
    "//Alice",
    "//Bob",
    "//Charlie",
    "//Dave",
    "//Eve",
    "//Ferdie",
];

/// Validators first, in the order of the genesis; then nodes that were added.
pub struct Network {
    /// The processes.
    pub nodes: Vec<Node>,
    binary: Binary,
    chain: String,
    root: std::path::PathBuf,
}

impl Network {
    /// Starts `validators` nodes of `fast-<validators>` under `root` and waits until all of them
    /// see each other and the first block is final.
    pub async fn start(binary: &Binary, root: &Path, validators: usize) -> Result<Self> {
        ensure!(
            validators <= SURIS.len(),
            "at most {} validators",
            SURIS.len()
        );
        let mut network = Self {
            nodes: Vec::new(),
            binary: binary.clone(),
            chain: format!("fast-{validators}"),
            root: root.to_owned(),
        };
        for suri in &SURIS[..validators] {
            network.prepare(network.setup(suri)).await?;
        }
        let addresses: Vec<String> = network.nodes.iter().map(Node::address).collect();
        for node in &mut network.nodes {
            let own = node.address();
            node.setup.bootnodes = addresses.iter().filter(|a| **a != own).cloned().collect();
            node.start()?;
        }
        for node in &mut network.nodes {
            node.ready().await?;
        }
        for node in &network.nodes {
            let rpc = node.rpc();
            until(
                &format!("{} has all peers", node.setup.name),
                seconds(60),
                || async {
                    Ok((crate::facts::peers(&rpc).await? as usize >= validators - 1).then_some(()))
                },
            )
            .await?;
        }
        network.nodes[0].final_at_least(1, seconds(60)).await?;
        Ok(network)
    }

    /// How a validator with the keys of `suri` is started in this network.
    pub fn setup(&self, suri: &str) -> Setup {
        Setup {
            name: suri.trim_start_matches('/').to_lowercase(),
            chain: self.chain.clone(),
            suri: Some(suri.to_owned()),
            validator: true,
            bootnodes: self.nodes.iter().map(Node::address).collect(),
            // Scenarios look back at the state of every block since genesis.
            flags: vec!["--state-pruning=archive-canonical".to_owned()],
        }
    }

    /// Adds a node with its own data directory, not yet started, and returns its index.
    pub async fn prepare(&mut self, setup: Setup) -> Result<usize> {
        let index = self.nodes.len();
        let base = self.root.join(format!("{index}-{}", setup.name));
        self.nodes
            .push(Node::prepare(&self.binary, base, setup).await?);
        Ok(index)
    }

    /// The node of that name that was added first.
    pub fn node(&mut self, name: &str) -> Result<&mut Node> {
        self.nodes
            .iter_mut()
            .find(|node| node.setup.name == name)
            .with_context(|| format!("no node {name}"))
    }

    /// The built node it runs.
    pub fn binary(&self) -> &Binary {
        &self.binary
    }

    /// Chain id.
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// Directory of the network's data.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The last lines of every log, for a report of a failure.
    pub fn logs(&self, lines: usize) -> String {
        self.nodes
            .iter()
            .map(|node| format!("--- {}\n{}\n", node.setup.name, node.log_tail(lines)))
            .collect()
    }
}
