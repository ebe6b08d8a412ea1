//! Randomness for tests: seeded, and with a log of what was drawn.

use core::convert::Infallible;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng, TryCryptoRng, TryRng};
use std::vec::Vec;

/// A generator from a seed.
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Remembers every draw. Vectors print them; the thief who breaks X25519 looks private keys up in them.
pub struct RecordingRng {
    inner: ChaCha20Rng,
    pub draws: Vec<Vec<u8>>,
}

impl RecordingRng {
    pub fn new(seed: u64) -> Self {
        Self {
            inner: rng(seed),
            draws: Vec::new(),
        }
    }

    /// What was drawn since the last call.
    pub fn take(&mut self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.draws)
    }
}

impl TryRng for RecordingRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.inner.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.inner.next_u64())
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.inner.fill_bytes(dst);
        self.draws.push(dst.to_vec());
        Ok(())
    }
}

impl TryCryptoRng for RecordingRng {}
