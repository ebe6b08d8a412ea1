//! One connection, as two streams of bytes (C3).

use crate::{congestion::State, endpoint::text, error::End};
use bytes::Bytes;
use iroh::{
    PublicKey,
    endpoint::{Connection, PathId, RecvStream, SendStream, VarInt},
};
use std::time::Duration;

/// The label of the exporter value (rule O1 of BIMP).
const LABEL: &[u8] = b"EXPORTER-parlance-bimp-1";
/// Bytes that are taken from the stream at once.
const CHUNK: usize = 64 << 10;

/// A connection with its stream. Its parts can be used at the same time.
#[derive(Debug)]
pub struct Channel {
    /// What the peer sends.
    pub reader: Reader,
    /// What goes to the peer.
    pub writer: Writer,
    pub(crate) connection: Connection,
    exporter: [u8; 32],
    /// Whose last clone takes its connections with it.
    _endpoint: iroh::Endpoint,
}

/// What the peer sends.
#[derive(Debug)]
pub struct Reader(RecvStream);

/// What goes to the peer.
#[derive(Debug)]
pub struct Writer(SendStream);

impl Channel {
    pub(crate) fn new(
        endpoint: iroh::Endpoint,
        connection: Connection,
        (send, receive): (SendStream, RecvStream),
    ) -> Result<Self, String> {
        let mut exporter = [0; 32];
        connection
            .export_keying_material(&mut exporter, LABEL, &[])
            .map_err(|error| format!("the TLS session has no exporter value ({error:?})"))?;
        Ok(Self {
            reader: Reader(receive),
            writer: Writer(send),
            connection,
            exporter,
            _endpoint: endpoint,
        })
    }

    /// The key of the peer's endpoint, which TLS has checked.
    pub fn peer(&self) -> PublicKey {
        self.connection.remote_id()
    }

    /// What only the two ends of this session know: RFC 8446 §7.5, as rule O1 of BIMP says.
    pub fn exporter(&self) -> [u8; 32] {
        self.exporter
    }

    /// Bytes that the peer may send before they are read. A connection that was accepted begins with room for little more than an
    /// authentication, so that strangers take no memory.
    pub fn set_window(&self, bytes: u32) {
        self.connection.set_receive_window(VarInt::from_u32(bytes));
    }

    /// The congestion controller of the path that was opened first, as it stands.
    pub fn congestion(&self) -> Option<State> {
        Some(State(self.connection.congestion_state(PathId::ZERO)?))
    }

    /// Waits, no longer than `limit`, until the peer has what was written, then ends the connection.
    pub async fn close(mut self, limit: Duration) {
        if self.writer.0.finish().is_ok() {
            let _ = tokio::time::timeout(limit, self.writer.0.stopped()).await;
        }
        self.connection.close(VarInt::from_u32(0), b"");
    }

    /// Ends the connection at once.
    pub fn abort(self) {
        self.connection.close(VarInt::from_u32(1), b"");
    }
}

impl Reader {
    /// Some bytes; none at the end of the stream. May be dropped while it waits without losing any.
    pub async fn read(&mut self) -> Result<Option<Bytes>, End> {
        let read = self.0.read_chunk(CHUNK).await;
        read.map_err(|error| End::Lost { cause: text(error) })
    }
}

/// Bytes on their way to the peer.
#[derive(Debug, Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    /// At most this much is taken from the state machine before it is sent.
    pub const LIMIT: usize = 64 << 10;
    /// What stays allocated.
    const KEPT: usize = 1 << 10;

    /// Whether everything was sent.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() <= self.sent
    }

    /// Where the state machine puts more, once everything was sent.
    pub fn fill(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.sent.min(self.bytes.len()));
        self.sent = 0;
        if self.bytes.is_empty() {
            self.bytes.shrink_to(Self::KEPT);
        }
        &mut self.bytes
    }

    /// Sends some. May be dropped while it waits without losing or doubling any.
    pub async fn send(&mut self, writer: &mut Writer) -> Result<(), End> {
        let rest = self.bytes.get(self.sent..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
        let sent = writer.0.write(rest).await;
        let sent = sent.map_err(|error| End::Lost { cause: text(error) })?;
        self.sent = self.sent.saturating_add(sent);
        Ok(())
    }

    /// Sends everything.
    pub async fn send_all(&mut self, writer: &mut Writer) -> Result<(), End> {
        while !self.is_empty() {
            self.send(writer).await?;
        }
        Ok(())
    }
}
