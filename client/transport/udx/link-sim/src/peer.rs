//! One end of a connection: the library's endpoint and connection, and an application that sends or receives
//! without end.

use std::{
    net::{Ipv6Addr, SocketAddr},
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use noq_proto::{
    ClientConfig, Connection, ConnectionHandle, DatagramEvent, Dir, Endpoint, EndpointConfig,
    Event, FourTuple, PathId, ServerConfig, StreamEvent, StreamId, Transmit, TransportConfig,
    VarInt,
    rustls::{
        RootCertStore,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};
use parlance_udx::{PhaseName, noq::UdxController};

use crate::{SimulationError, contender::Contender};

/// Datagrams that the library may hand out at once, as its own runtime lets it.
const BATCH: NonZeroUsize = NonZeroUsize::new(10).expect("ten is not zero");
/// Room for what is sent and not acknowledged, and for what arrives: never what bounds a transfer.
const WINDOW: u32 = 64 * 1024 * 1024;
static CONTENT: [u8; 64 * 1024] = [0; 64 * 1024];

/// How soon the library takes a packet for lost.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// Packets acknowledged behind it.
    pub packets: u32,
    /// Time, in round trips.
    pub time: f32,
}

impl Thresholds {
    /// RFC 9002 §6.1, and the library's default.
    pub const STANDARD: Self = Self {
        packets: 3,
        time: 9.0 / 8.0,
    };
    /// For paths on which packets overtake each other: a packet is lost when 200 behind it have arrived, or after three round trips. The
    /// library's round trip is that of packets that arrived before all sent later, on such a path the fastest.
    pub const REORDERING: Self = Self {
        packets: 200,
        time: 3.0,
    };
}

/// Keys and settings of a pair of peers.
#[derive(Debug)]
pub struct Settings {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    thresholds: Thresholds,
}

impl Settings {
    /// With fresh keys. Ed25519, because its signatures have one length, so that every run's handshake has the same bytes.
    pub fn new(thresholds: Thresholds) -> Result<Self, SimulationError> {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
        let mut parameters = rcgen::CertificateParams::new(vec![SERVER_NAME.to_owned()])?;
        parameters.serial_number = Some(rcgen::SerialNumber::from(1u64));
        let certificate = parameters.self_signed(&key)?.der().clone();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(Self {
            certificate,
            key,
            thresholds,
        })
    }

    fn transport(&self, contender: Contender) -> Arc<TransportConfig> {
        let mut transport = TransportConfig::default();
        transport
            .congestion_controller_factory(contender.factory())
            .packet_threshold(self.thresholds.packets)
            .time_threshold(self.thresholds.time)
            .send_window(WINDOW.into())
            .stream_receive_window(VarInt::from_u32(WINDOW))
            .receive_window(VarInt::from_u32(WINDOW));
        Arc::new(transport)
    }
}

const SERVER_NAME: &str = "receiver.parlance.example";

/// What the sender's controller shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Glance {
    /// Congestion window in bytes.
    pub window: u64,
    /// The round trip without a queue as UDX sees it.
    pub base_rtt: Option<Duration>,
    /// UDX's phase.
    pub phase: Option<PhaseName>,
    /// Packets taken for lost so far.
    pub lost: u64,
}

/// One end.
#[derive(Debug)]
pub struct Peer {
    endpoint: Endpoint,
    connection: Option<(ConnectionHandle, Connection)>,
    /// Where its datagrams come from.
    other: SocketAddr,
    role: Role,
    /// Bytes of the stream that arrived, each counted once.
    pub received: u64,
    /// The earliest wake-up that the simulation already has.
    pub armed: Option<Duration>,
}

#[derive(Debug)]
enum Role {
    Sender { stream: Option<StreamId> },
    Receiver { stream: Option<StreamId> },
}

/// Both ends of a flow; the sender's connection begins at `now`.
pub fn pair(
    settings: &Settings,
    contender: Contender,
    seed: u64,
    now: Instant,
) -> Result<(Peer, Peer), SimulationError> {
    let transport = settings.transport(contender);
    let mut roots = RootCertStore::empty();
    roots.add(settings.certificate.clone())?;
    let mut client = ClientConfig::with_root_certificates(Arc::new(roots))
        .map_err(|error| SimulationError::Verifier(error.to_string()))?;
    client.transport_config(transport.clone());
    let mut server = ServerConfig::with_single_cert(
        vec![settings.certificate.clone()],
        settings.key.clone_key(),
    )?;
    server.transport_config(transport);
    let addresses = [1, 2].map(|port| SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port));

    let mut sender = Endpoint::new(endpoint_config(seed, 1), None, true);
    let connection = sender.connect(now, client, addresses[1], SERVER_NAME)?;
    let receiver = Endpoint::new(endpoint_config(seed, 2), Some(Arc::new(server)), true);
    let peer = |endpoint, connection, other, role| Peer {
        endpoint,
        connection,
        other,
        role,
        received: 0,
        armed: None,
    };
    Ok((
        peer(
            sender,
            Some(connection),
            addresses[1],
            Role::Sender { stream: None },
        ),
        peer(
            receiver,
            None,
            addresses[0],
            Role::Receiver { stream: None },
        ),
    ))
}

