//! Nodes that are relays, and people with identities, for scenarios about messages.

use crate::{
    bimp::{Person, text},
    chain::{Chain, TOKEN, account, address, call, key},
    facts::{self, unhex},
    harness::Stage,
    newcomer::Newcomer,
    node::{Node, Setup, free_port},
    relay::{is_member, registers},
    wait::{seconds, until},
};
use anyhow::{Context, Result};
use subxt::{dynamic::Value, utils::AccountId32};

/// Bytes of a relay per period.
const CAPACITY: u64 = 1 << 30;

/// Nodes of one chain, each a relay too. The first one makes the blocks.
pub struct Relays {
    /// The nodes.
    pub nodes: Vec<Node>,
    accounts: Vec<&'static str>,
    ports: Vec<u16>,
    /// The hash of the chain's first block.
    pub genesis: String,
}

impl Relays {
    /// Starts one node for each account; they are registered by [`serve`](Self::serve).
    pub async fn start(stage: &Stage, accounts: &[&'static str]) -> Result<Self> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut ports = Vec::new();
        for (number, suri) in accounts.iter().enumerate() {
            let mut setup = Setup::alone("fast-1", "//Alice");
            if let Some(first) = nodes.first() {
                setup.suri = None;
                setup.validator = false;
                setup.flags.clear();
                setup.bootnodes = vec![first.address()];
            }
            setup.name = format!("relay-{number}");
            let port = free_port()?;
            setup.flags.extend([
                "--state-pruning=archive".to_owned(),
                format!("--relay-account={}", account(&key(suri)?)),
                "--relay".to_owned(),
                format!("--relay-listen=127.0.0.1:{port}"),
                "--relay-limit-mib=64".to_owned(),
            ]);
            let base = stage.directory(&setup.name)?;
            let mut node = Node::prepare(&stage.binary, base, setup).await?;
            node.insert_key(suri, "rlay", "sr25519").await?;
            node.start_and_wait().await?;
            node.first_blocks().await?;
            ports.push(port);
            nodes.push(node);
        }
        let first = nodes.first().context("no node")?;
        let genesis = facts::hash_at(&first.rpc(), 0).await?;
        Ok(Self {
            genesis: genesis.context("no genesis")?,
            nodes,
            accounts: accounts.to_vec(),
            ports,
        })
    }

    /// The node that makes the blocks.
    pub fn first(&self) -> Result<&Node> {
        self.nodes.first().context("no node")
    }

    /// The last one, which is a relay and nothing else.
    pub fn last_mut(&mut self) -> Result<&mut Node> {
        self.nodes.last_mut().context("no node")
    }

    /// Registers all of them.
    pub async fn register(&self, stage: &Stage, chain: &Chain) -> Result<()> {
        for ((suri, node), port) in self.accounts.iter().zip(&self.nodes).zip(&self.ports) {
            let public = endpoint_key(stage, node).await?;
            let register = registers(public, &format!("127.0.0.1:{port}"), CAPACITY);
            let receipt = chain.submit(&register, &key(suri)?).await?;
            receipt.event("Relay.Registered")?;
        }
        Ok(())
    }

    /// Waits until all are in the roster, and there.
    pub async fn serve(&self) -> Result<()> {
        let rpc = self.first()?.rpc();
        for suri in &self.accounts {
            let relay = Newcomer::of(suri)?.account();
            until("the relay is in the roster", seconds(240), || async {
                Ok(is_member(&rpc, &relay).await?.then_some(()))
            })
            .await?;
        }
        for node in &self.nodes {
            node.log_has(" is there, at ", seconds(60)).await?;
        }
        Ok(())
    }

    /// Ends them.
    pub async fn stop(&mut self) -> Result<()> {
        for node in &mut self.nodes {
            node.stop().await?;
            node.must_not_have_panicked()?;
        }
        Ok(())
    }
}

/// The key of a node's relay, as its operator reads it.
async fn endpoint_key(stage: &Stage, node: &Node) -> Result<[u8; 32]> {
    let data = node.data();
    let data = data.to_str().context("a path that is no text")?;
    let arguments = [
        "relay-key",
        "--base-path",
        data,
        "--chain",
        &node.setup.chain,
    ];
    let shown = stage.binary.succeed(&arguments).await?;
    let key = unhex(&shown)?;
    key.try_into()
        .map_err(|_| anyhow::anyhow!("{shown} is no key"))
}

/// Makes an identity for a person, with some tokens.
pub async fn settle(chain: &Chain, person: &Person) -> Result<()> {
    person.succeed(&["identity", "new"]).await?;
    let own = text(&person.succeed(&["status"]).await?, "account")?;
    let own: AccountId32 = own.parse().map_err(|error| anyhow::anyhow!("{error}"))?;
    let gift = vec![address(&own), Value::u128(10 * TOKEN)];
    let transfer = call("Balances", "transfer_keep_alive", gift);
    chain.submit(&transfer, &key("//Ferdie")?).await?;
    person.succeed(&["identity", "back"]).await?;
    Ok(())
}

/// Makes people contacts of each other, each under their own name.
pub async fn introduce(people: &[(&str, &Person)]) -> Result<()> {
    for (name, other) in people {
        let account = text(&other.succeed(&["status"]).await?, "account")?;
        for (own, person) in people {
            if own != name {
                person.succeed(&["contact", "add", name, &account]).await?;
            }
        }
    }
    Ok(())
}
