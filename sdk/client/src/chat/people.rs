//! Looks for the engine (T2).

use std::time::SystemTime;

use codec::{DecodeAll, Encode};
use parlance_bimp::Account;
use parlance_messenger::Input;
use parlance_primitives::AccountId;
use parlance_store::{Key, Table};
use sp_core::crypto::Ss58Codec;

use super::{Chat, ChatError};
use crate::{
    encryption::{Look, Recipients, Told},
    identity::{Contact, Finding},
    light::Light,
    node::Node,
    vault::{Vault, VaultError},
};

/// The own account, and others who are no contacts, as they were told of last.
pub(crate) const PEOPLE: Table = Table::new("chat/people");

/// Who is told what changed.
pub trait Knows {
    /// Something changed about somebody.
    fn told(&mut self, who: &Contact, what: &Finding);
}

impl<F: FnMut(&Contact, &Finding)> Knows for F {
    fn told(&mut self, who: &Contact, what: &Finding) {
        self(who, what);
    }
}

/// Looks an account up for the engine, tells what changed, and keeps what was told. The result is what the engine is to be
/// handed.
pub async fn look<N: Node>(
    (chat, vault): (&mut Chat<'_>, &Vault),
    light: &mut Light<N>,
    account: Account,
    now: SystemTime,
    knows: &mut impl Knows,
) -> Result<Input<Recipients>, ChatError> {
    let own = known(vault, &vault.account()?)?;
    let person = known(vault, &AccountId::new(account.0))?;
    let look = Look::at(light, now, own, vec![person]).await?;
    vault.keep_checkpoint(light.checkpoint())?;
    tell((chat, vault), look, account, knows)
}

/// Tells what a look found, keeps what was told, and makes of it what the engine is to be handed.
pub(super) fn tell(
    (chat, vault): (&mut Chat<'_>, &Vault),
    look: Look,
    account: Account,
    knows: &mut impl Knows,
) -> Result<Input<Recipients>, ChatError> {
    let encryption = chat.encryption_mut();
    let sessions = encryption.sessions_mut();
    let Told {
        own,
        people,
        recipients,
    } = look.tell(sessions, |who, what| knows.told(who, what))?;
    for contact in people.iter().chain([&own]) {
        encryption.learn(contact);
    }
    keep(vault, &own)?;
    let epoch_of = |contact: &Contact| {
        let record = contact.record.as_ref();
        record.map_or(0, |record| record.mailbox_epoch)
    };
    let own_epoch = epoch_of(&own);
    let mut epoch = own_epoch;
    for person in people {
        epoch = epoch_of(&person);
        keep(vault, &person)?;
    }
    Ok(Input::Looked {
        account,
        epoch,
        own_epoch,
        recipients,
    })
}

/// Somebody as they were told of last: a contact, or who is remembered here.
pub(super) fn known(vault: &Vault, account: &AccountId) -> Result<Contact, ChatError> {
    let mut contacts = vault.contacts()?.into_iter();
    if let Some(contact) = contacts.find(|contact| contact.account == *account) {
        return Ok(contact);
    }
    let view = vault.store().begin_read().map_err(VaultError::from)?;
    let key = Key::of(account.encode());
    let found = view.get(PEOPLE, &key).map_err(VaultError::from)?;
    match found {
        Some(bytes) => {
            let damaged = VaultError::Damaged { what: "somebody" };
            Ok(Contact::decode_all(&mut bytes.as_slice()).map_err(|_| damaged)?)
        }
        // An address is a name that nobody else has.
        None => Ok(Contact::new(&account.to_ss58check(), account.clone())
            .map_err(crate::identity::LookError::from)?),
    }
}

fn keep(vault: &Vault, person: &Contact) -> Result<(), ChatError> {
    let named = vault.contact(&person.name);
    if named.is_ok_and(|contact| contact.account == person.account) {
        return Ok(vault.put_contact(person)?);
    }
    let changes = vault.store().begin_write().map_err(VaultError::from)?;
    let key = Key::of(person.account.encode());
    changes
        .put(PEOPLE, &key, &person.encode())
        .map_err(VaultError::from)?;
    Ok(changes.commit().map_err(VaultError::from)?)
}
