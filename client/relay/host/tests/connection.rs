//! Connections to a relay in this process whose records can be slow, and can break.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use codec::Encode;
use parlance_bimp::{
    Account, Answer, Bounded, Credential, DeviceNumber, EnvelopeView, ExtendRetention, List,
    Mailbox, MessageId, OfMailbox, Push, Receipt, RelayId, Request, SendMessage, Subscribe,
};
use parlance_endpoint::{Client, Endpoint, Options, RelayAddress, SecretKey, Session};
use parlance_relay::{
    connection::LOOKS,
    directory::{
        Charge, Delivered, DeviceName, DeviceRecord, Directory, Judgement, Question, RelayRecord,
        StaticNetwork,
    },
    gate::ConnectionLimits,
    service::{Parts, Service, Transport},
    storage::Store,
};
use parlance_relay_core::{Config, Owner};
use serde_json::json;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

const GENESIS: [u8; 32] = [42; 32];
const PLACE: RelayId = RelayId([7; 32]);
const PATIENCE: Duration = Duration::from_secs(40);

/// The records of a file, some of which take a look that lasts until it is let go on.
struct Slow {
    records: Arc<StaticNetwork>,
    unknown: Mutex<BTreeSet<Account>>,
    goes_on: Mutex<bool>,
    told: Condvar,
    looking: AtomicUsize,
    most_looking: AtomicUsize,
    breaks: AtomicBool,
    delivered: Mutex<Vec<(Account, Delivered)>>,
}

impl Slow {
    fn over(records: Arc<StaticNetwork>, unknown: impl IntoIterator<Item = u8>) -> Arc<Self> {
        let unknown = unknown.into_iter().map(|n| Account([n; 32]));
        Arc::new(Self {
            records,
            unknown: Mutex::new(unknown.collect()),
            goes_on: Mutex::new(false),
            told: Condvar::new(),
            looking: AtomicUsize::new(0),
            most_looking: AtomicUsize::new(0),
            breaks: AtomicBool::new(false),
            delivered: Mutex::default(),
        })
    }

    fn go_on(&self) {
        *self.goes_on.lock().unwrap() = true;
        self.told.notify_all();
    }

    fn delivered(&self) -> Vec<(Account, Delivered)> {
        self.delivered.lock().unwrap().clone()
    }
}

impl Directory for Slow {
    fn genesis(&self) -> [u8; 32] {
        self.records.genesis()
    }

    fn is_known(&self, question: &Question) -> bool {
        match question {
            Question::Account(account) => !self.unknown.lock().unwrap().contains(account),
            Question::Sender { .. } => true,
        }
    }

    fn look_up(&self, question: &Question) {
        let now = self.looking.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_looking.fetch_max(now, Ordering::SeqCst);
        let waits = self.goes_on.lock().unwrap();
        let waited = self
            .told
            .wait_timeout_while(waits, PATIENCE, |goes_on| !*goes_on);
        assert!(!waited.unwrap().1.timed_out());
        if let Question::Account(account) = question {
            self.unknown.lock().unwrap().remove(account);
        }
        self.looking.fetch_sub(1, Ordering::SeqCst);
    }

    fn relays(&self) -> Vec<RelayRecord> {
        self.records.relays()
    }

    fn relay(&self, relay: &RelayId) -> Option<RelayRecord> {
        self.records.relay(relay)
    }

    fn device(&self, account: &Account, device: DeviceNumber) -> Option<DeviceRecord> {
        let is_known = self.is_known(&Question::Account(*account));
        assert!(is_known, "this is a look on a thread that serves others");
        self.records.device(account, device)
    }

    fn take_owners(&self) -> Vec<(Mailbox, Owner)> {
        self.records.take_owners()
    }

    fn judge(&self, sender: &DeviceName, envelope: &EnvelopeView<'_>) -> Judgement {
        assert!(!self.breaks.load(Ordering::SeqCst), "a fault of this test");
        self.records.judge(sender, envelope)
    }

    fn give_back(&self, _: &DeviceName, _: &Charge) {}

    fn note_delivered(&self, recipient: &DeviceName, delivered: Delivered) {
        let mut all = self.delivered.lock().unwrap();
        all.push((recipient.account, delivered));
    }

    fn take_receipt(&self, _: &DeviceName, _: Receipt) {}

    fn changes(&self) -> watch::Receiver<u64> {
        self.records.changes()
    }
}

fn relay_key() -> SecretKey {
    SecretKey::from_bytes(&[1; 32])
}

/// A relay, which ends with this.
struct Relay {
    service: Service,
    directory: Arc<Slow>,
    address: RelayAddress,
    _folder: tempfile::TempDir,
}