fn endpoint_config(seed: u64, side: u8) -> Arc<EndpointConfig> {
    let mut bytes = [side; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut config = EndpointConfig::default();
    config.rng_seed(Some(bytes));
    Arc::new(config)
}

impl Peer {
    /// A datagram has arrived. Answers that belong to no connection go to `out`.
    pub fn receive(&mut self, now: Instant, data: &[u8], out: &mut Vec<Vec<u8>>) {
        let mut buffer = Vec::new();
        let path = FourTuple::from_remote(self.other);
        let event = self
            .endpoint
            .handle(now, path, None, BytesMut::from(data), &mut buffer);
        match event {
            None => {}
            Some(DatagramEvent::NewConnection(incoming)) => {
                match self.endpoint.accept(incoming, now, &mut buffer, None) {
                    Ok(connection) => self.connection = Some(connection),
                    Err(error) => {
                        if let Some(response) = error.response {
                            split(&response, &buffer, out);
                        }
                    }
                }
            }
            Some(DatagramEvent::ConnectionEvent(_, event)) => {
                if let Some((_, connection)) = &mut self.connection {
                    connection.handle_event(event);
                }
            }
            Some(DatagramEvent::Response(response)) => split(&response, &buffer, out),
        }
    }

    /// Lets the connection and the application do what there is to do. Returns the connection's end, if it ended.
    pub fn drive(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) -> Option<String> {
        let (handle, connection) = self.connection.as_mut()?;
        let mut ended = None;
        if connection.poll_timeout().is_some_and(|due| due <= now) {
            connection.handle_timeout(now);
        }
        loop {
            while let Some(event) = connection.poll_endpoint_events() {
                if let Some(answer) = self.endpoint.handle_event(*handle, event) {
                    connection.handle_event(answer);
                }
            }
            while let Some(event) = connection.poll() {
                match (event, &mut self.role) {
                    (Event::Connected, Role::Sender { stream }) => {
                        *stream = connection.streams().open(Dir::Uni);
                    }
                    (
                        Event::Stream(StreamEvent::Opened { dir: Dir::Uni }),
                        Role::Receiver { stream },
                    ) => *stream = connection.streams().accept(Dir::Uni),
                    (Event::ConnectionLost { reason }, _) => ended = Some(reason.to_string()),
                    _ => {}
                }
            }
            match self.role {
                Role::Sender { stream: Some(id) } => write(connection, id),
                Role::Receiver { stream: Some(id) } => {
                    self.received += read(connection, id);
                }
                _ => {}
            }
            let mut sent = false;
            let mut buffer = Vec::new();
            while let Some(transmit) = connection.poll_transmit(now, BATCH, &mut buffer) {
                split(&transmit, &buffer, out);
                buffer.clear();
                sent = true;
            }
            if !sent {
                return ended;
            }
        }
    }

    /// When the connection wants to be driven again.
    pub fn next_wake(&self) -> Option<Instant> {
        self.connection.as_ref()?.1.poll_timeout()
    }

    /// What the controller shows.
    pub fn glance(&mut self) -> Glance {
        let Some((_, connection)) = &mut self.connection else {
            return Glance::default();
        };
        let lost = connection
            .path_stats(PathId::ZERO)
            .map_or(0, |stats| stats.lost_packets);
        let Some(controller) = connection.congestion_state(PathId::ZERO) else {
            return Glance::default();
        };
        let window = controller.window();
        let udx = controller
            .clone_box()
            .into_any()
            .downcast::<UdxController>()
            .ok();
        Glance {
            window,
            base_rtt: udx.as_ref().and_then(|udx| udx.core().base_rtt()),
            phase: udx.as_ref().map(|udx| udx.core().phase()),
            lost,
        }
    }
}

fn write(connection: &mut Connection, id: StreamId) {
    let mut stream = connection.send_stream(id);
    loop {
        let mut chunks = [Bytes::from_static(&CONTENT)];
        if stream.write_chunks(&mut &mut chunks[..]).is_err() {
            return;
        }
    }
}

fn read(connection: &mut Connection, id: StreamId) -> u64 {
    let mut bytes = 0;
    let mut stream = connection.recv_stream(id);
    if let Ok(mut chunks) = stream.read(false) {
        while let Ok(Some(chunk)) = chunks.next(usize::MAX) {
            bytes += chunk.bytes.len() as u64;
        }
        let _ = chunks.finalize();
    }
    bytes
}

fn split(transmit: &Transmit, buffer: &[u8], out: &mut Vec<Vec<u8>>) {
    let content = &buffer[..transmit.size];
    let size = transmit.segment_size.unwrap_or(transmit.size).max(1);
    out.extend(content.chunks(size).map(<[u8]>::to_vec));
}
