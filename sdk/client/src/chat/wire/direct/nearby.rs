//! The local network: it is asked for records, and this device answers there (D10 of the engine).
//!
//! - **N1** A question goes to the multicast group [`GROUP`], [`PORT`], of each IPv4 network that this machine is in, and its answer to whoever asked. Neither
//!   leaves its network: their time to live is one hop.
//! - **N2** Every packet is [`PACKET`] bytes long, so that nobody has this device send more than they sent themselves. At most [`RATE`] are looked at in
//!   a second.
//! - **N3** A packet has a place of a record, and perhaps the record: random bytes for all but the two devices (E2 of the engine). Who watches the network
//!   learns that two addresses use this program and look for each other, as from the connection that they make then.
//! - **N4** Where there is no such network, or the port is not to be had, there is silence: relays are asked anyway.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use parlance_bimp::{PresenceKey, limits::MAX_PRESENCE as RECORD};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::UdpSocket, sync::mpsc};

use super::Heard;
use crate::chat::wire::Task;

/// Of those for use within a site (RFC 2365).
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 80, 76);
/// Nobody's by the registry of IANA.
pub(super) const PORT: u16 = 30_476;
/// What a packet begins with.
const TAG: &[u8; 15] = b"parlance/near/1";
const ASKS: u8 = 1;
const SHOWS: u8 = 2;
/// Tag, kind, place, record; a question has zeros for the record.
const PACKET: usize = TAG.len() + 1 + 32 + RECORD;
/// Packets that are looked at in a second.
const RATE: u32 = 50;
/// Between two looks at the machine's addresses.
const LOOK: Duration = Duration::from_secs(5);
/// After an error of a socket.
const PAUSE: Duration = Duration::from_millis(100);
/// Networks that are asked.
const NETWORKS: usize = 8;
/// What waits to be sent, or to be looked at.
const WAITING: usize = 64;

/// What a packet says.
#[derive(Debug, PartialEq, Eq)]
enum Packet {
    /// Who publishes there?
    Asks(PresenceKey),
    /// This lies there.
    Shows(PresenceKey, Vec<u8>),
}

enum Order {
    Ask(Vec<PresenceKey>),
    Show {
        to: SocketAddr,
        key: PresenceKey,
        record: Vec<u8>,
    },
}

/// The task that asks and answers. Dropped, it ends.
pub(super) struct Nearby {
    orders: mpsc::Sender<Order>,
    _task: Task,
}

impl Nearby {
    /// Runs on the tokio runtime that it is called in. `addresses` says where this machine is now.
    pub fn begin(
        addresses: impl Fn() -> Vec<SocketAddr> + Send + 'static,
        port: u16,
        out: mpsc::Sender<Heard>,
    ) -> Self {
        let (orders, queue) = mpsc::channel(WAITING);
        let task = tokio::spawn(run(addresses, port, queue, out));
        Self {
            orders,
            _task: Task(task),
        }
    }

    /// Asks all networks. What does not fit is not asked.
    pub fn ask(&self, keys: Vec<PresenceKey>) {
        let _ = self.orders.try_send(Order::Ask(keys));
    }

    /// Answers who has asked.
    pub fn show(&self, to: SocketAddr, key: PresenceKey, record: Vec<u8>) {
        let _ = self.orders.try_send(Order::Show { to, key, record });
    }
}

