//! Who is let in at the port of the fallback relay (F4), and what they are counted as.

use crate::{
    figures::{Figures, count},
    gate::{Network, Rate, WIDER},
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, Weak, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Bounds for TCP connections to the fallback relay. A network is an IPv4 address, or 64 bits of IPv6; the one around it has eight times
/// as much. Whoever comes from this machine is a proxy that an operator has put before it, which knows networks where this cannot: of it
/// the bounds of all hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections that have not shown a key, all together.
    pub strangers: usize,
    /// Of one network.
    pub strangers_per_network: usize,
    /// Connections that one network may begin in a second, on average over two.
    pub new_per_network: u32,
    /// Connections of one network, those with a key included.
    pub per_network: usize,
    /// Connections with a key, all together.
    pub places: usize,
    /// How long one may take from its first packet until it has shown its key.
    pub patience: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            strangers: 512,
            strangers_per_network: 16,
            new_per_network: 10,
            per_network: 256,
            places: super::PLACES,
            patience: Duration::from_secs(10),
        }
    }
}

/// Between two times at which rates are thrown out that are full again.
const TIDY: Duration = Duration::from_secs(1);

/// Counts who is there.
#[derive(Debug)]
pub struct Door {
    bounds: Bounds,
    figures: Arc<Figures>,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    strangers: usize,
    known: usize,
    networks: HashMap<Network, Here>,
    rates: HashMap<Network, Rate>,
    tidied: Option<Instant>,
    last: u64,
    visits: HashMap<u64, Weak<Visit>>,
}

#[derive(Debug, Default)]
struct Here {
    strangers: usize,
    all: usize,
}

/// A TCP connection that was let in. Its place is free again when this is dropped.
#[derive(Debug)]
pub struct Visit {
    door: Arc<Door>,
    number: u64,
    networks: [Network; 2],
    /// Whoever waits for the key; none once it is shown.
    waits: Mutex<Option<oneshot::Sender<()>>>,
}

impl Door {
    /// Nobody is there.
    pub fn new(bounds: Bounds, figures: Arc<Figures>) -> Self {
        Self {
            bounds,
            figures,
            inside: Mutex::default(),
        }
    }

    /// How long strangers may take.
    pub fn patience(&self) -> Duration {
        self.bounds.patience
    }

    /// What is counted.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// A place for a connection, if there is one, and what tells that it has shown its key, or has ended.
    pub fn enter(
        self: &Arc<Self>,
        address: IpAddr,
        now: Instant,
    ) -> Option<(Arc<Visit>, oneshot::Receiver<()>)> {
        let visit = self.place(address, now);
        if visit.is_none() {
            count(&self.figures.fallback_refused);
        }
        visit
    }

    fn place(
        self: &Arc<Self>,
        address: IpAddr,
        now: Instant,
    ) -> Option<(Arc<Visit>, oneshot::Receiver<()>)> {
        let bounds = self.bounds;
        let networks = [Network::of(address), Network::around(address)];
        let is_proxy = address.to_canonical().is_loopback();
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.tidy(now);
        if inside.strangers >= bounds.strangers {
            return None;
        }
        if !is_proxy && !inside.may_come(&networks, &bounds, now) {
            return None;
        }
        inside.strangers = inside.strangers.saturating_add(1);
        for network in networks {
            let here = inside.networks.entry(network).or_default();
            here.strangers = here.strangers.saturating_add(1);
            here.all = here.all.saturating_add(1);
        }
        inside.last = inside.last.wrapping_add(1);
        let number = inside.last;
        let (waits, shown) = oneshot::channel();
        let visit = Arc::new(Visit {
            door: self.clone(),
            number,
            networks,
            waits: Mutex::new(Some(waits)),
        });
        inside.visits.insert(number, Arc::downgrade(&visit));
        Some((visit, shown))
    }

    /// The connection of this number, as long as it is there.
    pub fn visit(&self, number: u64) -> Option<Arc<Visit>> {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.visits.get(&number).and_then(Weak::upgrade)
    }

    /// Connections that have shown a key.
    pub fn known(&self) -> usize {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.known
    }

    /// Connections that have not.
    pub fn strangers(&self) -> usize {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.strangers
    }

    /// Shows how many are there.
    pub fn show(&self, packets: u64) {
        let figures = &self.figures;
        for (figure, value) in [
            (&figures.fallback_connections, self.known()),
            (&figures.fallback_strangers, self.strangers()),
        ] {
            figure.store(u64::try_from(value).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        figures.fallback_packets.store(packets, Ordering::Relaxed);
    }
}

impl Inside {
    /// Whether one more of a network, and of the one around it, may begin. It is counted in both, or in none.
    fn may_come(&mut self, networks: &[Network; 2], bounds: &Bounds, now: Instant) -> bool {
        let may = networks.iter().zip([1, WIDER]).all(|(network, times)| {
            let none = Here::default();
            let here = self.networks.get(network).unwrap_or(&none);
            let strangers = bounds.strangers_per_network.saturating_mul(times);
            let has_room =
                here.strangers < strangers && here.all < bounds.per_network.saturating_mul(times);
            let times = u32::try_from(times).unwrap_or(u32::MAX);
            let per_second = bounds.new_per_network.saturating_mul(times);
            let rate = self.rates.entry(*network);
            let rate = rate.or_insert_with(|| Rate::new(per_second, now));
            has_room && rate.wait(now).is_none()
        });
        for network in networks.iter().filter(|_| may) {
            if let Some(rate) = self.rates.get_mut(network) {
                rate.take(1, now);
            }
        }
        may
    }

    fn tidy(&mut self, now: Instant) {
        let since = |last| now.saturating_duration_since(last);
        if self.tidied.is_none_or(|last| since(last) >= TIDY) {
            self.tidied = Some(now);
            self.rates.retain(|_, rate| !rate.is_full(now));
        }
    }
}

impl Visit {
    /// Its number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// It has shown a key. Whether there is a place for it; it counts there from now on.
    pub fn settle(&self) -> bool {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let mut inside = self
            .door
            .inside
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if waits.is_none() {
            return true;
        }
        if inside.known >= self.door.bounds.places {
            return false;
        }
        inside.known = inside.known.saturating_add(1);
        inside.strangers = inside.strangers.saturating_sub(1);
        for network in &self.networks {
            if let Some(here) = inside.networks.get_mut(network) {
                here.strangers = here.strangers.saturating_sub(1);
            }
        }
        if let Some(waits) = waits.take() {
            // Nobody may wait any more.
            let _ = waits.send(());
        }
        true
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let waits = self
            .waits
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let is_stranger = usize::from(waits.is_some());
        let door = self.door.clone();
        let mut inside = door.inside.lock().unwrap_or_else(PoisonError::into_inner);
        inside.visits.remove(&self.number);
        inside.strangers = inside.strangers.saturating_sub(is_stranger);
        inside.known = inside
            .known
            .saturating_sub(1_usize.saturating_sub(is_stranger));
        for network in &self.networks {
            if let Some(here) = inside.networks.get_mut(network) {
                here.strangers = here.strangers.saturating_sub(is_stranger);
                here.all = here.all.saturating_sub(1);
                if here.all == 0 {
                    inside.networks.remove(network);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
