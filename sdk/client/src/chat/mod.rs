//! Chat: the engine of `parlance-messenger` on the vault, with sessions that take proven records only, and relays over QUIC.
//!
//! [`Host`] runs the engine; what it needs of the network is a [`Wire`], which over QUIC is [`RelayWire`].
//!
//! - **T1** What the engine keeps lies in the vault, under its passphrase; a batch of the engine is one commit of it. Sessions are sealed once
//!   more, under a key that follows from the device's, so that a vault of another device opens nothing.
//! - **T2** The engine's looks are [`Look`](crate::encryption::Look)s of the light client: own account and the other one under the newest final
//!   block. Everything that changed is told before anything is encrypted for them. Who is looked up and is no contact is
//!   remembered likewise, so that a change is told for them too.
//! - **T3** An export takes conversations along, and neither files, nor sessions, nor what was under way: the device that is restored from it begins new
//!   sessions, as the encryption core asks (its rule S4). What waited to be sent stays where it was said.
//! - **T4** What is said to an account without an identity waits until it has one: to the engine the look has failed.
//! - **T5** Keys that are new make a new device ('identity rotate'): it keeps what was said, and begins new sessions like one that was restored
//!   from an export, and is in no group.
//! - **T6** What disappears ([`parlance_messenger::history`], H5) is, wherever it stands (in the history, among what waits to be sent or to be read in order), under a key of
//!   its own ([`PassingKeys`](parlance_store::PassingKeys)), which is overwritten when the message goes. So neither old pages of the vault nor old copies of it have it. An
//!   export takes it along as it is. Of a file that is so with its key, which is in the message alone: what is left of its pieces opens no more.
//! - **T7** A wire may deliver to devices of contacts directly, and let them deliver here ([`Calls`]). Who knocks is asked for the signing key that the
//!   record which was taken over last lists; who is to get nothing directly may be on a new record already, and is found out by the next look.
//! - **T8** Groups are those of `parlance-groups`, with their states in the vault; what the engine keeps and what they keep of
//!   one turn is one commit. A member device is compared with the record that was proven last.

mod encryption;
pub mod files;
mod groups;
mod host;
#[cfg(test)]
mod host_tests;
mod passing;
mod people;
mod rows;
#[cfg(test)]
mod tests;
mod wire;

pub use encryption::ProvenSessions;
pub use groups::VaultGroups;
pub use host::{Calls, FromRelay, Host, Told, Wire};
pub(crate) use passing::PASSING;
pub(crate) use people::PEOPLE;
pub use people::{Knows, look};
pub use rows::Rows;
pub use wire::{FromDevice, Redial, RelayWire, Trouble, WireError};

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codec::DecodeAll;
use parlance_messenger::{Clock, Engine, Group, Row, Storage, Table};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::{
    encryption::EncryptionError,
    identity::LookError,
    keys::KeyError,
    vault::{Vault, VaultError},
};

/// The chat engine on a vault.
pub type Chat<'v> = Engine<ProvenSessions<'v>, Rows<'v>, ChaCha20Rng>;

/// Why there is no chat.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChatError {
    /// The vault refuses.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Keys cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Sessions are refused, or nothing is encrypted.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    /// Somebody cannot be looked up.
    #[error(transparent)]
    Look(#[from] LookError),
    /// The engine refuses.
    #[error(transparent)]
    Engine(#[from] parlance_messenger::Error),
    /// Groups cannot be opened.
    #[error(transparent)]
    Groups(#[from] parlance_groups::Error),
    /// No wire to relays.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// The chat of the vault's account on this device. `steady` is any clock that only rises.
pub fn open(vault: &Vault, now: SystemTime, steady: Duration) -> Result<Chat<'_>, ChatError> {
    let (account, secrets) = (vault.account()?, vault.device()?);
    let mut rng = ChaCha20Rng::from_seed(*crate::keys::random()?);
    let rows = Rows::new(vault.store());
    rows.forget_what_is_gone().map_err(VaultError::from)?;
    let fresh = |rng: &mut ChaCha20Rng| ProvenSessions::new(&account, &secrets, now, rng);
    let (id, failed) = (secrets.id().0, VaultError::from);
    let known = rows.device().map_err(failed)?;
    let is_this = known.is_some_and(|known| known == id);
    let sealed = rows
        .get(&Row::Sessions)
        .map_err(parlance_messenger::Error::from)?;
    let sealed = sealed.map(|sealed| ProvenSessions::import(&account, &secrets, &sealed));
    let sessions = match sealed {
        Some(Err(error)) if is_this => return Err(error.into()),
        // T5.
        Some(Err(_)) => {
            rows.begin_anew(&id).map_err(failed)?;
            fresh(&mut rng)
        }
        kept => {
            if !is_this {
                rows.set_device(&id).map_err(failed)?;
            }
            match kept {
                Some(kept) => kept?,
                None => fresh(&mut rng),
            }
        }
    };
    let sessions = sessions.with_groups(vault.store())?;
    let own = people::known(vault, &account)?;
    let epoch = own.record.map_or(0, |record| record.mailbox_epoch);
    Ok(Engine::start(
        clock(now, steady),
        epoch,
        sessions,
        rows,
        rng,
    )?)
}

/// The groups that the vault's account knows, without opening the chat.
pub fn groups(vault: &Vault) -> Result<Vec<Group>, ChatError> {
    let failed = parlance_messenger::Error::from;
    let rows = Rows::new(vault.store())
        .all(Table::Groups)
        .map_err(failed)?;
    let what = "group";
    let group = |row: &Vec<u8>| {
        let group = Group::decode_all(&mut row.as_slice());
        group.map_err(|_| VaultError::Damaged { what }.into())
    };
    rows.iter().map(group).collect()
}

/// Both clocks, as the engine reads them.
pub fn clock(now: SystemTime, steady: Duration) -> Clock {
    let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Clock {
        steady: milliseconds(steady),
        wall: milliseconds(now.duration_since(UNIX_EPOCH).unwrap_or_default()),
    }
}
