//! Binding, dialling, accepting (C1, C2, C4).

use crate::{
    channel::Channel,
    congestion::Congestion,
    error::{AcceptError, BindError, ConnectError},
};
use iroh::{
    EndpointAddr, PublicKey, RelayMap, RelayMode, SecretKey, TransportAddr,
    endpoint::{
        ConnectOptions, Connection, IdleTimeout, IncomingAddr, QuicTransportConfig, VarInt, presets,
    },
};
use parlance_bimp::{
    RelayId,
    limits::{ALPN, WINDOW},
};
use std::{fmt::Display, net::SocketAddr, time::Duration};

/// Bytes of a stream that a peer may send before they are read: BIMP's window, so that its credit rules, and not QUIC's.
const STREAM_WINDOW: u32 = WINDOW;
/// The same of a connection that was accepted, before its side says otherwise ([`Channel::set_window`]): enough for a hello
/// and an authentication.
const STRANGER_WINDOW: u32 = 16 << 10;
/// Bytes of a connection that may be unacknowledged.
const SEND_WINDOW: u64 = WINDOW as u64;

/// Packets that UDX lets be on their way at the start, and whatever it sees: 10, the window that RFC 9002 §7.2 begins with. On a path of less than a
/// millisecond a peer that waits for its processor looks like a queue, and UDX would give way to it until a message stands for seconds.
const LEAST_PACKETS: u32 = 10;
/// The same between relays, which are machines in data centres with many messages for each other.
const LEAST_PACKETS_BETWEEN_RELAYS: u32 = 64;

/// How long a peer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// For everything up to an authenticated connection.
    pub connect: Duration,
    /// For the handshake and the stream of a connection that is accepted.
    pub accept: Duration,
    /// Without a packet, after which a connection is lost. Keep-alives are sent more often.
    pub idle: Duration,
    /// For an answer.
    pub request: Duration,
    /// For the last words of a connection that ends.
    pub close: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            accept: Duration::from_secs(5),
            idle: Duration::from_secs(30),
            request: Duration::from_secs(10),
            close: Duration::from_millis(500),
        }
    }
}

/// What an endpoint is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its key.
    pub key: SecretKey,
    /// Where it listens and sends from; none is any port of all addresses.
    pub addresses: Vec<SocketAddr>,
    /// Whether others may dial it.
    pub accepts: bool,
    /// How long its peers may take.
    pub timings: Timings,
    /// What decides how fast it sends.
    pub congestion: Congestion,
    /// Whether its packets may go through fallback relays ([`crate::peer`]).
    pub fallback: bool,
}

impl Options {
    /// An endpoint that dials and is not dialled.
    pub fn dialling(key: SecretKey) -> Self {
        Self {
            key,
            addresses: Vec::new(),
            accepts: false,
            timings: Timings::default(),
            congestion: Congestion::default(),
            fallback: false,
        }
    }

    /// An endpoint that is dialled at these addresses.
    pub fn listening(key: SecretKey, addresses: Vec<SocketAddr>) -> Self {
        Self {
            accepts: true,
            addresses,
            ..Self::dialling(key)
        }
    }
}

/// A relay, as the network's records name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayAddress {
    /// Its place.
    pub relay: RelayId,
    /// The key of its endpoint.
    pub key: PublicKey,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
}

/// A key with sockets. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub(crate) inner: iroh::Endpoint,
    timings: Timings,
    dials: ConnectOptions,
}

impl Endpoint {
    /// Opens the sockets. Runs on the tokio runtime that it is called in.
    pub async fn bind(options: Options) -> Result<Self, BindError> {
        let mut builder = iroh::Endpoint::builder(presets::Minimal)
            .secret_key(options.key)
            .transport_config(transport(
                &options.timings,
                (options.congestion, LEAST_PACKETS),
            )?);
        // Who is dialled is a relay, and so is who dials if it accepts.
        let packets = match options.accepts {
            true => LEAST_PACKETS_BETWEEN_RELAYS,
            false => LEAST_PACKETS,
        };
        let dialled = transport(&options.timings, (options.congestion, packets))?;
        if options.fallback {
            // None of them yet.
            builder = builder.relay_mode(RelayMode::Custom(RelayMap::empty()));
        }
        if options.accepts {
            builder = builder.alpns(vec![ALPN.to_vec()]);
        }
        if !options.addresses.is_empty() {
            builder = builder.clear_ip_transports();
        }
        for address in options.addresses {
            builder = builder
                .bind_addr(address)
                .map_err(|error| BindError::Address {
                    address,
                    cause: cause(&error),
                })?;
        }
        let inner = builder.bind().await;
        Ok(Self {
            inner: inner.map_err(|error| BindError::Failed {
                cause: cause(&error),
            })?,
            timings: options.timings,
            dials: ConnectOptions::new().with_transport_config(dialled),
        })
    }

