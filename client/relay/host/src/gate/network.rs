//! Networks that an address is of. Whoever can choose among many addresses counts as one, in the network that such people have.

use std::net::{IpAddr, Ipv4Addr};

/// A network has so many times what its smallest one has: nobody fills the relay from one network, and there is room for its people.
pub(crate) const WIDER: usize = 8;

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// Connections over the bridge count as one, which nobody has.
    pub const BRIDGE: Self = Self {
        first: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        bits: 0,
    };

    /// The smallest that an address is of. An IPv6 customer has one of 64 bits to choose addresses from.
    pub fn of(address: IpAddr) -> Self {
        Self::cut(address, 32, 64)
    }

    /// The one around it: of an IPv6 customer who has many of these, and of those who have IPv4 addresses together.
    pub fn around(address: IpAddr) -> Self {
        Self::cut(address, 24, 48)
    }

    fn cut(address: IpAddr, v4: u8, v6: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let rest = 32_u32.saturating_sub(v4.into());
                let mask = u32::MAX.checked_shl(rest).unwrap_or(0);
                let first = Ipv4Addr::from_bits(address.to_bits() & mask).into();
                Self { first, bits: v4 }
            }
            IpAddr::V6(address) => {
                let rest = 128_u32.saturating_sub(v6.into());
                let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
                let first = std::net::Ipv6Addr::from_bits(address.to_bits() & mask).into();
                Self { first, bits: v6 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_networks() {
        let of = |text: &str| -> IpAddr { text.parse().unwrap() };
        let same = |one, other| {
            let narrow = Network::of(of(one)) == Network::of(of(other));
            (
                narrow,
                Network::around(of(one)) == Network::around(of(other)),
            )
        };
        assert_eq!(same("192.0.2.1", "::ffff:192.0.2.1"), (true, true));
        assert_eq!(same("192.0.2.1", "192.0.2.2"), (false, true));
        assert_eq!(same("192.0.2.1", "192.0.3.1"), (false, false));
        assert_eq!(same("2001:db8::1", "2001:db8::ffff:1"), (true, true));
        assert_eq!(same("2001:db8::1", "2001:db8:0:9::1"), (false, true));
        assert_eq!(same("2001:db8::1", "2001:db8:1::1"), (false, false));
        // A wide network is none of the small ones, whatever its first address is.
        assert_ne!(
            Network::of(of("192.0.2.0")),
            Network::around(of("192.0.2.0"))
        );
    }
}
