//! How many connections there may be, how fast one may ask, and what all may keep.

mod network;

use crate::budget::Budget;
use codec::Encode;
use parlance_bimp::Credential;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

pub(crate) use network::{Network, WIDER};

/// Between two times at which rates of addresses and of peers that are gone are thrown out when they are full again.
const TIDY: Duration = Duration::from_secs(1);

/// Bounds for connections and for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionLimits {
    /// Connections at the same time.
    pub connections: usize,
    /// From one address; eight times as many from the network around it. A network behind one address, or a test on one machine, needs more.
    pub per_address: usize,
    /// Over the bridge ([`crate::bridge`]), all together.
    pub bridged: usize,
    /// Of one device, or of one relay. Lost connections count until they are noticed.
    pub per_peer: usize,
    /// What all connections together may keep beyond a little each ([`crate::budget`]), MiB.
    pub budget_mib: usize,
    /// Handshakes that are begun for one address in a second, on average over two, and eight times as many for the network around it: each
    /// costs more than a thousand frames.
    pub handshakes_per_address: u32,
    /// Frames of a connection that has not authenticated, in a second, on average over two.
    pub stranger_requests: u32,
    /// Frames of a device in a second, on average over two: requests, pings and credit alike, of all its connections.
    pub device_requests: u32,
    /// Of a relay.
    pub relay_requests: u32,
    /// Reconciliations that a relay may ask for in a second.
    pub reconciliations: u32,
    /// Seconds until a connection must have authenticated.
    pub authenticate_seconds: u64,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            per_address: 256,
            bridged: 256,
            per_peer: 16,
            budget_mib: 256,
            handshakes_per_address: 20,
            stranger_requests: 10,
            device_requests: 500,
            relay_requests: 20_000,
            reconciliations: 200,
            authenticate_seconds: 10,
        }
    }
}

/// Counts the connections that are there.
#[derive(Clone, Debug)]
pub struct Gate {
    limits: ConnectionLimits,
    budget: Budget,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_network: HashMap<Network, usize>,
    /// Of those who are there, and who were a moment ago: nobody gets a full rate by coming again.
    by_peer: HashMap<Vec<u8>, Peer>,
    /// Of networks from which hands were shaken in the last seconds.
    handshakes: HashMap<Network, Rate>,
    /// When [`Self::tidy`] last looked.
    tidied: Option<Instant>,
}

/// The connections of one device or relay.
#[derive(Debug)]
struct Peer {
    connections: usize,
    pace: Pace,
}

/// A place for a connection; free again when it is dropped.
#[derive(Debug)]
pub struct Permit {
    networks: Vec<Network>,
    open: Arc<Mutex<Open>>,
}

/// A place for a connection of somebody; free again when it is dropped.
#[derive(Debug)]
pub struct PeerPermit {
    peer: Vec<u8>,
    pace: Pace,
    open: Arc<Mutex<Open>>,
}

impl PeerPermit {
    /// What all connections of this peer share.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }
}

impl Gate {
    /// Nobody is there.
    pub fn new(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            budget: Budget::new(limits.budget_mib.saturating_mul(1 << 20)),
            open: Arc::default(),
        }
    }

    /// What those who are there may keep.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// A place, if there is one and the address has not shaken hands too often.
    pub fn enter(&self, address: IpAddr, now: Instant) -> Option<Permit> {
        let ConnectionLimits {
            per_address,
            handshakes_per_address: rate,
            ..
        } = self.limits;
        let wider = u32::try_from(WIDER).unwrap_or(u32::MAX);
        let narrow = (Network::of(address), per_address, rate);
        let around = (
            Network::around(address),
            per_address.saturating_mul(WIDER),
            rate.saturating_mul(wider),
        );
        self.enter_as(&[narrow, around], Some(now))
    }

    /// A place for a connection over the bridge, if there is one. It shakes no hands, so there is no rate that one could use up for all.
    pub fn enter_bridged(&self) -> Option<Permit> {
        self.enter_as(&[(Network::BRIDGE, self.limits.bridged, 0)], None)
    }

    /// In all of these networks, each with the connections and the handshakes in a second that it may have.
    fn enter_as(
        &self,
        networks: &[(Network, usize, u32)],
        shakes: Option<Instant>,
    ) -> Option<Permit> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = networks.iter().all(|(network, most, _)| {
            let here = open.by_network.get(network).copied().unwrap_or(0);
            here < *most
        });
        if open.all >= self.limits.connections || !has_room {
            return None;
        }
        if let Some(now) = shakes
            && !open.shake(networks, now)
        {
            return None;
        }
        open.all = open.all.saturating_add(1);
        for (network, ..) in networks {
            let here = open.by_network.entry(*network).or_default();
            *here = here.saturating_add(1);
        }
        Some(Permit {
            networks: networks.iter().map(|(network, ..)| *network).collect(),
            open: self.open.clone(),
        })
    }

    /// A place for a connection that is already there and now shows whose it is.
    pub fn admit(&self, peer: &Credential, now: Instant) -> Option<PeerPermit> {
        let per_second = match peer {
            Credential::Device { .. } => self.limits.device_requests,
            Credential::Relay { .. } => self.limits.relay_requests,
        };
        let peer = peer.encode();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.tidy(now);
        let here = open.by_peer.entry(peer.clone()).or_insert_with(|| Peer {
            connections: 0,
            pace: Pace::new(per_second, now),
        });
        if here.connections >= self.limits.per_peer {
            return None;
        }
        here.connections = here.connections.saturating_add(1);
        Some(PeerPermit {
            peer,
            pace: here.pace.clone(),
            open: self.open.clone(),
        })
    }
}

