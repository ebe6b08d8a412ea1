//! JSON-RPC beyond the SDK's own methods: accounts, fees, finality proofs, and `parlance_*`.

mod accounts;
mod bridge;
mod relay;

use crate::{
    finality::{Finality, FinalityApiServer},
    relay::{
        Desk,
        bridge::{Door, Sessions},
    },
};
use accounts::{Identities, IdentityApiServer};
use bridge::{BridgeApiServer, Bridged};
use jsonrpsee::{
    RpcModule,
    core::RpcResult,
    proc_macros::rpc,
    types::{ErrorObjectOwned, error::INTERNAL_ERROR_CODE},
};
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use parlance_primitives::{
    AccountId, Balance, Nonce,
    accounts::AccountsApi,
    issuance::{IssuanceApi, Supply},
    relay::RelayApi,
    vdpos::{ProducerInfo, Progress, VdposApi},
};
use parlance_runtime::opaque::Block;
use relay::{RelayApiServer, Relays};
use sc_consensus_grandpa::{
    FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_network_sync::strategy::warp::WarpSyncProvider;
use sc_rpc::SubscriptionTaskExecutor;
use sc_transaction_pool_api::TransactionPool;
use serde::Serialize;
use sp_api::ProvideRuntimeApi;
use sp_block_builder::BlockBuilder;
use sp_blockchain::{Error as BlockChainError, HeaderBackend, HeaderMetadata};
use sp_runtime::traits::{Block as BlockT, NumberFor};
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// What GRANDPA's methods need.
pub struct GrandpaDeps<Backend> {
    /// State of the voter.
    pub voter_state: SharedVoterState,
    /// Authorities of finality.
    pub authority_set: SharedAuthoritySet<<Block as BlockT>::Hash, NumberFor<Block>>,
    /// Justifications as they are made.
    pub justifications: GrandpaJustificationStream<Block>,
    /// Makes finality proofs.
    pub proofs: Arc<FinalityProofProvider<Backend, Block>>,
    /// Makes the proofs that light clients follow.
    pub warp: Arc<dyn WarpSyncProvider<Block>>,
    /// Runs subscriptions.
    pub executor: SubscriptionTaskExecutor,
}

/// What all methods need.
pub struct Deps<Client, Pool, Backend> {
    /// The chain.
    pub client: Arc<Client>,
    /// The transaction pool.
    pub pool: Arc<Pool>,
    /// Where a relay's tickets and receipts go, on a relay.
    pub desk: Option<Desk>,
    /// Where sessions are opened at the relay that runs, if one does.
    pub door: Door,
    /// Finality.
    pub grandpa: GrandpaDeps<Backend>,
}

/// Amount as JSON: a decimal string, since JSON readers lose digits above 2^53.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Amount(#[serde(serialize_with = "as_decimal")] Balance);

fn as_decimal<S: serde::Serializer>(amount: &Balance, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// A candidate of VDPoS with what it holds as decimal strings.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Producer {
    account: AccountId,
    standing: parlance_primitives::vdpos::Standing,
    bond: Amount,
    backing: Amount,
    /// Billionths.
    quality: u32,
    /// Billionths.
    commission: u32,
    slots: u32,
    made: u32,
    expected: u32,
}

impl From<ProducerInfo<AccountId, Balance>> for Producer {
    fn from(info: ProducerInfo<AccountId, Balance>) -> Self {
        Producer {
            account: info.account,
            standing: info.standing,
            bond: Amount(info.bond),
            backing: Amount(info.backing),
            quality: info.quality.deconstruct(),
            commission: info.commission.deconstruct(),
            slots: info.slots,
            made: info.made,
            expected: info.expected,
        }
    }
}

/// The supply as decimal strings.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SupplyJson {
    cap: Amount,
    genesis: Amount,
    released: Amount,
    minted: Amount,
    lapsed: Amount,
    returned: Amount,
    issuance: Amount,
}

impl From<Supply<Balance>> for SupplyJson {
    fn from(supply: Supply<Balance>) -> Self {
        SupplyJson {
            cap: Amount(supply.cap),
            genesis: Amount(supply.genesis),
            released: Amount(supply.released),
            minted: Amount(supply.minted),
            lapsed: Amount(supply.lapsed),
            returned: Amount(supply.returned),
            issuance: Amount(supply.issuance),
        }
    }
}

