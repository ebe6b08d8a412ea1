//! One connection, as two streams of bytes (C3).

use crate::{
    bridge::{self, Pipe},
    congestion::State,
    endpoint::text,
    error::End,
};
use bytes::Bytes;
use iroh::{
    PublicKey,
    endpoint::{Connection, PathId, RecvStream, SendStream, VarInt},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

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
    pub(crate) way: Way,
    exporter: [u8; 32],
}

/// How it came.
#[derive(Debug)]
pub(crate) enum Way {
    /// By QUIC.
    Quic {
        connection: Connection,
        /// Whose last clone takes its connections with it.
        _endpoint: iroh::Endpoint,
    },
    /// Otherwise (C6).
    Bridged(Hold),
}

/// Ends a bridged channel with its last owner.
#[derive(Debug)]
pub(crate) struct Hold(Arc<Pipe>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What the peer sends.
#[derive(Debug)]
pub struct Reader(Source);

#[derive(Debug)]
enum Source {
    Quic(RecvStream),
    Bridged(Arc<Pipe>),
}

/// What goes to the peer.
#[derive(Debug)]
pub struct Writer(Sink);

#[derive(Debug)]
enum Sink {
    Quic(SendStream),
    Bridged(mpsc::Sender<Bytes>),
}

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
            reader: Reader(Source::Quic(receive)),
            writer: Writer(Sink::Quic(send)),
            way: Way::Quic {
                connection,
                _endpoint: endpoint,
            },
            exporter,
        })
    }

    pub(crate) fn through(
        exporter: [u8; 32],
        pipe: Arc<Pipe>,
        to_peer: mpsc::Sender<Bytes>,
    ) -> Self {
        Self {
            reader: Reader(Source::Bridged(pipe.clone())),
            writer: Writer(Sink::Bridged(to_peer)),
            way: Way::Bridged(Hold(pipe)),
            exporter,
        }
    }

    /// The key of the peer's endpoint, which TLS has checked; none if the channel did not come by QUIC.
    pub fn peer(&self) -> Option<PublicKey> {
        match &self.way {
            Way::Quic { connection, .. } => Some(connection.remote_id()),
            Way::Bridged(_) => None,
        }
    }

    /// What only the two ends of this session know: RFC 8446 §7.5, as rule O1 of BIMP says.
    pub fn exporter(&self) -> [u8; 32] {
        self.exporter
    }

    /// Bytes that the peer may send before they are read. A connection that was accepted begins with room for little more than an
    /// authentication, so that strangers take no memory.
    pub fn set_window(&self, bytes: u32) {
        match &self.way {
            Way::Quic { connection, .. } => {
                connection.set_receive_window(VarInt::from_u32(bytes));
            }
            Way::Bridged(hold) => hold.0.set_window(bytes),
        }
    }

    /// The congestion controller of the path that was opened first, as it stands; none if the channel did not come by QUIC.
    pub fn congestion(&self) -> Option<State> {
        let Way::Quic { connection, .. } = &self.way else {
            return None;
        };
        Some(State(connection.congestion_state(PathId::ZERO)?))
    }

    /// Waits, no longer than `limit`, until the peer has what was written, then ends the connection.
    ///
    /// What a bridged channel has written its peer's end takes out after this.
    pub async fn close(mut self, limit: Duration) {
        if let Sink::Quic(stream) = &mut self.writer.0
            && stream.finish().is_ok()
        {
            let _ = tokio::time::timeout(limit, stream.stopped()).await;
        }
        self.end(0);
    }

    /// Ends the connection at once.
    pub fn abort(self) {
        self.end(1);
    }

    /// A bridged channel ends by being dropped.
    fn end(self, code: u32) {
        if let Way::Quic { connection, .. } = &self.way {
            connection.close(VarInt::from_u32(code), b"");
        }
    }
}

impl Reader {
    /// Some bytes; none at the end of the stream. May be dropped while it waits without losing any.
    pub async fn read(&mut self) -> Result<Option<Bytes>, End> {
        match &mut self.0 {
            Source::Quic(stream) => {
                let read = stream.read_chunk(CHUNK).await;
                read.map_err(|error| End::Lost { cause: text(error) })
            }
            Source::Bridged(pipe) => Ok(pipe.read(CHUNK).await),
        }
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
        let sent = match &mut writer.0 {
            Sink::Quic(stream) => {
                let sent = stream.write(rest).await;
                sent.map_err(|error| End::Lost { cause: text(error) })?
            }
            Sink::Bridged(to_peer) => bridge::send(to_peer, rest).await?,
        };
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
