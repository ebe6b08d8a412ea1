use super::{header::Header, *};
use crate::{
    DeviceIdentity, Error, PreKeyStore, aead, handshake,
    limits::{MAX_PLAINTEXT, MAX_SKIP, MAX_SKIPPED_KEYS},
    test_rng::{RecordingRng, rng},
};
use rand_core::CryptoRng;
use std::vec;

pub const MODES: [Mode; 2] = [Mode::Classical, Mode::Hybrid];

/// Alice and Bob after a handshake, before the first message, with an exchange in each round trip.
pub fn ratchets<R: CryptoRng>(mode: Mode, rng: &mut R) -> (Ratchet, Ratchet) {
    let (a, b) = (DeviceIdentity::generate(rng), DeviceIdentity::generate(rng));
    let mut store = PreKeyStore::new(mode, 1, rng);
    store.replenish(1, rng);
    let bundle = store.publish(&b).bundle(0).verify(&b.public(), 0).unwrap();
    let (ours, header) = handshake::initiate(&a, &bundle, b"", rng).unwrap();
    let (theirs, pair) = handshake::respond(&b, &store, &a.public(), b"", &header).unwrap();
    let signed = bundle.bundle().signed.public;
    let mut a = Ratchet::initiator(mode, ours, signed, rng);
    let mut b = Ratchet::responder(mode, theirs, pair);
    a.set_pace(RecoveryPace::EVERY_ROUND_TRIP);
    b.set_pace(RecoveryPace::EVERY_ROUND_TRIP);
    (a, b)
}

/// Sends one message and checks that it arrives.
pub fn pass<R: CryptoRng>(from: &mut Ratchet, to: &mut Ratchet, rng: &mut R) -> Opened {
    let message = from.encrypt(b"passed", rng).unwrap();
    let opened = to.decrypt(&message).unwrap();
    assert_eq!(opened.plaintext.as_slice(), b"passed");
    opened
}

/// Checks that `message` is refused with `error` and that nothing changed.
fn refused(ratchet: &mut Ratchet, message: &RatchetMessage, error: Error) {
    let before = ratchet.encode();
    assert_eq!(ratchet.decrypt(message).map(|_| ()), Err(error));
    assert!(
        ratchet.encode() == before,
        "a refused message changed the state"
    );
}

#[test]
fn a_conversation_goes_back_and_forth() {
    for mode in MODES {
        let mut rng = rng(1);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        for turn in 0..20 {
            let (from, to) = if turn % 2 == 0 {
                (&mut a, &mut b)
            } else {
                (&mut b, &mut a)
            };
            for index in 0..turn % 4 + 1 {
                assert_eq!(pass(from, to, &mut rng).new_chain, index == 0);
            }
        }
        assert_eq!((a.skipped_keys(), b.skipped_keys()), (0, 0));
    }
}

#[test]
fn any_order_is_read_and_nothing_is_read_twice() {
    for mode in MODES {
        let mut rng = rng(2);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        pass(&mut a, &mut b, &mut rng);
        let first: Vec<_> = (0..5u8)
            .map(|i| a.encrypt(&[i], &mut rng).unwrap())
            .collect();
        pass(&mut b, &mut a, &mut rng);
        let second: Vec<_> = (5..10u8)
            .map(|i| a.encrypt(&[i], &mut rng).unwrap())
            .collect();
        let all: Vec<_> = first.iter().chain(&second).collect();
        for index in [7, 2, 9, 0, 4, 5, 8, 1, 3, 6] {
            assert_eq!(
                b.decrypt(all[index]).unwrap().plaintext.as_slice(),
                [index as u8]
            );
        }
        assert_eq!(b.skipped_keys(), 0);
        for message in &second {
            refused(&mut b, message, Error::Duplicate);
        }
        // Nothing of the first chain is kept any more: hidden headers cannot be told from strangers'.
        let error = if mode == Mode::Hybrid {
            Error::UnknownHeader
        } else {
            Error::Forged
        };
        for message in &first {
            refused(&mut b, message, error);
        }
    }
}

#[test]
fn a_gap_is_bridged_up_to_the_bound() {
    for mode in MODES {
        let mut rng = rng(3);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        pass(&mut a, &mut b, &mut rng);
        let messages: Vec<_> = (0..MAX_SKIP + 2)
            .map(|_| a.encrypt(b"x", &mut rng).unwrap())
            .collect();
        let limit = MAX_SKIP;
        refused(
            &mut b,
            &messages[1_001],
            Error::TooManySkipped {
                missing: MAX_SKIP + 1,
                limit,
            },
        );
        b.decrypt(&messages[1_000]).unwrap();
        assert_eq!(b.skipped_keys(), 1_000);
        b.decrypt(&messages[0]).unwrap();
        b.decrypt(&messages[1_001]).unwrap();
    }
}

