//! Verified signatures, remembered, and checked on all cores before a block is executed.
//!
//! A transaction's signature is checked when the pool takes it in, when its block is built, and when the
//! block is imported: three times the same computation, and the dearest part of a transfer. Here
//! [`cache`] remembers which checks succeeded, [`host`] puts it under the functions that the runtime
//! calls, and [`import`] runs [`preverify`] over a block's transactions in parallel before the runtime
//! goes through them one by one. A proposer needs nothing of its own: what it builds from has been
//! through the pool, so the runtime finds the signatures in the cache.
//!
//! Why this cannot change what the runtime computes: see docs/decisions/0005-signature-cache.md.

mod cache;
mod host;
mod import;
mod preverify;

pub use host::HostFunctions;
pub use import::PreverifyingImport;

use cache::{CacheMetrics, SignatureCache};
use prometheus_endpoint::Registry;
use sc_service::error::Error as ServiceError;
use std::sync::OnceLock;

/// Memory for verified signatures where nobody says otherwise, in MiB.
const DEFAULT_MEMORY_MIB: u32 = 64;

// Host functions have no state of their own, so the process has one cache.
static CACHE: OnceLock<SignatureCache> = OnceLock::new();

/// Gives the cache `memory_mib` MiB, 0 to do without it, and tells `registry` of it.
///
/// Comes before the first runtime call; commands that never call it get the default.
///
/// # Errors
/// When the cache is in use already with another size, or the metrics' names are taken.
pub fn configure(memory_mib: u32, registry: Option<&Registry>) -> Result<(), ServiceError> {
    let mut made = false;
    let cache = CACHE.get_or_init(|| {
        made = true;
        SignatureCache::with_memory(memory_mib)
    });
    if !made && cache.memory_mib() != memory_mib {
        return Err(ServiceError::Other(format!(
            "the signature cache already runs with {} MiB and cannot change to {memory_mib} MiB; \
             restart the node with --signature-cache {memory_mib}",
            cache.memory_mib()
        )));
    }
    if let Some(registry) = registry {
        CacheMetrics::register(cache, registry)?;
    }
    Ok(())
}

/// The cache of this process.
fn cache() -> &'static SignatureCache {
    CACHE.get_or_init(|| SignatureCache::with_memory(DEFAULT_MEMORY_MIB))
}
