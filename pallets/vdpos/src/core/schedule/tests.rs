//! The promises S1 to S8, over the worst cases by hand and over random ones.

use super::*;
use alloc::{collections::BTreeMap, vec};
use proptest::prelude::*;

/// Longest run of one node on the circle.
fn longest_run(schedule: &[u16]) -> usize {
    let twice: Vec<u16> = schedule.iter().chain(schedule).copied().collect();
    twice
        .chunk_by(|one, other| one == other)
        .map(<[u16]>::len)
        .max()
        .unwrap_or(0)
}

/// Slots of each of `nodes` nodes.
fn counts(schedule: &[u16], nodes: usize) -> Vec<u32> {
    let mut counts = vec![0; nodes];
    schedule
        .iter()
        .for_each(|&node| counts[usize::from(node)] += 1);
    counts
}

fn seed(number: u32) -> [u8; 32] {
    blake2_256(&number.to_le_bytes())
}

/// Everything that S1, S3, S4 and S6 say of a schedule.
fn check(weights: &[u128], slots: u32, schedule: &[u16]) -> Result<(), TestCaseError> {
    let nodes = weights.len();
    prop_assert_eq!(schedule.len(), slots as usize, "S1");
    let counts = counts(schedule, nodes);
    let (least, most) = (*counts.iter().min().unwrap(), *counts.iter().max().unwrap());
    prop_assert!(
        least >= u32::from(slots as usize >= nodes),
        "S3: {counts:?}"
    );
    if nodes >= CAPPED_FROM {
        prop_assert!(
            most <= (slots / 10).max(slots.div_ceil(nodes as u32)),
            "S4: {counts:?}"
        );
    }
    if nodes > 1 {
        prop_assert!(longest_run(schedule) <= 2, "S6: {schedule:?}");
    }
    Ok(())
}

/// Quotas as S2 defines them, by bisection of the factor in floating point: another method than the
/// water filling.
fn quotas_by_bisection(weights: &[u128], floor: f64, cap: f64, slots: f64) -> Vec<f64> {
    let at = |factor: f64| -> Vec<f64> {
        weights
            .iter()
            .map(|&weight| (weight as f64 * factor).clamp(floor, cap))
            .collect()
    };
    let (mut low, mut high) = (0.0, slots);
    for _ in 0..2_000 {
        let middle = (low + high) / 2.0;
        if at(middle).iter().sum::<f64>() < slots {
            low = middle
        } else {
            high = middle
        }
    }
    at(high)
}

#[test]
fn impossible_rounds_are_refused() {
    let seed = seed(0);
    assert_eq!(build(&[], 10, &seed), Err(ScheduleError::NoNodes));
    assert_eq!(build(&[1], 0, &seed), Err(ScheduleError::TooFewSlots));
    assert_eq!(build(&[1, 1], 1, &seed), Err(ScheduleError::TooFewSlots));
    assert_eq!(
        build(&[1], MAX_SLOTS + 1, &seed),
        Err(ScheduleError::TooManySlots)
    );
    assert_eq!(
        build(&vec![1; MAX_NODES + 1], 300, &seed),
        Err(ScheduleError::TooManyNodes)
    );
}

#[test]
fn a_single_authority_owns_every_slot() {
    assert_eq!(build(&[7], 5, &seed(1)), Ok(vec![0; 5]));
    assert_eq!(build(&[0], 1, &seed(1)), Ok(vec![0]));
}

#[test]
fn two_nodes_alternate_within_the_run_rule_whatever_their_weights() {
    for weights in [[1, 1], [97, 3], [u128::MAX, 0], [0, 0]] {
        for slots in 2..40 {
            let schedule = build(&weights, slots, &seed(slots)).unwrap();
            check(&weights, slots, &schedule).unwrap();
        }
    }
    let seats = seats(&[97, 3], 300, Phase(0)).unwrap();
    assert_eq!(
        seats,
        [200, 100],
        "two thirds are the most that the run rule can lay out"
    );
}

#[test]
fn a_node_with_almost_everything_is_held_by_the_cap() {
    for nodes in [3, 4, 14, 15, 16, 21, 101] {
        let mut weights = vec![3_000u128; nodes];
        weights[nodes / 2] = 97 * 3_000 * (nodes as u128 - 1) / 3;
        for slots in [nodes as u32, 30, 300, 1_024] {
            let schedule = build(&weights, slots, &seed(9)).unwrap();
            check(&weights, slots, &schedule).unwrap();
            if slots == 300 && nodes < CAPPED_FROM {
                assert_eq!(counts(&schedule, nodes)[nodes / 2], 200, "{nodes} nodes");
            }
            if slots == 300 && (CAPPED_FROM..=30).contains(&nodes) {
                assert_eq!(counts(&schedule, nodes)[nodes / 2], 30, "{nodes} nodes");
            }
        }
    }
}

