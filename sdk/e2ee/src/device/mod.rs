//! A device and everybody it talks to: a session per pair of devices. After Sesame rev. 2.
//!
//! - **D1** A *contact* is an account with the devices on its record; the own account is one, so that the
//!   own other devices get what this one sends. [`Device::set_contact`] takes the record over: sessions
//!   with a device that is gone, or whose identity changed, are wiped at once.
//! - **D2** Each device of a contact has a list of sessions, at most [`MAX_SESSIONS_PER_DEVICE`]. The first
//!   is *active*: it encrypts. The others decrypt what was under way. The last used goes first, the last
//!   in the list goes out.
//! - **D3** Encrypting for accounts gives one message per device of each, and names the devices that have no
//!   session yet: the caller fetches their bundles, starts sessions, and encrypts again for those.
//! - **D4** Decrypting tries the sessions of the claimed sender, the active one first. The claim must be on
//!   record: account, device and identity. A message that opens makes its session the active one.
//! - **D5** A first message for which there is no session yet begins one.
//! - **D6** When both sides begin at once, each gets the other's first message while its own active session
//!   is unanswered. Then, and only then, the session with the smaller number (H6) becomes or stays active:
//!   both pick the same. If one of the two first messages never arrives, D4 settles it: whoever receives
//!   in a session answers in it. Hence after any message that was sent and received with nothing else
//!   under way, and its answer, both sides have the same active session.
//! - **D7** The context of each handshake (H4) is the address of the initiator, then that of the responder.
//!   An address is account (32 bytes) and device number (4 bytes, little-endian).
//! - **D8** Devices speak hybrid only.
//! - **D9** A message that no session opens changes nothing. The caller decides whether to begin anew: fetch
//!   a bundle, [`Device::start`], and send something, which tells the peer to answer there (D4).

mod peers;
#[cfg(test)]
mod tests;

#[cfg(doc)]
use crate::limits::MAX_SESSIONS_PER_DEVICE;
use crate::{
    Bundle, Decrypted, Error, Message, Mode, PreKeyStore, PublishedPreKeys, RecoveryPace, Sender,
    Session,
    codec_bounds::decode_list,
    identity::{DeviceIdentity, IdentityPublic},
    limits::{MAX_CONTACTS, MAX_DEVICES, MAX_PLAINTEXT},
    secret::wipes_on_drop,
};
use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode, Error as CodecError, Input};
use core::fmt;
use peers::{Contact, PeerDevice};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// An account on the chain.
pub type Account = [u8; 32];

/// A device of an account (D7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct DeviceAddress {
    /// The account.
    pub account: Account,
    /// The device's number on the account's record.
    pub device: u32,
}

/// The beginning of the account and the device's number: for messages to people, not to compare.
impl fmt::Display for DeviceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.account.iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        write!(f, "/{}", self.device)
    }
}

/// A message for one device, to be sealed and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// For whom.
    pub to: DeviceAddress,
    /// Their identity, which an envelope is sealed for.
    pub identity: IdentityPublic,
    /// The message's encoding.
    pub message: Vec<u8>,
}

/// What encrypting for several devices gave (D3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FanOut {
    /// One message per device with a session.
    pub messages: Vec<Outgoing>,
    /// Devices that need a session first.
    pub missing: Vec<DeviceAddress>,
}

/// A message that opened.
#[derive(Debug)]
pub struct Received {
    /// Who wrote it: proven, not claimed.
    pub from: DeviceAddress,
    /// What it says. Wipes itself.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Whether it began a session.
    pub new_session: bool,
}

/// What [`Device::set_contact`] changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordChange {
    /// Device numbers that are new.
    pub added: Vec<u32>,
    /// Device numbers that are gone; their sessions are wiped.
    pub removed: Vec<u32>,
    /// Device numbers with another identity than before; their sessions are wiped. Tell the user.
    pub changed: Vec<u32>,
}

/// This device: its keys, its prekeys, its sessions. Every secret in it wipes itself.
#[derive(Clone, Debug, Encode)]
pub struct Device {
    address: DeviceAddress,
    identity: DeviceIdentity,
    prekeys: PreKeyStore,
    pace: RecoveryPace,
    contacts: BTreeMap<Account, Contact>,
}

wipes_on_drop! {
    Device { secret: [identity, prekeys, contacts], open: [address, pace] }
}