#[test]
fn kept_keys_stay_within_the_bound_and_the_oldest_go() {
    for mode in MODES {
        let mut rng = rng(4);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        pass(&mut a, &mut b, &mut rng);
        let messages: Vec<_> = (0..2_703)
            .map(|_| a.encrypt(b"x", &mut rng).unwrap())
            .collect();
        for index in [900, 1_801, 2_702] {
            b.decrypt(&messages[index]).unwrap();
        }
        assert_eq!(b.skipped_keys(), MAX_SKIPPED_KEYS);
        refused(&mut b, &messages[699], Error::Duplicate);
        b.decrypt(&messages[700]).unwrap();
    }
}

#[test]
fn a_long_lost_end_of_a_chain_does_not_close_the_conversation() {
    for mode in MODES {
        let mut rng = rng(5);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        pass(&mut a, &mut b, &mut rng);
        for _ in 0..MAX_SKIP + 1 {
            a.encrypt(b"lost", &mut rng).unwrap();
        }
        pass(&mut b, &mut a, &mut rng);
        pass(&mut a, &mut b, &mut rng);
        assert_eq!(b.skipped_keys(), 0);
    }
}

#[test]
fn a_changed_message_is_refused_and_changes_nothing() {
    for mode in MODES {
        let mut rng = rng(6);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        pass(&mut a, &mut b, &mut rng);
        pass(&mut b, &mut a, &mut rng);
        let message = a.encrypt(b"text", &mut rng).unwrap();
        let bytes = message.encode();
        let before = b.encode();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 0x10;
            if let Ok(changed) = RatchetMessage::decode_of(mode, &mut &changed[..]) {
                assert!(
                    changed == message || b.decrypt(&changed).is_err(),
                    "byte {index}"
                );
                assert!(b.encode() == before, "byte {index}");
            }
        }
        assert!(b.decrypt(&message).is_ok());
    }
}

#[test]
fn a_state_that_read_a_message_cannot_read_it_again() {
    for mode in MODES {
        let mut rng = rng(7);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        let messages: Vec<_> = (0..10)
            .map(|_| a.encrypt(b"x", &mut rng).unwrap())
            .collect();
        for (index, message) in messages.iter().enumerate() {
            b.decrypt(message).unwrap();
            for read in &messages[..=index] {
                refused(&mut b.clone(), read, Error::Duplicate);
            }
        }
    }
}

#[test]
fn the_modes_do_not_mix() {
    let mut rng = rng(8);
    let (mut a, _) = ratchets(Mode::Classical, &mut rng);
    let (_, mut b) = ratchets(Mode::Hybrid, &mut rng);
    let message = a.encrypt(b"x", &mut rng).unwrap();
    refused(&mut b, &message, Error::ModeMismatch);
}

#[test]
fn a_message_beyond_the_bound_is_refused() {
    let mut rng = rng(9);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    let longest = a.encrypt(&vec![1; MAX_PLAINTEXT], &mut rng).unwrap();
    assert_eq!(b.decrypt(&longest).unwrap().plaintext.len(), MAX_PLAINTEXT);
    let result = a.encrypt(&vec![1; MAX_PLAINTEXT + 1], &mut rng).map(|_| ());
    assert!(matches!(result, Err(Error::TooLong { .. })));
}

#[test]
fn a_used_up_chain_says_so_and_the_next_turn_goes_on() {
    let mut rng = rng(10);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    pass(&mut a, &mut b, &mut rng);
    a.sending.as_mut().unwrap().next = u32::MAX;
    assert_eq!(
        a.encrypt(b"x", &mut rng).map(|_| ()),
        Err(Error::ChainExhausted)
    );
    pass(&mut b, &mut a, &mut rng);
    pass(&mut a, &mut b, &mut rng);
}

#[test]
fn each_chain_carries_an_offer_or_the_answer_to_one() {
    let mut rng = rng(11);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    pass(&mut a, &mut b, &mut rng);
    let kinds: Vec<_> = (1..9)
        .map(|turn| {
            let (from, to) = if turn % 2 == 0 {
                (&mut a, &mut b)
            } else {
                (&mut b, &mut a)
            };
            pass(from, to, &mut rng);
            let chain = from.sending.as_ref().unwrap();
            (chain.offer.is_some(), chain.answer.is_some())
        })
        .collect();
    let expected = [(true, false), (false, true)];
    assert!(
        kinds
            .iter()
            .zip(expected.iter().cycle())
            .all(|(one, other)| one == other)
    );
}

#[test]
fn the_pace_sets_how_many_round_trips_lie_between_exchanges() {
    let mut rng = rng(12);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    a.set_pace(RecoveryPace::every(3));
    b.set_pace(RecoveryPace::every(3));
    pass(&mut a, &mut b, &mut rng);
    let mut offers = 0;
    for turn in 1..25 {
        let (from, to) = if turn % 2 == 0 {
            (&mut a, &mut b)
        } else {
            (&mut b, &mut a)
        };
        pass(from, to, &mut rng);
        offers += usize::from(from.sending.as_ref().unwrap().offer.is_some());
    }
    assert_eq!(offers, 4);
    assert_eq!(RecoveryPace::every(0), RecoveryPace::EVERY_ROUND_TRIP);
}