#[test]
fn what_the_cap_takes_is_shared_in_proportion() {
    // 20 nodes; the first is cut to 30 of 300 slots, the other 270 go 2 : 1.
    let mut weights = vec![1u128; 20];
    weights[0] = 1_000;
    weights[1..9].fill(2);
    let seats = seats(&weights, 300, Phase(0)).unwrap();
    assert_eq!(seats[0], 30);
    assert_eq!(seats[1..9].iter().sum::<u32>(), 160);
    assert_eq!(seats[9..].iter().sum::<u32>(), 110);
}

#[test]
fn weightless_nodes_share_equally_what_is_left() {
    let mut weights = vec![0u128; 20];
    assert_eq!(seats(&weights, 300, Phase(5)).unwrap(), [15; 20]);
    weights[3] = 1;
    let seats = seats(&weights, 300, Phase(5)).unwrap();
    assert_eq!(seats[3], 30);
    assert!(
        seats
            .iter()
            .enumerate()
            .all(|(node, &own)| node == 3 || own == 14 || own == 15)
    );
}

#[test]
fn rounding_favours_nobody_over_the_epochs() {
    // The example of S5: 21 equal nodes, 300 slots, 14.28 seats each.
    let mut sums = [0u32; 21];
    for epoch in 0..20 {
        let seats = seats(&[5; 21], 300, Phase::of_epoch(epoch)).unwrap();
        sums.iter_mut()
            .zip(&seats)
            .for_each(|(sum, own)| *sum += own);
    }
    let exact = 20.0 * 300.0 / 21.0;
    assert!(
        sums.iter()
            .all(|&sum| (f64::from(sum) - exact).abs() <= exact * 0.005),
        "{sums:?}"
    );
}

#[test]
fn the_layout_before_the_shuffle_is_smooth() {
    for weights in [vec![5, 3, 1], vec![1; 21], (1..=40).collect::<Vec<u128>>()] {
        let seats = seats(&weights, 300, Phase(0)).unwrap();
        let order = order::smooth(&seats);
        assert_eq!(counts(&order, weights.len()), seats);
        for (node, &own) in seats.iter().enumerate() {
            let places: Vec<usize> = (0..600)
                .filter(|&slot| usize::from(order[slot % 300]) == node)
                .collect();
            let longest = places
                .windows(2)
                .map(|pair| pair[1] - pair[0])
                .max()
                .unwrap();
            assert!(
                longest as u32 <= 2 * 300 / own + 1,
                "node {node} waits {longest} slots"
            );
        }
    }
}

#[test]
fn another_seed_is_another_order() {
    let weights: Vec<u128> = (1..=21).collect();
    let phase = Phase(0);
    let schedules: Vec<_> = (0..50u32)
        .map(|number| build_in_phase(&weights, 300, phase, &seed(number)).unwrap())
        .collect();
    for (number, schedule) in schedules.iter().enumerate() {
        for other in &schedules[..number] {
            let same = schedule
                .iter()
                .zip(other)
                .filter(|(one, other)| one == other)
                .count();
            // Two independent orders of these seats agree in about 19 of 300 slots.
            assert!(same < 60, "{same} of 300 slots agree");
        }
    }
}

/// Chi-square over slots: how often each node has each slot, over many seeds.
#[test]
fn every_slot_is_as_likely_as_any_other() {
    const SEEDS: u32 = 4_000;
    let weights = [40u128, 30, 20, 10];
    let slots = 20u32;
    let mut had = vec![[0u32; 4]; slots as usize];
    for number in 0..SEEDS {
        let schedule = build_in_phase(&weights, slots, Phase(0), &seed(number)).unwrap();
        for (slot, &node) in schedule.iter().enumerate() {
            had[slot][usize::from(node)] += 1;
        }
    }
    for (node, own) in [8.0, 6.0, 4.0, 2.0].into_iter().enumerate() {
        let expected = f64::from(SEEDS) * own / f64::from(slots);
        let chi: f64 = had
            .iter()
            .map(|slot| (f64::from(slot[node]) - expected).powi(2) / expected)
            .sum();
        // 19 degrees of freedom: 43.8 is passed once in a thousand fair shuffles.
        assert!(chi < 43.8, "node {node}: chi square {chi}");
    }
}

/// All orders of two nodes with three seats each on a circle of six that keep the run rule, and how often
/// each comes up.
#[test]
fn all_valid_orders_come_up_equally_often() {
    const SEEDS: u32 = 14_000;
    let mut seen = BTreeMap::<Vec<u16>, u32>::new();
    for number in 0..SEEDS {
        *seen
            .entry(build(&[1, 1], 6, &seed(number)).unwrap())
            .or_default() += 1;
    }
    let valid = (0u16..64)
        .map(|bits| (0..6).map(|slot| bits >> slot & 1).collect::<Vec<_>>())
        .filter(|order| order.iter().sum::<u16>() == 3 && longest_run(order) <= 2)
        .count();
    assert_eq!(seen.len(), valid);
    let expected = f64::from(SEEDS) / valid as f64;
    let chi: f64 = seen
        .values()
        .map(|&times| (f64::from(times) - expected).powi(2) / expected)
        .sum();
    // 13 degrees of freedom: 34.5 is passed once in a thousand fair shuffles.
    assert_eq!(valid, 14);
    assert!(chi < 34.5, "chi square {chi}: {seen:?}");
}

