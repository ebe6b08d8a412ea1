//! Relays that keep an order of handshakes, and lose, delay and repeat what they are offered, by a seed.

use parlance_groups::{GroupId, HandshakeOrder};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

/// How bad the way to the relays is, in percent of the offers.
#[derive(Clone, Copy, Default)]
pub struct Weather {
    pub lost: u32,
    pub delayed: u32,
    pub repeated: u32,
}

pub struct Relays {
    rng: ChaCha20Rng,
    pub weather: Weather,
    log: Vec<Vec<u8>>,
    on_the_way: Vec<Vec<u8>>,
}

impl Relays {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha20Rng::seed_from_u64(seed),
            weather: Weather::default(),
            log: Vec::new(),
            on_the_way: Vec::new(),
        }
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.rng.next_u32() % 100 < percent
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.rng.next_u32() as usize % bound
    }

    /// Lets one of the delayed offers arrive, any of them.
    pub fn arrive(&mut self) {
        if !self.on_the_way.is_empty() {
            let which = self.below(self.on_the_way.len());
            let handshake = self.on_the_way.swap_remove(which);
            self.log.push(handshake);
        }
    }

    pub fn len(&self) -> usize {
        self.log.len()
    }

    pub fn next_position(&self) -> u64 {
        self.log.len() as u64
    }

    /// How many offers have not arrived yet.
    pub fn on_the_way(&self) -> usize {
        self.on_the_way.len()
    }

    pub fn all(&self) -> &[Vec<u8>] {
        &self.log
    }

    /// Puts bytes into the order as somebody from outside would.
    pub fn push(&mut self, bytes: Vec<u8>) {
        self.log.push(bytes);
    }
}

impl HandshakeOrder for Relays {
    type Error = String;

    fn offer(&mut self, _: GroupId, handshake: &[u8]) -> Result<(), String> {
        let weather = self.weather;
        let copies = 1 + usize::from(self.chance(weather.repeated));
        for _ in 0..copies {
            if self.chance(weather.lost) {
                continue;
            }
            match self.chance(weather.delayed) {
                true => self.on_the_way.push(handshake.to_vec()),
                false => self.log.push(handshake.to_vec()),
            }
        }
        Ok(())
    }

    fn read(&mut self, _: GroupId, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, String> {
        let from = usize::try_from(from).unwrap().min(self.log.len());
        Ok(self.log[from..].iter().take(limit).cloned().collect())
    }
}
