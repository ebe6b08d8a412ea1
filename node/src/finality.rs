//! `parlance_finality`: the proofs of finality that light clients follow.
//!
//! The SDK makes these proofs for nodes that catch up (warp sync) and serves them to peers only; here a
//! client has them over JSON-RPC, in parts of bounded length.

use std::sync::Arc;

use codec::{DecodeAll, Encode};
use jsonrpsee::{
    core::RpcResult,
    proc_macros::rpc,
    types::{
        ErrorObjectOwned,
        error::{INTERNAL_ERROR_CODE, INVALID_PARAMS_CODE},
    },
};
use parlance_primitives::light::{FinalityProof, MAX_PROOF};
use parlance_runtime::opaque::Block;
use sc_network_sync::strategy::warp::WarpSyncProvider;
use sp_core::Bytes;
use sp_runtime::traits::Block as BlockT;

type BlockHash = <Block as BlockT>::Hash;

/// Proofs of finality.
#[rpc(server)]
pub trait FinalityApi {
    /// An encoded [`FinalityProof`] from the final block `start` on.
    #[method(name = "parlance_finality", blocking)]
    fn finality(&self, start: BlockHash) -> RpcResult<Bytes>;
}

/// Serves [`FinalityApi`].
pub struct Finality(Arc<dyn WarpSyncProvider<Block>>);

impl Finality {
    /// Over what makes the proofs.
    pub fn new(proofs: Arc<dyn WarpSyncProvider<Block>>) -> Self {
        Self(proofs)
    }
}

impl FinalityApiServer for Finality {
    fn finality(&self, start: BlockHash) -> RpcResult<Bytes> {
        let encoded = self.0.generate(start).map_err(|error| {
            refused(
                INVALID_PARAMS_CODE,
                format!(
                    "no proof of finality from block {start:?}: {error}. Give a block that is final on \
                     this chain, and ask a node that has all headers since."
                ),
            )
        })?;
        let mut proof = FinalityProof::decode_all(&mut encoded.0.as_slice()).map_err(|error| {
            refused(
                INTERNAL_ERROR_CODE,
                format!("this node's own proof of finality does not decode: {error}"),
            )
        })?;
        proof.shorten(MAX_PROOF);
        Ok(proof.encode().into())
    }
}

fn refused(code: i32, message: String) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(code, message, None::<()>)
}
