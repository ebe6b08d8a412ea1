#![no_main]
mod fixture;

use fixture::{Fixture, adding, damaged};
use libfuzzer_sys::fuzz_target;
use std::sync::{LazyLock, Mutex};

static DEVICE: LazyLock<Mutex<Fixture>> = LazyLock::new(|| Mutex::new(Fixture::new()));

// The position in invitations and group information, and the list of the invited, are the sender's word. Who is
// in the group is not.
fuzz_target!(|data: &[u8]| {
    let Some((which, data)) = data.split_first() else {
        return;
    };
    let mut device = DEVICE.lock().expect("one thread");
    let group = device.group;
    device.try_work(|work, genuine| match which % 3 {
        0 => {
            if let Ok((joined, members)) = work.join(&damaged(&genuine.invitation, data)) {
                assert_ne!(joined, group);
                assert_eq!(members.len(), 2);
            }
        }
        1 => {
            if let Ok((joined, _)) = work.rejoin(&damaged(&genuine.information, data)) {
                assert_eq!(joined, group);
                assert_eq!(work.members(group).expect("reads").len(), 2);
            }
        }
        _ => {
            let bytes = damaged(&genuine.key_package, data);
            let same = bytes == genuine.key_package;
            assert!(work.change(group, &adding(bytes)).is_err() || same);
        }
    });
});
