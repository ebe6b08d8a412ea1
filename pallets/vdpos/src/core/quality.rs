//! Service quality: how well a node served, from facts on chain alone.
//!
//! # Rules
//!
//! **Q1, score.** A node that made at least nine tenths of the blocks expected of it has the full score;
//! below that the score falls in proportion to nothing: `made / (0.9 * expected)`. A node of which
//! nothing was expected has no score.
//!
//! **Q2, service.** What an operator did is the weighted mean of the scores that exist: blocks count
//! three times, bytes relayed and storage proven once each. A service that an operator (or the network)
//! does not have does not count.
//!
//! **Q3, memory.** Each era moves the average by a quarter of the distance to what was seen in the era,
//! rounded towards it. So the average stays between the two, comes to rest only at the sample, and
//! half of a bad era is forgotten in two and a half eras.
//!
//! **Q4, quality.** `0.5 + average / 2`: between a half and one.
//!
//! **Q5, weight.** Backing times quality, rounded down. A bad node loses at most half of what
//! its voters gave it, and has a reason to get better.
//!
//! **Q6, failed epoch.** A node fails an epoch when it missed more than half of its slots.

use sp_arithmetic::Perbill;

/// Share of the expected blocks that brings the full score, in tenths (Q1).
const FULL_FROM_TENTHS: u64 = 9;
/// How often blocks, relayed bytes and proven storage count (Q2).
const SERVICE_PARTS: [u64; 3] = [3, 1, 1];
/// Part of the way that one era moves the average (Q3): one in so many.
const MEMORY_ERAS: u64 = 4;
/// The whole in parts of [`Perbill`].
const WHOLE: u64 = 1_000_000_000;

/// Q1: score of a node that made `made` of `expected` blocks.
pub fn score(made: u32, expected: u32) -> Option<Perbill> {
    let needed = u64::from(expected) * FULL_FROM_TENTHS;
    (expected > 0).then(|| Perbill::from_rational(needed.min(u64::from(made) * 10), needed))
}

/// Q2: mean of the scores for blocks, relayed bytes and storage that are there.
pub fn service(
    blocks: Option<Perbill>,
    relayed: Option<Perbill>,
    stored: Option<Perbill>,
) -> Option<Perbill> {
    let (sum, parts) = [blocks, relayed, stored]
        .into_iter()
        .zip(SERVICE_PARTS)
        .filter_map(|(score, parts)| score.map(|score| (parts_of(score) * parts, parts)))
        .fold((0, 0), |(sum, all), (score, parts)| {
            (sum + score, all + parts)
        });
    (parts > 0).then(|| from_parts(sum / parts))
}

/// Q3: the average after an era in which `sample` was seen.
pub fn moving_average(previous: Perbill, sample: Perbill) -> Perbill {
    let (old, new) = (parts_of(previous), parts_of(sample));
    let sum = old * (MEMORY_ERAS - 1) + new;
    from_parts(if new > old {
        sum.div_ceil(MEMORY_ERAS)
    } else {
        sum / MEMORY_ERAS
    })
}

/// Q4: quality of a node with this average, from a half to one.
pub fn quality(average: Perbill) -> Perbill {
    from_parts((WHOLE + parts_of(average)) / 2)
}

/// Q5: what counts for the schedule.
pub fn weight(backing: u128, quality: Perbill) -> u128 {
    quality.mul_floor(backing)
}

/// Q6: whether more than half of the slots of an epoch were missed.
pub fn failed_epoch(made: u32, expected: u32) -> bool {
    u64::from(made) * 2 < u64::from(expected)
}

fn parts_of(score: Perbill) -> u64 {
    score.deconstruct().into()
}

