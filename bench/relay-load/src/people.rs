//! Devices with keys that follow from their numbers, and what they send.

use crate::network::GENESIS;
use anyhow::Context;
use codec::Encode;
use parlance_bimp::{
    Account, Answer, Bounded, Credential, Mailbox, Request, SendMessage, Subscribe,
};
use parlance_endpoint::{
    Client, Endpoint, Identity, Options, PublicKey, RelayAddress, SecretKey, Session,
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

/// The sealed part of a message, bytes.
pub const SEALED: usize = 512;
/// Within this time a relay that was just started lets somebody in.
const START: Duration = Duration::from_secs(30);

/// An account with one device.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account.
    pub account: Account,
    key: SecretKey,
}

impl Person {
    /// The one with this number.
    pub fn of(number: u32) -> Self {
        let mut seed = [9; 32];
        let (head, _) = seed.split_at_mut(4);
        head.copy_from_slice(&number.to_be_bytes());
        Self {
            account: Account(seed),
            key: SecretKey::from_bytes(&seed),
        }
    }

    /// The device's public key.
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// Where its messages go.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::of(&self.account, 0)
    }

    /// Connects, as soon as the relay is there.
    pub async fn connect(
        &self,
        endpoint: &Endpoint,
        relay: &RelayAddress,
    ) -> anyhow::Result<Session> {
        let until = Instant::now() + START;
        loop {
            match Client::connect(endpoint, relay, GENESIS, self).await {
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

impl Identity for Person {
    fn credential(&self) -> Credential {
        Credential::Device {
            account: self.account,
            device: 0,
        }
    }

    fn sign(&self, statement: &[u8]) -> [u8; 64] {
        self.key.sign(statement).to_bytes()
    }
}

/// An endpoint on the loopback interface.
pub async fn endpoint() -> anyhow::Result<Endpoint> {
    endpoint_at(Ipv4Addr::LOCALHOST).await
}

/// An endpoint at one of the loopback interface's addresses.
pub async fn endpoint_at(address: Ipv4Addr) -> anyhow::Result<Endpoint> {
    let mut options = Options::dialling(SecretKey::generate());
    options.addresses = vec![SocketAddr::from((address, 0))];
    Ok(Endpoint::bind(options).await?)
}

/// A message that carries a stamp and a number nobody else uses.
pub fn message(to: Mailbox, stamp: u64, number: u64) -> anyhow::Result<Request> {
    let mut bytes = Vec::with_capacity(SEALED + 64);
    bytes.push(1);
    bytes.extend(to.0);
    b"ticket".to_vec().encode_to(&mut bytes);
    let mut sealed = vec![0xA5; SEALED];
    let (head, rest) = sealed.split_at_mut(8);
    head.copy_from_slice(&stamp.to_le_bytes());
    rest.iter_mut()
        .zip(number.to_le_bytes())
        .for_each(|(to, from)| *to = from);
    sealed.encode_to(&mut bytes);
    let envelope = Bounded::new(bytes)
        .ok()
        .context("the message is too long")?;
    Ok(Request::Send(SendMessage { envelope, keep: 0 }))
}

/// The stamp of a delivered message, whose last part is the sealed one.
pub fn stamp(message: &[u8]) -> Option<u64> {
    let at = message.len().checked_sub(SEALED)?;
    let bytes = message.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*bytes))
}
