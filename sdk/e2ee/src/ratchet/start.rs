//! The first state of each side (R5).

use super::{KemRatchet, Ratchet, SkippedKeys};
use crate::{Mode, handshake::Agreement, x25519::KeyPair};
use rand_core::CryptoRng;

impl Ratchet {
    /// Alice's side, after the handshake. Her chain 0 starts with her first message; the pair drawn here
    /// only fills its place until then.
    pub(crate) fn initiator<R: CryptoRng + ?Sized>(
        mode: Mode,
        agreement: Agreement,
        signed_prekey: [u8; 32],
        rng: &mut R,
    ) -> Self {
        let (own_header, peer_header) = agreement.header_keys.clone();
        Self {
            mode,
            associated_data: agreement.associated_data,
            root: agreement.root,
            own: KeyPair::generate(rng),
            peer: Some(signed_prekey),
            sending: None,
            receiving: None,
            next_sending_header: own_header,
            next_receiving_header: peer_header,
            previous_length: 0,
            skipped: SkippedKeys::default(),
            kem: KemRatchet::new(),
        }
    }

    /// Bob's side, before he decrypts Alice's first message.
    pub(crate) fn responder(mode: Mode, agreement: Agreement, signed_prekey: KeyPair) -> Self {
        let (peer_header, own_header) = agreement.header_keys.clone();
        Self {
            mode,
            associated_data: agreement.associated_data,
            root: agreement.root,
            own: signed_prekey,
            peer: None,
            sending: None,
            receiving: None,
            next_sending_header: own_header,
            next_receiving_header: peer_header,
            previous_length: 0,
            skipped: SkippedKeys::default(),
            kem: KemRatchet::new(),
        }
    }
}
