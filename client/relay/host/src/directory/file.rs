//! A static network: its records in a JSON file, which is read again when it changes.
//!
//! ```json
//! {
//!   "genesis": "<32 bytes, hex>",
//!   "relays": [{ "id": "<32 bytes>", "key": "<32 bytes>", "addresses": ["127.0.0.1:4433"], "quality": 1 }],
//!   "accounts": [{
//!     "id": "<32 bytes>", "epochs": [0], "longest_days": 30, "devices": [{ "number": 0, "key": "<32 bytes>" }]
//!   }],
//!   "tickets": "not checked"
//! }
//! ```

use super::{
    Charge, Delivered, DeviceName, DeviceRecord, Directory, Judgement, Question, RelayRecord,
};
use parlance_bimp::{
    Account, DeviceNumber, EnvelopeView, Mailbox, Receipt, RelayId, limits::MAX_DEVICES,
};
use parlance_endpoint::{PublicKey, RelayAddress};
use parlance_relay_core::Owner;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    time::{Duration, SystemTime},
};
use tokio::{sync::watch, task::spawn_blocking};

/// Between two looks at the file.
const LOOK: Duration = Duration::from_millis(500);
/// Largest file, bytes.
const MAX_FILE: u64 = 64 << 20;
const DAY: u64 = 86_400_000;

/// Why the file cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// It cannot be read.
    #[error("{} cannot be read ({cause}): check that it exists and may be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// It is too large.
    #[error("{} has {size} bytes, at most {MAX_FILE} are read: split the network", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// It is no description of a network.
    #[error("{}: {cause}; the documents of parlance_relay::directory show the form", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// What is wrong, and where.
        cause: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    genesis: Name,
    relays: Vec<FileRelay>,
    #[serde(default)]
    accounts: Vec<FileAccount>,
    tickets: Tickets,
}

/// A static network has no chain that would say who has paid; the file has to say that it knows.
#[derive(Deserialize)]
enum Tickets {
    #[serde(rename = "not checked")]
    NotChecked,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRelay {
    id: Name,
    key: Name,
    addresses: Vec<SocketAddr>,
    #[serde(default)]
    quality: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAccount {
    id: Name,
    #[serde(default = "first_epoch")]
    epochs: Vec<u32>,
    #[serde(default = "month")]
    longest_days: u64,
    devices: Vec<FileDevice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDevice {
    number: DeviceNumber,
    key: Name,
}

fn first_epoch() -> Vec<u32> {
    vec![0]
}

fn month() -> u64 {
    30
}

/// 32 bytes in hexadecimal.
#[derive(Clone, Copy)]
struct Name([u8; 32]);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.as_ref(), &mut bytes)
            .map_err(|error| serde::de::Error::custom(format!("no 32 bytes in hex: {error}")))?;
        Ok(Self(bytes))
    }
}

#[derive(Default)]
struct Records {
    genesis: [u8; 32],
    relays: BTreeMap<RelayId, RelayRecord>,
    devices: BTreeMap<(Account, DeviceNumber), DeviceRecord>,
}

impl Records {
    fn read(path: &Path) -> Result<Self, NetworkError> {
        let unreadable = |error: std::io::Error| NetworkError::Unreadable {
            path: path.to_path_buf(),
            cause: error.to_string(),
        };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > MAX_FILE {
            let path = path.to_path_buf();
            return Err(NetworkError::TooLarge { path, size });
        }
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let parsed = serde_json::from_slice(&bytes).map_err(|error| error.to_string());
        parsed
            .and_then(Self::of)
            .map_err(|cause| NetworkError::Wrong {
                path: path.to_path_buf(),
                cause,
            })
    }

    fn of(file: File) -> Result<Self, String> {
        let Tickets::NotChecked = file.tickets;
        let mut records = Self {
            genesis: file.genesis.0,
            ..Self::default()
        };
        for relay in file.relays {
            let key = PublicKey::from_bytes(&relay.key.0);
            let key = key.map_err(|_| format!("relay {}: its key is none", hex(&relay.id.0)))?;
            let record = RelayRecord {
                address: RelayAddress {
                    relay: RelayId(relay.id.0),
                    key,
                    addresses: relay.addresses,
                },
                quality: relay.quality,
            };
            if records.relays.insert(RelayId(relay.id.0), record).is_some() {
                return Err(format!("relay {} is there twice", hex(&relay.id.0)));
            }
        }
        for account in file.accounts {
            records.add_account(&account)?;
        }
        Ok(records)
    }

