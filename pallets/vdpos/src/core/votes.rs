//! What a vote is worth as it ages, and how it is shared between names.
//!
//! # Rules
//!
//! **V1, age.** A vote is worth the stake behind it, halved (rounded down) once for each full half life
//! since it was cast. Casting it again makes it young. A half life of zero means that votes do not age.
//!
//! **V2, shares.** A vote for several names is shared equally; what cannot be divided goes to the first.
//! Nothing is lost: `per_name * names + first_extra = stake`.
//!
//! **V3, no advantage in splitting.** Halving rounds down, so a stake split over many accounts is never
//! worth more than the same stake in one.

/// V1: worth of `stake` at `age`, both times in one unit.
pub fn decayed(stake: u128, age: u32, half_life: u32) -> u128 {
    let halvings = age.checked_div(half_life).unwrap_or(0);
    stake.checked_shr(halvings).unwrap_or(0)
}

/// V2: what each of `names` gets, and what the first gets on top. Without names all is left over.
pub fn split(stake: u128, names: u32) -> (u128, u128) {
    let names = u128::from(names);
    match stake.checked_div(names) {
        Some(per_name) => (per_name, stake % names),
        None => (0, stake),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_vote_halves_with_each_half_life() {
        assert_eq!(decayed(1_000, 0, 365), 1_000);
        assert_eq!(decayed(1_000, 364, 365), 1_000);
        assert_eq!(decayed(1_000, 365, 365), 500);
        assert_eq!(decayed(1_000, 729, 365), 500);
        assert_eq!(decayed(1_000, 730, 365), 250);
        assert_eq!(decayed(u128::MAX, 127, 1), 1);
        assert_eq!(decayed(u128::MAX, 128, 1), 0);
        assert_eq!(decayed(u128::MAX, u32::MAX, 1), 0);
        assert_eq!(
            decayed(1_000, u32::MAX, 0),
            1_000,
            "no half life, no ageing"
        );
    }

    #[test]
    fn shares_are_equal_and_whole() {
        assert_eq!(split(10, 3), (3, 1));
        assert_eq!(split(2, 16), (0, 2));
        assert_eq!(split(7, 1), (7, 0));
        assert_eq!(split(7, 0), (0, 7));
    }

    proptest! {
        #[test]
        fn shares_add_up(stake: u128, names in 1u32..=16) {
            let (each, extra) = split(stake, names);
            prop_assert_eq!(each * u128::from(names) + extra, stake);
            prop_assert!(extra < u128::from(names));
        }

        #[test]
        fn splitting_an_old_stake_gains_nothing(
            parts in proptest::collection::vec(0u128..1u128 << 100, 1..20), age in 0u32..5_000, half_life in 1u32..1_000,
        ) {
            let whole = decayed(parts.iter().sum(), age, half_life);
            let split: u128 = parts.iter().map(|&part| decayed(part, age, half_life)).sum();
            prop_assert!(split <= whole);
            prop_assert!(decayed(parts[0], age + 1, half_life) <= decayed(parts[0], age, half_life));
        }
    }
}
