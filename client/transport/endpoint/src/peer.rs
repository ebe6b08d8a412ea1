//! Devices among themselves (C7).

use crate::{
    channel::{Channel, Way},
    endpoint::{Endpoint, cause},
    error::ConnectError,
};
use iroh::{EndpointAddr, PublicKey, RelayConfig, RelayUrl, TransportAddr};
use parlance_bimp::limits::ALPN;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

/// A relay that passes packets on. Over HTTP: what it passes on is encrypted between the two ends, and it knows nobody by a certificate but
/// endpoints by their keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fallback(RelayUrl);

/// A text that names no fallback relay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{url}\" is not the address of a fallback relay ({cause}): take one like http://relay.example:4433"
)]
pub struct NoFallback {
    /// The text.
    pub url: String,
    /// What is wrong with it.
    pub cause: String,
}

impl Fallback {
    /// That of a relay whose record has this host and port: the same number over TCP.
    pub fn beside(address: &str) -> Result<Self, NoFallback> {
        format!("http://{address}").parse()
    }
}

impl FromStr for Fallback {
    type Err = NoFallback;

    fn from_str(url: &str) -> Result<Self, NoFallback> {
        let wrong = |cause: String| NoFallback {
            url: url.into(),
            cause,
        };
        let parsed: RelayUrl = url.parse().map_err(|error| wrong(cause(&error)))?;
        match parsed.scheme() {
            "http" | "https" if parsed.has_host() => Ok(Self(parsed)),
            scheme => Err(wrong(format!("its scheme is {scheme}"))),
        }
    }
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Where an endpoint may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// Its key.
    pub key: PublicKey,
    /// Addresses at which it may be.
    pub addresses: Vec<SocketAddr>,
    /// The fallback relay that it is connected to.
    pub fallback: Option<Fallback>,
}

/// The way that packets of a connection take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// From one end to the other.
    Direct(SocketAddr),
    /// Through a fallback relay.
    Relayed(Fallback),
}

impl Endpoint {
    /// Whether others may dial it from now on. Takes effect for those who begin after it.
    pub fn accept_others(&self, accepts: bool) {
        let alpns = match accepts {
            true => vec![ALPN.to_vec()],
            false => Vec::new(),
        };
        self.inner.set_alpns(alpns);
    }

    /// Stays connected to this fallback relay, and to no other, so that it can be reached there. None ends that. Without
    /// [`Options::fallback`](crate::Options::fallback) nothing happens.
    pub async fn stay_at(&self, before: Option<&Fallback>, now: Option<&Fallback>) {
        if before == now {
            return;
        }
        if let Some(Fallback(url)) = now {
            // Its own address the endpoint learns from those that it talks to, not from there.
            let config = RelayConfig::new(url.clone(), None);
            self.inner.insert_relay(url.clone(), Arc::new(config)).await;
        }
        if let Some(Fallback(url)) = before {
            self.inner.remove_relay(url).await;
        }
    }

    /// Somebody sees this endpoint at this address, such as behind a translator of addresses: it is one that others may try.
    pub async fn seen_at(&self, address: SocketAddr) {
        self.inner.add_external_addr(address).await;
    }

    /// It is not seen there any more.
    pub async fn not_seen_at(&self, address: SocketAddr) {
        self.inner.remove_external_addr(&address).await;
    }

    /// What others would have to know to dial it, as far as it knows. The fallback relay is there once it has answered.
    pub fn whereabouts(&self) -> Whereabouts {
        let own = self.inner.addr();
        Whereabouts {
            key: own.id,
            addresses: own.ip_addrs().copied().filter(is_usable).collect(),
            fallback: own.relay_urls().next().cloned().map(Fallback),
        }
    }

    /// Connects to a device, without authenticating. Takes no longer than `timings.connect`.
    pub async fn dial_peer(&self, peer: &Whereabouts) -> Result<Channel, ConnectError> {
        let addresses = peer.addresses.iter().copied().filter(is_usable);
        let relay = peer.fallback.clone().map(|Fallback(url)| url);
        let address = EndpointAddr::from_parts(
            peer.key,
            addresses
                .map(TransportAddr::Ip)
                .chain(relay.map(TransportAddr::Relay)),
        );
        match address.is_empty() {
            true => Err(ConnectError::NoAddress),
            false => self.dial_at(address).await,
        }
    }
}

impl Channel {
    /// The way that packets take now. None for a connection that has ended, or that did not come by QUIC.
    pub fn path(&self) -> Option<Path> {
        let Way::Quic { connection, .. } = &self.way else {
            return None;
        };
        let paths = connection.paths();
        let path = paths.iter().find(|path| path.is_selected())?;
        match path.remote_addr() {
            TransportAddr::Ip(address) => Some(Path::Direct(*address)),
            TransportAddr::Relay(url) => Some(Path::Relayed(Fallback(url.clone()))),
            _ => None,
        }
    }
}

/// Whether one device can be dialled there. Addresses that hold on one link only say nothing elsewhere.
fn is_usable(address: &SocketAddr) -> bool {
    let link_local = match address.ip() {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let ip = address.ip();
    !link_local && !ip.is_unspecified() && !ip.is_multicast() && address.port() != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fallback_relay_is_beside_a_relay_or_a_url() {
        let beside = Fallback::beside("relay.example:4433").unwrap();
        assert_eq!(Ok(beside), "http://relay.example:4433".parse());
        assert!(Fallback::beside("[2001:db8::1]:4433").is_ok());
        for wrong in ["", "relay.example:4433", "ftp://relay.example", "http://"] {
            assert!(wrong.parse::<Fallback>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_that_are_nobodys_are_not_dialled() {
        for (address, usable) in [
            ("192.0.2.1:9", true),
            ("10.0.0.1:9", true),
            ("127.0.0.1:9", true),
            ("[2001:db8::1]:9", true),
            ("192.0.2.1:0", false),
            ("0.0.0.0:9", false),
            ("224.0.0.1:9", false),
            ("255.255.255.255:9", false),
            ("169.254.1.1:9", false),
            ("[fe80::1]:9", false),
            ("[ff02::1]:9", false),
        ] {
            assert_eq!(is_usable(&address.parse().unwrap()), usable, "{address}");
        }
    }
}
