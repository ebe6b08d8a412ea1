//! Commands about chains: `deploy`, `call`, `query`, and what `verify` and `use` need of them.

#[cfg(feature = "node")]
pub use with::{Question, call, code_hash, deploy, query, send_new};
#[cfg(not(feature = "node"))]
pub use without::{Question, call, code_hash, deploy, query, send_new};

#[cfg(feature = "node")]
#[path = "chain/with.rs"]
mod with;
#[cfg(not(feature = "node"))]
#[path = "chain/without.rs"]
mod without;
