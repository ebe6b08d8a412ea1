//! The engine's encryption: sessions that encrypt for proven recipients (T1, T2).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parlance_bimp::Account;
use parlance_e2ee::{
    DeviceAddress, DeviceIdentity, Error, PreKeyStore, PublishedPreKeys, Sender, StateKey,
    device::{Outgoing, Received},
};
use parlance_messenger::{Encryption, Fault, GroupSecrets};
use parlance_primitives::AccountId;
use parlance_store::Store;
use rand_core::CryptoRng;
use sp_crypto_hashing::blake2_256;

use super::groups::VaultGroups;
use crate::{
    encryption::{EncryptionError, Recipients, Sessions, number_of},
    identity::Contact,
    keys::DeviceSecrets,
};

/// Sessions, and the key that they are kept under.
pub struct ProvenSessions<'v> {
    sessions: Sessions,
    key: StateKey,
    groups: Option<VaultGroups<'v>>,
}

impl<'v> ProvenSessions<'v> {
    /// Of a device that has none yet.
    pub fn new<R: CryptoRng>(
        account: &AccountId,
        secrets: &DeviceSecrets,
        now: SystemTime,
        rng: &mut R,
    ) -> Self {
        Self {
            sessions: Sessions::new(account, secrets, now, rng),
            key: state_key(secrets),
            groups: None,
        }
    }

    /// From what [`Encryption::save`] gave.
    pub fn import(
        account: &AccountId,
        secrets: &DeviceSecrets,
        sealed: &[u8],
    ) -> Result<Self, EncryptionError> {
        let key = state_key(secrets);
        Ok(Self {
            sessions: Sessions::import(account, secrets, &key, sealed)?,
            key,
            groups: None,
        })
    }

    /// With groups in a vault's store.
    pub fn with_groups(mut self, store: &'v Store) -> Result<Self, parlance_groups::Error> {
        let (device, identity) = (self.sessions.address(), self.sessions.identity().clone());
        self.groups = Some(VaultGroups::new(store, device, identity)?);
        Ok(self)
    }

    /// What was proven of somebody, for the comparison with members of groups.
    pub fn learn(&mut self, contact: &Contact) {
        let account: &[u8; 32] = contact.account.as_ref();
        let record = contact.record.iter();
        let devices = record.flat_map(|record| record.devices.iter());
        let devices = devices.map(|device| (number_of(device.id()), device.keys.signing.0));
        if let Some(groups) = &mut self.groups {
            groups.learn(*account, devices.collect());
        }
    }

    /// The sessions, to tell looks to.
    pub fn sessions_mut(&mut self) -> &mut Sessions {
        &mut self.sessions
    }
}

/// T1.
fn state_key(secrets: &DeviceSecrets) -> StateKey {
    let mut bytes = zeroize::Zeroizing::new(b"parlance/chat-sessions/1".to_vec());
    bytes.extend_from_slice(secrets.agreement_secret());
    StateKey::new(blake2_256(&bytes))
}

fn time(wall: u64) -> SystemTime {
    UNIX_EPOCH
        .checked_add(Duration::from_millis(wall))
        .unwrap_or(UNIX_EPOCH)
}

fn fault(error: EncryptionError) -> Fault {
    match error {
        EncryptionError::Expired { .. }
        | EncryptionError::ClockBehind { .. }
        | EncryptionError::OtherDevice
        | EncryptionError::Older { .. }
        | EncryptionError::NotLookedUp { .. } => Fault::LookAgain,
        EncryptionError::NoIdentity { .. } | EncryptionError::NoRecipient { .. } => {
            Fault::NoRecipient
        }
        EncryptionError::Prekeys { .. } => Fault::PreKeys(error.to_string()),
        error => Fault::Failed(error.to_string()),
    }
}

impl Encryption for ProvenSessions<'_> {
    type Recipients = Recipients;

    fn identity(&self) -> &DeviceIdentity {
        self.sessions.identity()
    }

    fn sender(&self) -> Sender {
        self.sessions.sender()
    }

    fn prekeys_mut(&mut self) -> &mut PreKeyStore {
        self.sessions.prekeys_mut()
    }

    fn publish(&self) -> PublishedPreKeys {
        self.sessions.publish()
    }

    fn devices(&self, to: &Recipients) -> Vec<DeviceAddress> {
        self.sessions.devices(to)
    }

    fn known(&self, account: &Account) -> Vec<Sender> {
        self.sessions.known(&account.0)
    }

    fn expires(&self, to: &Recipients) -> u64 {
        let since = to.expires().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(0)
    }

    fn encrypt<R: CryptoRng>(
        &mut self,
        to: &Recipients,
        device: DeviceAddress,
        plaintext: &[u8],
        wall: u64,
        rng: &mut R,
    ) -> Result<Option<Outgoing>, Fault> {
        let devices = [device];
        let sent = self
            .sessions
            .encrypt_for((to, &devices), plaintext, time(wall), rng);
        Ok(sent.map_err(fault)?.messages.pop())
    }

    fn start<R: CryptoRng>(
        &mut self,
        to: &Recipients,
        device: DeviceAddress,
        bundle: &[u8],
        wall: u64,
        rng: &mut R,
    ) -> Result<bool, Fault> {
        self.sessions
            .start((to, device), bundle, time(wall), rng)
            .map_err(fault)
    }

    fn decrypt(&mut self, sender: &Sender, message: &[u8]) -> Result<Received, Error> {
        match self.sessions.decrypt(sender, message) {
            Ok(received) => Ok(received),
            Err(EncryptionError::Core(error)) => Err(error),
            // Reading asks for no proof, so there is no other one.
            Err(_) => Err(Error::UnknownDevice),
        }
    }

    fn groups(&mut self) -> Option<&mut dyn GroupSecrets> {
        let groups = self.groups.as_mut()?;
        Some(groups)
    }

    fn save<R: CryptoRng>(&self, rng: &mut R) -> Vec<u8> {
        self.sessions.export(&self.key, rng)
    }
}
