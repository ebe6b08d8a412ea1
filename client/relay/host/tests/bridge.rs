//! Devices that come over the bridge, at a relay in this process.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use codec::Encode;
use parlance_bimp::{
    Account, Answer, Authenticate, Authenticated, Binding, Bounded, Credential, EnvelopeView, List,
    Mailbox, MessageId, OfMailbox, Probe, Push, Reason, RelayId, Request, SendMessage, Settings,
    Subscribe,
};
use parlance_endpoint::{
    Channel, Client, Endpoint, Inbox, Options, Pushes, RelayAddress, SecretKey, Session, Timings,
};
use parlance_relay::{
    bridge::{self, Bridge, BridgeError},
    directory::StaticNetwork,
    gate::ConnectionLimits,
    service::{Parts, Service, Transport},
    storage::Store,
};
use parlance_relay_core::Config;
use serde_json::json;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::Ordering,
    time::Duration,
};
use tokio::sync::watch;

const GENESIS: [u8; 32] = [42; 32];
const PLACE: RelayId = RelayId([7; 32]);
const PATIENCE: Duration = Duration::from_secs(40);

fn relay_key() -> SecretKey {
    SecretKey::from_bytes(&[1; 32])
}

/// A relay, which ends with this.
struct Relay {
    service: Service,
    address: RelayAddress,
    _folder: tempfile::TempDir,
}

impl Relay {
    /// With accounts 1 to 9, each of one device whose key is its number.
    async fn start(limits: ConnectionLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hex = |bytes: [u8; 32]| hex::encode(bytes);
        let accounts = (1..10u8).map(|n| {
            let key = hex(*SecretKey::from_bytes(&[n; 32]).public().as_bytes());
            json!({ "id": hex([n; 32]), "devices": [{ "number": 0, "key": key }] })
        });
        let network = json!({
            "genesis": hex(GENESIS),
            "relays": [{
                "id": hex(PLACE.0), "key": hex(*relay_key().public().as_bytes()),
                "addresses": ["127.0.0.1:1"], "quality": 1,
            }],
            "accounts": accounts.collect::<Vec<_>>(),
            "tickets": "not checked",
        });
        let file = folder.path().join("network.json");
        std::fs::write(&file, network.to_string()).unwrap();
        let service = Service::start(Parts {
            key: relay_key(),
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            transport: Transport::default(),
            store: Store::open(&folder.path().join("data"), 64 << 20).unwrap(),
            directory: StaticNetwork::open(&file).unwrap(),
            config: Config::default(),
            limits,
        })
        .await
        .unwrap();
        let address = RelayAddress {
            relay: PLACE,
            key: relay_key().public(),
            addresses: service.addresses(),
        };
        Self {
            service,
            address,
            _folder: folder,
        }
    }

    fn bridge(&self) -> &Bridge {
        self.service.bridge()
    }

    /// The account `n` over QUIC.
    async fn by_quic(&self, n: u8) -> (Endpoint, Session) {
        let mut options = Options::dialling(SecretKey::generate());
        options.addresses = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let endpoint = Endpoint::bind(options).await.unwrap();
        let identity = Of(n);
        let session = Client::connect(&endpoint, &self.address, GENESIS, &identity).await;
        (endpoint, session.unwrap())
    }

    /// The account `n` over the bridge.
    async fn by_bridge(&self, n: u8) -> Session {
        self.stranger([n; 32]).await.enter(n).await
    }

    /// Somebody who has not said who they are, on a WebSocket of their own. What carries the bytes is two loops here, JSON-RPC elsewhere.
    async fn stranger(&self, challenge: [u8; 32]) -> Stranger {
        let caller = challenge[0].into();
        let mut session = self.bridge().open(caller, &challenge).await.unwrap();
        let (binding, share) = (session.binding, session.share);
        let relays = session.inbox.clone();
        let (channel, inbox, mut frames) = Channel::bridged(binding.exporter, 1 << 20);
        tokio::spawn(async move {
            while let Some(frame) = frames.next().await {
                if session.inbox.put(&frame).await.is_err() {
                    break;
                }
            }
            session.inbox.end();
        });
        let (reads, mut reading) = watch::channel(true);
        tokio::spawn(async move {
            let _held = share;
            while let Some(frame) = session.frames.next().await {
                // It reads when nobody can say otherwise any more.
                let _ = reading.wait_for(|reads| *reads).await;
                if inbox.put(&frame).await.is_err() {
                    break;
                }
            }
            inbox.end();
        });
        let (client, pushes) = Client::over(channel, Settings::default(), Timings::default());
        Stranger {
            client,
            pushes,
            binding,
            relays,
            reads,
        }
    }

