//! What was promised, and whether it was kept.

use parlance_bimp::Key;
use std::collections::BTreeMap;

/// What senders were told and devices showed.
#[derive(Default)]
pub struct Checker {
    /// Bytes that were sent, by key.
    pub sent: BTreeMap<Key, Vec<u8>>,
    /// When a sender heard that a message is safe.
    pub accepted: BTreeMap<Key, u64>,
    /// How often a device showed a message, and when first.
    pub shown: BTreeMap<(Key, u32), (u32, u64)>,
    /// Longest from the first attempt to the acceptance, milliseconds.
    pub slowest_send: u64,
    /// Longest from the acceptance to the screen of a device that was there, milliseconds.
    pub slowest_show: u64,
    pub broken: Vec<String>,
}

impl Checker {
    pub fn accept(&mut self, key: Key, now: u64, took: u64) {
        self.accepted.entry(key).or_insert(now);
        self.slowest_send = self.slowest_send.max(took);
    }

    pub fn show(&mut self, key: Key, device: u32, message: &[u8], now: u64, present_since: u64) {
        match self.sent.get(&key) {
            None => self.broken.push(format!("{key:?} was never sent")),
            Some(sent) if sent != message => self.broken.push(format!("{key:?} was changed")),
            Some(_) => {}
        }
        let shown = self.shown.entry((key, device)).or_insert((0, now));
        shown.0 += 1;
        if let Some(accepted) = self.accepted.get(&key)
            && present_since <= *accepted
        {
            self.slowest_show = self.slowest_show.max(now - accepted);
        }
    }

    /// At the end: everything that was accepted was shown once by each device, and nothing twice.
    pub fn finish(&mut self, devices: u32) {
        for key in self.accepted.keys() {
            for device in 0..devices {
                if !self.shown.contains_key(&(*key, device)) {
                    let lost = format!("{key:?} was accepted, and device {device} never got it");
                    self.broken.push(lost);
                }
            }
        }
        for ((key, device), (times, _)) in &self.shown {
            if *times > 1 {
                let twice = format!("device {device} showed {key:?} {times} times");
                self.broken.push(twice);
            }
        }
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    pub broken: Vec<String>,
    pub accepted: usize,
    pub shown: usize,
    pub slowest_send: u64,
    pub slowest_show: u64,
    pub faults: BTreeMap<&'static str, u32>,
    pub counters: BTreeMap<&'static str, u64>,
}
