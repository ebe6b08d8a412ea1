//! At which address a relay sees a device (O21).

use codec::{Decode, Encode};
use core::net::{IpAddr, SocketAddr};

/// Observe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Observe {}

/// What a relay sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Observed {
    /// Where the connection's packets come from; none where the relay cannot tell.
    pub address: Option<SocketAddress>,
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum SocketAddress {
    /// IPv4.
    #[codec(index = 4)]
    V4 {
        /// The address.
        ip: [u8; 4],
        /// The port.
        port: u16,
    },
    /// IPv6.
    #[codec(index = 6)]
    V6 {
        /// The address.
        ip: [u8; 16],
        /// The port.
        port: u16,
    },
}

/// An IPv4 address that is written as an IPv6 one is an IPv4 address.
impl From<SocketAddr> for SocketAddress {
    fn from(address: SocketAddr) -> Self {
        let port = address.port();
        match address.ip().to_canonical() {
            IpAddr::V4(ip) => {
                let ip = ip.octets();
                Self::V4 { ip, port }
            }
            IpAddr::V6(ip) => {
                let ip = ip.octets();
                Self::V6 { ip, port }
            }
        }
    }
}

impl From<SocketAddress> for SocketAddr {
    fn from(address: SocketAddress) -> Self {
        match address {
            SocketAddress::V4 { ip, port } => (ip, port).into(),
            SocketAddress::V6 { ip, port } => (ip, port).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_what_it_is() {
        for (text, same) in [
            ("192.0.2.7:4433", "192.0.2.7:4433"),
            ("[2001:db8::1]:9", "[2001:db8::1]:9"),
            ("[::ffff:192.0.2.7]:80", "192.0.2.7:80"),
        ] {
            let (address, same): (SocketAddr, SocketAddr) =
                (text.parse().unwrap(), same.parse().unwrap());
            assert_eq!(SocketAddr::from(SocketAddress::from(address)), same);
        }
    }
}
