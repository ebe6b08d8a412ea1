//! Records for contacts: published, renewed, taken back (E1-E5).

use super::{Engine, Purpose};
use crate::{
    Encryption, Storage,
    limits::{
        MAX_PRESENCE, PRESENCE_AT_ONCE, PRESENCE_LIFE, PRESENCE_PASS, PRESENCE_PAUSE,
        PRESENCE_RELAYS, PRESENCE_RENEWAL,
    },
    presence::{Content, Reach},
};
use parlance_bimp::{
    Account, Answer, Bounded, PresenceKey, PublishPresence, RelayId, Request,
    limits::MAX_PRESENCE as RECORD,
};
use parlance_e2ee::{DeviceAddress, IdentityPublic, Pairing, Sender};
use rand_core::CryptoRng;
use std::collections::{BTreeSet, btree_map};

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// How the device is reached now, or that it leaves.
    pub(super) fn reached_at(&mut self, reach: Option<Reach>) {
        if self.appearance.reach == reach {
            return;
        }
        let leaves = reach.as_ref().is_none_or(Reach::is_nowhere);
        self.appearance.reach = reach;
        self.appearance.revision = self.appearance.revision.saturating_add(1);
        self.appearance.next = 0;
        if leaves {
            self.take_back();
        }
    }

    /// The keys of a device that may call (D5): of a contact's device, or of another own one.
    pub fn may_call(&self, device: &DeviceAddress) -> Option<IdentityPublic> {
        if !self.is_contact(device) {
            return None;
        }
        let known = self.encryption.known(&Account(device.account));
        let sender = known.iter().find(|sender| sender.address == *device);
        sender.map(|sender| sender.identity)
    }

    /// Whether nothing of this device's presence is left on its way, or never was.
    pub fn is_withdrawn(&self) -> bool {
        let asked = |purpose: Purpose| matches!(purpose, Purpose::TakeBack | Purpose::Appear(_));
        self.appearance.shown.is_empty() && !self.asks.values().any(|it| asked(it.purpose))
    }

    /// E1.
    pub(super) fn is_contact(&self, device: &DeviceAddress) -> bool {
        let told = |stream: &crate::inbox::Stream| stream.next_out > 1;
        device.account == self.own.0 || self.streams.get(device).is_some_and(told)
    }

    /// Publishes what is due.
    pub(super) fn appear(&mut self) {
        let now = self.clock.steady;
        let Some(reach) = self.appearance.reach.clone() else {
            return;
        };
        if reach.is_nowhere() || self.relays.is_empty() || now < self.appearance.next {
            return;
        }
        self.appearance.next = now.saturating_add(PRESENCE_PASS);
        let contacts = self.contact_devices();
        let there: BTreeSet<DeviceAddress> = contacts.iter().map(|it| it.address).collect();
        self.appearance
            .shown
            .retain(|device, _| there.contains(device));
        let mut published = 0;
        for contact in contacts {
            if published >= PRESENCE_AT_ONCE {
                // The rest soon.
                self.appearance.next = now;
                return;
            }
            if self.show(&contact, &reach) {
                published += 1;
            }
        }
    }

    /// The devices that get a record, those talked with last first.
    pub(super) fn contact_devices(&self) -> Vec<Sender> {
        let mut accounts: Vec<(u64, Account)> = self
            .conversations
            .values()
            .map(|conversation| (conversation.last, conversation.with))
            .filter(|(_, account)| *account != self.own)
            .collect();
        accounts.sort_unstable_by(|one, other| other.cmp(one));
        let accounts = accounts.into_iter().map(|(_, account)| account);
        let mut devices = Vec::new();
        for account in std::iter::once(self.own).chain(accounts) {
            let known = self.encryption.known(&account);
            let known = known.into_iter();
            devices.extend(known.filter(|sender| self.is_contact(&sender.address)));
            if devices.len() >= MAX_PRESENCE {
                devices.truncate(MAX_PRESENCE);
                break;
            }
        }
        devices
    }

    /// What this device and another one share. None with a key that is none.
    pub(super) fn pairing(&mut self, with: &Sender) -> Option<&Pairing> {
        let me = self.encryption.sender();
        let identity = self.encryption.identity();
        let fresh = || Pairing::new(identity, me, *with).ok();
        match self.appearance.pairings.entry(with.address) {
            btree_map::Entry::Occupied(entry) => {
                let pairing = entry.into_mut();
                if pairing.other() != with {
                    *pairing = fresh()?;
                }
                Some(pairing)
            }
            btree_map::Entry::Vacant(entry) => Some(entry.insert(fresh()?)),
        }
    }

    /// Publishes for one device, if that is due (E4).
    fn show(&mut self, contact: &Sender, reach: &Reach) -> bool {
        let (device, clock) = (contact.address, self.clock);
        let Some(pairing) = self.pairing(contact) else {
            return false;
        };
        let (window, _) = pairing.window(clock.wall / 1_000);
        let key = PresenceKey(pairing.own_place(window));
        let revision = self.appearance.revision;
        let known = self.appearance.shown.get(&device);
        let is_due = known.is_none_or(|shown| {
            let old = clock.steady >= shown.at.saturating_add(PRESENCE_RENEWAL);
            let again = shown.again.is_some_and(|again| clock.steady >= again);
            shown.windows[0] != Some(window) || shown.revision != revision || old || again
        });
        if !is_due {
            return false;
        }
        let refused = known.map_or(0, |shown| shown.refused);
        let Some(record) = self.record_for(&device, window, reach.clone()) else {
            return false;
        };
        let relays = self.presence_relays(refused);
        for relay in &relays {
            let record = record.clone();
            let keep = PRESENCE_LIFE;
            let request = Request::PublishPresence(PublishPresence { key, record, keep });
            self.ask(*relay, Purpose::Appear(device), request);
        }
        let shown = self.appearance.shown.entry(device).or_default();
        if shown.windows[0] != Some(window) {
            shown.windows = [Some(window), shown.windows[0]];
        }
        for relay in relays {
            if !shown.relays.contains(&relay) {
                shown.relays.push(relay);
            }
        }
        let excess = shown.relays.len().saturating_sub(2 * PRESENCE_RELAYS);
        shown.relays.drain(..excess);
        shown.at = clock.steady;
        shown.revision = revision;
        shown.again = None;
        true
    }

    /// What one device may read, in a window (E2).
    pub(super) fn record_for(
        &mut self,
        device: &DeviceAddress,
        window: u64,
        reach: Reach,
    ) -> Option<Bounded<RECORD>> {
        let ends = self.clock.wall.saturating_add(PRESENCE_LIFE);
        let content = Content { ends, reach }.to_bytes();
        let (identity, pairings) = (self.encryption.identity(), &self.appearance.pairings);
        let pairing = pairings.get(device)?;
        let record = pairing.seal(identity, window, &content, &mut self.rng);
        Bounded::new(record.ok()?).ok()
    }

    /// E3, E4: so many of the own set, from another one on after each refusal.
    fn presence_relays(&self, refused: usize) -> Vec<RelayId> {
        let mut set = self.relays.set_of(&self.mailbox());
        let first = refused.checked_rem(set.len()).unwrap_or(0);
        set.rotate_left(first);
        set.truncate(PRESENCE_RELAYS);
        set
    }

    pub(super) fn appeared(&mut self, device: DeviceAddress, answer: &Answer) {
        match answer {
            Answer::PublishPresence(()) => {
                if let Some(shown) = self.appearance.shown.get_mut(&device) {
                    shown.refused = 0;
                }
            }
            _ => self.not_shown(device),
        }
    }

    /// A relay refused, or is gone.
    pub(super) fn not_shown(&mut self, device: DeviceAddress) {
        let again = self.clock.steady.saturating_add(PRESENCE_PAUSE);
        if let Some(shown) = self.appearance.shown.get_mut(&device)
            && shown.again.is_none()
        {
            shown.again = Some(again);
            shown.refused = shown.refused.saturating_add(1);
        }
    }

    /// E5.
    fn take_back(&mut self) {
        let nothing = Bounded::<RECORD>::new(Vec::<u8>::new()).ok();
        for (device, shown) in std::mem::take(&mut self.appearance.shown) {
            let Some(pairing) = self.appearance.pairings.get(&device) else {
                continue;
            };
            let windows = shown.windows.into_iter().flatten();
            let keys: Vec<PresenceKey> = windows
                .map(|window| PresenceKey(pairing.own_place(window)))
                .collect();
            for relay in shown.relays {
                for key in &keys {
                    let Some(record) = nothing.clone() else {
                        return;
                    };
                    let (key, keep) = (*key, 0);
                    let request = Request::PublishPresence(PublishPresence { key, record, keep });
                    self.ask(relay, Purpose::TakeBack, request);
                }
            }
        }
    }
}
