//! The interpreter computes what is known, and counts what it executes.

use super::*;

struct Nobody;

impl Host for Nobody {
    fn call(&mut self, _: usize, _: &[u64], _: &mut [u8], _: u64) -> Result<Option<u64>, Stop> {
        Err(Stop::Host)
    }
}

fn run(text: &str, budget: u64) -> (Result<Option<u64>, Stop>, u64) {
    let code = wat::parse_str(text).unwrap();
    let module = Module::new(&code).unwrap();
    let count = Count {
        cost: &|_| 1,
        local: 0,
        page: 0,
        pages: 16,
        budget,
        depth: 100,
    };
    let mut host = Nobody;
    let mut machine = Machine::new(&module, count, &mut host);
    let outcome = machine.run("call");
    (outcome, machine.spent)
}

#[test]
fn a_sum_in_a_loop() {
    let text = r#"(module (func (export "call") (result i32) (local i32 i32)
        (loop
            (local.set 1 (i32.add (local.get 1) (local.get 0)))
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 0) (i32.const 11))))
        (local.get 1)))"#;
    let (outcome, spent) = run(text, u64::MAX);
    assert_eq!(outcome, Ok(Some(55)));
    // `loop`, eleven rounds of twelve instructions, and `end`, `local.get`, `end`.
    assert_eq!(spent, 1 + 11 * 12 + 3);
}

#[test]
fn recursion_with_both_arms_of_an_if() {
    let text = r#"(module
        (func $fib (param i32) (result i32)
            (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
                (then (local.get 0))
                (else (i32.add
                    (call $fib (i32.sub (local.get 0) (i32.const 1)))
                    (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
        (func (export "call") (result i32) (call $fib (i32.const 15))))"#;
    assert_eq!(run(text, u64::MAX).0, Ok(Some(610)));
    assert_eq!(run(text, 1000).0, Err(Stop::Budget));
}

#[test]
fn a_table_of_branches_and_a_table_of_functions() {
    let text = r#"(module
        (type $t (func (param i64) (result i64)))
        (table 3 3 funcref) (elem (i32.const 0) $double $square)
        (func $double (param i64) (result i64) (i64.shl (local.get 0) (i64.const 1)))
        (func $square (param i64) (result i64) (i64.mul (local.get 0) (local.get 0)))
        (func $pick (param i32) (result i32)
            (block (block (block (br_table 0 1 2 (local.get 0)))
                (return (i32.const 10)))
                (return (i32.const 20)))
            (i32.const 30))
        (func (export "call") (result i32)
            (i32.add (call $pick (i32.const 0))
            (i32.add (call $pick (i32.const 1))
            (i32.add (call $pick (i32.const 77))
            (i32.wrap_i64 (i64.add
                (call_indirect (type $t) (i64.const 7) (i32.const 0))
                (call_indirect (type $t) (i64.const 7) (i32.const 1)))))))))"#;
    assert_eq!(run(text, u64::MAX).0, Ok(Some(10 + 20 + 30 + 14 + 49)));
}

#[test]
fn memory_signs_and_growth() {
    let text = r#"(module (import "env" "memory" (memory 1 2)) (data (i32.const 8) "\ff\80")
        (func (export "call") (result i32)
            (i64.store (i32.const 100) (i64.load8_s (i32.const 9)))
            (drop (memory.grow (i32.const 1)))
            (i32.store16 (i32.const 131070) (i32.const -2))
            (i32.add (memory.grow (i32.const 1))
            (i32.add (memory.size)
            (i32.add (i32.load16_s (i32.const 131070)) (i32.load (i32.const 104)))))))"#;
    assert_eq!(
        run(text, u64::MAX).0,
        Ok(Some(u64::from((-1 + 2 - 2 - 1_i32) as u32)))
    );
}

#[test]
fn what_traps_traps() {
    let traps = [
        (
            "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
            "division by zero",
        ),
        (
            "(drop (i64.rem_u (i64.const 1) (i64.const 0)))",
            "division by zero",
        ),
        (
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
            "integer overflow",
        ),
        ("(drop (i32.load (i32.const 65533)))", "memory"),
        (
            "(drop (i32.load offset=4294967295 (i32.const -1)))",
            "memory",
        ),
        ("(call_indirect (i32.const 1))", "table index"),
        ("(call_indirect (i32.const 0))", "empty entry"),
        ("(unreachable)", "unreachable"),
    ];
    for (code, kind) in traps {
        let text = format!(
            r#"(module (import "env" "memory" (memory 1 1)) (table 1 1 funcref)
            (func (export "call") {code}))"#
        );
        assert_eq!(run(&text, u64::MAX).0, Err(Stop::Trap(kind)), "{code}");
    }
    let fine = "(drop (i32.rem_s (i32.const 0x80000000) (i32.const -1)))";
    let text = format!(r#"(module (func (export "call") {fine}))"#);
    assert_eq!(run(&text, u64::MAX).0, Ok(None));
}
