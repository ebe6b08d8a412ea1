//! The fallback relay: passes packets on between devices that find no other way to each other.
//!
//! - **F1** It speaks iroh's relay protocol, over TCP (HTTP, then a WebSocket) at the same address and port number at which the relay listens
//!   over UDP, so that whoever knows the one knows the other. Where the relay has several addresses it is at one: the first that is open to
//!   both families, or else the first. If that is taken the relay goes on without.
//! - **F2** Endpoints prove their keys. What is passed on is QUIC between the two, encrypted: the relay sees which keys talk, how
//!   much, and when. It keeps nothing.
//! - **F3** Nobody pays for it and nobody is paid, so it is a way to begin with: each endpoint may send [`RATE`] bytes in a second, and there are
//!   [`PLACES`] places. Whoever finds none is sent away.
//! - **F4** Before a connection has shown a key it is nobody's: such ones are few in all and of one network, have little time, and are
//!   counted before a byte of them is read ([`door`]). Those that have shown one count for their network too.

pub mod door;
mod serve;

use crate::figures::Figures;
use door::{Bounds, Door};
use iroh_relay::{
    KeyCache,
    server::{ClientRateLimit, DynAccessControl, Handlers, Metrics, RelayService},
};
use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};
use tokio::net::TcpListener;

/// What an endpoint may send through it in a second, bytes; four times as much at once.
pub const RATE: NonZeroU32 = NonZeroU32::new(256 << 10).expect("not zero");
const BURST: NonZeroU32 = NonZeroU32::new(1 << 20).expect("not zero");
/// Connections at the same time that have shown a key.
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
    pub cause: std::io::Error,
}

/// A fallback relay that runs. Dropped, it ends.
#[derive(Debug)]
pub struct FallbackRelay {
    address: SocketAddr,
    service: RelayService,
    metrics: Arc<Metrics>,
    door: Arc<Door>,
    accepting: tokio::task::JoinHandle<()>,
}

/// Of the addresses at which a relay listens, the one for the fallback relay (F1).
pub fn place(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let open = |address: &&SocketAddr| address.is_ipv6() && address.ip().is_unspecified();
    let both = addresses.iter().find(open);
    both.or_else(|| addresses.first()).copied()
}

impl FallbackRelay {
    /// Starts it on the present runtime. What it counts is in `figures`.
    pub async fn start(address: SocketAddr, figures: Arc<Figures>) -> Result<Self, FallbackError> {
        Self::start_within(address, Bounds::default(), figures).await
    }

    /// The same with other bounds.
    pub async fn start_within(
        address: SocketAddr,
        bounds: Bounds,
        figures: Arc<Figures>,
    ) -> Result<Self, FallbackError> {
        let failed = |cause| FallbackError { address, cause };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let door = Arc::new(Door::new(bounds, figures));
        let access: Arc<dyn DynAccessControl> = Arc::new(serve::Keys::new(door.clone()));
        let metrics = Arc::new(Metrics::default());
        let mut rate = ClientRateLimit::new(RATE);
        rate.max_burst_bytes = Some(BURST);
        let mut handlers = Handlers::default();
        serve::answer_probes(&mut handlers);
        let service = RelayService::new(
            handlers,
            hyper::HeaderMap::new(),
            Some(rate),
            KeyCache::new(PLACES),
            access,
            metrics.clone(),
        );
        let accept = serve::accept(listener, door.clone(), service.clone(), metrics.clone());
        let accepting = tokio::spawn(accept);
        Ok(Self {
            address,
            service,
            metrics,
            door,
            accepting,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that have shown a key.
    pub fn connections(&self) -> usize {
        self.door.known()
    }

    /// Connections that have not.
    pub fn strangers(&self) -> usize {
        self.door.strangers()
    }

    /// Packets that it has passed on.
    pub fn passed_on(&self) -> u64 {
        self.metrics.send_packets_sent.get()
    }

    /// Ends it.
    pub async fn stop(self) {
        self.accepting.abort();
        self.service.shutdown().await;
    }
}

impl Drop for FallbackRelay {
    fn drop(&mut self) {
        self.accepting.abort();
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
}
