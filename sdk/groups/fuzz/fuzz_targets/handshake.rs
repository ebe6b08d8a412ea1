#![no_main]
mod fixture;

use fixture::{Fixture, damaged};
use libfuzzer_sys::fuzz_target;
use std::sync::{LazyLock, Mutex};

static DEVICE: LazyLock<Mutex<Fixture>> = LazyLock::new(|| Mutex::new(Fixture::new()));

fuzz_target!(|data: &[u8]| {
    let mut device = DEVICE.lock().expect("one thread");
    let group = device.group;
    device.try_work(|work, genuine| {
        let bytes = damaged(&genuine.commit, data);
        // The first made the group that the device was invited to.
        work.handshake(group, 0, b"").expect("passes over it");
        let before = work.epoch(group).expect("reads");
        work.handshake(group, 1, &bytes)
            .expect("passes over what it cannot use");
        let same = work.epoch(group).expect("reads") == before;
        assert!(same || bytes == genuine.commit);
    });
});
