//! Relays over JSON-RPC: who they are, whose set is whose, and what a relay's operator hands in.
//!
//! What these methods say is this node's word.

use super::{Amount, BlockHash, refused};
use crate::relay::{Desk, Refused, Signed};
use codec::DecodeAll;
use jsonrpsee::{
    Extensions,
    core::{RpcResult, async_trait},
    proc_macros::rpc,
    types::ErrorObjectOwned,
};
use parlance_primitives::{
    AccountId, BlockNumber,
    relay::{
        Clock, Period, ReceiptLeaf, RelayApi as RelayRuntimeApi, RelayId, RelayInfo, TicketLeaf,
    },
};
use parlance_relay_claims::{Pushed, Receipt, Ticket};
use parlance_runtime::opaque::Block;
use sc_rpc_api::check_if_safe;
use serde::Serialize;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::Bytes;
use std::sync::Arc;

/// Code of errors about what was handed in.
const NOT_TAKEN: i32 = 8_100;

/// A relay.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayJson {
    account: AccountId,
    id: Option<Bytes>,
    key: Bytes,
    /// As text, with a sign for whatever is none.
    address: String,
    /// Bytes per period, in decimal.
    capacity: String,
    bond: Amount,
    /// Thousandths.
    health: u16,
    member: bool,
    going: bool,
}

impl From<RelayInfo<AccountId>> for RelayJson {
    fn from(info: RelayInfo<AccountId>) -> Self {
        RelayJson {
            account: info.account,
            id: info.id.map(name),
            key: Bytes(info.key.0.to_vec()),
            address: String::from_utf8_lossy(&info.address).into_owned(),
            capacity: info.capacity.to_string(),
            bond: Amount(info.bond),
            health: info.health,
            member: info.is_member,
            going: info.is_going,
        }
    }
}

/// Relays of an account in the running period.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetsJson {
    period: Period,
    /// First block of the next period, which has other ingress relays.
    ends: BlockNumber,
    /// Through which it may send.
    ingress: Vec<Bytes>,
    /// Which keep its mailbox, the nearest first.
    mailbox: Vec<Bytes>,
    /// Bytes of it that count at each of the first, in decimal.
    cap: String,
}

fn name(id: RelayId) -> Bytes {
    Bytes(id.0.to_vec())
}

/// Methods about relays.
#[rpc(server)]
pub trait RelayApi {
    /// All relays.
    #[method(name = "parlance_relays")]
    fn relays(&self, at: Option<BlockHash>) -> RpcResult<Vec<RelayJson>>;

    /// The relays of an account.
    #[method(name = "parlance_relaySets")]
    fn sets(&self, account: AccountId, at: Option<BlockHash>) -> RpcResult<SetsJson>;

    /// Hands a ticket to this relay's worker: the SCALE encoding of a leaf, whose `counted` is not read.
    /// Returns the bytes that count, in decimal. For the relay's operator.
    #[method(name = "parlance_relayTakeTicket", with_extensions)]
    async fn take_ticket(&self, period: Period, leaf: Bytes) -> RpcResult<String>;

    /// Hands a receipt to this relay's worker, in the same way.
    #[method(name = "parlance_relayTakeReceipt", with_extensions)]
    async fn take_receipt(&self, period: Period, leaf: Bytes) -> RpcResult<String>;
}

/// Answers them.
pub struct Relays<Client> {
    /// The chain.
    pub client: Arc<Client>,
    /// Where tickets and receipts go, on a relay.
    pub desk: Option<Desk>,
}

impl<Client: HeaderBackend<Block>> Relays<Client> {
    fn block(&self, at: Option<BlockHash>) -> BlockHash {
        at.unwrap_or_else(|| self.client.info().best_hash)
    }

    async fn hand(
        &self,
        period: Period,
        signed: Result<Signed, codec::Error>,
    ) -> RpcResult<String> {
        let desk = self.desk.as_ref();
        let desk = desk.ok_or_else(|| not_taken("this node is no relay: see --relay-account"))?;
        let signed = signed.map_err(|error| not_taken(&format!("no such leaf: {error}")))?;
        let counted = desk.hand(period, signed).await;
        let counted = counted.map_err(|error: Refused| not_taken(&error.to_string()))?;
        Ok(counted.to_string())
    }
}

fn not_taken(why: &str) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(NOT_TAKEN, why, None::<()>)
}

#[async_trait]
impl<Client> RelayApiServer for Relays<Client>
where
    Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
    Client::Api: RelayRuntimeApi<Block, AccountId>,
{
    fn relays(&self, at: Option<BlockHash>) -> RpcResult<Vec<RelayJson>> {
        let relays = self.client.runtime_api().relays(self.block(at));
        Ok(relays
            .map_err(refused)?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    fn sets(&self, account: AccountId, at: Option<BlockHash>) -> RpcResult<SetsJson> {
        let api = self.client.runtime_api();
        let at = self.block(at);
        let Clock { period, ends, .. } = api.clock(at).map_err(refused)?;
        let names = |ids: Vec<RelayId>| ids.into_iter().map(name).collect();
        Ok(SetsJson {
            period,
            ends,
            ingress: names(api.ingress_of(at, account.clone()).map_err(refused)?),
            mailbox: names(api.mailbox_set_of(at, account.clone()).map_err(refused)?),
            cap: api.cap_of(at, account).map_err(refused)?.to_string(),
        })
    }

    async fn take_ticket(
        &self,
        extensions: &Extensions,
        period: Period,
        leaf: Bytes,
    ) -> RpcResult<String> {
        check_if_safe(extensions)?;
        let leaf = TicketLeaf::<AccountId>::decode_all(&mut &leaf[..]);
        let signed = leaf.map(|leaf| {
            Signed::Ticket(Ticket {
                sender: leaf.sender,
                device: leaf.device,
                bytes: leaf.bytes,
                latency: leaf.latency,
                signature: leaf.signature,
            })
        });
        self.hand(period, signed).await
    }

    async fn take_receipt(
        &self,
        extensions: &Extensions,
        period: Period,
        leaf: Bytes,
    ) -> RpcResult<String> {
        check_if_safe(extensions)?;
        let leaf = ReceiptLeaf::<AccountId>::decode_all(&mut &leaf[..]);
        let signed = leaf.map(|leaf| {
            Signed::Receipt(Receipt {
                recipient: leaf.recipient,
                device: leaf.device,
                delivered: leaf.delivered,
                signature: leaf.signature,
                // The operator answers for what it hands in.
                pushed: Pushed::all_of(&leaf.delivered),
            })
        });
        self.hand(period, signed).await
    }
}
