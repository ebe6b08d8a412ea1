//! Devices with keys that follow from their numbers, and what they send.

use parlance_bimp::{Answer, Mailbox, Request, Subscribe};
use parlance_endpoint::{Client, Endpoint, RelayAddress, Session, Timings};
use parlance_relay_testbed::{Device, GENESIS, device};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// The sealed part of a message, bytes.
pub const SEALED: usize = 512;
/// Within this time a relay that was just started lets somebody in.
const START: Duration = Duration::from_secs(30);

/// An account with one device.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The device.
    pub device: Device,
}

impl Person {
    /// The one with this number.
    pub fn of(number: u32) -> Self {
        let mut seed = [9; 32];
        let (head, _) = seed.split_at_mut(4);
        head.copy_from_slice(&number.to_be_bytes());
        Self {
            device: Device::of(seed),
        }
    }

    /// Where its messages go.
    pub fn mailbox(&self) -> Mailbox {
        self.device.mailbox()
    }

    /// Connects, as soon as the relay is there.
    pub async fn connect(
        &self,
        endpoint: &Endpoint,
        relay: &RelayAddress,
    ) -> anyhow::Result<Session> {
        let until = Instant::now() + START;
        loop {
            match Client::connect(endpoint, relay, GENESIS, &self.device).await {
                Ok(session) => return Ok(session),
                Err(error) if Instant::now() >= until => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Connects and subscribes to its mailbox.
    pub async fn subscribe(
        &self,
        endpoint: &Endpoint,
        relay: &RelayAddress,
    ) -> anyhow::Result<Session> {
        let session = self.connect(endpoint, relay).await?;
        let mailbox = self.mailbox();
        let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
        match session.client.request(subscribe).await? {
            Answer::Subscribe(_) => Ok(session),
            other => anyhow::bail!("a subscription was answered by {other:?}"),
        }
    }
}

/// An endpoint on the loopback interface.
pub async fn endpoint() -> anyhow::Result<Endpoint> {
    endpoint_at(Ipv4Addr::LOCALHOST).await
}

/// An endpoint at one of the loopback interface's addresses.
pub async fn endpoint_at(address: Ipv4Addr) -> anyhow::Result<Endpoint> {
    let connect = Timings::default().connect;
    Ok(device::endpoint_at(address, connect).await?)
}

/// A message that carries a stamp and a number nobody else uses.
pub fn message(to: Mailbox, stamp: u64, number: u64) -> anyhow::Result<Request> {
    let mut sealed = vec![0xA5; SEALED];
    let (head, rest) = sealed.split_at_mut(8);
    head.copy_from_slice(&stamp.to_le_bytes());
    rest.iter_mut()
        .zip(number.to_le_bytes())
        .for_each(|(to, from)| *to = from);
    Ok(device::envelope(to, &sealed)?.0)
}

/// The sealed part of a delivered message of [`message`]'s kind, which is its last.
pub fn sealed(message: &[u8]) -> Option<&[u8]> {
    message.get(message.len().checked_sub(SEALED)?..)
}

/// The stamp of a delivered message.
pub fn stamp(message: &[u8]) -> Option<u64> {
    let bytes = sealed(message)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*bytes))
}
