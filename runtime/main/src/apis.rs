//! Runtime APIs: what nodes and wallets ask the runtime.

use crate::*;
use alloc::vec::Vec;
use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    weights::Weight,
};
use pallet_grandpa::AuthorityId as GrandpaId;
use parlance_primitives::{
    accounts::{Allowance, DeviceId, Identity, Requirements, StandingInfo},
    issuance::Supply,
    relay::{Agenda, Challenge, Clock, Correspondent, Period, RelayId, RelayInfo, Setting},
    vdpos::{OpaqueKeyOwnershipProof, ProducerInfo, Progress, SlotEquivocation},
};
use sp_api::impl_runtime_apis;
use sp_authority_discovery::AuthorityId as AuthorityDiscoveryId;
use sp_consensus_aura::Slot;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::{OpaqueMetadata, crypto::KeyTypeId};
use sp_inherents::{CheckInherentsResult, InherentData};
use sp_runtime::{
    ApplyExtrinsicResult, ExtrinsicInclusionMode,
    traits::Block as BlockT,
    transaction_validity::{TransactionSource, TransactionValidity},
};
use sp_session::OpaqueGeneratedSessionKeys;

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            host::take_over();
            Executive::execute_block(block)
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            host::take_over();
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
        fn execute_view_function(
            id: frame_support::view_functions::ViewFunctionId,
            input: Vec<u8>,
        ) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
            Runtime::execute_view_function(id, input)
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            host::take_over();
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            host::take_over();
            Executive::finalize_block()
        }

        fn inherent_extrinsics(data: InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            data.create_extrinsics()
        }

        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: InherentData,
        ) -> CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            host::take_over();
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl parlance_primitives::batch::BatchApi<Block> for Runtime {
        fn validate_transactions(
            transactions: Vec<(TransactionSource, Vec<u8>)>,
            block_hash: <Block as BlockT>::Hash,
        ) -> Vec<TransactionValidity> {
            host::take_over();
            batch::validate(transactions, block_hash)
        }

        fn apply_extrinsics(
            transactions: Vec<Vec<u8>>,
        ) -> parlance_primitives::batch::Applied {
            host::take_over();
            batch::apply(transactions)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
        fn slot_duration() -> sp_consensus_aura::SlotDuration {
            slot_duration()
        }

        fn authorities() -> Vec<AuraId> {
            Vdpos::authorities()
        }
    }

    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
            Grandpa::grandpa_authorities()
        }

        fn current_set_id() -> sp_consensus_grandpa::SetId {
            pallet_grandpa::CurrentSetId::<Runtime>::get()
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            proof: sp_consensus_grandpa::EquivocationProof<
                <Block as BlockT>::Hash,
                sp_runtime::traits::NumberFor<Block>,
            >,
            key_owner_proof: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            Grandpa::submit_unsigned_equivocation_report(proof, key_owner_proof.decode()?)
        }

        fn generate_key_ownership_proof(
            set_id: sp_consensus_grandpa::SetId,
            authority: GrandpaId,
        ) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
            use codec::Encode;
            configs::consensus::prove_finality_key(set_id, &authority)
                .map(|proof| proof.encode())
                .map(sp_consensus_grandpa::OpaqueKeyOwnershipProof::new)
        }
    }

    impl parlance_primitives::beacon::BeaconApi<Block> for Runtime {
        fn epoch_seed() -> [u8; 32] {
            <Beacon as parlance_primitives::traits::EpochSeed>::current()
        }
    }

    impl parlance_primitives::vdpos::VdposApi<Block, AccountId, Balance> for Runtime {
        fn generate_key_ownership_proof(
            slot: Slot,
            key: AuraId,
        ) -> Option<OpaqueKeyOwnershipProof> {
            use codec::Encode;
            Vdpos::prove_slot_key(slot, &key)
                .map(|proof| OpaqueKeyOwnershipProof::new(proof.encode()))
        }

        fn submit_report_equivocation(
            equivocation: SlotEquivocation<<Block as BlockT>::Header>,
            key_owner_proof: OpaqueKeyOwnershipProof,
        ) -> Option<()> {
            Vdpos::submit_unsigned_equivocation_report(equivocation, key_owner_proof.decode()?)
        }

        fn producers() -> Vec<ProducerInfo<AccountId, Balance>> {
            Vdpos::producers()
        }

        fn progress() -> Progress {
            Vdpos::progress()
        }

        fn claimable(voter: AccountId) -> Balance {
            Vdpos::claimable(&voter)
        }
    }

    impl parlance_primitives::accounts::AccountsApi<Block, AccountId> for Runtime {
        fn identity(account: AccountId) -> Option<Identity> {
            Accounts::identity(&account)
        }

        fn standing(account: AccountId) -> Option<StandingInfo> {
            Accounts::standing(&account)
        }

        fn allowances(account: AccountId) -> Vec<Allowance> {
            Accounts::allowances_of(&account)
        }

        fn registration_requirements() -> Requirements {
            Accounts::registration_requirements()
        }
    }

    impl parlance_primitives::relay::RelayApi<Block, AccountId> for Runtime {
        fn relays() -> Vec<RelayInfo<AccountId>> {
            Relay::relays()
        }

        fn account_of(id: RelayId) -> Option<AccountId> {
            Relay::account_of(id)
        }

        fn ingress_of(sender: AccountId) -> Vec<RelayId> {
            Relay::ingress_of(&sender)
        }

        fn mailbox_set_of(recipient: AccountId) -> Vec<RelayId> {
            Relay::mailbox_set_of(&recipient)
        }

        fn cap_of(sender: AccountId) -> u64 {
            Relay::cap_of(&sender)
        }

        fn clock() -> Clock {
            Relay::clock()
        }

        fn setting(period: Period) -> Option<Setting> {
            Relay::setting(period)
        }

        fn correspondent(who: AccountId, device: DeviceId, period: Period) -> Correspondent {
            Relay::correspondent(&who, device, period)
        }

        fn challenge(relay: AccountId, period: Period) -> Option<Challenge> {
            Relay::challenge(&relay, period)
                .map(|(tickets, receipts)| Challenge { tickets, receipts })
        }

        fn agenda(relay: AccountId) -> Option<Agenda> {
            Relay::agenda(&relay)
        }
    }

    impl parlance_primitives::issuance::IssuanceApi<Block, Balance> for Runtime {
        fn supply() -> Supply<Balance> {
            Issuance::supply()
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(
            owner: Vec<u8>,
            seed: Option<Vec<u8>>,
        ) -> OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }

        fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
        fn authorities() -> Vec<AuthorityDiscoveryId> {
            AuthorityDiscovery::authorities()
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
        for Runtime
    {
        fn query_info(
            uxt: <Block as BlockT>::Extrinsic,
            len: u32,
        ) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(uxt, len)
        }

        fn query_fee_details(
            uxt: <Block as BlockT>::Extrinsic,
            len: u32,
        ) -> pallet_transaction_payment::FeeDetails<Balance> {
            TransactionPayment::query_fee_details(uxt, len)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<
        Block,
        Balance,
        RuntimeCall,
    > for Runtime
    {
        fn query_call_info(
            call: RuntimeCall,
            len: u32,
        ) -> pallet_transaction_payment::RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_call_info(call, len)
        }

        fn query_call_fee_details(
            call: RuntimeCall,
            len: u32,
        ) -> pallet_transaction_payment::FeeDetails<Balance> {
            TransactionPayment::query_call_fee_details(call, len)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(config)
        }

        fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, genesis::preset)
        }

        fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
            genesis::preset_names()
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    impl frame_benchmarking::Benchmark<Block> for Runtime {
        fn benchmark_metadata(
            extra: bool,
        ) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
            use frame_benchmarking::BenchmarkList;
            use frame_support::traits::StorageInfoTrait;
            use frame_system_benchmarking::Pallet as SystemBench;
            let mut list = Vec::<BenchmarkList>::new();
            list_benchmarks!(list, extra);
            (list, AllPalletsWithSystem::storage_info())
        }

        #[allow(non_local_definitions)]
        fn dispatch_benchmark(
            config: frame_benchmarking::BenchmarkConfig,
        ) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
            use frame_benchmarking::BenchmarkBatch;
            use frame_support::traits::{TrackedStorageKey, WhitelistedStorageKeys};
            use frame_system_benchmarking::Pallet as SystemBench;
            impl frame_system_benchmarking::Config for Runtime {}
            let whitelist: Vec<TrackedStorageKey> =
                AllPalletsWithSystem::whitelisted_storage_keys();
            let mut batches = Vec::<BenchmarkBatch>::new();
            let params = (&config, &whitelist);
            add_benchmarks!(params, batches);
            Ok(batches)
        }
    }

    #[cfg(feature = "try-runtime")]
    impl frame_try_runtime::TryRuntime<Block> for Runtime {
        fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
            let weight = Executive::try_runtime_upgrade(checks)
                .expect("a failed upgrade check ends the try-runtime run on purpose");
            (weight, configs::system::RuntimeBlockWeights::get().max_block)
        }

        fn execute_block(
            block: <Block as BlockT>::LazyBlock,
            state_root_check: bool,
            signature_check: bool,
            select: frame_try_runtime::TryStateSelect,
        ) -> Weight {
            Executive::try_execute_block(block, state_root_check, signature_check, select)
                .expect("a failed block ends the try-runtime run on purpose")
        }
    }
}

#[cfg(feature = "runtime-benchmarks")]
frame_benchmarking::define_benchmarks!(
    [frame_system, SystemBench::<Runtime>]
    [pallet_balances, Balances]
    [pallet_timestamp, Timestamp]
    [pallet_accounts, Accounts]
    [pallet_vdpos, Vdpos]
    [pallet_beacon, Beacon]
    [pallet_issuance, Issuance]
    [pallet_relay, Relay]
);
