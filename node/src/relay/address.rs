//! Where a relay listens, as its record says it in words.

use std::net::{IpAddr, SocketAddr};

/// Why the words are no address that can be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an address is IP and port, as in 192.0.2.7:30400, [2001:db8::7]:30400 or /ip4/192.0.2.7/udp/30400/quic-v1: names are not looked up"
)]
pub struct NoAddress;

/// Reads an address: IP and port, or a multiaddress of UDP.
///
/// # Errors
/// For anything else, host names among it: whom a name means its resolver decides, and the chain does not know.
pub fn parse(text: &[u8]) -> Result<SocketAddr, NoAddress> {
    let text = core::str::from_utf8(text).map_err(|_| NoAddress)?.trim();
    let address = match text.strip_prefix('/') {
        Some(parts) => multiaddress(parts).ok_or(NoAddress)?,
        None => text.parse().map_err(|_| NoAddress)?,
    };
    match address.port() != 0 && !address.ip().is_unspecified() && !address.ip().is_multicast() {
        true => Ok(address),
        false => Err(NoAddress),
    }
}

fn multiaddress(parts: &str) -> Option<SocketAddr> {
    let mut parts = parts.split('/');
    let (kind, ip) = (parts.next()?, parts.next()?);
    let ip: IpAddr = match kind {
        "ip4" => IpAddr::V4(ip.parse().ok()?),
        "ip6" => IpAddr::V6(ip.parse().ok()?),
        _ => return None,
    };
    if parts.next()? != "udp" {
        return None;
    }
    let port = parts.next()?.parse().ok()?;
    match (parts.next(), parts.next()) {
        (None | Some("quic-v1"), None) => Some(SocketAddr::new(ip, port)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read_in_both_forms() {
        let same = [
            "192.0.2.7:30400",
            " 192.0.2.7:30400 ",
            "/ip4/192.0.2.7/udp/30400",
            "/ip4/192.0.2.7/udp/30400/quic-v1",
        ];
        for text in same {
            let address = parse(text.as_bytes()).unwrap();
            assert_eq!(address.to_string(), "192.0.2.7:30400", "{text}");
        }
        for text in ["[2001:db8::7]:1", "/ip6/2001:db8::7/udp/1"] {
            let address = parse(text.as_bytes()).unwrap();
            assert_eq!(address.to_string(), "[2001:db8::7]:1", "{text}");
        }
    }

    #[test]
    fn whatever_else_is_none() {
        let none = [
            "",
            "/",
            "relay.example:30400",
            "192.0.2.7",
            "192.0.2.7:0",
            "0.0.0.0:30400",
            "[::]:30400",
            "224.0.0.1:30400",
            "192.0.2.7:65536",
            "/ip4/192.0.2.7/tcp/30400",
            "/ip4/2001:db8::7/udp/1",
            "/dns/relay.example/udp/30400",
            "/ip4/192.0.2.7/udp/30400/quic-v1/p2p/x",
        ];
        for text in none {
            assert_eq!(parse(text.as_bytes()), Err(NoAddress), "{text}");
        }
        assert_eq!(parse(&[0xFF, 0xFE]), Err(NoAddress));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn what_is_printed_is_read(ip in any::<IpAddr>(), port in 1..=u16::MAX) {
            prop_assume!(!ip.is_unspecified() && !ip.is_multicast());
            let address = SocketAddr::new(ip, port);
            prop_assert_eq!(parse(address.to_string().as_bytes()), Ok(address));
        }
    }
}