/// `parts` is at most [`WHOLE`] by construction; anything above would count as the whole.
fn from_parts(parts: u64) -> Perbill {
    Perbill::from_parts(parts.min(WHOLE) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn percent(value: u32) -> Perbill {
        Perbill::from_percent(value)
    }

    #[test]
    fn nine_tenths_of_the_blocks_are_the_full_score() {
        assert_eq!(score(0, 0), None);
        assert_eq!(score(5, 0), None);
        assert_eq!(score(0, 10), Some(Perbill::zero()));
        assert_eq!(score(45, 100), Some(percent(50)));
        assert!(score(89, 100) < Some(Perbill::one()));
        assert_eq!(score(90, 100), Some(Perbill::one()));
        assert_eq!(score(100, 100), Some(Perbill::one()));
        assert_eq!(score(u32::MAX, u32::MAX), Some(Perbill::one()));
        assert_eq!(score(u32::MAX, 1), Some(Perbill::one()));
    }

    #[test]
    fn a_service_that_does_not_exist_does_not_count() {
        let half = Some(percent(50));
        let full = Some(Perbill::one());
        assert_eq!(service(None, None, None), None);
        assert_eq!(service(half, None, None), half);
        assert_eq!(service(None, half, None), half);
        assert_eq!(
            service(full, half, None),
            Some(Perbill::from_rational(35u32, 40))
        );
        assert_eq!(
            service(full, Some(Perbill::zero()), Some(Perbill::zero())),
            Some(percent(60))
        );
        assert_eq!(service(full, full, full), full);
    }

    #[test]
    fn a_bad_era_is_forgotten_and_a_good_record_lost_at_the_same_pace() {
        assert_eq!(moving_average(Perbill::one(), Perbill::zero()), percent(75));
        assert_eq!(moving_average(Perbill::zero(), Perbill::one()), percent(25));
        for (start, goal) in [(0, 100), (100, 0), (33, 66)] {
            let mut average = percent(start);
            for _ in 0..100 {
                average = moving_average(average, percent(goal));
            }
            assert_eq!(average, percent(goal), "the average arrives");
        }
    }

    #[test]
    fn quality_is_half_to_one() {
        assert_eq!(quality(Perbill::zero()), percent(50));
        assert_eq!(quality(percent(50)), percent(75));
        assert_eq!(quality(Perbill::one()), Perbill::one());
    }

    #[test]
    fn an_epoch_fails_when_more_than_half_is_missed() {
        assert!(!failed_epoch(0, 0));
        assert!(failed_epoch(0, 1));
        assert!(!failed_epoch(1, 2));
        assert!(failed_epoch(1, 3));
        assert!(!failed_epoch(2, 3));
        assert!(failed_epoch(4, 9));
        assert!(!failed_epoch(5, 9));
        assert!(!failed_epoch(u32::MAX, u32::MAX));
    }

    proptest! {
        #[test]
        fn more_blocks_never_lower_the_score(made in 0u32..5_000, expected in 1u32..5_000) {
            prop_assert!(score(made, expected) <= score(made + 1, expected));
            prop_assert!(score(made, expected + 1) <= score(made, expected));
        }

        #[test]
        fn the_average_stays_between_what_was_and_what_is(old in 0u32..=1_000_000_000, new in 0u32..=1_000_000_000) {
            let (old, new) = (Perbill::from_parts(old), Perbill::from_parts(new));
            let average = moving_average(old, new);
            prop_assert!(average >= old.min(new) && average <= old.max(new));
            prop_assert!(old == new || average != old);
        }

        #[test]
        fn the_mean_stays_between_its_scores(a in 0u32..=1_000_000_000, b in 0u32..=1_000_000_000, c in 0u32..=1_000_000_000) {
            let scores = [a, b, c].map(Perbill::from_parts);
            let mean = service(Some(scores[0]), Some(scores[1]), Some(scores[2])).unwrap();
            prop_assert!(mean >= *scores.iter().min().unwrap());
            prop_assert!(mean <= *scores.iter().max().unwrap());
        }

        #[test]
        fn weight_is_half_of_the_backing_or_more(backing: u128, average in 0u32..=1_000_000_000) {
            let weight = weight(backing, quality(Perbill::from_parts(average)));
            prop_assert!(weight <= backing);
            prop_assert!(weight >= backing / 2);
        }
    }
}
