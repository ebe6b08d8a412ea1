//! Decrypting: R8-R11, K3, K4. Everything is worked out beside the state and put in at the end.

use super::{
    Ratchet, ReceivingChain, RootStep,
    header::{ClassicalMessage, Header, HybridMessage, RatchetMessage},
    root_step,
    send::body_data,
    skipped::{ChainName, SkippedKey},
};
use crate::{Error, Mode, aead, kdf::chain_step, limits::MAX_SKIP, secret::Secret};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use zeroize::Zeroizing;

/// An authentic message.
#[derive(Debug)]
pub(crate) struct Opened {
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Whether it is the first one received of a new chain of the peer.
    pub new_chain: bool,
}

/// Which chain a header belongs to.
enum Place {
    Newest,
    New,
    Older(ChainName),
}

/// What is to be done to the state once the body is authentic.
enum Change {
    UseKept {
        chain: ChainName,
    },
    Advance(Advance),
    NewChain {
        old: Option<(ChainName, Vec<SkippedKey>)>,
        step: RootStep,
        advance: Advance,
    },
}

/// A receiving chain moved on to one message.
struct Advance {
    next_key: Secret<32>,
    skipped: Vec<SkippedKey>,
}

impl Ratchet {
    pub(crate) fn decrypt(&mut self, message: &RatchetMessage) -> Result<Opened, Error> {
        let (header, place) = self.find_chain(message)?;
        let (message_key, change) = match place {
            Place::Newest => self.in_newest_chain(&header)?,
            Place::New => self.in_new_chain(&header)?,
            Place::Older(chain) => self.with_kept_key(chain, header.number)?,
        };
        let plaintext = self.open_body(message, &message_key)?;
        let new_chain = matches!(change, Change::NewChain { .. });
        self.apply(header, change);
        Ok(Opened {
            plaintext,
            new_chain,
        })
    }

    /// R8.
    fn find_chain(&self, message: &RatchetMessage) -> Result<(Header, Place), Error> {
        let message = match (self.mode, message) {
            (Mode::Hybrid, RatchetMessage::Hybrid(message)) => message,
            (Mode::Classical, RatchetMessage::Classical(message)) => {
                return Ok(self.find_classical_chain(message));
            }
            _ => return Err(Error::ModeMismatch),
        };
        if let Some(chain) = &self.receiving
            && let Some(header) = open_header(&chain.header_key, message)?
        {
            return Ok((header, Place::Newest));
        }
        if let Some(header) = open_header(&self.next_receiving_header, message)? {
            return Ok((header, Place::New));
        }
        for name in self.skipped.names() {
            if let Some(header) = open_header(name, message)? {
                return Ok((header, Place::Older(name.clone())));
            }
        }
        Err(Error::UnknownHeader)
    }

    fn find_classical_chain(&self, message: &ClassicalMessage) -> (Header, Place) {
        let header = Header::from(message.header);
        let name = ChainName::new(header.public);
        let place = match &self.receiving {
            Some(_) if self.peer == Some(header.public) => Place::Newest,
            _ if self.skipped.has_chain(&name) => Place::Older(name),
            _ => Place::New,
        };
        (header, place)
    }

    fn with_kept_key(&self, chain: ChainName, number: u32) -> Result<(Secret<32>, Change), Error> {
        let key = self
            .skipped
            .get(&chain, number)
            .ok_or(Error::Duplicate)?
            .clone();
        Ok((key, Change::UseKept { chain }))
    }

    fn in_newest_chain(&self, header: &Header) -> Result<(Secret<32>, Change), Error> {
        let chain = self.receiving.as_ref().ok_or(Error::UnknownHeader)?;
        if header.number < chain.next {
            return self.with_kept_key(self.chain_name(chain), header.number);
        }
        let (key, advance) = advance(&chain.key, chain.next, header.number)?;
        Ok((key, Change::Advance(advance)))
    }

    /// R2, R9, K3 on the receiving side.
    fn in_new_chain(&self, header: &Header) -> Result<(Secret<32>, Change), Error> {
        let kem_secret = match (&self.kem.open, &header.answer) {
            (Some(secret), Some(answer)) => Some(secret.decapsulate(answer)),
            (None, None) => None,
            _ => return Err(Error::KemOutOfRule),
        };
        if header.offer.is_some() && header.answer.is_some() {
            return Err(Error::KemOutOfRule);
        }
        let shared = self.own.agree(&header.public, "ratchet key")?;
        let step = root_step(self.mode, &self.root, &shared, kem_secret.as_ref());
        let (key, advance) = advance(&step.chain, 0, header.number)?;
        let old = self.receiving.as_ref().and_then(|chain| {
            let missing = header.previous.saturating_sub(chain.next);
            (1..=MAX_SKIP).contains(&missing).then(|| {
                (
                    self.chain_name(chain),
                    walk(&chain.key, chain.next, header.previous).1,
                )
            })
        });
        Ok((key, Change::NewChain { old, step, advance }))
    }

