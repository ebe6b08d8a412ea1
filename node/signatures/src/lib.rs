//! Verified signatures, remembered, and checked on all cores before a block is executed.
//!
//! A transaction's signature is checked when the pool takes it in, when its block is built, and when the
//! block is imported: three times the same computation, and the dearest part of a transfer. Here a
//! [`SignatureCache`] remembers which checks succeeded, [`HostFunctions`] puts it under the functions that
//! the runtime calls, and [`preverify`] goes over a block's transactions in parallel before the runtime
//! goes through them one by one. A proposer needs nothing of its own: what it builds from has been
//! through the pool, so the runtime finds the signatures in the cache.
//!
//! Why this cannot change what the runtime computes: see docs/decisions/0005-signature-cache.md.
//!
//! A crate beside the node, so that the fuzz targets of `tests/decoders` reach the parser of block bodies
//! without the node's services.

mod cache;
mod host;
mod preverify;

pub use cache::SignatureCache;
pub use host::HostFunctions;
pub use preverify::{Facts, preverify};

use cache::CacheMetrics;
use prometheus_endpoint::{PrometheusError, Registry};
use std::sync::OnceLock;

/// Memory for verified signatures where nobody says otherwise, in MiB.
const DEFAULT_MEMORY_MIB: u32 = 64;

// Host functions have no state of their own, so the process has one cache.
static CACHE: OnceLock<SignatureCache> = OnceLock::new();

/// Why the cache of the process cannot be set up as asked.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// It is in use, with another size.
    #[error(
        "the signature cache already runs with {running} MiB and cannot change to {asked} MiB; restart the \
         node with --signature-cache {asked}"
    )]
    Running {
        /// Its size, in MiB.
        running: u32,
        /// The size asked for, in MiB.
        asked: u32,
    },
    /// The names of its metrics are taken.
    #[error("the signature cache cannot tell its metrics: {0}")]
    Metrics(#[from] PrometheusError),
}

/// Gives the cache of the process `memory_mib` MiB, 0 to do without it, and tells `registry` of it.
///
/// Comes before the first runtime call; a process that never calls it gets the default.
///
/// # Errors
/// When the cache is in use already with another size, or the metrics' names are taken.
pub fn configure(memory_mib: u32, registry: Option<&Registry>) -> Result<(), ConfigureError> {
    let mut made = false;
    let cache = CACHE.get_or_init(|| {
        made = true;
        SignatureCache::with_memory(memory_mib)
    });
    if !made && cache.memory_mib() != memory_mib {
        return Err(ConfigureError::Running {
            running: cache.memory_mib(),
            asked: memory_mib,
        });
    }
    if let Some(registry) = registry {
        CacheMetrics::register(cache, registry)?;
    }
    Ok(())
}

/// The cache of the process.
pub fn cache() -> &'static SignatureCache {
    CACHE.get_or_init(|| SignatureCache::with_memory(DEFAULT_MEMORY_MIB))
}
