//! The Double Ratchet, with hidden headers and a KEM ratchet in hybrid mode.
//! Double Ratchet rev. 4 §3 (classical) and §4 (hybrid); the KEM ratchet follows the idea of Signal's SPQR.
//!
//! # Chains
//!
//! - **R1** A conversation is a row of *chains*. Alice, who began, sends chain 0, Bob chain 1, Alice chain 2
//!   and so on. A side starts its next chain with the first message that it sends after it received one of
//!   the peer's newest chain. Chains of the two sides therefore alternate, and both know all chains up to
//!   the newest.
//! - **R2** Starting a sending chain: draw a new X25519 key pair, `IKM = DH(new pair, peer's newest key)`,
//!   in hybrid mode followed by the KEM secret if the chain carries an answer (K2). Then
//!   `HKDF-SHA-256(salt = root key, IKM, info)` gives the next root key and the chain key, 32 bytes each,
//!   and in hybrid mode the *next* header key of this direction, 32 bytes. Infos: `parlance-e2ee/1 root`
//!   (classical), `parlance-e2ee/1 hybrid root`.
//! - **R3** The keys of the messages of a chain: `KDF_CK` of §5.2, HMAC-SHA-256 under the chain key with
//!   constant 0x01 for the message key and 0x02 for the next chain key.
//! - **R4** The step is taken when the first message of a chain is *sent*, not when the peer's is received:
//!   the key is as young as it can be. On the wire there is no difference.
//! - **R5** Alice's first root key is the handshake's; the peer's newest key is Bob's signed prekey, and
//!   that pair is Bob's own newest key. Header keys: Alice's chain 0 uses the handshake's first, Bob's
//!   chain 1 the second; every later chain uses the key that R2 gave to the chain before it in the same
//!   direction.
//!
//! # Messages
//!
//! - **R6** A header holds the chain's public key, the length of the sender's previous chain, the number of
//!   the message in its chain, and in hybrid mode the chain's offer and answer (K1, K2), which are the same
//!   in each message of the chain.
//! - **R7** Hybrid: nonce, 24 random bytes; header sealed with XChaCha20-Poly1305 under the chain's header
//!   key; body sealed under the message key with the same nonce (the keys differ) and associated data
//!   `AD || sealed header`. Classical: header in the clear, `public key || previous || number`, numbers 4
//!   bytes little-endian; body by AES-256-CBC and HMAC-SHA-256 as in §5.2 with associated data `AD || header`.
//! - **R8** Finding the chain, hybrid: the newest receiving chain's header key, then the next header key (a
//!   new chain), then those of older chains with kept keys, newest first. Classical: by public key.
//! - **R9** Keys of messages that are missing are kept: per chain at most [`MAX_SKIP`] for one message,
//!   [`MAX_SKIPPED_KEYS`] and [`MAX_SKIPPED_CHAINS`] in all, the oldest go out. A message that would bridge
//!   more in its own chain is refused ([`Error::TooManySkipped`]). More missing at the end of the
//!   *previous* chain are given up without error, because refusing would close the conversation for ever.
//! - **R10** A key is used once. The same message again is [`Error::Duplicate`] while its chain is known,
//!   [`Error::UnknownHeader`] later.
//! - **R11** Decrypting is a transaction: everything is computed beside the state, which changes only after
//!   the body was found authentic.
//!
//! # KEM ratchet (hybrid)
//!
//! - **K1** A chain may carry an *offer*: a fresh ML-KEM-768 encapsulation key. It may when it carries no
//!   answer and is not chain 0, whose secret is fresh from the handshake; it does when [`RecoveryPace`]
//!   says so.
//! - **K2** If the peer's newest chain carries an offer, the next chain carries the *answer*: a ciphertext
//!   for it. Its secret enters that very chain's root step (R2).
//! - **K3** An offer is open from the start of the chain that carries it to the receipt of the peer's next
//!   chain, which must carry its answer. A chain that carries an answer without an open offer, or none
//!   where one is open, is refused ([`Error::KemOutOfRule`]) and changes nothing.
//! - **K4** The offer's private key is wiped when its answer was authenticated.
//!
//! Why the sides cannot drift apart: the KEM has no state of its own that runs beside the chains. Offer and
//! answer are attributes of a chain and stand in *each* of its headers, so whichever message of a chain
//! comes first carries all that its root step needs; losing or reordering others changes nothing. Chains
//! alternate (R1): the peer's next chain can only be started by somebody who received a message of ours,
//! who thus saw the offer, so K3's two refusals never meet an honest peer. Both sides feed the same secret
//! into the same root step, or header authentication fails and nothing is changed (R11).
//!
//! - **K5** On request the next own chain carries an offer whatever the pace, unless it carries an answer;
//!   either settles the request.
//!
//! What it buys: let a thief copy one side's whole state, and let them break every X25519 key. As soon as
//! the copied side has started a new chain that carries an answer, or one that carries an offer and the
//! peer has answered, the root key depends on a KEM secret made from randomness that the thief never saw.
//! With [`RecoveryPace::EVERY_ROUND_TRIP`], or after a request (K5) on the copied side, that is the first
//! round trip begun after the theft: the copied side's next chain and the peer's next one (chain 0
//! excepted, K1). At a slower pace it is that many round trips. A thief who cannot break X25519 is out
//! after one round trip at any pace.

