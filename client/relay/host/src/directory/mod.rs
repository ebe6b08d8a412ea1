//! What a relay has to know of the network. On a chain this is in its state; [`StaticNetwork`] reads it from a file.

mod file;

pub use file::{NetworkError, StaticNetwork};

use parlance_bimp::{Account, DeviceNumber, GroupId, Mailbox, RelayId};
use parlance_endpoint::RelayAddress;
use parlance_relay_core::Owner;
use tokio::sync::watch;

/// A relay on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayRecord {
    /// Its place, the key of its endpoint, where it listens.
    pub address: RelayAddress,
    /// Measured quality; more is better.
    pub quality: u32,
}

/// A device on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Its Ed25519 signing key.
    pub key: [u8; 32],
    /// The account's mailboxes: of the present mailbox epoch, and of the one before while it is emptied.
    pub mailboxes: Vec<Mailbox>,
    /// All devices of the account, and for how long it may keep messages.
    pub owner: Owner,
}

/// A group on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRecord {
    /// Which.
    pub group: GroupId,
    /// Its members, by mailbox.
    pub members: Vec<Mailbox>,
}

/// Where a relay looks things up. Look-ups are from memory and do not wait.
pub trait Directory: Send + Sync + 'static {
    /// The hash of the chain's first block, to which authentications are bound.
    fn genesis(&self) -> [u8; 32];

    /// All relays.
    fn relays(&self) -> Vec<RelayRecord>;

    /// One of them.
    fn relay(&self, relay: &RelayId) -> Option<RelayRecord>;

    /// A device of an account.
    fn device(&self, account: &Account, device: DeviceNumber) -> Option<DeviceRecord>;

    /// All mailboxes that have owners on record.
    fn owners(&self) -> Vec<(Mailbox, Owner)>;

    /// All groups.
    fn groups(&self) -> Vec<GroupRecord>;

    /// Whether a ticket pays for a message of so many bytes from the account. Tickets are checked once each, in their order.
    fn takes_ticket(&self, account: &Account, ticket: &[u8], bytes: usize) -> bool;

    /// Rises with each change.
    fn changes(&self) -> watch::Receiver<u64>;
}
