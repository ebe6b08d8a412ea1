//! Modules that are damaged, by the thousand: the preparation refuses them in no time, or every engine takes what came out of it
//! and ends it alike.
//!
//! `VM_MALFORMED` says how many contracts are damaged, each in sixteen ways; `VM_SEED` where they begin.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod common;

use common::{RULES, engines, number, on_processor, run};
use parlance_vm_engine::EntryPoint;
use parlance_vm_prepare::{Age, prepare};
use parlance_vm_reference::generate;
use std::time::Duration;

/// A number that follows from others.
fn mix(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
    *state >> 33
}

/// What can be done to bytes: single bytes, bits, numbers that are large, pieces that are missing, twice there, or from
/// another contract.
fn damage(code: &[u8], other: &[u8], state: &mut u64) -> Vec<u8> {
    let mut bytes = code.to_vec();
    let mut place = |len: usize| (mix(state) as usize) % len.max(1);
    match place(8) {
        0 => bytes.truncate(place(code.len())),
        1 => {
            let (from, len) = (place(code.len()), place(40));
            bytes.drain(from..(from + len).min(code.len()));
        }
        2 => {
            let (from, len, to) = (place(code.len()), place(60), place(code.len()));
            let piece = code[from..(from + len).min(code.len())].to_vec();
            bytes.splice(to..to, piece);
        }
        3 => {
            let (from, len, to) = (place(other.len()), place(200), place(code.len()));
            let piece = other[from..(from + len).min(other.len())].to_vec();
            let end = (to + piece.len()).min(code.len());
            bytes.splice(to..end, piece);
        }
        4 => {
            let to = place(code.len());
            bytes.splice(to..to, [0xff, 0xff, 0xff, 0xff, 0x0f]);
        }
        5 => {
            let to = place(code.len());
            bytes[to] ^= 1 << place(8);
        }
        _ => {
            for _ in 0..=place(6) {
                let to = place(code.len());
                bytes[to] = place(256) as u8;
            }
        }
    }
    bytes
}

#[test]
fn damaged_modules_are_refused_or_end_alike_on_every_engine() {
    let engines = engines();
    let (first, cases) = (number("VM_SEED", 7_000_000), number("VM_MALFORMED", 1000));
    let (mut accepted, mut refused, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    let mut other = generate::bytes(first, 600);
    for seed in first..first + cases {
        let Some(code) = generate::contract(seed) else {
            continue;
        };
        let mut state = seed;
        for way in 0..16 {
            let bytes = damage(&code, &other, &mut state);
            let (answer, time) = on_processor(|| prepare(&bytes, Age::New, RULES));
            slowest = slowest.max(time);
            let Ok(prepared) = answer else {
                refused += 1;
                continue;
            };
            accepted += 1;
            let outcomes: Vec<_> = engines
                .iter()
                .map(|engine| {
                    let ready = engine
                        .compile(&prepared.code)
                        .unwrap_or_else(|error| panic!("seed {seed}, way {way}: {error}"));
                    run(&*ready, EntryPoint::Call, 50_000)
                })
                .collect();
            for (outcome, engine) in outcomes.iter().zip(&engines) {
                let engine = engine.name();
                assert_eq!(outcome, &outcomes[0], "seed {seed}, way {way} on {engine}");
            }
        }
        other = code;
    }
    println!("{accepted} accepted, {refused} refused, {slowest:?} for the slowest");
    assert!(refused * 20 > (accepted + refused) * 5, "too many are fine");
    assert!(accepted * 50 > refused, "too few come as far as an engine");
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
}
