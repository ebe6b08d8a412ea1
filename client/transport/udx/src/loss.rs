//! The loss rate, computed every 100 acknowledged packets, and what of it is the path's own.
//!
//! A radio link loses packets at a rate that has nothing to do with the sender. A queue that overflows loses more the
//! more is sent. So the lowest smoothed rate of some time is taken for the path's own, and only what stays above it
//! is overload.

use crate::{amount::PerMille, config::Config};

/// The path's own loss is the lowest of so many groups of blocks: some seconds on a fast path.
const GROUPS: usize = 32;
/// Blocks in a group.
const GROUP: u32 = 8;
/// Blocks in a row with more than the path's own loss that make an overload; one may be a burst.
const OVERLOADED_BLOCKS: u32 = 2;
/// A block's weight in the smoothed loss rate, as a divisor.
const SMOOTHING: u32 = 4;

#[derive(Debug, Clone)]
pub(crate) struct LossRate {
    acked: u32,
    lost: u32,
    /// In millionths, so that smoothing does not round small rates away.
    smoothed: u32,
    /// The lowest smoothed rate of each of the last groups.
    lowest: [Option<u32>; GROUPS],
    /// Blocks so far. Before there are enough of them the smoothed rate is one block's luck.
    blocks: u32,
    above: u32,
}

impl LossRate {
    pub(crate) fn new() -> Self {
        Self {
            acked: 0,
            lost: 0,
            smoothed: 0,
            lowest: [None; GROUPS],
            blocks: 0,
            above: 0,
        }
    }

    pub(crate) fn lost(&mut self) {
        self.lost = self.lost.saturating_add(1);
    }

    pub(crate) fn acked(&mut self, config: &Config) {
        self.acked = self.acked.saturating_add(1);
        if self.acked >= config.loss_block_packets.max(1) {
            self.finish_block(config);
        }
    }

    fn finish_block(&mut self, config: &Config) {
        let all = u64::from(self.acked) + u64::from(self.lost);
        let rate = (u64::from(self.lost) * 1_000_000 / all.max(1)) as u32;
        self.acked = 0;
        self.lost = 0;
        self.blocks = self.blocks.saturating_add(1);
        // A mean of the first blocks, then one in which a block has a fixed weight.
        let weight = self.blocks.min(SMOOTHING);
        self.smoothed = self.smoothed - self.smoothed / weight + rate / weight;
        if self.blocks < SMOOTHING {
            return;
        }
        let group = &mut self.lowest[(self.blocks / GROUP) as usize % GROUPS];
        *group = match *group {
            Some(lowest) if !self.blocks.is_multiple_of(GROUP) => Some(lowest.min(self.smoothed)),
            _ => Some(self.smoothed),
        };
        let own = self.own();
        let tolerated = config.loss_tolerance.thousandths().saturating_mul(1000);
        let is_above = self.smoothed > own.saturating_add(tolerated) && self.smoothed / 2 > own;
        self.above = if is_above {
            self.above.saturating_add(1)
        } else {
            0
        };
    }

    /// The path's own loss, in millionths.
    fn own(&self) -> u32 {
        self.lowest.iter().flatten().min().copied().unwrap_or(0)
    }

    /// Loss above the path's own, where it has lasted.
    pub(crate) fn overload(&self) -> Option<PerMille> {
        (self.above >= OVERLOADED_BLOCKS)
            .then(|| PerMille::new(self.smoothed.saturating_sub(self.own()) / 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks with so many lost among a hundred acknowledged.
    fn after(blocks: &[u32]) -> LossRate {
        let config = Config::default();
        let mut loss = LossRate::new();
        for lost in blocks {
            for _ in 0..*lost {
                loss.lost();
            }
            for _ in 0..100 {
                loss.acked(&config);
            }
        }
        loss
    }

    #[test]
    fn what_the_path_always_loses_is_no_overload() {
        let steady = [1, 9, 5, 3, 7, 5, 4, 6].repeat(20);
        assert_eq!(after(&steady).overload(), None);
        assert_eq!(after(&[0; 40]).overload(), None);
    }

    #[test]
    fn a_burst_is_no_overload() {
        let mut blocks = vec![0; 20];
        blocks.push(7);
        assert_eq!(after(&blocks).overload(), None);
    }

    #[test]
    fn what_stays_above_the_paths_own_is() {
        let mut blocks = vec![1; 20];
        blocks.extend([15; 10]);
        let overload = after(&blocks).overload().expect("it lasted").thousandths();
        assert!((100..=130).contains(&overload), "{overload} thousandths");
        // After long enough it is the path's own.
        blocks.extend([15; 300]);
        assert_eq!(after(&blocks).overload(), None);
    }
}
