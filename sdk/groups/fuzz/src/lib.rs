//! What the targets do, as a library: each target would compile all of MLS again.

mod fixture;

use fixture::{Fixture, adding, damaged};
use std::sync::{LazyLock, Mutex};

static DEVICE: LazyLock<Mutex<Fixture>> = LazyLock::new(|| Mutex::new(Fixture::new()));

/// A message that somebody has damaged gives nothing.
pub fn message(data: &[u8]) {
    let mut device = DEVICE.lock().expect("one thread");
    device.try_work(|work, genuine| {
        let bytes = damaged(&genuine.message, data);
        if let Ok((_, events)) = work.message(&bytes) {
            assert!(events.is_empty() || bytes == genuine.message);
        }
    });
}

/// A commit that somebody has damaged begins no epoch.
pub fn handshake(data: &[u8]) {
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
}

/// Invitations, group information and key packages. The position in the first two, and the list of the invited,
/// are the sender's word; who is in the group is not.
pub fn joining(data: &[u8]) {
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
}
