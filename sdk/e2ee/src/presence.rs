//! Presence: where a device says to one other device how it is reached.
//!
//! - **L1** Two devices that know each other from their records share `DH(agreement key, agreement key)`. HKDF-SHA-256 of it, without a
//!   salt, info `parlance-e2ee/1 presence` and both [`Sender`]s, the smaller encoding first, gives 40 bytes: the *pair's secret* and, from the
//!   last 8, little-endian, modulo [`WINDOW`], the pair's *shift*. Nobody else can compute it, relays and other contacts included.
//! - **L2** Time is cut into *windows* of [`WINDOW`] seconds, for each pair at moments of its own: `(now + shift) / WINDOW`.
//! - **L3** For each direction and window HKDF-SHA-256 of the pair's secret, info `parlance-e2ee/1 presence record`, the [`Sender`] that
//!   publishes, and the window as 8 bytes, little-endian, gives 64 bytes: the *place* of the record and the key that it is encrypted
//!   with. So a record is found by the one device that it is for; nobody else can tell that two places are of the same device, or of the same
//!   pair.
//! - **L4** A record has [`RECORD`] bytes, whatever it says: a random nonce of 24, then XChaCha20-Poly1305 of the signature and the padded
//!   content, with the place as associated data. The signature is by the publisher's signing key over `parlance/presence/1`, place, publisher,
//!   reader and content: it names who said this, and to whom.
//! - **L5** The secret is as old as the two devices: who takes one of them can read what was published to it, and by it, before. It is classical,
//!   like sealing (V5).

use crate::{
    DeviceIdentity, Error, Sender, aead,
    kdf::hkdf,
    limits::{NONCE, TAG},
    padding,
    secret::{Secret, wipes_on_drop},
};
use alloc::vec::Vec;
use codec::Encode;
use core::fmt;
use rand_core::CryptoRng;

/// Length of a window, seconds (L2).
pub const WINDOW: u64 = 600;
/// Length of a record, bytes (L4).
pub const RECORD: usize = 512;
/// Longest content of a record, bytes.
pub const MAX_CONTENT: usize = PADDED - padding::overhead();

const PADDED: usize = RECORD - NONCE - TAG - SIGNATURE;
const SIGNATURE: usize = 64;
const PAIR: &[u8] = b"parlance-e2ee/1 presence";
const OF_RECORD: &[u8] = b"parlance-e2ee/1 presence record";
const STATEMENT: &[u8] = b"parlance/presence/1";

/// This device and another one (L1).
pub struct Pairing {
    secret: Secret<32>,
    shift: u64,
    me: Sender,
    other: Sender,
}

wipes_on_drop! { Pairing { secret: [secret], open: [shift, me, other] } }

impl Pairing {
    /// Of the device `me` with these private keys, and `other`, as its account's record lists it.
    ///
    /// # Errors
    ///
    /// [`Error::OwnDevice`], [`Error::WeakKey`] for an agreement key that is none.
    pub fn new(identity: &DeviceIdentity, me: Sender, other: Sender) -> Result<Self, Error> {
        if me.address == other.address {
            return Err(Error::OwnDevice);
        }
        let shared = identity.agree(&other.identity.agreement, "agreement key")?;
        let (one, two) = (me.encode(), other.encode());
        let (low, high) = if one < two { (one, two) } else { (two, one) };
        let info = [PAIR, &low, &high].concat();
        let derived = hkdf::<40>(&[], &[shared.bytes()], &info);
        let shift = u64::from_le_bytes(*derived.part::<8>(32).bytes()) % WINDOW;
        Ok(Self {
            secret: derived.part(0),
            shift,
            me,
            other,
        })
    }

    /// The other device.
    pub fn other(&self) -> &Sender {
        &self.other
    }

    /// The window at `now`, seconds since 1970, and how many seconds of it have passed (L2).
    pub fn window(&self, now: u64) -> (u64, u64) {
        let shifted = now.saturating_add(self.shift);
        (shifted / WINDOW, shifted % WINDOW)
    }

    /// Where this device publishes for the other one.
    pub fn own_place(&self, window: u64) -> [u8; 32] {
        self.record(&self.me, window).0
    }

    /// Where the other device publishes for this one.
    pub fn their_place(&self, window: u64) -> [u8; 32] {
        self.record(&self.other, window).0
    }

