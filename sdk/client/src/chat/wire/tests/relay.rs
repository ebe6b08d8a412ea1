//! A relay that does what the tests ask of it, over a real endpoint, and a node with its record.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use parlance_bimp::{
    Answer, Authenticated, Binding, Deliver, Mailbox, MessageId, Probe, Probed, Push, Reason,
    Refusal, RelayId, Request, SendError, Server, ServerEvent, Settings, Violation,
};
use parlance_endpoint::{Channel, Endpoint, Options, Outgoing, PublicKey, SecretKey, Signature};
use parlance_primitives::{AccountId, Hash};
use serde_json::{Value, json};
use sp_core::crypto::Ss58Codec;
use tokio::sync::mpsc;

use crate::node::{Node, NodeError};

pub(super) const GENESIS: [u8; 32] = [7; 32];

/// What the relay does with a probe's number; it answers others.
pub(super) const SILENT: u64 = 1 << 32;
pub(super) const REFUSE: u64 = SILENT + 1;
pub(super) const HANG_UP: u64 = SILENT + 2;
/// From here on: as many pushes as the number is above it, then the answer.
pub(super) const PUSH: u64 = SILENT + 1_000;

pub(super) fn probe(number: u64) -> Request {
    Request::Probe(Probe { number })
}

pub(super) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The name on the wire.
pub(super) fn place(n: u8) -> RelayId {
    let mut id = [0; 32];
    id[..16].fill(n);
    RelayId(id)
}

/// A relay's row in the node's list.
pub(super) fn row(n: u8, key: PublicKey, address: &str) -> Value {
    json!({
        "account": AccountId::new([n; 32]).to_ss58check(),
        "id": format!("0x{}", hex::encode([n; 16])),
        "key": format!("0x{}", hex::encode(key.as_bytes())),
        "address": address,
        "capacity": "1",
        "bond": "1",
        "health": 1_000,
        "member": true,
        "going": false,
    })
}

fn push(n: usize) -> Push {
    Push::Deliver(Deliver {
        mailbox: Mailbox([1; 32]),
        id: MessageId([n as u8; 32]),
        position: n as u64,
        expires: 0,
        mention: false,
        message: parlance_bimp::Bounded::new(vec![n as u8; 100]).unwrap(),
    })
}

/// A relay that runs; each connection that has ended is told.
pub(super) struct Relay {
    pub n: u8,
    pub endpoint: Endpoint,
    pub ended: mpsc::UnboundedReceiver<()>,
}

impl Relay {
    /// Lets in whose signature is by `admitted`.
    pub async fn start(n: u8, admitted: [u8; 32]) -> Self {
        let key = SecretKey::from_bytes(&[n; 32]);
        let endpoint = Endpoint::bind(Options::listening(key, vec![loopback()]));
        let endpoint = endpoint.await.unwrap();
        let (tell, ended) = mpsc::unbounded_channel();
        let accepting = endpoint.clone();
        tokio::spawn(async move {
            while let Some(incoming) = accepting.accept().await {
                let tell = tell.clone();
                tokio::spawn(async move {
                    if let Ok(channel) = incoming.accept().await {
                        serve(channel, place(n), admitted).await;
                        let _ = tell.send(());
                    }
                });
            }
        });
        Self { n, endpoint, ended }
    }

    pub fn row(&self) -> Value {
        let address = self.endpoint.addresses()[0].to_string();
        row(self.n, self.endpoint.key(), &address)
    }
}

async fn serve(mut channel: Channel, relay: RelayId, admitted: [u8; 32]) -> Option<Violation> {
    let admitted = PublicKey::from_bytes(&admitted).unwrap();
    let binding = Binding {
        genesis: GENESIS,
        exporter: channel.exporter(),
        relay,
    };
    let mut server = Server::new(Settings::default(), binding);
    let (mut out, mut waiting, mut finished) = (Outgoing::default(), Vec::new(), Vec::new());
    loop {
        while let Some(event) = server.poll() {
            match event {
                ServerEvent::Authenticate {
                    request,
                    statement,
                    signature,
                    ..
                } => {
                    let signature = Signature::from_bytes(&signature);
                    if admitted.verify(&statement, &signature).is_ok() {
                        let (clock, retention) = (5, 6);
                        let welcome = Authenticated { clock, retention };
                        server.admit(request, welcome).unwrap();
                    } else {
                        let refusal = Refusal::new(Reason::BadCredentials);
                        server.answer(request, &Answer::Refused(refusal)).unwrap();
                    }
                }
                ServerEvent::Request {
                    request,
                    body: Request::Probe(probe),
                } => match probe.number {
                    SILENT => {}
                    REFUSE => {
                        let refusal = Refusal::new(Reason::TooFast);
                        server.answer(request, &Answer::Refused(refusal)).unwrap();
                    }
                    HANG_UP => server.close(Violation::Stopping),
                    number => {
                        waiting.extend((0..number.saturating_sub(PUSH) as usize).map(push));
                        waiting.reverse();
                        finished.push((request, number));
                    }
                },
                _ => {}
            }
        }
        while let Some(next) = waiting.pop() {
            if let Err(SendError::Full) = server.push(&next) {
                waiting.push(next);
                break;
            }
        }
        if waiting.is_empty() {
            for (request, number) in finished.drain(..) {
                let (clock, load) = (0, 0);
                let probed = Probed {
                    number,
                    clock,
                    load,
                };
                let _ = server.answer(request, &Answer::Probe(probed));
            }
        }
        if out.is_empty() && server.wants_to_transmit() {
            server.transmit(out.fill(), Outgoing::LIMIT);
        }
        if server.end().is_some() && out.is_empty() {
            channel.close(Duration::from_secs(1)).await;
            return server.end().cloned();
        }
        tokio::select! {
            sent = out.send(&mut channel.writer), if !out.is_empty() => sent.ok()?,
            read = channel.reader.read() => {
                let bytes = read.ok()??;
                let _ = server.receive(bytes.as_ref());
            }
        }
    }
}

/// A node that says who the relays are, and may be away.
#[derive(Default)]
pub(super) struct Chain {
    pub relays: Mutex<Vec<Value>>,
    pub away: Mutex<bool>,
    pub period: Mutex<u32>,
    pub asked: Mutex<usize>,
}

impl Chain {
    pub fn new(relays: Vec<Value>) -> Arc<Self> {
        let relays = Mutex::new(relays);
        Arc::new(Self {
            relays,
            ..Self::default()
        })
    }
}

impl Node for Arc<Chain> {
    async fn request(&self, method: &'static str, params: Vec<Value>) -> Result<Value, NodeError> {
        *self.asked.lock().unwrap() += 1;
        if *self.away.lock().unwrap() {
            let cause = "away".into();
            return Err(NodeError::Silent { method, cause });
        }
        let genesis = json!(Hash::from(GENESIS));
        let best = json!(Hash::from([8; 32]));
        Ok(match (method, params.as_slice()) {
            ("chain_getBlockHash", [height]) if *height == json!(0) => genesis,
            ("chain_getBlockHash", []) => best,
            ("chain_getHeader", [at]) if *at == best => json!({"number": "0x10"}),
            ("parlance_relays", [at]) if *at == best => {
                Value::Array(self.relays.lock().unwrap().clone())
            }
            ("parlance_relaySets", [_, at]) if *at == best => json!({
                "period": *self.period.lock().unwrap(),
                "ends": 1_000,
                "ingress": [],
                "mailbox": [],
                "cap": "0",
            }),
            other => panic!("{other:?}"),
        })
    }
}
