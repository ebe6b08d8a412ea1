//! Ours, hybrid.

use crate::{Pair, TEXT};
use getrandom::SysRng;
use parlance_e2ee::{DeviceIdentity, Message, Mode, PreKeyStore, RecoveryPace, Session};
use rand_core::UnwrapErr;
use std::time::Instant;

pub struct Conversation(Session, Session);

struct Party {
    identity: DeviceIdentity,
    prekeys: PreKeyStore,
}

fn party(one_time: usize) -> Party {
    let mut rng = UnwrapErr(SysRng);
    let identity = DeviceIdentity::generate(&mut rng);
    let mut prekeys = PreKeyStore::new(Mode::Hybrid, 1, &mut rng);
    prekeys.replenish(one_time, &mut rng);
    Party { identity, prekeys }
}

pub fn conversation(pace: u16) -> Conversation {
    let mut rng = UnwrapErr(SysRng);
    let (a, mut b) = (party(0), party(1));
    let bundle = b.prekeys.publish(&b.identity).bundle(0);
    let bundle = bundle.verify(&b.identity.public(), 0).expect("genuine");
    let mut first = Session::initiate(&a.identity, &bundle, b"", &mut rng).expect("starts");
    let message = first.encrypt(&TEXT, &mut rng).expect("encrypts");
    let (mut second, _) = Session::accept(
        &b.identity,
        &mut b.prekeys,
        &a.identity.public(),
        b"",
        &message,
    )
    .expect("accepts");
    for session in [&mut first, &mut second] {
        session.set_recovery_pace(RecoveryPace::every(pace));
    }
    let mut conversation = Conversation(first, second);
    conversation.pass(false);
    conversation
}

impl Pair for Conversation {
    fn pass(&mut self, from_first: bool) {
        let Self(first, second) = self;
        let (from, to) = if from_first {
            (first, second)
        } else {
            (second, first)
        };
        let bytes = from
            .encrypt(&TEXT, &mut UnwrapErr(SysRng))
            .expect("encrypts")
            .to_bytes();
        let message = Message::from_bytes(&bytes).expect("decodes");
        assert_eq!(
            to.decrypt(&message).expect("decrypts").plaintext.as_slice(),
            TEXT
        );
    }
}

/// Microseconds per session.
pub fn handshakes(count: usize) -> f64 {
    let mut rng = UnwrapErr(SysRng);
    let count = count.min(200);
    let (a, mut b) = (party(0), party(count));
    let published = b.prekeys.publish(&b.identity);
    let start = Instant::now();
    for index in 0..count {
        let bundle = published
            .bundle(index)
            .verify(&b.identity.public(), 0)
            .expect("genuine");
        let mut first = Session::initiate(&a.identity, &bundle, b"", &mut rng).expect("starts");
        let bytes = first.encrypt(&TEXT, &mut rng).expect("encrypts").to_bytes();
        let message = Message::from_bytes(&bytes).expect("decodes");
        Session::accept(
            &b.identity,
            &mut b.prekeys,
            &a.identity.public(),
            b"",
            &message,
        )
        .expect("accepts");
    }
    start.elapsed().as_secs_f64() * 1e6 / count as f64
}
