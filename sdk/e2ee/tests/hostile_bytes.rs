//! Bytes from strangers: random ones, and genuine ones with random changes, for every decoder and for the
//! operations behind it. Nothing panics, nothing is accepted that should not be. Seeds replay; the fuzz
//! targets in `fuzz/` go further.

mod common;

use codec::{Decode, Encode};
use common::{MODES, below, party, rng, sessions};
use parlance_e2ee::{
    Body, Bounded, Bundle, Content, Device, DeviceAddress, DeviceIdentity, Envelope, List, Message,
    PreKeyStore, Sender, Session, StateKey, Text,
    content::{FileStep, WrittenText},
    file,
    state::Storable,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;

const ROUNDS: usize = 4_000;

/// A change that parsers trip over: flips, cuts, repeats, lengths that are all ones.
fn damage(bytes: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + below(rng, 4) {
        if bytes.is_empty() {
            bytes.push(rng.next_u32() as u8);
        }
        let place = below(rng, bytes.len());
        match below(rng, 6) {
            0 => bytes[place] ^= 1 << below(rng, 8),
            1 => bytes[place] = 0xFF,
            2 => bytes.truncate(place),
            3 => bytes.insert(place, rng.next_u32() as u8),
            4 => {
                let end = (place + below(rng, 64)).min(bytes.len());
                let part = bytes[place..end].to_vec();
                bytes.splice(place..place, part);
            }
            _ => bytes[place] = rng.next_u32() as u8,
        }
    }
    bytes
}

fn random(rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = vec![0; below(rng, 4_000)];
    rng.fill_bytes(&mut bytes);
    // Past the version byte more of a decoder is reached.
    if let Some(first) = bytes.first_mut() {
        *first = 1;
    }
    bytes
}

fn inputs(genuine: &[u8], seed: u64) -> impl Iterator<Item = Vec<u8>> + '_ {
    let mut rng = rng(seed);
    (0..ROUNDS).map(move |round| match round % 4 {
        0 => random(&mut rng),
        _ => damage(genuine, &mut rng),
    })
}

#[test]
fn bundles() {
    for mode in MODES {
        let mut rng = rng(1);
        let party = party(mode, 1, &mut rng);
        let bundle = party.prekeys.publish(&party.identity).bundle(0);
        let genuine = bundle.to_bytes();
        for bytes in inputs(&genuine, 2) {
            if let Ok(decoded) = Bundle::from_bytes(&bytes) {
                assert_eq!(decoded.to_bytes(), bytes);
                let same = decoded == bundle;
                let verified = decoded.clone().verify(&party.identity.public(), 0);
                // Leaving the one-time prekey away is the one thing a relay can do (B6).
                let shortened = decoded.one_time.is_none() && decoded.signed == bundle.signed;
                assert_eq!(verified.is_ok(), same || shortened);
            }
        }
    }
}

#[test]
fn first_messages() {
    for mode in MODES {
        let mut rng = rng(3);
        let (a, mut b) = (party(mode, 0, &mut rng), party(mode, 3, &mut rng));
        let bundle = b.prekeys.publish(&b.identity).bundle(0);
        let bundle = bundle.verify(&b.identity.public(), 0).unwrap();
        let mut session = Session::initiate(&a.identity, &bundle, b"", &mut rng).unwrap();
        let message = session.encrypt(b"text", &mut rng).unwrap();
        let before = b.prekeys.encode();
        for bytes in inputs(&message.to_bytes(), 4) {
            let Ok(decoded) = Message::from_bytes(&bytes) else {
                continue;
            };
            assert_eq!(decoded.to_bytes(), bytes);
            if decoded != message {
                let peer = a.identity.public();
                let result = Session::accept(&b.identity, &mut b.prekeys, &peer, b"", &decoded);
                assert!(result.is_err());
                assert!(b.prekeys.encode() == before);
            }
        }
    }
}

#[test]
fn messages() {
    for mode in MODES {
        let (mut a, mut b) = sessions(mode, 5);
        let mut rng = rng(5);
        let message = a.encrypt(b"text", &mut rng).unwrap();
        let before = b.encode();
        for bytes in inputs(&message.to_bytes(), 6) {
            let Ok(decoded) = Message::from_bytes(&bytes) else {
                continue;
            };
            if decoded != message {
                assert!(b.decrypt(&decoded).is_err());
                assert!(b.encode() == before);
            }
        }
        assert!(b.decrypt(&message).is_ok());
    }
}

