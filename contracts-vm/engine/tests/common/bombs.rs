//! Contracts that are as much work for a compiler as the limits let through.

use super::RULES;

/// The texts, by name. `call` of each does little.
pub fn bombs() -> Vec<(&'static str, String)> {
    let limits = &RULES.limits;
    let blocks = limits.basic_blocks as usize;
    let wide = limits.locals as usize;
    let locals = |count: usize| format!("(local {})", "i64 ".repeat(count));
    let branches = "(br_if 0 (i32.const 0))".repeat(blocks - 1);
    let bodies = [
        ("branches", branches.clone()),
        (
            "loops",
            "(loop (br_if 0 (i32.const 0)))".repeat(blocks / 2 - 1),
        ),
        (
            "locals, branches",
            format!(
                "{} {}",
                locals(wide),
                (0..limits.locals_by_blocks as usize / wide / 2 - 1)
                    .map(|place| format!(
                        "(loop (local.set {} (i64.add (local.get {}) (i64.const 3))) (br_if 0 (i32.const 0)))",
                        place % wide,
                        (place * 7) % wide
                    ))
                    .collect::<String>()
            ),
        ),
        (
            "tables of branches",
            format!("(block (br_table {} (i32.const 0)))", "0 ".repeat(257)).repeat(15),
        ),
        (
            "one long expression",
            format!(
                "{} {} drop",
                "i32.const 3 ".repeat(9001),
                "i32.mul ".repeat(9000)
            ),
        ),
        ("loads", "(drop (i64.load (i32.const 8)))".repeat(10_000)),
        (
            "calls",
            "(call $g (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4))".repeat(5000),
        ),
        (
            "operands that a local leaves behind",
            format!(
                "{} {} (local.set 0 (i64.const 1)) {}",
                locals(wide),
                "local.get 0 ".repeat(12_200),
                "drop ".repeat(12_200)
            ),
        ),
        (
            "constants, each another",
            (0..12_000)
                .map(|value| format!("(global.set 0 (i32.const {}))", value + 100))
                .collect(),
        ),
        (
            "blocks within blocks",
            format!(
                "{} {} {}",
                "block loop ".repeat(limits.nesting as usize / 2 - 1),
                "(br_if 200 (i32.const 0))".repeat(100),
                "end end ".repeat(limits.nesting as usize / 2 - 1)
            ),
        ),
        (
            "values out of blocks",
            format!(
                "(i32.const 1) {} drop",
                "(if (result i32) (then (i32.const 2)) (else (i32.const 3)))".repeat(500)
            ),
        ),
    ];
    let mut bombs: Vec<_> = bodies
        .into_iter()
        .map(|(name, body)| {
            let text = format!(
                "(module (import \"env\" \"memory\" (memory 1 1)) (global (mut i32) (i32.const 0))
                (func (export \"deploy\")) (func $g (param i32 i32 i32 i32)) (func (export \"call\") {body}))"
            );
            (name, text)
        })
        .collect();
    bombs.push((
        "branches, in as many functions as there is room for",
        format!(
            "(module (func (export \"deploy\")) (func (export \"call\")) {})",
            format!("(func {branches})").repeat(15)
        ),
    ));
    bombs.push((
        "functions",
        format!(
            "(module (func (export \"deploy\")) (func (export \"call\")) {})",
            "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))"
                .repeat(limits.functions as usize - 2)
        ),
    ));
    bombs.push((
        "locals in every function",
        format!(
            "(module (func (export \"deploy\")) (func (export \"call\")) {})",
            format!("(func {})", locals(wide)).repeat(limits.functions as usize - 2)
        ),
    ));
    bombs.push((
        "a full table and full segments",
        format!(
            "(module (import \"env\" \"memory\" (memory 16 16)) (table 4096 4096 funcref) (func $f)
            (func (export \"deploy\")) (func (export \"call\") (call_indirect (i32.const 4095))) {} {})",
            (0..limits.element_segments)
                .map(|place| format!("(elem (i32.const {}) {})", place * 16, "$f ".repeat(16)))
                .collect::<String>(),
            (0..limits.data_segments)
                .map(|place| format!("(data (i32.const {}) \"{}\")", place * 4096, "a".repeat(200)))
                .collect::<String>(),
        ),
    ));
    bombs
}
