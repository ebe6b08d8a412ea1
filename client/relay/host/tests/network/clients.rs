//! Senders and devices that get on when relays die, as docs/bimp-protocol.md says.

use crate::processes::GENESIS;
use parlance_bimp::{Mailbox, MessageId, Request};
use parlance_endpoint::{Client, Endpoint, RelayAddress, Session};
pub use parlance_relay_testbed::Device;
use parlance_relay_testbed::{Event, Patience, Receiver, Sender, device as devices};
use std::{collections::BTreeSet, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Where the relays stand.
pub const PLACES: [u8; 6] = [0x10, 0x50, 0x90, 0xB0, 0xD0, 0xF0];
/// Longer than a client's, because machines that test are busy.
const PATIENCE: Patience = Patience {
    answer: Duration::from_millis(1_500),
    ping: Duration::from_millis(400),
    silence: Duration::from_millis(1_200),
};
/// Between two messages of a sender, so that some are on their way whenever relays die.
const PACE: Duration = Duration::from_millis(20);

pub fn device(n: u8) -> Device {
    Device::of([n; 32])
}

/// An endpoint with a key of its own.
pub async fn endpoint() -> Endpoint {
    endpoint_at(Ipv4Addr::LOCALHOST).await
}

/// The same at another address of the loopback interface.
pub async fn endpoint_at(address: Ipv4Addr) -> Endpoint {
    let connect = Duration::from_millis(1_500);
    devices::endpoint_at(address, connect).await.unwrap()
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
    let mut sealed = vec![from; size];
    sealed[..8].copy_from_slice(&number.to_le_bytes());
    devices::envelope(mailbox, &sealed).unwrap()
}

/// Sends until `stop`, at most `most`; what was accepted.
pub async fn send(
    relays: Arc<Vec<RelayAddress>>,
    from: (Device, u8),
    to: Mailbox,
    most: u64,
    stop: watch::Receiver<bool>,
) -> BTreeSet<MessageId> {
    let (device, lane) = from;
    let mut sender = Sender::new(endpoint().await, relays, device, lane.into(), PATIENCE);
    let mut accepted = BTreeSet::new();
    for number in 0..most {
        if *stop.borrow() {
            break;
        }
        tokio::time::sleep(PACE).await;
        let (request, id) = envelope(to, lane, number);
        let sent = sender.send(&request).await.unwrap();
        assert_eq!(sent.accepted.id, id);
        assert!(sent.accepted.relays >= 3);
        accepted.insert(id);
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
    let mut receiver = Receiver::new(endpoint().await, relays, device, first, PATIENCE);
    let (mut shown, mut again) = (BTreeSet::new(), 0);
    loop {
        if let Some(expected) = &*expected.borrow_and_update()
            && expected.is_subset(&shown)
        {
            return (shown, again);
        }
        tokio::select! {
            event = receiver.next() => {
                if let Event::Delivered(message) = event {
                    if !shown.insert(message.id) {
                        again += 1;
                    }
                    receiver.acknowledge(message.id);
                }
            }
            _ = expected.changed() => {}
        }
    }
}
