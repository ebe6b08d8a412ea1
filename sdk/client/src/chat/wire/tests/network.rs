//! Two people over five relays as they run, with their disks and sockets.

use std::{
    future::Future,
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use parlance_bimp::Account;
use parlance_e2ee::{Body, Text, content::WrittenText};
use parlance_endpoint::SecretKey;
use parlance_messenger::{Command, ContentId, Event};
use parlance_primitives::Hash;
use parlance_relay::{
    directory::StaticNetwork,
    gate::ConnectionLimits,
    service::{Parts, Service, Transport},
    storage::Store,
};
use parlance_relay_core::Config;
use serde_json::{Value, json};

use super::relay::{loopback, place, row};
use crate::{
    chat::{Host, RelayWire, Told, tests::vault},
    encryption::number_of,
    identity::testing::World,
    light::Light,
    node::{Node, NodeError},
    vault::Vault,
};

const RELAYS: u8 = 5;
const PATIENCE: Duration = Duration::from_secs(60);

fn hexed(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// A node with identities and relays.
pub(super) struct Chain {
    world: Arc<World>,
    rows: Mutex<Vec<Value>>,
    away: AtomicBool,
}

#[derive(Clone)]
pub(super) struct Asked(Arc<Chain>);

impl Node for Asked {
    fn request(
        &self,
        method: &'static str,
        params: Vec<Value>,
    ) -> impl Future<Output = Result<Value, NodeError>> + Send {
        let chain = self.0.clone();
        async move {
            if chain.away.load(Ordering::SeqCst) {
                let cause = "away".into();
                return Err(NodeError::Silent { method, cause });
            }
            match method {
                "parlance_relays" => Ok(Value::Array(chain.rows.lock().unwrap().clone())),
                "parlance_relaySets" => {
                    let ids = chain.rows.lock().unwrap().clone();
                    let ids: Vec<_> = ids.iter().take(3).map(|row| row["id"].clone()).collect();
                    Ok(json!({
                        "period": 1, "ends": 1_000, "ingress": ids, "mailbox": [], "cap": "0",
                    }))
                }
                "chain_getHeader" => Ok(json!({"number": "0x1"})),
                "chain_getBlockHash" if params.is_empty() => Ok(json!(Hash::zero())),
                _ => chain.world.request(method, params).await,
            }
        }
    }
}

pub(super) fn account_of(vault: &Vault) -> Account {
    let account = vault.account().unwrap();
    Account(*AsRef::<[u8; 32]>::as_ref(&account))
}

/// Somebody's record, as relays read it.
fn record_of(vault: &Vault) -> Value {
    let device = vault.device().unwrap();
    let (number, key) = (number_of(device.id()), device.keys().signing.0);
    json!({
        "id": hexed(&account_of(vault).0),
        "devices": [{"number": number, "key": hexed(&key)}],
    })
}

pub(super) struct Network {
    chain: Arc<Chain>,
    pub services: Vec<Service>,
    _folder: tempfile::TempDir,
}

impl Network {
    pub async fn start(people: &[&Vault]) -> Self {
        let world = World::new();
        for vault in people {
            let keys = vault.device().unwrap().keys();
            world.register(&vault.account().unwrap(), keys);
        }
        let genesis = world.light().await.genesis().0;
        // Held until all are known, so that no two are the same.
        let sockets: Vec<_> = (0..RELAYS)
            .map(|_| UdpSocket::bind(loopback()).unwrap())
            .collect();
        let addresses = sockets.iter().map(|it| it.local_addr().unwrap());
        let addresses: Vec<SocketAddr> = addresses.collect();
        drop(sockets);
        let key = |n: u8| SecretKey::from_bytes(&[n + 1; 32]);
        let numbered = || (0..).zip(&addresses);
        let rows = numbered().map(|(n, it)| row(n * 40, key(n).public(), &it.to_string()));
        let relays = numbered().map(|(n, address)| {
            json!({
                "id": hexed(&place(n * 40).0),
                "key": hexed(key(n).public().as_bytes()),
                "addresses": [address],
                "quality": 1_000,
            })
        });
        let records = json!({
            "genesis": hexed(&genesis),
            "relays": relays.collect::<Vec<_>>(),
            "accounts": people.iter().map(|vault| record_of(vault)).collect::<Vec<_>>(),
            "tickets": "not checked",
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("network");
        std::fs::write(&file, records.to_string()).unwrap();
        let directory = StaticNetwork::open(&file).unwrap();
        let chain = Arc::new(Chain {
            world,
            rows: Mutex::new(rows.collect()),
            away: AtomicBool::new(false),
        });
        let mut services = Vec::new();
        for (n, address) in numbered() {
            let path = folder.path().join(n.to_string());
            let parts = Parts {
                key: key(n),
                listen: vec![*address],
                transport: Transport::default(),
                store: Store::open(&path, 0).unwrap(),
                directory: directory.clone(),
                config: Config::default(),
                limits: ConnectionLimits::default(),
            };
            services.push(Service::start(parts).await.unwrap());
        }
        Self {
            chain,
            services,
            _folder: folder,
        }
    }

    fn node(&self) -> Asked {
        Asked(self.chain.clone())
    }

    pub async fn open<'v>(&self, vault: &'v Vault) -> Host<'v, Asked, RelayWire<'v>> {
        self.open_and(vault, |_| ()).await
    }

    /// The same, with something done to the wire first.
    pub async fn open_and<'v>(
        &self,
        vault: &'v Vault,
        prepare: impl FnOnce(&mut RelayWire<'v>),
    ) -> Host<'v, Asked, RelayWire<'v>> {
        let checkpoint = self.chain.world.light().await.checkpoint().clone();
        let genesis = checkpoint.genesis;
        let mut wire = RelayWire::open(vault, genesis, self.node()).await.unwrap();
        prepare(&mut wire);
        let wall = self.chain.world.clone();
        let mut host = Host::open(vault, None, wire, move || wall.now()).unwrap();
        let trust = crate::light::Trust::Checkpoint(checkpoint);
        if let Ok(light) = Light::begin(self.node(), trust).await {
            host.set_light(light);
        }
        host.command(Command::Attention(true)).unwrap();
        host
    }
}

pub(super) fn say(conversation: Account, words: &str) -> Command {
    let text = Text::new(words).unwrap();
    let body = Body::Text(WrittenText { text });
    Command::Say { conversation, body }
}

pub(super) type Talking<'v> = Host<'v, Asked, RelayWire<'v>>;

/// Steps all until something is as it should be; what they were told meanwhile.
pub(super) async fn until(
    hosts: &mut [&mut Talking<'_>],
    is: impl Fn(&[&mut Talking<'_>]) -> bool,
) -> Vec<Told> {
    let (began, mut told) = (Instant::now(), Vec::new());
    while !is(hosts) {
        for host in hosts.iter_mut() {
            told.extend(host.next().await.unwrap());
            let trouble = host.wire().trouble();
            assert!(began.elapsed() < PATIENCE, "{told:?} {trouble:?}");
        }
    }
    told
}

pub(super) fn texts(host: &Talking<'_>, with: Account) -> Vec<String> {
    let entries = host.chat().messages(&with, u64::MAX, 100).unwrap();
    let texts = entries.iter().rev().filter_map(|entry| entry.text());
    texts.collect()
}

pub(super) fn delivered(host: &Talking<'_>, with: Account, id: &ContentId) -> bool {
    let entry = host.chat().message(&with, id).unwrap().unwrap();
    !entry.status.delivered.is_empty()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_talk_over_relays_and_what_was_said_to_who_is_away_waits_there() {
    let (_one, _path, anna) = vault();
    let (_other, _path, ben) = vault();
    let (with_anna, with_ben) = (account_of(&anna), account_of(&ben));
    let mut network = Network::start(&[&anna, &ben]).await;
    let mut one = network.open(&anna).await;
    let mut other = network.open(&ben).await;
    let id = one.command(say(with_ben, "hello")).unwrap().unwrap();
    until(&mut [&mut one, &mut other], |hosts| {
        delivered(hosts[0], with_ben, &id)
    })
    .await;
    assert_eq!(texts(&other, with_anna), ["hello"]);
    let entry = one.chat().message(&with_ben, &id).unwrap().unwrap();
    assert!(entry.status.accepted.is_some_and(|relays| relays >= 3));

    // Ben leaves, and with him one of the relays.
    other.into_wire().end().await;
    let relay = network.services.pop().unwrap();
    relay.stop().await.unwrap();
    for words in ["one", "two", "three"] {
        one.command(say(with_ben, words)).unwrap();
    }
    until(&mut [&mut one], |hosts| hosts[0].chat().unsent() == 0).await;
    // Who sent them leaves too, and the node does.
    one.into_wire().end().await;
    network.chain.away.store(true, Ordering::SeqCst);
    let mut other = network.open(&ben).await;
    let listens = |hosts: &[&mut Talking<'_>]| hosts[0].chat().listens_at().is_some();
    let told = until(&mut [&mut other], listens).await;
    let listening = |told: &Told| matches!(told, Told::Event(Event::Listening { relay: Some(_) }));
    assert!(told.iter().any(listening));
    network.chain.away.store(false, Ordering::SeqCst);
    other.into_wire().end().await;
    let mut other = network.open(&ben).await;
    until(&mut [&mut other], |hosts| {
        texts(hosts[0], with_anna).len() == 4
    })
    .await;
    assert_eq!(texts(&other, with_anna), ["hello", "one", "two", "three"]);
    for service in network.services {
        service.stop().await.unwrap();
    }
}
