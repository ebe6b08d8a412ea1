//! What `substrate-wasm-builder` needs of Binaryen, without Binaryen.
//!
//! The wasm-builder hands each compiled runtime to the crate `wasm-opt`, a binding to 240 files of C++ that
//! take a quarter of an hour to compile on one core. It asks for no optimisation, only for two things: to
//! strip DWARF, and to replace the sign-extension instructions, which the SDK's oldest hosts do not know.
//! This crate has the same name and the part of its interface that is called, and takes its place through
//! `[patch.crates-io]`; see docs/decisions/0010-build-time.md.
//!
//! Rules:
//!
//! 1. Sections that hold DWARF (custom sections named `.debug_*`) are left out. Everything else, names
//!    and the runtime's version sections included, is copied byte for byte, in order.
//! 2. Instructions are not replaced. The target `wasm32v1-none` makes none that need it, and the outcome is
//!    validated against the features that runtimes may use: one that has them is refused.

mod strip;

pub use strip::{StripError, strip};

use std::{fs, path::Path};

/// What the wasm-builder asks to be done to a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pass {
    /// Leave out DWARF.
    StripDwarf,
    /// Replace sign-extension instructions: here, make sure that there are none.
    SignextLowering,
}

/// Why a module was not written.
#[derive(Debug, thiserror::Error)]
pub enum OptimizationError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The module is not what a runtime may be.
    #[error("{path}: {source}")]
    Module {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: StripError,
    },
}

/// The settings of one run.
#[derive(Debug, Clone, Default)]
pub struct OptimizationOptions {
    passes: Vec<Pass>,
}

impl OptimizationOptions {
    /// No optimisation, the only level there is.
    pub fn new_opt_level_0() -> Self {
        Self::default()
    }

    /// Only the features of Wasm 1.0, which hold here in any case.
    pub fn mvp_features_only(&mut self) -> &mut Self {
        self
    }

    /// Names of functions are kept in any case.
    pub fn debug_info(&mut self, _keep: bool) -> &mut Self {
        self
    }

    /// Asks for a pass.
    pub fn add_pass(&mut self, pass: Pass) -> &mut Self {
        self.passes.push(pass);
        self
    }

    /// Reads a module and writes it with the passes applied; both may be one file.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the module is none that a runtime may be.
    pub fn run(
        &self,
        input: impl AsRef<Path>,
        output: impl AsRef<Path>,
    ) -> Result<(), OptimizationError> {
        let (input, output) = (input.as_ref(), output.as_ref());
        let file = |path: &Path| {
            let path = path.display().to_string();
            |source| OptimizationError::File { path, source }
        };
        let module = fs::read(input).map_err(file(input))?;
        let stripped =
            strip(&module, self.passes.contains(&Pass::StripDwarf)).map_err(|source| {
                let path = input.display().to_string();
                OptimizationError::Module { path, source }
            })?;
        fs::write(output, stripped).map_err(file(output))
    }
}

#[cfg(test)]
mod tests;