#[test]
fn envelopes() {
    let mut rng = rng(7);
    let (a, b) = (
        DeviceIdentity::generate(&mut rng),
        DeviceIdentity::generate(&mut rng),
    );
    let address = DeviceAddress {
        account: [1; 32],
        device: 0,
    };
    let sender = Sender {
        address,
        identity: a.public(),
    };
    let envelope = Envelope::seal(
        &sender,
        &b.public(),
        [2; 32],
        vec![3; 10],
        b"message",
        &mut rng,
    )
    .unwrap();
    for bytes in inputs(&envelope.to_bytes(), 8) {
        if let Ok(decoded) = Envelope::from_bytes(&bytes) {
            assert_eq!(decoded.to_bytes(), bytes);
            let mut same_ticket = decoded.clone();
            same_ticket.set_ticket(envelope.ticket().to_vec()).unwrap();
            assert_eq!(decoded.open(&b).is_ok(), same_ticket == envelope);
        }
    }
}

#[test]
fn contents() {
    let text = Text::new("some text").unwrap();
    let content = Content::new([1; 16], 2, Body::Text(WrittenText { text }));
    for bytes in inputs(&content.to_bytes().unwrap(), 9) {
        if let Ok(decoded) = Content::from_bytes(&bytes) {
            assert_eq!(decoded.to_bytes().unwrap(), bytes);
        }
    }
}

/// Stored states with changed plaintext, as if the key had leaked: decoded or refused, and what was decoded
/// can be used and stored again.
#[test]
fn states() {
    for mode in MODES {
        let (mut a, mut b) = sessions(mode, 10);
        let mut rng = rng(10);
        for _ in 0..3 {
            a.encrypt(b"lost", &mut rng).unwrap();
        }
        let message = a.encrypt(b"text", &mut rng).unwrap();
        b.decrypt(&message).unwrap();
        let next = a.encrypt(b"next", &mut rng).unwrap();
        for bytes in inputs(&b.encode(), 11) {
            if let Ok(mut session) = Session::decode(&mut &bytes[..]) {
                let _ = session.decrypt(&next);
                let _ = session.encrypt(b"x", &mut rng);
                let _ = Session::decode(&mut &session.encode()[..]).unwrap();
            }
        }
    }
}

#[test]
fn stored_devices_and_prekeys() {
    let mut rng = rng(12);
    let mut device = |number: u8| {
        let address = DeviceAddress {
            account: [number; 32],
            device: 0,
        };
        let identity = DeviceIdentity::generate(&mut rng);
        let mut device = Device::new(address, identity, 1, &mut rng);
        device.prekeys_mut().replenish(1, &mut rng);
        device
    };
    let (mut a, b) = (device(1), device(2));
    let record = [(0, b.identity().public())];
    a.set_contact([2; 32], &record).unwrap();
    let mut rng = common::rng(13);
    a.start(b.address(), b.publish().bundle(0), &mut rng)
        .unwrap();
    for bytes in inputs(&a.encode(), 14) {
        if let Ok(device) = Device::decode(&mut &bytes[..]) {
            assert!(Device::decode(&mut &device.encode()[..]).is_ok());
        }
    }
    for bytes in inputs(&a.prekeys_mut().encode(), 15) {
        if let Ok(store) = PreKeyStore::decode(&mut &bytes[..]) {
            assert!(PreKeyStore::decode(&mut &store.encode()[..]).is_ok());
        }
    }
    let key = StateKey::new([4; 32]);
    let sealed = a.export(&key, &mut rng);
    for bytes in inputs(&sealed, 16) {
        assert_eq!(Device::import(&key, &bytes).is_ok(), bytes == sealed);
    }
}

#[test]
fn files() {
    let mut rng = rng(31);
    let mut plain = vec![0; 70_000];
    rng.fill_bytes(&mut plain);
    let (key, length) = ([7; 32], plain.len() as u64);
    let genuine = file::seal(&key, &plain);
    for bytes in inputs(&genuine, 32).take(ROUNDS / 8) {
        let opened = file::open(&file::identifier([bytes.as_slice()]), &key, length, &bytes);
        assert_eq!(opened.is_ok(), bytes == genuine);
        for (number, chunk) in (0..).zip(bytes.chunks(file::SEALED_CHUNK)) {
            let opens = file::open_chunk(&key, length, number, chunk).is_ok();
            let place = number as usize * file::SEALED_CHUNK;
            let end = genuine.len().min(place + file::SEALED_CHUNK);
            assert_eq!(opens, genuine.get(place..end) == Some(chunk));
        }
    }
}

#[test]
fn steps_of_files() {
    let piece = FileStep::Piece {
        file: [1; 32],
        number: 3,
        of: 5,
        bytes: Bounded::new(vec![4; 300], "piece").unwrap(),
    };
    let gaps = List::new(vec![(0, 3), (7, 9)], "gaps").unwrap();
    for step in [
        piece,
        FileStep::Ask {
            file: [1; 32],
            gaps,
        },
    ] {
        let content = Content::new([9; 16], 5, Body::FileStep(step));
        let genuine = content.to_bytes().unwrap();
        for bytes in inputs(&genuine, 33) {
            if let Ok(content) = Content::from_bytes(&bytes) {
                assert_eq!(content.to_bytes().unwrap(), bytes);
            }
        }
    }
}
