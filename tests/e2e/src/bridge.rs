//! Clients of a relay that cannot speak QUIC: BIMP's frames over the node's WebSocket, as docs/relay.md says.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use jsonrpsee_client::{
    core::{
        client::{ClientT, Error, Subscription, SubscriptionClientT},
        rpc_params,
    },
    ws_client::{WsClient, WsClientBuilder},
};
use parlance_bimp::{Binding, RelayId, Settings};
use parlance_endpoint::{Channel, Client, Pushes, Timings};
use serde_json::Value;

use crate::{facts::unhex, rpc::RpcError};

/// What a client of the bridge takes before it reads, bytes.
const WINDOW: u32 = 1 << 20;

/// A WebSocket of a node. Clones are the same one.
#[derive(Clone)]
pub struct Socket(Arc<WsClient>);

/// A session on it.
pub struct Bridged {
    socket: Socket,
    /// Its number, as text.
    pub number: String,
    /// To what an authentication is bound.
    pub binding: Binding,
    said: Subscription<Value>,
}

impl Socket {
    /// Opens one.
    pub async fn connect(url: &str) -> Result<Self> {
        let client = WsClientBuilder::new().build(url).await?;
        Ok(Self(Arc::new(client)))
    }

    /// Opens a session; the inner result is what the node says to it.
    pub async fn open(&self) -> Result<std::result::Result<Bridged, RpcError>> {
        let opened = self
            .0
            .subscribe::<Value, _>("parlance_relayOpen", rpc_params![], "parlance_relayClose")
            .await;
        let mut said = match opened {
            Ok(said) => said,
            Err(error) => return Ok(Err(refusal(error)?)),
        };
        let first = said.next().await.context("a session that says nothing")??;
        let opened = &first["opened"];
        let bytes = |name: &str| -> Result<[u8; 32]> {
            let text = opened[name].as_str();
            let text = text.with_context(|| format!("no {name} in {first}"))?;
            let bytes = unhex(text)?.try_into();
            bytes.map_err(|_| anyhow!("{text} has other than 32 bytes"))
        };
        let challenge = bytes("challenge")?;
        let relay = RelayId(bytes("relay")?);
        let binding = Binding::bridged(bytes("genesis")?, &challenge, relay);
        let number = opened["session"].as_str().context("no number")?.to_owned();
        Ok(Ok(Bridged {
            socket: self.clone(),
            number,
            binding,
            said,
        }))
    }

    /// Opens a session that must be let in.
    pub async fn must_open(&self) -> Result<Bridged> {
        self.open().await?.map_err(|error| anyhow!("{error}"))
    }

    /// Calls `parlance_relayFrame`; the inner result is what the node says to it.
    pub async fn frame(
        &self,
        number: &str,
        bytes: &str,
    ) -> Result<std::result::Result<(), RpcError>> {
        let params = rpc_params![number, bytes];
        match self
            .0
            .request::<Value, _>("parlance_relayFrame", params)
            .await
        {
            Ok(_) => Ok(Ok(())),
            Err(error) => Ok(Err(refusal(error)?)),
        }
    }
}

/// The error object of an answer.
fn refusal(error: Error) -> Result<RpcError> {
    match error {
        Error::Call(error) => Ok(RpcError {
            code: error.code().into(),
            message: error.message().to_owned(),
            data: String::new(),
        }),
        other => Err(other.into()),
    }
}

impl Bridged {
    /// Hands in bytes.
    pub async fn put(&self, bytes: &[u8]) -> Result<std::result::Result<(), RpcError>> {
        let hex = subxt::utils::to_hex(bytes);
        self.socket.frame(&self.number, &hex).await
    }

    /// The next frame; none when the node says that it is over.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(said) = self.said.next().await else {
            return Ok(None);
        };
        let said = said?;
        if said["closed"].is_string() {
            return Ok(None);
        }
        let frame = said["frame"].as_str();
        let frame = unhex(frame.with_context(|| format!("no frame: {said}"))?)?;
        let length = frame.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        let length = length.context("no length")?;
        ensure!(
            frame.len() == usize::try_from(length)? + 4,
            "{} bytes are not one frame",
            frame.len()
        );
        Ok(Some(frame))
    }

    /// Lets BIMP's state machine speak over it. Ends with the last clone of the client.
    pub fn client(mut self) -> (Client, Pushes) {
        let (channel, inbox, mut frames) = Channel::bridged(self.binding.exporter, WINDOW);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    frame = frames.next() => {
                        let Some(frame) = frame else { break };
                        if !matches!(self.put(&frame).await, Ok(Ok(()))) {
                            break;
                        }
                    }
                    said = self.next() => {
                        let Ok(Some(frame)) = said else { break };
                        if inbox.put(&frame).await.is_err() {
                            break;
                        }
                    }
                }
            }
            inbox.end();
        });
        Client::over(channel, Settings::default(), Timings::default())
    }
}
