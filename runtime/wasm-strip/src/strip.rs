//! Copies a module without its DWARF.

use wasmparser::{BinaryReaderError, Parser, Payload, Validator, WasmFeatures};

/// Bytes in front of the first section: magic number and version.
const HEADER: usize = 8;
/// How the names of sections begin that hold DWARF.
const DWARF: &str = ".debug_";

/// Why a module is not what a runtime may be.
#[derive(Debug, thiserror::Error)]
pub enum StripError {
    /// It is no module, or uses what the hosts of runtimes do not know.
    #[error(
        "no module of WebAssembly 1.0: {0}. Was the runtime compiled for the target wasm32v1-none?"
    )]
    Invalid(#[from] BinaryReaderError),
}

/// The module, without sections of DWARF if `dwarf` says so.
///
/// # Errors
/// When it is no valid module, or uses features beyond WebAssembly 1.0 with mutable globals.
pub fn strip(module: &[u8], dwarf: bool) -> Result<Vec<u8>, StripError> {
    Validator::new_with_features(WasmFeatures::WASM1).validate_all(module)?;
    let mut kept = Vec::with_capacity(module.len());
    kept.extend_from_slice(&module[..HEADER]);
    // A section reaches from the end of the one before it to its own end.
    let mut from = HEADER;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((_, contents)) = payload.as_section() else {
            continue;
        };
        let is_dwarf = matches!(
            &payload,
            Payload::CustomSection(section) if section.name().starts_with(DWARF)
        );
        if !(dwarf && is_dwarf) {
            kept.extend_from_slice(&module[from..contents.end]);
        }
        from = contents.end;
    }
    Ok(kept)
}
