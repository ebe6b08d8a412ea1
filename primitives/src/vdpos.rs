//! Words of VDPoS: inherent, equivocation reports, and the runtime API of the election.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_slots::{EquivocationProof, Slot};
use sp_inherents::InherentIdentifier;
use sp_runtime::{OpaqueValue, Perbill, traits::Header as HeaderT};

/// Identifier of the inherent with which an author states the height it knows to be final.
pub const INHERENT_IDENTIFIER: InherentIdentifier = *b"vdposfin";
/// Identifier of an epoch or of an era, both counted from genesis.
pub type Index = u32;
/// Two blocks that one key sealed for one slot.
pub type SlotEquivocation<Header> = EquivocationProof<Header, AuraId>;
/// Where the chain's records have it that a key belonged to a super node; opaque to clients.
pub type OpaqueKeyOwnershipProof = OpaqueValue;

/// Where a candidate stands now.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum Standing {
    /// Makes blocks.
    Active,
    /// Among the next in line; takes over when an active one falls out.
    Standby,
    /// Candidate without a place.
    Waiting,
    /// Shut out until the era given.
    Banned(Index),
}

/// One super node or candidate, for people and dashboards.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct ProducerInfo<AccountId, Balance> {
    /// The operator's account.
    pub account: AccountId,
    /// Where it stands.
    pub standing: Standing,
    /// Bond of its own, in units of the token.
    pub bond: Balance,
    /// Backing by the last election, in units of the token.
    pub backing: Balance,
    /// Service quality, 0.5 to 1.
    pub quality: Perbill,
    /// Commission on what its voters earn.
    pub commission: Perbill,
    /// Slots of one round of the running schedule that are its own.
    pub slots: u32,
    /// Blocks it made in the running epoch.
    pub made: u32,
    /// Slots that were its own and have passed in the running epoch.
    pub expected: u32,
}

/// Facts about the running epoch and era.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Running epoch.
    pub epoch: Index,
    /// Running era.
    pub era: Index,
    /// First slot of the running epoch.
    pub epoch_start: Slot,
    /// Slots in an epoch.
    pub epoch_length: u32,
    /// Epochs in an era.
    pub epochs_per_era: u32,
    /// Super nodes that the election of this era asked for.
    pub set_size: u32,
    /// Median of the finality lag over the last full epoch, in blocks.
    pub finality_lag: u32,
}

sp_api::decl_runtime_apis! {
    /// VDPoS for clients: reports of equivocation, and the state of the election.
    pub trait VdposApi<AccountId, Balance> where AccountId: codec::Codec, Balance: codec::Codec {
        /// Proof that `key` belonged to a super node in the epoch of `slot`, whatever its owner has
        /// registered since; `None` when it did not or when the epoch is too long ago.
        fn generate_key_ownership_proof(slot: Slot, key: AuraId) -> Option<OpaqueKeyOwnershipProof>;
        /// Puts an unsigned report into the pool; `None` when that failed.
        fn submit_report_equivocation(
            equivocation: SlotEquivocation<<Block as sp_runtime::traits::Block>::Header>,
            key_owner_proof: OpaqueKeyOwnershipProof,
        ) -> Option<()>;
        /// Every candidate with its standing, the active ones first.
        fn producers() -> Vec<ProducerInfo<AccountId, Balance>>;
        /// The running epoch and era.
        fn progress() -> Progress;
        /// What a voter could claim now, in units of the token.
        fn claimable(voter: AccountId) -> Balance;
    }
}

/// Reads the slot that a block claims in its pre-runtime digest.
pub fn slot_of<Header: HeaderT>(header: &Header) -> Option<Slot> {
    header.digest().logs().iter().find_map(|item| {
        item.as_pre_runtime().and_then(|(id, mut data)| {
            (id == sp_consensus_aura::AURA_ENGINE_ID)
                .then(|| Slot::decode(&mut data).ok())
                .flatten()
        })
    })
}