mod header;
mod receive;
mod send;
mod skipped;
mod start;

#[cfg(test)]
mod eavesdropper;
#[cfg(test)]
mod inspect;
#[cfg(test)]
mod tests;

pub use header::RatchetMessage;
pub(crate) use receive::Opened;

#[cfg(doc)]
use crate::{
    Error,
    limits::{MAX_SKIP, MAX_SKIPPED_CHAINS, MAX_SKIPPED_KEYS},
};
use crate::{
    KemCiphertext, KemPublic, Mode,
    kem::KemSecret,
    limits::MAX_CONTEXT,
    secret::{Secret, wipes_on_drop},
    x25519::KeyPair,
};
use alloc::vec::Vec;
use codec::{Decode, Encode, Error as CodecError, Input};
use skipped::SkippedKeys;

/// How often the KEM ratchet turns: an exchange is offered in a chain if the last one, in either
/// direction, is this many round trips ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RecoveryPace(u16);

impl RecoveryPace {
    /// An exchange in each round trip: the strongest recovery, at about 2.3 kB and one ML-KEM exchange per
    /// round trip.
    pub const EVERY_ROUND_TRIP: Self = Self(1);

    /// Every eighth round trip, the default: about a fifth dearer than no KEM ratchet at all.
    pub const SPARSE: Self = Self(8);

    /// An exchange every `round_trips` round trips; 0 counts as 1.
    pub const fn every(round_trips: u16) -> Self {
        Self(if round_trips == 0 { 1 } else { round_trips })
    }

    /// The number of round trips.
    pub const fn round_trips(self) -> u16 {
        self.0
    }
}

impl Default for RecoveryPace {
    fn default() -> Self {
        Self::SPARSE
    }
}

/// One side of the ratchet. Every secret in it wipes itself.
#[derive(Clone, Debug, Encode)]
pub(crate) struct Ratchet {
    mode: Mode,
    associated_data: Vec<u8>,
    root: Secret<32>,
    /// The key pair of the newest sending chain; Bob's signed prekey before there is one.
    own: KeyPair,
    /// The key of the peer's newest chain; Bob's signed prekey on Alice's side; none on Bob's side at first.
    peer: Option<[u8; 32]>,
    /// None between the receipt of a new chain and the next message sent.
    sending: Option<SendingChain>,
    receiving: Option<ReceivingChain>,
    /// Header keys of the next chain of each direction; zeros in classical mode.
    next_sending_header: Secret<32>,
    next_receiving_header: Secret<32>,
    /// Length of the sending chain before the newest.
    previous_length: u32,
    skipped: SkippedKeys,
    kem: KemRatchet,
}

wipes_on_drop! {
    Ratchet {
        secret: [
            root, own, sending, receiving, next_sending_header, next_receiving_header, skipped, kem
        ],
        open: [mode, associated_data, peer, previous_length]
    }
}
wipes_on_drop! { SendingChain { secret: [key, header_key], open: [next, offer, answer] } }
wipes_on_drop! { ReceivingChain { secret: [key, header_key], open: [next] } }
wipes_on_drop! { KemRatchet { secret: [open], open: [pace, idle, requested, to_answer] } }

