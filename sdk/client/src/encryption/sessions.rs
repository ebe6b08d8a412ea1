//! Sessions of this device with everybody's devices, by proven records.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use parlance_e2ee::{
    Bundle, Device, DeviceAddress, DeviceIdentity, PreKeyStore, PublishedPreKeys, Sender, StateKey,
    device::{Account, FanOut, Received},
    state::Storable as _,
};
use parlance_primitives::{
    AccountId, Moment,
    accounts::{Identity, Version},
};
use rand_core::CryptoRng;

use super::{
    EncryptionError, Recipients, address_of, identity_of, look::present, number::account_of,
    number_of,
};
use crate::{identity::Contact, keys::DeviceSecrets};

/// What the record of an account says of a device, as `parlance-groups` asks (R9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRecord {
    /// The device, with its Ed25519 signing key.
    Device([u8; 32]),
    /// The account has no such device.
    NoDevice,
    /// The account was not looked up, or too long ago.
    Unavailable,
}

/// What was taken over of an account.
struct Known {
    version: Version,
    /// Time of the block under which it was proven.
    time: Moment,
    /// Signing keys by number.
    devices: BTreeMap<u32, [u8; 32]>,
}

/// This device and its sessions. Nothing is encrypted but for [`Recipients`].
pub struct Sessions {
    device: Device,
    /// Since this program runs; what was proven before it started is not of the present.
    known: BTreeMap<Account, Known>,
}

impl Sessions {
    /// Of a device that has none yet: with a signed prekey and no one-time prekeys.
    pub fn new<R: CryptoRng + ?Sized>(
        account: &AccountId,
        secrets: &DeviceSecrets,
        now: SystemTime,
        rng: &mut R,
    ) -> Self {
        let address = address_of(account, secrets.id());
        Self {
            device: Device::new(address, identity(secrets), seconds(now), rng),
            known: BTreeMap::new(),
        }
    }

    /// From what [`export`](Self::export) gave. Everybody has to be looked up before the next text.
    pub fn import(
        account: &AccountId,
        secrets: &DeviceSecrets,
        key: &StateKey,
        sealed: &[u8],
    ) -> Result<Self, EncryptionError> {
        let device = Device::import(key, sealed)?;
        let (address, public) = (
            address_of(account, secrets.id()),
            identity(secrets).public(),
        );
        if (device.address(), device.identity().public()) != (address, public) {
            return Err(EncryptionError::OtherState);
        }
        Ok(Self {
            device,
            known: BTreeMap::new(),
        })
    }

    /// Device and sessions, encrypted under `key`, to be kept.
    pub fn export<R: CryptoRng + ?Sized>(&self, key: &StateKey, rng: &mut R) -> Vec<u8> {
        self.device.export(key, rng)
    }

    /// This device's address.
    pub fn address(&self) -> DeviceAddress {
        self.device.address()
    }

    /// This device's keys, such as to open envelopes with.
    pub fn identity(&self) -> &DeviceIdentity {
        self.device.identity()
    }

    /// What this device's envelopes name as their sender.
    pub fn sender(&self) -> Sender {
        self.device.sender()
    }

    /// Prekeys of this device: to rotate, to replenish.
    pub fn prekeys_mut(&mut self) -> &mut PreKeyStore {
        self.device.prekeys_mut()
    }

    /// What this device puts on its relays.
    pub fn publish(&self) -> PublishedPreKeys {
        self.device.publish()
    }

    /// Encrypts for every device of the recipients but this one; names those that have no session yet.
    pub fn encrypt<R: CryptoRng + ?Sized>(
        &mut self,
        to: &Recipients,
        plaintext: &[u8],
        now: SystemTime,
        rng: &mut R,
    ) -> Result<FanOut, EncryptionError> {
        self.check(to, now)?;
        Ok(self.device.encrypt(to.accounts(), plaintext, rng)?)
    }

    /// Encrypts for some devices of the recipients, such as those that have a session by now.
    pub fn encrypt_for<R: CryptoRng + ?Sized>(
        &mut self,
        (to, devices): (&Recipients, &[DeviceAddress]),
        plaintext: &[u8],
        now: SystemTime,
        rng: &mut R,
    ) -> Result<FanOut, EncryptionError> {
        self.check(to, now)?;
        for device in devices {
            self.recipient(to, *device)?;
        }
        Ok(self.device.encrypt_for(devices, plaintext, rng)?)
    }

    /// All devices of the recipients but this one, as they were taken over last.
    pub fn devices(&self, to: &Recipients) -> Vec<DeviceAddress> {
        let own = self.device.address();
        let devices = to.accounts().iter().flat_map(|account| {
            let known = self.known.get(account).into_iter();
            let numbers = known.flat_map(|known| known.devices.keys());
            numbers.map(|device| DeviceAddress {
                account: *account,
                device: *device,
            })
        });
        devices.filter(|device| *device != own).collect()
    }

