//! Chance from a seed.

use parlance_primitives::{Balance, UNIT};

/// SplitMix64: small, good enough for choosing what happens, the same on every machine.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A balance or factor from `low` to `high`.
    pub fn between(&mut self, low: Balance, high: Balance) -> Balance {
        low + Balance::from(self.next()) % (high - low + 1)
    }

    /// Yes, once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// From a thousandth of a token to 100,000 tokens, all sizes equally often.
    pub fn stake(&mut self) -> Balance {
        let size = 10u128.pow(self.below(8) as u32) * UNIT / 1_000;
        self.between(size, size * 10)
    }

    /// One to sixteen of a list, in random order.
    pub fn some_of<T>(&mut self, list: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut rest: Vec<T> = list.into_iter().collect();
        let count = (1 + self.below(16) as usize).min(rest.len());
        (0..count)
            .map(|_| rest.swap_remove(self.below(rest.len() as u64) as usize))
            .collect()
    }
}