async fn run(
    addresses: impl Fn() -> Vec<SocketAddr>,
    port: u16,
    mut orders: mpsc::Receiver<Order>,
    out: mpsc::Sender<Heard>,
) {
    let (tell, mut packets) = mpsc::channel(WAITING);
    let mut networks = Networks {
        port,
        tell,
        known: Vec::new(),
        listens: None,
        asks: BTreeMap::new(),
    };
    let mut look = tokio::time::interval(LOOK);
    let mut budget = Budget::default();
    loop {
        tokio::select! {
            _ = look.tick() => networks.follow(&addresses()),
            order = orders.recv() => match order {
                Some(Order::Ask(keys)) => networks.ask(&keys).await,
                Some(Order::Show { to, key, record }) => networks.show(to, &key, &record).await,
                None => return,
            },
            Some((from, packet)) = packets.recv() => {
                if !budget.allows() || networks.is_own(from) {
                    continue;
                }
                let heard = match packet {
                    Packet::Asks(key) => Heard::Sought { from, key },
                    Packet::Shows(key, record) => Heard::Sighted { key, record },
                };
                if out.send(heard).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The networks that this machine is in.
struct Networks {
    port: u16,
    tell: mpsc::Sender<(SocketAddr, Packet)>,
    known: Vec<Ipv4Addr>,
    /// Where others ask.
    listens: Option<Ear>,
    /// Where this device asks, by its address there.
    asks: BTreeMap<Ipv4Addr, Ear>,
}

/// A socket that is read.
struct Ear {
    socket: Arc<UdpSocket>,
    _reads: Task,
}

impl Ear {
    fn new(socket: UdpSocket, tell: mpsc::Sender<(SocketAddr, Packet)>) -> Self {
        let socket = Arc::new(socket);
        let reads = tokio::spawn(listen(socket.clone(), tell));
        Self {
            socket,
            _reads: Task(reads),
        }
    }
}

impl Networks {
    /// Where the machine is changes.
    fn follow(&mut self, addresses: &[SocketAddr]) {
        // Programs on this machine are neighbours, too.
        let mut here = vec![Ipv4Addr::LOCALHOST];
        for address in addresses {
            if let IpAddr::V4(ip) = address.ip()
                && !here.contains(&ip)
                && here.len() < NETWORKS
            {
                here.push(ip);
            }
        }
        here.sort_unstable();
        if self.known == here && self.listens.is_some() {
            return;
        }
        // The one before has the memberships of networks that are gone.
        let listens = listens(self.port, &here);
        self.listens = listens.ok().map(|it| Ear::new(it, self.tell.clone()));
        self.asks.retain(|ip, _| here.contains(ip));
        for ip in &here {
            // The machine does not have the addresses at which others see it.
            if !self.asks.contains_key(ip)
                && let Ok(socket) = asks(*ip)
            {
                self.asks.insert(*ip, Ear::new(socket, self.tell.clone()));
            }
        }
        self.known = here;
    }

    async fn ask(&self, keys: &[PresenceKey]) {
        for key in keys {
            let packet = packet(ASKS, key, &[0; RECORD]);
            for asks in self.asks.values() {
                // A network that takes nothing is none (N4).
                let _ = asks.socket.send_to(&packet, (GROUP, self.port)).await;
            }
        }
    }

    async fn show(&self, to: SocketAddr, key: &PresenceKey, record: &[u8]) {
        if let (Some(listens), Ok(record)) = (&self.listens, record.try_into()) {
            let packet = packet(SHOWS, key, record);
            let _ = listens.socket.send_to(&packet, to).await;
        }
    }

    /// A group hears what its members say themselves.
    fn is_own(&self, from: SocketAddr) -> bool {
        let mut asks = self.asks.values();
        asks.any(|asks| asks.socket.local_addr().is_ok_and(|own| own == from))
    }
}

async fn listen(socket: Arc<UdpSocket>, tell: mpsc::Sender<(SocketAddr, Packet)>) {
    // One more, so that longer ones are seen as such.
    let mut buffer = [0; PACKET + 1];
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        if let Some(packet) = buffer.get(..length).and_then(read) {
            // What nobody has time for is not looked at.
            let _ = tell.try_send((from, packet));
        }
    }
}

/// A socket that hears what is asked in all networks.
fn listens(port: u16, here: &[Ipv4Addr]) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // For several programs on one machine.
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(target_os = "linux")))]
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    socket.set_ttl_v4(1)?;
    for ip in here {
        // Not every address is one of an interface that has groups.
        let _ = socket.join_multicast_v4(&GROUP, ip);
    }
    ready(socket)
}

/// A socket that asks in one network, and hears the answers.
fn asks(ip: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind(&SocketAddr::from((ip, 0)).into())?;
    socket.set_multicast_if_v4(&ip)?;
    socket.set_multicast_ttl_v4(1)?;
    socket.set_multicast_loop_v4(true)?;
    ready(socket)
}

