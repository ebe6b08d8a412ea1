//! A node's JSON-RPC, as a place that answers and is not believed.

use std::{future::Future, time::Duration};

use jsonrpsee_client::{
    core::{
        client::{Client, ClientT, Error as ClientError},
        params::ArrayParams,
    },
    ws_client::WsClientBuilder,
};
use serde_json::Value;

/// Longest answer that is taken in. A proof is kilobytes; the longest thing ever asked for is the body of
/// a full block.
pub const MAX_ANSWER: u32 = 12 << 20;
/// How long a node may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a node may take to answer.
const ANSWER: Duration = Duration::from_secs(20);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// No connection.
    #[error(
        "no connection to the node at {url} ({cause}): check the address and that the node runs, or take \
         another node"
    )]
    Unreachable {
        /// Where.
        url: String,
        /// What the transport says.
        cause: String,
    },
    /// The connection broke, or the answer did not come in time.
    #[error("the node did not answer {method} ({cause}): try again, or take another node")]
    Silent {
        /// What was asked.
        method: &'static str,
        /// What the transport says.
        cause: String,
    },
    /// The node answered with an error.
    #[error("the node refuses {method}: {message}")]
    Refused {
        /// What was asked.
        method: &'static str,
        /// Code of JSON-RPC.
        code: i32,
        /// The node's words, and its details where it gives any.
        message: String,
    },
    /// The answer is not what the method answers with.
    #[error(
        "the node's answer to {method} is not {expected}: it is no Parlance node of this version, or it is \
         broken; take another node"
    )]
    Malformed {
        /// What was asked.
        method: &'static str,
        /// What was expected.
        expected: &'static str,
    },
}

/// Somebody who answers JSON-RPC. Nothing that comes from here is believed before it is proven.
pub trait Node: Send + Sync {
    /// Asks once.
    fn request(
        &self,
        method: &'static str,
        params: Vec<Value>,
    ) -> impl Future<Output = Result<Value, NodeError>> + Send;
}

/// A node over WebSocket, `ws://` or `wss://`.
pub struct WsNode(Client);

impl WsNode {
    /// Connects.
    pub async fn connect(url: &str) -> Result<Self, NodeError> {
        let unreachable = |cause: String| NodeError::Unreachable {
            url: url.to_owned(),
            cause,
        };
        WsClientBuilder::new()
            .connection_timeout(CONNECT)
            .request_timeout(ANSWER)
            .max_response_size(MAX_ANSWER)
            .max_concurrent_requests(16)
            .build(url)
            .await
            .map(Self)
            .map_err(|error| unreachable(error.to_string()))
    }
}

impl Node for WsNode {
    async fn request(&self, method: &'static str, params: Vec<Value>) -> Result<Value, NodeError> {
        let mut array = ArrayParams::new();
        for param in params {
            array.insert(param).map_err(|error| NodeError::Silent {
                method,
                cause: error.to_string(),
            })?;
        }
        self.0
            .request(method, array)
            .await
            .map_err(|error| match error {
                ClientError::Call(object) => {
                    let details = object.data().map(|data| format!(" ({})", data.get()));
                    NodeError::Refused {
                        method,
                        code: object.code(),
                        message: format!("{}{}", object.message(), details.unwrap_or_default()),
                    }
                }
                other => NodeError::Silent {
                    method,
                    cause: other.to_string(),
                },
            })
    }
}

/// Bytes of an answer that is a hex string.
pub(crate) fn hex_bytes(
    method: &'static str,
    expected: &'static str,
    answer: &Value,
) -> Result<Vec<u8>, NodeError> {
    answer
        .as_str()
        .and_then(|text| text.strip_prefix("0x"))
        .and_then(|digits| hex::decode(digits).ok())
        .ok_or(NodeError::Malformed { method, expected })
}

/// Bytes as a parameter.
pub(crate) fn as_hex(bytes: impl AsRef<[u8]>) -> Value {
    Value::String(format!("0x{}", hex::encode(bytes)))
}
