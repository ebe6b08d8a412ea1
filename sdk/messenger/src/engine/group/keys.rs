//! Key packages: the own ones on the own relays, and those of others (G4, G5).

use super::Purpose;
use crate::{
    Encryption, Error, GroupNews, Row, Storage,
    engine::{self, Engine},
    groups::Wish,
    limits::{
        KEYS_LOW, KEYS_PER_RELAY, LAST_RESORT_LIFE, LONGEST_PATIENCE, PREKEY_CHECK, PREKEY_PAUSE,
    },
    prekeys::Published,
    relays::Relays,
};
use parlance_bimp::{
    Account, Answer, Bounded, FetchPreKeys, List, PreKeyUse, PublishPreKeys, RelayId, Request,
};
use parlance_e2ee::DeviceAddress;
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// G4, as K1.
    pub(super) fn publish_key_packages(&mut self) -> Result<(), Error> {
        if self.relays.is_empty() {
            return Ok(());
        }
        let (wall, now) = (self.clock.wall, self.clock.steady);
        let set = self.relays.set_of(&self.mailbox());
        let published = &mut self.groups.keys.published;
        let before = published.len();
        published.retain(|it| set.contains(&it.relay));
        if published.len() != before {
            self.ledger.put(Row::GroupKeys, &self.groups.keys);
        }
        for relay in set {
            let known = self
                .groups
                .keys
                .published
                .iter()
                .find(|it| it.relay == relay);
            let fresh = known.is_some_and(|it| wall < it.checked.saturating_add(PREKEY_CHECK));
            let asked = self.groups.publishing.get(&relay);
            let rests = asked.is_some_and(|asked| now < asked.saturating_add(LONGEST_PATIENCE));
            if !fresh && !rests {
                self.publish_key_packages_at(relay, 0)?;
            }
        }
        Ok(())
    }

    /// Whether key packages of this device lie on all of its relays, so that it can be brought into groups while it is away.
    pub fn key_packages_lie(&self) -> bool {
        let set = self.relays.set_of(&self.mailbox());
        let published = &self.groups.keys.published;
        let lies = |relay: &RelayId| published.iter().any(|it| it.relay == *relay);
        !set.is_empty() && set.iter().all(lies)
    }

    fn publish_key_packages_at(&mut self, relay: RelayId, count: usize) -> Result<(), Error> {
        self.groups.publishing.insert(relay, self.clock.steady);
        let wall = self.clock.wall;
        let known = self
            .groups
            .keys
            .published
            .iter()
            .any(|it| it.relay == relay);
        let Some(head) = self.last_resort()? else {
            return Ok(());
        };
        let made = match count {
            0 => Ok(Vec::new()),
            _ => super::passed(self.secrets()?.key_packages(count, wall))?,
        };
        let Ok(made) = made else {
            return Ok(());
        };
        let one_time: Result<Vec<_>, _> = made.into_iter().map(Bounded::new).collect();
        let (Ok(head), Ok(one_time)) = (Bounded::new(head), one_time) else {
            return Ok(());
        };
        let Ok(one_time) = List::new(one_time) else {
            return Ok(());
        };
        let request = Request::PublishPreKeys(PublishPreKeys {
            usage: PreKeyUse::Group,
            head,
            one_time,
            // What lies there of an earlier life has no private halves any more.
            anew: !known && count == 0,
        });
        let tops_up = count > 0;
        let purpose = engine::Purpose::Group(Purpose::Publish { tops_up });
        self.ask(relay, purpose, request);
        Ok(())
    }

    pub(super) fn key_packages_published(
        &mut self,
        relay: RelayId,
        tops_up: bool,
        answer: Answer,
    ) -> Result<(), Error> {
        let Answer::PublishPreKeys(left) = answer else {
            self.groups.publishing.insert(relay, self.clock.steady);
            return Ok(());
        };
        if left.one_time < KEYS_LOW && !tops_up {
            let count = usize::try_from(KEYS_PER_RELAY.saturating_sub(left.one_time));
            return self.publish_key_packages_at(relay, count.unwrap_or(0));
        }
        self.groups.publishing.remove(&relay);
        let published = &mut self.groups.keys.published;
        published.retain(|it| it.relay != relay);
        published.push(Published {
            relay,
            created: 0,
            checked: self.clock.wall,
        });
        self.ledger.put(Row::GroupKeys, &self.groups.keys);
        Ok(())
    }

    /// The key package of last resort, made anew now and then.
    fn last_resort(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let wall = self.clock.wall;
        let known = self.groups.keys.last_resort.as_ref();
        let fresh = known.filter(|(_, made)| wall < made.saturating_add(LAST_RESORT_LIFE));
        if let Some((package, _)) = fresh {
            return Ok(Some(package.clone()));
        }
        let made = super::passed(self.secrets()?.last_resort(wall))?;
        let Ok(package) = made else {
            return Ok(None);
        };
        self.groups.keys.last_resort = Some((package.clone(), wall));
        self.ledger.put(Row::GroupKeys, &self.groups.keys);
        Ok(Some(package))
    }

    /// Key packages of devices that somebody wants in a group, as K3.
    pub(super) fn fetch_key_packages(&mut self) {
        let now = self.clock.steady;
        let devices: Vec<DeviceAddress> = self.groups.fetches.keys().copied().collect();
        for device in devices {
            let account = Account(device.account);
            if !self.is_wanted(&account) {
                self.groups.fetches.remove(&device);
                continue;
            }
            let Some(mailbox) = self.looks.mailbox(&account) else {
                self.want_look(account);
                continue;
            };
            let Some(fetch) = self.groups.fetches.get(&device) else {
                continue;
            };
            if let Some(ask) = fetch.ask {
                let patience = Relays::patience(fetch.attempts.saturating_sub(1));
                if now < fetch.asked.saturating_add(patience) {
                    continue;
                }
                if let Some(asked) = self.asks.get(&ask) {
                    self.relays.avoid(asked.relay, now);
                }
                self.key_package_not_fetched(device, ask);
            }
            let set = self.relays.set_of(&mailbox).len();
            if set == 0 || self.all_were_asked(device, set) {
                continue;
            }
            let Some(attempts) = self.groups.fetches.get(&device).map(|it| it.attempts) else {
                continue;
            };
            let first = u32::try_from(attempts).unwrap_or(u32::MAX);
            let Some(relay) = self.relays.choose(&mailbox, first, attempts, now) else {
                continue;
            };
            let request = Request::FetchPreKeys(FetchPreKeys {
                account,
                device: device.device,
                usage: PreKeyUse::Group,
            });
            let purpose = engine::Purpose::Group(Purpose::KeyPackage(device));
            let ask = self.ask(relay, purpose, request);
            if let Some(fetch) = self.groups.fetches.get_mut(&device) {
                fetch.ask = Some(ask);
                fetch.asked = now;
                fetch.attempts = fetch.attempts.saturating_add(1);
            }
        }
    }

    fn is_wanted(&self, account: &Account) -> bool {
        let add = Wish::Add(*account);
        let mut groups = self.groups.all.values();
        groups.any(|group| group.takes_part() && group.wishes.contains(&add))
    }

    /// The one of last resort, or none for a while.
    fn all_were_asked(&mut self, device: DeviceAddress, set: usize) -> bool {
        let Some(fetch) = self.groups.fetches.get(&device) else {
            return true;
        };
        if fetch.tried < set {
            return false;
        }
        let fetch = self.groups.fetches.remove(&device).unwrap_or_default();
        if let Some((_, package)) = fetch.fallback {
            self.groups.fetched.insert(device, package);
            return true;
        }
        let until = self.clock.steady.saturating_add(PREKEY_PAUSE);
        let before = self.groups.without.insert(device, until);
        if before.is_none() {
            let add = Wish::Add(Account(device.account));
            for id in self.ids(|group| group.wishes.contains(&add)) {
                self.group_news(id, GroupNews::NoKeyPackages { device });
            }
        }
        true
    }

    pub(super) fn key_package_not_fetched(&mut self, device: DeviceAddress, ask: u64) {
        if let Some(fetch) = self.groups.fetches.get_mut(&device)
            && fetch.ask == Some(ask)
        {
            fetch.ask = None;
            fetch.tried = fetch.tried.saturating_add(1);
        }
    }

    pub(super) fn key_package_fetched(
        &mut self,
        device: DeviceAddress,
        (relay, ask): (RelayId, u64),
        answer: Answer,
    ) -> Result<(), Error> {
        self.key_package_not_fetched(device, ask);
        if matches!(answer, Answer::Refused(_)) {
            self.relays.avoid(relay, self.clock.steady);
        }
        let Answer::FetchPreKeys(prekeys) = answer else {
            return Ok(());
        };
        let Some(found) = prekeys.found else {
            return Ok(());
        };
        if !self.groups.fetches.contains_key(&device) {
            return Ok(());
        }
        let one_time = found.one_time.is_some();
        let package = found.one_time.map(Bounded::into_vec);
        let package = package.unwrap_or_else(|| found.head.into_vec());
        let owner = super::passed(self.secrets()?.owner(&package))?;
        if owner != Ok(device) {
            let cause = match owner {
                Ok(other) => format!("it is of {other}"),
                Err(fault) => fault.to_string(),
            };
            self.relays.avoid(relay, self.clock.steady);
            self.tell(crate::Event::BadPreKeys {
                device,
                relay,
                cause,
            });
            return Ok(());
        }
        if one_time {
            self.groups.fetches.remove(&device);
            self.groups.without.remove(&device);
            self.groups.fetched.insert(device, package);
        } else if let Some(fetch) = self.groups.fetches.get_mut(&device) {
            fetch.fallback = Some((relay, package));
        }
        Ok(())
    }
}
