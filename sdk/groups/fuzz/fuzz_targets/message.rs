#![no_main]
mod fixture;

use fixture::{Fixture, damaged};
use libfuzzer_sys::fuzz_target;
use std::sync::{LazyLock, Mutex};

static DEVICE: LazyLock<Mutex<Fixture>> = LazyLock::new(|| Mutex::new(Fixture::new()));

fuzz_target!(|data: &[u8]| {
    let mut device = DEVICE.lock().expect("one thread");
    device.try_work(|work, genuine| {
        let bytes = damaged(&genuine.message, data);
        if let Ok((_, events)) = work.message(&bytes) {
            assert!(events.is_empty() || bytes == genuine.message);
        }
    });
});
