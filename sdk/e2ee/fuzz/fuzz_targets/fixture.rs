//! Two ends of a hybrid session, the same in each run.

// Each target uses its part.
#![allow(dead_code)]

use parlance_e2ee::{DeviceIdentity, Message, Mode, PreKeyStore, Session};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub struct Fixture {
    pub alice: DeviceIdentity,
    pub bob: DeviceIdentity,
    pub prekeys: PreKeyStore,
    pub initial: Message,
}

pub fn fixture(mode: Mode) -> Fixture {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (alice, bob) = (
        DeviceIdentity::generate(&mut rng),
        DeviceIdentity::generate(&mut rng),
    );
    let mut prekeys = PreKeyStore::new(mode, 1, &mut rng);
    prekeys.replenish(2, &mut rng);
    let bundle = prekeys
        .publish(&bob)
        .bundle(0)
        .verify(&bob.public(), 0)
        .expect("genuine");
    let mut first = Session::initiate(&alice, &bundle, b"", &mut rng).expect("starts");
    let initial = first.encrypt(b"text", &mut rng).expect("encrypts");
    Fixture {
        alice,
        bob,
        prekeys,
        initial,
    }
}