    fn figure(&self, name: &str) -> u64 {
        let figures = self.service.figures();
        let figure = match name {
            "bridged" => &figures.bridged_connections,
            "refused" => &figures.refused_connections,
            "credentials" => &figures.refused_credentials,
            "violations" => &figures.violations,
            other => panic!("{other}"),
        };
        figure.load(Ordering::Relaxed)
    }
}

/// Somebody on the bridge.
struct Stranger {
    client: Client,
    pushes: Pushes,
    binding: Binding,
    /// What the relay reads from.
    relays: Inbox,
    /// Whether it reads what the relay says.
    reads: watch::Sender<bool>,
}

impl Stranger {
    /// Says that it is the account `n`, and always reads from then on.
    async fn enter(self, n: u8) -> Session {
        match authenticate(&self.client, n, &self.binding).await {
            Answer::Authenticate(welcome) => Session {
                client: self.client,
                pushes: self.pushes,
                welcome,
            },
            other => panic!("{other:?}"),
        }
    }
}

/// The account of that number.
struct Of(u8);

impl parlance_endpoint::Identity for Of {
    fn credential(&self) -> Credential {
        Credential::Device {
            account: Account([self.0; 32]),
            device: 0,
        }
    }

    fn sign(&self, statement: &[u8]) -> [u8; 64] {
        SecretKey::from_bytes(&[self.0; 32])
            .sign(statement)
            .to_bytes()
    }
}

async fn authenticate(client: &Client, n: u8, binding: &Binding) -> Answer {
    use parlance_endpoint::Identity;
    let credential = Of(n).credential();
    let signature = Of(n).sign(&credential.statement(binding));
    let request = Request::Authenticate(Authenticate {
        credential,
        signature,
    });
    client.request(request).await.unwrap()
}

fn mailbox(n: u8) -> Mailbox {
    Mailbox::of(&Account([n; 32]), 0)
}

fn envelope(to: u8, number: u64, size: usize) -> (Request, MessageId) {
    let mut bytes = vec![1];
    bytes.extend(mailbox(to).0);
    b"ticket".to_vec().encode_to(&mut bytes);
    let mut sealed = vec![0; size];
    sealed[..8].copy_from_slice(&number.to_le_bytes());
    sealed.encode_to(&mut bytes);
    let id = EnvelopeView::parse(&bytes).unwrap().id();
    let envelope = Bounded::new(bytes).unwrap();
    (Request::Send(SendMessage { envelope, keep: 0 }), id)
}

async fn subscribe(session: &Session, n: u8) {
    let mailbox = mailbox(n);
    let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
    let answer = session.client.request(subscribe).await;
    assert!(matches!(answer, Ok(Answer::Subscribe(_))), "{answer:?}");
}

