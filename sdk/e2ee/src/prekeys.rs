//! The private halves of the prekeys, and the memory that keeps a first message from being taken twice.
//!
//! - **P1** A store holds the current and the previous signed prekey. [`PreKeyStore::rotate`] makes the
//!   current one the previous one and wipes the one before. X3DH rev. 1 §4.6 leaves the time to the
//!   application; a week is usual. First messages for the previous one are still taken.
//! - **P2** One-time prekeys are numbered without gaps or repetition and kept until used, at most
//!   [`MAX_ONE_TIME_PREKEYS`]; beyond that the oldest go, whose bundles are the likeliest to be lost.
//! - **P3** A prekey is used up only by a first message that decrypted. A forged one costs nothing.
//! - **P4** A first message without a one-time prekey could be played again and again. The store
//!   therefore remembers the number (H6) of every handshake that it took, per signed prekey, in a sorted
//!   log of at most [`MAX_REPLAY_LOG`] entries, and forgets it with that prekey. A full log refuses more
//!   ([`Error::ReplayLogFull`]) instead of forgetting: rotating makes room.
//! - **P5** Handshakes with a one-time prekey need no log: the key is gone after the first.

use crate::{
    Bundle, Error, Mode, OneTimePreKey, SignedPreKey,
    codec_bounds::decode_list,
    handshake::HandshakeHeader,
    identity::{DeviceIdentity, IdentityPublic},
    kem::KemSecret,
    limits::{MAX_ONE_TIME_PREKEYS, MAX_REPLAY_LOG},
    secret::wipes_on_drop,
    x25519::KeyPair,
};
use alloc::{boxed::Box, vec::Vec};
use codec::{Decode, Encode, Error as CodecError, Input};
use rand_core::CryptoRng;

/// Number of a handshake (H6).
pub(crate) type HandshakeId = [u8; 16];

/// X25519 key and, in hybrid mode, ML-KEM key of one prekey.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct PreKeySecret {
    pub id: u32,
    pub pair: KeyPair,
    pub kem: Option<KemSecret>,
}

impl PreKeySecret {
    fn generate<R: CryptoRng + ?Sized>(id: u32, mode: Mode, rng: &mut R) -> Self {
        let pair = KeyPair::generate(rng);
        let kem = (mode == Mode::Hybrid).then(|| KemSecret::generate(rng));
        Self { id, pair, kem }
    }
}

#[derive(Clone, Debug, Encode)]
struct Generation {
    created: u64,
    key: PreKeySecret,
    /// Sorted.
    taken: Vec<HandshakeId>,
}

impl Decode for Generation {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let (created, key) = Decode::decode(input)?;
        let taken: Vec<HandshakeId> = decode_list(input, MAX_REPLAY_LOG)?;
        if !taken.is_sorted() {
            return Err("the replay log is not sorted".into());
        }
        Ok(Self {
            created,
            key,
            taken,
        })
    }
}

/// The private prekeys of a device. They wipe themselves.
#[derive(Clone, Debug, Encode)]
pub struct PreKeyStore {
    mode: Mode,
    next_id: u32,
    current: Generation,
    previous: Option<Generation>,
    /// Oldest first. Boxed: a vector that grows leaves only pointers behind, no keys.
    #[allow(clippy::vec_box, reason = "growing must not leave copies of keys")]
    one_time: Vec<Box<PreKeySecret>>,
}

wipes_on_drop! { PreKeySecret { secret: [pair, kem], open: [id] } }
wipes_on_drop! { Generation { secret: [key], open: [created, taken] } }
wipes_on_drop! {
    PreKeyStore { secret: [current, previous, one_time], open: [mode, next_id] }
}

impl PreKeyStore {
    /// A store with a signed prekey and no one-time prekeys. `now` is in seconds since 1970.
    pub fn new<R: CryptoRng + ?Sized>(mode: Mode, now: u64, rng: &mut R) -> Self {
        let current = Generation {
            created: now,
            key: PreKeySecret::generate(1, mode, rng),
            taken: Vec::new(),
        };
        Self {
            mode,
            next_id: 2,
            current,
            previous: None,
            one_time: Vec::new(),
        }
    }

