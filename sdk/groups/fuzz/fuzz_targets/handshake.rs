#![no_main]
mod fixture;

use fixture::Fixture;
use libfuzzer_sys::fuzz_target;

use std::sync::{LazyLock, Mutex};

static DEVICE: LazyLock<Mutex<Fixture>> = LazyLock::new(|| Mutex::new(Fixture::new()));

fuzz_target!(|data: &[u8]| {
    let mut device = DEVICE.lock().expect("one thread");
    let group = device.group;
    device.try_work(|work| {
        let before = work.epoch(group).expect("reads");
        work.handshake(group, 0, data)
            .expect("passes over what it cannot use");
        assert_eq!(work.epoch(group).expect("reads"), before);
    });
});
