#![no_main]
mod fixture;

use codec::Encode;
use fixture::{Fixture, fixture};
use libfuzzer_sys::fuzz_target;
use parlance_e2ee::{Message, Mode, Session};
use std::sync::LazyLock;

static SESSIONS: LazyLock<[Session; 2]> = LazyLock::new(|| {
    [Mode::Classical, Mode::Hybrid].map(|mode| {
        let Fixture {
            alice,
            bob,
            mut prekeys,
            initial,
        } = fixture(mode);
        let peer = alice.public();
        Session::accept(&bob, &mut prekeys, &peer, b"", &initial)
            .expect("accepts")
            .0
    })
});

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::from_bytes(data) else {
        return;
    };
    for session in &*SESSIONS {
        let mut receiver = session.clone();
        assert!(receiver.decrypt(&message).is_err());
        assert!(receiver.encode() == session.encode());
    }
});
