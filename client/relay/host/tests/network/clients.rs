//! Senders and devices that get on when relays die, as docs/bimp-protocol.md says.

use crate::processes::GENESIS;
use codec::Encode;
use parlance_bimp::{
    Account, Answer, Bounded, Credential, EnvelopeView, List, Mailbox, MessageId, OfMailbox, Push,
    Reason, Request, SendMessage, Subscribe,
};
use parlance_endpoint::{Client, Endpoint, Identity, Options, RelayAddress, SecretKey, Session};
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

/// Where the relays stand.
pub const PLACES: [u8; 6] = [0x10, 0x50, 0x90, 0xB0, 0xD0, 0xF0];
/// Without an answer to a send for so long, another relay is asked.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Between two messages of a sender, so that some are on their way whenever relays die.
const PACE: Duration = Duration::from_millis(20);
/// Between two signs of life that a device asks for, and how long one may take.
const PING: Duration = Duration::from_millis(400);
const SILENCE: Duration = Duration::from_millis(1_200);

#[derive(Clone, Copy, Debug)]
pub struct Device {
    pub account: Account,
    pub number: u32,
}

pub fn device(n: u8) -> Device {
    Device {
        account: Account([n; 32]),
        number: 0,
    }
}

pub fn device_key(device: &Device) -> SecretKey {
    SecretKey::from_bytes(&device.account.0)
}

impl Device {
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::of(&self.account, 0)
    }
}

impl Identity for Device {
    fn credential(&self) -> Credential {
        Credential::Device {
            account: self.account,
            device: self.number,
        }
    }

    fn sign(&self, statement: &[u8]) -> [u8; 64] {
        device_key(self).sign(statement).to_bytes()
    }
}

/// An endpoint with a key of its own.
pub async fn endpoint() -> Endpoint {
    endpoint_at(Ipv4Addr::LOCALHOST).await
}

/// The same at another address of the loopback interface.
pub async fn endpoint_at(address: Ipv4Addr) -> Endpoint {
    let mut options = Options::dialling(SecretKey::generate());
    options.addresses = vec![SocketAddr::from((address, 0))];
    options.timings.connect = Duration::from_millis(1_500);
    Endpoint::bind(options).await.unwrap()
}

/// Connects as soon as the relay is there.
pub async fn connect(endpoint: &Endpoint, relay: &RelayAddress, device: &Device) -> Session {
    loop {
        match Client::connect(endpoint, relay, GENESIS, device).await {
            Ok(session) => return session,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

pub fn envelope(mailbox: Mailbox, from: u8, number: u64) -> (Request, MessageId) {
    envelope_of(mailbox, from, number, 512)
}

pub fn envelope_of(mailbox: Mailbox, from: u8, number: u64, size: usize) -> (Request, MessageId) {
    let mut bytes = vec![1];
    bytes.extend(mailbox.0);
    b"ticket".to_vec().encode_to(&mut bytes);
    let mut sealed = vec![from; size];
    sealed[..8].copy_from_slice(&number.to_le_bytes());
    sealed.encode_to(&mut bytes);
    let id = EnvelopeView::parse(&bytes).unwrap().id();
    let envelope = Bounded::new(bytes).unwrap();
    (Request::Send(SendMessage { envelope, keep: 0 }), id)
}

/// Sends until `stop`, at most `most`; what was accepted.
pub async fn send(
    relays: Arc<Vec<RelayAddress>>,
    from: (Device, u8),
    to: Mailbox,
    most: u64,
    stop: watch::Receiver<bool>,
) -> BTreeSet<MessageId> {
    let endpoint = endpoint().await;
    let (device, lane) = from;
    let mut at = usize::from(lane);
    let mut session: Option<Session> = None;
    let mut accepted = BTreeSet::new();
    for number in 0..most {
        if *stop.borrow() {
            break;
        }
        tokio::time::sleep(PACE).await;
        let (request, id) = envelope(to, lane, number);
        loop {
            let open = match session.take() {
                Some(open) => open,
                None => {
                    let relay = &relays[at % relays.len()];
                    match Client::connect(&endpoint, relay, GENESIS, &device).await {
                        Ok(open) => open,
                        Err(_) => {
                            at += 1;
                            continue;
                        }
                    }
                }
            };
            match open.client.request_within(request.clone(), PATIENCE).await {
                Ok(Answer::Send(answer)) => {
                    assert_eq!(answer.id, id);
                    assert!(answer.relays >= 3);
                    accepted.insert(id);
                    session = Some(open);
                    break;
                }
                Ok(Answer::Refused(refusal)) => {
                    let wait = match refusal.reason {
                        Reason::NoQuorum | Reason::TooFast | Reason::Stopping => 50,
                        other => panic!("{other:?}"),
                    };
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                    at += 1;
                }
                Ok(other) => panic!("{other:?}"),
                // Dead or slow: the same to another is safe.
                Err(_) => at += 1,
            }
        }
    }
    accepted
}

/// Receives and acknowledges until everything of `expected` was shown, once it is known; what was shown, and how often one came again.
pub async fn receive(
    relays: Arc<Vec<RelayAddress>>,
    device: Device,
    first: usize,
    mut expected: watch::Receiver<Option<BTreeSet<MessageId>>>,
) -> (BTreeSet<MessageId>, u64) {
    let endpoint = endpoint().await;
    let (mut shown, mut again) = (BTreeSet::new(), 0);
    let mut at = first;
    loop {
        let relay = &relays[at % relays.len()];
        at += 1;
        let Ok(session) = Client::connect(&endpoint, relay, GENESIS, &device).await else {
            continue;
        };
        let (client, mut pushes) = (session.client, session.pushes);
        let mailbox = device.mailbox();
        let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
        if client.request_within(subscribe, SILENCE).await.is_err() {
            continue;
        }
        let watching = client.clone();
        let mut silence = tokio::spawn(async move {
            while watching.ping(SILENCE).await.is_ok() {
                tokio::time::sleep(PING).await;
            }
        });
        loop {
            if let Some(expected) = &*expected.borrow_and_update()
                && expected.is_subset(&shown)
            {
                silence.abort();
                return (shown, again);
            }
            tokio::select! {
                push = pushes.next() => match push {
                    Ok(Push::Deliver(message)) => {
                        if !shown.insert(message.id) {
                            again += 1;
                        }
                        let ids = List::new(vec![message.id]).unwrap();
                        let request = Request::Acknowledge(OfMailbox { mailbox, ids });
                        let client = client.clone();
                        tokio::spawn(async move { client.request(request).await });
                    }
                    Ok(Push::Moved(_) | Push::Grown(_)) | Err(_) => break,
                },
                _ = &mut silence => break,
                _ = expected.changed() => {}
            }
        }
        silence.abort();
    }
}
