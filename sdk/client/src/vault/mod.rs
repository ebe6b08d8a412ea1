//! The vault: everything that a person's client keeps on disk, in one `parlance-store`.
//!
//! The store encrypts under the passphrase and keeps commits through crashes; the vault says what lies in
//! it. Each value is written in one transaction with whatever belongs to it, so that a client that is
//! killed at any moment finds either what was before or all of what came after.

#[cfg(test)]
mod tests;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use codec::{Decode, DecodeAll, Encode};
use parlance_messenger::Table as Group;
use parlance_primitives::{AccountId, Hash};
use parlance_store::{
    Error as StoreError, Key, Options, Page, Renewal, Store, Table, WriteTransaction,
};
use sp_core::ed25519;
use zeroize::Zeroizing;

use crate::{
    chat::{PASSING, PEOPLE, Rows},
    identity::{Contact, InvitationSecret},
    keys::{AccountKey, DeviceSecrets, KeyError, Phrase},
    light::{Checkpoint, CheckpointError},
};

/// Version of what lies in a vault.
const FORMAT: u16 = 1;
/// Most contacts.
pub const MAX_CONTACTS: usize = 10_000;
/// Rows that are read at a time.
const PAGE: usize = 256;
/// Longest wait for another program that has the vault open: a command of the same person, or what is left of
/// one that was killed a moment ago.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

const META: Table = Table::new("meta");
const ACCOUNT: Table = Table::new("account");
const DEVICE: Table = Table::new("device");
const CHAIN: Table = Table::new("chain");
const CONTACTS: Table = Table::new("contacts");
const INVITATIONS: Table = Table::new("invitations");
/// Payments that others told of and that were proven.
const RECEIVED: Table = Table::new("received");
/// All of them, for renewal.
const TABLES: [Table; COUNT] = {
    let mut tables = [PASSING; COUNT];
    let (own, chat, mls) = (OWN_TABLES, Group::ALL, parlance_groups::TABLES);
    let mut index = 0;
    while index < own.len() {
        tables[index] = own[index];
        index += 1;
    }
    while index < own.len() + chat.len() {
        tables[index] = Table::new(chat[index - own.len()].name());
        index += 1;
    }
    while index + 1 < tables.len() {
        tables[index] = mls[index - own.len() - chat.len()];
        index += 1;
    }
    tables
};
/// How many there are. The last one is that of passing keys.
const COUNT: usize = OWN_TABLES.len() + Group::ALL.len() + parlance_groups::TABLES.len() + 1;
/// Those that are no part of the chat's engine, nor of its groups.
const OWN_TABLES: [Table; 8] = [
    META,
    ACCOUNT,
    DEVICE,
    CHAIN,
    CONTACTS,
    INVITATIONS,
    RECEIVED,
    PEOPLE,
];
/// What an export takes along of the chat: what was said, not what was under way (rule T3 of the chat).
const EXPORTED: [Group; 6] = [
    Group::Conversations,
    Group::Messages,
    Group::Names,
    Group::Orphans,
    Group::Expiries,
    Group::Rooms,
];

/// Why the vault refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The store does.
    #[error(transparent)]
    Store(#[from] parlance_store::Error),
    /// Keys cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The trusted checkpoint cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Written by a newer build.
    #[error("the data folder has format {found}, this program knows {FORMAT}: update this program")]
    NewerFormat {
        /// Its format.
        found: u16,
    },
    /// A value that does not decode.
    #[error("{what} in the data folder does not decode: restore an export")]
    Damaged {
        /// What.
        what: &'static str,
    },
    /// No account yet.
    #[error("there is no account here yet: make one with 'identity new', or restore one")]
    NoAccount,
    /// An account already.
    #[error("there is an account here already: use another data folder for another account")]
    AccountExists,
    /// The device has no account key: it was linked.
    #[error(
        "this device is linked to an account whose key is on another device: do this there, or restore \
         the backup phrase here"
    )]
    NoAccountKey,
    /// A contact's name is taken.
    #[error("there is a contact named '{name}' already: choose another name, or remove it first")]
    ContactExists {
        /// The name.
        name: String,
    },
    /// No such contact.
    #[error("there is no contact named '{name}': see 'contact list'")]
    NoContact {
        /// The name.
        name: String,
    },
    /// Too many contacts.
    #[error("there are {MAX_CONTACTS} contacts: remove one first")]
    TooManyContacts,
}

