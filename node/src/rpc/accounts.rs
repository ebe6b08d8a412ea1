//! Identities over JSON-RPC: records, registration without tokens, allowances.
//!
//! What these methods say is this node's word. Who needs proof asks `state_getReadProof` for the key that
//! [`parlance_primitives::accounts::identity_key`] gives.

use super::{Amount, BlockHash, refused};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use parlance_primitives::{
    AccountId, BlockNumber, Hash,
    accounts::{
        AccountsApi, Allowance, Device, Identity, Lane, Requirements, Resource, Revocation,
        StandingInfo,
    },
    puzzle::Puzzle,
};
use parlance_runtime::opaque::Block;
use serde::Serialize;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::Bytes;
use std::sync::Arc;

/// A device of an identity.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceJson {
    id: Bytes,
    signing: Bytes,
    agreement: Bytes,
    endpoint: Bytes,
    since: BlockNumber,
}

impl From<&Device> for DeviceJson {
    fn from(device: &Device) -> Self {
        DeviceJson {
            id: Bytes(device.id().0.to_vec()),
            signing: Bytes(device.keys.signing.0.to_vec()),
            agreement: Bytes(device.keys.agreement.to_vec()),
            endpoint: Bytes(device.keys.endpoint.0.to_vec()),
            since: device.since,
        }
    }
}

/// A device that is not to be trusted any more.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevocationJson {
    device: Bytes,
    version: BlockNumber,
}

impl From<&Revocation> for RevocationJson {
    fn from(revocation: &Revocation) -> Self {
        RevocationJson {
            device: Bytes(revocation.device.0.to_vec()),
            version: revocation.version,
        }
    }
}

/// What the chain says of an account's devices.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityJson {
    version: BlockNumber,
    mailbox_epoch: u32,
    devices: Vec<DeviceJson>,
    revoked: Vec<RevocationJson>,
    history: Bytes,
}

impl From<Identity> for IdentityJson {
    fn from(identity: Identity) -> Self {
        IdentityJson {
            version: identity.version,
            mailbox_epoch: identity.mailbox_epoch,
            devices: identity.devices.iter().map(Into::into).collect(),
            revoked: identity.revoked.iter().map(Into::into).collect(),
            history: Bytes(identity.history.to_vec()),
        }
    }
}

fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Work => "Work",
        Lane::Invitation => "Invitation",
    }
}

/// Where an identity stands; the deposit as a decimal string.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingJson {
    lane: &'static str,
    registered: BlockNumber,
    deposit: Option<Amount>,
    expires: Option<BlockNumber>,
    invitations: u32,
    free_changes: u32,
}

impl From<StandingInfo> for StandingJson {
    fn from(standing: StandingInfo) -> Self {
        StandingJson {
            lane: lane_name(standing.lane),
            registered: standing.registered,
            deposit: standing.deposit.map(Amount),
            expires: standing.expires,
            invitations: standing.invitations,
            free_changes: standing.free_changes,
        }
    }
}

/// Bytes that an account may use in a period, as decimal strings.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowanceJson {
    resource: &'static str,
    period: u32,
    free: Amount,
    bought: Amount,
}

impl From<Allowance> for AllowanceJson {
    fn from(allowance: Allowance) -> Self {
        AllowanceJson {
            resource: match allowance.resource {
                Resource::Relayed => "Relayed",
                Resource::Mailbox => "Mailbox",
                Resource::Temporary => "Temporary",
            },
            period: allowance.period,
            free: Amount(allowance.free.into()),
            bought: Amount(allowance.bought.into()),
        }
    }
}

/// Shape of the puzzle.
#[derive(Clone, Serialize)]
pub struct PuzzleJson {
    bits: u8,
    levels: u8,
}

impl From<Puzzle> for PuzzleJson {
    fn from(puzzle: Puzzle) -> Self {
        PuzzleJson {
            bits: puzzle.bits,
            levels: puzzle.levels,
        }
    }
}

/// What a registration without tokens takes now; the deposit as a decimal string.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementsJson {
    anchor: BlockNumber,
    anchor_hash: Hash,
    anchor_window: BlockNumber,
    puzzle: PuzzleJson,
    difficulty: u32,
    work_room: u32,
    invitation_room: u32,
    next_period: BlockNumber,
    deposit: Amount,
}

impl From<Requirements> for RequirementsJson {
    fn from(requirements: Requirements) -> Self {
        RequirementsJson {
            anchor: requirements.anchor,
            anchor_hash: requirements.anchor_hash,
            anchor_window: requirements.anchor_window,
            puzzle: requirements.puzzle.into(),
            difficulty: requirements.difficulty,
            work_room: requirements.work_room,
            invitation_room: requirements.invitation_room,
            next_period: requirements.next_period,
            deposit: Amount(requirements.deposit),
        }
    }
}

/// Methods about identities. Each answers at the block `at`, or at the best block.
#[rpc(server)]
pub trait IdentityApi {
    /// The identity of an account; null when it has none.
    #[method(name = "parlance_identity")]
    fn identity(
        &self,
        account: AccountId,
        at: Option<BlockHash>,
    ) -> RpcResult<Option<IdentityJson>>;

    /// Where it stands: how it came, its deposit or when it expires, and what it may still do without a
    /// fee; null when there is none.
    #[method(name = "parlance_identityStanding")]
    fn standing(
        &self,
        account: AccountId,
        at: Option<BlockHash>,
    ) -> RpcResult<Option<StandingJson>>;

    /// What the account may use in the running period, by resource.
    #[method(name = "parlance_allowances")]
    fn allowances(
        &self,
        account: AccountId,
        at: Option<BlockHash>,
    ) -> RpcResult<Vec<AllowanceJson>>;

    /// What a registration without tokens takes now.
    #[method(name = "parlance_registrationRequirements")]
    fn requirements(&self, at: Option<BlockHash>) -> RpcResult<RequirementsJson>;
}

/// Answers them.
pub struct Identities<Client>(pub Arc<Client>);

impl<Client: HeaderBackend<Block>> Identities<Client> {
    fn block(&self, at: Option<BlockHash>) -> BlockHash {
        at.unwrap_or_else(|| self.0.info().best_hash)
    }
}

impl<Client> IdentityApiServer for Identities<Client>
where
    Client: ProvideRuntimeApi<Block> + HeaderBackend<Block> + Send + Sync + 'static,
    Client::Api: AccountsApi<Block, AccountId>,
{
    fn identity(
        &self,
        account: AccountId,
        at: Option<BlockHash>,
    ) -> RpcResult<Option<IdentityJson>> {
        let api = self.0.runtime_api();
        let identity = api.identity(self.block(at), account).map_err(refused)?;
        Ok(identity.map(Into::into))
    }

    fn standing(
        &self,
        account: AccountId,
        at: Option<BlockHash>,
    ) -> RpcResult<Option<StandingJson>> {
        let api = self.0.runtime_api();
        let standing = api.standing(self.block(at), account).map_err(refused)?;
        Ok(standing.map(Into::into))
    }

    fn allowances(
        &self,
        account: AccountId,
        at: Option<BlockHash>,
    ) -> RpcResult<Vec<AllowanceJson>> {
        let api = self.0.runtime_api();
        let allowances = api.allowances(self.block(at), account).map_err(refused)?;
        Ok(allowances.into_iter().map(Into::into).collect())
    }

    fn requirements(&self, at: Option<BlockHash>) -> RpcResult<RequirementsJson> {
        let api = self.0.runtime_api();
        let requirements = api
            .registration_requirements(self.block(at))
            .map_err(refused)?;
        Ok(requirements.into())
    }
}
