//! How many transactions go into one call.

use parlance_primitives::batch::MAX_BATCH;
use std::time::Duration;

/// Time that a batch should take: long enough that the call itself costs next to nothing, short enough to
/// end a block on time.
const AIM: Duration = Duration::from_millis(20);
/// Size of the first batch, before anything is known of the transactions.
const FIRST: usize = 8;

/// Chooses the size of the next batch by the time that the last one took.
pub struct BatchSize(usize);

impl BatchSize {
    /// The size to begin with.
    pub fn first() -> Self {
        Self(FIRST)
    }

    /// How many to take now.
    pub fn get(&self) -> usize {
        self.0
    }

    /// Learns that `count` transactions took `took`. Grows at most twofold: a few cheap transactions must
    /// not lure the builder into a long batch of dear ones.
    pub fn learn(&mut self, count: usize, took: Duration) {
        let each = took.as_nanos().max(1) / count.max(1) as u128;
        let fit = AIM.as_nanos() / each.max(1);
        let fit = usize::try_from(fit).unwrap_or(usize::MAX);
        self.0 = fit.min(self.0 * 2).clamp(1, MAX_BATCH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_transactions_make_batches_grow_to_the_limit() {
        let mut size = BatchSize::first();
        for expected in [16, 32, MAX_BATCH, MAX_BATCH] {
            size.learn(size.get(), Duration::from_micros(100));
            assert_eq!(size.get(), expected);
        }
    }

    #[test]
    fn a_batch_of_dear_transactions_is_the_last_of_its_size() {
        let mut size = BatchSize::first();
        size.learn(8, Duration::from_millis(80));
        assert_eq!(size.get(), 2);
        size.learn(2, Duration::from_secs(1));
        assert_eq!(size.get(), 1);
    }

    #[test]
    fn no_time_and_no_transactions_are_no_division_by_zero() {
        let mut size = BatchSize::first();
        size.learn(0, Duration::ZERO);
        assert!((1..=MAX_BATCH).contains(&size.get()));
    }
}
