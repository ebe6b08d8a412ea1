//! The puzzle: what the solver finds is good, and nothing else is.

use proptest::prelude::*;

use super::{Flaw, MAX_SOLUTION, PUBLIC, Puzzle, Shape, Solver, seed, vector, work};
use crate::{AccountId, Hash, accounts::work_challenge};
use sp_core::{Pair, sr25519};

const CHALLENGE: [u8; 32] = [3; 32];

fn puzzle(bits: u8, levels: u8) -> Puzzle {
    Puzzle { bits, levels }
}

/// Solutions of the first nonces.
fn solutions(puzzle: Puzzle, nonces: u64) -> Vec<(u64, Vec<u8>)> {
    let mut solver = Solver::new(puzzle).unwrap();
    (0..nonces)
        .flat_map(|nonce| {
            let found = solver.run(&seed(&CHALLENGE, nonce));
            found.into_iter().map(move |solution| (nonce, solution))
        })
        .collect()
}

#[test]
fn every_solution_found_is_good_and_there_are_two_per_seed() {
    // Among few hashes more solutions fail for using one twice.
    for (bits, levels, nonces, least) in [
        (24, 3, 400, 1.0),
        (48, 5, 400, 0.3),
        (36, 2, 60, 1.5),
        (60, 4, 60, 1.5),
        (78, 5, 60, 1.5),
    ] {
        let puzzle = puzzle(bits, levels);
        let found = solutions(puzzle, nonces);
        for (nonce, solution) in &found {
            assert!(
                work(puzzle, &CHALLENGE, *nonce, solution).is_ok(),
                "{puzzle:?}"
            );
        }
        let per_seed = found.len() as f64 / nonces as f64;
        assert!(
            (least..2.6).contains(&per_seed),
            "{puzzle:?}: {per_seed} solutions per seed"
        );
        let mut distinct = found.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), found.len(), "{puzzle:?}: one counts twice");
    }
}

#[test]
fn one_solution_in_d_meets_difficulty_d() {
    let puzzle = puzzle(24, 3);
    let found = solutions(puzzle, 4_000);
    for difficulty in [2, 8, 32] {
        let met = found
            .iter()
            .filter(|(nonce, solution)| {
                work(puzzle, &CHALLENGE, *nonce, solution).unwrap() >= difficulty
            })
            .count() as f64;
        let expected = found.len() as f64 / difficulty as f64;
        assert!(
            (met - expected).abs() < 5.0 * expected.sqrt(),
            "{difficulty}: {met} of {expected}"
        );
    }
}

#[test]
fn the_search_stops_when_told() {
    let mut solver = Solver::new(puzzle(24, 3)).unwrap();
    let mut asked = 0;
    let proof = solver.search(&CHALLENGE, u32::MAX, 0, |_| {
        asked += 1;
        asked <= 5
    });
    assert_eq!((proof, asked), (None, 6));
}

#[test]
fn a_solution_in_another_order_or_with_repetitions_is_none() {
    let puzzle = puzzle(24, 3);
    let shape = Shape::new(puzzle).unwrap();
    let (nonce, solution) = solutions(puzzle, 10).remove(0);
    // Eight indices of seven bits in seven bytes: take the bits apart and put them together again.
    let bits: Vec<u8> = solution
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let indices: Vec<Vec<u8>> = bits.chunks(7).map(<[u8]>::to_vec).collect();
    assert_eq!(indices.len(), shape.indices());
    let encode = |order: &[usize]| -> Vec<u8> {
        let bits: Vec<u8> = order.iter().flat_map(|at| indices[*at].clone()).collect();
        bits.chunks(8)
            .map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit))
            .collect()
    };
    assert_eq!(encode(&[0, 1, 2, 3, 4, 5, 6, 7]), solution);
    let judge = |order: &[usize]| work(puzzle, &CHALLENGE, nonce, &encode(order));
    assert_eq!(judge(&[1, 0, 2, 3, 4, 5, 6, 7]), Err(Flaw::Order));
    assert_eq!(judge(&[2, 3, 0, 1, 4, 5, 6, 7]), Err(Flaw::Order));
    assert_eq!(judge(&[4, 5, 6, 7, 0, 1, 2, 3]), Err(Flaw::Order));
    assert_eq!(judge(&[0, 2, 1, 3, 4, 5, 6, 7]), Err(Flaw::Collision));
    // Twice the same half cancels out, but is in no order.
    assert_eq!(judge(&[0, 1, 2, 3, 0, 1, 2, 3]), Err(Flaw::Order));
}

#[test]
fn shapes_out_of_range_are_refused() {
    for (bits, levels) in [
        (0, 0),
        (120, 0),
        (120, 6),
        (121, 5),
        (132, 5),
        (6, 5),
        (255, 255),
        (126, 5),
    ] {
        let puzzle = puzzle(bits, levels);
        assert_eq!(Shape::new(puzzle), None, "{puzzle:?}");
        assert!(Solver::new(puzzle).is_none());
        assert_eq!(work(puzzle, &CHALLENGE, 0, &[]), Err(Flaw::Shape));
    }
    for bits in 0..=255 {
        for levels in 0..=255 {
            if let Some(shape) = Shape::new(puzzle(bits, levels)) {
                assert!(shape.solution_len() <= MAX_SOLUTION as usize);
            }
        }
    }
}

#[test]
fn the_committed_vector_is_good() {
    assert_eq!(
        vector::SOLUTION.len(),
        Shape::new(PUBLIC).unwrap().solution_len()
    );
    let newcomer = sr25519::Pair::from_string("//Newcomer", None).unwrap();
    let newcomer = AccountId::from(newcomer.public());
    let (genesis, anchor) = (Hash::repeat_byte(0x01), Hash::repeat_byte(0x40));
    assert_eq!(
        vector::CHALLENGE,
        work_challenge(&genesis, &anchor, &newcomer)
    );
    let shown = work(PUBLIC, &vector::CHALLENGE, vector::NONCE, &vector::SOLUTION);
    assert!(shown.is_ok_and(|work| work >= 1), "{shown:?}");
}

proptest! {
    #[test]
    fn a_changed_bit_spoils_it(nonce in 0u64..50, at: prop::sample::Index, bit in 0u8..8) {
        let puzzle = puzzle(48, 5);
        let mut solver = Solver::new(puzzle).unwrap();
        for solution in solver.run(&seed(&CHALLENGE, nonce)) {
            let mut spoilt = solution.clone();
            let at = at.index(spoilt.len());
            spoilt[at] ^= 1 << bit;
            prop_assert!(work(puzzle, &CHALLENGE, nonce, &spoilt).is_err());
            prop_assert!(work(puzzle, &CHALLENGE, nonce + 1, &solution).is_err());
            prop_assert!(work(puzzle, &[4; 32], nonce, &solution).is_err());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bits: u8, levels: u8, nonce: u64, bytes in prop::collection::vec(any::<u8>(), 0..160)) {
        let _ = work(puzzle(bits, levels), &CHALLENGE, nonce, &bytes);
        prop_assert!(work(PUBLIC, &CHALLENGE, nonce, &bytes).is_err());
    }
}