/// A peer that breaks K3 is refused, and the session is as it was.
#[test]
fn an_answer_out_of_rule_is_refused() {
    let mut rng = rng(13);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    pass(&mut a, &mut b, &mut rng);
    pass(&mut b, &mut a, &mut rng);
    // Bob's chain carried an offer; Alice owes the answer.
    let honest = a.clone();
    let mut silent = honest.clone();
    silent.kem.to_answer = None;
    let message = silent.encrypt(b"x", &mut rng).unwrap();
    refused(&mut b, &message, Error::KemOutOfRule);

    let mut b_without = b.clone();
    b_without.kem.open = None;
    let message = honest.clone().encrypt(b"x", &mut rng).unwrap();
    refused(&mut b_without, &message, Error::KemOutOfRule);
    assert!(b.decrypt(&message).is_ok());
}

#[test]
fn a_peer_whose_header_is_no_header_is_refused() {
    let mut rng = rng(14);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    pass(&mut a, &mut b, &mut rng);
    let RatchetMessage::Hybrid(mut message) = a.encrypt(b"x", &mut rng).unwrap() else {
        panic!()
    };
    let key = a.sending.as_ref().unwrap().header_key.clone();
    let sealed = aead::seal(&key, &message.nonce, &[], b"not a header");
    message.header = crate::Bounded::new(sealed, "header").unwrap();
    let error = Error::Malformed {
        what: "message header",
    };
    refused(&mut b, &RatchetMessage::Hybrid(message), error);
}

#[test]
fn a_hybrid_message_shows_nothing_of_its_header() {
    let mut rng = rng(15);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    let messages: Vec<_> = (0..3)
        .map(|_| a.encrypt(b"same", &mut rng).unwrap())
        .collect();
    let public = *a.own.public();
    for message in &messages {
        let bytes = message.encode();
        assert!(
            !bytes
                .windows(8)
                .any(|window| public.windows(8).any(|part| part == window))
        );
        assert_eq!(bytes.len(), messages[0].encode().len());
    }
    b.decrypt(&messages[2]).unwrap();
}

#[test]
fn every_step_survives_being_stored() {
    for mode in MODES {
        let mut rng = rng(16);
        let (mut a, mut b) = ratchets(mode, &mut rng);
        for turn in 0..12 {
            let (from, to) = if turn % 2 == 0 {
                (&mut a, &mut b)
            } else {
                (&mut b, &mut a)
            };
            from.encrypt(b"lost", &mut rng).unwrap();
            pass(from, to, &mut rng);
            for ratchet in [&mut a, &mut b] {
                let restored = Ratchet::decode(&mut &ratchet.encode()[..]).unwrap();
                assert!(restored.encode() == ratchet.encode());
                *ratchet = restored;
            }
        }
    }
}

#[test]
fn an_impossible_state_is_refused() {
    let mut rng = rng(17);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    pass(&mut a, &mut b, &mut rng);
    pass(&mut b, &mut a, &mut rng);
    let mut open_without_offer = a.clone();
    open_without_offer.kem.open = b.kem.open.clone();
    let mut offer_without_open = b.clone();
    offer_without_open.kem.open = None;
    let mut chain_without_peer = b.clone();
    chain_without_peer.peer = None;
    let mut no_pace = a.clone();
    no_pace.kem.pace = RecoveryPace(0);
    for ratchet in [
        open_without_offer,
        offer_without_open,
        chain_without_peer,
        no_pace,
    ] {
        assert!(Ratchet::decode(&mut &ratchet.encode()[..]).is_err());
    }
}

#[test]
fn draws_are_as_documented() {
    let mut rng = RecordingRng::new(18);
    let (mut a, mut b) = ratchets(Mode::Hybrid, &mut rng);
    let mut lengths = |from: &mut Ratchet, to: &mut Ratchet| {
        rng.take();
        pass(from, to, &mut rng);
        rng.take().iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(lengths(&mut a, &mut b), [32, 24]);
    assert_eq!(lengths(&mut b, &mut a), [32, 64, 24]);
    assert_eq!(lengths(&mut a, &mut b), [32, 32, 24]);
    assert_eq!(lengths(&mut a, &mut b), [24]);
}

#[test]
fn the_longest_header_fits_its_bound() {
    let secret = crate::kem::KemSecret::generate(&mut rng(19));
    let (answer, _) = secret.public().encapsulate(&mut rng(20)).unwrap();
    let header = Header {
        public: [1; 32],
        previous: 2,
        number: 3,
        offer: Some(secret.public()),
        answer: Some(answer),
    };
    assert_eq!(
        header.encode().len() + crate::limits::TAG,
        crate::limits::MAX_HEADER
    );
}
