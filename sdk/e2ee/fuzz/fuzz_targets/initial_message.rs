#![no_main]
mod fixture;

use codec::Encode;
use fixture::{Fixture, fixture};
use libfuzzer_sys::fuzz_target;
use parlance_e2ee::{Message, Mode, Session};
use std::sync::LazyLock;

static FIXTURES: LazyLock<[Fixture; 2]> =
    LazyLock::new(|| [fixture(Mode::Classical), fixture(Mode::Hybrid)]);

fuzz_target!(|data: &[u8]| {
    let Ok(message) = Message::from_bytes(data) else {
        return;
    };
    assert_eq!(message.to_bytes(), data);
    for Fixture {
        alice,
        bob,
        prekeys,
        initial,
    } in &*FIXTURES
    {
        if message != *initial {
            let mut store = prekeys.clone();
            assert!(Session::accept(bob, &mut store, &alice.public(), b"", &message).is_err());
            assert!(store.encode() == prekeys.encode());
        }
    }
});
