//! vodozemac's Olm. Its sessions check no signatures on prekeys: the application does, and this does not
//! count it.

use crate::{Pair, TEXT};
use std::time::Instant;
use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};

pub struct Conversation(Session, Session);

pub fn conversation() -> Conversation {
    let (a, mut b) = (Account::new(), Account::new());
    b.generate_one_time_keys(1);
    let key = *b.one_time_keys().values().next().expect("one was made");
    let config = SessionConfig::version_1();
    let mut first = a
        .create_outbound_session(config, b.curve25519_key(), key)
        .expect("starts");
    let OlmMessage::PreKey(message) = first.encrypt(TEXT).expect("encrypts") else {
        panic!("the first message begins the session")
    };
    let second = b
        .create_inbound_session(SessionConfig::version_1(), a.curve25519_key(), &message)
        .expect("accepts")
        .session;
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
        let (kind, bytes) = from.encrypt(TEXT).expect("encrypts").to_parts();
        let message = OlmMessage::from_parts(kind, &bytes).expect("decodes");
        assert_eq!(to.decrypt(&message).expect("decrypts"), TEXT);
    }
}

/// Microseconds per session.
pub fn handshakes(count: usize) -> f64 {
    let count = count.min(50);
    let (a, mut b) = (Account::new(), Account::new());
    b.generate_one_time_keys(count);
    let keys: Vec<_> = b.one_time_keys().values().copied().collect();
    let start = Instant::now();
    for key in &keys {
        let config = SessionConfig::version_1();
        let mut first = a
            .create_outbound_session(config, b.curve25519_key(), *key)
            .expect("starts");
        let (kind, bytes) = first.encrypt(TEXT).expect("encrypts").to_parts();
        let Ok(OlmMessage::PreKey(message)) = OlmMessage::from_parts(kind, &bytes) else {
            panic!("the first message begins the session")
        };
        b.create_inbound_session(SessionConfig::version_1(), a.curve25519_key(), &message)
            .expect("accepts");
    }
    start.elapsed().as_secs_f64() * 1e6 / keys.len() as f64
}
