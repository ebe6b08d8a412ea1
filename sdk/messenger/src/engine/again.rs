//! What relays have accepted and nobody confirms (O7).

use super::Engine;
use crate::{
    Encryption, Storage,
    limits::{
        CONFIRM_CHECK, CONFIRM_WAIT, HOLD, LONGEST_CONFIRM_WAIT, NEW_DEVICE, NEW_DEVICE_AGAIN,
    },
    outbox::Stage,
};
use parlance_e2ee::DeviceAddress;
use rand_core::CryptoRng;
use std::collections::BTreeMap;

/// Which devices are there, as far as it shows.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// When something came from a device last.
    at: BTreeMap<DeviceAddress, u64>,
    /// When it is looked next whether something is to be sent again.
    next: u64,
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Something came from a device.
    pub(super) fn note_heard(&mut self, device: DeviceAddress) {
        self.heard_from.at.insert(device, self.clock.steady);
    }

    /// O7.
    pub(super) fn send_unconfirmed(&mut self) {
        let now = self.clock.steady;
        if now < self.heard_from.next {
            return;
        }
        self.heard_from.next = now.saturating_add(CONFIRM_CHECK);
        // Who was heard long ago is not heard shortly before anything that is said from now on.
        let outbox = &self.outbox;
        self.heard_from.at.retain(|device, at| {
            now.saturating_sub(*at) < HOLD || outbox.of_device(device).next().is_some()
        });
        let mut again = Vec::new();
        let numbers: Vec<u64> = self.outbox.unconfirmed.keys().copied().collect();
        for number in numbers {
            let Some(copy) = self.outbox.get(number) else {
                continue;
            };
            if copy.stage != Stage::Accepted {
                continue;
            }
            let (to, created) = (copy.to, copy.created);
            let Some(wait) = self.outbox.unconfirmed.get_mut(&number) else {
                continue;
            };
            let since = *wait.since.get_or_insert(now);
            let pause = CONFIRM_WAIT << wait.again.min(16);
            let due = now.saturating_sub(since) >= pause.min(LONGEST_CONFIRM_WAIT);
            let times = wait.again;
            if due && self.may_be_there(&to, since, (created, times)) {
                again.push(number);
            }
        }
        for number in again {
            if let Some(wait) = self.outbox.unconfirmed.get_mut(&number) {
                wait.again = wait.again.saturating_add(1);
            }
            self.encrypt_anew(number);
        }
    }

    /// Whether a device was there when a copy was accepted, or since; or has never said anything, and the copy is new.
    fn may_be_there(
        &self,
        device: &DeviceAddress,
        since: u64,
        (created, again): (u64, u32),
    ) -> bool {
        let heard = self.heard_from.at.get(device);
        let is_heard = heard.is_some_and(|at| at.saturating_add(HOLD) >= since);
        let never = self.streams.get(device).is_none_or(|it| it.from == 0);
        let fresh = self.clock.wall < created.saturating_add(NEW_DEVICE);
        is_heard || (never && fresh && again < NEW_DEVICE_AGAIN)
    }
}
