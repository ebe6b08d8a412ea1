//! The bottleneck: a queue that is served at a rate, behind it loss, delay and jitter.

use std::{collections::VecDeque, time::Duration};

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A link in one direction, and the way back.
#[derive(Debug, Clone)]
pub struct Link {
    /// Rate in bits per second from each moment on; the first moment is zero.
    pub rates: Vec<(Duration, u64)>,
    /// Round trip without queue and jitter; half of it lies on each way.
    pub round_trip: Duration,
    /// What the way to the receiver's delay varies by.
    pub jitter: Option<Jitter>,
    /// What is lost behind the queue, so that it has used up the link.
    pub loss: Loss,
    /// Loss on the way back.
    pub loss_back: Loss,
    /// The queue's length in bytes; what does not fit is dropped at its end.
    pub queue: u64,
}

/// Variation of the delay, uniform around the middle.
#[derive(Debug, Clone, Copy)]
pub enum Jitter {
    /// Each packet draws its own delay, so that packets overtake each other.
    EachPacket {
        /// Largest deviation to either side.
        spread: Duration,
    },
    /// A new delay is drawn every so often and packets keep their order, as behind a radio's scheduler.
    InOrder {
        /// Largest deviation to either side.
        spread: Duration,
        /// How long a delay stays.
        every: Duration,
    },
}

/// How packets are lost.
#[derive(Debug, Clone, Copy)]
pub enum Loss {
    /// None.
    None,
    /// Each packet alone, so many in a million.
    Random {
        /// Share in a million.
        per_million: u32,
    },
    /// Bursts (a Gilbert channel): the chance in a million that one begins at a packet, and its mean length.
    Bursts {
        /// Chance in a million.
        per_million: u32,
        /// Mean length in packets.
        mean_packets: u32,
    },
}

impl Link {
    /// A link with one rate, without loss and jitter, whose queue is as long as the bandwidth-delay product.
    pub fn plain(bits_per_second: u64, round_trip: Duration) -> Self {
        let mut link = Self {
            rates: vec![(Duration::ZERO, bits_per_second)],
            round_trip,
            jitter: None,
            loss: Loss::None,
            loss_back: Loss::None,
            queue: 0,
        };
        link.queue = link.bandwidth_delay(Duration::ZERO);
        link
    }

    /// The rate at a moment, in bits per second.
    pub fn rate(&self, at: Duration) -> u64 {
        let passed = self.rates.iter().take_while(|(from, _)| *from <= at);
        passed.last().map_or(1, |(_, rate)| (*rate).max(1))
    }

    /// Bandwidth-delay product at a moment, in bytes.
    pub fn bandwidth_delay(&self, at: Duration) -> u64 {
        (self.rate(at) as u128 * self.round_trip.as_nanos() / 8_000_000_000) as u64
    }

    /// Bytes that the link carries from one moment to another.
    pub fn capacity(&self, from: Duration, to: Duration) -> f64 {
        let mut bytes = 0.0;
        for (index, (start, rate)) in self.rates.iter().enumerate() {
            let end = self
                .rates
                .get(index + 1)
                .map_or(to, |(next, _)| (*next).min(to));
            let lasts = end.saturating_sub((*start).max(from));
            bytes += *rate as f64 / 8.0 * lasts.as_secs_f64();
        }
        bytes
    }
}

/// Draws losses in their order.
#[derive(Debug)]
pub struct Losses {
    loss: Loss,
    in_burst: bool,
    random: Pcg64Mcg,
}

impl Losses {
    /// With a seed of its own, so that one direction's losses do not depend on the other's packets.
    pub fn new(loss: Loss, seed: u64) -> Self {
        Self {
            loss,
            in_burst: false,
            random: Pcg64Mcg::seed_from_u64(seed),
        }
    }

    /// Whether the next packet is lost.
    pub fn next_is_lost(&mut self) -> bool {
        match self.loss {
            Loss::None => false,
            Loss::Random { per_million } => self.chance(per_million),
            Loss::Bursts {
                per_million,
                mean_packets,
            } => {
                self.in_burst = if self.in_burst {
                    !self.chance(1_000_000 / mean_packets.max(1))
                } else {
                    self.chance(per_million)
                };
                self.in_burst
            }
        }
    }

