//! Encrypting: R2-R4, R7, K1, K2.

use super::{
    Ratchet, SendingChain,
    header::{ClassicalMessage, Header, HybridMessage, RatchetMessage},
    root_step,
};
use crate::{
    Bounded, Error, Mode, aead,
    kdf::chain_step,
    kem::KemSecret,
    limits::{MAX_BODY, MAX_HEADER, MAX_PLAINTEXT},
    secret::Secret,
    x25519::KeyPair,
};
use alloc::vec::Vec;
use codec::Encode;
use rand_core::CryptoRng;

impl Ratchet {
    /// Encrypts the next message. Draws: for a new chain 32 bytes for its key, 32 for an answer, 64 for an
    /// offer, in this order; in hybrid mode then 24 for the nonce.
    pub(crate) fn encrypt<R: CryptoRng + ?Sized>(
        &mut self,
        plaintext: &[u8],
        rng: &mut R,
    ) -> Result<RatchetMessage, Error> {
        if plaintext.len() > MAX_PLAINTEXT {
            let length = plaintext.len();
            return Err(Error::TooLong {
                what: "message",
                length,
                limit: MAX_PLAINTEXT,
            });
        }
        if self.sending.is_none() {
            self.start_chain(rng)?;
        }
        let (public, previous) = (*self.own.public(), self.previous_length);
        let Some(chain) = &mut self.sending else {
            return Err(Error::UnknownHeader);
        };
        let after = chain.next.checked_add(1).ok_or(Error::ChainExhausted)?;
        let (next_key, message_key) = chain_step(&chain.key);
        let header = Header {
            public,
            previous,
            number: chain.next,
            offer: chain.offer.clone(),
            answer: chain.answer.clone(),
        };
        let data = &self.associated_data;
        let message = match self.mode {
            Mode::Classical => seal_classical(&header, data, &message_key, plaintext)?,
            Mode::Hybrid => {
                let nonce = aead::random_nonce(rng);
                let keys = (&chain.header_key, &message_key);
                seal_hybrid(&header, data, keys, nonce, plaintext)?
            }
        };
        chain.key = next_key;
        chain.next = after;
        Ok(message)
    }

    /// R2.
    pub(super) fn start_chain<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) -> Result<(), Error> {
        // Bob has no peer key before Alice's first message, and nobody hands out such a ratchet.
        let peer = self.peer.ok_or(Error::UnknownHeader)?;
        let pair = KeyPair::generate(rng);
        let shared = pair.agree(&peer, "ratchet key")?;
        let (answer, kem_secret) = match &self.kem.to_answer {
            Some(offer) => {
                let (answer, secret) = offer.encapsulate(rng)?;
                (Some(answer), Some(secret))
            }
            None => (None, None),
        };
        let idle = self.kem.idle.saturating_add(1);
        let may = self.mode == Mode::Hybrid && answer.is_none() && self.receiving.is_some();
        let due = may && (self.kem.requested || idle >= self.kem.pace.0);
        let open = due.then(|| KemSecret::generate(rng));
        let step = root_step(self.mode, &self.root, &shared, kem_secret.as_ref());
        self.sending = Some(SendingChain {
            key: step.chain,
            header_key: core::mem::replace(&mut self.next_sending_header, step.next_header),
            next: 0,
            offer: open.as_ref().map(KemSecret::public),
            answer,
        });
        let exchanged = open.is_some() || self.kem.to_answer.is_some();
        self.root = step.root;
        self.own = pair;
        self.kem.idle = if exchanged { 0 } else { idle };
        self.kem.requested &= !exchanged;
        self.kem.open = open;
        self.kem.to_answer = None;
        Ok(())
    }
}

fn seal_hybrid(
    header: &Header,
    data: &[u8],
    (header_key, message_key): (&Secret<32>, &Secret<32>),
    nonce: [u8; 24],
    plaintext: &[u8],
) -> Result<RatchetMessage, Error> {
    let header = aead::seal(header_key, &nonce, &[], &header.encode());
    let body = aead::seal(message_key, &nonce, &body_data(data, &header), plaintext);
    Ok(RatchetMessage::Hybrid(HybridMessage {
        nonce,
        header: Bounded::<MAX_HEADER>::new(header, "header")?,
        body: Bounded::<MAX_BODY>::new(body, "message body")?,
    }))
}

fn seal_classical(
    header: &Header,
    data: &[u8],
    message_key: &Secret<32>,
    plaintext: &[u8],
) -> Result<RatchetMessage, Error> {
    let clear = header.clear();
    let body = aead::seal_classical(message_key, &body_data(data, &clear.encode()), plaintext);
    let body = Bounded::<MAX_BODY>::new(body, "message body")?;
    Ok(RatchetMessage::Classical(ClassicalMessage {
        header: clear,
        body,
    }))
}

/// Associated data of a body: the session's, then the header as it is on the wire (R7).
pub(super) fn body_data(data: &[u8], header: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(data.len().saturating_add(header.len()));
    all.extend_from_slice(data);
    all.extend_from_slice(header);
    all
}
