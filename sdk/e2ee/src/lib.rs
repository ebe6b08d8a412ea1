//! End-to-end encryption of Parlance: what two devices do so that nobody else reads what they say.
//!
//! The crate is a pure engine. It has no clock, no socket, no file and no randomness of its own: the
//! caller hands in a [`CryptoRng`](rand_core::CryptoRng), times where a rule needs one, and bytes; it
//! gets back bytes and typed results. `no_std` with `alloc`, no `unsafe`.
//!
//! The module documents are the specification, rule by rule, and name the public document each follows.
//!
//! | module | what it settles | follows |
//! | --- | --- | --- |
//! | [`identity`] | the two keys of a device | Ed25519 (RFC 8032), X25519 (RFC 7748) |
//! | [`bundle`], [`prekeys`] | what a device publishes so that others can write to it while it is away | X3DH rev. 1 §3.2, PQXDH rev. 3 §3.2 |
//! | [`handshake`] | the first shared secret | X3DH rev. 1, PQXDH rev. 3 |
//! | [`ratchet`] | a new key for every message, break-in recovery, hidden headers, the KEM ratchet | Double Ratchet rev. 4, the idea of SPQR |
//! | [`session`] | handshake and ratchet as one object, and the message on the wire | X3DH rev. 1 §3.3-3.4 |
//! | [`device`] | a session per pair of devices, fan-out, sessions that cross | Sesame rev. 2 |
//! | [`state`] | states at rest: versioned, encrypted | - |
//! | [`envelope`], [`padding`] | what a relay gets to see | the idea of Sealed Sender |
//! | [`presence`] | how a device is reached, for one other device to read | - |
//! | [`content`] | what a message says; unknown types survive | - |
//! | [`file`] | files in chunks under keys of their own | STREAM |
//! | [`safety`] | sixty digits that two people compare | Signal's numeric fingerprint |
//!
//! # Modes
//!
//! | | [`Mode::Hybrid`] | [`Mode::Classical`] |
//! | --- | --- | --- |
//! | use | everything the messenger sends | proof against independent implementations, and networks that speak the plain protocols |
//! | handshake | PQXDH: X25519 + ML-KEM-768 | X3DH: X25519 |
//! | header | encrypted | clear, authenticated |
//! | ratchet | X25519, ML-KEM-768 now and then, symmetric | X25519, symmetric |
//! | message encryption | XChaCha20-Poly1305, random nonce | AES-256-CBC + HMAC-SHA-256 |
//! | key derivation | HKDF-SHA-256, HMAC-SHA-256 | the same |
//!
//! A bundle, a handshake and a session carry their mode; the two never mix, and nothing falls back from
//! hybrid to classical ([`Error::ModeMismatch`]).
//!
//! # A conversation
//!
//! ```
//! use parlance_e2ee::{Bundle, DeviceIdentity, Message, Mode, PreKeyStore, Session};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # fn main() -> Result<(), parlance_e2ee::Error> {
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//! // Bob publishes prekeys on his relays.
//! let bob = DeviceIdentity::generate(&mut rng);
//! let mut bob_prekeys = PreKeyStore::new(Mode::Hybrid, 1_700_000_000, &mut rng);
//! bob_prekeys.replenish(10, &mut rng);
//! let bundle: Bundle = bob_prekeys.publish(&bob).bundle(0);
//!
//! // Alice knows Bob's identity from the chain, checks the bundle against it and writes.
//! let alice = DeviceIdentity::generate(&mut rng);
//! let verified = bundle.verify(&bob.public(), 0)?;
//! let mut alice_session = Session::initiate(&alice, &verified, b"context", &mut rng)?;
//! let first = alice_session.encrypt(b"hello Bob", &mut rng)?.to_bytes();
//!
//! // Bob reads it, whenever he comes back.
//! let message = Message::from_bytes(&first)?;
//! let (mut bob_session, read) =
//!     Session::accept(&bob, &mut bob_prekeys, &alice.public(), b"context", &message)?;
//! assert_eq!(read.plaintext.as_slice(), b"hello Bob");
//!
//! let reply = bob_session.encrypt(b"hello Alice", &mut rng)?;
//! assert_eq!(alice_session.decrypt(&reply)?.plaintext.as_slice(), b"hello Alice");
//! # Ok(())
//! # }
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bundle;
pub mod content;
pub mod device;
pub mod envelope;
pub mod error;
pub mod file;
pub mod handshake;
pub mod identity;
pub mod limits;
pub mod padding;
pub mod prekeys;
pub mod presence;
pub mod ratchet;
pub mod safety;
pub mod session;
pub mod state;

mod aead;
mod codec_bounds;
mod kdf;
mod kem;
mod secret;
mod x25519;

#[cfg(test)]
mod test_rng;
#[cfg(test)]
mod vectors;

pub use bundle::{Bundle, OneTimePreKey, SignedPreKey, VerifiedBundle};
pub use codec_bounds::{Bounded, List, Text};
pub use content::{Body, Content};
pub use device::{Device, DeviceAddress};
pub use envelope::{Envelope, Sender};
pub use error::Error;
pub use handshake::{HandshakeHeader, Mode};
pub use identity::{DeviceIdentity, IdentityPublic};
pub use kem::{KemCiphertext, KemPublic};
pub use prekeys::{PreKeyStore, PublishedPreKeys};
pub use presence::Pairing;
pub use ratchet::RecoveryPace;
pub use safety::Fingerprint;
pub use session::{Decrypted, Message, Session};
pub use state::StateKey;
