//! The network's records, as the chain has them.
//!
//! - **D1** Relays and identities are those of the last final block, periods those of the best one: records that others rely on must not be
//!   taken back, and a period has begun for a sender when its node says so.
//! - **D2** Mailboxes are shared among the members of the running roster. Whoever is registered and has a name may authenticate, so that
//!   a relay that fell out of the roster can hand over.
//! - **D3** An identity is looked up when one of its devices authenticates. A mailbox's owner is known from then on, and again after each
//!   change of the identity ([`super::follow`]). After a start no owner is known: nothing is complete then, so nothing is deleted until
//!   a device subscribes, here or at another relay of the set.
//! - **D4** At most [`MOST_RECORDS`] identities are remembered: more than there are connections, each of which looks at its own again
//!   when something has changed.
//! - **D5** What is not in memory is looked up by whoever may wait ([`Directory::look_up`]); connections ask
//!   [`Directory::is_known`] first.

use super::{
    LOG_TARGET, address,
    names::{account_of, device_of, number_of, place_of},
    pay::{Facts, Judge, Known, Unanswered, inbox::Inbox, till::Till},
    records::Records,
};
use parking_lot::{Mutex, RwLock};
use parlance_bimp::{Account, DeviceNumber, EnvelopeView, Mailbox, Receipt, RelayId as Place};
use parlance_endpoint::{PublicKey, RelayAddress};
use parlance_primitives::{
    AccountId, Hash,
    accounts::{AccountsApi, Identity},
    relay::{Period, RelayApi, RelayInfo},
};
use parlance_relay::directory::{
    Charge, Delivered, DeviceName, DeviceRecord, Directory, Judgement, Question, RelayRecord,
};
use parlance_relay_core::{Owner, Routing, Timings};
use parlance_runtime::opaque::Block;
use sp_api::ProvideRuntimeApi;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::watch;

/// D4.
pub const MOST_RECORDS: u32 = 32_768;
/// Owners that wait for the core; more come at once only when a whole network changes its devices.
const MOST_OWNERS: usize = 262_144;

/// Relays as one final block has them.
#[derive(Default)]
pub struct Relays {
    members: Vec<RelayRecord>,
    named: BTreeMap<Place, RelayRecord>,
    routing: Routing,
}

impl Relays {
    /// Reads them. Keys that are none leave a relay out; an address that cannot be dialled leaves it where it stands, since all
    /// have to share out mailboxes alike.
    pub fn of(list: Vec<RelayInfo<AccountId>>) -> Self {
        let mut relays = Self::default();
        for info in list {
            let Some(id) = info.id else { continue };
            let Ok(key) = PublicKey::from_bytes(&info.key.0) else {
                log::warn!(target: LOG_TARGET, "relay {} is left out: its key is none", info.account);
                continue;
            };
            let address = address::parse(&info.address);
            if let (Err(error), true) = (&address, info.is_member) {
                let text = String::from_utf8_lossy(&info.address).into_owned();
                log::debug!(target: LOG_TARGET, "relay {} is not dialled at {text:?}: {error}", info.account);
            }
            let record = RelayRecord {
                address: RelayAddress {
                    relay: place_of(id),
                    key,
                    addresses: address.into_iter().collect(),
                },
                quality: info.health.into(),
            };
            if info.is_member {
                relays.members.push(record.clone());
            }
            relays.named.insert(record.address.relay, record);
        }
        relays.members.sort_by_key(|record| record.address.relay);
        let infos: Vec<_> = relays.members.iter().map(info_of).collect();
        relays.routing = Routing::new(&infos);
        relays
    }
}

fn info_of(record: &RelayRecord) -> parlance_relay_core::RelayInfo {
    parlance_relay_core::RelayInfo {
        id: record.address.relay,
        quality: record.quality,
    }
}

/// The blocks that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The last final one.
    pub last: Hash,
    /// The best one.
    pub best: Hash,
}

/// The chain, for a relay.
pub struct ChainDirectory<Client> {
    client: Arc<Client>,
    me: Place,
    blocks: RwLock<Blocks>,
    relays: RwLock<Relays>,
    pub(super) records: Mutex<Records>,
    owners: Mutex<BTreeMap<Mailbox, Owner>>,
    pub(super) judge: Judge,
    pub(super) till: Till,
    receipts: Arc<Confirmations>,
    changes: watch::Sender<u64>,
}