    /// Replaces the signed prekey (P1). Publish afterwards.
    pub fn rotate<R: CryptoRng + ?Sized>(&mut self, now: u64, rng: &mut R) {
        // A clock that went back must not make the new bundle look older than the old one.
        let created = now.max(self.current.created.saturating_add(1));
        let key = PreKeySecret::generate(self.take_id(), self.mode, rng);
        let fresh = Generation {
            created,
            key,
            taken: Vec::new(),
        };
        self.previous = Some(core::mem::replace(&mut self.current, fresh));
    }

    /// Makes `count` more one-time prekeys (P2). Publish afterwards.
    pub fn replenish<R: CryptoRng + ?Sized>(&mut self, count: usize, rng: &mut R) {
        for _ in 0..count.min(MAX_ONE_TIME_PREKEYS) {
            let id = self.take_id();
            self.one_time
                .push(Box::new(PreKeySecret::generate(id, self.mode, rng)));
        }
        let excess = self.one_time.len().saturating_sub(MAX_ONE_TIME_PREKEYS);
        self.one_time.drain(..excess);
    }

    /// One-time prekeys whose private half is still here. Some of them may be given out already.
    pub fn one_time_left(&self) -> usize {
        self.one_time.len()
    }

    /// When the signed prekey was made.
    pub fn signed_created(&self) -> u64 {
        self.current.created
    }

    /// Whether the signed prekey should be rotated because its replay log is three quarters full (P4).
    pub fn wants_rotation(&self) -> bool {
        self.current.taken.len() >= MAX_REPLAY_LOG / 4 * 3
    }

    /// Hybrid or classical.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The public halves, signed, to be put on the relays.
    pub fn publish(&self, identity: &DeviceIdentity) -> PublishedPreKeys {
        let Generation { created, key, .. } = &self.current;
        let kem = key.kem.as_ref().map(KemSecret::public);
        PublishedPreKeys {
            mode: self.mode,
            identity: identity.public(),
            signed: SignedPreKey::new(identity, (key.id, *created), *key.pair.public(), kem),
            one_time: self
                .one_time
                .iter()
                .map(|key| {
                    let kem = key.kem.as_ref().map(KemSecret::public);
                    OneTimePreKey::new(identity, key.id, *key.pair.public(), kem)
                })
                .collect(),
        }
    }

    /// The keys that a first message names, if they are there and it was not taken before.
    pub(crate) fn find(
        &self,
        header: &HandshakeHeader,
    ) -> Result<(&PreKeySecret, Option<&PreKeySecret>), Error> {
        if (self.mode == Mode::Hybrid) != header.kem_ciphertext.is_some() {
            return Err(Error::ModeMismatch);
        }
        let generation = self.generation(header.signed_id).ok_or(Error::PreKeyGone)?;
        let Some(id) = header.one_time_id else {
            return match generation.taken.binary_search(&header.id()) {
                Ok(_) => Err(Error::ReplayedHandshake),
                Err(_) if generation.taken.len() >= MAX_REPLAY_LOG => Err(Error::ReplayLogFull),
                Err(_) => Ok((&generation.key, None)),
            };
        };
        let one_time = self
            .one_time
            .iter()
            .find(|key| key.id == id)
            .ok_or(Error::PreKeyGone)?;
        Ok((&generation.key, Some(&**one_time)))
    }

    /// Uses up what a first message named, after it decrypted (P3).
    pub(crate) fn take(&mut self, header: &HandshakeHeader) {
        if let Some(id) = header.one_time_id {
            self.one_time.retain(|key| key.id != id);
            return;
        }
        let generations = core::iter::once(&mut self.current).chain(self.previous.as_mut());
        for generation in generations.filter(|g| g.key.id == header.signed_id) {
            if let Err(place) = generation.taken.binary_search(&header.id()) {
                generation.taken.insert(place, header.id());
            }
        }
    }

    fn generation(&self, id: u32) -> Option<&Generation> {
        core::iter::once(&self.current)
            .chain(self.previous.as_ref())
            .find(|g| g.key.id == id)
    }

    fn take_id(&mut self) -> u32 {
        let id = self.next_id;
        // After four thousand million prekeys the numbers start again, long after their first owners went.
        self.next_id = self.next_id.wrapping_add(1);
        id
    }
}

