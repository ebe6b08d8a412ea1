//! How many nodes the next election asks for.
//!
//! More nodes make the network harder to capture and slower to agree. So the set grows while there is
//! serious demand for a place and finality keeps up, and shrinks when finality does not.
//!
//! # Rules
//!
//! **N1, growth.** The set grows by one when the next candidate in line has at least half of the
//! median backing of the elected, and finality lagged by at most [`LAG_TO_GROW`] blocks.
//!
//! **N2, retreat.** The set shrinks by one when finality lagged by more than [`LAG_TO_SHRINK`] blocks.
//!
//! **N3, bounds.** The size stays within its bounds; a size outside (bounds may be changed by vote) goes
//! to the nearest bound at once. Where the bounds contradict each other the lower one holds.
//!
//! **N4, ignorance.** Without a fact about finality the set neither grows nor shrinks.
//!
//! **N5, lag.** The lag of an epoch is the median of what its blocks noted: the smallest lag that at
//! least half of them did not exceed. One slow block, or one author that states nonsense, moves nothing.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Most blocks of lag with which the set grows (N1).
pub const LAG_TO_GROW: u32 = 3;
/// More blocks of lag than this shrink the set (N2).
pub const LAG_TO_SHRINK: u32 = 10;
/// Lags that are told apart. The last stands for all longer ones.
const LAGS: usize = 32;

/// Nodes for the next election (N1 to N4).
///
/// `next_backing` is the backing of the first candidate without a place, `median_backing` that of the
/// middle one of the elected, `lag` the outcome of [`LagHistogram::median`].
pub fn next_size(
    current: u32,
    min: u32,
    max: u32,
    next_backing: Option<u128>,
    median_backing: u128,
    lag: Option<u32>,
) -> u32 {
    let demand = next_backing.is_some_and(|backing| backing >= median_backing.div_ceil(2));
    let wanted = match lag {
        Some(lag) if lag > LAG_TO_SHRINK => current.saturating_sub(1),
        Some(lag) if lag <= LAG_TO_GROW && demand => current.saturating_add(1),
        _ => current,
    };
    wanted.clamp(min, max.max(min))
}

/// How far finality lagged behind, noted once per block (N5).
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct LagHistogram {
    /// How often each lag was noted.
    counts: [u32; LAGS],
}

impl LagHistogram {
    /// Notes that a block stood `lag` blocks above the last final one.
    pub fn note(&mut self, lag: u32) {
        let lag = (lag as usize).min(LAGS - 1);
        self.counts[lag] = self.counts[lag].saturating_add(1);
    }

    /// Median of what was noted; 31 stands for itself and all longer lags. `None` when nothing was.
    pub fn median(&self) -> Option<u32> {
        let total: u64 = self.counts.iter().copied().map(u64::from).sum();
        let mut not_longer = 0u64;
        (0u32..)
            .zip(self.counts)
            .find(|&(_, count)| {
                not_longer += u64::from(count);
                not_longer > 0 && not_longer * 2 >= total
            })
            .map(|(lag, _)| lag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn demand_and_quick_finality_make_the_set_grow() {
        assert_eq!(next_size(21, 4, 101, Some(50), 100, Some(3)), 22);
        assert_eq!(
            next_size(21, 4, 101, Some(50), 101, Some(3)),
            21,
            "less than half"
        );
        assert_eq!(next_size(21, 4, 101, Some(51), 101, Some(0)), 22);
        assert_eq!(
            next_size(21, 4, 101, Some(50), 100, Some(4)),
            21,
            "finality lags"
        );
        assert_eq!(
            next_size(21, 4, 101, None, 0, Some(0)),
            21,
            "nobody in line"
        );
        assert_eq!(next_size(101, 4, 101, Some(100), 100, Some(0)), 101);
        assert_eq!(
            next_size(21, 4, 101, Some(u128::MAX), u128::MAX, Some(0)),
            22
        );
    }

    #[test]
    fn lagging_finality_shrinks_the_set_whatever_the_demand() {
        assert_eq!(next_size(21, 4, 101, Some(100), 100, Some(11)), 20);
        assert_eq!(next_size(21, 4, 101, None, 100, Some(10)), 21);
        assert_eq!(next_size(4, 4, 101, None, 100, Some(31)), 4);
        assert_eq!(next_size(0, 0, 101, None, 100, Some(31)), 0);
    }

    #[test]
    fn without_facts_nothing_changes() {
        assert_eq!(next_size(21, 4, 101, Some(100), 100, None), 21);
    }

    #[test]
    fn bounds_hold_at_once() {
        assert_eq!(next_size(3, 4, 101, None, 0, None), 4);
        assert_eq!(next_size(200, 4, 101, Some(1), 1, Some(0)), 101);
        assert_eq!(next_size(7, 9, 5, None, 0, None), 9, "contradicting bounds");
        assert_eq!(
            next_size(u32::MAX, 0, u32::MAX, Some(1), 1, Some(0)),
            u32::MAX
        );
    }

    #[test]
    fn the_median_ignores_outliers() {
        let mut lags = LagHistogram::default();
        assert_eq!(lags.median(), None);
        lags.note(u32::MAX);
        assert_eq!(lags.median(), Some(31));
        for _ in 0..2 {
            lags.note(2);
        }
        assert_eq!(lags.median(), Some(2));
        lags.note(0);
        assert_eq!(lags.median(), Some(2));
    }

    proptest! {
        #[test]
        fn size_moves_by_one_at_most_and_stays_in_bounds(
            current in 4u32..=101, next: Option<u128>, median: u128, lag in proptest::option::of(0u32..40),
        ) {
            let size = next_size(current, 4, 101, next, median, lag);
            prop_assert!(size.abs_diff(current) <= 1);
            prop_assert!((4..=101).contains(&size));
        }

        #[test]
        fn the_histogram_has_the_median_of_the_list(mut noted in proptest::collection::vec(0u32..40, 1..200)) {
            let mut lags = LagHistogram::default();
            noted.iter().for_each(|&lag| lags.note(lag));
            noted.sort_unstable();
            let median = noted[(noted.len() - 1) / 2].min(31);
            prop_assert_eq!(lags.median(), Some(median));
            prop_assert!(lags.encoded_size() <= LagHistogram::max_encoded_len());
        }
    }
}
