//! The node's signature checks: [`parlance_signatures`] in front of the import of blocks.

mod import;

pub use import::PreverifyingImport;
pub use parlance_signatures::HostFunctions;

use prometheus_endpoint::Registry;
use sc_service::error::Error as ServiceError;

/// As [`parlance_signatures::configure`].
///
/// # Errors
/// When the cache is in use already with another size, or the metrics' names are taken.
pub fn configure(memory_mib: u32, registry: Option<&Registry>) -> Result<(), ServiceError> {
    parlance_signatures::configure(memory_mib, registry)
        .map_err(|error| ServiceError::Application(Box::new(error)))
}