type BlockHash = <Block as BlockT>::Hash;

/// Methods of Parlance. Each answers at the block `at`, or at the best block.
#[rpc(server)]
pub trait ParlanceApi {
    /// Candidates of VDPoS, the active ones first.
    #[method(name = "parlance_producers")]
    fn producers(&self, at: Option<BlockHash>) -> RpcResult<Vec<Producer>>;

    /// The running epoch and era.
    #[method(name = "parlance_progress")]
    fn progress(&self, at: Option<BlockHash>) -> RpcResult<Progress>;

    /// What an account could claim as a voter or operator.
    #[method(name = "parlance_claimable")]
    fn claimable(&self, account: AccountId, at: Option<BlockHash>) -> RpcResult<Amount>;

    /// The supply and where it stands on its schedule.
    #[method(name = "parlance_supply")]
    fn supply(&self, at: Option<BlockHash>) -> RpcResult<SupplyJson>;
}

struct Parlance<Client>(Arc<Client>);

fn refused(error: impl std::fmt::Display) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(
        INTERNAL_ERROR_CODE,
        format!(
            "the runtime could not answer: {error}. If the block is old its state may be pruned: ask \
             a node that runs with --state-pruning archive."
        ),
        None::<()>,
    )
}

impl<Client> ParlanceApiServer for Parlance<Client>
where
    Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
    Client::Api: VdposApi<Block, AccountId, Balance> + IssuanceApi<Block, Balance>,
{
    fn producers(&self, at: Option<BlockHash>) -> RpcResult<Vec<Producer>> {
        let at = at.unwrap_or_else(|| self.0.info().best_hash);
        let producers = self.0.runtime_api().producers(at).map_err(refused)?;
        Ok(producers.into_iter().map(Producer::from).collect())
    }

    fn progress(&self, at: Option<BlockHash>) -> RpcResult<Progress> {
        let at = at.unwrap_or_else(|| self.0.info().best_hash);
        self.0.runtime_api().progress(at).map_err(refused)
    }

    fn claimable(&self, account: AccountId, at: Option<BlockHash>) -> RpcResult<Amount> {
        let at = at.unwrap_or_else(|| self.0.info().best_hash);
        Ok(Amount(
            self.0
                .runtime_api()
                .claimable(at, account)
                .map_err(refused)?,
        ))
    }

    fn supply(&self, at: Option<BlockHash>) -> RpcResult<SupplyJson> {
        let at = at.unwrap_or_else(|| self.0.info().best_hash);
        Ok(self.0.runtime_api().supply(at).map_err(refused)?.into())
    }
}

/// All methods beyond those that `sc-service` adds itself.
pub fn create<Client, Pool, Backend>(
    deps: Deps<Client, Pool, Backend>,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>>
where
    Client: ProvideRuntimeApi<Block>
        + HeaderBackend<Block>
        + HeaderMetadata<Block, Error = BlockChainError>
        + Send
        + Sync
        + 'static,
    Client::Api: substrate_frame_rpc_system::AccountNonceApi<Block, AccountId, Nonce>
        + pallet_transaction_payment_rpc::TransactionPaymentRuntimeApi<Block, Balance>
        + BlockBuilder<Block>
        + VdposApi<Block, AccountId, Balance>
        + IssuanceApi<Block, Balance>
        + AccountsApi<Block, AccountId>
        + RelayApi<Block, AccountId>,
    Pool: TransactionPool + 'static,
    Backend: sc_client_api::Backend<Block> + 'static,
{
    let Deps {
        client,
        pool,
        desk,
        door,
        grandpa,
    } = deps;
    let mut module = RpcModule::new(());
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
    module.merge(
        Grandpa::new(
            grandpa.executor,
            grandpa.authority_set,
            grandpa.voter_state,
            grandpa.justifications,
            grandpa.proofs,
        )
        .into_rpc(),
    )?;
    module.merge(Identities(client.clone()).into_rpc())?;
    let relays = Relays {
        client: client.clone(),
        desk,
    };
    module.merge(relays.into_rpc())?;
    module.merge(Bridged(Sessions::new(door)).into_rpc())?;
    module.merge(Finality::new(grandpa.warp).into_rpc())?;
    module.merge(Parlance(client).into_rpc())?;
    Ok(module)
}
