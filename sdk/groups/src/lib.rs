//! Groups of Parlance: MLS (RFC 9420) for up to 500 devices.
//!
//! The cryptography is openmls; this crate settles what MLS leaves to the application: who the members are,
//! who orders the commits, what happens to a commit that comes second, what is stored when, and how a device
//! comes back. It is a pure engine: no socket; handshakes and messages are bytes that the caller carries.
//! openmls reads the system's clock to see whether a key package has expired, and for nothing else that
//! counts; randomness comes from the operating system.
//!
//! | module | rules | what |
//! | --- | --- | --- |
//! | `member` | M1-M4 | devices, credentials, what the chain says of them |
//! | `change` | O1-O6 | adding, removing, renewing; commits that come second |
//! | `receive`, `early` | T1-T7 | reading in order and out of order |
//! | `place` | P1-P6 | doubt, and how it is resolved |
//! | `send` | S1-S6 | writing, and writing again |
//! | `invite` | I1-I5 | an invitation for each, and the tree for all |
//! | `join` | R1-R6 | coming in, joining again |
//! | `wire` | F1-F3 | bytes |
//! | `storage` | D1-D3 | states in the database |
//! | `crypto` | C1-C2 | what openmls computes with |
//!
//! # A group
//!
//! ```
//! # use parlance_e2ee::{Body, Content, DeviceAddress, DeviceIdentity, Text, content::WrittenText};
//! # use parlance_groups::{Change, Error, Event, Groups, Record, Records, Suite};
//! # use parlance_store::{Kdf, Options, Store};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # use std::{collections::BTreeMap, time::SystemTime};
//! # #[derive(Clone)]
//! # struct Chain(BTreeMap<DeviceAddress, [u8; 32]>);
//! # impl Records for Chain {
//! #     fn record(&self, device: DeviceAddress) -> Record {
//! #         self.0.get(&device).map_or(Record::NoDevice, |key| Record::Device(*key))
//! #     }
//! # }
//! # fn main() -> Result<(), Error> {
//! # let folder = tempfile::tempdir().map_err(parlance_store::Error::Io)?;
//! # let kdf = Kdf { memory_kib: 8, passes: 1, lanes: 1 };
//! # let options = Options { kdf, ..Options::default() };
//! # let store = |name: &str| Store::create(folder.path().join(name), b"passphrase", options);
//! # let (alice_store, bob_store) = (store("alice")?, store("bob")?);
//! # let device = |n| DeviceAddress { account: [n; 32], device: 0 };
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//! # let (alice_keys, bob_keys) =
//! #     (DeviceIdentity::generate(&mut rng), DeviceIdentity::generate(&mut rng));
//! # let chain = Chain(BTreeMap::from([
//! #     (device(1), alice_keys.public().signing),
//! #     (device(2), bob_keys.public().signing),
//! # ]));
//! # let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
//! let mut alice = Groups::new(device(1), alice_keys, chain.clone())?;
//! let mut bob = Groups::new(device(2), bob_keys, chain)?;
//!
//! // Bob publishes key packages on his relays.
//! let mut work = bob.begin(&bob_store)?;
//! let published = work.key_packages(Suite::Hybrid, 1, now)?;
//! work.commit()?;
//!
//! // Alice makes a group and adds Bob. The relays put her commit first.
//! let mut work = alice.begin(&alice_store)?;
//! let group = work.create(Suite::Hybrid)?;
//! work.change(group, &Change { add: published, ..Change::default() })?;
//! let handshake = work.offer(group)?.expect("a change waits");
//! let events = work.handshake(group, 0, &handshake)?;
//! let Some(Event::Changed { invitations, .. }) = events.first() else {
//!     panic!("the commit was accepted")
//! };
//! // Each new device has one of its own.
//! let (_, invitation) = &invitations[0];
//! # let text = Text::new("hello").expect("short");
//! # let content = Content::new([7; 16], now * 1_000, Body::Text(WrittenText { text }));
//! let message = work.send(group, &content)?;
//! work.commit()?;
//!
//! // Bob joins and reads; his ratchet and what he read are stored together.
//! let mut work = bob.begin(&bob_store)?;
//! work.join(invitation)?;
//! let (_, events) = work.message(&message)?;
//! assert!(matches!(&events[0], Event::Message { content: read, .. } if **read == content));
//! work.commit()?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod error;
pub mod limits;
pub mod order;

mod change;
mod crypto;
mod early;
mod invite;
mod join;
mod judge;
mod member;
mod place;
mod receive;
mod send;
mod state;
mod storage;
mod wire;
mod work;

pub use change::Change;
pub use error::Error;
pub use member::{Member, Record, Records, Standing};
pub use order::{HandshakeOrder, Progress};
pub use place::{Comparison, Place};
pub use receive::Event;
pub use work::{Groups, Work};

use openmls_traits::types::Ciphersuite;
use parlance_store::Table;
use std::fmt;

/// The tables that groups are kept in, for [`Store::renew`](parlance_store::Store::renew).
pub const TABLES: [Table; 6] = [
    state::STATES,
    state::COMMITS,
    state::UNSENT,
    state::EARLY,
    state::SEEN,
    storage::MLS,
];

/// Identifier of a group, random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub [u8; 32]);

impl GroupId {
    pub(crate) fn to_mls(self) -> openmls::group::GroupId {
        openmls::group::GroupId::from_slice(&self.0)
    }

    pub(crate) fn from_mls(id: &openmls::group::GroupId) -> Option<Self> {
        id.as_slice().try_into().ok().map(Self)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// The ciphersuite of a group. It stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// X-Wing (X25519 with ML-KEM-768), ChaCha20-Poly1305, SHA-256, Ed25519: what the messenger uses. The number
    /// is the one of draft-ietf-mls-pq-ciphersuites.
    Hybrid,
    /// X25519, ChaCha20-Poly1305, SHA-256, Ed25519: RFC 9420's suite 3, for proof against other implementations.
    Classical,
}

impl Suite {
    pub(crate) fn to_mls(self) -> Ciphersuite {
        match self {
            Self::Hybrid => Ciphersuite::MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519,
            Self::Classical => Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519,
        }
    }
}

/// Doors for the fuzz targets, which are given bytes that no user of the crate can hand in.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    /// A frame decodes to what it was encoded from, or not.
    pub fn frame(bytes: &[u8]) {
        if let Ok(frame) = crate::wire::Frame::decode(bytes)
            && let Ok(encoded) = frame.encode()
        {
            assert_eq!(
                crate::wire::Frame::decode(&encoded).expect("was encoded"),
                frame
            );
        }
    }
}