    fn add_account(&mut self, account: &FileAccount) -> Result<(), String> {
        if account.devices.len() > MAX_DEVICES || account.epochs.len() > 2 {
            let id = hex(&account.id.0);
            return Err(format!("account {id} has too many devices or epochs"));
        }
        let id = Account(account.id.0);
        let owner = Owner {
            devices: account.devices.iter().map(|device| device.number).collect(),
            longest: account.longest_days.saturating_mul(DAY),
        };
        for device in &account.devices {
            let record = DeviceRecord {
                key: device.key.0,
                mailboxes: account
                    .epochs
                    .iter()
                    .map(|epoch| Mailbox::of(&id, *epoch))
                    .collect(),
                owner: owner.clone(),
            };
            if self.devices.insert((id, device.number), record).is_some() {
                let id = hex(&account.id.0);
                return Err(format!("device {} of {id} is there twice", device.number));
            }
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// By what a change of the file is seen: its length, and when it was written. None when it is not there.
type Mark = Option<(u64, SystemTime)>;

fn mark(path: &Path) -> Mark {
    let data = std::fs::metadata(path).ok()?;
    Some((data.len(), data.modified().ok()?))
}

/// The records of a file.
pub struct StaticNetwork {
    path: PathBuf,
    /// The file that was read first.
    first: Mark,
    records: RwLock<Records>,
    changes: watch::Sender<u64>,
}

impl StaticNetwork {
    /// Reads the file.
    pub fn open(path: &Path) -> Result<Arc<Self>, NetworkError> {
        // Before it is read: what changes while it is, is seen as a change.
        let first = mark(path);
        Ok(Arc::new(Self {
            path: path.to_path_buf(),
            first,
            records: RwLock::new(Records::read(path)?),
            changes: watch::Sender::new(0),
        }))
    }

    /// Looks at the file for ever, and reads it when it has changed. One that cannot be used is named once and changes nothing.
    pub async fn watch(self: Arc<Self>) {
        let mut seen = self.first;
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            let own = self.clone();
            // It may be long, and its disk slow.
            let Ok(Some((now, read))) = spawn_blocking(move || own.look(seen)).await else {
                continue;
            };
            seen = now;
            match read {
                Err(error) => tracing::warn!(%error, "the network's file is not used"),
                Ok(records) if records.genesis != self.genesis() => {
                    tracing::warn!(
                        "the network's file names another genesis: start again to change the network"
                    );
                }
                Ok(records) => {
                    if let Ok(mut place) = self.records.write() {
                        *place = records;
                    }
                    self.changes.send_modify(|it| *it = it.saturating_add(1));
                    tracing::info!("the network's file was read again");
                }
            }
        }
    }

    /// What the file says, if it is not the one that was seen last.
    fn look(&self, seen: Mark) -> Option<(Mark, Result<Records, NetworkError>)> {
        let now = mark(&self.path);
        (now != seen).then(|| (now, Records::read(&self.path)))
    }

    fn with<T>(&self, read: impl FnOnce(&Records) -> T) -> T {
        match self.records.read() {
            Ok(records) => read(&records),
            // Nothing that runs under the lock panics; and what it holds is replaced as a whole.
            Err(poisoned) => read(&poisoned.into_inner()),
        }
    }
}

impl Directory for StaticNetwork {
    fn genesis(&self) -> [u8; 32] {
        self.with(|records| records.genesis)
    }

    fn is_known(&self, _: &Question) -> bool {
        true
    }

    fn look_up(&self, _: &Question) {}

    fn relays(&self) -> Vec<RelayRecord> {
        self.with(|records| records.relays.values().cloned().collect())
    }

    fn relay(&self, relay: &RelayId) -> Option<RelayRecord> {
        self.with(|records| records.relays.get(relay).cloned())
    }

    fn device(&self, account: &Account, device: DeviceNumber) -> Option<DeviceRecord> {
        self.with(|records| records.devices.get(&(*account, device)).cloned())
    }

    /// All of them each time: a file does not say what is new in it.
    fn take_owners(&self) -> Vec<(Mailbox, Owner)> {
        self.with(|records| {
            let devices = records.devices.values();
            let owners = devices.flat_map(|it| it.mailboxes.iter().map(|of| (*of, &it.owner)));
            let owners: BTreeMap<Mailbox, &Owner> = owners.collect();
            owners
                .into_iter()
                .map(|(mailbox, owner)| (mailbox, owner.clone()))
                .collect()
        })
    }

    /// The file says that tickets are not checked: nobody is paid.
    fn judge(&self, _: &DeviceName, _: &EnvelopeView<'_>) -> Judgement {
        Judgement::Unpaid
    }

    fn give_back(&self, _: &DeviceName, _: &Charge) {}

    fn note_delivered(&self, _: &DeviceName, _: Delivered) {}

    fn take_receipt(&self, _: &DeviceName, _: Receipt) {}

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
