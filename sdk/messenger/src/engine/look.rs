//! Looking people up before anything is encrypted for them.

use super::Engine;
use crate::{
    Effect, Encryption, Error, Storage,
    limits::{LONGEST_LOOK_PAUSE, LOOK_LIFE, LOOK_PAUSE},
};
use parlance_bimp::{Account, Mailbox};
use rand_core::CryptoRng;
use std::collections::{BTreeMap, BTreeSet};

/// What was looked up, and what is being looked up.
pub(super) struct Looks<P> {
    found: BTreeMap<Account, (P, u64)>,
    wanted: BTreeMap<Account, Wanted>,
    epochs: BTreeMap<Account, u32>,
}

#[derive(Clone, Copy, Debug)]
struct Wanted {
    asked: Option<u64>,
    not_before: u64,
    pause: u64,
}

impl<P> Default for Looks<P> {
    fn default() -> Self {
        Self {
            found: BTreeMap::new(),
            wanted: BTreeMap::new(),
            epochs: BTreeMap::new(),
        }
    }
}

impl<P> Looks<P> {
    /// The proof that covers the devices of `account`. Every look covers the own ones.
    pub fn of(&self, account: &Account, own: &Account, wall: u64) -> Option<&P> {
        let valid = |it: &&(P, u64)| it.1 > wall;
        let found = self.found.get(account).filter(valid);
        let any = || match account == own {
            true => self.found.values().find(valid),
            false => None,
        };
        found.or_else(any).map(|(proof, _)| proof)
    }

    /// The mailbox of an account that was looked up.
    pub fn mailbox(&self, account: &Account) -> Option<Mailbox> {
        Some(Mailbox::of(account, *self.epochs.get(account)?))
    }

    /// It is not of the present any more.
    pub fn forget(&mut self, account: &Account, own: &Account) {
        match account == own {
            true => self.found.clear(),
            false => drop(self.found.remove(account)),
        }
    }

    /// It brought nothing.
    pub fn failed(&mut self, account: Account, now: u64) {
        if let Some(wanted) = self.wanted.get_mut(&account) {
            wanted.asked = None;
            wanted.not_before = now.saturating_add(wanted.pause);
            wanted.pause = wanted.pause.saturating_mul(2).min(LONGEST_LOOK_PAUSE);
        }
    }

    /// Whether to look now.
    fn wants(&mut self, account: Account, now: u64) -> bool {
        let wanted = self.wanted.entry(account).or_insert(Wanted {
            asked: None,
            not_before: 0,
            pause: LOOK_PAUSE,
        });
        let waits = wanted
            .asked
            .is_some_and(|asked| now < asked.saturating_add(LOOK_LIFE));
        if waits || now < wanted.not_before {
            return false;
        }
        wanted.asked = Some(now);
        true
    }
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Asks for a look, unless one is under way or has just failed.
    pub(super) fn want_look(&mut self, account: Account) {
        if self.looks.wants(account, self.clock.steady) {
            self.effects.push_back(Effect::Look { account });
        }
    }

    /// What is held waits for looks, also after a restart.
    pub(super) fn look_for_held(&mut self) {
        let waits: BTreeSet<Account> = self.held.values().filter_map(|held| held.look).collect();
        for account in waits {
            self.want_look(account);
        }
    }

    pub(super) fn looked(
        &mut self,
        account: Account,
        epoch: u32,
        own_epoch: u32,
        recipients: E::Recipients,
    ) -> Result<(), Error> {
        // The records that were taken over are in the sessions.
        self.sessions_changed = true;
        let expires = self.encryption.expires(&recipients);
        self.looks.found.insert(account, (recipients, expires));
        self.looks.wanted.remove(&account);
        self.looks.epochs.insert(account, epoch);
        self.looks.epochs.insert(self.own, own_epoch);
        if own_epoch != self.epoch {
            self.epoch = own_epoch;
            self.unlisten();
        }
        self.release(account)
    }
}