#[test]
fn neighbours_are_independent_where_the_rule_leaves_room() {
    // 21 nodes: after a slot of node 0, each other node follows about equally often.
    const SEEDS: u32 = 600;
    let mut follows = [0u32; 21];
    for number in 0..SEEDS {
        let schedule = build_in_phase(&[1; 21], 315, Phase(0), &seed(number)).unwrap();
        for pair in schedule.windows(2).filter(|pair| pair[0] == 0) {
            follows[usize::from(pair[1])] += 1;
        }
    }
    let total: u32 = follows[1..].iter().sum();
    let expected = f64::from(total) / 20.0;
    let chi: f64 = follows[1..]
        .iter()
        .map(|&times| (f64::from(times) - expected).powi(2) / expected)
        .sum();
    // 19 degrees of freedom.
    assert!(chi < 43.8, "chi square {chi}: {follows:?}");
}

/// Weights as they come: similar, of very different size, zero, all the same.
fn weights(nodes: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<u128>> {
    let weight = prop_oneof![
        4 => 0u128..1_000,
        3 => any::<u64>().prop_map(u128::from),
        2 => any::<u128>(),
        1 => Just(0u128),
        1 => Just(u128::MAX),
    ];
    proptest::collection::vec(weight, nodes)
}

proptest! {
    #[test]
    fn every_schedule_keeps_the_rules(weights in weights(2..110), slots in 2u32..1_100, number: u32) {
        let schedule = build(&weights, slots, &seed(number)).unwrap();
        check(&weights, slots, &schedule)?;
        prop_assert_eq!(build(&weights, slots, &seed(number)).unwrap(), schedule, "not determined");
    }

    #[test]
    fn the_layout_alone_keeps_the_run_rule(weights in weights(2..20), slots in 2u32..80, phase: u32) {
        let seats = seats(&weights, slots, Phase(phase)).unwrap();
        let order = order::smooth(&seats);
        prop_assert_eq!(counts(&order, weights.len()), seats);
        prop_assert!(longest_run(&order) <= 2, "{order:?}");
    }

    #[test]
    fn seats_are_the_quota_rounded_down_or_up(
        weights in proptest::collection::vec(1u128..1_000_000, 2..40), slots in 40u32..600, phase: u32,
    ) {
        let nodes = weights.len();
        let cap = if nodes < CAPPED_FROM { slots * 2 / 3 } else { slots / 10 };
        let cap = cap.max(slots.div_ceil(nodes as u32));
        let exact = quotas_by_bisection(&weights, 1.0, cap.into(), slots.into());
        let seats = seats(&weights, slots, Phase(phase)).unwrap();
        prop_assert_eq!(seats.iter().sum::<u32>(), slots);
        for (own, quota) in seats.iter().zip(&exact) {
            prop_assert!((f64::from(*own) - quota).abs() < 1.0 + 1e-6, "{own} seats for {quota}");
        }
    }

    #[test]
    fn the_unit_of_weights_does_not_matter(weights in proptest::collection::vec(0u128..1 << 40, 1..40), shift in 0u32..80, phase: u32) {
        let larger: Vec<u128> = weights.iter().map(|weight| weight << shift).collect();
        prop_assert_eq!(seats(&weights, 300, Phase(phase)).unwrap(), seats(&larger, 300, Phase(phase)).unwrap());
    }

    /// The promise of the design: over 20 epochs and more shares follow weights within 2 %. It holds for every node that is
    /// large enough to have six slots in a round, relative to its own share after the cap. (Multiples of
    /// the golden ratio leave an interval at most 2.1 hits off over 20 epochs, that is 1.8 % of 120.)
    #[test]
    fn shares_follow_weights_within_two_percent_over_twenty_epochs(
        weights in proptest::collection::vec(100u128..400, 15..40), first in 0u32..1 << 30, epochs in 20u32..200,
    ) {
        let slots = 300;
        let quotas = quotas_by_bisection(&weights, 1.0, 30.0, slots.into());
        let mut sums = vec![0u32; weights.len()];
        for epoch in first..first + epochs {
            let seats = seats(&weights, slots, Phase::of_epoch(epoch)).unwrap();
            sums.iter_mut().zip(&seats).for_each(|(sum, own)| *sum += own);
        }
        for (sum, quota) in sums.iter().zip(&quotas).filter(|(_, quota)| **quota >= 6.0) {
            let exact = quota * f64::from(epochs);
            prop_assert!((f64::from(*sum) - exact).abs() <= exact * 0.02, "{sum} slots for {exact}");
        }
    }
}

#[test]
fn the_largest_round_is_built_without_overflow() {
    let weights = vec![u128::MAX; 2_000];
    let schedule = build(&weights, 20_000, &seed(3)).unwrap();
    assert_eq!(counts(&schedule, 2_000), vec![10; 2_000]);
    let seats = seats(&weights, MAX_SLOTS, Phase(u32::MAX)).unwrap();
    assert_eq!(seats.iter().sum::<u32>(), MAX_SLOTS);
}
