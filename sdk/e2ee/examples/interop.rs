//! A classical peer for other implementations: JSON lines in, JSON lines out, bytes as hex.
//!
//! `tests/interop/run.py` speaks to it. Commands, each an object with `op`:
//!
//! | op | fields | answer |
//! | --- | --- | --- |
//! | `new` | `seed` (identity, 32 bytes), `random` (64-bit number) | `identity` |
//! | `bundle` | | `bundle` |
//! | `initiate` | `bundle`, `identity` | |
//! | `encrypt` | `plaintext` | `message` |
//! | `decrypt` | `message`, `identity` | `plaintext`, or `error` |
//! | `store` | | writes the session out and reads it back |

#![allow(missing_docs)]

use parlance_e2ee::{
    Bundle, DeviceIdentity, Error, IdentityPublic, Message, Mode, PreKeyStore, Session, StateKey,
    state::Storable,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use std::io::{BufRead, Write};

const CONTEXT: &[u8] = b"interop";

struct Peer {
    identity: DeviceIdentity,
    prekeys: PreKeyStore,
    session: Option<Session>,
    rng: ChaCha20Rng,
}

fn main() {
    let mut peer: Option<Peer> = None;
    for line in std::io::stdin().lock().lines() {
        let command: Value = serde_json::from_str(&line.expect("standard input is readable"))
            .expect("each line is a JSON object");
        let answer = if command["op"] == "new" {
            let new = Peer::new(&command);
            let identity = hex::encode(new.identity.public().to_bytes());
            peer = Some(new);
            json!({ "identity": identity })
        } else {
            let peer = peer.as_mut().expect("the first command is `new`");
            peer.run(&command)
                .unwrap_or_else(|error| json!({ "error": format!("{error:?}") }))
        };
        println!("{answer}");
        std::io::stdout()
            .flush()
            .expect("standard output is writable");
    }
}

impl Peer {
    fn new(command: &Value) -> Self {
        let seed: [u8; 32] = bytes(command, "seed")
            .try_into()
            .expect("a seed has 32 bytes");
        let mut rng = ChaCha20Rng::seed_from_u64(command["random"].as_u64().expect("a number"));
        let mut prekeys = PreKeyStore::new(Mode::Classical, 0, &mut rng);
        prekeys.replenish(1, &mut rng);
        Self {
            identity: DeviceIdentity::linked(&seed),
            prekeys,
            session: None,
            rng,
        }
    }

    fn run(&mut self, command: &Value) -> Result<Value, Error> {
        match command["op"].as_str().expect("each command has an `op`") {
            "bundle" => {
                let bundle = self.prekeys.publish(&self.identity).bundle(0);
                Ok(json!({ "bundle": hex::encode(bundle.to_bytes()) }))
            }
            "initiate" => {
                let bundle = Bundle::from_bytes(&bytes(command, "bundle"))?;
                let bundle = bundle.verify(&identity(command), 0)?;
                let session = Session::initiate(&self.identity, &bundle, CONTEXT, &mut self.rng)?;
                self.session = Some(session);
                Ok(json!({}))
            }
            "encrypt" => {
                let session = self.session.as_mut().ok_or(Error::NoSession)?;
                let message = session.encrypt(&bytes(command, "plaintext"), &mut self.rng)?;
                Ok(json!({ "message": hex::encode(message.to_bytes()) }))
            }
            "decrypt" => {
                let message = Message::from_bytes(&bytes(command, "message"))?;
                let plaintext = match &mut self.session {
                    Some(session) => session.decrypt(&message)?.plaintext,
                    None => {
                        let (session, read) = Session::accept(
                            &self.identity,
                            &mut self.prekeys,
                            &identity(command),
                            CONTEXT,
                            &message,
                        )?;
                        self.session = Some(session);
                        read.plaintext
                    }
                };
                Ok(json!({ "plaintext": hex::encode(&*plaintext) }))
            }
            "store" => {
                let key = StateKey::new([1; 32]);
                let session = self.session.as_ref().ok_or(Error::NoSession)?;
                let stored = session.export(&key, &mut self.rng);
                self.session = Some(Session::import(&key, &stored)?);
                Ok(json!({}))
            }
            other => panic!("unknown op {other}"),
        }
    }
}

fn bytes(command: &Value, field: &str) -> Vec<u8> {
    hex::decode(command[field].as_str().expect("bytes are hex")).expect("bytes are hex")
}

fn identity(command: &Value) -> IdentityPublic {
    let bytes = bytes(command, "identity");
    let (signing, agreement) = bytes.split_at(32);
    IdentityPublic {
        signing: signing.try_into().expect("32 bytes"),
        agreement: agreement.try_into().expect("64 bytes"),
    }
}
