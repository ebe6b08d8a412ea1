//! The thief: a copy of one side's whole state at one moment, every message on the wire after it, and on
//! request every X25519 private key, as a quantum computer would give. What the thief does not get is the
//! randomness that the sides draw afterwards for ML-KEM.

use super::{
    Ratchet, RatchetMessage, RecoveryPace, SendingChain,
    header::{Header, HybridMessage},
    receive::{open_header, walk},
    root_step,
    send::body_data,
    tests::{pass, ratchets},
};
use crate::{Mode, aead, kdf::chain_step, secret::Secret, test_rng::RecordingRng, x25519::KeyPair};
use codec::Encode;
use std::{collections::BTreeMap, vec::Vec};

/// Private keys by public key.
type Broken = BTreeMap<[u8; 32], KeyPair>;

struct Thief {
    /// The victim's state, moved along as far as the thief can.
    copy: Ratchet,
}

impl Thief {
    /// Tries to read what the victim received.
    fn read_received(&mut self, message: &RatchetMessage) -> bool {
        self.copy.decrypt(message).is_ok()
    }

    /// Tries to read what the victim sent.
    fn read_sent(&mut self, message: &RatchetMessage, broken: &Broken) -> bool {
        self.try_read_sent(message, broken).is_some()
    }

    fn try_read_sent(&mut self, message: &RatchetMessage, broken: &Broken) -> Option<()> {
        let known = self.copy.sending.as_ref();
        let header = match message {
            RatchetMessage::Classical(message) => Header::from(message.header),
            RatchetMessage::Hybrid(message) => {
                let newest = known.and_then(|chain| open(&chain.header_key, message));
                newest.or_else(|| open(&self.copy.next_sending_header, message))?
            }
        };
        if known.is_none() || header.public != *self.copy.own.public() {
            self.follow_new_chain(&header, broken)?;
        }
        let chain = self.copy.sending.as_mut()?;
        let (at, _) = walk(&chain.key, chain.next, header.number);
        let (next_key, key) = chain_step(&at);
        let data = &self.copy.associated_data;
        match message {
            RatchetMessage::Classical(message) => {
                let data = body_data(data, &message.header.encode());
                aead::open_classical(&key, &data, message.body.as_slice()).ok()?;
            }
            RatchetMessage::Hybrid(message) => {
                let data = body_data(data, message.header.as_slice());
                aead::open(&key, &message.nonce, &data, message.body.as_slice()).ok()?;
            }
        }
        chain.key = next_key;
        chain.next = header.number + 1;
        Some(())
    }

    /// The victim's new chain: its X25519 key is broken or it is not; the answer's KEM secret is beyond
    /// reach, so the thief goes on without it.
    fn follow_new_chain(&mut self, header: &Header, broken: &Broken) -> Option<()> {
        let pair = broken.get(&header.public)?.clone();
        let shared = pair.agree(&self.copy.peer?, "test").ok()?;
        let step = root_step(self.copy.mode, &self.copy.root, &shared, None);
        let header_key =
            core::mem::replace(&mut self.copy.next_sending_header, step.next_header.clone());
        self.copy.sending = Some(SendingChain {
            key: step.chain.clone(),
            header_key,
            next: 0,
            offer: None,
            answer: None,
        });
        self.copy.root = step.root.clone();
        self.copy.own = pair;
        self.copy.kem.open = None;
        Some(())
    }
}

fn open(key: &Secret<32>, message: &HybridMessage) -> Option<Header> {
    open_header(key, message).ok().flatten()
}

/// Everything drawn, as X25519 keys.
fn break_all(rng: &RecordingRng) -> Broken {
    let keys = rng
        .draws
        .iter()
        .filter_map(|draw| <[u8; 32]>::try_from(draw.as_slice()).ok());
    keys.map(|key| KeyPair::from_bytes(&Secret::new(key)))
        .map(|p| (*p.public(), p))
        .collect()
}

/// A theft after `turns` turns.
struct Case {
    mode: Mode,
    pace: RecoveryPace,
    breaks_x25519: bool,
    victim_is_initiator: bool,
    /// The victim requests recovery after the theft.
    requested: bool,
    turns: usize,
}

const TURNS_AFTER: usize = 10;

