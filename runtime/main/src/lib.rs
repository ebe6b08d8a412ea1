//! The main chain's runtime: VDPoS and GRANDPA, capped issuance, accounts and governance from FRAME.
//!
//! This file names the pallets and their order; each concern is configured in one file of [`configs`],
//! the runtime APIs stand in [`apis`], genesis states in [`genesis`].

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]
// `construct_runtime` and `impl_runtime_apis` write items that carry no documentation.
#![allow(missing_docs)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod allocator;
pub mod apis;
pub mod batch;
pub mod configs;
pub mod genesis;
pub mod host;
#[cfg(feature = "std")]
pub mod transactions;

use alloc::{borrow::Cow, vec::Vec};
#[cfg(feature = "std")]
pub use apis::RuntimeApi;
pub use parlance_primitives::{AccountId, Balance, BlockNumber, Hash, Moment, Nonce};
use parlance_primitives::{SLOT_DURATION, Signature};
use sp_runtime::{MultiAddress, generic, impl_opaque_keys, traits::BlakeTwo256};
use sp_version::RuntimeVersion;

/// Address of an account in calls.
pub type Address = MultiAddress<AccountId, ()>;
/// Header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Block with a justification.
pub type SignedBlock = generic::SignedBlock<Block>;
/// Checks and charges around each transaction: the SDK's standard set, so that wallets need nothing new.
/// `SkipCheckIfFeeless` shows itself as what it wraps.
pub type TxExtension = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckMortality<Runtime>,
    frame_system::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_skip_feeless_payment::SkipCheckIfFeeless<
        Runtime,
        pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
    >,
    frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
);
/// Transaction as it travels.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a sender signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// Runs blocks.
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

/// Types that clients use without knowing the runtime's calls.
pub mod opaque {
    use super::{BlakeTwo256, BlockNumber, generic};
    use sp_runtime::OpaqueExtrinsic;

    /// Header of an opaque block.
    pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
    /// Block whose extrinsics are bytes.
    pub type Block = generic::Block<Header, OpaqueExtrinsic>;
}

impl_opaque_keys! {
    /// Session keys of a super node: block slots, finality votes, and the address book of validators.
    pub struct SessionKeys {
        /// Seals blocks in the node's slots; sr25519.
        pub aura: Vdpos,
        /// Votes on finality; ed25519.
        pub grandpa: Grandpa,
        /// Publishes the node's network addresses; sr25519.
        pub authority_discovery: AuthorityDiscovery,
    }
}

/// Version of this runtime.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("parlance"),
    impl_name: Cow::Borrowed("parlance"),
    authoring_version: 1,
    spec_version: 1,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

/// Version of the runtime that is compiled into the node.
#[cfg(feature = "std")]
pub fn native_version() -> RuntimeVersion {
    VERSION
}

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(2)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(3)]
    pub type TransactionPayment = pallet_transaction_payment;
    #[runtime::pallet_index(4)]
    pub type Assets = pallet_assets;
    #[runtime::pallet_index(5)]
    pub type Vesting = pallet_vesting;
    #[runtime::pallet_index(6)]
    pub type SkipFeelessPayment = pallet_skip_feeless_payment;

    // Consensus. Vdpos and Beacon look at the block under the parent's schedule and seed, so they stand
    // before Session, whose `on_initialize` may rotate both.
    #[runtime::pallet_index(10)]
    pub type Authorship = pallet_authorship;
    #[runtime::pallet_index(11)]
    pub type VoterList = pallet_bags_list<Instance1>;
    #[runtime::pallet_index(12)]
    pub type Issuance = pallet_issuance;
    #[runtime::pallet_index(13)]
    pub type Vdpos = pallet_vdpos;
    #[runtime::pallet_index(14)]
    pub type Beacon = pallet_beacon;
    #[runtime::pallet_index(15)]
    pub type Offences = pallet_offences;
    #[runtime::pallet_index(16)]
    pub type Historical = pallet_session::historical;
    #[runtime::pallet_index(17)]
    pub type Session = pallet_session;
    #[runtime::pallet_index(18)]
    pub type Grandpa = pallet_grandpa;
    #[runtime::pallet_index(19)]
    pub type AuthorityDiscovery = pallet_authority_discovery;

    // Accounts.
    #[runtime::pallet_index(30)]
    pub type Utility = pallet_utility;
    #[runtime::pallet_index(31)]
    pub type Multisig = pallet_multisig;
    #[runtime::pallet_index(32)]
    pub type Proxy = pallet_proxy;
    // Name and index are part of what clients know: parlance_primitives::accounts.
    #[runtime::pallet_index(33)]
    pub type Accounts = pallet_accounts;

    // Governance.
    #[runtime::pallet_index(40)]
    pub type Preimage = pallet_preimage;
    #[runtime::pallet_index(41)]
    pub type Scheduler = pallet_scheduler;
    #[runtime::pallet_index(42)]
    pub type Referenda = pallet_referenda;
    #[runtime::pallet_index(43)]
    pub type ConvictionVoting = pallet_conviction_voting;
    #[runtime::pallet_index(44)]
    pub type Treasury = pallet_treasury;
    #[runtime::pallet_index(45)]
    pub type Parameters = pallet_parameters;
    #[runtime::pallet_index(46)]
    pub type Origins = configs::governance::origins;

    // Services. After all that a relay's first block of a period reads: beacon, producers, issuance,
    // accounts.
    #[runtime::pallet_index(50)]
    pub type Relay = pallet_relay;

    // Has a key in `dev`, `local` and `fast` only; without one nobody can call it.
    #[runtime::pallet_index(255)]
    pub type Sudo = pallet_sudo;
}

/// Slot duration as Aura's client wants it.
pub fn slot_duration() -> sp_consensus_aura::SlotDuration {
    sp_consensus_aura::SlotDuration::from_millis(SLOT_DURATION)
}
