//! Prekeys, the own ones and those of others (K1-K4).

use super::{Engine, Purpose};
use crate::{
    Encryption, Event, Fault, Storage,
    limits::{LONGEST_PATIENCE, PREKEY_CHECK, PREKEY_PAUSE, ROTATION},
    prekeys::{Published, more},
    relays::Relays,
};
use codec::Encode;
use parlance_bimp::{
    Account, Answer, Bounded, FetchPreKeys, List, PreKeyUse, PublishPreKeys, RelayId, Request,
};
use parlance_e2ee::DeviceAddress;
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Asks each relay of the own set how many prekeys are left, when that is due (K1, K2).
    pub(super) fn publish(&mut self) {
        if self.relays.is_empty() {
            return;
        }
        let (wall, now) = (self.clock.wall, self.clock.steady);
        let prekeys = self.encryption.prekeys_mut();
        let made = prekeys.signed_created().saturating_mul(1_000);
        if prekeys.wants_rotation() || wall >= made.saturating_add(ROTATION) {
            prekeys.rotate(wall / 1_000, &mut self.rng);
            self.sessions_changed = true;
        }
        let created = self.encryption.prekeys_mut().signed_created();
        let set = self.relays.set_of(&self.mailbox());
        let published = &mut self.counters.published;
        let before = published.len();
        published.retain(|it| set.contains(&it.relay));
        self.counters_changed |= published.len() != before;
        for relay in set {
            let known = self.counters.published.iter().find(|it| it.relay == relay);
            let fresh = known.is_some_and(|it| {
                it.created == created && wall < it.checked.saturating_add(PREKEY_CHECK)
            });
            let asked = self.publishing.get(&relay);
            let rests = asked.is_some_and(|asked| now < asked.saturating_add(LONGEST_PATIENCE));
            if fresh || rests {
                continue;
            }
            self.publish_at(relay, 0);
        }
    }

    /// The signed prekey, and so many new one-time prekeys that no other relay gets.
    fn publish_at(&mut self, relay: RelayId, count: usize) {
        self.publishing.insert(relay, self.clock.steady);
        if count > 0 {
            let prekeys = self.encryption.prekeys_mut();
            prekeys.replenish(count, &mut self.rng);
            self.sessions_changed = true;
        }
        let published = self.encryption.publish();
        let mut head = published.bundle(usize::MAX).to_bytes();
        // The encoding of no one-time prekey (O2 of BIMP).
        head.pop();
        let first = published.one_time.len().saturating_sub(count);
        let fresh = published.one_time.iter().skip(first);
        let one_time: Result<Vec<_>, _> = fresh.map(|it| Bounded::new(it.encode())).collect();
        let (Ok(head), Ok(one_time)) = (Bounded::new(head), one_time) else {
            return;
        };
        let Ok(one_time) = List::new(one_time) else {
            return;
        };
        // What lies there of an earlier life has no private halves any more.
        let known = self.counters.published.iter().any(|it| it.relay == relay);
        let anew = !known && count == 0;
        let request = Request::PublishPreKeys(PublishPreKeys {
            usage: PreKeyUse::Pairwise,
            head,
            one_time,
            anew,
        });
        let created = published.signed.created;
        let tops_up = count > 0;
        self.ask(relay, Purpose::Publish { created, tops_up }, request);
    }

    pub(super) fn published(
        &mut self,
        relay: RelayId,
        (created, tops_up): (u64, bool),
        answer: Answer,
    ) {
        let Answer::PublishPreKeys(left) = answer else {
            self.publishing.insert(relay, self.clock.steady);
            return;
        };
        let count = more(left.one_time);
        if count > 0 && !tops_up {
            return self.publish_at(relay, count);
        }
        self.publishing.remove(&relay);
        let published = &mut self.counters.published;
        published.retain(|it| it.relay != relay);
        published.push(Published {
            relay,
            created,
            checked: self.clock.wall,
        });
        self.counters_changed = true;
    }

    /// Fetches prekeys of devices without a session, and of those whose session broke (K3).
    pub(super) fn fetch(&mut self) {
        let now = self.clock.steady;
        let devices: Vec<DeviceAddress> = self.fetches.keys().copied().collect();
        for device in devices {
            let account = Account(device.account);
            let looked = self
                .looks
                .of(&account, &self.own, self.clock.wall)
                .is_some();
            let Some(mailbox) = self.looks.mailbox(&account).filter(|_| looked) else {
                self.want_look(account);
                continue;
            };
            let Some(fetch) = self.fetches.get_mut(&device) else {
                continue;
            };
            if now < fetch.rest_until {
                continue;
            }
            if let Some(ask) = fetch.ask {
                let patience = Relays::patience(fetch.attempts.saturating_sub(1));
                if now < fetch.asked.saturating_add(patience) {
                    continue;
                }
                if let Some(asked) = self.asks.get(&ask) {
                    self.relays.avoid(asked.relay, now);
                }
                self.not_fetched(device, ask);
            }
            let set = self.relays.set_of(&mailbox).len();
            if set == 0 || self.round_is_over(device, set) {
                continue;
            }
            let Some(fetch) = self.fetches.get(&device) else {
                continue;
            };
            // Each attempt begins at the next member, so that all are asked.
            let first = u32::try_from(fetch.attempts).unwrap_or(u32::MAX);
            let chosen = self.relays.choose(&mailbox, first, fetch.attempts, now);
            let Some(relay) = chosen else { continue };
            let request = Request::FetchPreKeys(FetchPreKeys {
                account,
                device: device.device,
                usage: PreKeyUse::Pairwise,
            });
            let ask = self.ask(relay, Purpose::Fetch(device), request);
            if let Some(fetch) = self.fetches.get_mut(&device) {
                fetch.ask = Some(ask);
                fetch.asked = now;
                fetch.attempts = fetch.attempts.saturating_add(1);
            }
        }
    }

    /// When all relays were asked: the bundle without a one-time prekey, or rest.
    fn round_is_over(&mut self, device: DeviceAddress, set: usize) -> bool {
        let Some(fetch) = self.fetches.get_mut(&device) else {
            return true;
        };
        if fetch.tried < set {
            return false;
        }
        fetch.tried = 0;
        if let Some((relay, bundle)) = fetch.fallback.take() {
            self.begin(device, relay, &bundle);
            return true;
        }
        fetch.rest_until = self.clock.steady.saturating_add(PREKEY_PAUSE);
        if !std::mem::replace(&mut fetch.told, true) {
            self.tell(Event::NoPreKeys { device });
        }
        true
    }

    pub(super) fn not_fetched(&mut self, device: DeviceAddress, ask: u64) {
        if let Some(fetch) = self.fetches.get_mut(&device)
            && fetch.ask == Some(ask)
        {
            fetch.ask = None;
            fetch.tried = fetch.tried.saturating_add(1);
        }
    }

    pub(super) fn fetched(
        &mut self,
        device: DeviceAddress,
        (relay, ask): (RelayId, u64),
        answer: Answer,
    ) {
        self.not_fetched(device, ask);
        if matches!(answer, Answer::Refused(_)) {
            self.relays.avoid(relay, self.clock.steady);
        }
        let Answer::FetchPreKeys(prekeys) = answer else {
            return;
        };
        let Some(found) = prekeys.found else { return };
        let Some(fetch) = self.fetches.get_mut(&device) else {
            return;
        };
        match found.one_time {
            Some(_) => self.begin(device, relay, &found.bundle()),
            None => fetch.fallback = Some((relay, found.bundle())),
        }
    }

    fn begin(&mut self, device: DeviceAddress, relay: RelayId, bundle: &[u8]) {
        let (account, wall) = (Account(device.account), self.clock.wall);
        let Some(recipients) = self.looks.of(&account, &self.own, wall) else {
            return;
        };
        let (encryption, rng) = (&mut self.encryption, &mut self.rng);
        match encryption.start(recipients, device, bundle, wall, rng) {
            Ok(last_resort) => {
                self.sessions_changed = true;
                let fetch = self.fetches.remove(&device);
                if last_resort {
                    self.tell(Event::LastResort { device });
                }
                if fetch.is_some_and(|fetch| fetch.renews) {
                    self.renewed(device);
                }
            }
            Err(Fault::LookAgain) => {
                self.looks.forget(&account, &self.own);
                self.want_look(account);
            }
            Err(Fault::NoRecipient) => drop(self.fetches.remove(&device)),
            Err(fault @ (Fault::PreKeys(_) | Fault::Failed(_))) => {
                let cause = fault.to_string();
                self.relays.avoid(relay, self.clock.steady);
                self.tell(Event::BadPreKeys {
                    device,
                    relay,
                    cause,
                });
            }
        }
    }
}
