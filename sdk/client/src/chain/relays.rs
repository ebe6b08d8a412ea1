//! Calls of relays' operators, and why they fail.

use std::{fmt, net::SocketAddr};

use codec::{Decode, Encode};
use sp_core::ed25519;

/// Index of the pallet `Relay`.
pub(super) const PALLET: u8 = 50;
/// Its errors in their order, as far as these calls meet them: name, and what to do.
pub(super) const ERRORS: [(&str, &str); 8] = [
    (
        "UnknownRelay",
        "the account is no relay: 'relay register' makes it one",
    ),
    (
        "AlreadyRegistered",
        "the account is a relay already: 'relay update' changes it",
    ),
    (
        "Full",
        "there are as many relays as there may be: wait until one leaves",
    ),
    (
        "NoSuchCapacity",
        "the capacity is none, or more than any network carries",
    ),
    (
        "Leaving",
        "the relay is leaving: 'relay withdraw' when its bond is free, then register anew",
    ),
    (
        "NotLeaving",
        "the relay is not leaving: 'relay retire' first",
    ),
    (
        "StillBound",
        "the bond still answers for what the relay did: wait until it is free",
    ),
    (
        "NotDormant",
        "the relay is not left out of rosters, so there is nothing to resume",
    ),
];

/// Where a relay is reached.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Endpoint {
    /// Its key in QUIC handshakes.
    key: ed25519::Public,
    address: Vec<u8>,
}

/// An address that the chain does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no address of a relay: IP:PORT that others reach, such as 192.0.2.7:30400 or [2001:db8::7]:30400; names are not looked up"
)]
pub struct NoAddress(String);

impl Endpoint {
    /// From a key and `IP:PORT`. The chain takes any words; relays and clients look up no names.
    pub fn new(key: [u8; 32], address: &str) -> Result<Self, NoAddress> {
        let wrong = || NoAddress(address.into());
        let socket: SocketAddr = address.parse().map_err(|_| wrong())?;
        let ip = socket.ip();
        if socket.port() == 0 || ip.is_unspecified() || ip.is_multicast() {
            return Err(wrong());
        }
        Ok(Self {
            key: ed25519::Public::from_raw(key),
            address: socket.to_string().into(),
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = String::from_utf8_lossy(&self.address);
        write!(f, "at {address} with the key {}", hex::encode(self.key.0))
    }
}

/// Calls about relays.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Relays {
    /// Makes the account a relay, whose bond is held.
    #[codec(index = 0)]
    Register {
        /// Where it is reached.
        endpoint: Endpoint,
        /// Bytes per period that it can carry.
        #[codec(compact)]
        capacity: u64,
    },
    /// Changes where it is reached, and what it can carry.
    #[codec(index = 1)]
    Update {
        /// Where it is reached.
        endpoint: Endpoint,
        /// Bytes per period that it can carry.
        #[codec(compact)]
        capacity: u64,
    },
    /// Leaves from the next roster on.
    #[codec(index = 2)]
    Retire,
    /// Takes the bond back.
    #[codec(index = 3)]
    Withdraw,
    /// Comes back into rosters after it was left out for silence.
    #[codec(index = 4)]
    Resume,
}

impl fmt::Display for Relays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register { endpoint, capacity } => {
                write!(
                    f,
                    "become a relay {endpoint} for {capacity} bytes a period, with a bond"
                )
            }
            Self::Update { endpoint, capacity } => {
                write!(f, "be a relay {endpoint} for {capacity} bytes a period")
            }
            Self::Retire => f.write_str("stop being a relay"),
            Self::Withdraw => f.write_str("take back the bond of the relay"),
            Self::Resume => f.write_str("be in rosters of relays again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::call::Call;
    use parlance_runtime::{Runtime, RuntimeCall};

    #[test]
    fn calls_are_what_the_runtime_reads() {
        let endpoint = Endpoint::new([7; 32], "192.0.2.7:30400").unwrap();
        let calls = [
            Relays::Register {
                endpoint: endpoint.clone(),
                capacity: 1 << 30,
            },
            Relays::Update {
                endpoint,
                capacity: 1,
            },
            Relays::Retire,
            Relays::Withdraw,
            Relays::Resume,
        ];
        for (index, ours) in calls.into_iter().enumerate() {
            let ours = Call::Relay(ours);
            let theirs = RuntimeCall::decode(&mut ours.encode().as_slice()).unwrap();
            let RuntimeCall::Relay(call) = &theirs else {
                panic!("another pallet");
            };
            use pallet_relay::Call as Theirs;
            let same = match (index, call) {
                (0, Theirs::register { endpoint, capacity }) => {
                    endpoint.key.0 == [7; 32]
                        && endpoint.address.as_slice() == b"192.0.2.7:30400"
                        && *capacity == 1 << 30
                }
                (1, Theirs::update { capacity, .. }) => *capacity == 1,
                (2, Theirs::retire {}) | (3, Theirs::withdraw {}) | (4, Theirs::resume {}) => true,
                _ => false,
            };
            assert!(same, "{ours} became {theirs:?}");
            assert_eq!(theirs.encode(), ours.encode());
        }
    }

    #[test]
    fn errors_are_in_the_order_of_the_runtime() {
        for (number, (name, words)) in (0_u8..).zip(ERRORS) {
            let error = || pallet_relay::Error::<Runtime>::decode(&mut &[number][..]).unwrap();
            assert_eq!(<&str>::from(error()), name);
            assert_eq!(crate::chain::events::reason(&error().into()), words);
        }
    }

    #[test]
    fn addresses_are_numbers_that_can_be_dialled() {
        for address in ["127.0.0.1:1", "[::1]:30400", "192.0.2.7:65535"] {
            assert!(Endpoint::new([0; 32], address).is_ok(), "{address}");
        }
        for address in [
            "",
            "host:1",
            "127.0.0.1",
            "127.0.0.1:0",
            "127.0.0.1:65536",
            "0.0.0.0:1",
            "[ff02::1]:1",
        ] {
            assert!(Endpoint::new([0; 32], address).is_err(), "{address}");
        }
    }
}
