#![no_main]
mod fixture;

use fixture::Fixture;
use libfuzzer_sys::fuzz_target;
use parlance_groups::Change;
use std::sync::{LazyLock, Mutex};

static DEVICE: LazyLock<Mutex<Fixture>> = LazyLock::new(|| Mutex::new(Fixture::new()));

fuzz_target!(|data: &[u8]| {
    let mut device = DEVICE.lock().expect("one thread");
    let group = device.group;
    device.try_work(|work| {
        assert!(work.join(data).is_err());
        assert!(work.rejoin(data).is_err());
        let add = vec![data.to_vec()];
        let change = Change {
            add,
            ..Change::default()
        };
        assert!(work.change(group, &change).is_err());
    });
});