/// Who uses this vault.
#[derive(Encode, Decode)]
struct Profile {
    account: AccountId,
    /// Words and derivation path; a linked device has none.
    key: Option<(String, String)>,
}

/// What a client keeps.
pub struct Vault(Store);

impl Vault {
    /// A new one at `path`.
    pub fn create(path: &Path, passphrase: &[u8], options: Options) -> Result<Self, VaultError> {
        let store = Store::create(path, passphrase, options)?;
        let changes = store.begin_write()?;
        changes.put(META, &Key::of("format"), &FORMAT.encode())?;
        changes.commit()?;
        Ok(Self(store))
    }

    /// Opens the one at `path`, once others are done with it: commands given at the same time take their turn.
    pub fn open(path: &Path, passphrase: &[u8], options: Options) -> Result<Self, VaultError> {
        let since = Instant::now();
        let store = loop {
            match Store::open(path, passphrase, options) {
                Err(StoreError::InUse { .. }) if since.elapsed() < PATIENCE => thread::sleep(PAUSE),
                outcome => break outcome?,
            }
        };
        let vault = Self(store);
        let found: u16 = vault
            .read(META, &Key::of("format"), "the format")?
            .ok_or(VaultError::Damaged { what: "the format" })?;
        if found > FORMAT {
            return Err(VaultError::NewerFormat { found });
        }
        Ok(vault)
    }

    /// Puts the vault under another passphrase and a new master key: an old copy and its passphrase hold what they
    /// held, and open nothing of it from now on. Who is killed meanwhile has it under one of the two.
    pub fn change_passphrase(
        &mut self,
        old: &[u8],
        new: &[u8],
        options: Options,
        progress: impl FnMut(Renewal),
    ) -> Result<(), VaultError> {
        Ok(self.0.renew(old, new, options.kdf, &TABLES, progress)?)
    }

    /// Keeps an account with its key, and makes keys for this device.
    pub fn adopt(&self, phrase: &Phrase, path: &str) -> Result<AccountKey, VaultError> {
        let key = AccountKey::from_phrase(phrase, path)?;
        let words = (phrase.words().to_owned(), path.to_owned());
        self.set_profile(&Profile {
            account: key.account(),
            key: Some(words),
        })?;
        Ok(key)
    }

    /// Keeps an account whose key is on another device, and makes keys for this device.
    pub fn link(&self, account: AccountId) -> Result<(), VaultError> {
        self.set_profile(&Profile { account, key: None })
    }

    /// The account.
    pub fn account(&self) -> Result<AccountId, VaultError> {
        Ok(self.profile()?.account)
    }

    /// Whether the account's key is here.
    pub fn has_account_key(&self) -> Result<bool, VaultError> {
        Ok(self.profile()?.key.is_some())
    }

    /// The account's key.
    pub fn account_key(&self) -> Result<AccountKey, VaultError> {
        let (words, path) = self.secret_words()?;
        Ok(AccountKey::from_phrase(&Phrase::parse(&words)?, &path)?)
    }

    /// The backup phrase and the derivation path.
    pub fn phrase(&self) -> Result<(Phrase, String), VaultError> {
        let (words, path) = self.secret_words()?;
        Ok((Phrase::parse(&words)?, path))
    }

    /// This device's keys.
    pub fn device(&self) -> Result<DeviceSecrets, VaultError> {
        self.device_at("now")?.ok_or(VaultError::NoAccount)
    }

    /// New keys for this device, which count once the chain lists them: [`Self::settle_rotation`].
    pub fn begin_rotation(&self) -> Result<DeviceSecrets, VaultError> {
        if let Some(begun) = self.device_at("next")? {
            return Ok(begun);
        }
        let next = DeviceSecrets::generate()?;
        let changes = self.0.begin_write()?;
        self.put_device(&changes, "next", &next)?;
        changes.commit()?;
        Ok(next)
    }

    /// Takes the new keys as the device's own.
    pub fn settle_rotation(&self) -> Result<(), VaultError> {
        let Some(next) = self.device_at("next")? else {
            return Ok(());
        };
        let changes = self.0.begin_write()?;
        self.put_device(&changes, "now", &next)?;
        changes.remove(DEVICE, &Key::of("next"))?;
        Ok(changes.commit()?)
    }

