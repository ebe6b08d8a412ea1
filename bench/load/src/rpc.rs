//! The few calls of the legacy JSON-RPC that the load needs.

use anyhow::{Context, Result};
use serde::Deserialize;
use subxt::rpcs::{
    client::{RpcClient, RpcSubscription},
    rpc_params,
};

/// Connections to the nodes, `per_node` to each.
pub async fn connect(urls: &[String], per_node: usize) -> Result<Vec<RpcClient>> {
    let mut clients = Vec::new();
    for url in urls {
        for _ in 0..per_node {
            let client = RpcClient::from_insecure_url(url)
                .await
                .with_context(|| format!("connecting to {url}"))?;
            clients.push(client);
        }
    }
    Ok(clients)
}

/// What of a header is needed here.
#[derive(Deserialize, Debug)]
pub struct Header {
    /// Height in hexadecimal, as the node writes it.
    number: String,
}

impl Header {
    /// Height.
    pub fn number(&self) -> Result<u64> {
        u64::from_str_radix(self.number.trim_start_matches("0x"), 16)
            .with_context(|| format!("block number {}", self.number))
    }
}

#[derive(Deserialize)]
struct SignedBlock {
    block: Body,
}

#[derive(Deserialize)]
struct Body {
    extrinsics: Vec<String>,
}

/// Headers, as they become final.
pub async fn finalized_heads(client: &RpcClient) -> Result<RpcSubscription<Header>> {
    Ok(client
        .subscribe(
            "chain_subscribeFinalizedHeads",
            rpc_params![],
            "chain_unsubscribeFinalizedHeads",
        )
        .await?)
}

/// The highest final block.
pub async fn finalized_number(client: &RpcClient) -> Result<u64> {
    let hash: String = client
        .request("chain_getFinalizedHead", rpc_params![])
        .await?;
    let header: Header = client.request("chain_getHeader", rpc_params![hash]).await?;
    header.number()
}

/// The transactions of a block, encoded.
pub async fn body(client: &RpcClient, number: u64) -> Result<Vec<Vec<u8>>> {
    let hash: String = client
        .request("chain_getBlockHash", rpc_params![number])
        .await?;
    let signed: SignedBlock = client.request("chain_getBlock", rpc_params![hash]).await?;
    signed
        .block
        .extrinsics
        .iter()
        .map(|text| hex::decode(text.trim_start_matches("0x")).context("a transaction's text"))
        .collect()
}
