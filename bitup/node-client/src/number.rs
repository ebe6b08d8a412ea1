//! Numbers of blocks.

use crate::rpc::{RpcError, malformed};
use serde_json::Value;

/// The number of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) u64);

impl Number {
    /// The number in a header, hexadecimal digits behind `0x`.
    pub(crate) fn of_header(header: &Value) -> Result<Self, RpcError> {
        let text = header.get("number").and_then(Value::as_str);
        let digits = text.and_then(|text| text.strip_prefix("0x"));
        digits
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .map(Self)
            .ok_or_else(|| malformed("chain_getHeader", "header"))
    }
}
