//! A session: one handshake and the ratchet that grows from it, between one device and another.
//! X3DH rev. 1 §3.3-3.4, PQXDH rev. 3 §3.3-3.4, Double Ratchet rev. 4 §7.
//!
//! - **S1** Alice's messages carry the handshake header until she has decrypted one of Bob's; each of them
//!   alone lets Bob begin.
//! - **S2** Bob begins with the first of them that reaches him ([`Session::accept`]); nothing is used up if
//!   it does not decrypt. Later ones with the same header go to the same session ([`Session::decrypt`]).
//! - **S3** A message on the wire: version byte; mode byte (0 classical, 1 hybrid); SCALE option of the
//!   handshake header (H5); the ratchet's message (R7). Decoding takes all bytes or refuses.
//! - **S4** A session stored before a message and restored after it is a session that went back in time.
//!   It stays safe, because hybrid nonces are random, but what it sends reuses numbers that the peer knows
//!   and refuses ([`Error::Duplicate`]), and once the peer's ratchet has moved on it can no longer read.
//!   After restoring a backup start new sessions ([`crate::Device::forget_sessions`]). Store the
//!   session in the same transaction as the message it sent or received.

use crate::{
    Error, Mode, RecoveryPace, VerifiedBundle,
    codec_bounds::{decode_versioned, encode_versioned},
    handshake::{self, HandshakeHeader},
    identity::{DeviceIdentity, IdentityPublic},
    prekeys::{HandshakeId, PreKeyStore},
    ratchet::{Opened, Ratchet, RatchetMessage},
    secret::wipes_on_drop,
};
use alloc::{boxed::Box, vec::Vec};
use codec::{Decode, Encode, Error as CodecError, Input, Output};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A message between two devices, as it travels inside an envelope (S3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    handshake: Option<Box<HandshakeHeader>>,
    body: RatchetMessage,
}

impl Message {
    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode_versioned(self)
    }

    /// Decodes; says nothing about whether it is genuine.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        decode_versioned(bytes, "message")
    }

    /// Whether it can begin a session (S1).
    pub fn is_initial(&self) -> bool {
        self.handshake.is_some()
    }

    /// Hybrid or classical.
    pub fn mode(&self) -> Mode {
        self.body.mode()
    }

    /// The handshake header, if it can begin a session.
    pub fn handshake(&self) -> Option<&HandshakeHeader> {
        self.handshake.as_deref()
    }

    /// The ratchet's part.
    pub fn body(&self) -> &RatchetMessage {
        &self.body
    }
}

impl Encode for Message {
    fn size_hint(&self) -> usize {
        self.body
            .size_hint()
            .saturating_add(self.handshake.size_hint())
            .saturating_add(1)
    }

    fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
        self.body.mode().encode_to(dest);
        self.handshake.encode_to(dest);
        self.body.encode_to(dest);
    }
}

impl Decode for Message {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let mode = Mode::decode(input)?;
        let handshake = Option::<Box<HandshakeHeader>>::decode(input)?;
        let hybrid = mode == Mode::Hybrid;
        if handshake
            .as_ref()
            .is_some_and(|header| header.kem_ciphertext.is_some() != hybrid)
        {
            return Err("a handshake of another mode".into());
        }
        Ok(Self {
            handshake,
            body: RatchetMessage::decode_of(mode, input)?,
        })
    }
}

/// What a message said, and what it did.
#[derive(Debug)]
pub struct Decrypted {
    /// The plaintext. Wipes itself.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Whether the peer has taken a new turn, so that whoever knew older keys knows less now.
    pub new_chain: bool,
}

impl From<Opened> for Decrypted {
    fn from(opened: Opened) -> Self {
        Self {
            plaintext: opened.plaintext,
            new_chain: opened.new_chain,
        }
    }
}

/// One device's end of a session. Every secret in it wipes itself.
#[derive(Clone, Debug, Encode, Decode)]
pub struct Session {
    id: HandshakeId,
    peer: IdentityPublic,
    initiator: bool,
    last_resort: bool,
    /// Sent along until the peer has answered (S1).
    pending: Option<Box<HandshakeHeader>>,
    ratchet: Ratchet,
}