/// Sends until it is accepted: memory may be scarce for a moment.
async fn send(from: &Session, to: u8, number: u64, size: usize) -> MessageId {
    let (request, id) = envelope(to, number, size);
    loop {
        match from.client.request(request.clone()).await.unwrap() {
            Answer::Send(_) => return id,
            Answer::Refused(refusal) if refusal.reason == Reason::TooFast => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn exchange(from: &Session, to: &mut Session, n: u8, number: u64, size: usize) {
    let id = send(from, n, number, size).await;
    let push = tokio::time::timeout(PATIENCE, to.pushes.next()).await;
    match push.unwrap().unwrap() {
        Push::Deliver(message) => assert_eq!(message.id, id),
        other => panic!("{other:?}"),
    }
    let ids = List::new(vec![id]).unwrap();
    let mailbox = mailbox(n);
    let acknowledge = Request::Acknowledge(OfMailbox { mailbox, ids });
    let answer = to.client.request(acknowledge).await.unwrap();
    assert!(matches!(answer, Answer::Acknowledge(_)), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_over_the_bridge_and_one_over_quic_write_to_each_other() {
    let relay = Relay::start(ConnectionLimits::default()).await;
    let (_endpoint, mut anna) = relay.by_quic(1).await;
    let mut ben = relay.by_bridge(2).await;
    let Authenticated { clock, retention } = ben.welcome;
    assert!(clock > 0 && retention == anna.welcome.retention);
    subscribe(&anna, 1).await;
    subscribe(&ben, 2).await;
    for number in 0..50 {
        // Of all sizes, up to what no window of a device holds at once.
        let size = [512, 4_096, 65_536][usize::try_from(number % 3).unwrap()];
        exchange(&anna, &mut ben, 2, number, size).await;
        exchange(&ben, &mut anna, 1, number, size).await;
    }
    assert_eq!(relay.figure("bridged"), 1);
    drop(anna);
    relay.service.stop().await.unwrap();
    let end = tokio::time::timeout(PATIENCE, ben.client.closed()).await;
    assert!(end.is_ok(), "who came over the bridge is not told");
}

/// O1, B2.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_is_good_for_its_challenge_alone() {
    let relay = Relay::start(ConnectionLimits::default()).await;
    let binding = relay.stranger([1; 32]).await.binding;
    let wrong = [
        Binding::bridged(GENESIS, &[2; 32], PLACE),
        // The challenge itself, as if it were an exporter value.
        Binding {
            exporter: [1; 32],
            ..binding
        },
        Binding {
            relay: RelayId([9; 32]),
            ..binding
        },
    ];
    for binding in &wrong {
        let stranger = relay.stranger([1; 32]).await;
        match authenticate(&stranger.client, 1, binding).await {
            Answer::Refused(refusal) => assert_eq!(refusal.reason, Reason::BadCredentials),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(relay.figure("credentials"), wrong.len() as u64);
    relay.stranger([1; 32]).await.enter(1).await;
}

/// B3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_relay_authenticates_over_the_bridge() {
    let relay = Relay::start(ConnectionLimits::default()).await;
    let Stranger {
        client, binding, ..
    } = &relay.stranger([1; 32]).await;
    let credential = Credential::Relay { relay: PLACE };
    let signature = relay_key().sign(&credential.statement(binding)).to_bytes();
    let request = Request::Authenticate(Authenticate {
        credential,
        signature,
    });
    match client.request(request).await.unwrap() {
        Answer::Refused(refusal) => assert_eq!(refusal.reason, Reason::BadCredentials),
        other => panic!("{other:?}"),
    }
}

/// B1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_few_places_on_the_bridge_and_they_come_back() {
    let relay = Relay::start(ConnectionLimits {
        bridged: 2,
        ..ConnectionLimits::default()
    })
    .await;
    let first = relay.by_bridge(1).await;
    let _second = relay.by_bridge(2).await;
    let third = relay.bridge().open(3, &[3; 32]).await;
    assert_eq!(third.map(|_| ()), Err(BridgeError::Full));
    assert_eq!(relay.figure("refused"), 1);
    // Of all, not of these.
    let (_endpoint, _anna) = relay.by_quic(4).await;
    drop(first);
    let free = async {
        while relay.bridge().open(3, &[3; 32]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, free).await.unwrap();
}

/// B6.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_caller_cannot_keep_all_places_from_others() {
    let relay = Relay::start(ConnectionLimits {
        bridged: 4,
        ..ConnectionLimits::default()
    })
    .await;
    let open = |caller: u64, n: u8| {
        let bridge = relay.bridge().clone();
        async move { bridge.open(caller, &[n; 32]).await }
    };
    let mut greedy = Vec::new();
    for n in 0..4 {
        greedy.push(open(1, n).await.unwrap());
    }
    // It gets no more by asking for more.
    assert_eq!(open(1, 4).await.map(|_| ()), Err(BridgeError::Full));
    let lost = |greedy: &[bridge::Session]| -> Vec<bool> {
        greedy.iter().map(|it| it.share.is_lost()).collect()
    };
    assert_eq!(lost(&greedy), [false; 4]);
    // Another one gets half, of the youngest; and these are told.
    let first = open(2, 5).await.unwrap();
    assert_eq!(lost(&greedy), [false, false, false, true]);
    let second = open(2, 6).await.unwrap();
    assert_eq!(lost(&greedy), [false, false, true, true]);
    assert!(!first.share.is_lost() && !second.share.is_lost());
    for session in &greedy[2..] {
        let ended = session.inbox.ended();
        tokio::time::timeout(PATIENCE, ended).await.unwrap();
    }
    assert_eq!(open(2, 7).await.map(|_| ()), Err(BridgeError::Full));
    // Who comes third takes from one that has two; then each has one, and the fifth finds no room.
    let third = open(3, 8).await.unwrap();
    let fourth = open(4, 9).await.unwrap();
    assert_eq!(open(5, 10).await.map(|_| ()), Err(BridgeError::Full));
    assert!(!third.share.is_lost() && !fourth.share.is_lost());
    assert!(!greedy[0].share.is_lost() && !first.share.is_lost());
    // A place that is given back is anybody's.
    drop(greedy);
    let free = async {
        while open(2, 11).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, free).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_ends_its_own_session_and_no_other() {
    let relay = Relay::start(ConnectionLimits::default()).await;
    let (_endpoint, anna) = relay.by_quic(1).await;
    let mut ben = relay.by_bridge(2).await;
    subscribe(&ben, 2).await;
    for garbage in [
        vec![0; 64],
        vec![255; 64],
        // A frame longer than any.
        (1u32 << 31).to_le_bytes().to_vec(),
        // A request before hello.
        [vec![14, 0, 0, 0, 0x24, 0x10, 1, 0, 0, 0], vec![0; 8]].concat(),
    ] {
        let mut session = relay.bridge().open(3, &[3; 32]).await.unwrap();
        let hello = tokio::time::timeout(PATIENCE, session.frames.next()).await;
        assert!(hello.unwrap().is_some());
        // It may have ended before all of it was taken.
        let _ = session.inbox.put(&garbage).await;
        let ended = async {
            while session.frames.next().await.is_some() {}
            session.inbox.ended().await;
        };
        tokio::time::timeout(PATIENCE, ended).await.unwrap();
    }
    assert_eq!(relay.figure("violations"), 4);
    exchange(&anna, &mut ben, 2, 1, 512).await;
}

/// N1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_faster_than_its_rate_waits() {
    let relay = Relay::start(ConnectionLimits {
        device_requests: 100,
        ..ConnectionLimits::default()
    })
    .await;
    let ben = relay.by_bridge(2).await;
    let began = std::time::Instant::now();
    for number in 0..400 {
        let probe = Request::Probe(Probe { number });
        let answer = ben.client.request_within(probe, PATIENCE).await;
        assert!(matches!(answer, Ok(Answer::Probe(_))), "{answer:?}");
    }
    // Two hundred at once, the others at a hundred a second; with room for a clock that is not exact.
    assert!(began.elapsed() > Duration::from_millis(1_500));
}

/// N4: hardly any memory is left, so that it goes fast.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_nothing_is_cut_off_and_nobody_else() {
    let relay = Relay::start(ConnectionLimits {
        budget_mib: 0,
        ..ConnectionLimits::default()
    })
    .await;
    let (_endpoint, anna) = relay.by_quic(1).await;
    let mut ben = relay.by_bridge(2).await;
    subscribe(&ben, 2).await;
    let carl = relay.stranger([3; 32]).await;
    let (relays, reads) = (carl.relays.clone(), carl.reads.clone());
    let carl = carl.enter(3).await;
    subscribe(&carl, 3).await;
    reads.send_replace(false);
    for number in 0..200 {
        send(&anna, 3, number, 2_048).await;
    }
    exchange(&anna, &mut ben, 2, 1, 512).await;
    let end = tokio::time::timeout(PATIENCE, relays.ended()).await;
    assert!(end.is_ok(), "it is still there");
    exchange(&anna, &mut ben, 2, 2, 512).await;
}
