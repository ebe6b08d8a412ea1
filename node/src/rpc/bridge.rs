//! The relay over JSON-RPC: BIMP's frames as hexadecimal text, for clients that cannot speak QUIC. Rules: [`crate::relay::bridge`].

use crate::relay::bridge::{BridgeFault, Number, OpenSession, Sessions};
use jsonrpsee::{
    ConnectionId, Extensions, PendingSubscriptionSink, SubscriptionMessage, SubscriptionSink,
    core::{RpcResult, SubscriptionResult, async_trait},
    proc_macros::rpc,
    types::ErrorObjectOwned,
};
use rand::{RngCore, rngs::OsRng};
use serde::Serialize;
use sp_core::Bytes;
use std::time::Duration;

/// Code of errors about sessions.
const NO_SESSION: i32 = 8_110;
/// How long the last words of a session may take.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What a session says.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// First: what it is.
    Opened(Opened),
    /// One frame of BIMP, with its length before it.
    Frame(Bytes),
    /// Last: it is over.
    Closed(&'static str),
}

/// What a session is.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// Its number.
    session: Bytes,
    /// To be hashed and signed by who authenticates (`parlance_bimp::Binding::bridged`).
    challenge: Bytes,
    /// Hash of the chain's first block.
    genesis: Bytes,
    /// The relay. Compare it with the one that you mean: it is signed too.
    relay: Bytes,
}

impl From<&OpenSession> for Opened {
    fn from(session: &OpenSession) -> Self {
        let bytes = |bytes: &[u8]| Bytes(bytes.to_vec());
        Self {
            session: bytes(&session.number),
            challenge: bytes(&session.challenge),
            genesis: bytes(&session.binding.genesis),
            relay: bytes(&session.binding.relay.0),
        }
    }
}

/// Methods of sessions at this node's relay.
#[rpc(server)]
pub trait BridgeApi {
    /// Opens a session, which says first what it is and then what the relay says. Ending the subscription ends it.
    #[subscription(
        name = "parlance_relayOpen" => "parlance_relayFrames",
        unsubscribe = "parlance_relayClose",
        item = Said
    )]
    async fn open(&self) -> SubscriptionResult;

    /// Hands in one frame of BIMP, or several together. Answers when there was room for them: the next call comes after the answer.
    #[method(name = "parlance_relayFrame", with_extensions)]
    async fn frame(&self, session: Bytes, bytes: Bytes) -> RpcResult<()>;
}

/// Answers them.
pub struct Bridged(pub Sessions);

impl From<BridgeFault> for ErrorObjectOwned {
    fn from(fault: BridgeFault) -> Self {
        ErrorObjectOwned::owned(NO_SESSION, fault.to_string(), None::<()>)
    }
}

#[async_trait]
impl BridgeApiServer for Bridged {
    async fn open(&self, pending: PendingSubscriptionSink) -> SubscriptionResult {
        let socket = pending.connection_id().0;
        let mut random = [0; 48];
        OsRng.fill_bytes(&mut random);
        let session = match self.0.open(socket, &random).await {
            Ok(session) => session,
            Err(fault) => {
                pending.reject(fault).await;
                return Ok(());
            }
        };
        let sink = pending.accept().await?;
        forward(session, &sink).await;
        Ok(())
    }

    async fn frame(&self, extensions: &Extensions, session: Bytes, bytes: Bytes) -> RpcResult<()> {
        let socket = extensions.get::<ConnectionId>().map(|id| id.0);
        let number = Number::try_from(&session[..]).ok();
        let (Some(socket), Some(number)) = (socket, number) else {
            return Err(BridgeFault::Unknown.into());
        };
        Ok(self.0.put(socket, &number, &bytes).await?)
    }
}

/// Says what a session says, until it is over (B5). What the WebSocket does not take the relay keeps, and the relay ends who takes nothing.
async fn forward(mut session: OpenSession, sink: &SubscriptionSink) {
    let inbox = session.inbox.clone();
    let opened = Said::Opened(Opened::from(&session));
    let frames = async {
        say(sink, &opened).await?;
        while let Some(frame) = session.frames.next().await {
            say(sink, &Said::Frame(Bytes(frame))).await?;
        }
        let closed = match session.made_room() {
            true => "another WebSocket needed the place: open a session again, or have fewer",
            false => "the relay has ended the session: its last frame says why",
        };
        say(sink, &Said::Closed(closed)).await
    };
    let late = async {
        inbox.ended().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        _ = frames => {}
        () = late => {}
        () = sink.closed() => {}
    }
}

/// Nothing where it has ended.
async fn say(sink: &SubscriptionSink, said: &Said) -> Option<()> {
    let message = SubscriptionMessage::from_json(said).ok()?;
    sink.send(message).await.ok()
}