wipes_on_drop! {
    Session { secret: [ratchet], open: [id, peer, initiator, last_resort, pending] }
}

impl Session {
    /// Alice's end. `context` is bound into the session (H4): both ends must give the same.
    pub fn initiate<R: CryptoRng + ?Sized>(
        identity: &DeviceIdentity,
        bundle: &VerifiedBundle,
        context: &[u8],
        rng: &mut R,
    ) -> Result<Self, Error> {
        let (agreement, header) = handshake::initiate(identity, bundle, context, rng)?;
        let published = bundle.bundle();
        let signed = published.signed.public;
        Ok(Self {
            id: header.id(),
            peer: published.identity,
            initiator: true,
            last_resort: bundle.uses_last_resort(),
            pending: Some(Box::new(header)),
            ratchet: Ratchet::initiator(published.mode, agreement, signed, rng),
        })
    }

    /// Bob's end, from one of Alice's first messages (S2). `peer` is the sender's identity on the chain.
    pub fn accept(
        identity: &DeviceIdentity,
        prekeys: &mut PreKeyStore,
        peer: &IdentityPublic,
        context: &[u8],
        message: &Message,
    ) -> Result<(Self, Decrypted), Error> {
        let header = message.handshake.as_deref().ok_or(Error::NoSession)?;
        let (agreement, signed) = handshake::respond(identity, prekeys, peer, context, header)?;
        let mut ratchet = Ratchet::responder(message.mode(), agreement, signed);
        let opened = ratchet.decrypt(&message.body)?;
        prekeys.take(header);
        let session = Self {
            id: header.id(),
            peer: *peer,
            initiator: false,
            last_resort: header.one_time_id.is_none(),
            pending: None,
            ratchet,
        };
        Ok((session, opened.into()))
    }

    /// Encrypts at most [`crate::limits::MAX_PLAINTEXT`] bytes.
    pub fn encrypt<R: CryptoRng + ?Sized>(
        &mut self,
        plaintext: &[u8],
        rng: &mut R,
    ) -> Result<Message, Error> {
        let body = self.ratchet.encrypt(plaintext, rng)?;
        Ok(Message {
            handshake: self.pending.clone(),
            body,
        })
    }

    /// Decrypts a message of this session. On an error nothing has changed.
    pub fn decrypt(&mut self, message: &Message) -> Result<Decrypted, Error> {
        if !self.accepts(message) {
            return Err(Error::WrongSession);
        }
        let opened = self.ratchet.decrypt(&message.body)?;
        self.pending = None;
        Ok(opened.into())
    }

    /// Whether a message could be of this session: it has no handshake header, or this session's.
    pub fn accepts(&self, message: &Message) -> bool {
        message
            .handshake
            .as_ref()
            .is_none_or(|header| header.id() == self.id)
    }

    /// How often the KEM ratchet turns from now on, for the chains that this end starts.
    pub fn set_recovery_pace(&mut self, pace: RecoveryPace) {
        self.ratchet.set_pace(pace);
    }

    /// Has the KEM ratchet turn at this end's next turn (K5). For moments after which somebody may have a
    /// copy of this device: it was out of hand, a backup was restored, an intruder was found.
    pub fn request_recovery(&mut self) {
        self.ratchet.request_recovery();
    }

    /// The number of the handshake (H6); the same at both ends.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &IdentityPublic {
        &self.peer
    }

    /// Whether this end began.
    pub fn is_initiator(&self) -> bool {
        self.initiator
    }

    /// Whether the peer is known to have the session: it wrote in it.
    pub fn is_confirmed(&self) -> bool {
        self.pending.is_none()
    }

    /// Whether the handshake went without a one-time prekey (B6).
    pub fn uses_last_resort(&self) -> bool {
        self.last_resort
    }

    /// Hybrid or classical.
    pub fn mode(&self) -> Mode {
        self.ratchet.mode()
    }

    /// Message keys kept for messages that have not arrived.
    pub fn skipped_keys(&self) -> usize {
        self.ratchet.skipped_keys()
    }
}
