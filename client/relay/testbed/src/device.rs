//! Devices whose keys follow from their accounts, and what they send.

use codec::Encode;
use parlance_bimp::{
    Account, Bounded, Credential, Mailbox, MessageId, Request, SendMessage, TooLong,
};
use parlance_endpoint::{BindError, Endpoint, Identity, Options, SecretKey};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// The hash of the first block, to which authentications are bound.
pub const GENESIS: [u8; 32] = [42; 32];

/// A device. Its key is made of its account's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Whose.
    pub account: Account,
    /// Which.
    pub number: u32,
}

impl Device {
    /// The first one of an account.
    pub fn of(account: [u8; 32]) -> Self {
        Self {
            account: Account(account),
            number: 0,
        }
    }

    /// Its key.
    pub fn key(&self) -> SecretKey {
        SecretKey::from_bytes(&self.account.0)
    }

    /// Where its messages go.
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
        self.key().sign(statement).to_bytes()
    }
}

/// An endpoint with a key of its own, at one of the loopback interface's addresses, that gives up to connect after so long.
pub async fn endpoint_at(address: Ipv4Addr, connect: Duration) -> Result<Endpoint, BindError> {
    let mut options = Options::dialling(SecretKey::generate());
    options.addresses = vec![SocketAddr::from((address, 0))];
    options.timings.connect = connect;
    Endpoint::bind(options).await
}

/// What asks a relay to take an envelope with this sealed part, and its id.
///
/// # Errors
///
/// If the sealed part is longer than an envelope's may be.
pub fn envelope(to: Mailbox, sealed: &[u8]) -> Result<(Request, MessageId), TooLong> {
    let mut bytes = vec![1];
    bytes.extend(to.0);
    b"ticket".to_vec().encode_to(&mut bytes);
    sealed.encode_to(&mut bytes);
    let envelope = Bounded::new(bytes)?;
    let id = MessageId::of_sealed(&to, sealed);
    Ok((Request::Send(SendMessage { envelope, keep: 0 }), id))
}
