//! What is known of the ways to devices: where they were last, whether they are there (D1, D7, D8, D10).

use crate::{
    Effect, Encryption, Storage,
    direct::{Known, Sought, Way},
    engine::{Engine, Purpose},
    limits::{
        ALONE_PAUSE, AWAY, CLOCKS_DIFFER, DIRECT_PATIENCE, LOOK_UP_PATIENCE, MAX_SOUGHT, MAX_WAYS,
        PRESENCE_LIFE, PRESENCE_PASS, PRESENCE_RELAYS, UNREACHABLE,
    },
    presence::{Content, Reach},
};
use parlance_bimp::{Account, Answer, Bounded, LookUpPresence, PresenceKey, Request};
use parlance_e2ee::{DeviceAddress, Sender, presence::WINDOW};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// What is known of the present.
    pub(super) fn way(&mut self, to: DeviceAddress) -> Option<Way> {
        let now = self.clock.steady;
        let way = self.direct.ways.get(&to).copied();
        let next = match way {
            Some(Way::There { until } | Way::Away { until, .. }) if now < until => return way,
            // Where nobody answers who could know better, it may be where it was (D8).
            Some(Way::Asked { since, denied, .. }) => {
                let over = |patience| now >= since.saturating_add(patience);
                let until = self.rest(AWAY);
                let tried = false;
                match self.known(&to) {
                    Some(known) if !denied && over(LOOK_UP_PATIENCE) => {
                        Some(Way::There { until: known.until })
                    }
                    _ if over(DIRECT_PATIENCE) => Some(Way::Away { until, tried }),
                    _ => return way,
                }
            }
            // Its end would have been told.
            _ if self.direct.connected.contains(&to) => Some(Way::There { until: u64::MAX }),
            _ => None,
        };
        match next {
            Some(next) => self.set_way(to, next),
            None => {
                self.direct.ways.remove(&to);
            }
        }
        next
    }

    fn set_way(&mut self, to: DeviceAddress, way: Way) {
        while self.direct.ways.len() >= MAX_WAYS && !self.direct.ways.contains_key(&to) {
            self.direct.ways.pop_first();
        }
        self.direct.ways.insert(to, way);
    }

    /// Where the device was last, if that may still hold.
    fn known(&self, device: &DeviceAddress) -> Option<&Known> {
        let now = self.clock.steady;
        let known = self.direct.known.get(device);
        known.filter(|known| now < known.until)
    }

    /// Where to dial the device, if there is no connection.
    pub(super) fn reach_of(&self, device: &DeviceAddress) -> Option<Reach> {
        self.known(device).map(|known| known.reach.clone())
    }

    /// D1. Whether anything was asked, or is known.
    pub(super) fn look_up(&mut self, to: DeviceAddress) -> bool {
        let places = self.places_of(to);
        let mailbox = self.looks.mailbox(&Account(to.account));
        let set = mailbox.map(|mailbox| self.relays.set_of(&mailbox));
        let mut left = 0;
        for relay in set.into_iter().flatten().take(PRESENCE_RELAYS) {
            for (window, key) in &places {
                let purpose = Purpose::Presence(to, *window);
                self.ask(
                    relay,
                    purpose,
                    Request::LookUpPresence(LookUpPresence { key: *key }),
                );
                left += 1;
            }
        }
        let asked = self.seek(to, &places) || left > 0;
        let known = self.known(&to).map(|known| known.until);
        let (since, denied) = (self.clock.steady, false);
        match (left, known) {
            (0, Some(until)) => self.set_way(to, Way::There { until }),
            _ if asked => self.set_way(
                to,
                Way::Asked {
                    since,
                    left,
                    denied,
                },
            ),
            _ => return false,
        }
        true
    }

    /// In which windows the device may have published, and under which keys.
    fn places_of(&mut self, device: DeviceAddress) -> Vec<(u64, PresenceKey)> {
        let wall = self.clock.wall / 1_000;
        let Some(contact) = self.device_of(device) else {
            return Vec::new();
        };
        let Some(pairing) = self.pairing(&contact) else {
            return Vec::new();
        };
        let (window, passed) = pairing.window(wall);
        let edge = CLOCKS_DIFFER / 1_000;
        let beside = match passed {
            early if early < edge => window.checked_sub(1),
            late if late >= WINDOW.saturating_sub(edge) => window.checked_add(1),
            _ => None,
        };
        [Some(window), beside]
            .into_iter()
            .flatten()
            .map(|window| (window, PresenceKey(pairing.their_place(window))))
            .collect()
    }

    /// D10: asks the local network, unless this device is hidden itself.
    fn seek(&mut self, to: DeviceAddress, places: &[(u64, PresenceKey)]) -> bool {
        let reach = self.appearance.reach.as_ref();
        if places.is_empty() || reach.is_none_or(Reach::is_nowhere) {
            return false;
        }
        let at = self.clock.steady;
        for (window, key) in places {
            let (device, window) = (to, *window);
            while self.direct.sought.len() >= MAX_SOUGHT {
                self.direct.sought.pop_first();
            }
            let sought = Sought { device, window, at };
            self.direct.sought.insert(*key, sought);
        }
        let keys = places.iter().map(|(_, key)| *key).collect();
        self.effects.push_back(Effect::Seek { keys });
        true
    }

    /// Somebody in the local network asks who publishes there (D10). Answered if that is this device.
    pub(in crate::engine) fn sought(&mut self, seek: u64, key: &PresenceKey) {
        let Some(reach) = self.appearance.reach.clone() else {
            return;
        };
        if reach.is_nowhere() {
            return;
        }
        let wall = self.clock.wall / 1_000;
        for contact in self.contact_devices() {
            let Some(pairing) = self.pairing(&contact) else {
                continue;
            };
            let (window, _) = pairing.window(wall);
            let windows = [Some(window), window.checked_sub(1), window.checked_add(1)];
            let mut windows = windows.into_iter().flatten();
            let Some(window) = windows.find(|it| pairing.own_place(*it) == key.0) else {
                continue;
            };
            if let Some(record) = self.record_for(&contact.address, window, reach) {
                self.effects.push_back(Effect::Show { seek, record });
            }
            return;
        }
    }

    /// A record from the local network (D10).
    pub(in crate::engine) fn sighted(&mut self, key: &PresenceKey, record: &[u8]) {
        if let Some(Sought { device, window, .. }) = self.direct.sought.get(key).copied()
            && self.read_presence(device, window, record)
        {
            self.direct.sought.remove(key);
        }
    }

    /// A device as its account's record lists it.
    fn device_of(&self, device: DeviceAddress) -> Option<Sender> {
        let known = self.encryption.known(&Account(device.account));
        known.into_iter().find(|sender| sender.address == device)
    }

    /// What a relay says of a device's presence.
    pub(in crate::engine) fn looked_up(
        &mut self,
        device: DeviceAddress,
        window: u64,
        answer: &Answer,
    ) {
        let (found, denied) = match answer {
            Answer::LookUpPresence(found) => (found.record.as_ref().map(Bounded::as_slice), true),
            _ => (None, false),
        };
        if !found.is_some_and(|record| self.read_presence(device, window, record)) {
            self.not_found(device, denied);
        }
    }

    /// Whether it says where the device is.
    fn read_presence(&mut self, device: DeviceAddress, window: u64, record: &[u8]) -> bool {
        let clock = self.clock;
        let Some(contact) = self.device_of(device) else {
            return false;
        };
        let content = match self.pairing(&contact) {
            Some(pairing) => pairing.open(window, record).ok(),
            None => None,
        };
        let content = content.and_then(|content| Content::from_bytes(&content));
        let Some(Content { ends, reach }) = content else {
            return false;
        };
        let left = ends.saturating_add(CLOCKS_DIFFER).checked_sub(clock.wall);
        let Some(left) = left.filter(|_| !reach.is_nowhere()) else {
            return false;
        };
        let until = clock.steady.saturating_add(left.min(PRESENCE_LIFE));
        while self.direct.known.len() >= MAX_WAYS && !self.direct.known.contains_key(&device) {
            self.direct.known.pop_first();
        }
        self.direct.known.insert(device, Known { reach, until });
        self.set_way(device, Way::There { until });
        true
    }

    /// One answer less to come, and it brought nothing; `denied` by a relay that would have it.
    pub(in crate::engine) fn not_found(&mut self, device: DeviceAddress, denied: bool) {
        let Some(Way::Asked {
            left,
            denied: before,
            ..
        }) = self.direct.ways.get_mut(&device)
        else {
            return;
        };
        *left = left.saturating_sub(1);
        *before |= denied;
        let (is_last, denied) = (*left == 0, *before);
        if !is_last {
            return;
        }
        if denied {
            self.direct.known.remove(&device);
        }
        match self.known(&device).map(|known| known.until) {
            Some(until) => self.set_way(device, Way::There { until }),
            None => self.is_away(device),
        }
    }

    pub(super) fn is_away(&mut self, device: DeviceAddress) {
        let until = self.rest(AWAY);
        let tried = false;
        self.set_way(device, Way::Away { until, tried });
    }

    pub(super) fn cannot_be_reached(&mut self, device: DeviceAddress) {
        let until = self.rest(UNREACHABLE);
        let tried = true;
        self.set_way(device, Way::Away { until, tried });
    }

    /// Until when a device is not tried. Shorter while there is no other way (D8).
    fn rest(&self, usual: u64) -> u64 {
        let pause = match self.subscription.at() {
            Some(_) => usual,
            None => usual.min(ALONE_PAUSE),
        };
        self.clock.steady.saturating_add(pause)
    }

    /// The device listens at no relay any more: who is left alone is tried again sooner (D8).
    pub(in crate::engine) fn is_alone(&mut self) {
        let soon = self.clock.steady.saturating_add(ALONE_PAUSE);
        for way in self.direct.ways.values_mut() {
            if let Way::Away { until, .. } = way {
                *until = soon.min(*until);
            }
        }
    }

    /// Something came from a device: if it is present now, its next pass tells.
    pub(in crate::engine) fn heard_of(&mut self, device: &DeviceAddress) {
        let soon = self.clock.steady.saturating_add(PRESENCE_PASS);
        if let Some(Way::Away {
            until,
            tried: false,
        }) = self.direct.ways.get_mut(device)
        {
            *until = soon.min(*until);
        }
    }

    /// A device that was let in stays connected (D7).
    pub(in crate::engine) fn connected(&mut self, device: DeviceAddress) {
        if self.may_call(&device).is_some() {
            self.works(device);
            self.set_way(device, Way::There { until: u64::MAX });
        }
    }

    /// There is a connection to the device, and it answers there (D7, D8).
    pub(super) fn works(&mut self, device: DeviceAddress) {
        let until = self.clock.steady.saturating_add(PRESENCE_LIFE);
        if let Some(known) = self.direct.known.get_mut(&device) {
            known.until = until.max(known.until);
        }
        while self.direct.connected.len() >= MAX_WAYS {
            self.direct.connected.pop_first();
        }
        self.direct.connected.insert(device);
    }
}
