//! Bundles and handshakes.

use super::{check, draws, hex, identity};
use crate::{
    Bundle, DeviceIdentity, Mode, PreKeyStore,
    handshake::{self, Agreement, HandshakeHeader},
    prekeys::PreKeyStore as Store,
    test_rng::RecordingRng,
};
use codec::Encode;
use serde_json::{Value, json};
use std::vec::Vec;

/// Everybody that a handshake needs, with what was drawn for them.
pub(super) struct Cast {
    pub alice: DeviceIdentity,
    pub bob: DeviceIdentity,
    pub store: Store,
    pub bundle: Bundle,
    /// What was drawn for Bob's prekeys: signed prekey and, if any, one-time prekey.
    prekey_draws: Vec<std::string::String>,
}

pub(super) fn cast(mode: Mode, one_time: usize, rng: &mut RecordingRng) -> Cast {
    let (alice, bob) = (DeviceIdentity::generate(rng), DeviceIdentity::generate(rng));
    rng.take();
    let mut store = PreKeyStore::new(mode, 1_700_000_000, rng);
    store.replenish(one_time, rng);
    let prekey_draws = draws(rng);
    let bundle = store.publish(&bob).bundle(0);
    Cast {
        alice,
        bob,
        store,
        bundle,
        prekey_draws,
    }
}

fn bundle_vector(cast: &Cast) -> Value {
    let bundle = &cast.bundle;
    let prekey = |id: u32, public: &[u8], kem: Option<&crate::KemPublic>, signature: &[u8]| {
        json!({
            "id": id,
            "public": hex(public),
            "kem_public": kem.map(|key| hex(key.as_bytes())),
            "signature": hex(signature),
        })
    };
    let signed = &bundle.signed;
    json!({
        "prekey_draws": cast.prekey_draws,
        "created": signed.created,
        "signed": prekey(signed.id, &signed.public, signed.kem.as_ref(), &signed.signature),
        "signed_bytes": hex(signed.signed_bytes()),
        "one_time": bundle.one_time.as_ref()
            .map(|key| prekey(key.id, &key.public, key.kem.as_ref(), &key.signature)),
        "one_time_signed_bytes": bundle.one_time.as_ref().map(|key| hex(key.signed_bytes())),
        "encoding": hex(bundle.to_bytes()),
    })
}

fn agreement_vector(agreement: &Agreement, header: &HandshakeHeader) -> Value {
    json!({
        "header": hex(header.encode()),
        "number": hex(header.id()),
        "root_key": hex(agreement.root.bytes()),
        "initiator_header_key": hex(agreement.header_keys.0.bytes()),
        "responder_header_key": hex(agreement.header_keys.1.bytes()),
        "associated_data": hex(&agreement.associated_data),
    })
}

fn handshake_vector(mode: Mode, one_time: usize, seed: u64) -> Value {
    let mut rng = RecordingRng::new(seed);
    let cast = cast(mode, one_time, &mut rng);
    let verified = cast.bundle.clone().verify(&cast.bob.public(), 0).unwrap();
    let context = b"vector context";
    let (ours, header) = handshake::initiate(&cast.alice, &verified, context, &mut rng).unwrap();
    let (theirs, _) = handshake::respond(
        &cast.bob,
        &cast.store,
        &cast.alice.public(),
        context,
        &header,
    )
    .unwrap();
    assert_eq!(
        agreement_vector(&ours, &header),
        agreement_vector(&theirs, &header)
    );
    json!({
        "alice": identity(&cast.alice),
        "bob": identity(&cast.bob),
        "bundle": bundle_vector(&cast),
        "context": hex(context),
        "draws": draws(&mut rng),
        "result": agreement_vector(&ours, &header),
    })
}

#[test]
fn x3dh_vectors() {
    let vectors = [
        handshake_vector(Mode::Classical, 1, 1),
        handshake_vector(Mode::Classical, 0, 2),
    ];
    check(
        "x3dh",
        &json!({ "mode": "classical", "handshakes": vectors }),
    );
}

#[test]
fn pqxdh_vectors() {
    let vectors = [
        handshake_vector(Mode::Hybrid, 1, 3),
        handshake_vector(Mode::Hybrid, 0, 4),
    ];
    check("pqxdh", &json!({ "mode": "hybrid", "handshakes": vectors }));
}
