//! Commands about chains: `deploy`, `call`, `query`, and what `verify` and `use` need of them.

#[cfg(feature = "node")]
pub use with::{call, code_hash, deploy, query, send_new};
#[cfg(not(feature = "node"))]
pub use without::{call, code_hash, deploy, query, send_new};

#[cfg(feature = "node")]
#[path = "chain/with.rs"]
mod with;
#[cfg(not(feature = "node"))]
#[path = "chain/without.rs"]
mod without;

/// What is asked of a contract.
#[cfg_attr(not(feature = "node"), allow(dead_code, reason = "nobody is asked"))]
pub struct Question<'a> {
    /// The contract.
    pub address: &'a str,
    /// The call.
    pub call: &'a str,
    /// Who asks.
    pub from: &'a str,
    /// Tokens that would come with it.
    pub value: u128,
    /// The node.
    pub node: &'a str,
    /// Whether JSON is printed.
    pub json: bool,
}
