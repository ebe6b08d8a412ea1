//! What a relay has to know of the network. On a chain this is in its state; [`StaticNetwork`] reads it from a file.

mod file;
mod pay;

pub use file::{NetworkError, StaticNetwork};
pub use pay::{Charge, Delivered, DeviceName, Judgement, TicketError};

use parlance_bimp::{Account, DeviceNumber, EnvelopeView, Mailbox, Receipt, RelayId};
use parlance_endpoint::{PublicKey, RelayAddress};
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

/// What has to be known before something can be answered from memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The devices of an account ([`Directory::device`]).
    Account(Account),
    /// What tickets of a device are judged by ([`Directory::judge`]).
    Sender {
        /// The device.
        sender: DeviceName,
        /// The ticket's period.
        period: u32,
    },
}

/// Where a relay looks things up. Answers come from memory; what is not there may take one look at the chain's database, never the network.
/// Whoever must not wait for that asks [`is_known`](Self::is_known) first, and has a thread that may wait [`look_up`](Self::look_up).
pub trait Directory: Send + Sync + 'static {
    /// The hash of the chain's first block, to which authentications are bound.
    fn genesis(&self) -> [u8; 32];

    /// Whether the answer is in memory.
    fn is_known(&self, question: &Question) -> bool;

    /// Has the answer come from memory from then on, for a while. What cannot be found is told by whoever asks for it.
    fn look_up(&self, question: &Question);

    /// The relays among which mailboxes are shared out.
    fn relays(&self) -> Vec<RelayRecord>;

    /// A relay on record. One that is not shared any mailboxes any more is there as long as it is on record, so that it can hand over.
    fn relay(&self, relay: &RelayId) -> Option<RelayRecord>;

    /// The place of the relay whose endpoint has this key.
    fn place(&self, key: &PublicKey) -> Option<RelayId> {
        let relays = self.relays().into_iter();
        let mut own = relays.filter(|record| record.address.key == *key);
        own.next().map(|record| record.address.relay)
    }

    /// A device of an account.
    fn device(&self, account: &Account, device: DeviceNumber) -> Option<DeviceRecord>;

    /// Mailboxes whose owner's record has changed since this was last asked; all of them at first, if they can be listed. A mailbox does
    /// not tell its account: otherwise the owner is known when one of its devices subscribes.
    fn take_owners(&self) -> Vec<(Mailbox, Owner)>;

    /// What to say to the ticket of a message, which is counted with that.
    fn judge(&self, sender: &DeviceName, envelope: &EnvelopeView<'_>) -> Judgement;

    /// A message that was counted is not taken after all: its sender does not count it either.
    fn give_back(&self, sender: &DeviceName, charge: &Charge);

    /// What was pushed to a device, and is acknowledged by it for the first time. Receipts count no more than that.
    fn note_delivered(&self, recipient: &DeviceName, delivered: Delivered);

    /// A recipient's word on what this relay delivered. It is checked later; this does not wait.
    fn take_receipt(&self, recipient: &DeviceName, receipt: Receipt);

    /// Rises with each change of [`relays`](Self::relays) or [`take_owners`](Self::take_owners).
    fn changes(&self) -> watch::Receiver<u64>;
}