    fn chance(&mut self, per_million: u32) -> bool {
        below(&mut self.random, 1_000_000) < u64::from(per_million)
    }
}

/// A packet on the way.
#[derive(Debug)]
pub struct Packet {
    /// Number of the flow.
    pub flow: usize,
    /// The datagram.
    pub data: Vec<u8>,
}

/// The queue and what serves it.
#[derive(Debug)]
pub struct Bottleneck {
    link: Link,
    waiting: VecDeque<Packet>,
    bytes: u64,
    losses: Losses,
    random: Pcg64Mcg,
    /// The delay's present deviation and how long it stays, for jitter that keeps the order.
    drawn: (i64, Duration),
    last_arrival: Duration,
    /// Packets that found no room.
    pub dropped: u64,
    /// Bytes that left the queue, whether they were lost behind it or not.
    pub served: u64,
}

impl Bottleneck {
    /// An empty queue.
    pub fn new(link: Link, seed: u64) -> Self {
        Self {
            losses: Losses::new(link.loss, seed.wrapping_add(1)),
            link,
            waiting: VecDeque::new(),
            bytes: 0,
            random: Pcg64Mcg::seed_from_u64(seed),
            drawn: (0, Duration::ZERO),
            last_arrival: Duration::ZERO,
            dropped: 0,
            served: 0,
        }
    }

    /// Bytes that wait, the packet in service included.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A packet comes in. Returns when the one in service will be through, if service begins with this one.
    pub fn offer(&mut self, now: Duration, packet: Packet) -> Option<Duration> {
        let size = packet.data.len() as u64;
        // A packet alone always fits, however short the queue is.
        if !self.waiting.is_empty() && self.bytes + size > self.link.queue {
            self.dropped += 1;
            return None;
        }
        self.bytes += size;
        self.waiting.push_back(packet);
        (self.waiting.len() == 1).then(|| self.through(now))?
    }

    /// The packet in service is through. Returns it with its arrival, unless it is lost, and when the next is through.
    pub fn serve(&mut self, now: Duration) -> (Option<(Duration, Packet)>, Option<Duration>) {
        let Some(packet) = self.waiting.pop_front() else {
            return (None, None);
        };
        let size = packet.data.len() as u64;
        self.bytes -= size;
        self.served += size;
        let delivered = (!self.losses.next_is_lost()).then(|| (self.arrival(now), packet));
        (delivered, self.through(now))
    }

    /// When the packet at the head is through, if its service begins now. One that is in service when the rate changes
    /// ends at the old one.
    fn through(&self, now: Duration) -> Option<Duration> {
        let packet = self.waiting.front()?;
        let nanoseconds =
            packet.data.len() as u128 * 8 * 1_000_000_000 / u128::from(self.link.rate(now));
        Some(now + Duration::from_nanos(nanoseconds as u64))
    }

    fn arrival(&mut self, now: Duration) -> Duration {
        let middle = self.link.round_trip / 2;
        match self.link.jitter {
            None => now + middle,
            Some(Jitter::EachPacket { spread }) => {
                let deviation = deviation(&mut self.random, spread);
                shifted(now + middle, deviation, now)
            }
            Some(Jitter::InOrder { spread, every }) => {
                if now >= self.drawn.1 {
                    self.drawn = (deviation(&mut self.random, spread), now + every);
                }
                let arrival = shifted(now + middle, self.drawn.0, now);
                self.last_arrival = self.last_arrival.max(arrival);
                self.last_arrival
            }
        }
    }
}

/// Uniform from -spread to +spread, in nanoseconds.
fn deviation(random: &mut Pcg64Mcg, spread: Duration) -> i64 {
    let spread = spread.as_nanos() as i64;
    below(random, 2 * spread as u64 + 1) as i64 - spread
}

fn shifted(time: Duration, nanoseconds: i64, earliest: Duration) -> Duration {
    let by = Duration::from_nanos(nanoseconds.unsigned_abs());
    let moved = if nanoseconds < 0 {
        time.saturating_sub(by)
    } else {
        time + by
    };
    moved.max(earliest)
}