impl Relay {
    /// With accounts 1 to 9, each of one device whose key is its number. Some are looked up first.
    async fn start(unknown: impl IntoIterator<Item = u8>) -> Self {
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
        let directory = Slow::over(StaticNetwork::open(&file).unwrap(), unknown);
        let service = Service::start(Parts {
            key: relay_key(),
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
            transport: Transport::default(),
            store: Store::open(&folder.path().join("data"), 64 << 20).unwrap(),
            directory: directory.clone(),
            config: Config::default(),
            limits: ConnectionLimits::default(),
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
            directory,
            address,
            _folder: folder,
        }
    }

    /// Whether the core knows of so many connections, sooner or later.
    async fn has_connections(&self, count: usize) {
        let line = format!("\nparlance_relay_connections {count}\n");
        until("the core knows of others", || {
            self.service.figures().text().contains(&line)
        })
        .await;
    }
}

/// The account `n`.
async fn connect(address: RelayAddress, n: u8) -> (Endpoint, Session) {
    let mut options = Options::dialling(SecretKey::generate());
    options.addresses = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    options.timings.connect = PATIENCE;
    let endpoint = Endpoint::bind(options).await.unwrap();
    let session = Client::connect(&endpoint, &address, GENESIS, &Of(n)).await;
    (endpoint, session.unwrap())
}

async fn until(what: &str, there: impl Fn() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
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

fn mailbox(n: u8) -> Mailbox {
    Mailbox::of(&Account([n; 32]), 0)
}

fn message(to: u8, number: u64) -> Request {
    let mut bytes = vec![1];
    bytes.extend(mailbox(to).0);
    b"ticket".to_vec().encode_to(&mut bytes);
    let mut sealed = vec![0; 512];
    sealed[..8].copy_from_slice(&number.to_le_bytes());
    sealed.encode_to(&mut bytes);
    let envelope = Bounded::new(bytes).unwrap();
    Request::Send(SendMessage { envelope, keep: 0 })
}

async fn subscribe(session: &Session, n: u8) {
    let mailbox = mailbox(n);
    let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
    let answer = session.client.request(subscribe).await;
    assert!(matches!(answer, Ok(Answer::Subscribe(_))), "{answer:?}");
}

/// N6. There is one thread for everybody here, so a look that were taken on it would be the end of the test.
#[tokio::test]
async fn who_is_looked_up_waits_and_nobody_else_does() {
    let unknown = 2..=8;
    let relay = Relay::start(unknown.clone()).await;
    let strangers: Vec<_> = unknown
        .map(|n| tokio::spawn(connect(relay.address.clone(), n)))
        .collect();
    assert!(strangers.len() > LOOKS);
    let looking = || relay.directory.looking.load(Ordering::SeqCst);
    until("nobody is looked up", || looking() == LOOKS).await;
    let (_endpoint, session) = connect(relay.address.clone(), 1).await;
    subscribe(&session, 1).await;
    let answer = session.client.request(message(1, 1)).await;
    assert!(matches!(answer, Ok(Answer::Send(_))), "{answer:?}");
    relay.directory.go_on();
    let mut there = Vec::new();
    for stranger in strangers {
        there.push(stranger.await.unwrap());
    }
    let most = relay.directory.most_looking.load(Ordering::SeqCst);
    assert_eq!(most, LOOKS, "looks have few places");
    relay.has_connections(there.len() + 1).await;
}

/// N1: one frame can have hundreds of entries changed, here and at four other relays.
#[tokio::test]
async fn who_has_much_done_waits_as_for_many_frames() {
    let relay = Relay::start([]).await;
    let (_endpoint, session) = connect(relay.address.clone(), 1).await;
    let ids = (0..250).map(|n| MessageId([n; 32])).collect();
    let extend = Request::ExtendRetention(ExtendRetention {
        which: OfMailbox {
            mailbox: mailbox(1),
            ids: List::new(ids).unwrap(),
        },
        until: u64::MAX,
    });
    let began = Instant::now();
    for _ in 0..6 {
        let answer = session
            .client
            .request_within(extend.clone(), PATIENCE)
            .await;
        assert!(
            matches!(answer, Ok(Answer::ExtendRetention(_))),
            "{answer:?}"
        );
    }
    // A thousand frames at once, and five hundred in a second: the sixth is read when five are paid.
    assert!(began.elapsed() > Duration::from_millis(300));
}

/// N8: otherwise whoever finds a fault fills the core with connections that are nowhere.
#[tokio::test]
async fn a_connection_that_breaks_is_gone_everywhere() {
    let relay = Relay::start([]).await;
    let (_endpoint, session) = connect(relay.address.clone(), 1).await;
    subscribe(&session, 1).await;
    relay.has_connections(1).await;
    relay.directory.breaks.store(true, Ordering::SeqCst);
    assert!(session.client.request(message(2, 1)).await.is_err());
    relay.has_connections(0).await;
    // Nobody else notices.
    relay.directory.breaks.store(false, Ordering::SeqCst);
    let (_endpoint, session) = connect(relay.address.clone(), 1).await;
    let answer = session.client.request(message(2, 1)).await;
    assert!(matches!(answer, Ok(Answer::Send(_))), "{answer:?}");
}

/// N7.
#[tokio::test]
async fn what_was_pushed_and_acknowledged_is_told_once() {
    let relay = Relay::start([]).await;
    let (_one, anna) = connect(relay.address.clone(), 1).await;
    let (_other, mut ben) = connect(relay.address.clone(), 2).await;
    subscribe(&ben, 2).await;
    let (mut ids, mut bytes) = (Vec::new(), 0);
    for number in 0..3 {
        let answer = anna.client.request(message(2, number)).await;
        assert!(matches!(answer, Ok(Answer::Send(_))), "{answer:?}");
        let push = tokio::time::timeout(PATIENCE, ben.pushes.next()).await;
        match push.unwrap().unwrap() {
            Push::Deliver(message) => {
                ids.push(message.id);
                bytes += message.message.as_slice().len() as u64;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(relay.directory.delivered().is_empty());
    for _ in 0..2 {
        let acknowledge = Request::Acknowledge(OfMailbox {
            mailbox: mailbox(2),
            ids: List::new(ids.clone()).unwrap(),
        });
        let answer = ben.client.request(acknowledge).await;
        assert!(matches!(answer, Ok(Answer::Acknowledge(_))), "{answer:?}");
        // Whatever the core had to say of it is said before the answer to this.
        subscribe(&ben, 2).await;
    }
    let sums = Delivered {
        direct: bytes,
        fanned: 0,
    };
    assert_eq!(relay.directory.delivered(), [(Account([2; 32]), sums)]);
}