fn ready(socket: Socket) -> io::Result<UdpSocket> {
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

fn packet(kind: u8, key: &PresenceKey, record: &[u8; RECORD]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(PACKET);
    packet.extend_from_slice(TAG);
    packet.push(kind);
    packet.extend_from_slice(&key.0);
    packet.extend_from_slice(record);
    packet
}

/// What a packet says; none for anything that is no packet.
fn read(bytes: &[u8]) -> Option<Packet> {
    let rest = bytes.strip_prefix(TAG)?;
    let (kind, rest) = rest.split_first()?;
    let (key, record) = rest.split_first_chunk::<32>()?;
    let key = PresenceKey(*key);
    match (*kind, record.len()) {
        (ASKS, RECORD) => Some(Packet::Asks(key)),
        (SHOWS, RECORD) => Some(Packet::Shows(key, record.to_vec())),
        _ => None,
    }
}

/// N2.
struct Budget {
    since: Instant,
    left: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            left: RATE,
        }
    }
}

impl Budget {
    fn allows(&mut self) -> bool {
        if self.since.elapsed() >= Duration::from_secs(1) {
            *self = Self::default();
        }
        let allows = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: PresenceKey = PresenceKey([7; 32]);
    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_question_is_as_long_as_an_answer_and_both_are_read_back() {
        let (asks, shows) = (
            packet(ASKS, &KEY, &[0; RECORD]),
            packet(SHOWS, &KEY, &[9; RECORD]),
        );
        assert_eq!((asks.len(), shows.len()), (PACKET, PACKET));
        assert_eq!(read(&asks), Some(Packet::Asks(KEY)));
        assert_eq!(read(&shows), Some(Packet::Shows(KEY, vec![9; RECORD])));
        let mut longer = shows.clone();
        longer.push(0);
        assert_eq!(read(&longer), None);
        assert_eq!(read(&shows[1..]), None);
        assert_eq!(read(&shows[..PACKET - 1]), None);
    }

    #[test]
    fn a_flood_is_looked_at_for_a_moment_only() {
        let mut budget = Budget::default();
        let looked_at = (0..10 * RATE).filter(|_| budget.allows()).count();
        assert!(looked_at as u32 <= 2 * RATE, "{looked_at}");
    }

    /// Three programs on this machine, over sockets.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_is_asked_for_hears_it_and_who_asks_gets_the_answer() {
        // A port that nobody has: all bind it again.
        let probe = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = probe.local_addr().unwrap().port();
        drop(probe);
        let begin = || {
            let (out, heard) = mpsc::channel(WAITING);
            (Nearby::begin(Vec::new, port, out), heard)
        };
        let ((anna, mut by_anna), (ben, mut by_ben), (_carl, mut by_carl)) =
            (begin(), begin(), begin());
        // Until all have their sockets.
        let story = async {
            let from = loop {
                anna.ask(vec![KEY]);
                let wait = tokio::time::sleep(Duration::from_millis(100));
                tokio::select! {
                    heard = by_ben.recv() => match heard.unwrap() {
                        Heard::Sought { from, key } if key == KEY => break from,
                        _ => panic!("something else"),
                    },
                    () = wait => {}
                }
            };
            ben.show(from, KEY, vec![9; RECORD]);
            match by_anna.recv().await.unwrap() {
                Heard::Sighted { key, record } => {
                    assert_eq!((key, record), (KEY, vec![9; RECORD]));
                }
                _ => panic!("something else"),
            }
            // Everybody hears the question, and nobody else the answer.
            match by_carl.recv().await.unwrap() {
                Heard::Sought { key, .. } => assert_eq!(key, KEY),
                _ => panic!("something else"),
            }
        };
        tokio::time::timeout(PATIENCE, story).await.unwrap();
        while let Ok(heard) = by_carl.try_recv() {
            assert!(matches!(heard, Heard::Sought { .. }));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            let mut tagged = TAG.to_vec();
            tagged.extend_from_slice(&bytes);
            let _ = (read(&bytes), read(&tagged));
        }
    }
}
