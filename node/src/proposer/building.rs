//! A block under construction.

use crate::service::FullClient;
use codec::Encode;
use parlance_primitives::batch::{Applied, BatchApi};
use parlance_runtime::opaque::{Block, Header};
use sp_api::{ApiExt, ApiRef, Core, ProofRecorder, ProvideRuntimeApi, TransactionOutcome};
use sp_block_builder::BlockBuilder;
use sp_blockchain::Error;
use sp_consensus::Proposal;
use sp_core::traits::CallContext;
use sp_externalities::Extensions;
use sp_inherents::InherentData;
use sp_runtime::{
    Digest, ExtrinsicInclusionMode, OpaqueExtrinsic,
    traits::{Block as BlockT, Header as _},
    transaction_validity::TransactionValidityError,
};

type Hash = <Block as BlockT>::Hash;
type Api = <FullClient as ProvideRuntimeApi<Block>>::Api;

/// The runtime in the state after what was applied so far, and what was applied.
pub struct Building<'a> {
    client: &'a FullClient,
    api: ApiRef<'a, Api>,
    parent: Hash,
    mode: ExtrinsicInclusionMode,
    batches: bool,
    extrinsics: Vec<OpaqueExtrinsic>,
    bytes: usize,
}

impl<'a> Building<'a> {
    /// An empty block on `parent`.
    pub fn start(
        client: &'a FullClient,
        parent: &Header,
        digests: Digest,
        recorder: Option<ProofRecorder<Block>>,
        extensions: Extensions,
    ) -> Result<Self, Error> {
        let at = parent.hash();
        let header = Header::new(
            parent.number() + 1,
            Default::default(),
            Default::default(),
            at,
            digests,
        );
        let mut api = client.runtime_api();
        if let Some(recorder) = recorder {
            api.record_proof_with_recorder(recorder);
        }
        for extension in extensions.into_extensions() {
            api.register_extension(extension);
        }
        api.set_call_context(CallContext::Onchain { import: false });
        Ok(Self {
            mode: api.initialize_block(at, &header)?,
            batches: api.has_api::<dyn BatchApi<Block>>(at)?,
            client,
            api,
            parent: at,
            extrinsics: Vec::new(),
            bytes: header.encoded_size(),
        })
    }

    /// Whether the runtime takes transactions into this block.
    pub fn mode(&self) -> ExtrinsicInclusionMode {
        self.mode
    }

    /// The block below.
    pub fn parent(&self) -> Hash {
        self.parent
    }

    /// Extrinsics so far, inherents included.
    pub fn count(&self) -> usize {
        self.extrinsics.len()
    }

    /// Bytes of the block so far, proof included where one is recorded.
    pub fn bytes(&self) -> usize {
        let proof = self
            .api
            .proof_recorder()
            .map_or(0, |recorder| recorder.estimate_encoded_size());
        self.bytes + proof
    }

    /// What the runtime makes of the author's data.
    pub fn inherents(&self, data: InherentData) -> Result<Vec<OpaqueExtrinsic>, Error> {
        self.api
            .execute_in_transaction(|api| {
                TransactionOutcome::Rollback(api.inherent_extrinsics(self.parent, data))
            })
            .map_err(Error::from)
    }

    /// Adds one extrinsic, or says why the runtime refuses it.
    pub fn push(
        &mut self,
        extrinsic: OpaqueExtrinsic,
    ) -> Result<Result<(), TransactionValidityError>, Error> {
        let applied = self.api.execute_in_transaction(|api| {
            match api.apply_extrinsic(self.parent, extrinsic.clone()) {
                Ok(Ok(dispatched)) => TransactionOutcome::Commit(Ok(Ok(dispatched))),
                other => TransactionOutcome::Rollback(other),
            }
        })?;
        if applied.is_ok() {
            self.keep(extrinsic);
        }
        Ok(applied.map(|_| ()))
    }

    /// Adds those of `batch` that the runtime accepts and gives its answers. `None`, and nothing
    /// added, when the runtime has no such call or it failed.
    pub fn push_together(&mut self, batch: &[(OpaqueExtrinsic, Vec<u8>)]) -> Option<Applied> {
        if !self.batches {
            return None;
        }
        let bytes = batch.iter().map(|(_, bytes)| bytes.clone()).collect();
        let applied = self.api.execute_in_transaction(|api| {
            match api.apply_extrinsics(self.parent, bytes) {
                Ok(applied) if applied.results.len() == batch.len() => {
                    TransactionOutcome::Commit(Some(applied))
                }
                Ok(_) => TransactionOutcome::Rollback(None),
                Err(error) => {
                    log::debug!(target: super::LOG_TARGET, "applying one by one after: {error}");
                    TransactionOutcome::Rollback(None)
                }
            }
        })?;
        for ((extrinsic, _), result) in batch.iter().zip(&applied.results) {
            if result.is_ok() {
                self.keep(extrinsic.clone());
            }
        }
        Some(applied)
    }

    fn keep(&mut self, extrinsic: OpaqueExtrinsic) {
        self.bytes += extrinsic.encoded_size();
        self.extrinsics.push(extrinsic);
    }

    /// The finished block with the changes that it makes to the state.
    pub fn finish(self) -> Result<Proposal<Block>, Error> {
        let header = self.api.finalize_block(self.parent)?;
        let state = self.client.state_at(self.parent)?;
        let storage_changes = self
            .api
            .into_storage_changes(&state, self.parent)
            .map_err(Error::StorageChanges)?;
        Ok(Proposal {
            block: Block::new(header, self.extrinsics),
            storage_changes,
        })
    }
}
