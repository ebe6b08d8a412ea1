//! Everything around the ratchet.

use super::{check, draws, hex, identity, text};
use crate::{
    Content, DeviceAddress, DeviceIdentity, Envelope, Message, Mode, PreKeyStore, Sender, Session,
    StateKey, file, safety, state::Storable, test_rng::RecordingRng,
};
use codec::Encode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{string::String, vec, vec::Vec};

#[test]
fn message_vectors() {
    let vectors: Vec<Value> = [Mode::Classical, Mode::Hybrid].map(message_vector).into();
    check("message", &json!({ "messages": vectors }));
}

/// A first message as it is on the wire, and the answer.
fn message_vector(mode: Mode) -> Value {
    let mut rng = RecordingRng::new(7);
    let (alice, bob) = (
        DeviceIdentity::generate(&mut rng),
        DeviceIdentity::generate(&mut rng),
    );
    let mut prekeys = PreKeyStore::new(mode, 5, &mut rng);
    prekeys.replenish(1, &mut rng);
    let bundle = prekeys
        .publish(&bob)
        .bundle(0)
        .verify(&bob.public(), 0)
        .unwrap();
    let mut ours = Session::initiate(&alice, &bundle, b"context", &mut rng).unwrap();
    let first = ours.encrypt(b"first", &mut rng).unwrap().to_bytes();
    let message = Message::from_bytes(&first).unwrap();
    let (mut theirs, read) =
        Session::accept(&bob, &mut prekeys, &alice.public(), b"context", &message).unwrap();
    let answer = theirs.encrypt(b"answer", &mut rng).unwrap();
    json!({
        "mode": text(if mode == Mode::Hybrid { "hybrid" } else { "classical" }),
        "header": hex(message.handshake().unwrap().encode()),
        "first": hex(&first),
        "first_plaintext": hex(&*read.plaintext),
        "answer": hex(answer.to_bytes()),
    })
}

#[test]
fn envelope_vectors() {
    let mut rng = RecordingRng::new(8);
    let (alice, bob) = (
        DeviceIdentity::generate(&mut rng),
        DeviceIdentity::generate(&mut rng),
    );
    rng.take();
    let address = DeviceAddress {
        account: [0xA1; 32],
        device: 3,
    };
    let sender = Sender {
        address,
        identity: alice.public(),
    };
    let vectors: Vec<Value> = [10, 500, 3_000]
        .map(|length| {
            let message = vec![0x6D; length];
            let envelope = Envelope::seal(
                &sender,
                &bob.public(),
                [0xB0; 32],
                b"ticket".to_vec(),
                &message,
                &mut rng,
            )
            .unwrap();
            assert_eq!(envelope.open(&bob).unwrap(), (sender, message.clone()));
            json!({
                "draws": draws(&mut rng),
                "message": hex(&message),
                "size": envelope.size(),
                "encoding": hex(envelope.to_bytes()),
            })
        })
        .into();
    check(
        "envelope",
        &json!({
            "sender": hex(sender.encode()),
            "recipient": identity(&bob),
            "mailbox": hex([0xB0; 32]),
            "ticket": hex(b"ticket"),
            "envelopes": vectors,
        }),
    );
}

#[test]
fn content_vectors() {
    let vectors: Vec<Value> = crate::content::samples()
        .into_iter()
        .map(|body| {
            let mut content = Content::new([9; 16], 1_700_000_000_000, body);
            content.lifetime = Some(60);
            let bytes = content.to_bytes().unwrap();
            // Version, identifier, time and life time stand before the kind.
            let kind = u16::from_le_bytes([bytes[30], bytes[31]]);
            json!({ "kind": kind, "encoding": hex(bytes) })
        })
        .collect();
    check("content", &json!({ "contents": vectors }));
}

#[test]
fn file_vectors() {
    let key: [u8; 32] = core::array::from_fn(|place| place as u8);
    let vectors: Vec<Value> = [0, 3, file::CHUNK, file::CHUNK + 5]
        .map(|length| {
            let bytes: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
            let sealed = file::seal(&key, &bytes);
            let id = file::identifier([sealed.as_slice()]);
            let opened = file::open(&id, &key, length as u64, &sealed).unwrap();
            assert_eq!(opened.as_slice(), bytes);
            let tags: Vec<String> = sealed
                .chunks(file::SEALED_CHUNK)
                .map(|chunk| hex(&chunk[chunk.len() - 16..]))
                .collect();
            json!({
                "length": length,
                "tags": tags,
                "sha256": hex(Sha256::digest(&sealed)),
                "identifier": hex(id),
            })
        })
        .into();
    check("file", &json!({ "key": hex(key), "files": vectors }));
}

#[test]
fn safety_vectors() {
    let mut rng = RecordingRng::new(9);
    let devices: Vec<_> = (0..3)
        .map(|_| DeviceIdentity::generate(&mut rng).public())
        .collect();
    let one = safety::fingerprint(&[1; 32], &devices[..1]);
    let other = safety::fingerprint(&[2; 32], &devices[1..]);
    check(
        "safety",
        &json!({
            "accounts": [hex([1; 32]), hex([2; 32])],
            "devices": [
                [hex(devices[0].to_bytes())],
                [hex(devices[1].to_bytes()), hex(devices[2].to_bytes())],
            ],
            "fingerprints": [hex(one.as_bytes()), hex(other.as_bytes())],
            "safety_number": safety::safety_number(&one, &other),
        }),
    );
}

#[test]
fn state_vectors() {
    let mut rng = RecordingRng::new(10);
    let alice = DeviceIdentity::generate(&mut rng);
    rng.take();
    let sealed = alice.export(&StateKey::new([0x5A; 32]), &mut rng);
    check(
        "state",
        &json!({
            "key": hex([0x5A; 32]),
            "draws": draws(&mut rng),
            "plain": hex(alice.encode()),
            "sealed": hex(sealed),
        }),
    );
}