    /// The devices of an account but this one, as its record was taken over last, by this program or one before it. Who they
    /// are is proven, that they are of the present is not: for finding them, not for encrypting.
    pub fn known(&self, account: &Account) -> Vec<Sender> {
        self.device.known(account)
    }

    /// Devices of the recipients that have no session yet.
    pub fn missing(&self, to: &Recipients) -> Vec<DeviceAddress> {
        self.device.missing(to.accounts())
    }

    /// Begins a session with a device by a prekey bundle from anywhere (R7). Returns whether no one-time prekey
    /// was left.
    pub fn start<R: CryptoRng + ?Sized>(
        &mut self,
        (to, device): (&Recipients, DeviceAddress),
        bundle: &[u8],
        now: SystemTime,
        rng: &mut R,
    ) -> Result<bool, EncryptionError> {
        self.check(to, now)?;
        self.recipient(to, device)?;
        let refused = |cause| EncryptionError::Prekeys {
            device: device.to_string(),
            cause,
        };
        let bundle = Bundle::from_bytes(bundle).map_err(refused)?;
        self.device.start(device, bundle, rng).map_err(refused)
    }

    /// Decrypts a message that claims to be from `sender`, who must be on the record that was taken over last.
    pub fn decrypt(
        &mut self,
        sender: &Sender,
        message: &[u8],
    ) -> Result<Received, EncryptionError> {
        Ok(self.device.decrypt(sender, message)?)
    }

    /// What the record of an account says of a device at `now`, for groups (R9).
    pub fn on_record(&self, device: &DeviceAddress, now: SystemTime) -> OnRecord {
        let known = self.known.get(&device.account);
        match known.filter(|known| present(known.time, now).is_ok()) {
            None => OnRecord::Unavailable,
            Some(known) => match known.devices.get(&device.device) {
                Some(signing) => OnRecord::Device(*signing),
                None => OnRecord::NoDevice,
            },
        }
    }

    /// Takes the record of a contact over that was proven under a block of that time (R4, R5, R8).
    pub(super) fn take_over(
        &mut self,
        contact: &Contact,
        time: Moment,
    ) -> Result<(), EncryptionError> {
        let account = contact.account.clone();
        let version = contact.record.as_ref().map(|record| record.version);
        let before = self.known.get(&account_of(&account));
        let lower = |known: &Known| version.is_some_and(|version| version < known.version);
        if before.is_some_and(|known| time < known.time || lower(known)) {
            return Err(EncryptionError::Older { account });
        }
        let version = version.or(before.map(|known| known.version));
        let mut devices = BTreeMap::new();
        let mut record = Vec::new();
        for device in contact
            .record
            .iter()
            .flat_map(|record| record.devices.iter())
        {
            let number = number_of(device.id());
            if devices.insert(number, device.keys.signing.0).is_some() {
                // Whichever of the two was known before must not go on alone either.
                self.forget(&account);
                return Err(EncryptionError::SameNumber { account, number });
            }
            record.push((number, identity_of(&device.keys)));
        }
        self.device.set_contact(account_of(&account), &record)?;
        let known = Known {
            version: version.unwrap_or_default(),
            time,
            devices,
        };
        self.known.insert(account_of(&account), known);
        Ok(())
    }

    /// Whether this device is on the record of its own account, with the keys that it has (R3).
    pub(super) fn must_be_listed(&self, own: &Contact) -> Result<(), EncryptionError> {
        let (address, public) = (self.device.address(), self.device.identity().public());
        let listed = |record: &Identity| {
            let mut devices = record.devices.iter();
            devices.any(|device| identity_of(&device.keys) == public)
        };
        if account_of(&own.account) != address.account {
            return Err(EncryptionError::OtherDevice);
        }
        match own.record.as_ref().is_some_and(listed) {
            true => Ok(()),
            false => Err(EncryptionError::Revoked),
        }
    }

    fn forget(&mut self, account: &AccountId) {
        self.known.remove(&account_of(account));
        self.device.remove_contact(&account_of(account));
    }

    fn check(&self, to: &Recipients, now: SystemTime) -> Result<(), EncryptionError> {
        to.check(self.device.address(), now)?;
        for account in to.accounts() {
            let who = || AccountId::new(*account);
            match self.known.get(account) {
                None => return Err(EncryptionError::NotLookedUp { account: who() }),
                Some(known) if known.devices.is_empty() => {
                    return Err(EncryptionError::NoIdentity { account: who() });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn recipient(&self, to: &Recipients, device: DeviceAddress) -> Result<(), EncryptionError> {
        let known = self.known.get(&device.account);
        let listed = known.is_some_and(|known| known.devices.contains_key(&device.device));
        match listed && to.accounts().contains(&device.account) {
            true => Ok(()),
            false => Err(EncryptionError::NoRecipient {
                device: device.to_string(),
            }),
        }
    }
}

fn identity(secrets: &DeviceSecrets) -> DeviceIdentity {
    DeviceIdentity::from_secrets(secrets.signing_seed(), secrets.agreement_secret())
}

/// Seconds since 1970.
fn seconds(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