    /// Its public key.
    pub fn key(&self) -> PublicKey {
        self.inner.id()
    }

    /// Its own key.
    pub fn secret_key(&self) -> &SecretKey {
        self.inner.secret_key()
    }

    /// Where its sockets are.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.inner.bound_sockets()
    }

    /// How long its peers may take.
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// Connects, without authenticating. Takes no longer than `timings.connect`.
    pub async fn dial(&self, peer: &RelayAddress) -> Result<Channel, ConnectError> {
        if peer.addresses.is_empty() {
            return Err(ConnectError::NoAddress);
        }
        let addresses = peer.addresses.iter().copied().map(TransportAddr::Ip);
        self.dial_at(EndpointAddr::from_parts(peer.key, addresses))
            .await
    }

    pub(crate) async fn dial_at(&self, address: EndpointAddr) -> Result<Channel, ConnectError> {
        let unreachable = |cause| ConnectError::Unreachable { cause };
        let dialled = async {
            let options = self.dials.clone();
            let connecting = self.inner.connect_with_opts(address, ALPN, options).await;
            let connecting = connecting.map_err(|error| unreachable(cause(&error)))?;
            let connection = connecting.await;
            let connection = connection.map_err(|error| unreachable(cause(&error)))?;
            // A peer that was chosen by its key.
            connection.set_receive_window(VarInt::from_u32(STREAM_WINDOW));
            let stream = connection.open_bi().await;
            let stream = stream.map_err(|error| unreachable(cause(&error)))?;
            Channel::new(self.inner.clone(), connection, stream).map_err(unreachable)
        };
        let limit = self.timings.connect;
        tokio::time::timeout(limit, dialled)
            .await
            .unwrap_or(Err(ConnectError::TimeOut {
                milliseconds: limit.as_millis(),
            }))
    }

    /// Somebody who dials; none once the endpoint is closed.
    pub async fn accept(&self) -> Option<Incoming> {
        Some(Incoming {
            inner: self.inner.accept().await?,
            endpoint: self.inner.clone(),
            timings: self.timings,
        })
    }

    /// Ends all connections and waits until their peers were told.
    pub async fn close(&self) {
        self.inner.close().await;
    }
}

/// A connection that is not accepted yet: nothing is kept for it.
#[derive(Debug)]
pub struct Incoming {
    inner: iroh::endpoint::Incoming,
    endpoint: iroh::Endpoint,
    timings: Timings,
}

impl Incoming {
    /// Where it comes from. Not proved unless [`is_validated`](Self::is_validated).
    pub fn address(&self) -> Option<SocketAddr> {
        match self.inner.remote_addr() {
            IncomingAddr::Ip(address) => Some(address),
            _ => None,
        }
    }

    /// Whether it is proved that it is there.
    pub fn is_validated(&self) -> bool {
        self.inner.remote_addr_validated()
    }

    /// Lets it prove that it is where it says. It comes back then.
    pub fn retry(self) {
        // One that has been validated cannot be asked again, and is dropped.
        let _ = self.inner.retry();
    }

    /// Sends it away.
    pub fn refuse(self) {
        self.inner.refuse();
    }

    /// Shakes hands and waits for its stream, no longer than `timings.accept`.
    pub async fn accept(self) -> Result<Channel, AcceptError> {
        let failed = |cause| AcceptError::Failed { cause };
        let endpoint = self.endpoint;
        let accepted = async {
            let accepting = self.inner.accept();
            let accepting = accepting.map_err(|error| failed(cause(&error)))?;
            let connection: Connection = accepting.await.map_err(|error| failed(cause(&error)))?;
            let stream = connection.accept_bi().await;
            let stream = stream.map_err(|error| failed(cause(&error)))?;
            Channel::new(endpoint, connection, stream).map_err(failed)
        };
        let limit = self.timings.accept;
        tokio::time::timeout(limit, accepted)
            .await
            .unwrap_or(Err(AcceptError::TimeOut {
                milliseconds: limit.as_millis(),
            }))
    }
}

/// C2, C4.
fn transport(
    timings: &Timings,
    (congestion, packets): (Congestion, u32),
) -> Result<QuicTransportConfig, BindError> {
    let idle = IdleTimeout::try_from(timings.idle).map_err(|error| BindError::Failed {
        cause: format!("idle time {:?}: {error}", timings.idle),
    })?;
    let stream = VarInt::from_u32(STREAM_WINDOW);
    Ok(QuicTransportConfig::builder()
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(stream)
        .receive_window(VarInt::from_u32(STRANGER_WINDOW))
        .send_window(SEND_WINDOW)
        .max_idle_timeout(Some(idle))
        .congestion_controller_factory(congestion.factory(packets))
        .build())
}

/// A library's error with what it was caused by, on one line.
pub(crate) fn cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = inner.source();
    }
    text
}

/// For errors without a source.
pub(crate) fn text(error: impl Display) -> String {
    error.to_string()
}
