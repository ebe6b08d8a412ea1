//! The committed vectors, made again from fixed seeds and compared.
//!
//! `E2EE_WRITE_VECTORS=1 cargo test vectors` writes them anew, after a change of the protocol and its
//! version. README.md describes the files; tests/interop/check_vectors.py computes them independently.

mod handshakes;
mod ratchets;
mod small;

use crate::{DeviceIdentity, test_rng::RecordingRng};
use serde_json::{Value, json};
use std::{env, format, fs, string::String, string::ToString, vec::Vec};

/// Compares `value` with the committed file, or writes it.
fn check(name: &str, value: &Value) {
    let path = format!("{}/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    if env::var_os("E2EE_WRITE_VECTORS").is_some() {
        fs::write(&path, text).unwrap();
    } else {
        let committed = fs::read_to_string(&path).unwrap();
        assert!(
            committed == text,
            "{name} differs from what this build computes"
        );
    }
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(bytes)
}

/// What was drawn since the last call, in order.
fn draws(rng: &mut RecordingRng) -> Vec<String> {
    rng.take().iter().map(hex).collect()
}

/// The secrets of an identity, and its public keys.
fn identity(identity: &DeviceIdentity) -> Value {
    use codec::Encode;
    let secrets = identity.encode();
    let public = identity.public();
    json!({
        "signing_seed": hex(&secrets[..32]),
        "agreement_secret": hex(&secrets[32..]),
        "signing_public": hex(public.signing),
        "agreement_public": hex(public.agreement),
    })
}

fn text(value: impl ToString) -> String {
    value.to_string()
}
