//! Two ends of a session on a bad network: loss, delay, reordering, duplicates, restarts from stored state.
//! Whatever is delivered decrypts exactly once and to what was sent. Seeds replay.

mod common;

use common::{MODES, below, party, rewire, rng, sessions};
use parlance_e2ee::{
    Error, Message, Mode, RecoveryPace, Session, StateKey, limits::MAX_SKIP, state::Storable,
};
use rand_chacha::ChaCha20Rng;
use std::collections::{BTreeMap, BTreeSet};

const STEPS: usize = 300;

struct InFlight {
    to: usize,
    number: u64,
    message: Message,
}

struct World {
    ends: [Session; 2],
    wire: Vec<InFlight>,
    sent: BTreeMap<u64, Vec<u8>>,
    read: BTreeSet<u64>,
    delivered: BTreeSet<u64>,
    rng: ChaCha20Rng,
    key: StateKey,
}

impl World {
    fn new(mode: Mode, seed: u64) -> Self {
        let (mut a, mut b) = sessions(mode, seed);
        let mut rng = rng(seed ^ 0xABCD);
        let pace = RecoveryPace::every(1 + below(&mut rng, 4) as u16);
        a.set_recovery_pace(pace);
        b.set_recovery_pace(pace);
        Self {
            ends: [a, b],
            wire: Vec::new(),
            sent: BTreeMap::new(),
            read: BTreeSet::new(),
            delivered: BTreeSet::new(),
            rng,
            key: StateKey::new([1; 32]),
        }
    }

    fn send(&mut self) {
        let from = below(&mut self.rng, 2);
        let number = self.sent.len() as u64;
        let text = format!("{number}{}", "x".repeat(below(&mut self.rng, 50))).into_bytes();
        let message = self.ends[from].encrypt(&text, &mut self.rng).unwrap();
        self.sent.insert(number, text);
        match below(&mut self.rng, 10) {
            0 => {}
            1 => {
                for _ in 0..3 {
                    self.wire.push(InFlight {
                        to: 1 - from,
                        number,
                        message: message.clone(),
                    });
                }
            }
            _ => self.wire.push(InFlight {
                to: 1 - from,
                number,
                message,
            }),
        }
    }

    fn deliver(&mut self, index: usize) {
        let InFlight {
            to,
            number,
            message,
        } = self.wire.remove(index);
        self.delivered.insert(number);
        match self.ends[to].decrypt(&rewire(&message)) {
            Ok(read) => {
                assert_eq!(*read.plaintext, self.sent[&number]);
                assert!(self.read.insert(number), "message {number} was read twice");
            }
            Err(Error::Duplicate | Error::UnknownHeader | Error::Forged) => {
                assert!(self.read.contains(&number), "message {number} was refused");
            }
            Err(error) => panic!("message {number}: {error}"),
        }
    }

    fn restart(&mut self) {
        let end = below(&mut self.rng, 2);
        let stored = self.ends[end].export(&self.key, &mut self.rng);
        self.ends[end] = Session::import(&self.key, &stored).unwrap();
    }

    fn step(&mut self) {
        match below(&mut self.rng, 20) {
            0..=8 => self.send(),
            9 => self.restart(),
            // Either end of the queue is likelier than the middle: order and long delays both occur.
            10..=15 if !self.wire.is_empty() => self.deliver(0),
            _ if !self.wire.is_empty() => {
                let index = below(&mut self.rng, self.wire.len());
                self.deliver(index);
            }
            _ => {}
        }
    }
}

#[test]
fn what_is_delivered_is_read_exactly_once() {
    for mode in MODES {
        for seed in 0..60 {
            let mut world = World::new(mode, seed);
            for _ in 0..STEPS {
                world.step();
            }
            while !world.wire.is_empty() {
                let index = below(&mut world.rng, world.wire.len());
                world.deliver(index);
            }
            assert_eq!(world.read, world.delivered, "{mode:?}, seed {seed}");
            assert!(world.read.len() > 50);
        }
    }
}

/// Random cuts and flips on the way: the damaged copy is refused, the intact one read after it.
#[test]
fn damaged_copies_do_no_harm() {
    for mode in MODES {
        for seed in 0..20 {
            let (mut a, mut b) = sessions(mode, seed);
            let mut rng = rng(seed);
            for turn in 0..60 {
                let (from, to) = if turn % 3 == 0 {
                    (&mut b, &mut a)
                } else {
                    (&mut a, &mut b)
                };
                let message = from.encrypt(b"text", &mut rng).unwrap();
                let mut bytes = message.to_bytes();
                for _ in 0..1 + below(&mut rng, 4) {
                    let place = below(&mut rng, bytes.len());
                    bytes[place] ^= 1 << below(&mut rng, 8);
                }
                if let Ok(damaged) = Message::from_bytes(&bytes)
                    && damaged != message
                {
                    assert!(to.decrypt(&damaged).is_err());
                }
                assert_eq!(to.decrypt(&message).unwrap().plaintext.as_slice(), b"text");
            }
        }
    }
}

