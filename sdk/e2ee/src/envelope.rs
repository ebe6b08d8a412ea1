//! Sealed sender: what a relay gets to see of a message.
//!
//! - **V1** An envelope has, readable for the relay, a version, the *mailbox*, the *ticket* of the relay
//!   protocol, and the length of the sealed part, which is one of [`crate::padding::SIZES`]. Nothing else
//!   stands there: not who sends, not which session, not where in a conversation it is. What the length
//!   shows is roughly how much was said, and that includes what the protocol says: the messages until the
//!   first answer carry some 1,200 bytes more, and so do those of a turn of the KEM ratchet, so that a short text
//!   takes 1,536 bytes instead of 512 then. Classes that hide it would make every short message three
//!   times as long.
//! - **V2** The sealed part: an ephemeral X25519 key, 32 bytes, then XChaCha20-Poly1305 of the padded
//!   content. Key and nonce are HKDF-SHA-256 of `DH(ephemeral, recipient's agreement key)`, salt the
//!   ephemeral key and the recipient's agreement key, info `parlance-e2ee/1 envelope`, 56 bytes. Associated
//!   data: version and mailbox.
//! - **V3** The content is SCALE of the sender's address and identity, then the message's bytes. The sender
//!   is a claim: it says which session to try. The session proves it, because both identities are in its
//!   keys and in its associated data.
//! - **V4** The ticket is not bound to the sealed part: it is a matter between sender and relay, and relays
//!   that pass an envelope on replace it.
//! - **V5** Sealing is classical. Who records envelopes and one day breaks X25519 learns who wrote to whom
//!   and when, not what: the message inside is hybrid.
//!
//! Encoding of an envelope: version byte, mailbox (32 bytes), ticket, sealed part, both with SCALE lengths.

use crate::{
    Bounded, DeviceAddress, Error, aead,
    codec_bounds::{decode_exact, decode_versioned, encode_versioned},
    identity::{DeviceIdentity, IdentityPublic},
    kdf,
    limits::{MAX_SEALED, MAX_TICKET, NONCE, TAG, VERSION},
    padding,
    secret::Secret,
    x25519::KeyPair,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use rand_core::CryptoRng;

const INFO: &[u8] = b"parlance-e2ee/1 envelope";
const OVERHEAD: usize = 32 + TAG;

/// Who a message says it is from (V3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sender {
    /// Account and device.
    pub address: DeviceAddress,
    /// The device's identity.
    pub identity: IdentityPublic,
}

/// What a relay stores (V1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Envelope {
    mailbox: [u8; 32],
    ticket: Bounded<MAX_TICKET>,
    sealed: Bounded<MAX_SEALED>,
}

impl Envelope {
    /// Seals `message` for the device with `recipient`'s identity. Draws 32 bytes.
    pub fn seal<R: CryptoRng + ?Sized>(
        sender: &Sender,
        recipient: &IdentityPublic,
        mailbox: [u8; 32],
        ticket: Vec<u8>,
        message: &[u8],
        rng: &mut R,
    ) -> Result<Self, Error> {
        let mut content = sender.encode();
        content.extend_from_slice(message);
        let needed = content
            .len()
            .saturating_add(OVERHEAD)
            .saturating_add(padding::overhead());
        let size = padding::class_for(needed).ok_or(Error::TooLong {
            what: "envelope",
            length: needed,
            limit: MAX_SEALED,
        })?;
        let padded = padding::pad(&content, size.saturating_sub(OVERHEAD))?;
        let ephemeral = KeyPair::generate(rng);
        let shared = ephemeral.agree(&recipient.agreement, "identity key")?;
        let (key, nonce) = keys(&shared, ephemeral.public(), &recipient.agreement);
        let mut sealed = Vec::with_capacity(size);
        sealed.extend_from_slice(ephemeral.public());
        sealed.extend_from_slice(&aead::seal(&key, &nonce, &bound(&mailbox), &padded));
        Ok(Self {
            mailbox,
            ticket: Bounded::new(ticket, "ticket")?,
            sealed: Bounded::new(sealed, "envelope")?,
        })
    }

    /// Opens an envelope for this device: the claimed sender and the message's bytes.
    pub fn open(&self, identity: &DeviceIdentity) -> Result<(Sender, Vec<u8>), Error> {
        let fails = Error::DoesNotOpen { what: "envelope" };
        let (ephemeral, ciphertext) = self
            .sealed
            .as_slice()
            .split_first_chunk::<32>()
            .ok_or(fails)?;
        let shared = identity.agree(ephemeral, "ephemeral key")?;
        let (key, nonce) = keys(&shared, ephemeral, &identity.public().agreement);
        let padded =
            aead::open(&key, &nonce, &bound(&self.mailbox), ciphertext).map_err(|_| fails)?;
        let content = padding::unpad(&padded)?;
        let (sender, message) =
            content
                .split_at_checked(Sender::ENCODED)
                .ok_or(Error::Malformed {
                    what: "envelope content",
                })?;
        Ok((decode_exact(sender, "envelope content")?, message.to_vec()))
    }

    /// Where it goes.
    pub fn mailbox(&self) -> &[u8; 32] {
        &self.mailbox
    }

    /// The relay protocol's ticket.
    pub fn ticket(&self) -> &[u8] {
        self.ticket.as_slice()
    }

    /// Replaces the ticket (V4).
    pub fn set_ticket(&mut self, ticket: Vec<u8>) -> Result<(), Error> {
        self.ticket = Bounded::new(ticket, "ticket")?;
        Ok(())
    }

