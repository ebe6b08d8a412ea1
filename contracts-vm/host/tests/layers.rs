//! Sessions and layers of storage, against a model that only knows the rules: any sequence of starting, answering, ending,
//! and of transactions that begin, are kept and are undone.
//!
//! `VM_CASES` says how many seeds, `VM_SEED` where they begin. A failure names its seed.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use parlance_vm_host::{Vm, engine::Interpreter};
use parlance_vm_interface::{
    Fault, MAX_DEPTH, Machine, Status,
    machine::{Begin, Resume},
    wire::{BUFFER, Head, Kind, Trap},
};
use parlance_vm_prepare::Rules;
use sp_crypto_hashing::blake2_256;
use sp_externalities::TransactionType;
use std::{collections::BTreeMap, env, sync::Arc};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// What the rules say there is.
#[derive(Default)]
struct Model {
    layer: u32,
    started: u32,
    /// The layer of each execution that stands still.
    standing: BTreeMap<u32, u32>,
}

impl Model {
    fn end_layer(&mut self) {
        let layer = self.layer;
        self.standing.retain(|_, of| *of < layer);
        self.layer = layer.saturating_sub(1);
        self.outermost();
    }

    fn outermost(&mut self) {
        if self.layer == 0 {
            self.started = 0;
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    let text = env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Asks without end.
fn asking() -> Vec<u8> {
    let text = r#"(module
        (import "seal0" "caller_is_origin" (func $ask (result i32)))
        (func (export "deploy"))
        (func (export "call") (loop (drop (call $ask)) (br 0))))"#;
    wat::parse_str(text).unwrap()
}

fn check(seed: u64, vm: &Arc<Vm>, code: &[u8]) {
    let (mut dice, mut model) = (Dice(seed), Model::default());
    let mut extension = vm.extension();
    let machine: &mut dyn Machine = &mut *extension.0;
    let begin = Begin {
        code_hash: blake2_256(code),
        rules: 1,
        entry: parlance_vm_interface::EntryPoint::Call,
        gas: 1000,
    };
    let mut step = [0; BUFFER];
    for place in 0..300 {
        let at = format!("seed {seed}, step {place}");
        let handle = dice.below(u64::from(model.started) + 2) as u32;
        match dice.below(12) {
            0..4 => {
                let expected = if model.layer == 0 {
                    Err(Fault::Status(Status::NoLayer))
                } else if model.standing.len() >= MAX_DEPTH as usize {
                    Err(Fault::Status(Status::TooDeep))
                } else {
                    model.started += 1;
                    model.standing.insert(model.started, model.layer);
                    Ok(())
                };
                let started = machine.start(begin, Some(code), &mut step);
                if started.is_ok() {
                    assert_eq!(Head::read(&step).unwrap().session, model.started, "{at}");
                }
                assert_eq!(started, expected, "{at}");
            }
            4..7 => {
                // Without gas it ends, with some it asks again.
                let gas = dice.below(2) * 500;
                let answer = Resume {
                    gas,
                    ..Resume::default()
                };
                let resumed = machine.resume(handle, answer, &mut step);
                if model.standing.contains_key(&handle) {
                    assert_eq!(resumed, Ok(()), "{at}");
                    let head = Head::read(&step).unwrap();
                    assert_eq!(head.session, handle, "{at}");
                    if gas == 0 {
                        model.standing.remove(&handle);
                        assert_eq!(head.kind, Kind::Trapped(Trap::OutOfGas), "{at}");
                    } else {
                        assert!(matches!(head.kind, Kind::Call(_)), "{at}");
                    }
                } else {
                    assert_eq!(resumed, Err(Fault::Status(Status::NoSession)), "{at}");
                }
            }
            7 => {
                machine.end(handle);
                model.standing.remove(&handle);
            }
            8..10 => {
                machine.begin_layer(TransactionType::Runtime);
                model.layer += 1;
            }
            10 => {
                machine.end_layer(TransactionType::Runtime);
                model.end_layer();
            }
            _ if dice.below(10) == 0 => {
                match dice.below(2) {
                    0 => machine.begin_layer(TransactionType::Host),
                    _ => machine.end_layer(TransactionType::Host),
                }
                model = Model::default();
            }
            _ => {
                let there = machine.fetch(handle, &mut []).is_ok();
                assert_eq!(there, model.standing.contains_key(&handle), "{at}");
            }
        }
    }
}

#[test]
fn sessions_follow_the_layers_whatever_is_done() {
    let vm = Vm::new(Arc::new(Interpreter::new(&Rules::V1)), None, 4, 1);
    let code = asking();
    let (first, cases) = (number("VM_SEED", 1), number("VM_CASES", 300));
    (first..first + cases).for_each(|seed| check(seed, &vm, &code));
}
