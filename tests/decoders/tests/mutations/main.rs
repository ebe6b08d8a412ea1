//! Each target over its seeds and a bounded number of damaged ones, the same in every run.
//!
//! A failure prints the input: `echo INPUT | xxd -r -p > FILE`, then `cargo fuzz run TARGET FILE` runs it alone.

mod mutator;

use parlance_decoders::{TARGETS, Target, target};
use rand::{SeedableRng, rngs::StdRng};
use std::{collections::BTreeSet, panic};

/// Damages `target`'s seeds so many times.
fn withstands(name: &str, times: u32) {
    let target = target(name);
    let seeds = (target.seeds)();
    for seed in &seeds {
        run(target, seed);
    }
    let mut random = StdRng::seed_from_u64(0x50_61_72_6c);
    for _ in 0..times {
        run(target, &mutator::damaged(&seeds, &mut random));
    }
}

fn run(target: &Target, input: &[u8]) {
    let done = panic::catch_unwind(|| (target.run)(input));
    if let Err(cause) = done {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("{}: input {hex}", target.name);
        panic::resume_unwind(cause);
    }
}

#[test]
fn bodies_of_blocks() {
    withstands("body", 20_000);
}

#[test]
fn transactions() {
    withstands("transaction", 15_000);
}

#[test]
fn calls() {
    withstands("call", 30_000);
}

#[test]
fn headers() {
    withstands("header", 100_000);
}

#[test]
fn equivocation_reports() {
    withstands("equivocation", 15_000);
}

#[test]
fn beacon_contributions() {
    withstands("contribution", 10_000);
}

#[test]
fn identities_and_registrations() {
    withstands("accounts", 200_000);
}

#[test]
fn tickets_receipts_claims_and_openings() {
    withstands("relay", 200_000);
}

#[test]
fn genesis_states() {
    withstands("genesis", 5_000);
}

/// A target without a test here, or without one under libFuzzer, would never run.
#[test]
fn every_target_has_its_test_and_its_fuzzer() {
    let names: BTreeSet<_> = TARGETS.into_iter().map(|target| target.name).collect();
    let tests: BTreeSet<_> = include_str!("main.rs")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("withstands(\"")?.split('"').next())
        .collect();
    assert_eq!(names, tests);
    let fuzzers = include_str!("../../fuzz/Cargo.toml");
    for name in names {
        let path = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(fuzzers.contains(&path), "{name} has no fuzz target");
    }
}