fn below(random: &mut Pcg64Mcg, bound: u64) -> u64 {
    ((u128::from(random.next_u64()) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn packet(bytes: usize) -> Packet {
        Packet {
            flow: 0,
            data: vec![0; bytes],
        }
    }

    #[test]
    fn packets_leave_at_the_rate_and_arrive_after_half_a_round_trip() {
        // 8 Mbit/s: a kilobyte per millisecond.
        let mut link = Bottleneck::new(Link::plain(8_000_000, 40 * MILLISECOND), 1);
        assert_eq!(link.offer(Duration::ZERO, packet(1000)), Some(MILLISECOND));
        assert_eq!(link.offer(Duration::ZERO, packet(1000)), None);
        assert_eq!(link.bytes(), 2000);
        let (first, next) = link.serve(MILLISECOND);
        assert_eq!(first.expect("nothing is lost here").0, 21 * MILLISECOND);
        assert_eq!(next, Some(2 * MILLISECOND));
        let (_, next) = link.serve(2 * MILLISECOND);
        assert_eq!((next, link.bytes(), link.served), (None, 0, 2000));
    }

    #[test]
    fn what_does_not_fit_is_dropped() {
        let mut link = Link::plain(8_000_000, 40 * MILLISECOND);
        link.queue = 2500;
        let mut bottleneck = Bottleneck::new(link, 1);
        for _ in 0..4 {
            bottleneck.offer(Duration::ZERO, packet(1000));
        }
        assert_eq!((bottleneck.bytes(), bottleneck.dropped), (2000, 2));
    }

    #[test]
    fn a_new_rate_holds_for_the_next_packet() {
        let mut link = Link::plain(8_000_000, 40 * MILLISECOND);
        link.rates.push((MILLISECOND, 4_000_000));
        assert_eq!(link.capacity(Duration::ZERO, 3 * MILLISECOND), 2000.0);
        let mut bottleneck = Bottleneck::new(link, 1);
        bottleneck.offer(Duration::ZERO, packet(1000));
        bottleneck.offer(Duration::ZERO, packet(1000));
        assert_eq!(bottleneck.serve(MILLISECOND).1, Some(3 * MILLISECOND));
    }

    #[test]
    fn as_much_is_lost_as_was_asked_for_and_the_seed_repeats_it() {
        let draw = |loss, seed| {
            let mut losses = Losses::new(loss, seed);
            (0..100_000)
                .map(|_| losses.next_is_lost())
                .collect::<Vec<_>>()
        };
        let count = |drawn: &[bool]| drawn.iter().filter(|lost| **lost).count();
        let random = Loss::Random {
            per_million: 10_000,
        };
        assert!((900..1100).contains(&count(&draw(random, 7))));
        assert_eq!(draw(random, 7), draw(random, 7));
        assert_ne!(draw(random, 7), draw(random, 8));
        let bursts = Loss::Bursts {
            per_million: 1_000,
            mean_packets: 10,
        };
        assert!((700..1300).contains(&count(&draw(bursts, 7))));
    }

    #[test]
    fn jitter_keeps_or_changes_the_order_as_asked() {
        let arrivals = |jitter| {
            let mut link = Link::plain(80_000_000, 40 * MILLISECOND);
            link.jitter = Some(jitter);
            let mut bottleneck = Bottleneck::new(link, 3);
            let times = (0..1000).map(|step| bottleneck.arrival(step * MILLISECOND / 10));
            times.collect::<Vec<_>>()
        };
        let spread = 20 * MILLISECOND;
        let each = arrivals(Jitter::EachPacket { spread });
        assert!(!each.is_sorted());
        let every = 20 * MILLISECOND;
        let in_order = arrivals(Jitter::InOrder { spread, every });
        assert!(in_order.is_sorted());
        let delays = in_order.iter().enumerate();
        let delays = delays.map(|(step, at)| *at - step as u32 * MILLISECOND / 10);
        let (shortest, longest) = (delays.clone().min(), delays.max());
        assert!(longest.expect("some") - shortest.expect("some") > 10 * MILLISECOND);
    }
}
