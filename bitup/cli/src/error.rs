//! What the tool could not do.

use crate::{files::FileError, packages::PackageError};
use bitup_abi::{AbiError, CodecError, TextError, bindings::BindingsError};
use bitup_local::CodeRefused;
use bitup_lsp::LspError;
use bitup_tester::SessionError;

/// What the tool could not do.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The code of a contract.
    #[error("{0}; this is a fault of the compiler")]
    Code(#[from] CodeRefused),
    /// A call on the chain in memory.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Metadata.
    #[error(transparent)]
    Abi(#[from] AbiError),
    /// A text that is no call.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A value that does not fit.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Code of another language.
    #[error(transparent)]
    Bindings(#[from] BindingsError),
    /// The channel to an editor.
    #[error(transparent)]
    Lsp(#[from] LspError),
    /// The chain.
    #[cfg(feature = "node")]
    #[error(transparent)]
    Chain(#[from] Box<bitup_node_client::ClientError>),
    /// The key.
    #[cfg(feature = "node")]
    #[error(transparent)]
    Key(#[from] bitup_node_client::KeyError),
    /// It is not clear which contract is meant.
    #[error("name one contract with `--contract`: the file has {0}")]
    Which(String),
    /// A rule that is none.
    #[error("there is no rule `{0}`; `bitup explain` lists all")]
    NoRule(String),
    /// No constructor or method.
    #[error("`{contract}` has no `{name}`; it has {known}")]
    NoCall {
        /// The contract.
        contract: String,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A text that is no account.
    #[error("`{0}` is no account; write an address, or `0x` and 64 digits")]
    NoAccount(String),
    /// A text that is no hash.
    #[error("`{0}` is no hash or salt; write pairs of hexadecimal digits, 32 of them for a hash")]
    NoBytes(String),
    /// Metadata alone.
    #[error("`{0}` holds no code; name the `.contract` file or the source")]
    NoCode(String),
    /// Nobody signs.
    #[cfg(feature = "node")]
    #[error("who signs? name a file with `--key-file`, or on a test network `--test-key //Alice`")]
    NoKey,
    /// Nothing to compare with.
    #[error("compare with what? name `--against FILE`, `--hash 0x...` or `--address ADDRESS`")]
    NothingToVerify,
    /// No contract at an address.
    #[cfg(feature = "node")]
    #[error("there is no contract at {0}; check the address and the node's chain")]
    NoContract(String),
    /// A ready-made contract that is none.
    #[error("there is no ready-made contract `{0}`; `bitup use` lists all")]
    NoModule(String),
    /// A parameter in another form.
    #[error("`--set {0}` is no parameter; write `--set name=value`")]
    NoSetting(String),
    /// Parameters that are missing or too many.
    #[error("{0}; the contract is made with {1}: write `--set name=value` for each, once")]
    Settings(String, String),
    /// A command that was left out of this tool.
    #[cfg(not(feature = "node"))]
    #[error(
        "this tool was built without its commands for chains; build it with the feature `node`"
    )]
    WithoutNode,
}

#[cfg(feature = "node")]
impl From<bitup_node_client::ClientError> for ToolError {
    fn from(error: bitup_node_client::ClientError) -> Self {
        Self::Chain(Box::new(error))
    }
}