#[derive(Clone, Debug, Encode, Decode)]
struct SendingChain {
    key: Secret<32>,
    header_key: Secret<32>,
    /// Number of the next message.
    next: u32,
    offer: Option<KemPublic>,
    answer: Option<KemCiphertext>,
}

#[derive(Clone, Debug, Encode, Decode)]
struct ReceivingChain {
    key: Secret<32>,
    header_key: Secret<32>,
    /// Number of the next message.
    next: u32,
}

/// K1-K4.
#[derive(Clone, Debug, Encode, Decode)]
struct KemRatchet {
    pace: RecoveryPace,
    /// Own chains since the last exchange or the handshake.
    idle: u16,
    /// The next own chain that may carry an offer does (K5).
    requested: bool,
    /// The private key of the open offer (K3).
    open: Option<KemSecret>,
    /// The peer's offer that the next sending chain answers (K2).
    to_answer: Option<KemPublic>,
}

impl KemRatchet {
    fn new() -> Self {
        Self {
            pace: RecoveryPace::default(),
            idle: 0,
            requested: false,
            open: None,
            to_answer: None,
        }
    }
}

impl Ratchet {
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn set_pace(&mut self, pace: RecoveryPace) {
        self.kem.pace = pace;
    }

    /// K5.
    pub(crate) fn request_recovery(&mut self) {
        self.kem.requested = true;
    }

    /// Keys kept for missing messages (R9).
    pub(crate) fn skipped_keys(&self) -> usize {
        self.skipped.len()
    }
}

impl Decode for Ratchet {
    /// Refuses what no session can be in, so that nothing later has to expect it.
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let mode = Mode::decode(input)?;
        let associated_data =
            crate::codec_bounds::Bounded::<{ MAX_CONTEXT + 128 }>::decode(input)?.into_vec();
        let (root, own, peer): (_, _, Option<[u8; 32]>) = Decode::decode(input)?;
        let (sending, receiving): (Option<SendingChain>, Option<ReceivingChain>) =
            Decode::decode(input)?;
        let (next_sending_header, next_receiving_header) = Decode::decode(input)?;
        let (previous_length, skipped) = Decode::decode(input)?;
        let kem = KemRatchet::decode(input)?;
        let offered = sending.as_ref().is_some_and(|chain| chain.offer.is_some());
        let classical_with_kem =
            mode == Mode::Classical && (offered || kem.open.is_some() || kem.to_answer.is_some());
        if classical_with_kem || offered != kem.open.is_some() || kem.pace.0 == 0 {
            return Err("the KEM ratchet is in no possible state".into());
        }
        if peer.is_none() && (sending.is_some() || receiving.is_some()) {
            return Err("a chain without a peer".into());
        }
        Ok(Self {
            mode,
            associated_data,
            root,
            own,
            peer,
            sending,
            receiving,
            next_sending_header,
            next_receiving_header,
            previous_length,
            skipped,
            kem,
        })
    }
}

/// What the root step (R2) gives.
struct RootStep {
    root: Secret<32>,
    chain: Secret<32>,
    /// Zeros in classical mode.
    next_header: Secret<32>,
}

/// Info of the root step, classical (R2).
pub const CLASSICAL_ROOT_INFO: &[u8] = b"parlance-e2ee/1 root";
/// Info of the root step, hybrid (R2).
pub const HYBRID_ROOT_INFO: &[u8] = b"parlance-e2ee/1 hybrid root";

fn root_step(
    mode: Mode,
    root: &Secret<32>,
    shared: &Secret<32>,
    kem: Option<&Secret<32>>,
) -> RootStep {
    use crate::kdf::hkdf;
    match mode {
        Mode::Classical => {
            let keys = hkdf::<64>(root.bytes(), &[shared.bytes()], CLASSICAL_ROOT_INFO);
            RootStep {
                root: keys.part(0),
                chain: keys.part(32),
                next_header: Secret::zero(),
            }
        }
        Mode::Hybrid => {
            let kem: &[u8] = kem.map_or(&[], |secret| secret.bytes());
            let keys = hkdf::<96>(root.bytes(), &[shared.bytes(), kem], HYBRID_ROOT_INFO);
            RootStep {
                root: keys.part(0),
                chain: keys.part(32),
                next_header: keys.part(64),
            }
        }
    }
}