/// For each turn after the theft: whether it is the victim's, and whether the thief read all of it.
fn play(case: &Case) -> Vec<(bool, bool)> {
    let mut rng = RecordingRng::new(case.turns as u64);
    let (mut a, mut b) = ratchets(case.mode, &mut rng);
    a.set_pace(case.pace);
    b.set_pace(case.pace);
    let initiators_turn = |turn: usize| turn.is_multiple_of(2);
    for turn in 0..case.turns {
        let (from, to) = if initiators_turn(turn) {
            (&mut a, &mut b)
        } else {
            (&mut b, &mut a)
        };
        pass(from, to, &mut rng);
        pass(from, to, &mut rng);
    }
    let copy = if case.victim_is_initiator {
        a.clone()
    } else {
        b.clone()
    };
    if case.requested {
        let victim = if case.victim_is_initiator {
            &mut a
        } else {
            &mut b
        };
        victim.request_recovery();
    }
    let mut thief = Thief { copy };
    let mut seen = Vec::new();
    for turn in case.turns..case.turns + TURNS_AFTER {
        let victims = initiators_turn(turn) == case.victim_is_initiator;
        let (from, to) = if initiators_turn(turn) {
            (&mut a, &mut b)
        } else {
            (&mut b, &mut a)
        };
        let mut read = true;
        for _ in 0..3 {
            let message = from.encrypt(b"secret", &mut rng).unwrap();
            to.decrypt(&message).unwrap();
            let broken = if case.breaks_x25519 {
                break_all(&rng)
            } else {
                Broken::new()
            };
            read &= match victims {
                true => thief.read_sent(&message, &broken),
                false => thief.read_received(&message),
            };
        }
        seen.push((victims, read));
    }
    seen
}

fn cases(mode: Mode, pace: RecoveryPace, breaks_x25519: bool) -> impl Iterator<Item = Case> {
    (1..12).flat_map(move |turns| {
        [true, false].map(|victim_is_initiator| Case {
            mode,
            pace,
            breaks_x25519,
            victim_is_initiator,
            requested: false,
            turns,
        })
    })
}

/// The first round trip begun after the theft: the victim's next turn, then the peer's. From the peer's on
/// the thief reads nothing.
fn locked_out(case: &Case) -> bool {
    let seen = play(case);
    let next_own = seen.iter().position(|(victims, _)| *victims).unwrap();
    seen[next_own + 1..].iter().all(|(_, read)| !read)
}

#[test]
fn a_thief_is_out_after_the_next_round_trip_in_either_mode() {
    for mode in [Mode::Classical, Mode::Hybrid] {
        for pace in [RecoveryPace::EVERY_ROUND_TRIP, RecoveryPace::every(1_000)] {
            assert!(cases(mode, pace, false).all(|case| locked_out(&case)));
        }
    }
}

#[test]
fn in_hybrid_mode_so_is_one_who_breaks_x25519() {
    let pace = RecoveryPace::EVERY_ROUND_TRIP;
    assert!(cases(Mode::Hybrid, pace, true).all(|case| locked_out(&case)));
}

/// Also if the answer to an offer from before the theft comes in between.
#[test]
fn on_request_so_is_one_at_a_slow_pace() {
    for pace in [2, 3, 8, 1_000] {
        let cases = cases(Mode::Hybrid, RecoveryPace::every(pace), true);
        assert!(
            cases
                .map(|case| Case {
                    requested: true,
                    ..case
                })
                .all(|case| locked_out(&case))
        );
    }
}

#[test]
fn at_a_slower_pace_that_takes_as_many_round_trips() {
    for case in cases(Mode::Hybrid, RecoveryPace::every(3), true) {
        let seen = play(&case);
        assert!(seen[7..].iter().all(|(_, read)| !read), "{seen:?}");
    }
}

/// The thief is not a straw man: where nothing stands in the way, they read everything.
#[test]
fn without_the_kem_ratchet_one_who_breaks_x25519_reads_on() {
    let never = RecoveryPace::every(1_000);
    for mode in [Mode::Classical, Mode::Hybrid] {
        assert!(cases(mode, never, true).all(|case| play(&case).iter().all(|(_, read)| *read)));
    }
}

#[test]
fn a_thief_reads_no_message_from_before() {
    for mode in [Mode::Classical, Mode::Hybrid] {
        let mut rng = RecordingRng::new(1);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        let mut old = Vec::new();
        for turn in 0..6 {
            let (from, to) = if turn % 2 == 0 {
                (&mut a, &mut b)
            } else {
                (&mut b, &mut a)
            };
            let message = from.encrypt(b"old", &mut rng).unwrap();
            to.decrypt(&message).unwrap();
            old.push((turn % 2 == 0, message));
        }
        let broken = break_all(&rng);
        for (sent, message) in &old {
            let mut thief = Thief { copy: a.clone() };
            let read = match sent {
                true => thief.read_sent(message, &broken),
                false => thief.read_received(message),
            };
            assert!(!read);
        }
    }
}
