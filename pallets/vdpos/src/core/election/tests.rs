//! The promises E1 to E6.

use super::*;
use alloc::collections::BTreeSet;
use proptest::prelude::*;

type Voter = (u32, u64, Vec<u32>);

/// Weight that counts by E3: bonds of the elected, and votes with an elected name.
fn counting(candidates: &[(u32, u128)], voters: &[Voter], elected: &[(u32, u128)]) -> u128 {
    let winners: BTreeSet<u32> = elected.iter().map(|(who, _)| *who).collect();
    let bonds: u128 = candidates
        .iter()
        .filter(|(who, _)| winners.contains(who))
        .map(|(_, bond)| bond)
        .sum();
    let votes: u128 = voters
        .iter()
        .filter(|(_, _, names)| names.iter().any(|name| winners.contains(name)))
        .map(|(_, weight, _)| u128::from(*weight))
        .sum();
    bonds + votes
}

#[test]
fn bonds_alone_elect_the_largest() {
    let candidates = [(1, 10), (2, 30), (3, 20), (4, 5)];
    assert_eq!(elect(&candidates, &[], 2), Ok(vec![(2, 30), (3, 20)]));
}

#[test]
fn a_vote_for_two_is_split_so_that_load_is_even() {
    let candidates = [(1, 10), (2, 20)];
    let elected = elect(&candidates, &[(9, 30, vec![1, 2])], 2).unwrap();
    assert_eq!(elected.iter().map(|(_, backing)| backing).sum::<u128>(), 60);
    // First 2, with load 1 / 50; then 1, with (1 + 30 / 50) / 40 = 2 / 50. So the voter carries as
    // much for the one as for the other.
    assert_eq!(elected, vec![(2, 35), (1, 25)]);
}

#[test]
fn a_minority_gets_its_part_of_the_places() {
    // Two thirds name 1 to 4, one third names 5 and 6: of three places one goes to the third.
    let candidates: Vec<(u32, u128)> = (1..=6).map(|who| (who, 1)).collect();
    let voters = [(10, 2_000, vec![1, 2, 3, 4]), (11, 1_000, vec![5, 6])];
    let elected = elect(&candidates, &voters, 3).unwrap();
    assert_eq!(elected.iter().filter(|(who, _)| *who >= 5).count(), 1);
}

#[test]
fn a_candidate_may_vote_too() {
    let candidates = [(1, 10), (2, 10)];
    let voters = [(1, 5, vec![2]), (2, 7, vec![2])];
    assert_eq!(elect(&candidates, &voters, 2), Ok(vec![(2, 22), (1, 10)]));
}

#[test]
fn names_that_are_no_candidates_and_repeated_names_do_not_count() {
    let candidates = [(1, 10)];
    let voters = [(5, 100, vec![7, 8]), (6, 4, vec![1, 1, 7])];
    assert_eq!(elect(&candidates, &voters, 4), Ok(vec![(1, 14)]));
}

#[test]
fn odd_calls_have_plain_answers() {
    assert_eq!(elect::<u32>(&[], &[], 5), Ok(vec![]));
    assert_eq!(elect(&[(1, 1)], &[], 0), Ok(vec![]));
    assert_eq!(elect(&[(1, 0)], &[(2, 0, vec![1])], 1), Ok(vec![(1, 0)]));
    assert_eq!(
        elect(&[(1, 1), (1, 2)], &[], 1),
        Err(ElectionError::DuplicateCandidate)
    );
}

#[test]
fn the_whole_supply_fits_the_scale() {
    // 21,000,000 and 20,000,000,000 tokens of twelve decimals.
    for supply in [
        21_000_000_000_000_000_000u128,
        20_000_000_000_000_000_000_000,
        0,
        u128::MAX,
    ] {
        let scale = VoteScale::new(supply);
        let weight = scale.weight(supply);
        assert!(scale.money(weight.into()) <= supply);
        assert!(supply - scale.money(weight.into()) < scale.factor);
    }
    assert_eq!(
        VoteScale::new(1_000).weight(700),
        700,
        "small supplies are not scaled"
    );
    assert_eq!(VoteScale::new(1_000).weight(u128::MAX), u64::MAX);
}

fn ballot() -> impl Strategy<Value = Voter> {
    let weight = prop_oneof![0u64..1_000, 1u64 << 40..1 << 50, Just(u64::MAX)];
    (
        100u32..140,
        weight,
        proptest::collection::vec(0u32..35, 0..16),
    )
}

proptest! {
    #[test]
    fn weight_is_conserved_and_order_does_not_matter(
        bonds in proptest::collection::btree_map(0u32..30, 1u128..1 << 50, 0..25),
        mut voters in proptest::collection::vec(ballot(), 0..40),
        wanted in 0u32..30,
        turn: proptest::sample::Index,
    ) {
        let mut candidates: Vec<(u32, u128)> = bonds.into_iter().collect();
        let elected = elect(&candidates, &voters, wanted).unwrap();
        prop_assert_eq!(elected.len(), candidates.len().min(wanted as usize));
        prop_assert!(elected.is_sorted_by(|one, other| (other.1, one.0) < (one.1, other.0)), "E6");
        let sum: u128 = elected.iter().map(|(_, backing)| backing).sum();
        prop_assert_eq!(sum, counting(&candidates, &voters, &elected), "E3");

        if !candidates.is_empty() {
            let places = turn.index(candidates.len());
            candidates.rotate_left(places);
        }
        if !voters.is_empty() {
            let places = turn.index(voters.len());
            voters.rotate_left(places);
            voters.swap(0, places);
        }
        prop_assert_eq!(elect(&candidates, &voters, wanted).unwrap(), elected, "E5");
    }

    #[test]
    fn an_elected_candidate_keeps_at_least_its_bond(
        bonds in proptest::collection::btree_map(0u32..30, 1u128..1 << 50, 1..25),
        voters in proptest::collection::vec(ballot(), 0..40),
    ) {
        let candidates: Vec<(u32, u128)> = bonds.clone().into_iter().collect();
        for (who, backing) in elect(&candidates, &voters, 10).unwrap() {
            prop_assert!(backing >= bonds[&who]);
        }
    }

    #[test]
    fn money_survives_the_scale_but_for_dust(supply in 1u128..1 << 80, part in 0u128..1 << 80) {
        let money = part.min(supply);
        let scale = VoteScale::new(supply);
        let back = scale.money(scale.weight(money).into());
        prop_assert!(back <= money && money - back < scale.factor);
    }
}
