//! The rule of difficulty and room by itself.

use parlance_primitives::accounts::Lane;
use proptest::prelude::*;

use crate::core::gate::{DifficultyRule, Full, Gate, Room};

const RULE: DifficultyRule = DifficultyRule {
    floor: 32,
    ceiling: 1 << 20,
    target: 60,
};
const ROOM: Room = Room {
    per_block: 2,
    per_period: 5,
    standing: 100,
};

#[test]
fn it_moves_with_demand_within_its_steps() {
    assert_eq!(RULE.next(1_000, 60), 1_000);
    assert_eq!(RULE.next(1_000, 90), 1_500);
    assert_eq!(RULE.next(1_000, 240), 2_000);
    assert_eq!(RULE.next(1_000, 54), 900);
    assert_eq!(RULE.next(1_000, 0), 750);
    assert_eq!(RULE.next(40, 0), 32);
    assert_eq!(RULE.next(1 << 20, u32::MAX), 1 << 20);
    assert_eq!(RULE.next(0, 60), 32);
}

#[test]
fn room_is_counted_per_way_block_and_period() {
    let mut gate = Gate::default();
    gate.roll(1, &RULE);
    for now in [10, 10] {
        assert_eq!(gate.check(Lane::Work, now, &ROOM), Ok(()));
        gate.admit(Lane::Work, now);
    }
    assert_eq!(gate.check(Lane::Work, 10, &ROOM), Err(Full::Block));
    assert_eq!(gate.check(Lane::Invitation, 10, &ROOM), Ok(()));
    for now in [11, 11, 12] {
        assert_eq!(gate.check(Lane::Work, now, &ROOM), Ok(()));
        gate.admit(Lane::Work, now);
    }
    assert_eq!(gate.check(Lane::Work, 13, &ROOM), Err(Full::Period));
    assert_eq!(
        (
            gate.left(Lane::Work, &ROOM),
            gate.left(Lane::Invitation, &ROOM)
        ),
        (0, 5)
    );
    gate.roll(2, &RULE);
    assert_eq!(gate.check(Lane::Work, 13, &ROOM), Ok(()));
}

#[test]
fn only_two_periods_are_known() {
    let mut gate = Gate::default();
    gate.roll(7, &RULE);
    gate.work.period = 120;
    gate.roll(8, &RULE);
    assert_eq!(gate.difficulty_in(8, &RULE), Some(64));
    assert_eq!(gate.difficulty_in(7, &RULE), Some(32));
    assert_eq!(gate.difficulty_in(6, &RULE), None);
    assert_eq!(gate.difficulty_in(9, &RULE), None);
}

proptest! {
    #[test]
    fn it_stays_within_bounds_and_steps(
        floor in 1u32..1 << 20, more in 0u32..1 << 31, target in 1u32..10_000, now: u32, taken: u32,
    ) {
        let rule = DifficultyRule { floor, ceiling: floor + more, target };
        let now = rule.within(now);
        let next = rule.next(now, taken);
        prop_assert!(rule.floor <= next && next <= rule.ceiling);
        prop_assert!(u64::from(next) <= 2 * u64::from(now));
        prop_assert!(u64::from(next) >= u64::from(now) * 3 / 4);
        if taken >= target { prop_assert!(next >= now); } else { prop_assert!(next <= now); }
    }

    /// Whoever takes more than the target for long meets the ceiling: no more than so many periods
    /// above it.
    #[test]
    fn demand_above_the_target_cannot_last(excess in 61u32..600) {
        let mut gate = Gate::default();
        let mut periods = 0;
        gate.roll(1, &RULE);
        while gate.difficulty < RULE.ceiling && periods < 10_000 {
            gate.work.period = excess;
            gate.roll(gate.period + 1, &RULE);
            periods += 1;
        }
        // Each step is at least excess / target, less what rounding takes.
        let ratio = f64::from(excess.min(120)) / 60.0;
        let steps = (f64::from(RULE.ceiling) / f64::from(RULE.floor)).ln() / ratio.ln();
        prop_assert!(excess < 66 || f64::from(periods) <= 1.2 * steps + 3.0, "{periods} periods, {steps} steps");
    }
}
