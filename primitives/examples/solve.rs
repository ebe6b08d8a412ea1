//! Solves the puzzle of registrations on one core and says what it took.
//!
//! ```text
//! solve [--bits N] [--levels K] [--difficulty D] [--runs R] [--vector]
//! ```
//!
//! `--vector` prints the committed test vector.

use parlance_primitives::{
    AccountId, Hash,
    accounts::work_challenge,
    puzzle::{self, PUBLIC, Puzzle, Solver},
};
use sp_core::{Pair, sr25519};
use std::time::{Duration, Instant};

fn main() {
    let mut puzzle = PUBLIC;
    let (mut difficulty, mut runs) = (32, 20);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || -> u32 {
            let text = arguments.next().expect("a number follows the option");
            text.parse().expect("the option takes a number")
        };
        match argument.as_str() {
            "--bits" => puzzle.bits = number().try_into().expect("bits fit a byte"),
            "--levels" => puzzle.levels = number().try_into().expect("levels fit a byte"),
            "--difficulty" => difficulty = number(),
            "--runs" => runs = number(),
            "--vector" => return print_vector(),
            other => panic!("unknown option {other}"),
        }
    }
    measure(puzzle, difficulty, runs);
}

fn measure(puzzle: Puzzle, difficulty: u32, runs: u32) {
    let mut solver = Solver::new(puzzle).expect("the puzzle is served");
    let memory = solver.memory() >> 20;
    println!("n = {}, k = {}, {memory} MiB", puzzle.bits, puzzle.levels);

    let challenge = [42; 32];
    let (mut solutions, mut slowest) = (0, Duration::ZERO);
    let mut last = None;
    let start = Instant::now();
    for nonce in 0..u64::from(runs) {
        let run = Instant::now();
        let found = solver.run(&puzzle::seed(&challenge, nonce));
        slowest = slowest.max(run.elapsed());
        solutions += found.len();
        last = found
            .into_iter()
            .next_back()
            .map(|solution| (nonce, solution))
            .or(last);
    }
    let per_run = start.elapsed() / runs;
    let rate = solutions as f64 / start.elapsed().as_secs_f64();
    println!("{runs} runs: {per_run:?} each, {slowest:?} the slowest, {solutions} solutions");
    println!(
        "{rate:.2} solutions/s; difficulty {difficulty}: {:.1} s on average",
        f64::from(difficulty) / rate
    );

    if let Some((nonce, solution)) = last {
        verify(puzzle, &challenge, nonce, &solution);
    }
}

fn verify(puzzle: Puzzle, challenge: &[u8; 32], nonce: u64, solution: &[u8]) {
    const TIMES: u32 = 10_000;
    let mut bad = solution.to_vec();
    bad[0] ^= 1;
    for (name, bytes, good) in [("good", solution, true), ("bad", bad.as_slice(), false)] {
        let start = Instant::now();
        let shown = (0..TIMES)
            .filter(|_| std::hint::black_box(puzzle::work(puzzle, challenge, nonce, bytes)).is_ok())
            .count();
        assert_eq!(shown > 0, good);
        println!(
            "a {name} proof ({} bytes): {:?} to verify",
            bytes.len(),
            start.elapsed() / TIMES
        );
    }
}

/// For the newcomer of the benchmarks, whose chain has block hashes of one repeated byte.
fn print_vector() {
    let pair = sr25519::Pair::from_string("//Newcomer", None).expect("the path is well-formed");
    let account = AccountId::from(pair.public());
    let (genesis, anchor) = (Hash::repeat_byte(0x01), Hash::repeat_byte(0x40));
    let challenge = work_challenge(&genesis, &anchor, &account);
    let proof = Solver::new(PUBLIC)
        .and_then(|mut solver| solver.search(&challenge, 1, 0, |_| true))
        .expect("some nonce has a solution");
    println!(
        "CHALLENGE: {challenge:?}\nNONCE: {}\nSOLUTION: {:?}",
        proof.nonce, proof.solution
    );
}