impl Device {
    /// A device with a new signed prekey and no one-time prekeys. `now` is in seconds since 1970.
    pub fn new<R: CryptoRng + ?Sized>(
        address: DeviceAddress,
        identity: DeviceIdentity,
        now: u64,
        rng: &mut R,
    ) -> Self {
        let prekeys = PreKeyStore::new(Mode::Hybrid, now, rng);
        let pace = RecoveryPace::default();
        Self {
            address,
            identity,
            prekeys,
            pace,
            contacts: BTreeMap::new(),
        }
    }

    /// Its address.
    pub fn address(&self) -> DeviceAddress {
        self.address
    }

    /// Its identity.
    pub fn identity(&self) -> &DeviceIdentity {
        &self.identity
    }

    /// What its envelopes name as their sender.
    pub fn sender(&self) -> Sender {
        Sender {
            address: self.address,
            identity: self.identity.public(),
        }
    }

    /// Its prekeys: to rotate, to replenish.
    pub fn prekeys_mut(&mut self) -> &mut PreKeyStore {
        &mut self.prekeys
    }

    /// What it puts on its relays.
    pub fn publish(&self) -> PublishedPreKeys {
        self.prekeys.publish(&self.identity)
    }

    /// Takes over an account's record (D1).
    pub fn set_contact(
        &mut self,
        account: Account,
        record: &[(u32, IdentityPublic)],
    ) -> Result<RecordChange, Error> {
        if record.len() > MAX_DEVICES {
            let length = record.len();
            return Err(Error::TooLong {
                what: "device list",
                length,
                limit: MAX_DEVICES,
            });
        }
        if !self.contacts.contains_key(&account) && self.contacts.len() >= MAX_CONTACTS {
            let length = self.contacts.len().saturating_add(1);
            return Err(Error::TooLong {
                what: "contact list",
                length,
                limit: MAX_CONTACTS,
            });
        }
        let own = (self.address.account == account).then_some(self.address.device);
        let contact = self.contacts.entry(account).or_default();
        Ok(contact.set_record(record, own))
    }

    /// Wipes a contact and all its sessions.
    pub fn remove_contact(&mut self, account: &Account) {
        self.contacts.remove(account);
    }

    /// The devices of an account but this one, as its record was taken over last: also when that was long ago.
    pub fn known(&self, account: &Account) -> Vec<Sender> {
        let devices = self.devices_of(account);
        let sender = |(address, peer): (DeviceAddress, &PeerDevice)| Sender {
            address,
            identity: peer.identity,
        };
        devices.map(sender).collect()
    }

    /// The devices of these accounts that have no session (D3).
    pub fn missing(&self, accounts: &[Account]) -> Vec<DeviceAddress> {
        let devices = accounts.iter().flat_map(|account| self.devices_of(account));
        devices
            .filter(|(_, peer)| peer.active().is_none())
            .map(|(address, _)| address)
            .collect()
    }

    /// Checks a device's bundle and begins a session, which becomes the active one. Older bundles than
    /// the newest seen from the device are refused. Returns whether no one-time prekey was left (B6).
    pub fn start<R: CryptoRng + ?Sized>(
        &mut self,
        to: DeviceAddress,
        bundle: Bundle,
        rng: &mut R,
    ) -> Result<bool, Error> {
        if to == self.address {
            return Err(Error::OwnDevice);
        }
        if bundle.mode != Mode::Hybrid {
            return Err(Error::ModeMismatch);
        }
        let peer = find(&mut self.contacts, to).ok_or(Error::UnknownDevice)?;
        let verified = bundle.verify(&peer.identity, peer.newest_bundle)?;
        let context = context(self.address, to);
        let mut session = Session::initiate(&self.identity, &verified, &context, rng)?;
        session.set_recovery_pace(self.pace);
        peer.newest_bundle = verified.bundle().signed.created;
        peer.insert_first(session);
        Ok(verified.uses_last_resort())
    }

    /// Encrypts for every device of these accounts except this one (D3).
    pub fn encrypt<R: CryptoRng + ?Sized>(
        &mut self,
        accounts: &[Account],
        plaintext: &[u8],
        rng: &mut R,
    ) -> Result<FanOut, Error> {
        let to: Vec<DeviceAddress> = accounts
            .iter()
            .flat_map(|account| self.devices_of(account))
            .map(|(address, _)| address)
            .collect();
        self.encrypt_for(&to, plaintext, rng)
    }

