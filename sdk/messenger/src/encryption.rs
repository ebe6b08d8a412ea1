//! What the engine needs of the encryption: sessions, and whom a text may be encrypted for.
//!
//! - **X1** *Recipients* are whatever the program's proof of an account's devices is. The engine gets them by a look, holds them, and
//!   hands them back with each encryption; it cannot make them. In Parlance's client they are its `Recipients`, which come
//!   from a proven record and expire.
//! - **X2** What was decrypted is from the device that it says, which is on the record that was taken over last.

use crate::groups::GroupSecrets;
use parlance_bimp::Account;
use parlance_e2ee::{
    DeviceAddress, DeviceIdentity, PreKeyStore, PublishedPreKeys, Sender,
    device::{Outgoing, Received},
};
use rand_core::CryptoRng;

/// Why something was not encrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The recipients are not of the present any more.
    #[error("the recipients were proven too long ago: look again")]
    LookAgain,
    /// The device is not among them.
    #[error("the device is not on its account's record any more: nothing is encrypted for it")]
    NoRecipient,
    /// The prekeys are not used.
    #[error("{0}")]
    PreKeys(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// The sessions of this device.
pub trait Encryption {
    /// Whom something can be encrypted for (X1).
    type Recipients;

    /// This device's keys: to open envelopes and to sign.
    fn identity(&self) -> &DeviceIdentity;

    /// What this device's envelopes name as their sender.
    fn sender(&self) -> Sender;

    /// This device's prekeys.
    fn prekeys_mut(&mut self) -> &mut PreKeyStore;

    /// What this device puts on its relays.
    fn publish(&self) -> PublishedPreKeys;

    /// All devices of the recipients but this one.
    fn devices(&self, to: &Self::Recipients) -> Vec<DeviceAddress>;

    /// The devices of an account but this one, as its record was taken over last, which may be long ago. For finding them, not for
    /// encrypting.
    fn known(&self, account: &Account) -> Vec<Sender>;

    /// Until when they can be encrypted for, milliseconds since 1970.
    fn expires(&self, to: &Self::Recipients) -> u64;

    /// Encrypts for one device of the recipients. `None`: there is no session, or it can carry no more.
    fn encrypt<R: CryptoRng>(
        &mut self,
        to: &Self::Recipients,
        device: DeviceAddress,
        plaintext: &[u8],
        wall: u64,
        rng: &mut R,
    ) -> Result<Option<Outgoing>, Fault>;

    /// Begins a session by a prekey bundle from anywhere. Whether no one-time prekey was left.
    fn start<R: CryptoRng>(
        &mut self,
        to: &Self::Recipients,
        device: DeviceAddress,
        bundle: &[u8],
        wall: u64,
        rng: &mut R,
    ) -> Result<bool, Fault>;

    /// Decrypts (X2).
    fn decrypt(
        &mut self,
        sender: &Sender,
        message: &[u8],
    ) -> Result<Received, parlance_e2ee::Error>;

    /// The groups of this device, if the program has any (G3).
    fn groups(&mut self) -> Option<&mut dyn GroupSecrets> {
        None
    }

    /// Sessions and prekeys, to be kept under [`Row::Sessions`](crate::Row::Sessions).
    fn save<R: CryptoRng>(&self, rng: &mut R) -> Vec<u8>;
}
