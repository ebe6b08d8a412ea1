//! What happens to relays, from a seed, and when it did.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// What happens to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Killed with SIGKILL, and started again afterwards.
    Killed,
    /// Stopped with SIGSTOP: cut off from everybody, with what it has in hand.
    Stopped,
}

/// Faults at one time, of different relays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Which relays, one or two, and what happens to each.
    pub faults: Vec<(usize, Fault)>,
    /// For how long they are away.
    pub away: Duration,
    /// How long nothing happens then.
    pub calm: Duration,
}

/// Rounds without end.
pub struct Rounds {
    relays: usize,
    /// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
    state: u64,
}

impl Rounds {
    /// Of so many relays, at least two.
    pub fn new(relays: usize, seed: u64) -> Self {
        Self {
            relays: relays.max(2),
            state: seed,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below.max(1)
    }

    fn fault(&mut self) -> Fault {
        match self.random(2) {
            0 => Fault::Killed,
            _ => Fault::Stopped,
        }
    }
}

impl Iterator for Rounds {
    type Item = Round;

    fn next(&mut self) -> Option<Round> {
        let relays = self.relays;
        let one = self.random(relays as u64) as usize;
        let mut faults = vec![(one, self.fault())];
        // Two of three times both.
        if self.random(3) > 0 {
            let step = 1 + self.random(relays as u64 - 1) as usize;
            faults.push(((one + step) % relays, self.fault()));
        }
        Some(Round {
            faults,
            away: Duration::from_millis(300 + self.random(4_000)),
            calm: Duration::from_millis(500 + self.random(2_500)),
        })
    }
}

/// When relays were away last.
pub struct Times(Vec<Mutex<Option<Away>>>);

#[derive(Clone, Copy)]
struct Away {
    from: Instant,
    until: Option<Instant>,
}

/// A relay that is back needs this long until it answers as the others do; what it holds up in this time counts as the fault's.
const RECOVERY: Duration = Duration::from_secs(2);

impl Times {
    /// None was.
    pub fn new(relays: usize) -> Self {
        Self((0..relays).map(|_| Mutex::default()).collect())
    }

    /// A relay is away from now on.
    pub fn away(&self, relay: usize) {
        let (from, until) = (Instant::now(), None);
        self.with(relay, |away| *away = Some(Away { from, until }));
    }

    /// It is back.
    pub fn back(&self, relay: usize) {
        self.with(relay, |away| {
            if let Some(away) = away {
                away.until = Some(Instant::now());
            }
        });
    }

    /// Since when somebody waits for a relay because it is or was away, who has waited since then; none if it was there.
    pub fn since(&self, relay: usize, waits: Instant) -> Option<Instant> {
        let away = self.with(relay, |away| *away).flatten()?;
        let over = away.until.is_some_and(|until| until + RECOVERY < waits);
        (!over).then(|| away.from.max(waits))
    }

    fn with<T>(&self, relay: usize, use_it: impl FnOnce(&mut Option<Away>) -> T) -> Option<T> {
        let mut away = self
            .0
            .get(relay)?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Some(use_it(&mut away))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_plan_and_never_more_than_two_are_away() {
        let rounds = |seed| Rounds::new(5, seed).take(500).collect::<Vec<_>>();
        assert_eq!(rounds(3), rounds(3));
        assert_ne!(rounds(3), rounds(4));
        for round in rounds(3) {
            let relays: Vec<usize> = round.faults.iter().map(|(relay, _)| *relay).collect();
            assert!(
                matches!(relays[..], [one] if one < 5)
                    || matches!(relays[..], [one, two] if one != two && one < 5 && two < 5)
            );
        }
    }

    #[test]
    fn whoever_waits_for_a_relay_that_was_there_waits_for_no_fault() {
        let times = Times::new(2);
        let now = Instant::now();
        assert_eq!(times.since(0, now), None);
        times.away(0);
        let since = times.since(0, now).unwrap();
        assert!(since >= now);
        times.back(0);
        assert_eq!(times.since(0, since + RECOVERY * 2), None);
        assert_eq!(times.since(1, now), None);
    }
}