impl Open {
    /// Whether hands may be shaken once more in all of these networks. It is counted in all, or in none.
    fn shake(&mut self, networks: &[(Network, usize, u32)], now: Instant) -> bool {
        self.tidy(now);
        let may = networks.iter().all(|(network, _, per_second)| {
            let rate = self.handshakes.entry(*network);
            let rate = rate.or_insert_with(|| Rate::new(*per_second, now));
            rate.wait(now).is_none()
        });
        for (network, ..) in networks.iter().filter(|_| may) {
            if let Some(rate) = self.handshakes.get_mut(network) {
                rate.take(1, now);
            }
        }
        may
    }

    /// Forgets addresses, and peers that are gone, that may do as much again as anybody.
    fn tidy(&mut self, now: Instant) {
        let since = |last| now.saturating_duration_since(last);
        if self.tidied.is_none_or(|last| since(last) >= TIDY) {
            self.tidied = Some(now);
            self.handshakes.retain(|_, rate| !rate.is_full(now));
            self.by_peer
                .retain(|_, peer| peer.connections > 0 || !peer.pace.is_full(now));
        }
    }
}

impl Drop for PeerPermit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = open.by_peer.get_mut(&self.peer) {
            here.connections = here.connections.saturating_sub(1);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        for network in &self.networks {
            if let Some(here) = open.by_network.get_mut(network) {
                *here = here.saturating_sub(1);
                if *here == 0 {
                    open.by_network.remove(network);
                }
            }
        }
    }
}

/// So many a second on average, twice as many at once.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    per_second: u32,
    left: f64,
    filled: Instant,
}

impl Rate {
    /// Full.
    pub fn new(per_second: u32, now: Instant) -> Self {
        Self {
            per_second,
            left: f64::from(per_second) * 2.0,
            filled: now,
        }
    }

    /// Takes some, also if fewer are left: whoever is behind waits for longer.
    pub fn take(&mut self, count: u32, now: Instant) {
        self.fill(now);
        self.left -= f64::from(count);
    }

    /// When there will be one again; none if there is.
    pub fn wait(&mut self, now: Instant) -> Option<Instant> {
        self.fill(now);
        if self.left >= 1.0 {
            return None;
        }
        let seconds = (1.0 - self.left) / f64::from(self.per_second.max(1));
        now.checked_add(Duration::from_secs_f64(seconds.min(60.0)))
    }

    /// Whether nothing was taken lately.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.left >= f64::from(self.per_second) * 2.0
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        let most = f64::from(self.per_second) * 2.0;
        self.left = (self.left + passed * f64::from(self.per_second)).min(most);
        self.filled = now;
    }
}

/// A rate that connections share. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Mutex<Rate>>);

impl Pace {
    /// Full.
    pub fn new(per_second: u32, now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Rate::new(per_second, now))))
    }

    /// See [`Rate::take`].
    pub fn take(&self, count: u32, now: Instant) {
        let mut rate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rate.take(count, now);
    }

    /// See [`Rate::wait`].
    pub fn wait(&self, now: Instant) -> Option<Instant> {
        let mut rate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rate.wait(now)
    }

    /// See [`Rate::is_full`].
    fn is_full(&self, now: Instant) -> bool {
        let mut rate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rate.is_full(now)
    }
}

#[cfg(test)]
mod tests;