    /// What this device publishes at its place. Draws 24 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`] for more than [`MAX_CONTENT`].
    pub fn seal<R: CryptoRng + ?Sized>(
        &self,
        identity: &DeviceIdentity,
        window: u64,
        content: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, Error> {
        let (place, key) = self.record(&self.me, window);
        let signature = identity.sign(&statement(&place, &self.me, &self.other, content));
        let mut plaintext = signature.to_vec();
        plaintext.extend_from_slice(&padding::pad(content, PADDED)?);
        let nonce = aead::random_nonce(rng);
        let mut record = nonce.to_vec();
        record.extend_from_slice(&aead::seal(&key, &nonce, &place, &plaintext));
        Ok(record)
    }

    /// What the other device says in a record that was found at its place.
    ///
    /// # Errors
    ///
    /// [`Error::DoesNotOpen`], [`Error::BadSignature`], [`Error::Malformed`]: not by that device, or not for this one and this window.
    pub fn open(&self, window: u64, record: &[u8]) -> Result<Vec<u8>, Error> {
        let fails = Error::DoesNotOpen {
            what: "presence record",
        };
        let (place, key) = self.record(&self.other, window);
        let (nonce, sealed) = record.split_first_chunk::<NONCE>().ok_or(fails)?;
        if record.len() != RECORD {
            return Err(fails);
        }
        let plaintext = aead::open(&key, nonce, &place, sealed).map_err(|_| fails)?;
        let (signature, padded) = plaintext.split_first_chunk::<SIGNATURE>().ok_or(fails)?;
        let content = padding::unpad(padded)?;
        let statement = statement(&place, &self.other, &self.me, content);
        let publisher = &self.other.identity;
        publisher.verify(&statement, signature, "presence record")?;
        Ok(content.to_vec())
    }

    /// L3.
    fn record(&self, publisher: &Sender, window: u64) -> ([u8; 32], Secret<32>) {
        let info = [OF_RECORD, &publisher.encode(), &window.to_le_bytes()].concat();
        let derived = hkdf::<64>(&[], &[self.secret.bytes()], &info);
        (*derived.part::<32>(0).bytes(), derived.part(32))
    }
}

/// L4.
fn statement(place: &[u8; 32], publisher: &Sender, reader: &Sender, content: &[u8]) -> Vec<u8> {
    let mut bytes = STATEMENT.to_vec();
    bytes.extend_from_slice(place);
    publisher.encode_to(&mut bytes);
    reader.encode_to(&mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

impl fmt::Debug for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pairing({}, {})", self.me.address, self.other.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceAddress, test_rng::rng};
    use proptest::prelude::*;
    use std::{collections::BTreeSet, vec};

    const NOW: u64 = 1_700_000_000;

    fn device(n: u8) -> (DeviceIdentity, Sender) {
        let identity = DeviceIdentity::generate(&mut rng(u64::from(n)));
        let address = DeviceAddress {
            account: [n; 32],
            device: u32::from(n),
        };
        let sender = Sender {
            address,
            identity: identity.public(),
        };
        (identity, sender)
    }

    fn pair(one: u8, two: u8) -> Pairing {
        let ((identity, me), (_, other)) = (device(one), device(two));
        Pairing::new(&identity, me, other).unwrap()
    }

    #[test]
    fn the_other_device_finds_and_reads_what_one_publishes() {
        let (a, b) = (pair(1, 2), pair(2, 1));
        assert_eq!(a.window(NOW), b.window(NOW));
        let (window, _) = a.window(NOW);
        assert_eq!(a.own_place(window), b.their_place(window));
        assert_eq!(b.own_place(window), a.their_place(window));
        let (identity, _) = device(1);
        for content in [vec![], vec![7; 20], vec![8; MAX_CONTENT]] {
            let record = a.seal(&identity, window, &content, &mut rng(5)).unwrap();
            assert_eq!(record.len(), RECORD);
            assert_eq!(b.open(window, &record), Ok(content));
        }
        let long = a.seal(&identity, window, &[0; MAX_CONTENT + 1], &mut rng(5));
        assert!(matches!(long, Err(Error::TooLong { .. })));
    }

    #[test]
    fn nobody_else_reads_it_and_it_is_good_for_one_direction_and_window_alone() {
        let (identity, _) = device(1);
        let (a, b) = (pair(1, 2), pair(2, 1));
        let (window, _) = a.window(NOW);
        let record = a.seal(&identity, window, b"here", &mut rng(5)).unwrap();
        for other in [pair(3, 1), pair(3, 2), pair(1, 2), pair(2, 3)] {
            assert!(other.open(window, &record).is_err(), "{other:?}");
        }
        assert!(b.open(window + 1, &record).is_err());
        // The reader, who has the key, cannot write it for the publisher.
        let (reader, _) = device(2);
        let (place, key) = a.record(&a.me, window);
        let mut plaintext = reader.sign(b"anything").to_vec();
        plaintext.extend_from_slice(&padding::pad(b"there", PADDED).unwrap());
        let nonce = [1; NONCE];
        let mut forged = nonce.to_vec();
        forged.extend_from_slice(&aead::seal(&key, &nonce, &place, &plaintext));
        let expected = Error::BadSignature {
            what: "presence record",
        };
        assert_eq!(b.open(window, &forged), Err(expected));
    }

    #[test]
    fn no_place_comes_twice() {
        let mut places = BTreeSet::new();
        for (one, two) in [(1, 2), (1, 3), (2, 3)] {
            let pair = pair(one, two);
            for window in 0..50 {
                assert!(places.insert(pair.own_place(window)));
                assert!(places.insert(pair.their_place(window)));
            }
        }
    }

    #[test]
    fn windows_of_pairs_begin_at_moments_of_their_own() {
        let passed: BTreeSet<u64> = (2..30).map(|n| pair(1, n).window(NOW).1).collect();
        assert!(passed.len() > 20);
        let pair = pair(1, 2);
        let (window, passed) = pair.window(NOW);
        assert_eq!(pair.window(NOW + WINDOW - passed), (window + 1, 0));
        assert_eq!(pair.window(NOW + WINDOW - passed - 1).0, window);
    }

    #[test]
    fn a_device_has_no_pairing_with_itself_or_with_a_key_that_is_none() {
        let (identity, me) = device(1);
        assert!(matches!(
            Pairing::new(&identity, me, me),
            Err(Error::OwnDevice)
        ));
        let (_, mut other) = device(2);
        other.identity.agreement = [0; 32];
        let weak = Pairing::new(&identity, me, other);
        assert!(matches!(weak, Err(Error::WeakKey { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(pair(1, 2).open(1, &bytes).is_err());
        }

        #[test]
        fn no_change_is_missed(at in 0..RECORD, bit in 0..8u8) {
            let (identity, _) = device(1);
            let mut record = pair(1, 2).seal(&identity, 9, b"here", &mut rng(5)).unwrap();
            record[at] ^= 1 << bit;
            prop_assert!(pair(2, 1).open(9, &record).is_err());
        }
    }
}
