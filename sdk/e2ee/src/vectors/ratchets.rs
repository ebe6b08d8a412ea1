//! Conversations, message by message: what goes into each key and what comes out.

use super::{check, draws, handshakes::cast, hex};
use crate::{
    Mode, RecoveryPace, handshake,
    kdf::chain_step,
    ratchet::{Ratchet, RatchetMessage},
    test_rng::RecordingRng,
};
use codec::Encode;
use serde_json::{Value, json};
use std::{format, vec::Vec};

/// Who sends; whether the message is delivered at once, later or never.
const SCRIPT: &[(char, &str)] = &[
    ('A', "at once"),
    ('A', "later"),
    ('A', "at once"),
    ('B', "at once"),
    ('B', "never"),
    ('B', "at once"),
    ('A', "at once"),
    ('A', "later"),
    ('B', "at once"),
    ('A', "at once"),
    ('B', "at once"),
];

fn send(index: usize, from: &mut Ratchet, rng: &mut RecordingRng) -> (Value, Vec<u8>) {
    let plaintext = format!("message {index}");
    let root_before = from.begin(rng);
    let view = from.view();
    let message = from.encrypt(plaintext.as_bytes(), rng).unwrap();
    let (next_key, message_key) = chain_step(&view.chain_key);
    let start = root_before.map(|before| {
        json!({
            "root_key_before": hex(before.bytes()),
            "root_key": hex(view.root.bytes()),
            "header_key": hex(view.header_key.bytes()),
            "next_header_key": hex(view.next_header_key.bytes()),
            "public_key": hex(view.public),
            "offer": view.offer.map(|key| hex(key.as_bytes())),
            "answer": view.answer.map(|text| hex(text.as_bytes())),
        })
    });
    let value = json!({
        "draws": draws(rng),
        "chain_start": start,
        "chain_key": hex(view.chain_key.bytes()),
        "message_key": hex(message_key.bytes()),
        "next_chain_key": hex(next_key.bytes()),
        "plaintext": hex(&plaintext),
        "message": hex(message.encode()),
    });
    (value, plaintext.into_bytes())
}

fn conversation(mode: Mode, seed: u64) -> Value {
    let mut rng = RecordingRng::new(seed);
    let cast = cast(mode, 1, &mut rng);
    let bundle = cast.bundle.clone().verify(&cast.bob.public(), 0).unwrap();
    let (ours, header) = handshake::initiate(&cast.alice, &bundle, b"", &mut rng).unwrap();
    let (theirs, signed) =
        handshake::respond(&cast.bob, &cast.store, &cast.alice.public(), b"", &header).unwrap();
    let start = json!({
        "root_key": hex(ours.root.bytes()),
        "initiator_header_key": hex(ours.header_keys.0.bytes()),
        "responder_header_key": hex(ours.header_keys.1.bytes()),
        "associated_data": hex(&ours.associated_data),
        "signed_prekey_secret": hex(signed.encode()),
        "signed_prekey": hex(bundle.bundle().signed.public),
    });
    let public = bundle.bundle().signed.public;
    let mut alice = Ratchet::initiator(mode, ours, public, &mut rng);
    let mut bob = Ratchet::responder(mode, theirs, signed);
    alice.set_pace(RecoveryPace::EVERY_ROUND_TRIP);
    bob.set_pace(RecoveryPace::EVERY_ROUND_TRIP);
    rng.take();

    let mut steps = Vec::new();
    let mut late = Vec::new();
    for (index, (sender, delivery)) in SCRIPT.iter().enumerate() {
        let is_alice = *sender == 'A';
        let (from, to) = if is_alice {
            (&mut alice, &mut bob)
        } else {
            (&mut bob, &mut alice)
        };
        let (mut value, plaintext) = send(index, from, &mut rng);
        value["from"] = json!(if is_alice { "alice" } else { "bob" });
        value["delivered"] = json!(delivery);
        let message = read(&value, mode);
        match *delivery {
            "at once" => assert_eq!(*to.decrypt(&message).unwrap().plaintext, plaintext),
            "later" => late.push((is_alice, message, plaintext)),
            _ => {}
        }
        steps.push(value);
    }
    for (to_bob, message, plaintext) in late {
        let to = if to_bob { &mut bob } else { &mut alice };
        assert_eq!(*to.decrypt(&message).unwrap().plaintext, plaintext);
    }
    json!({ "start": start, "steps": steps })
}

/// The message as anybody would read it from the vector.
fn read(value: &Value, mode: Mode) -> RatchetMessage {
    let bytes = hex::decode(value["message"].as_str().unwrap()).unwrap();
    RatchetMessage::decode_of(mode, &mut &bytes[..]).unwrap()
}

#[test]
fn classical_ratchet_vectors() {
    check(
        "double_ratchet_classical",
        &conversation(Mode::Classical, 5),
    );
}

#[test]
fn hybrid_ratchet_vectors() {
    check("double_ratchet_hybrid", &conversation(Mode::Hybrid, 6));
}
