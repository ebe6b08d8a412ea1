//! Questions to a node, JSON-RPC 2.0 over HTTP.

use bitup_abi::{contract::hex, value::digits};
use serde_json::{Value, json};
use std::time::Duration;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Wait between two looks at the chain.
const PAUSE: Duration = Duration::from_millis(300);
/// Longest answer, in bytes; a chain's metadata has about one million digits.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Why a node gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// An address that is none.
    #[error("`{0}` is no address of a node; write for instance `http://127.0.0.1:9944`")]
    Address(String),
    /// Not reached.
    #[error(
        "the node at {address} cannot be reached: {cause}; check that it runs and serves JSON-RPC there"
    )]
    Unreachable {
        /// The node.
        address: String,
        /// What the system says.
        cause: String,
    },
    /// It said no.
    #[error("the node refuses `{method}`: {message} (code {code})")]
    Refused {
        /// The question.
        method: String,
        /// The code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// It gave something else.
    #[error(
        "the node's answer to `{method}` is no {expected}; is this a node of a Substrate chain?"
    )]
    Malformed {
        /// The question.
        method: String,
        /// What should have come.
        expected: &'static str,
    },
}

/// A node that can be asked.
pub trait Node {
    /// Asks.
    ///
    /// # Errors
    /// If no answer comes.
    fn request(&self, method: &str, parameters: Value) -> Result<Value, RpcError>;

    /// Asks for bytes; `None` where there are none.
    ///
    /// # Errors
    /// If no answer comes, or one that is no bytes.
    fn bytes(&self, method: &str, parameters: Value) -> Result<Option<Vec<u8>>, RpcError> {
        match self.request(method, parameters)? {
            Value::Null => Ok(None),
            Value::String(text) if text.starts_with("0x") => match hex(&text) {
                Some(bytes) => Ok(Some(bytes)),
                None => Err(malformed(method, "bytes")),
            },
            _ => Err(malformed(method, "bytes")),
        }
    }

    /// Asks for a hash.
    ///
    /// # Errors
    /// If no answer comes, or one that is no hash.
    fn hash(&self, method: &str, parameters: Value) -> Result<[u8; 32], RpcError> {
        let bytes = self.bytes(method, parameters)?.unwrap_or_default();
        bytes.try_into().map_err(|_| malformed(method, "hash"))
    }

    /// Waits until something new may be there.
    fn pause(&self) {
        std::thread::sleep(PAUSE);
    }

    /// Runs a function of the runtime at a block.
    ///
    /// # Errors
    /// If no answer comes, or none in bytes.
    fn runtime(&self, function: &str, input: &[u8], at: &[u8; 32]) -> Result<Vec<u8>, RpcError> {
        let parameters = json!([function, digits(input, "0x"), digits(at, "0x")]);
        self.bytes("state_call", parameters)?
            .ok_or_else(|| malformed(function, "bytes"))
    }
}

pub(crate) fn malformed(method: &str, expected: &'static str) -> RpcError {
    RpcError::Malformed {
        method: method.to_owned(),
        expected,
    }
}

/// A node over HTTP. There is no encryption: it is for a node on this machine or behind a tunnel of your own.
#[derive(Debug)]
pub struct Http {
    address: String,
    agent: ureq::Agent,
}

impl Http {
    /// A node at an address; `ws://` counts as `http://`, nodes serve both.
    ///
    /// # Errors
    /// If it is none.
    pub fn new(address: &str) -> Result<Self, RpcError> {
        let address = address.replacen("ws://", "http://", 1);
        let host = address.strip_prefix("http://").unwrap_or_default();
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(RpcError::Address(address));
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .build();
        Ok(Self {
            address,
            agent: config.into(),
        })
    }
}

impl Node for Http {
    fn request(&self, method: &str, parameters: Value) -> Result<Value, RpcError> {
        let unreachable = |error: ureq::Error| RpcError::Unreachable {
            address: self.address.clone(),
            cause: error.to_string(),
        };
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters });
        let mut response = self
            .agent
            .post(&self.address)
            .header("Content-Type", "application/json")
            .send(question.to_string())
            .map_err(unreachable)?;
        let body = response.body_mut().with_config().limit(LONGEST);
        let text = body.read_to_string().map_err(unreachable)?;
        answer(method, &text)
    }
}

/// The result in the text of an answer.
pub(crate) fn answer(method: &str, text: &str) -> Result<Value, RpcError> {
    let whole: Value = serde_json::from_str(text).map_err(|_| malformed(method, "JSON"))?;
    if let Some(error) = whole.get("error").filter(|error| !error.is_null()) {
        let message = error.get("message").and_then(Value::as_str);
        let data = error.get("data").and_then(Value::as_str);
        let words: Vec<&str> = message.into_iter().chain(data).collect();
        return Err(RpcError::Refused {
            method: method.to_owned(),
            code: error.get("code").and_then(Value::as_i64).unwrap_or(0),
            message: words.join(": "),
        });
    }
    match whole {
        Value::Object(mut fields) => fields
            .remove("result")
            .ok_or_else(|| malformed(method, "answer of JSON-RPC")),
        _ => Err(malformed(method, "answer of JSON-RPC")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_results_or_refusals() {
        assert_eq!(answer("a", r#"{"result":null}"#), Ok(Value::Null));
        assert_eq!(answer("a", r#"{"result":5,"error":null}"#), Ok(json!(5)));
        let refused = answer(
            "a",
            r#"{"error":{"code":1010,"message":"Invalid","data":"old"}}"#,
        );
        assert_eq!(
            refused.unwrap_err().to_string(),
            "the node refuses `a`: Invalid: old (code 1010)"
        );
        for wrong in ["", "[]", "{}", "nonsense"] {
            assert!(
                matches!(answer("a", wrong), Err(RpcError::Malformed { .. })),
                "{wrong}"
            );
        }
    }

    #[test]
    fn addresses_are_checked_before_they_are_asked() {
        for right in ["http://127.0.0.1:9944", "ws://localhost:9944"] {
            assert!(Http::new(right).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "http://",
            "127.0.0.1",
            "https://a",
            "file:///a",
            "http://a b",
        ] {
            assert!(
                matches!(Http::new(wrong), Err(RpcError::Address(_))),
                "{wrong}"
            );
        }
        let nobody = Http::new("http://127.0.0.1:1").unwrap();
        let error = nobody.request("a", json!([])).unwrap_err();
        assert!(matches!(error, RpcError::Unreachable { .. }), "{error}");
    }
}
