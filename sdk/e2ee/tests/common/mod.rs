//! What the scenarios share.

#![allow(dead_code, missing_docs)]

use parlance_e2ee::{DeviceIdentity, Message, Mode, PreKeyStore, Session};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

pub const MODES: [Mode; 2] = [Mode::Classical, Mode::Hybrid];

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub fn below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    rng.next_u32() as usize % bound
}

pub struct Party {
    pub identity: DeviceIdentity,
    pub prekeys: PreKeyStore,
}

pub fn party(mode: Mode, one_time: usize, rng: &mut ChaCha20Rng) -> Party {
    let identity = DeviceIdentity::generate(rng);
    let mut prekeys = PreKeyStore::new(mode, 1_000, rng);
    prekeys.replenish(one_time, rng);
    Party { identity, prekeys }
}

/// Two ends of a session, both confirmed.
pub fn sessions(mode: Mode, seed: u64) -> (Session, Session) {
    let mut rng = rng(seed);
    let (a, mut b) = (party(mode, 0, &mut rng), party(mode, 1, &mut rng));
    let bundle = b.prekeys.publish(&b.identity).bundle(0);
    let bundle = bundle.verify(&b.identity.public(), 0).unwrap();
    let mut first = Session::initiate(&a.identity, &bundle, b"test", &mut rng).unwrap();
    let message = first.encrypt(b"hello", &mut rng).unwrap();
    let peer = a.identity.public();
    let (mut second, _) =
        Session::accept(&b.identity, &mut b.prekeys, &peer, b"test", &message).unwrap();
    let answer = second.encrypt(b"hello", &mut rng).unwrap();
    first.decrypt(&answer).unwrap();
    (first, second)
}

/// Over the wire and back.
pub fn rewire(message: &Message) -> Message {
    let bytes = message.to_bytes();
    let back = Message::from_bytes(&bytes).unwrap();
    assert_eq!(&back, message);
    back
}
