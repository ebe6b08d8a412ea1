//! Why a module is refused.

use alloc::string::{String, ToString};
use wasmparser::BinaryReaderError;

/// Why a module cannot become a contract. That it is refused is a matter of consensus; the words are for its author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It is not Wasm, or uses what contracts have not: floats, and everything newer than Wasm 1.0 and sign extension.
    #[error("byte {at}: {reason}; compile for the target wasm32v1-none, without floats")]
    Invalid {
        /// Where.
        at: usize,
        /// What is wrong.
        reason: String,
    },
    /// There is more of something than the rules allow.
    #[error("{found} {what}, and {limit} are allowed; split the contract, or compile it for size")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How much there is.
        found: u64,
        /// How much there may be.
        limit: u64,
    },
    /// An import that is no system call, or one that is not for new code.
    #[error(
        "there is no system call {module}.{name} for contracts of this chain; remove the import"
    )]
    UnknownImport {
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
    /// A system call is imported with another type than it has.
    #[error(
        "the system call {module}.{name} has other parameters or another result; declare it as documented"
    )]
    ImportType {
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
    /// Something is imported that is neither a function nor the memory.
    #[error("only system calls and the memory env.memory can be imported, not {module}.{name}")]
    ImportKind {
        /// The import's module.
        module: String,
        /// The import's name.
        name: String,
    },
    /// A memory or a table without a maximum: it is reserved before the contract runs.
    #[error("the {what} has no maximum; give one to the linker, such as --max-memory")]
    NoMaximum {
        /// What.
        what: &'static str,
    },
    /// A memory of its own. It is imported, as everywhere where such contracts run.
    #[error("the memory is to be imported as env.memory; link with --import-memory")]
    OwnMemory,
    /// The start function would run before there is gas.
    #[error("a start function is not allowed; do the work in deploy")]
    Start,
    /// Something else is exported than `deploy` and `call`.
    #[error("only the functions deploy and call can be exported, not {name}")]
    Export {
        /// Its name.
        name: String,
    },
    /// `deploy` or `call` is missing, is an import, or has parameters.
    #[error("the function {name} must be exported, of the module's own, without parameters")]
    EntryPoint {
        /// Which.
        name: &'static str,
    },
    /// A segment does not fit what it initialises: the contract could never run.
    #[error("a segment of {what} ends at {end}, beyond the initial size of {size}")]
    Segment {
        /// Data or elements.
        what: &'static str,
        /// Where it ends.
        end: u64,
        /// What there is room for.
        size: u64,
    },
    /// An instruction that contracts have not.
    #[error("byte {at}: the instruction is not allowed in contracts; compile for wasm32v1-none")]
    Instruction {
        /// Where.
        at: usize,
    },
    /// An initial value that is not a constant.
    #[error("byte {at}: an initial value or offset is not a plain constant")]
    NotConstant {
        /// Where.
        at: usize,
    },
}

impl From<BinaryReaderError> for Refused {
    fn from(error: BinaryReaderError) -> Self {
        Refused::Invalid {
            at: error.offset(),
            reason: error.message().to_string(),
        }
    }
}

/// Refuses more than `limit` of something.
pub(crate) fn at_most(what: &'static str, found: u64, limit: u32) -> Result<(), Refused> {
    let limit = u64::from(limit);
    if found > limit {
        Err(Refused::TooMany { what, found, limit })
    } else {
        Ok(())
    }
}
