//! Transactions of the relay: nonce, signature, pool.

use super::{KEY_TYPE, LOG_TARGET, Worker};
use codec::Encode;
use parlance_primitives::{AccountId, BlockNumber, Hash, Nonce, Signature};
use parlance_relay_claims::Deed;
use parlance_runtime::{
    VERSION,
    opaque::Block,
    transactions::{self, Terms},
};
use sc_transaction_pool_api::{InPoolTransaction, TransactionPool, TransactionSource};
use sp_api::{ApiError, Core, ProvideRuntimeApi};
use sp_runtime::OpaqueExtrinsic;
use substrate_frame_rpc_system::AccountNonceApi;

/// Why a transaction does not reach the pool.
#[derive(Debug, thiserror::Error)]
enum SubmitError {
    #[error("the runtime did not answer: {0}")]
    Runtime(#[from] ApiError),
    #[error(
        "the chain takes transactions of version {0}, and this node makes those of version {own}: update it",
        own = VERSION.transaction_version
    )]
    OtherVersion(u32),
    #[error("the opening is too long for a transaction")]
    TooLong,
    #[error("the key is gone from the keystore")]
    NoKey,
    #[error("the keystore: {0}")]
    Keystore(#[from] sp_keystore::Error),
    #[error("it does not encode: {0}")]
    Encoding(#[from] codec::Error),
    #[error("the pool: {0}")]
    Pool(String),
}

impl<Client, Pool> Worker<Client, Pool>
where
    Client: ProvideRuntimeApi<Block>,
    Client::Api: AccountNonceApi<Block, AccountId, Nonce>,
    Pool: TransactionPool<Block = Block, Hash = Hash> + 'static,
{
    /// Hands a deed to the pool. One that fails comes again with its next turn.
    pub(super) async fn submit(&self, number: BlockNumber, hash: Hash, deed: Deed) {
        let what = match &deed {
            Deed::Claim {
                period,
                tickets,
                receipts,
            } => format!(
                "claim for period {period} of {} ticketed and {} delivered bytes",
                tickets.bytes, receipts.bytes
            ),
            Deed::Open { period, opening } => {
                format!("opening for period {period} in {} bytes", opening.len())
            }
        };
        match self.try_submit(number, hash, deed).await {
            Ok(transaction) => log::info!(target: LOG_TARGET, "{what}: {transaction}"),
            Err(error) => log::warn!(target: LOG_TARGET, "{what} not submitted: {error}"),
        }
    }

    async fn try_submit(
        &self,
        number: BlockNumber,
        hash: Hash,
        deed: Deed,
    ) -> Result<Hash, SubmitError> {
        let transaction = self.transaction(number, hash, deed)?;
        self.pool
            .submit_one(hash, TransactionSource::Local, transaction)
            .await
            .map_err(|error| SubmitError::Pool(error.to_string()))
    }

    fn transaction(
        &self,
        number: BlockNumber,
        hash: Hash,
        deed: Deed,
    ) -> Result<OpaqueExtrinsic, SubmitError> {
        let version = self.client.runtime_api().version(hash)?;
        if version.transaction_version != VERSION.transaction_version {
            return Err(SubmitError::OtherVersion(version.transaction_version));
        }
        let call = match deed {
            Deed::Claim {
                period,
                tickets,
                receipts,
            } => transactions::claim(period, tickets, receipts),
            Deed::Open { period, opening } => {
                transactions::open(self.account.clone(), period, opening)
                    .ok_or(SubmitError::TooLong)?
            }
        };
        let terms = Terms {
            genesis: self.genesis,
            spec_version: version.spec_version,
            number,
            hash,
            nonce: self.nonce(hash)?,
        };
        let payload = transactions::payload(call, &terms);
        let signature = payload
            .using_encoded(|bytes| self.keystore.sr25519_sign(KEY_TYPE, &self.key, bytes))?
            .ok_or(SubmitError::NoKey)?;
        let signature = Signature::Sr25519(signature);
        let signed = transactions::signed(self.account.clone(), payload, signature);
        Ok(OpaqueExtrinsic::try_from_encoded_extrinsic(
            &signed.encode(),
        )?)
    }

    /// The next nonce, past what is ready in the pool.
    fn nonce(&self, hash: Hash) -> Result<Nonce, ApiError> {
        let api = self.client.runtime_api();
        let mut nonce = api.account_nonce(hash, self.account.clone())?;
        let tag = |nonce: Nonce| (&self.account, nonce).encode();
        for transaction in self.pool.ready() {
            if transaction.provides().contains(&tag(nonce)) {
                nonce = nonce.saturating_add(1);
            }
        }
        Ok(nonce)
    }
}
