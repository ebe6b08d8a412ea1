//! What is known of accounts, for the comparison with members of groups.

use std::collections::BTreeMap;

use parlance_e2ee::DeviceAddress;
use parlance_groups::{Record, Records};

/// Devices of accounts, as they were proven last since this program runs.
///
/// A device that was struck off since then is found out by the next look; somebody who was not looked up is
/// unknown, and no reason to be silent.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<[u8; 32], BTreeMap<u32, [u8; 32]>>);

impl Known {
    /// All devices of an account, with their signing keys.
    pub fn learn(&mut self, account: [u8; 32], devices: Vec<(u32, [u8; 32])>) {
        self.0.insert(account, devices.into_iter().collect());
    }
}

impl Records for Known {
    fn record(&self, device: DeviceAddress) -> Record {
        match self.0.get(&device.account) {
            None => Record::Unavailable,
            Some(devices) => match devices.get(&device.device) {
                Some(key) => Record::Device(*key),
                None => Record::NoDevice,
            },
        }
    }
}
