//! The fallback relay: passes packets on between devices that find no other way to each other.
//!
//! - **F1** It speaks iroh's relay protocol, over TCP (HTTP, then a WebSocket) at the same address and port number at which the relay listens
//!   over UDP, so that whoever knows the one knows the other. Where the relay has several addresses it is at one: the first that is open to
//!   both families, or else the first. If that is taken the relay goes on without.
//! - **F2** Endpoints prove their keys. What is passed on is QUIC between the two, encrypted: the relay sees which keys talk, how
//!   much, and when. It keeps nothing.
//! - **F3** Nobody pays for it and nobody is paid, so it is a way to begin with: each endpoint may send [`RATE`] bytes in a second, and there are
//!   [`PLACES`] places. Whoever finds none is sent away.

use iroh_relay::server::{
    Access, AccessControl, ClientRateLimit, ClientRequest, ConnectionId, Limits, RelayConfig,
    Server, ServerConfig,
};
use parlance_endpoint::PublicKey;
use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What an endpoint may send through it in a second, bytes; four times as much at once.
pub const RATE: NonZeroU32 = NonZeroU32::new(256 << 10).expect("not zero");
const BURST: NonZeroU32 = NonZeroU32::new(1 << 20).expect("not zero");
/// Connections at the same time.
pub const PLACES: usize = 4_096;

/// Why there is no fallback relay.
#[derive(Debug, thiserror::Error)]
#[error(
    "no fallback relay at {address} over TCP ({cause}): free that port, or say \"fallback\": false"
)]
pub struct FallbackError {
    /// Where.
    pub address: SocketAddr,
    /// What the system says.
    pub cause: String,
}

/// A fallback relay that runs. Dropped, it ends.
#[derive(Debug)]
pub struct FallbackRelay {
    server: Server,
    places: Arc<Places>,
}

#[derive(Debug, Default)]
struct Places {
    taken: AtomicUsize,
}

impl AccessControl for Places {
    async fn on_connect(&self, _: &ClientRequest) -> Access {
        let more = |taken: usize| (taken < PLACES).then_some(taken.saturating_add(1));
        let taken = self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        match taken {
            Ok(_) => Access::Allow,
            Err(_) => Access::Deny {
                reason: Some("no place is free".into()),
            },
        }
    }

    fn on_disconnect(&self, _: PublicKey, _: ConnectionId) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Of the addresses at which a relay listens, the one for the fallback relay (F1).
pub fn place(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let open = |address: &&SocketAddr| address.is_ipv6() && address.ip().is_unspecified();
    let both = addresses.iter().find(open);
    both.or_else(|| addresses.first()).copied()
}

impl FallbackRelay {
    /// Starts it on the present runtime.
    pub async fn start(address: SocketAddr) -> Result<Self, FallbackError> {
        let places = Arc::new(Places::default());
        let mut rate = ClientRateLimit::new(RATE);
        rate.max_burst_bytes = Some(BURST);
        let mut limits = Limits::default();
        limits.client_rx = Some(rate);
        let mut relay = RelayConfig::new(address);
        relay.limits = limits;
        relay.access = places.clone();
        let mut config = ServerConfig::default();
        config.relay = Some(relay);
        let server = Server::spawn(config).await;
        let server = server.map_err(|error| FallbackError {
            address,
            cause: format!("{error:#}"),
        })?;
        Ok(Self { server, places })
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.server.http_addr()
    }

    /// Connections that it has.
    pub fn connections(&self) -> usize {
        self.places.taken.load(Ordering::Relaxed)
    }

    /// Packets that it has passed on.
    pub fn passed_on(&self) -> u64 {
        self.server.metrics().server.send_packets_sent.get()
    }

    /// Ends it.
    pub async fn stop(self) {
        if let Err(error) = self.server.shutdown().await {
            tracing::debug!(%error, "the fallback relay did not end well");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_where_both_families_find_it() {
        let parse = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|it| it.parse().unwrap()).collect()
        };
        for (addresses, at) in [
            (&["0.0.0.0:1", "[::]:2"][..], Some("[::]:2")),
            (&["192.0.2.1:1", "[2001:db8::1]:2"], Some("192.0.2.1:1")),
            (&[], None),
        ] {
            let at = at.map(|it| it.parse().unwrap());
            assert_eq!(place(&parse(addresses)), at);
        }
    }

    #[tokio::test]
    async fn places_are_given_back() {
        let places = Places::default();
        places.taken.store(PLACES, Ordering::Relaxed);
        let key = parlance_endpoint::SecretKey::from_bytes(&[1; 32]).public();
        let (request, _) = hyper::Request::new(()).into_parts();
        let client = ClientRequest::new(key, iroh_relay::http::ProtocolVersion::default(), request);
        assert!(matches!(
            AccessControl::on_connect(&places, &client).await,
            Access::Deny { .. }
        ));
        AccessControl::on_disconnect(&places, key, client.connection_id());
        let allowed = AccessControl::on_connect(&places, &client).await;
        assert_eq!(allowed, Access::Allow);
        assert_eq!(places.taken.load(Ordering::Relaxed), PLACES);
    }
}