    fn open_body(
        &self,
        message: &RatchetMessage,
        key: &Secret<32>,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let data = &self.associated_data;
        match message {
            RatchetMessage::Classical(ClassicalMessage { header, body }) => {
                aead::open_classical(key, &body_data(data, &header.encode()), body.as_slice())
            }
            RatchetMessage::Hybrid(HybridMessage {
                nonce,
                header,
                body,
            }) => aead::open(
                key,
                nonce,
                &body_data(data, header.as_slice()),
                body.as_slice(),
            ),
        }
        .map_err(|_| Error::Forged)
    }

    /// R11: nothing before this changed the state, nothing in here fails.
    fn apply(&mut self, header: Header, change: Change) {
        match change {
            Change::UseKept { chain } => self.skipped.remove(&chain, header.number),
            Change::Advance(advance) => self.advance_newest(header.number, advance),
            Change::NewChain { old, step, advance } => {
                if let Some((name, keys)) = old {
                    self.skipped.add(&name, keys);
                }
                self.root = step.root;
                self.receiving = Some(ReceivingChain {
                    key: step.chain,
                    header_key: core::mem::replace(
                        &mut self.next_receiving_header,
                        step.next_header,
                    ),
                    next: 0,
                });
                if let Some(sent) = self.sending.take() {
                    self.previous_length = sent.next;
                }
                self.peer = Some(header.public);
                if header.offer.is_some() || header.answer.is_some() {
                    self.kem.idle = 0;
                }
                self.kem.open = None;
                self.kem.to_answer = header.offer;
                self.advance_newest(header.number, advance);
            }
        }
    }

    fn advance_newest(&mut self, number: u32, advance: Advance) {
        let Some(mut chain) = self.receiving.take() else {
            return;
        };
        let name = self.chain_name(&chain);
        chain.key = advance.next_key;
        // `advance` refused the last number, so this is exact.
        chain.next = number.saturating_add(1);
        self.receiving = Some(chain);
        self.skipped.add(&name, advance.skipped);
    }

    fn chain_name(&self, chain: &ReceivingChain) -> ChainName {
        match (self.mode, self.peer) {
            (Mode::Classical, Some(public)) => ChainName::new(public),
            _ => chain.header_key.clone(),
        }
    }
}

/// A header that opens but is none comes from a peer that breaks the rules.
pub(super) fn open_header(
    key: &Secret<32>,
    message: &HybridMessage,
) -> Result<Option<Header>, Error> {
    let Ok(bytes) = aead::open(key, &message.nonce, &[], message.header.as_slice()) else {
        return Ok(None);
    };
    let mut rest = bytes.as_slice();
    match Header::decode(&mut rest) {
        Ok(header) if rest.is_empty() => Ok(Some(header)),
        _ => Err(Error::Malformed {
            what: "message header",
        }),
    }
}

/// The key of message `number` of a chain that stands before message `next`.
fn advance(chain: &Secret<32>, next: u32, number: u32) -> Result<(Secret<32>, Advance), Error> {
    let missing = number.saturating_sub(next);
    if missing > MAX_SKIP {
        return Err(Error::TooManySkipped {
            missing,
            limit: MAX_SKIP,
        });
    }
    if number == u32::MAX {
        return Err(Error::ChainExhausted);
    }
    let (at, skipped) = walk(chain, next, number);
    let (next_key, key) = chain_step(&at);
    Ok((key, Advance { next_key, skipped }))
}

/// The chain key at `to`, and the message keys from `from` to before `to`; at most `MAX_SKIP` by the
/// callers' checks.
pub(super) fn walk(chain: &Secret<32>, from: u32, to: u32) -> (Secret<32>, Vec<SkippedKey>) {
    let mut at = chain.clone();
    let count = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
    let mut skipped = Vec::with_capacity(count);
    for number in from..to {
        let (next, key) = chain_step(&at);
        skipped.push(SkippedKey { number, key });
        at = next;
    }
    (at, skipped)
}