    /// Encrypts for these devices. One whose active session can carry no more counts as missing.
    pub fn encrypt_for<R: CryptoRng + ?Sized>(
        &mut self,
        to: &[DeviceAddress],
        plaintext: &[u8],
        rng: &mut R,
    ) -> Result<FanOut, Error> {
        if plaintext.len() > MAX_PLAINTEXT {
            let length = plaintext.len();
            return Err(Error::TooLong {
                what: "message",
                length,
                limit: MAX_PLAINTEXT,
            });
        }
        let mut sent = FanOut::default();
        for to in to {
            let peer = find(&mut self.contacts, *to).ok_or(Error::UnknownDevice)?;
            let identity = peer.identity;
            match peer
                .active_mut()
                .map(|session| session.encrypt(plaintext, rng))
            {
                Some(Ok(message)) => {
                    let message = message.to_bytes();
                    sent.messages.push(Outgoing {
                        to: *to,
                        identity,
                        message,
                    });
                }
                Some(Err(_)) | None => sent.missing.push(*to),
            }
        }
        Ok(sent)
    }

    /// Decrypts a message that claims to be from `sender` (D4, D5).
    pub fn decrypt(&mut self, sender: &Sender, message: &[u8]) -> Result<Received, Error> {
        let from = sender.address;
        if from == self.address {
            return Err(Error::OwnDevice);
        }
        let peer = find(&mut self.contacts, from).ok_or(Error::UnknownDevice)?;
        if peer.identity != sender.identity {
            return Err(Error::IdentityMismatch);
        }
        let message = Message::from_bytes(message)?;
        if let Some(Decrypted { plaintext, .. }) = peer.decrypt(&message)? {
            return Ok(Received {
                from,
                plaintext,
                new_session: false,
            });
        }
        let context = context(from, self.address);
        let (mut session, Decrypted { plaintext, .. }) = Session::accept(
            &self.identity,
            &mut self.prekeys,
            &sender.identity,
            &context,
            &message,
        )?;
        session.set_recovery_pace(self.pace);
        peer.insert_accepted(session);
        Ok(Received {
            from,
            plaintext,
            new_session: true,
        })
    }

    /// The number of the active session with a device.
    pub fn active_session(&self, with: &DeviceAddress) -> Option<[u8; 16]> {
        let contact = self.contacts.get(&with.account)?;
        contact.device(with.device)?.active().map(Session::id)
    }

    /// Wipes all sessions, for after a restore from a backup (S4). Contacts stay.
    pub fn forget_sessions(&mut self) {
        self.contacts
            .values_mut()
            .for_each(Contact::forget_sessions);
    }

    /// How often the KEM ratchet turns, in all sessions.
    pub fn set_recovery_pace(&mut self, pace: RecoveryPace) {
        self.pace = pace;
        self.sessions_mut()
            .for_each(|session| session.set_recovery_pace(pace));
    }

    /// Has the KEM ratchet turn at this device's next turn in every session: call it when somebody may have
    /// a copy of this device ([`Session::request_recovery`]).
    pub fn request_recovery(&mut self) {
        self.sessions_mut().for_each(Session::request_recovery);
    }

    fn sessions_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.contacts.values_mut().flat_map(Contact::sessions_mut)
    }

    fn devices_of(&self, account: &Account) -> impl Iterator<Item = (DeviceAddress, &PeerDevice)> {
        let account = *account;
        let contact = self.contacts.get(&account);
        contact
            .into_iter()
            .flat_map(Contact::devices)
            .map(move |peer| {
                let address = DeviceAddress {
                    account,
                    device: peer.device,
                };
                (address, peer)
            })
    }
}

fn find(contacts: &mut BTreeMap<Account, Contact>, at: DeviceAddress) -> Option<&mut PeerDevice> {
    contacts.get_mut(&at.account)?.device_mut(at.device)
}

/// D7.
fn context(initiator: DeviceAddress, responder: DeviceAddress) -> Vec<u8> {
    (initiator, responder).encode()
}

impl Decode for Device {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let (address, identity, prekeys): (DeviceAddress, _, PreKeyStore) = Decode::decode(input)?;
        let pace = RecoveryPace::decode(input)?;
        let list: Vec<Box<(Account, Contact)>> = decode_list(input, MAX_CONTACTS)?;
        if !list.is_sorted_by(|one, other| one.0 < other.0) {
            return Err("contacts out of order".into());
        }
        if prekeys.mode() != Mode::Hybrid || pace.round_trips() == 0 {
            return Err("no possible device".into());
        }
        let contacts = list.into_iter().map(|entry| *entry).collect();
        Ok(Self {
            address,
            identity,
            prekeys,
            pace,
            contacts,
        })
    }
}