impl Decode for PreKeyStore {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let (mode, next_id, current, previous) = Decode::decode(input)?;
        let one_time: Vec<Box<PreKeySecret>> = decode_list(input, MAX_ONE_TIME_PREKEYS)?;
        let store = Self {
            mode,
            next_id,
            current,
            previous,
            one_time,
        };
        let generations = core::iter::once(&store.current).chain(store.previous.as_ref());
        let hybrid = store.mode == Mode::Hybrid;
        let one_time = store.one_time.iter().map(|key| &**key);
        if generations
            .map(|g| &g.key)
            .chain(one_time)
            .any(|k| k.kem.is_some() != hybrid)
        {
            return Err("prekeys of another mode".into());
        }
        Ok(store)
    }
}

/// Everything that a device puts on its relays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedPreKeys {
    /// Hybrid or classical.
    pub mode: Mode,
    /// The device.
    pub identity: IdentityPublic,
    /// The signed prekey.
    pub signed: SignedPreKey,
    /// The one-time prekeys, oldest first.
    pub one_time: Vec<OneTimePreKey>,
}

impl PublishedPreKeys {
    /// The bundle with the one-time prekey at `index`, or without one if there is none. This is what a
    /// relay answers, counting up.
    pub fn bundle(&self, index: usize) -> Bundle {
        Bundle {
            mode: self.mode,
            identity: self.identity,
            signed: self.signed.clone(),
            one_time: self.one_time.get(index).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rng::rng;

    #[test]
    fn numbers_do_not_repeat_and_the_oldest_go_out() {
        let mut rng = rng(1);
        let mut store = PreKeyStore::new(Mode::Classical, 1, &mut rng);
        store.replenish(MAX_ONE_TIME_PREKEYS, &mut rng);
        store.replenish(10, &mut rng);
        assert_eq!(store.one_time_left(), MAX_ONE_TIME_PREKEYS);
        let published = store.publish(&DeviceIdentity::generate(&mut rng));
        assert!(
            published
                .one_time
                .windows(2)
                .all(|pair| pair[0].id + 1 == pair[1].id)
        );
        assert_eq!(published.one_time[0].id, 12);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_make_a_stale_bundle() {
        let mut rng = rng(1);
        let mut store = PreKeyStore::new(Mode::Classical, 1_000, &mut rng);
        store.rotate(500, &mut rng);
        assert_eq!(store.signed_created(), 1_001);
    }

    /// P4: refused when full, and rotating makes room.
    #[test]
    fn a_full_replay_log_refuses_until_the_prekeys_are_rotated() {
        let mut rng = rng(1);
        let identity = DeviceIdentity::generate(&mut rng);
        let mut store = PreKeyStore::new(Mode::Classical, 1, &mut rng);
        let header = |signed_id| HandshakeHeader {
            identity: identity.public(),
            ephemeral: [1; 32],
            signed_id,
            one_time_id: None,
            kem_ciphertext: None,
        };
        let entry = |index: usize| (index as u128).to_be_bytes();
        store.current.taken = (0..MAX_REPLAY_LOG - 1).map(entry).collect();
        assert!(store.wants_rotation());
        assert!(store.find(&header(1)).is_ok());
        store.take(&header(1));
        assert_eq!(
            store.find(&header(1)).map(|_| ()),
            Err(Error::ReplayedHandshake)
        );
        let mut other = header(1);
        other.ephemeral = [2; 32];
        assert_eq!(store.find(&other).map(|_| ()), Err(Error::ReplayLogFull));
        store.rotate(2, &mut rng);
        assert!(!store.wants_rotation());
        assert!(store.find(&header(2)).is_ok());
        assert_eq!(
            store.find(&header(1)).map(|_| ()),
            Err(Error::ReplayedHandshake)
        );
    }

    #[test]
    fn a_store_survives_its_encoding() {
        let mut rng = rng(1);
        let identity = DeviceIdentity::generate(&mut rng);
        let mut store = PreKeyStore::new(Mode::Hybrid, 1_000, &mut rng);
        store.replenish(3, &mut rng);
        store.rotate(2_000, &mut rng);
        let back = PreKeyStore::decode(&mut &store.encode()[..]).unwrap();
        assert_eq!(back.publish(&identity), store.publish(&identity));
        assert_eq!(back.encode(), store.encode());
    }
}