/// Receipts that wait to be checked: the latest of each device and period.
pub type Confirmations = Inbox<(DeviceName, Period), Receipt>;

impl<Client> Drop for ChainDirectory<Client> {
    fn drop(&mut self) {
        self.receipts.close();
    }
}

impl<Client> ChainDirectory<Client>
where
    Client: ProvideRuntimeApi<Block> + Send + Sync + 'static,
    Client::Api: AccountsApi<Block, AccountId> + RelayApi<Block, AccountId>,
{
    /// The records after `blocks`. Receipts go into `receipts`, which ends with this.
    pub fn new(
        client: Arc<Client>,
        blocks: Blocks,
        relays: Relays,
        (judge, till): (Judge, Till),
        receipts: Arc<Confirmations>,
    ) -> Self {
        let (changes, _) = watch::channel(0);
        Self {
            me: place_of(judge.payee().id),
            client,
            blocks: RwLock::new(blocks),
            relays: RwLock::new(relays),
            records: Mutex::new(Records::new(MOST_RECORDS)),
            owners: Mutex::default(),
            judge,
            till,
            receipts,
            changes,
        }
    }

    /// Another block is the best one.
    pub(super) fn set_best(&self, best: Hash) {
        self.blocks.write().best = best;
    }

    /// Another block is final.
    pub(super) fn set_final(&self, last: Hash, relays: Relays) {
        self.blocks.write().last = last;
        let mut place = self.relays.write();
        let is_news = place.members != relays.members;
        *place = relays;
        drop(place);
        if is_news {
            self.tell();
        }
    }

    /// The records of these accounts may have changed: they are forgotten. Those of whom somebody was let in are read again, and the core
    /// is told whose devices there are; the others are nothing to it.
    pub(super) fn refresh(&self, accounts: Vec<AccountId>) {
        for account in &accounts {
            self.judge.forget(account);
        }
        let let_in = self.records.lock().forget(accounts);
        let is_news = !let_in.is_empty();
        for account in let_in {
            match self.identity(&account) {
                Ok(Some(identity)) => self.add_owners(&account, &identity),
                // An identity that is gone receives nothing; what waits for it expires.
                Ok(None) => {}
                Err(error) => {
                    log::warn!(target: LOG_TARGET, "the devices of {account} are not known: {error}");
                }
            }
        }
        if is_news {
            self.tell();
        }
    }

    fn add_owners(&self, account: &AccountId, identity: &Identity) {
        let mut owners = self.owners.lock();
        if owners.len() >= MOST_OWNERS {
            log::error!(target: LOG_TARGET, "too many records change at once: that of {account} is known when it subscribes");
            return;
        }
        let owner = owner_of(identity);
        for mailbox in mailboxes_of(account, identity) {
            owners.insert(mailbox, owner.clone());
        }
    }

    fn tell(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The identity of an account in the last final state.
    fn identity(&self, account: &AccountId) -> Result<Option<Arc<Identity>>, Unanswered> {
        let mut records = self.records.lock();
        if let Some(known) = records.get(account) {
            return Ok(known);
        }
        let moment = records.moment();
        drop(records);
        let last = self.blocks.read().last;
        let api = self.client.runtime_api();
        let identity = api
            .identity(last, account.clone())
            .map_err(|error| Unanswered(error.to_string()))?
            .map(Arc::new);
        let mut records = self.records.lock();
        records.put(account.clone(), identity.clone(), moment);
        Ok(identity)
    }
}

fn mailboxes_of(account: &AccountId, identity: &Identity) -> Vec<Mailbox> {
    let newest = identity.mailbox_epoch;
    let account = Account(*AsRef::<[u8; 32]>::as_ref(account));
    let epochs = [Some(newest), newest.checked_sub(1)];
    let epochs = epochs.into_iter().flatten();
    epochs.map(|epoch| Mailbox::of(&account, epoch)).collect()
}

fn owner_of(identity: &Identity) -> Owner {
    let devices = identity.devices.iter();
    Owner {
        devices: devices.map(|device| number_of(device.id())).collect(),
        longest: Timings::default().longest,
    }
}

impl<Client> Facts for ChainDirectory<Client>
where
    Client: ProvideRuntimeApi<Block> + Send + Sync + 'static,
    Client::Api: AccountsApi<Block, AccountId> + RelayApi<Block, AccountId>,
{
    fn known(&self, device: &DeviceName, period: Period) -> Result<Known, Unanswered> {
        let account = account_of(&device.account);
        let Some(identity) = self.identity(&account)? else {
            return Ok(None);
        };
        let Some(device) = device_of(&identity, device.number) else {
            return Ok(None);
        };
        let best = self.blocks.read().best;
        let api = self.client.runtime_api();
        let known = api.correspondent(best, account, device.id(), period);
        let known = known.map_err(|error| Unanswered(error.to_string()))?;
        Ok(Some((device.id(), known)))
    }
}

impl<Client> Directory for ChainDirectory<Client>
where
    Client: ProvideRuntimeApi<Block> + Send + Sync + 'static,
    Client::Api: AccountsApi<Block, AccountId> + RelayApi<Block, AccountId>,
{
    fn genesis(&self) -> [u8; 32] {
        self.judge.payee().genesis.0
    }

    fn is_known(&self, question: &Question) -> bool {
        match question {
            Question::Account(account) => {
                let mut records = self.records.lock();
                records.get(&account_of(account)).is_some()
            }
            Question::Sender { sender, period } => self.judge.is_known(sender, *period),
        }
    }

    fn look_up(&self, question: &Question) {
        match question {
            Question::Account(account) => {
                // Whoever asks for it tells why it is not known.
                let _ = self.identity(&account_of(account));
            }
            Question::Sender { sender, period } => self.judge.look_up(self, sender, *period),
        }
    }

    fn relays(&self) -> Vec<RelayRecord> {
        self.relays.read().members.clone()
    }

    fn relay(&self, relay: &Place) -> Option<RelayRecord> {
        self.relays.read().named.get(relay).cloned()
    }

    /// This relay is served by this node alone, in the roster or out of it.
    fn place(&self, key: &PublicKey) -> Option<Place> {
        let relays = self.relays.read();
        let own = relays.named.get(&self.me)?;
        (own.address.key == *key).then_some(self.me)
    }

    fn device(&self, account: &Account, number: DeviceNumber) -> Option<DeviceRecord> {
        let account = account_of(account);
        let identity = match self.identity(&account) {
            Ok(identity) => identity?,
            Err(error) => {
                log::warn!(target: LOG_TARGET, "a device of {account} is not let in: {error}");
                return None;
            }
        };
        let device = device_of(&identity, number)?;
        let record = DeviceRecord {
            key: device.keys.signing.0,
            mailboxes: mailboxes_of(&account, &identity),
            owner: owner_of(&identity),
        };
        self.records.lock().watched.add(account);
        Some(record)
    }

    fn take_owners(&self) -> Vec<(Mailbox, Owner)> {
        std::mem::take(&mut *self.owners.lock())
            .into_iter()
            .collect()
    }

    fn judge(&self, sender: &DeviceName, envelope: &EnvelopeView<'_>) -> Judgement {
        let relays = self.relays.read();
        let set = relays.routing.set(&envelope.mailbox);
        let keeps = set.contains(&self.me) || relays.routing.is_super(&self.me);
        drop(relays);
        let (judgement, worth) = self.judge.judge(self, sender, envelope, keeps);
        if let Some(worth) = worth {
            self.till.put(worth);
        }
        judgement
    }

    fn give_back(&self, sender: &DeviceName, charge: &Charge) {
        self.judge.give_back(sender, charge);
    }

    fn note_delivered(&self, recipient: &DeviceName, delivered: Delivered) {
        for worth in self.judge.deliver(recipient, delivered) {
            self.till.put(worth);
        }
    }

    fn take_receipt(&self, recipient: &DeviceName, receipt: Receipt) {
        if self.judge.takes_receipts_of(receipt.period) {
            // The next one of the same device says more than one that finds no room.
            let _ = self.receipts.put((*recipient, receipt.period), receipt);
        }
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
