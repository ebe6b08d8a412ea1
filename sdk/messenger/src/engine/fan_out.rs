//! From what was said to sealed copies (O1, O2).

use super::Engine;
use crate::{
    Encryption, Error, Event, Fault, Row, Storage,
    inbox::{Stream, with_extensions},
    limits::{IN_FLIGHT, OUTBOX_LIFE, UNCONFIRMED},
    outbox::{Audience, Copy, Pending, Stage},
};
use parlance_bimp::Account;
use parlance_e2ee::{DeviceAddress, Envelope};
use rand_core::CryptoRng;
use std::collections::{BTreeMap, BTreeSet};

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Makes copies of what is pending, where the recipients are known.
    pub(super) fn fan_out(&mut self) {
        let pending: Vec<u64> = self.outbox.pending.keys().copied().collect();
        let mut unknown = BTreeSet::new();
        for number in pending {
            let Some(pending) = self.outbox.pending.get(&number).cloned() else {
                continue;
            };
            let account = match pending.audience {
                Audience::Both | Audience::Others => pending.conversation,
                Audience::Own => self.own,
                Audience::One(device) => Account(device.account),
            };
            if unknown.contains(&account) {
                continue;
            }
            let found = self.looks.of(&account, &self.own, self.clock.wall);
            let Some(devices) = found.map(|found| self.encryption.devices(found)) else {
                unknown.insert(account);
                self.want_look(account);
                continue;
            };
            self.copy(&pending, devices);
            self.outbox.pending.remove(&number);
            self.ledger.remove(Row::Pending(number));
        }
    }

    fn copy(&mut self, pending: &Pending, devices: Vec<DeviceAddress>) {
        let (conversation, own) = (pending.conversation, self.own);
        for to in devices {
            let account = Account(to.account);
            let gets = match pending.audience {
                Audience::Both => account == conversation || account == own,
                Audience::Others => account == conversation,
                Audience::Own => account == own,
                Audience::One(device) => to == device,
            };
            if !gets {
                continue;
            }
            let sequence = pending.confirmed.then(|| {
                let now = self.clock.wall;
                let stream = self.streams.entry(to);
                let stream = stream.or_insert_with(|| Stream::new(to, now));
                let sequence = stream.give();
                self.ledger.put(Row::Stream(to), stream);
                sequence
            });
            let number = self.next_number();
            self.put_copy(Copy {
                number,
                conversation,
                to,
                sequence,
                id: pending.id,
                content: pending.content.clone(),
                created: pending.created,
                stage: Stage::Waiting,
                relays: None,
            });
        }
    }

    pub(super) fn put_copy(&mut self, copy: Copy) {
        self.ledger.put(Row::Copy(copy.number), &copy);
        self.outbox.put(copy);
    }

    pub(super) fn remove_copy(&mut self, number: u64) -> Option<Copy> {
        self.ledger.remove(Row::Copy(number));
        self.outbox.remove(number)
    }

    /// Encrypts and seals what may leave next (O5).
    pub(super) fn seal(&mut self) -> Result<(), Error> {
        let mut sealed: BTreeMap<[u8; 32], usize> = BTreeMap::new();
        let numbers = self.outbox.sealed.keys();
        for copy in numbers.filter_map(|number| self.outbox.get(*number)) {
            *sealed.entry(copy.to.account).or_default() += 1;
        }
        let mut passed: BTreeSet<DeviceAddress> = self.fetches.keys().copied().collect();
        let mut unconfirmed: BTreeMap<DeviceAddress, usize> = BTreeMap::new();
        let waiting: Vec<u64> = self.outbox.waiting.iter().copied().collect();
        for number in waiting {
            let Some(copy) = self.outbox.get(number) else {
                continue;
            };
            let to = copy.to;
            if passed.contains(&to) {
                continue;
            }
            let count = unconfirmed.entry(to).or_insert_with(|| {
                let copies = self.outbox.of_device(&to);
                copies.filter(|copy| copy.stage != Stage::Waiting).count()
            });
            let of_account = sealed.entry(to.account).or_default();
            if *count >= UNCONFIRMED || *of_account >= IN_FLIGHT {
                passed.insert(to);
                continue;
            }
            let copy = copy.clone();
            if self.is_over(&copy) {
                self.remove_copy(number);
                let (device, id) = (to, copy.id);
                self.tell(Event::GivenUp { device, id });
            } else if self.seal_one(copy)? {
                *count += 1;
                *of_account += 1;
            } else {
                passed.insert(to);
            }
        }
        Ok(())
    }

    fn is_over(&self, copy: &Copy) -> bool {
        self.clock.wall > copy.created.saturating_add(OUTBOX_LIFE)
    }

    /// Whether it is sealed or dropped; otherwise its device has to wait.
    fn seal_one(&mut self, mut copy: Copy) -> Result<bool, Error> {
        let (to, wall) = (copy.to, self.clock.wall);
        let account = Account(to.account);
        let Some(mailbox) = self.looks.mailbox(&account) else {
            self.want_look(account);
            return Ok(false);
        };
        let Some(recipients) = self.looks.of(&account, &self.own, wall) else {
            self.want_look(account);
            return Ok(false);
        };
        let elsewhere = account == self.own && copy.conversation != self.own;
        let conversation = elsewhere.then_some(copy.conversation);
        let plaintext = with_extensions(&copy.content, copy.sequence, conversation);
        let (encryption, rng) = (&mut self.encryption, &mut self.rng);
        let sent = plaintext
            .map_err(|error| Fault::Failed(error.to_string()))
            .and_then(|plaintext| encryption.encrypt(recipients, to, &plaintext, wall, rng));
        let sent = match sent {
            Ok(Some(sent)) => sent,
            Ok(None) => {
                self.fetches.entry(to).or_default();
                return Ok(false);
            }
            Err(Fault::LookAgain | Fault::PreKeys(_)) => {
                self.looks.forget(&account, &self.own);
                self.want_look(account);
                return Ok(false);
            }
            Err(Fault::NoRecipient) => {
                self.remove_copy(copy.number);
                let (device, id) = (to, copy.id);
                self.tell(Event::DeviceGone { device, id });
                return Ok(true);
            }
            Err(Fault::Failed(_)) => return Ok(self.give_up(&copy)),
        };
        self.sessions_changed = true;
        let sender = self.encryption.sender();
        let (message, rng) = (&sent.message, &mut self.rng);
        let sealed = Envelope::seal(&sender, &sent.identity, mailbox.0, Vec::new(), message, rng);
        let Ok(envelope) = sealed else {
            return Ok(self.give_up(&copy));
        };
        copy.stage = Stage::Sealed(envelope.to_bytes());
        self.put_copy(copy);
        Ok(true)
    }

    fn give_up(&mut self, copy: &Copy) -> bool {
        self.remove_copy(copy.number);
        let (device, id) = (copy.to, copy.id);
        self.tell(Event::GivenUp { device, id });
        true
    }
}