    /// Length of the sealed part: a size class, unless the sender broke V1.
    pub fn size(&self) -> usize {
        self.sealed.as_slice().len()
    }

    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode_versioned(self)
    }

    /// Decodes. A sealed part that is in no size class is refused: a relay does so at its door.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let envelope: Self = decode_versioned(bytes, "envelope")?;
        if !padding::SIZES.contains(&envelope.size()) {
            return Err(Error::Malformed { what: "envelope" });
        }
        Ok(envelope)
    }
}

impl Sender {
    /// Length of the encoding: account, device, two keys.
    const ENCODED: usize = 32 + 4 + 64;
}

fn bound(mailbox: &[u8; 32]) -> Vec<u8> {
    let mut data = Vec::with_capacity(33);
    data.push(VERSION);
    data.extend_from_slice(mailbox);
    data
}

/// V2.
fn keys(
    shared: &Secret<32>,
    ephemeral: &[u8; 32],
    recipient: &[u8; 32],
) -> (Secret<32>, [u8; NONCE]) {
    let mut salt = [0; 64];
    salt[..32].copy_from_slice(ephemeral);
    salt[32..].copy_from_slice(recipient);
    let keys = kdf::hkdf::<56>(&salt, &[shared.bytes()], INFO);
    (keys.part(0), *keys.part::<NONCE>(32).bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Mode, PreKeyStore, Session, test_rng::rng};
    use std::vec;

    fn sealed(message: &[u8]) -> (DeviceIdentity, Sender, Envelope) {
        let mut rng = rng(1);
        let (a, b) = (
            DeviceIdentity::generate(&mut rng),
            DeviceIdentity::generate(&mut rng),
        );
        let address = DeviceAddress {
            account: [3; 32],
            device: 4,
        };
        let sender = Sender {
            address,
            identity: a.public(),
        };
        let envelope =
            Envelope::seal(&sender, &b.public(), [5; 32], vec![6], message, &mut rng).unwrap();
        (b, sender, envelope)
    }

    #[test]
    fn the_recipient_learns_sender_and_message() {
        for length in [0, 1, 359, 360, 361, 5_000, 65_383] {
            let message = vec![9; length];
            let (b, sender, envelope) = sealed(&message);
            let back = Envelope::from_bytes(&envelope.to_bytes()).unwrap();
            assert_eq!(back.open(&b).unwrap(), (sender, message));
        }
    }

    #[test]
    fn the_relay_sees_mailbox_class_and_ticket_only() {
        let (_, sender, short) = sealed(b"x");
        let (_, _, longer) = sealed(&[7; 300]);
        assert_eq!(short.size(), 512);
        assert_eq!(short.to_bytes().len(), longer.to_bytes().len());
        let bytes = short.to_bytes();
        for secret in [
            &sender.address.account[..],
            &sender.identity.to_bytes()[..16],
        ] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }

    #[test]
    fn the_class_of_a_short_text_shows_beginnings_and_turns_of_the_kem_ratchet() {
        let mut rng = rng(2);
        let (a, b) = (
            DeviceIdentity::generate(&mut rng),
            DeviceIdentity::generate(&mut rng),
        );
        let mut prekeys = PreKeyStore::new(Mode::Hybrid, 1_000, &mut rng);
        prekeys.replenish(1, &mut rng);
        let bundle = prekeys.publish(&b).bundle(0);
        let bundle = bundle.verify(&b.public(), 0).unwrap();
        let mut alice = Session::initiate(&a, &bundle, b"", &mut rng).unwrap();
        let size = |message: &Message| sealed(&message.to_bytes()).2.size();
        let first = alice.encrypt(b"hello", &mut rng).unwrap();
        let (mut bob, _) = Session::accept(&b, &mut prekeys, &a.public(), b"", &first).unwrap();
        let answer = bob.encrypt(b"hello", &mut rng).unwrap();
        alice.decrypt(&answer).unwrap();
        assert_eq!([size(&first), size(&answer)], [1_536, 512]);
        alice.request_recovery();
        let offer = alice.encrypt(b"hello", &mut rng).unwrap();
        bob.decrypt(&offer).unwrap();
        let answer = bob.encrypt(b"hello", &mut rng).unwrap();
        alice.decrypt(&answer).unwrap();
        let after = alice.encrypt(b"hello", &mut rng).unwrap();
        assert_eq!(
            [size(&offer), size(&answer), size(&after)],
            [1_536, 1_536, 512]
        );
    }

    #[test]
    fn nobody_else_opens_it_and_no_byte_can_be_changed() {
        let (b, _, envelope) = sealed(b"message");
        assert!(
            envelope
                .open(&DeviceIdentity::generate(&mut rng(9)))
                .is_err()
        );
        let bytes = envelope.to_bytes();
        for index in (0..bytes.len()).filter(|index| *index != 34) {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let result = Envelope::from_bytes(&changed).and_then(|envelope| envelope.open(&b));
            assert!(result.is_err(), "byte {index}");
        }
    }

    #[test]
    fn a_relay_may_replace_the_ticket() {
        let (b, sender, mut envelope) = sealed(b"message");
        envelope.set_ticket(vec![1, 2, 3]).unwrap();
        assert_eq!(envelope.open(&b).unwrap().0, sender);
        assert!(envelope.set_ticket(vec![0; MAX_TICKET + 1]).is_err());
    }

    #[test]
    fn a_length_outside_the_classes_is_refused() {
        let (_, _, envelope) = sealed(b"message");
        let odd = Envelope {
            sealed: Bounded::new(vec![0; 513], "test").unwrap(),
            ..envelope
        };
        assert!(Envelope::from_bytes(&odd.to_bytes()).is_err());
    }
}
