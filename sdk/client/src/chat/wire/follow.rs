//! Keeps the list of relays new (W5).

use std::{sync::Arc, time::Duration};

use parlance_primitives::{AccountId, Hash};
use serde_json::{Value, json};
use sp_core::crypto::Ss58Codec;
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};

use super::{
    Trouble,
    network::{Answers, Network},
};
use crate::node::{Node, NodeError, as_hex};

/// Between two questions at least, whatever the engine thinks.
const REST: Duration = Duration::from_secs(2);
/// Between two questions at most: relays come, go and move within a period.
const LONGEST: Duration = Duration::from_secs(600);
/// Longest pause while the node is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Asks a node for the list.
pub(super) struct Follow<N> {
    pub node: N,
    pub account: AccountId,
    pub genesis: Hash,
    pub tell: mpsc::Sender<Result<Network, Trouble>>,
    pub refresh: Arc<Notify>,
}

impl<N: Node> Follow<N> {
    /// Until nobody listens.
    pub async fn run(self) {
        let mut pause = REST;
        loop {
            let fetched = self.fetch().await;
            let (news, wait) = match fetched {
                Ok((network, left)) => {
                    pause = REST;
                    (Ok(network), left.min(LONGEST))
                }
                Err(trouble) => {
                    let wait = pause;
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                    (Err(trouble), wait)
                }
            };
            if self.tell.send(news).await.is_err() {
                return;
            }
            sleep(REST).await;
            tokio::select! {
                () = sleep(wait.saturating_sub(REST)) => {}
                () = self.refresh.notified() => {}
            }
        }
    }

    /// All of it of one block, so that it fits together.
    async fn fetch(&self) -> Result<(Network, Duration), Trouble> {
        let first = self.block(vec![json!(0)]).await?;
        if Value::String(first.clone()) != as_hex(self.genesis) {
            let (wanted, found) = (self.genesis, first);
            return Err(Trouble::OtherChain { wanted, found });
        }
        let best = Value::String(self.block(Vec::new()).await?);
        let header = self.ask("chain_getHeader", vec![best.clone()]).await?;
        let relays = self.ask("parlance_relays", vec![best.clone()]).await?;
        let account = json!(self.account.to_ss58check());
        let sets = self.ask("parlance_relaySets", vec![account, best]).await?;
        Ok(Network::read(Answers {
            genesis: self.genesis.0,
            header: &header,
            relays,
            sets,
        })?)
    }

    async fn ask(&self, method: &'static str, params: Vec<Value>) -> Result<Value, NodeError> {
        self.node.request(method, params).await
    }

    async fn block(&self, params: Vec<Value>) -> Result<String, NodeError> {
        let (method, expected) = ("chain_getBlockHash", "a block's hash");
        match self.ask(method, params).await? {
            Value::String(hash) => Ok(hash),
            _ => Err(NodeError::Malformed { method, expected }),
        }
    }
}