/// The end that went back in time reads what it had read since, and no more often; the end that moved on
/// refuses what is sent again under used numbers; one new turn of the peer and all is well.
#[test]
fn an_end_that_is_set_back_within_a_turn_recovers_with_the_peers_next_turn() {
    for mode in MODES {
        for seed in 0..20 {
            let (mut a, mut b) = sessions(mode, seed);
            let mut rng = rng(seed);
            let before_all = a.encrypt(b"0", &mut rng).unwrap();
            b.decrypt(&before_all).unwrap();
            let backup = a.clone();
            for _ in 0..5 {
                let message = a.encrypt(b"since", &mut rng).unwrap();
                b.decrypt(&message).unwrap();
            }
            a = backup;
            let mut refused = 0;
            for _ in 0..7 {
                let message = a.encrypt(b"again", &mut rng).unwrap();
                match b.decrypt(&message) {
                    Ok(read) => assert_eq!(read.plaintext.as_slice(), b"again"),
                    Err(error) => {
                        assert_eq!(error, Error::Duplicate);
                        refused += 1;
                    }
                }
            }
            assert_eq!(refused, 5);
            let answer = b.encrypt(b"answer", &mut rng).unwrap();
            a.decrypt(&answer).unwrap();
            let message = a.encrypt(b"well", &mut rng).unwrap();
            assert_eq!(b.decrypt(&message).unwrap().plaintext.as_slice(), b"well");
        }
    }
}

/// Set back beyond a turn, an end has lost the key that the peer writes to. That is an error, never a wrong
/// text, and nothing on either side is damaged by it.
#[test]
fn an_end_that_is_set_back_further_is_refused_and_refuses() {
    for mode in MODES {
        let (mut a, mut b) = sessions(mode, 1);
        let mut rng = rng(1);
        let backup = a.clone();
        for _ in 0..3 {
            let message = a.encrypt(b"there", &mut rng).unwrap();
            b.decrypt(&message).unwrap();
            let message = b.encrypt(b"back", &mut rng).unwrap();
            a.decrypt(&message).unwrap();
        }
        let mut old = backup;
        let message = b.encrypt(b"new", &mut rng).unwrap();
        assert!(old.decrypt(&message).is_err());
        let message = old.encrypt(b"old", &mut rng).unwrap();
        assert!(b.decrypt(&message).is_err());
        let message = b.encrypt(b"still fine", &mut rng).unwrap();
        assert_eq!(
            a.decrypt(&message).unwrap().plaintext.as_slice(),
            b"still fine"
        );
    }
}

#[test]
fn a_peer_that_never_answers_can_be_written_to_at_length() {
    for mode in MODES {
        let mut rng = rng(5);
        let (a, mut b) = (party(mode, 0, &mut rng), party(mode, 1, &mut rng));
        let bundle = b.prekeys.publish(&b.identity).bundle(0);
        let bundle = bundle.verify(&b.identity.public(), 0).unwrap();
        let mut first = Session::initiate(&a.identity, &bundle, b"", &mut rng).unwrap();
        let messages: Vec<_> = (0..MAX_SKIP)
            .map(|_| first.encrypt(b"x", &mut rng).unwrap())
            .collect();
        assert!(messages.iter().all(Message::is_initial));
        // The last one arrives first.
        let last = messages.last().unwrap();
        let peer = a.identity.public();
        let (mut second, _) =
            Session::accept(&b.identity, &mut b.prekeys, &peer, b"", last).unwrap();
        for message in &messages[..messages.len() - 1] {
            assert!(second.decrypt(message).is_ok());
        }
        assert!(second.decrypt(last).is_err());
        let answer = second.encrypt(b"answer", &mut rng).unwrap();
        first.decrypt(&answer).unwrap();
        assert!(first.is_confirmed());
        assert!(!first.encrypt(b"x", &mut rng).unwrap().is_initial());
    }
}

#[test]
fn a_forged_first_message_uses_up_no_prekey() {
    for mode in MODES {
        let mut rng = rng(6);
        let (a, mut b) = (party(mode, 0, &mut rng), party(mode, 1, &mut rng));
        let bundle = b.prekeys.publish(&b.identity).bundle(0);
        let bundle = bundle.verify(&b.identity.public(), 0).unwrap();
        let mut first = Session::initiate(&a.identity, &bundle, b"", &mut rng).unwrap();
        let message = first.encrypt(b"x", &mut rng).unwrap();
        let mut bytes = message.to_bytes();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let forged = Message::from_bytes(&bytes).unwrap();
        let peer = a.identity.public();
        let result = Session::accept(&b.identity, &mut b.prekeys, &peer, b"", &forged).map(|_| ());
        assert_eq!(result, Err(Error::Forged));
        assert_eq!(b.prekeys.one_time_left(), 1);
        assert!(Session::accept(&b.identity, &mut b.prekeys, &peer, b"", &message).is_ok());
        assert_eq!(b.prekeys.one_time_left(), 0);
        let again = Session::accept(&b.identity, &mut b.prekeys, &peer, b"", &message).map(|_| ());
        assert_eq!(again, Err(Error::PreKeyGone));
    }
}
