//! A look into the state, for the vectors.

use super::Ratchet;
use crate::{KemCiphertext, KemPublic, secret::Secret};
use rand_core::CryptoRng;

/// The sending side of a ratchet.
pub struct View {
    pub root: Secret<32>,
    pub public: [u8; 32],
    pub chain_key: Secret<32>,
    pub header_key: Secret<32>,
    pub next_header_key: Secret<32>,
    pub offer: Option<KemPublic>,
    pub answer: Option<KemCiphertext>,
}

impl Ratchet {
    /// Starts the sending chain that the next message would start. Tells whether it did, and the root key
    /// before.
    pub fn begin<R: CryptoRng>(&mut self, rng: &mut R) -> Option<Secret<32>> {
        let before = self.root.clone();
        self.sending
            .is_none()
            .then(|| self.start_chain(rng).map(|()| before).unwrap())
    }

    /// The sending side, whose chain has begun.
    pub fn view(&self) -> View {
        let chain = self.sending.as_ref().unwrap();
        View {
            root: self.root.clone(),
            public: *self.own.public(),
            chain_key: chain.key.clone(),
            header_key: chain.header_key.clone(),
            next_header_key: self.next_sending_header.clone(),
            offer: chain.offer.clone(),
            answer: chain.answer.clone(),
        }
    }
}