    /// What is trusted of the chain.
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, VaultError> {
        let found = self.0.begin_read()?.get(CHAIN, &Key::of("checkpoint"))?;
        Ok(found
            .map(|bytes| Checkpoint::from_bytes(&bytes))
            .transpose()?)
    }

    /// Keeps what is trusted by now. A lower one of the same chain is passed over: there is no way back.
    pub fn keep_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), VaultError> {
        let kept = self.checkpoint()?;
        let back = kept.is_some_and(|kept| {
            kept.genesis == checkpoint.genesis
                && kept.finalised.block().0 >= checkpoint.finalised.block().0
        });
        if back {
            return Ok(());
        }
        self.put(CHAIN, &Key::of("checkpoint"), &checkpoint.to_bytes())
    }

    /// Forgets what was trusted and begins anew.
    pub fn trust_anew(&self, checkpoint: &Checkpoint) -> Result<(), VaultError> {
        self.put(CHAIN, &Key::of("checkpoint"), &checkpoint.to_bytes())
    }

    /// All contacts, by name.
    pub fn contacts(&self) -> Result<Vec<Contact>, VaultError> {
        let mut contacts = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let rows = self.0.begin_read()?.scan(CONTACTS, &Key::root(), &page)?;
            let Some(last) = rows.last().map(|row| row.0.clone()) else {
                break;
            };
            for (_, value) in &rows {
                contacts.push(decode::<Contact>(value, "a contact")?);
            }
            page = Page::first(PAGE).after(last);
        }
        contacts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(contacts)
    }

    /// The contact of that name.
    pub fn contact(&self, name: &str) -> Result<Contact, VaultError> {
        self.read(CONTACTS, &Key::of(name), "a contact")?
            .ok_or_else(|| VaultError::NoContact { name: name.into() })
    }

    /// A new contact.
    pub fn add_contact(&self, contact: &Contact) -> Result<(), VaultError> {
        let known = self.contacts()?;
        if known.iter().any(|other| other.name == contact.name) {
            let name = contact.name.clone();
            return Err(VaultError::ContactExists { name });
        }
        if known.len() >= MAX_CONTACTS {
            return Err(VaultError::TooManyContacts);
        }
        self.put_contact(contact)
    }

    /// What changed about a contact.
    pub fn put_contact(&self, contact: &Contact) -> Result<(), VaultError> {
        self.put(CONTACTS, &Key::of(&contact.name), &contact.encode())
    }

    /// Forgets a contact.
    pub fn remove_contact(&self, name: &str) -> Result<(), VaultError> {
        let changes = self.0.begin_write()?;
        if !changes.remove(CONTACTS, &Key::of(name))? {
            return Err(VaultError::NoContact { name: name.into() });
        }
        Ok(changes.commit()?)
    }

    /// Keeps the secrets of invitations before the chain hears of them.
    pub fn keep_invitations(&self, secrets: &[InvitationSecret]) -> Result<(), VaultError> {
        let changes = self.0.begin_write()?;
        for secret in secrets {
            let key = Key::of(secret.public().0);
            changes.put(INVITATIONS, &key, secret.seed())?;
        }
        Ok(changes.commit()?)
    }

    /// The invitations that were given from here.
    pub fn invitations(&self) -> Result<Vec<InvitationSecret>, VaultError> {
        let page = Page::first(PAGE);
        let rows = self
            .0
            .begin_read()?
            .scan(INVITATIONS, &Key::root(), &page)?;
        rows.iter()
            .map(|(_, seed)| {
                let seed =
                    <[u8; 32]>::try_from(seed.as_slice()).map_err(|_| VaultError::Damaged {
                        what: "an invitation",
                    })?;
                Ok(InvitationSecret::from_seed(seed))
            })
            .collect()
    }

    /// Forgets an invitation: taken, void or revoked.
    pub fn forget_invitation(&self, key: &ed25519::Public) -> Result<(), VaultError> {
        let changes = self.0.begin_write()?;
        changes.remove(INVITATIONS, &Key::of(key.0))?;
        Ok(changes.commit()?)
    }

    /// Keeps that a payment is proven, and which message told of it first. Whether that is this one: a payment counts
    /// once, however often somebody tells of it.
    pub fn keep_received(
        &self,
        transaction: &Hash,
        message: &[u8; 16],
    ) -> Result<bool, VaultError> {
        if let Some(first) = self.received(transaction)? {
            return Ok(first == *message);
        }
        self.put(RECEIVED, &Key::of(transaction.0), message)?;
        Ok(true)
    }

    /// The message that told first of a payment, if that is proven.
    pub fn received(&self, transaction: &Hash) -> Result<Option<[u8; 16]>, VaultError> {
        self.read(RECEIVED, &Key::of(transaction.0), "a payment")
    }

    /// Writes all of it to a new file under another passphrase, to be restored elsewhere.
    pub fn export(
        &self,
        path: &Path,
        passphrase: &[u8],
        options: Options,
    ) -> Result<(), VaultError> {
        copy(&self.0, &Store::create(path, passphrase, options)?)
    }

    /// Restores an export as a new vault. The device it came from must not be used any more: both would
    /// hold the same device keys.
    pub fn restore(
        export: (&Path, &[u8]),
        path: &Path,
        passphrase: &[u8],
        options: Options,
    ) -> Result<Self, VaultError> {
        let from = Self::open(export.0, export.1, options)?;
        let to = Store::create(path, passphrase, options)?;
        copy(&from.0, &to)?;
        Rows::new(&to).seal_what_passes()?;
        Ok(Self(to))
    }

    /// The store, for the chat.
    pub(crate) fn store(&self) -> &Store {
        &self.0
    }

    fn profile(&self) -> Result<Profile, VaultError> {
        self.read(ACCOUNT, &Key::of("profile"), "the account")?
            .ok_or(VaultError::NoAccount)
    }

    fn secret_words(&self) -> Result<(Zeroizing<String>, String), VaultError> {
        let (words, path) = self.profile()?.key.ok_or(VaultError::NoAccountKey)?;
        Ok((Zeroizing::new(words), path))
    }

    fn set_profile(&self, profile: &Profile) -> Result<(), VaultError> {
        if self.profile().is_ok() {
            return Err(VaultError::AccountExists);
        }
        let device = DeviceSecrets::generate()?;
        let bytes = Zeroizing::new(profile.encode());
        let changes = self.0.begin_write()?;
        changes.put(ACCOUNT, &Key::of("profile"), &bytes)?;
        self.put_device(&changes, "now", &device)?;
        Ok(changes.commit()?)
    }

    fn device_at(&self, place: &str) -> Result<Option<DeviceSecrets>, VaultError> {
        let found = self.0.begin_read()?.get(DEVICE, &Key::of(place))?;
        Ok(found
            .map(|bytes| DeviceSecrets::from_bytes(&bytes))
            .transpose()?)
    }

    fn put_device(
        &self,
        changes: &WriteTransaction<'_>,
        place: &str,
        device: &DeviceSecrets,
    ) -> Result<(), VaultError> {
        let bytes = device.to_bytes();
        Ok(changes.put(DEVICE, &Key::of(place), &bytes)?)
    }

    fn read<T: Decode>(
        &self,
        table: Table,
        key: &Key,
        what: &'static str,
    ) -> Result<Option<T>, VaultError> {
        let found = self.0.begin_read()?.get(table, key)?;
        found.map(|bytes| decode(&bytes, what)).transpose()
    }

    fn put(&self, table: Table, key: &Key, value: &[u8]) -> Result<(), VaultError> {
        let changes = self.0.begin_write()?;
        changes.put(table, key, value)?;
        Ok(changes.commit()?)
    }
}

fn decode<T: Decode>(mut bytes: &[u8], what: &'static str) -> Result<T, VaultError> {
    T::decode_all(&mut bytes).map_err(|_| VaultError::Damaged { what })
}

/// Copies every row in one transaction.
fn copy(from: &Store, to: &Store) -> Result<(), VaultError> {
    let (view, changes) = (from.begin_read()?, to.begin_write()?);
    let chat = EXPORTED.map(|group| Table::new(group.name()));
    for table in OWN_TABLES.into_iter().chain(chat) {
        let mut page = Page::first(PAGE);
        loop {
            let rows = view.scan(table, &Key::root(), &page)?;
            let Some(last) = rows.last().map(|row| row.0.clone()) else {
                break;
            };
            for (key, value) in rows {
                // What passes is under a key that stays behind.
                if let Some(value) = from.passing().open(value)? {
                    changes.put(table, &key, &value)?;
                }
            }
            page = Page::first(PAGE).after(last);
        }
    }
    Ok(changes.commit()?)
}
