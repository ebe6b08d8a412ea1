//! JSON-RPC over plain HTTP/1.1.
//!
//! Written on a socket instead of a client library, because half of the scenarios send what no
//! library would: bodies that are no JSON, that never end, or that nest a hundred thousand deep.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a node answers.
#[derive(Clone, Debug)]
pub struct Rpc {
    port: u16,
}

/// What came back for an HTTP request.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body as text; bytes that are no UTF-8 are replaced.
    pub body: String,
}

/// A JSON-RPC error object.
#[derive(Clone, Debug)]
pub struct RpcError {
    /// Code, as JSON-RPC 2.0 and the SDK define them.
    pub code: i64,
    /// Message for people.
    pub message: String,
    /// Further text, empty when there is none.
    pub data: String,
}

impl std::fmt::Display for RpcError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}) {}", self.message, self.code, self.data)
    }
}

impl Rpc {
    /// A node on this machine.
    pub fn local(port: u16) -> Self {
        Self { port }
    }

    /// Calls a method and returns its result; an error object becomes an error.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.outcome(method, params)
            .await?
            .map_err(|error| anyhow!("{method}: {error}"))
    }

    /// Calls a method that is expected to be refused, and returns how.
    pub async fn refusal(&self, method: &str, params: Value) -> Result<RpcError> {
        match self.outcome(method, params).await? {
            Ok(value) => bail!("{method} was accepted and returned {value}"),
            Err(error) => Ok(error),
        }
    }

    /// Calls a method; the inner result is what JSON-RPC says.
    pub async fn outcome(
        &self,
        method: &str,
        params: Value,
    ) -> Result<std::result::Result<Value, RpcError>> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.post(request.to_string().as_bytes()).await?;
        let reply: Value = serde_json::from_str(&answer.body)
            .with_context(|| format!("{method}: HTTP {} with {:?}", answer.status, answer.body))?;
        match reply.get("error") {
            Some(error) => Ok(Err(RpcError {
                code: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                data: error.get("data").map(plain).unwrap_or_default(),
            })),
            None => Ok(Ok(reply.get("result").cloned().unwrap_or(Value::Null))),
        }
    }

    /// Sends any bytes as the body of a POST and returns the answer.
    pub async fn post(&self, body: &[u8]) -> Result<Answer> {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            body.len()
        );
        let raw = timeout(PATIENCE, self.exchange(head.as_bytes(), body))
            .await
            .map_err(|_| anyhow!("no answer within {} s", PATIENCE.as_secs()))??;
        parse(&raw)
    }

    /// Sends bytes that are not even HTTP, and closes.
    pub async fn scribble(&self, bytes: &[u8]) -> Result<()> {
        scribble(self.port, bytes).await
    }

    async fn exchange(&self, head: &[u8], body: &[u8]) -> Result<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(head).await?;
        // A server may refuse a body by its announced length and close before it has read it:
        // the answer counts then, not the broken pipe.
        let written = stream.write_all(body).await;
        let mut raw = Vec::new();
        let read = stream.read_to_end(&mut raw).await;
        if raw.is_empty() {
            written?;
            read?;
        }
        Ok(raw)
    }
}

/// Writes `bytes` to any local port and closes, not caring how the other side takes it.
pub async fn scribble(port: u16, bytes: &[u8]) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    // The peer may hang up half way; that is its right.
    let _refused = stream.write_all(bytes).await;
    let mut sink = [0u8; 256];
    let _silence = timeout(Duration::from_millis(500), stream.read(&mut sink)).await;
    Ok(())
}

/// Text of a JSON value: a string without its quotes, anything else as JSON.
pub fn plain(value: &Value) -> String {
    value
        .as_str()
        .map(str::to_owned)
        .unwrap_or_else(|| value.to_string())
}

fn parse(raw: &[u8]) -> Result<Answer> {
    let text = String::from_utf8_lossy(raw);
    let (head, body) = text.split_once("\r\n\r\n").with_context(|| {
        format!(
            "no HTTP answer but {:?}",
            text.chars().take(200).collect::<String>()
        )
    })?;
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|code| code.parse().ok())
        .with_context(|| format!("no HTTP status in {head:?}"))?;
    if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        return Ok(Answer {
            status,
            body: unchunk(body)?,
        });
    }
    Ok(Answer {
        status,
        body: body.to_owned(),
    })
}

fn unchunk(mut rest: &str) -> Result<String> {
    let mut body = String::new();
    loop {
        let (size, tail) = rest.split_once("\r\n").context("a chunk without size")?;
        let size =
            usize::from_str_radix(size.trim(), 16).context("a chunk size that is no number")?;
        if size == 0 {
            return Ok(body);
        }
        body.push_str(tail.get(..size).context("a chunk shorter than its size")?);
        rest = tail
            .get(size..)
            .and_then(|end| end.strip_prefix("\r\n"))
            .context("no chunk end")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_splits_into_status_and_body() {
        let answer = parse(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (413, "no"));
    }

    #[test]
    fn chunks_are_joined() {
        let raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(raw).unwrap().body, "abcde");
    }

    #[test]
    fn garbage_is_no_answer() {
        assert!(parse(b"SSH-2.0-x\r\n").is_err());
    }
}
